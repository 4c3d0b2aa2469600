"""The question which way a score is better, asked before anything is searched by it."""

from __future__ import annotations

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.library.sense import Goal
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.guard import guard

_ANSWERS: tuple[tuple[str, Goal], ...] = (
    ("Smaller is better", "minimize"),
    ("Bigger is better", "maximize"),
)


class SenseQuestion(widgets.VBox):
    """Asks which way the objective is better where nothing tells; takes no room elsewhere.

    Parameters
    ----------
    state
        Whose ``question`` to show. The text is untrusted and escaped.
    """

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self.state = state
        self.text = widgets.HTML()
        self.answers = tuple(self._answer(words, goal) for words, goal in _ANSWERS)
        buttons = widgets.HBox(self.answers)
        buttons.add_class("pw-row")
        self.children = (self.text, buttons)
        for name in ("pw-ui", "pw-question"):
            self.add_class(name)
        self._refresh = guard(state, lambda *_: self._show())
        self._follows = True
        state.observe(self._refresh, "question")
        self._show()

    def close(self) -> None:
        """Let go of the state, then close; ipywidgets closes once more at the very end."""
        if self._follows:
            self.state.unobserve(self._refresh, "question")
            self._follows = False
        super().close()

    def _answer(self, words: str, goal: Goal) -> widgets.Button:
        made = widgets.Button(description=words, tooltip=f"{words}: search by that")
        made.layout.width = "auto"
        made.add_class("pw-btn")

        def choose(*_: object) -> None:
            self.state.set_objective(self.state.objective, goal)

        made.on_click(guard(self.state, choose))
        return made

    def _show(self) -> None:
        question = self.state.question
        self.layout.display = "flex" if question else "none"
        words = Markup("<div role='alert'>{} Nothing is searched before you say.</div>")
        self.text.value = words.format(question) if question else ""

"""The status panel: how far the answer is proven, and what it comes to against the parent."""

from __future__ import annotations

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.solution import Solution
from puzzle_widgets.widgets.html import heading
from puzzle_widgets.widgets.message import MessageBar
from puzzle_widgets.widgets.panel import Panel, Shown, button, row
from puzzle_widgets.widgets.summary import facts, notes, status_words, tiles, warnings

_ASKED = "Not searched: say first which way the score is better"
_OUTDATED = "Not answered: the figures are of earlier budgets"


class StatusPanel(Panel):
    """Describe the architecture that is shown: status, bound, gap, seconds, and its figures.

    Parameters
    ----------
    source
        The state to show; or a library, for a panel with a state of its own.
    messages
        Whether to show the state's messages here; pages that have a message bar need not.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> state = pw.ExplorerState("stdlib-2m-measured")
    >>> panel = pw.StatusPanel(state)
    >>> state.solution.status
    'optimal'
    >>> panel.close()
    """

    title = "Answer"
    css_class = "pw-status"

    def __init__(self, source: Shown, *, messages: bool = True) -> None:
        self._with_messages = messages
        super().__init__(source)

    def build(self) -> list[widgets.Widget]:
        """Make the live line, the way back, and the figures."""
        self.line = widgets.HTML()
        for name in ("pw-live", "pw-state-line"):
            self.line.add_class(name)
        self.back = button("Back to current budgets", "Show the answer to the current budgets")
        self.figures = widgets.HTML()
        self.messages = MessageBar(self.state) if self._with_messages else None
        bar = [] if self.messages is None else [self.messages]
        return [*bar, row(self.line, self.back), self.figures]

    def bind(self) -> None:
        """Follow what is shown."""
        self.when("shown", "selection", "scenarios", "front", do=self._show_name)
        self.when("shown", "selection", "updating", "problem", "question", do=self._show_line)
        self.when("shown", "selection", do=self._show_figures)
        self.clicked(self.back, self.state.show_current)

    def close(self) -> None:
        """Let go of the state, then close."""
        if self.messages is not None:
            self.messages.close()
        super().close()

    @property
    def shown_name(self) -> str:
        """What the figures are of: the current budgets, a point of the front, or a scenario."""
        selection, front = self.state.selection, self.state.front
        if selection.kind == "scenario" and selection.place < len(self.state.scenarios):
            return f"Scenario \u2018{self.state.scenarios[selection.place].name}\u2019"
        if selection.kind == "point":
            of = f" of {len(front.solutions)}" if front is not None else ""
            return f"Point {selection.place + 1}{of}"
        if selection.kind == "map" and self.state.decisions is not None:
            return f"Decision map: {self.state.decisions.targets.words(selection.place)}"
        return "Current budgets"

    def _show_name(self) -> None:
        self.head.value = heading(self.title, self.shown_name)
        away = self.state.selection.kind != "current"
        self.back.layout.display = "" if away else "none"

    def _show_line(self) -> None:
        shown, current = self.state.shown, self.state.selection.kind == "current"
        updating = current and self.state.updating
        if updating:
            self.line.value = _updating(shown)
        elif shown is None:
            words = _ASKED if self.state.question else "No answer yet"
            self.line.value = _state(words, "pw-plain")
        elif current and shown.problem != self.state.problem:
            self.line.value = _state(_OUTDATED, "pw-warn")
        else:
            good = shown.status == "optimal" and not shown.notes
            self.line.value = _state(status_words(shown), "pw-good" if good else "pw-warn")
        (self.figures.add_class if updating else self.figures.remove_class)("pw-stale")

    def _show_figures(self) -> None:
        shown = self.state.shown
        if shown is None:
            self.figures.value = ""
        elif shown.found:
            away = self.state.selection.kind != "current"
            warned = warnings(shown)
            self.figures.value = facts(shown) + warned + tiles(shown) + notes(shown, budgets=away)
        else:
            self.figures.value = _reason(shown)


def _state(words: str, kind: str) -> Markup:
    return Markup("<span class='pw-state {}'>{}</span>").format(kind, words)


def _updating(shown: Solution | None) -> Markup:
    """Say that a search is under way; the last words stay for a blink, so that none flickers."""
    last = status_words(shown) if shown is not None else ""
    before = Markup("<span class='pw-before' aria-hidden='true'>{}</span>").format(last)
    now = Markup("<span class='pw-state pw-plain pw-now'>Updating \u2026</span>")
    return (before if last else Markup("")) + now


def _reason(solution: Solution) -> Markup:
    reason = Markup("<div class='pw-warn'>{}</div>").format(solution.reason)
    return facts(solution) + reason + warnings(solution)

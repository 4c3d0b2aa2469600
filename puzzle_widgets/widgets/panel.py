"""What panels share: a card on the state, guarded callbacks, and the state's words to a user."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.library.sense import Goal
from puzzle_widgets.problem.budget_rows import SearchRule
from puzzle_widgets.state import ExplorerState, Source
from puzzle_widgets.widgets.html import heading
from puzzle_widgets.widgets.page import page_aids

Shown: TypeAlias = "ExplorerState | Source | widgets.VBox"
"""What a panel can show: a state, what one is made of, or a widget that has one."""
_ANSWERS: tuple[tuple[str, Goal], ...] = (
    ("Smaller is better", "minimize"),
    ("Bigger is better", "maximize"),
)
watchers: list[Callable[[Exception], None]] = []
"""Told of every error that a callback raised; tests listen here."""


def state_of(source: Shown, solver: str = "exact") -> ExplorerState:
    """Give the state of an explorer or panel, or make one of what is to be explored."""
    shared = shared_state(source)
    return shared or ExplorerState(source, solver=solver)  # type: ignore[arg-type]


def shared_state(source: Shown) -> ExplorerState | None:
    """The state that is given, itself or by a widget on it; ``None`` for anything else."""
    state = getattr(source, "state", source)
    return state if isinstance(state, ExplorerState) else None


class Panel(widgets.VBox):
    """A card of the explorer; usable alone in a notebook cell.

    Parameters
    ----------
    source
        The state to show, shared between panels, or an explorer or panel that has one; or, for a
        panel with a state of its own, what :class:`puzzle_widgets.ExplorerState` takes: a
        library, its name or path, a problem, a solution.
    """

    title = ""
    css_class = ""
    asks = False
    """Whether to ask for the sense of a score among other panels too, not only alone."""
    _quiet = False

    def __init__(self, source: Shown) -> None:
        super().__init__()
        self.state = state_of(source)
        self._observed: list[tuple[Callable[..., None], list[str]]] = []
        self.head = widgets.HTML(heading(self.title))
        self.head.add_class("pw-head")
        for name in ("pw-card", "pw-ui", self.css_class):
            self.add_class(name)
        asked = self.asks or shared_state(source) is None
        self.question = SenseQuestion(self.state) if asked else None
        questions = [] if self.question is None else [self.question]
        self.children = (page_aids(), self.head, *questions, *self.build())
        self.bind()

    def build(self) -> list[widgets.Widget]:
        """Make the children; called once."""
        raise RuntimeError(f"{type(self).__name__} builds nothing")

    def bind(self) -> None:
        """Connect callbacks to children and to the state; called once, after ``build``."""

    def when(self, *traits: str, do: Callable[[], None], now: bool = True) -> None:
        """Call ``do`` when any of these traits changes, once however many, and at the start."""
        drawn_at = -1

        def once(*_: object) -> None:
            nonlocal drawn_at
            if drawn_at != self.state.announced:
                drawn_at = self.state.announced
                do()

        refresh = guard(self.state, once)
        self._observed.append((refresh, list(traits)))
        self.state.observe(refresh, list(traits))
        if now:
            refresh()

    def clicked(self, button: widgets.Button, do: Callable[[], None]) -> None:
        """Call ``do`` when a button is pressed."""
        button.on_click(guard(self.state, lambda *_: do()))

    def changed(
        self, child: widgets.Widget, do: Callable[[Any], None], trait: str = "value"
    ) -> None:
        """Call ``do`` with the new value when a child's trait changes."""
        child.observe(guard(self.state, lambda change: do(change["new"])), trait)

    @contextmanager
    def _silence(self) -> Iterator[None]:
        """Keep what is set here from coming back as an action: callbacks ask ``_quiet``."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    def close(self) -> None:
        """Let go of the state, then close."""
        for refresh, traits in self._observed:
            self.state.unobserve(refresh, traits)
        self._observed.clear()
        if self.question is not None:
            self.question.close()
        super().close()


def button(words: str, tooltip: str = "", *, css: str = "", icon: str = "") -> widgets.Button:
    """Make a button of the explorer's look; icons are decoration, the words say all."""
    made = widgets.Button(description=words, tooltip=tooltip or words, icon=icon)
    made.layout.width = "auto"
    made.add_class("pw-btn")
    if css:
        made.add_class(css)
    return made


def row(*children: widgets.Widget, css: str = "") -> widgets.HBox:
    """Lay children side by side; they wrap where the page is narrow."""
    box = widgets.HBox(list(children))
    box.add_class("pw-row")
    if css:
        box.add_class(css)
    return box


def named(words: str, child: widgets.Widget, *, css: str = "pw-named") -> widgets.HBox:
    """Set a name before a control; the row gives it to screen readers."""
    name = widgets.HTML(Markup("<span class='pw-name'>{}</span>").format(words))
    return row(name, child, css=css)


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
        words = Markup("<div role='alert'>{} Nothing is searched until you choose.</div>")
        self.text.value = words.format(question) if question else ""


def guard(state: ExplorerState, action: Callable[..., None]) -> Callable[..., None]:
    """Wrap a callback so that what it raises becomes a message on the page."""

    @functools.wraps(action)
    def guarded(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        try:
            action(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - whatever it is, the user has to see it
            state.fail(error)
            for watcher in watchers:
                watcher(error)

    return guarded


class MessageBar(widgets.HBox):
    """Shows the newest message of a state until it is dismissed; takes no room without one.

    Parameters
    ----------
    state
        Whose ``message`` to show. The text is untrusted and escaped.
    """

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self.state = state
        self.text = widgets.HTML()
        self.text.add_class("pw-message-text")
        self.dismiss = button("Dismiss", "Dismiss this message")
        self.dismiss.on_click(guard(state, lambda *_: state.dismiss()))
        self.children = (self.text, self.dismiss)
        for name in ("pw-ui", "pw-message"):
            self.add_class(name)
        self._refresh = guard(state, lambda *_: self._show())
        self._follows = True
        state.observe(self._refresh, "message")
        self._show()

    def close(self) -> None:
        """Let go of the state, then close; ipywidgets closes once more at the very end."""
        if self._follows:
            self.state.unobserve(self._refresh, "message")
            self._follows = False
        super().close()

    def _show(self) -> None:
        message = self.state.message
        self.layout.display = "none" if message is None else "flex"
        if message is None:
            self.text.value = ""
            return
        error = message.level == "error"
        (self.add_class if error else self.remove_class)("pw-error")
        role, before = ("alert", Markup("<b>Error.</b> ")) if error else ("status", Markup(""))
        self.text.value = Markup("<div role='{}'>{}{}</div>").format(role, before, message.text)


class RuleList(widgets.VBox):
    """Shows the rules of a state; takes no room where there are none.

    Parameters
    ----------
    state
        Whose rules to show and to drop.
    """

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self._state = state
        self._rows: tuple[widgets.HBox, ...] = ()
        self.add_class("pw-rules")

    def show(self) -> None:
        """Show the rules that hold now."""
        old = self._rows
        rules = self._state.rules
        self.layout.display = "" if rules else "none"
        self._rows = tuple(self._row(place, rule) for place, rule in enumerate(rules))
        self.children = self._rows
        for gone in old:
            gone.close()

    def _row(self, place: int, rule: SearchRule) -> widgets.HBox:
        words = Markup("<b>Rule:</b> {} <span class='pw-quiet'>({})</span>").format(
            rule.words, _what(rule)
        )
        drop = button("Drop", f"Remove the rule: {rule.words}")
        drop.on_click(guard(self._state, lambda *_: self._state.drop_rule(place)))
        return row(widgets.HTML(words), drop, css="pw-rule")


def _what(rule: SearchRule) -> str:
    """Say how much a rule asks for."""
    count, layers = sum(map(len, rule.banned.values())), len(rule.banned)
    parts = [f"{count:,} variants in {layers:,} layers banned"] if count else []
    parts += [f"{len(rule.fixed):,} layers fixed"] if rule.fixed else []
    parts += [f"{other.layers:,} layers to differ in" for other in rule.differences]
    return ", ".join(parts)

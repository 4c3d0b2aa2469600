"""What panels share: a card on the state, guarded callbacks, and the state's words to a user."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, TypeAlias, TypeVar

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.charts import Drawing
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.state import ExplorerState, Source
from puzzle_widgets.widgets.closing import discard, held
from puzzle_widgets.widgets.guide import guide_button
from puzzle_widgets.widgets.html import NOTHING, heading
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


class Following:
    """Follows a state, and acts on it: for widgets that show it; mixed in before a box.

    What is set while the widget is silenced comes back as no action. Asleep it draws nothing;
    when it wakes, it does what it missed, once.
    """

    state: ExplorerState
    _quiet = False
    _asleep = False
    _missed: frozenset[int] = frozenset()
    _observed: tuple[tuple[Callable[..., None], list[str]], ...] = ()

    def when(self, *traits: str, do: Callable[[], None], now: bool = True) -> None:
        """Call ``do`` when any of these traits changes, once however many, and at the start."""
        drawn_at, number = -1, len(self._observed)

        def once(*_: object) -> None:
            nonlocal drawn_at
            if self._asleep:
                self._missed |= {number}
            elif drawn_at != self.state.announced:
                drawn_at = self.state.announced
                do()

        refresh = guard(self.state, once)
        self._observed = (*self._observed, (refresh, list(traits)))
        self.state.observe(refresh, list(traits))
        if now:
            refresh()

    def clicked(self, button: widgets.Button, do: Callable[[], None]) -> None:
        """Call ``do`` when a button is pressed."""
        button.on_click(guard(self.state, lambda *_: do()))

    def changed(
        self, child: widgets.Widget, do: Callable[[Any], None], trait: str = "value"
    ) -> None:
        """Call ``do`` with the new value when a user changes a child's trait."""

        def act(change: Any) -> None:  # noqa: ANN401
            if not self._quiet:
                do(change["new"])

        child.observe(guard(self.state, act), trait)

    def sleep(self) -> None:
        """Draw nothing until :meth:`wake`: for what cannot be seen."""
        self._asleep = True

    def wake(self) -> None:
        """Show what the state is now, and follow it again."""
        self._asleep, missed, self._missed = False, sorted(self._missed), frozenset()
        for number in missed:
            refresh, _ = self._observed[number]
            refresh()

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Keep what is set here from coming back as an action."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    def close(self) -> None:
        """Let go of the state, and close with all below; ipywidgets closes again at the end."""
        for refresh, traits in self._observed:
            self.state.unobserve(refresh, traits)
        self._observed = ()
        below = held(self)
        super().close()  # type: ignore[misc]
        discard(*below)


T = TypeVar("T", bound=Following)


class InNotebook:
    """A box on a state that can be the output of a notebook's cell; mixed in before the box.

    Below it the notebook keeps a picture of the last settled answer, to be read without a kernel.
    """

    state: ExplorerState

    def picture(self) -> Drawing | None:
        """What a saved notebook shows; by default the answer with its figures."""
        return _still().answer_picture(self.state)

    def _ipython_display_(self, **_: object) -> None:
        _still().show_in_notebook(self, self.picture)


def _still() -> ModuleType:
    # Needs what every panel needs; loaded when a notebook first shows one.
    return importlib.import_module("puzzle_widgets.widgets.still")


class Panel(InNotebook, Following, widgets.VBox):
    """A card of the explorer; usable alone in a notebook cell, where it also shows messages.

    Parameters
    ----------
    source
        The state to show, shared between panels, or an explorer or panel that has one; or, for a
        panel with a state of its own, what :class:`puzzle_widgets.ExplorerState` takes: a
        library, its name or path, a problem, a solution.
    messages
        Whether to show the state's messages; by default where the panel stands alone.
    """

    title = ""
    css_class = ""
    guide = ""
    """Section of the page on the explorer that tells of it; empty for none."""
    asks = False
    """Whether to ask for the sense of a score among other panels too, not only alone."""

    def __init__(self, source: Shown, *, messages: bool | None = None) -> None:
        super().__init__()
        self.state = state_of(source)
        self.alone = shared_state(source) is None
        self.head = widgets.HTML(self.heading())
        self.head.add_class("pw-head")
        for name in ("pw-card", "pw-ui", self.css_class):
            self.add_class(name)
        self._owned: list[Following] = []
        tells = self.alone if messages is None else messages
        self.question = self.own(SenseQuestion(self.state)) if self.asks or self.alone else None
        self.messages = self.own(MessageBar(self.state)) if tells else None
        self.children = (page_aids(), self.head, *self._owned, *self.build())
        self.bind()

    def heading(self, aside: str = "") -> Markup:
        """Build the title, with a question mark that opens the guide, and a remark behind it."""
        mark = guide_button(self.guide, self.title) if self.guide else NOTHING
        return heading(self.title, aside, mark)

    def own(self, part: T) -> T:
        """Close a part that follows the state itself together with the panel."""
        self._owned.append(part)
        return part

    def build(self) -> list[widgets.Widget]:
        """Make the children; called once."""
        raise RuntimeError(f"{type(self).__name__} builds nothing")

    def bind(self) -> None:
        """Connect callbacks to children and to the state; called once, after ``build``."""

    def opened(self) -> None:
        """Do what waits until somebody looks; called when the panel comes to be seen."""

    def sleep(self) -> None:
        """Draw nothing until :meth:`wake`, neither the panel nor its parts."""
        super().sleep()
        for part in self._owned:
            part.sleep()

    def wake(self) -> None:
        """Show what the state is now, and follow it again."""
        super().wake()
        for part in self._owned:
            part.wake()

    def close(self) -> None:
        """Let go of the state, then close."""
        for part in self._owned:
            part.close()
        super().close()


def button(words: str, tooltip: str = "", *, css: str = "", icon: str = "") -> widgets.Button:
    """Make a button of the explorer's look; icons are decoration, the words say all."""
    made = widgets.Button(description=words, tooltip=tooltip or words, icon=icon)
    made.layout.width = "auto"
    made.add_class("pw-btn")
    if css:
        made.add_class(css)
    return made


def symbol_button(symbol: str, words: str, *, css: str = "") -> widgets.Button:
    """Make a small button that shows a symbol; the page reads out its words instead."""
    made = button(symbol, words, css=css)
    made.add_class("pw-symbol")
    return made


def row(*children: widgets.Widget, css: str = "") -> widgets.HBox:
    """Lay children side by side; they wrap where the page is narrow."""
    box = widgets.HBox(list(children))
    box.add_class("pw-row")
    if css:
        box.add_class(css)
    return box


def menu(words: str, *children: widgets.Widget, symbol: str = "⋯") -> widgets.Box:
    """Keep controls that are seldom needed behind a button; the page opens and closes it.

    Parameters
    ----------
    words
        What is in it; read out for the symbol on the button.
    children
        The controls.
    symbol
        What the button shows.
    """
    opener = symbol_button(symbol, words, css="pw-menu-button")
    body = widgets.VBox(list(children))
    body.add_class("pw-menu-body")
    box = widgets.Box([opener, body])
    box.add_class("pw-menu")
    return box


def small_legend(legend: widgets.HTML) -> widgets.HTML:
    """Make a second copy of a legend, for the menu of a chart that has no room for the first."""
    copy = widgets.HTML()
    copy.add_class("pw-small-legend")
    widgets.dlink((legend, "value"), (copy, "value"))
    return copy


def named(words: str, child: widgets.Widget, *, css: str = "pw-named") -> widgets.HBox:
    """Set a name before a control; the row gives it to screen readers."""
    name = widgets.HTML(Markup("<span class='pw-name'>{}</span>").format(words))
    return row(name, child, css=css)


def refill(box: widgets.Box, children: Sequence[widgets.Widget]) -> None:
    """Give a box other children, and close those that it loses, with all below them."""
    old, box.children = box.children, tuple(children)
    discard(*(gone for gone in old if gone not in box.children))


class SenseQuestion(Following, widgets.VBox):
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
        self.children = (self.text, row(*self.answers))
        for name in ("pw-ui", "pw-question"):
            self.add_class(name)
        self.when("question", do=self._show)

    def _answer(self, words: str, goal: Goal) -> widgets.Button:
        made = button(words, f"{words}: search by that")
        self.clicked(made, lambda: self.state.set_objective(self.state.objective, goal))
        return made

    def _show(self) -> None:
        question = self.state.question
        self.layout.display = "flex" if question else "none"
        words = Markup("<div role='alert'>{} Nothing is searched until you choose.</div>")
        self.text.value = words.format(question) if question else ""


class MessageBar(Following, widgets.HBox):
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
        self.children = (self.text, self.dismiss)
        for name in ("pw-ui", "pw-message"):
            self.add_class(name)
        self.clicked(self.dismiss, state.dismiss)
        self.when("message", do=self._show)

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

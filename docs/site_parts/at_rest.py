"""Startup of the kernels that run notebooks for the site: widgets are shown as they are at rest.

A page without a kernel can move no slider. What it can show is what a panel shows at that moment:
its chart as SVG, its words and tables as HTML. Searches run at once, so that it is the answer.
"""

from __future__ import annotations

from typing import Any

from IPython import get_ipython
from ipywidgets import (
    HTML,
    Box,
    Button,
    Dropdown,
    HTMLMath,
    IntProgress,
    Label,
    RadioButtons,
    Text,
    Widget,
)
from markupsafe import Markup

import puzzle_widgets as pw
from puzzle_widgets.charts import svg
from puzzle_widgets.charts.display import _figures, html_of, table
from puzzle_widgets.solution.solution import STATUS_WORDS
from puzzle_widgets.state import background
from puzzle_widgets.widgets.panel import InNotebook, Panel

_WORDS = (HTML, HTMLMath, Label)
_NOTE = Markup(
    "<p class='at-rest'>As it stands here, a picture. In a notebook it is live: "
    "its controls move, its charts can be clicked.</p>"
)
_UNSEEN = Markup("<p class='at-rest'>Something live, which only a running notebook shows.</p>")


def at_rest(widget: Widget) -> Markup:
    """Write what a widget shows."""
    if widget.layout is not None and widget.layout.display == "none":
        return Markup("")
    if isinstance(widget, pw.PuzzleExplorer):
        shown = (widget.budgets, widget.status, widget.pareto, widget.layers)
        return Markup("").join(at_rest(panel) for panel in shown)
    if isinstance(widget, Panel):
        return _card(widget)
    if isinstance(widget, pw.BeatTheSolver):
        inner = Markup("").join(map(at_rest, widget.children))
        return Markup("<div class='panel-at-rest'>{}</div>").format(inner)
    if isinstance(widget, Box):
        named = _named(widget)
        return Markup("").join(map(at_rest, widget.children)) if named is None else named
    return _control(widget)


def _card(panel: Panel) -> Markup:
    title = Markup("<p class='panel-title'>{}</p>").format(panel.title)
    return Markup("<div class='panel-at-rest'>{}{}</div>").format(title, _inner(panel))


def _inner(panel: Panel) -> Markup:
    if isinstance(panel, pw.BudgetPanel):
        return html_of(panel.state.problem)
    if isinstance(panel, pw.StatusPanel) and panel.state.shown is not None:
        return _answer(panel.state.shown)
    _search(panel)
    own = type(panel).picture is not InNotebook.picture  # that of the rest is the answer's
    drawing = panel.picture() if own else None
    if drawing is not None:
        told = getattr(panel, "told", None)
        return drawing.to_svg() + (Markup("") if told is None else at_rest(told))
    children = (child for child in panel.children if child is not panel.head)
    return Markup("").join(at_rest(child) for child in children)


def _search(panel: Panel) -> None:
    """Search what a reader would, who can press no button here."""
    name = getattr(panel, "sweep", "")
    if name and getattr(panel.state, name) is None:
        panel.state.start(name)


def _answer(solution: pw.Solution) -> Markup:
    if not solution.found:
        return html_of(solution)
    return table(["Answer", STATUS_WORDS[solution.status], "of the parent"], _figures(solution))


def _named(box: Box) -> Markup | None:
    """Write a name and the value beside it, nothing for an empty one; ``None`` for other boxes."""
    name, control = box.children if len(box.children) == 2 else (None, None)
    if not isinstance(name, HTML) or "pw-name" not in name.value or not hasattr(control, "value"):
        return None
    if isinstance(control, _WORDS):
        return None
    value = control.label if isinstance(control, Dropdown | RadioButtons) else control.value
    if value is None or (isinstance(control, Text) and not value):
        return Markup("")
    words = Markup(name.value)  # noqa: S704 - HTML by its kind
    return Markup("<p>{}: <b>{}</b></p>").format(words, " · ".join(str(value).splitlines()))


def _control(widget: Widget) -> Markup:
    value, words = getattr(widget, "value", None), getattr(widget, "description", "")
    if isinstance(widget, _WORDS):
        safe = value if isinstance(widget, Label) else Markup(value)  # noqa: S704 - HTML by its kind
        return Markup("<div>{}</div>").format(safe)
    if isinstance(widget, Button | IntProgress) or value is None or not words:
        return Markup("")
    return Markup("<p>{}: <b>{}</b></p>").format(words, value)


def bundle(widget: Widget, **_wanted: object) -> dict[str, Any]:
    """Give what a page without a kernel shows of a widget."""
    inner = at_rest(widget)
    note = Markup("") if isinstance(widget, _WORDS) else (_NOTE if inner else _UNSEEN)
    return {"text/plain": type(widget).__name__, "text/html": str(inner + note)}


def drawn(drawing: svg.Drawing, **_wanted: object) -> dict[str, str]:
    """Give a chart as part of its page, whose style sheet then colors it."""
    return {"text/plain": repr(drawing), "text/html": str(drawing.to_svg())}


def start() -> None:
    """Show widgets at rest, and search at once rather than in the background."""
    svg._STYLE = Markup("")  # it follows the system, where a page has light and dark of its own
    background.running_loop = lambda: None
    shell = get_ipython()
    shell.display_formatter.ipython_display_formatter.enabled = False  # shows the live one
    shell.display_formatter.mimebundle_formatter.for_type(Widget, bundle)
    shell.display_formatter.mimebundle_formatter.for_type(svg.Drawing, drawn)


if get_ipython() is not None:
    start()

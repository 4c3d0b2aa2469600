"""The panel of layers: which block every layer has, what it costs, and one layer in full."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeGuard

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.charts import Drawing, draw
from puzzle_widgets.charts.about import about
from puzzle_widgets.charts.figure import layer_axis
from puzzle_widgets.charts.layers import LayerChart, layer_chart, views_of
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.problem.mckp import IntArray
from puzzle_widgets.reasons import Decidedness
from puzzle_widgets.solution import Scenario, Solution
from puzzle_widgets.state.rule_actions import pinned_places
from puzzle_widgets.widgets.charts import BarChart, legend_line
from puzzle_widgets.widgets.closing import discard
from puzzle_widgets.widgets.files import picture_buttons
from puzzle_widgets.widgets.layers.detail import (
    LayerDetail,
    block_words,
    layer_name,
    view_words,
)
from puzzle_widgets.widgets.panel import Panel, Shown, guard, menu, row, small_legend, symbol_button
from puzzle_widgets.widgets.wanting import Wanting

_NONE = ("none", -1)
_SPAN, _FIRST, _LINE = Markup("<span>%s</span>"), Markup("<b>%s</b>"), Markup("%s %s")
_HINT = "Hover a layer for details; click it, or use the arrow keys, to open it."


@dataclass(frozen=True, eq=False)
class View:
    """One way to look at an architecture; ``chart`` is ``None`` where ``plan`` says why."""

    plan: LayerChart
    chart: BarChart | None


class LayerView(Wanting, Panel):
    """Every layer's block of the architecture that is shown, in four views.

    Size (mirrored bars), choice (one row a kind of block), runtime and memory (kept and saved);
    a click opens a layer with all of its variants.

    Parameters
    ----------
    source
        The state to show; or a library, for a panel with a state of its own.
    detailed
        Whether the open layer is shown below; pages with a ``LayerPanel`` need not.
    reasons
        Whether to say here why nothing is feasible; pages with a ``BudgetPanel`` need not.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> budgets = {"stats.memory_mib": "70 %"}
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets=budgets)
    >>> layers = pw.LayerView(pw.search(problem))  # every layer's block of a solution
    >>> layers.state.open_layer(3)  # as a click does
    >>> layers.close()
    """

    title = "Blocks by layer"
    css_class = "pw-layer-view"
    guide = "blocks-by-layer"

    def __init__(self, source: Shown, *, detailed: bool = True, reasons: bool = True) -> None:
        self._detailed, self._reasons = detailed, reasons
        super().__init__(source)

    def build(self) -> list[widgets.Widget]:
        """Make switch, chart, line of words, legend and the detail of one layer."""
        self._views: dict[str, View] = {}
        self._choice: IntArray | None = None
        self._last: Solution | None = None
        self._pointed: int | None = None
        self._viewed = ""
        self._worded: Decidedness | None = (
            None  # its words stay while it is searched: nothing jumps
        )
        self.switch = widgets.ToggleButtons(tooltips=[], options=["Size"])
        self.switch.add_class("pw-views")
        self.previous = symbol_button("\u2039", "Previous layer", css="pw-prev")
        self.following = symbol_button("\u203a", "Next layer", css="pw-next")
        self.picker = widgets.Dropdown(description="Layer", options=[_NONE])
        self.picker.add_class("pw-layer-picker")
        self.status, self.line, self.legend = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.status.add_class("pw-layer-says")
        self.line.add_class("pw-layer-line")
        self.box = widgets.Box()
        self.box.add_class("pw-keys")
        self.detail = self.own(LayerDetail(self.state)) if self._detailed else None
        self.pale = widgets.Checkbox(
            description="Pale where it hardly matters",
            tooltip="Draw layers pale in which another block hardly costs more",
            indent=False,
            layout={"width": "auto"},
        )
        walk = row(self.previous, self.following, self.picker, css="pw-walk")
        save = picture_buttons(self.state, "the layers", "blocks-by-layer", self.picture)
        tools = row(
            self.switch,
            walk,
            menu("More about the layers", self.pale, small_legend(self.legend), save),
            css="pw-layer-tools",
        )
        self.legend.add_class("pw-layer-legend")
        foot = row(self.legend, self.line, css="pw-layer-foot")
        return [tools, self.status, self.box, foot, *filter(None, [self.detail])]

    def bind(self) -> None:
        """Follow the library, what is shown, and the open layer."""
        self.when("library", do=self._open_library)
        self.when("shown", "selection", do=self._show, now=False)
        self.when("reference", "scenarios", "former", do=self._frame, now=False)
        self.when("layer", "objective", "goal", do=self._open, now=False)
        self.changed(self.switch, lambda view: self.state.set_looks(layers=view))
        self.when("looks", do=self._show_view, now=False)
        self.when("looks", do=self._show_pale)
        self.when("decided", "rules", "library", do=self._shade, now=False)
        self.when("others", do=self._describe, now=False)
        self.changed(self.pale, lambda on: self.state.set_looks(pale=on))
        self.changed(self.picker, self._pick)
        self.clicked(self.previous, lambda: self._step(-1))
        self.clicked(self.following, lambda: self._step(1))

    @property
    def view(self) -> View:
        """The view that is on; made when it is first looked at."""
        name = self.switch.value
        if name not in self._views:
            self._views[name] = self._make(name)
        return self._views[name]

    def _make(self, name: str) -> View:
        library = self.state.library
        plan = layer_chart(library, name)
        if plan.problem:
            return View(plan, None)
        hover, click = guard(self.state, self._point), guard(self.state, self.state.open_layer)
        chart = BarChart(
            layer_axis(library.layers), plan.y, len(library.layers), plan.height, hover, click
        )
        return View(plan, chart)

    def _open_library(self) -> None:
        library = self.state.library
        self.box.children = ()
        discard(*(old.chart.figure for old in self._views.values() if old.chart is not None))
        self._views, self._choice, self._last, self._pointed = {}, None, None, None
        with self.silence():
            self.switch.options = views_of(library)
            if self.state.looks.layers in self.switch.options:
                self.switch.value = self.state.looks.layers
        names = [(_picked(layer_name(layer)), n) for n, layer in enumerate(library.layers)]
        self.picker.options = [_NONE, *names]
        self._show()
        self._switch()
        self._open()

    def _show(self) -> None:
        """Draw what is shown; without an architecture the last picture stays, dimmed."""
        shown = self.state.shown
        if shown is not self._last and _drawable(shown, self.state.library):
            self._last = shown
            self._choice = shown.choice
            self._draw()
            self._hang()
        self.head.value = self.heading(self.state.shown_name)
        self._tell_status()
        self._describe()

    def picture(self) -> Drawing | None:
        """What is on the screen, for a file."""
        if self._last is None:
            return None
        if self.view.plan.problem:
            return None
        title = f"Blocks by layer: {self.state.shown_name}"
        figure = self.view.plan.figure(
            self._last, title, self._reference, self._decided, self._pinned
        )
        return about(draw(figure), self._last, self._reference)

    def _hang(self) -> None:
        """Put the chart on the page once there is something in it; bqplot fails in hidden boxes."""
        chart = None if self._last is None else self.view.chart
        figures = () if chart is None else (chart.figure,)
        if self.box.children != figures:
            self.box.children = figures

    def _draw(self) -> None:
        view = self.view
        if self._choice is not None and self._last is not None and view.chart is not None:
            view.chart.draw(view.plan.bars(self._last, self._choice, self._decided))

    @property
    def _reference(self) -> Scenario | None:
        """The scenario to compare with."""
        return self.state.record.reference_scenario

    @property
    def _decided(self) -> Decidedness | None:
        """How decided the layers are that are drawn, where that is to be seen and known."""
        found = self.state.decided if self.state.looks.pale else None
        drawn = None if self._last is None else self._last.architecture
        return found if found is not None and found.solution.architecture == drawn else None

    @property
    def _pinned(self) -> tuple[int, ...]:
        return pinned_places(self.state.record)

    def _show_pale(self) -> None:
        on = self.state.looks.pale
        with self.silence():
            self.pale.value = on
        self.wants(*(("decided",) if on else ()))

    def _shade(self) -> None:
        """Draw again what is pale, and what is kept by a rule."""
        self._draw()
        self._frame()
        self._describe()

    def _frame(self) -> None:
        """Outline the reference over the bars, and say in the legend what the outlines are."""
        view, reference = self.view, self._reference
        if view.chart is None:
            self.legend.value = Markup("<p>{}</p>").format(view.plan.problem)
            return
        view.chart.frame(None if reference is None else view.plan.frames(reference))
        view.chart.pin(view.plan.pins(self._pinned))
        self._worded = self._decided or (self._worded if self.state.looks.pale else None)
        keys = view.plan.legend_with(reference, self._worded, self._pinned)
        self.legend.value = legend_line(keys)

    def _show_view(self) -> None:
        """Show the view that is chosen, where the library has it."""
        view = self.state.looks.layers
        if view in self.switch.options and view != self._viewed:
            with self.silence():
                self.switch.value = view
            self._switch()

    def _switch(self) -> None:
        self._viewed = self.switch.value
        self._draw()
        self._frame()
        self._mark()  # before the chart is hung: what changes while it is built may be lost
        self._hang()
        self._tell_status()
        self._describe()

    def _open(self) -> None:
        self._pointed = None
        self.picker.value = _NONE[1] if self.state.layer is None else self.state.layer
        self._mark()
        self._describe()

    def _mark(self) -> None:
        if self.view.chart is not None:
            self.view.chart.mark(self.state.layer)

    def _pick(self, place: int) -> None:
        self.state.open_layer(None if place == _NONE[1] else place)

    def _step(self, step: int) -> None:
        last = len(self.state.library.layers) - 1
        first = 0 if step > 0 else last
        place = first if self.state.layer is None else self.state.layer + step
        self.state.open_layer(min(max(place, 0), last))

    def _point(self, place: int) -> None:
        self._pointed = place
        self._describe()

    def _describe(self) -> None:
        """Say the layer pointed at, else the open one."""
        place = self.state.layer if self._pointed is None else self._pointed
        words = [_HINT if self.view.chart else ""]
        if place is not None and self._last is not None:
            block = self._last.blocks[place]
            words = list(block_words(self.state.library, place, block, self.state.objective))
            words += [self._decided.words(place)] if self._decided else []
            words += ["kept by a rule"] if place in self._pinned else []
            words += self._recurrence(place)
        first = _FIRST % words[0] if len(words) > 1 else words[0]
        self.line.value = _LINE % (first, Markup(" ").join(_SPAN % part for part in words[1:]))

    def _recurrence(self, place: int) -> list[str]:
        """In how many near-optimal architectures the block recurs, while that is looked at."""
        others, drawn = self.state.others, self._last
        if others is None or drawn is None or others.solution.architecture != drawn.architecture:
            return []
        return [others.words(place)]

    def _tell_status(self) -> None:
        shown, missing = self.state.shown, self._last is None
        failed = shown is not None and not shown.found
        self.line.layout.display = self.legend.layout.display = "none" if missing else ""
        for part in (self.box, self.line, self.legend):
            (part.add_class if failed else part.remove_class)("pw-dim")
        self.status.value = self._status(shown)

    def _status(self, shown: Solution | None) -> Markup:
        if shown is None:
            return Markup("<span class='pw-quiet'>Searching …</span>")
        if shown.found:
            return _SPAN % view_words(self.switch.value, shown)
        reason = shown.reason if self._reasons else "No architecture."
        reason = reason or "No architecture was found in time."
        rest = "" if self._last is None else " Below, dimmed: the last one that was found."
        return Markup("<span class='pw-warn'>{}{}</span>").format(reason, rest)


def _drawable(solution: Solution | None, library: BlockLibrary) -> TypeGuard[Solution]:
    return solution is not None and solution.found and solution.library is library


def _picked(name: str) -> str:
    """Shorten a layer's name for the menu."""
    short = name.removeprefix("Layer ")
    return short if len(short) <= 40 else f"{short[:39]}…"

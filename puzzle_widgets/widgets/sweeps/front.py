"""The Pareto plot: the best score at every amount of a resource, to look at and walk along."""

from __future__ import annotations

import operator
from collections.abc import Sequence

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.charts import Drawing, Figure, draw, front_figure
from puzzle_widgets.charts.about import about
from puzzle_widgets.charts.figure import Key, Spot
from puzzle_widgets.charts.front import (
    FrontAxes,
    advice_of,
    budget_lines,
    front_points,
    measured_words,
)
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.quantity import THROUGHPUT, format_number, whole_costs
from puzzle_widgets.problem.budget_rows import OFFERED, BudgetSetting, cannot_be_met, to_problem
from puzzle_widgets.reasons import Baseline, PointAdvice
from puzzle_widgets.solution.measured import MeasuredPoint
from puzzle_widgets.solution.scenario import budget_words
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.sweeps import ParetoFront
from puzzle_widgets.widgets.charts import FrontChart, legend_line
from puzzle_widgets.widgets.files import picture_buttons
from puzzle_widgets.widgets.html import folded_list
from puzzle_widgets.widgets.moment import Moment
from puzzle_widgets.widgets.panel import guard, menu, named, row, small_legend
from puzzle_widgets.widgets.sweeps.parts import SweepPanel, Walk
from puzzle_widgets.widgets.sweeps.points import PointTable
from puzzle_widgets.widgets.wanting import Wanting

_ELSEWHERE = Markup(
    "<span class='pw-quiet pw-elsewhere' title='Their scores and costs are other figures: the tab "
    "Scenarios compares them'>Scenarios of other libraries are not drawn ({})</span>"
)
_DRAWN = (
    "library",
    "objective",
    "goal",
    "budgets",
    "problem",
    "solution",
    "parent",
    "front",
    "front_resource",
    "selection",
    "scenarios",
    "reference",
    "measured",
    "baselines",
    "looks",
)


class ParetoPlot(Wanting, SweepPanel):
    """Pareto front of the summed score against a resource.

    A click, the list of points, the buttons and the arrow keys choose a point; the current
    solution, the parent, saved solutions and the budgets stand beside the front. Alone it is
    searched at once.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> plot = pw.ParetoPlot("stdlib-2m-measured")
    >>> plot.state.set_front("stats.memory_mib")
    >>> plot.state.show_point(0)  # as a click on the first point does
    >>> plot.close()
    """

    title = "Pareto front"
    css_class = "pw-pareto"
    guide = "pareto-front"
    sweep = "front"
    counted = "searches"

    def build(self) -> list[widgets.Widget]:
        """Make controls, legend, chart and the walk along it."""
        self.chart = FrontChart()
        self._searching = Moment(self.state, self._draw)
        self._points: list[Spot] = []
        self._advice: PointAdvice | None = None
        self._points_of: tuple[object, object, str] = (None, None, "")
        self._keys: tuple[str, Sequence[Key]] | None = None
        self._drawn: tuple[tuple[object, ...], tuple[object, ...]] = ((), ())
        self.legend = widgets.HTML()
        self.legend.add_class("pw-front-legend")
        self.small_legend = small_legend(self.legend)
        chart = widgets.Box([self.chart.figure])
        chart.add_class("pw-keys")
        self.measured = widgets.HTML()
        self.walk = Walk(self, "point")
        self._build_axis()
        pictures = picture_buttons(self.state, "the Pareto front", "pareto-front", self.picture)
        self.listed = widgets.ToggleButtons(
            options=[("Chart", False), ("Table", True)],
            tooltips=["Draw the points", "List the points: sort, filter, pick, download"],
            style={"button_width": "auto"},
        )
        self.listed.add_class("pw-views")
        self.points: PointTable | None = None
        self.advice = widgets.HTML()
        more = menu(
            "More about the front", self.small_legend, row(self.held), self.advice, pictures
        )
        tools = row(named("X axis", self.axis, css=""), more, css="pw-front-tools")
        foot = row(self.walk.box, self.measured, self.listed, css="pw-front-foot")
        return [tools, self.build_search(), self.legend, chart, foot]

    def bind(self) -> None:
        """Follow the state, and act on it."""
        self.when("library", "front_resource", do=self._show_axis)
        self.when("library", "front_resource", "objective", do=self._show_title)
        self.when("front_held", do=self._show_held)
        self.when(*_DRAWN, "updating", do=self._draw_soon)
        self.when("front", "front_resource", "front_running", "front_held", do=self._show_search)
        self.when("front", "front_resource", "objective", "selection", do=self._show_walk)
        self.when("library", "measured", "front_resource", "objective", do=self._show_measured)
        self.when("former", do=self._show_legend)
        self.when("looks", do=self._show_listed)
        self.when("looks", do=self._want_baselines)
        self.changed(self.listed, lambda on: self.state.set_looks(table=on))
        self.changed(self.axis, self.state.set_front)
        self.changed(self.held, lambda held: self.state.set_front(held=held))
        for name, show in (
            ("points", self.state.show_point),
            ("scenarios", self.state.show_scenario),
            ("reference", self.state.show_scenario),
            ("current", lambda _: self.state.show_current()),
        ):
            self.chart.on_click(name, guard(self.state, show))

    def _build_axis(self) -> None:
        self.axis = widgets.Dropdown(layout=widgets.Layout(width="200px"))
        self.held = widgets.Checkbox(
            description="Keep other budgets",
            tooltip="Keep to the limits on the other resources at every point",
            indent=False,
            layout=widgets.Layout(width="auto"),
        )

    def picture(self) -> Drawing | None:
        """What is on the screen, for a file."""
        front = self._front()
        if front is None or not front.solutions:
            return None
        return about(draw(self._figure()), front, self.state.shown, *self.state.scenarios)

    def _front(self) -> ParetoFront | None:
        """The front, unless it is against another resource than the axis."""
        front = self.state.front
        return front if front is not None and front.resource == self.state.front_resource else None

    def _figure(self) -> Figure:
        state = self.state
        axes = FrontAxes(state.problem, state.front_resource)
        return front_figure(
            self._front(),
            axes,
            current=state.solution,
            parent=state.parent,
            scenarios=state.scenarios,
            reference=state.record.reference_place,
            measured=state.measured,
            baselines=self._baselines(),
            limits=self._limits(),
            selected=state.selection.place if state.selection.kind == "point" else None,
            points=self._front_points(axes),
            knee=None if self._advice is None else self._advice.knee_place,
        )

    def _inputs(self) -> tuple[tuple[object, ...], tuple[object, ...]]:
        """All that a drawing depends on: large objects, told apart by identity, and small ones."""
        state = self.state
        objects = (self._front(), state.library, state.solution, state.parent)
        lines = budget_lines(state.library, self._limits(), state.front_resource)
        asked = (state.objective, state.goal)
        return (
            (*objects, state.scenarios, state.measured, self._baselines()),
            (*asked, state.front_resource, state.selection, state.reference, lines),
        )

    def _baselines(self) -> Sequence[Baseline]:
        """What simpler ways find, where that is to be seen here and known."""
        return (self.state.baselines if self.state.looks.baselines else None) or ()

    def _limits(self) -> list[BudgetSetting]:
        return [budget for budget in self.state.budgets if budget.on]

    def _front_points(self, axes: FrontAxes) -> list[Spot]:
        """Points with their words, worked out once for each front: a slider redraws them often."""
        front, (of_front, of_library, of_objective) = self._front(), self._points_of
        same = front is of_front and axes.library is of_library
        if not same or axes.problem.objective != of_objective:
            self._points_of = front, axes.library, axes.problem.objective
            self._points, self._advice = front_points(front, axes), advice_of(front)
            self.advice.value = advice_lines(self._advice)
        return self._points

    def _draw_soon(self) -> None:
        """Draw once the answer is there, or has been waited for: not before and again after it."""
        if self.state.updating and not self._searching.lasts:
            self._searching.begin()
            return
        if not self.state.updating:
            self._searching.end()
        self._draw()

    def close(self) -> None:
        """Draw nothing more."""
        self._searching.end()
        super().close()

    def _draw(self) -> None:
        """Draw, unless all that is drawn is what it was: a limit may be on another resource."""
        objects, words = self._drawn
        self._drawn = self._inputs()
        if words == self._drawn[1] and all(map(operator.is_, objects, self._drawn[0])):
            return
        figure = self._figure()
        self.chart.show(figure)
        told = (figure.y.title, figure.legend)
        if told != self._keys:
            self._keys = told
            self._show_legend()

    def _show_legend(self) -> None:
        """Say what is drawn, and what of former libraries is not."""
        if self._keys is None:
            return
        title, keys = self._keys
        count = sum(len(group.scenarios) for group in self.state.former)
        elsewhere = _ELSEWHERE.format(count) if count else Markup("")
        self.legend.value = legend_line(keys, upward=title) + elsewhere

    def _show_axis(self) -> None:
        resource = self.state.front_resource
        with self.silence():
            self.axis.options = axis_options(self.state.library, resource)
            self.axis.value = resource

    def _show_listed(self) -> None:
        """List the points in place of the chart; the table is made when it is first looked at."""
        on = self.state.looks.table
        with self.silence():
            self.listed.value = on
        if on and self.points is None:
            self.points = self.own(PointTable(self.state))
            *above, foot = self.children
            self.children = (*above, self.points, self.points.saver, foot)
        if self.points is not None:
            (self.points.wake if on else self.points.sleep)()
            self.points.layout.display = "" if on else "none"
        (self.add_class if on else self.remove_class)("pw-tabled")

    def _want_baselines(self) -> None:
        self.wants(*(("baselines",) if self.state.looks.baselines else ()))

    def _show_title(self) -> None:
        self.head.value = self.heading(title_words(self.state))

    def _show_held(self) -> None:
        with self.silence():
            self.held.value = self.state.front_held

    def _show_search(self) -> None:
        front, running = self._front(), self.state.front_running
        done, asked = (
            (front.done, front.asked) if front is not None else (0, self.state.front_points)
        )
        self.search.show((done, asked), running=running, again=False)
        self.search.say(outcome_words(self.state, front))

    def _show_walk(self) -> None:
        selection = self.state.selection
        entries = point_entries(self._front(), self.state.objective)
        self.walk.show(entries, selection.place if selection.kind == "point" else None)

    def _show_measured(self) -> None:
        state = self.state
        listed = measured_list(state.measured, state.library, state.objective, state.front_resource)
        self.measured.value = listed
        self.measured.layout.display = None if listed else "none"


def axis_options(library: BlockLibrary, current: str) -> list[tuple[str, str]]:
    """Resources to choose the axis from, ``(label, key)``, the usual ones first."""
    known = [*whole_costs(library.costs), current]
    if library.has_throughput:
        known.append(THROUGHPUT)
    usual = [key for key in OFFERED if key in known]
    keys = dict.fromkeys([*usual, *known])
    labels = [library.quantity(key).label for key in keys]
    titles = [library.quantity(key).title for key in keys]
    return list(zip(labels if len(set(labels)) == len(labels) else titles, keys, strict=True))


def point_entries(front: ParetoFront | None, objective: str) -> list[str]:
    """Entries of the list of points, such as ``"12 of 24: 8,119 tokens/s, score 11.08"``."""
    if front is None:
        return []
    entries, advice = [], advice_of(front)
    knee = None if advice is None else advice.knee_place
    for place, solution in enumerate(front.solutions):
        use = solution.library.quantity(front.resource).text(front.use(solution))
        score = format_number(solution.totals[objective])
        entry = f"{place + 1} of {len(front.solutions)}: {use}, score {score}"
        entries.append(f"{entry}, the knee" if place == knee else entry)
    return entries


def advice_lines(advice: PointAdvice | None) -> Markup:
    """Say which point stands out, as a paragraph each; empty where that is not known."""
    lines = () if advice is None else advice.numbered(1)
    return Markup("").join(Markup("<p class='pw-aside-line'>{}</p>").format(one) for one in lines)


def title_words(state: ExplorerState) -> str:
    """Say what the chart shows, behind its title."""
    score = state.library.quantity(state.objective).label
    resource = state.library.quantity(state.front_resource).label
    return f"summed {_within(score)} against {_within(resource)}"


def outcome_words(state: ExplorerState, front: ParetoFront | None) -> str:
    """Say what became of the search of the front; empty while it runs with points to show."""
    if state.front_running:
        return ""
    if front is None:
        return "The front has not been searched yet."
    if not front.solutions:
        return _infeasible_words(state) if front.complete else "Stopped before the first point."
    return _points_words(front)


def _points_words(front: ParetoFront) -> str:
    count = len(front.solutions)
    points = "1 point" if count == 1 else f"{count} points"
    open_ones = sum(solution.status != "optimal" for solution in front.solutions)
    proof = f"{open_ones} of them not proven optimal" if open_ones else "proven optimal"
    if front.complete:
        return f"{points}, {proof}."
    return f"Stopped after {front.done} of {front.asked} searches: {points}, {proof}."


def _infeasible_words(state: ExplorerState) -> str:
    rows = [row for row in state.budgets if row.on and row.resource != state.front_resource]
    if not state.front_held or not rows:
        return "No architecture was found."
    held = budget_words(to_problem(state.library, state.objective, state.problem.goal, rows))
    reasons = " ".join(filter(None, (cannot_be_met(state.library, row) for row in rows)))
    return (
        f"No architecture keeps to the other budgets ({held}). {reasons} Loosen them, or do not "
        "hold them along the front."
    )


def _within(label: str) -> str:
    # Labels such as "KV heads" keep their capitals within a sentence.
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def measured_list(
    points: Sequence[MeasuredPoint], library: BlockLibrary, objective: str, resource: str
) -> Markup:
    """List all measured points, also those that have no place on the chart; opens by key or click.

    Empty where there are none.
    """
    told = [
        " · ".join([*measured_words(point, library, objective, resource), *_other(point)])
        for point in points
    ]
    return folded_list("Measured points", told)


def _other(point: MeasuredPoint) -> list[str]:
    """All that was measured, by key, so that nothing is hidden by the choice of axes."""
    return [", ".join(f"{key} {format_number(value)}" for key, value in point.values.items())]

"""The Pareto front: the best score at every amount of a resource, and the other marks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from puzzle_widgets.charts.figure import (
    PADDING,
    Axis,
    BudgetLine,
    Curve,
    Figure,
    Key,
    Spot,
    Spots,
    around,
    quantity_axis,
)
from puzzle_widgets.charts.palette import (
    BASELINE,
    CURRENT,
    FRONT,
    KNEE,
    LIMIT,
    MEASURED,
    PARENT,
    SELECTED,
    scenario_color,
)
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.quantity import MEMORY, RUNTIME, THROUGHPUT, format_number
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.problem.budget_rows import BudgetSetting
from puzzle_widgets.reasons import Baseline, PointAdvice, which_point
from puzzle_widgets.solution import MeasuredPoint, Scenario, Solution, parent_solution
from puzzle_widgets.solution.measured import parent_score
from puzzle_widgets.sweeps import ParetoFront
from puzzle_widgets.sweeps.front import resource_use

_TOLD = (MEMORY, RUNTIME, THROUGHPUT)
_ENOUGH, _OUTLIER, _OUTSIDE, _IN_REACH = 4, 10.0, 2.0, 0.5
_LEAST_FOR_KNEE = 3
_KNEE_WORDS = "The knee: farthest from the straight line between the front's ends"


@dataclass(frozen=True)
class FrontAxes:
    """What the axes of a front show: score and resource of one library.

    Parameters
    ----------
    problem
        Its library, objective and goal.
    resource
        Dotted key of a cost, or ``"throughput"``.
    """

    problem: SearchProblem
    resource: str

    @property
    def library(self) -> BlockLibrary:
        """The library."""
        return self.problem.library

    def spot(self, solution: Solution | None, title: str, color: str, place: int = 0) -> list[Spot]:
        """An architecture's spot; empty where it has no place on both axes."""
        if solution is None or not solution.found or not _same(solution.library, self.library):
            return []
        use = resource_use(solution, self.resource)
        score = solution.totals[self.problem.objective]
        if not math.isfinite(use):
            return []
        return [Spot(use, score, self._words(title, solution), color, place)]

    def measured(self, points: Sequence[MeasuredPoint]) -> tuple[Spot, ...]:
        """Whole models that were measured; those without a place on both axes are left out."""
        objective, spots = self.problem.objective, []
        for place, point in enumerate(points):
            use = point.use(self.library, self.resource)
            score = point.on_sum(self.library, objective)
            if use is not None and score is not None:
                words = measured_words(point, self.library, objective, self.resource)
                spots.append(Spot(use, score, "\n".join(words), MEASURED, place))
        return tuple(spots)

    def _words(self, title: str, solution: Solution) -> str:
        """Title, score, memory, runtime, throughput and the axis's own resource, a line each."""
        score = self.library.quantity(self.problem.objective)
        value = format_number(solution.totals[score.key])
        lines = [" ".join(title.split()), f"Score: {value} ({score.label})"]
        for key in dict.fromkeys([*_TOLD, self.resource]):
            use = resource_use(solution, key)
            if not math.isnan(use):
                quantity = self.library.quantity(key)
                lines.append(f"{quantity.label}: {quantity.text(use)}")
        return "\n".join(lines)


def front_figure(  # noqa: PLR0913 - what is drawn, each by its name
    front: ParetoFront | None,
    axes: FrontAxes,
    *,
    current: Solution | None = None,
    parent: Solution | None = None,
    scenarios: Sequence[Scenario] = (),
    reference: int | None = None,
    measured: Sequence[MeasuredPoint] = (),
    baselines: Iterable[Baseline] = (),
    limits: Iterable[BudgetSetting] = (),
    selected: int | None = None,
    points: Sequence[Spot] | None = None,
    knee: int | None = None,
) -> Figure:
    """Work out the chart of a front.

    Parameters
    ----------
    front
        As far as it is known, or ``None``.
    axes
        What the axes show.
    current
        The answer to the current budgets.
    parent
        The parent as a solution; worked out where it is not given.
    scenarios
        Saved solutions; those of another library are left out.
    reference
        Place of the one that all else is set against, which is outlined.
    measured
        Whole models that were measured.
    baselines
        What simpler ways find; what breaks a budget is left out.
    limits
        The limits that hold; those on the resource are drawn.
    selected
        Index of the point of the front that is shown.
    points
        What :func:`front_points` gives, where it is known; a front of many is drawn often.
    knee
        Index of the knee, which is framed.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> front = pw.pareto_front(problem, "throughput", points=3)
    >>> figure = front_figure(front, FrontAxes(problem, "throughput"))
    >>> len(figure.named("points").spots), figure.x.title
    (3, 'Throughput (tokens/s)')
    """
    points = front_points(front, axes) if points is None else points
    kept = _kept(axes, scenarios, reference)
    groups = {
        "parent": axes.spot(parent or parent_solution(axes.problem), "Parent", PARENT),
        "scenarios": [spot for spot in kept if spot.place != reference],
        "reference": [spot for spot in kept if spot.place == reference],
        "measured": list(axes.measured(measured)),
        "current": axes.spot(current, "Current solution", CURRENT),
        "baselines": _simpler(axes, baselines),
    }
    lines = budget_lines(axes.library, limits, axes.resource)
    x, y = _spans(points, groups, lines, axes)
    shown = [replace(spot, words="", color=SELECTED) for spot in points if spot.place == selected]
    bend = [replace(spot, words="", color=KNEE) for spot in points if spot.place == knee]
    groups |= {"selected": shown, "knee": bend}
    inside = [spot for spot in points if y.holds(spot.y)]
    return Figure(
        title=f"Pareto front: {y.title.lower()} against {x.title}",
        x=x,
        y=y,
        legend=tuple(_legend(points, groups, current, scenarios, measured, lines, (x, y))),
        limits=tuple(line for line in lines if x.holds(line.at)),
        curves=(Curve("front", tuple((spot.x, spot.y) for spot in inside), PARENT),),
        spots=(
            Spots("parent", "square", 110, _within(groups["parent"], x, y)),
            Spots("selected", "ring", 300, _within(shown, x, y)),
            Spots("knee", "frame", 260, _within(bend, x, y)),
            Spots("scenarios", "triangle", 230, _within(groups["scenarios"], x, y)),
            Spots("reference", "outline", 300, _within(groups["reference"], x, y)),
            Spots("measured", "cross", 90, _within(groups["measured"], x, y)),
            Spots("baselines", "down", 150, _within(groups["baselines"], x, y)),
            Spots("current", "diamond", 220, _within(groups["current"], x, y)),
            Spots("points", "dot", 60, _within(points, x, y)),
        ),
    )


def _simpler(axes: FrontAxes, baselines: Iterable[Baseline]) -> list[Spot]:
    """Place what simpler ways find within the budgets."""
    kept = [one for one in baselines if one.keeps]
    return [
        spot
        for place, one in enumerate(kept)
        for spot in axes.spot(one.solution, f"Baseline: {one.name}", BASELINE, place)
    ]


def _kept(axes: FrontAxes, scenarios: Sequence[Scenario], reference: int | None) -> list[Spot]:
    """Place the scenarios; the reference says that it is one."""
    return [
        spot
        for place, one in enumerate(scenarios)
        for spot in axes.spot(
            one.solution,
            f"{'Reference' if place == reference else 'Scenario'}: {one.name}",
            scenario_color(place),
            place,
        )
    ]


def budget_lines(
    library: BlockLibrary, limits: Iterable[BudgetSetting], resource: str
) -> tuple[BudgetLine, ...]:
    """Limits on a resource; runtime and throughput limit each other."""
    lines = []
    for limit in limits:
        at = _on_axis(library, limit, resource)
        if at is not None and math.isfinite(at):
            words = library.quantity(limit.resource).limit(limit.sense, limit.value)
            lines.append(BudgetLine(at, words))
    return tuple(lines)


def point_title(front: ParetoFront, place: int) -> str:
    """Name a point, and say where it is not proven optimal."""
    title = f"Point {place + 1} of {len(front.solutions)}"
    solution = front.solutions[place]
    if solution.status == "optimal":
        return title
    return f"{title}, not proven optimal (gap {solution.gap_text})"


def measured_words(
    point: MeasuredPoint, library: BlockLibrary, objective: str, resource: str
) -> list[str]:
    """Tell of one measured point, a line each: name, score, resource, source."""
    use = point.use(library, resource)
    quantity = library.quantity(resource)
    lines = [" ".join(f"Measured: {point.name}".split()), _score_words(point, library, objective)]
    used = "not measured" if use is None else quantity.text(use)
    lines.append(f"{quantity.label}: {used}")
    if point.source:
        lines.append(" ".join(f"Source: {point.source}".split()))
    return lines


def front_points(front: ParetoFront | None, axes: FrontAxes) -> list[Spot]:
    """Place the points of a front, each with its words; budgets have no bearing on them."""
    if front is None or front.resource != axes.resource:
        return []
    advice = advice_of(front)
    knee = None if advice is None else advice.knee_place
    spots = [
        replace(spot, hollow=solution.status != "optimal")
        for place, solution in enumerate(front.solutions)
        for spot in axes.spot(solution, point_title(front, place), FRONT, place)
    ]
    return [
        replace(spot, words=f"{spot.words}\n{_KNEE_WORDS}") if spot.place == knee else spot
        for spot in spots
    ]


def advice_of(front: ParetoFront | None) -> PointAdvice | None:
    """What a front says about its points, once it is whole and has enough of them."""
    if front is None or not front.complete or len(front.solutions) < _LEAST_FOR_KNEE:
        return None
    return which_point(front)


def _spans(
    points: Sequence[Spot],
    groups: dict[str, list[Spot]],
    lines: Sequence[BudgetLine],
    axes: FrontAxes,
) -> tuple[Axis, Axis]:
    """Span what is drawn; measured models far worse than the front do not stretch the chart."""
    library, objective = axes.library, axes.problem.objective
    others = [spot for group in groups.values() for spot in group]
    minimize = axes.problem.goal == "minimize"
    ends = score_span([spot.y for spot in points], [spot.y for spot in others], minimize=minimize)
    score = library.quantity(objective)
    y = replace(quantity_axis(*ends, score, f"Summed {score.title}"), grid=True)
    beyond = {id(spot) for spot in groups["measured"] if not y.holds(spot.y)}
    uses = [spot.x for spot in (*points, *others) if id(spot) not in beyond]
    x = quantity_axis(
        *resource_span(uses, [line.at for line in lines]), library.quantity(axes.resource)
    )
    return x, y


def resource_span(uses: Sequence[float], limits: Sequence[float]) -> tuple[float, float]:
    """Span all architectures, and the limits that are not too far from them."""
    low, high = around(uses)
    reach = _IN_REACH * max(high - low, abs(high))
    near = [at for at in limits if low - reach <= at <= high + reach]
    return around([*uses, *near])


def score_span(
    front: Sequence[float], others: Sequence[float], *, minimize: bool
) -> tuple[float, float]:
    """Span the scores: from 0 where none is negative; losses far beyond the front stay outside."""
    scores = [*front, *others]
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    if minimize and len(front) >= _ENOUGH:
        reach = _OUTSIDE * _usual_high(front)
        high = max(score for score in scores if score <= max(reach, low))
    if low < 0 or (not minimize and low > 0.5 * high):
        return around([low, high])
    high = high if high > 0 else 1.0
    # A little below 0, so that marks at 0 are whole.
    return -0.5 * PADDING * high, (1 + PADDING) * high


def _usual_high(scores: Sequence[float]) -> float:
    usual = _OUTLIER * _upper_quartile(scores)
    return max([score for score in scores if score <= usual], default=max(scores))


def _upper_quartile(scores: Sequence[float]) -> float:
    """Three quarters of the way up; by NumPy it takes longer than all the rest of the figure."""
    ordered = sorted(scores)
    place = 0.75 * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _within(spots: Sequence[Spot], x: Axis, y: Axis) -> tuple[Spot, ...]:
    """Put spots from outside at the edge; the legend says so of their scores."""
    return tuple(
        spot
        if x.holds(spot.x) and y.holds(spot.y)
        else replace(spot, x=x.clip(spot.x), y=y.clip(spot.y))
        for spot in spots
    )


def _on_axis(library: BlockLibrary, limit: BudgetSetting, resource: str) -> float | None:
    if limit.resource == resource:
        return limit.value
    if {limit.resource, resource} == {RUNTIME, THROUGHPUT}:
        # Each is 1000 x tokens over the other, so one formula serves both ways.
        return library.throughput(limit.value)
    return None


def _same(one: BlockLibrary, other: BlockLibrary) -> bool:
    return one is other or one == other


def _legend(
    points: Sequence[Spot],
    groups: dict[str, list[Spot]],
    current: Solution | None,
    scenarios: Sequence[Scenario],
    measured: Sequence[MeasuredPoint],
    lines: Sequence[BudgetLine],
    axes: tuple[Axis, Axis],
) -> Iterable[Key]:
    x, y = axes
    yield from _legend_of_front(points)
    if groups["knee"]:
        yield Key("Knee", KNEE, "frame")
    if groups["selected"]:
        yield Key("Selected point", SELECTED, "ring")
    if current is not None:
        none = "" if current.found else ": none within the budgets"
        words = f"Current solution{none}{_beyond(groups['current'], y)}"
        yield Key(words, CURRENT, "diamond")
    yield Key(f"Parent{_beyond(groups['parent'], y)}", PARENT, "square")
    for place, one in enumerate(scenarios):
        drawn = [spot for spot in groups["scenarios"] if spot.place == place]
        if drawn:
            yield Key(f"{one.name}{_beyond(drawn, y)}", scenario_color(place), "triangle")
    for spot in groups["reference"]:
        words = f"Reference: {scenarios[spot.place].name}{_beyond([spot], y)}"
        yield Key(words, spot.color, "outline")
    if groups["baselines"]:
        above = any(not y.holds(spot.y) for spot in groups["baselines"])
        yield Key("Baselines" + (" (some scores above the chart)" * above), BASELINE, "down")
    if measured:
        yield Key(_measured_key(groups["measured"], len(measured), y), MEASURED, "cross")
    for line in lines:
        yield Key(f"Limit: {line.words}{_aside(line, x)}", LIMIT, "dashes")


def _legend_of_front(points: Sequence[Spot]) -> Iterable[Key]:
    if not points or not all(spot.hollow for spot in points):
        yield Key("Pareto front", FRONT, "dot")
    if any(spot.hollow for spot in points):
        yield Key("Not proven optimal", FRONT, "hollow")


def _measured_key(spots: Sequence[Spot], count: int, y: Axis) -> str:
    above = any(not y.holds(spot.y) for spot in spots)
    return f"Measured ({len(spots)} of {count})" + (" (some scores above the chart)" * above)


def _beyond(spots: Sequence[Spot], y: Axis) -> str:
    return " (score above the chart)" if any(not y.holds(spot.y) for spot in spots) else ""


def _aside(line: BudgetLine, x: Axis) -> str:
    if x.holds(line.at):
        return ""
    return f" ({'left' if line.at < x.low else 'right'} of the chart)"


def _score_words(point: MeasuredPoint, library: BlockLibrary, objective: str) -> str:
    label = library.quantity(objective).label
    value = point.values.get(objective)
    if value is None:
        return f"{label}: not measured"
    words = f"{label}, measured: {format_number(value)}"
    if objective in library.costs:
        return words
    own = parent_score(library, objective)
    if own is None:
        return f"{words} (no place on an axis of sums: the parent's own value is not known)"
    if own:
        return f"{words} (drawn by its difference from the parent's {format_number(own)})"
    return words

"""What the Pareto plot shows, worked out from the state before anything is drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from puzzle_widgets.solution import ParetoFront, Solution
from puzzle_widgets.solution.front import resource_use
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.measured_words import measured_words
from puzzle_widgets.widgets.palette import (
    FRONT,
    LIMIT,
    MEASURED,
    PARENT,
    PRESENT,
    SELECTED,
    scenario_color,
)
from puzzle_widgets.widgets.pareto_axis import (
    BudgetLine,
    Span,
    budget_lines,
    resource_span,
    score_span,
)
from puzzle_widgets.widgets.pareto_words import point_title, tooltip

LegendEntry = tuple[str, str, str]


@dataclass(frozen=True)
class Spot:
    """One architecture on the chart.

    Parameters
    ----------
    use, score
        Its place on the two axes.
    words
        What its tooltip says.
    color
        Its colour.
    place
        Its place on the front or among the scenarios.
    hollow
        Whether it is drawn hollow, as a point that is not proven optimal.
    """

    use: float
    score: float
    words: str
    color: str
    place: int = 0
    hollow: bool = False


@dataclass(frozen=True)
class Picture:
    """The whole chart; ``x`` and ``y`` are what its axes show and ``resource`` is that of x."""

    resource: str
    objective: str
    x: Span
    y: Span
    points: tuple[Spot, ...]
    selected: Spot | None
    present: Spot | None
    parent: Spot | None
    kept: tuple[Spot, ...]
    measured: tuple[Spot, ...]
    lines: tuple[BudgetLine, ...]
    legend: tuple[LegendEntry, ...]


def front_of(state: ExplorerState) -> ParetoFront | None:
    """The front, unless it is against another resource than the axis."""
    front = state.front
    return front if front is not None and front.resource == state.front_resource else None


def picture_of(state: ExplorerState) -> Picture:
    """Work out what to draw."""
    front = front_of(state)
    points = _points(state, front)
    present = _spot(state, state.solution, "Present solution", PRESENT)
    parent = _spot(state, state.parent, "Parent", PARENT)
    kept = [
        _spot(state, scenario.solution, f"Scenario: {scenario.name}", scenario_color(place), place)
        for place, scenario in enumerate(state.scenarios)
    ]
    measured = _measured(state)
    selected = _selected(state, points)
    lines = tuple(budget_lines(state.library, state.limits, state.front_resource))
    spots = [spot for spot in (*points, present, parent, *kept, *measured) if spot is not None]
    others = [spot.score for spot in spots[len(points) :]]
    minimize = state.goal == "minimize"
    y = score_span([spot.score for spot in points], others, minimize=minimize)
    x = resource_span(_uses_shown(spots, measured, y), [line.at for line in lines])
    measured = tuple(replace(spot, use=x.clip(spot.use)) for spot in measured)
    return Picture(
        resource=state.front_resource,
        objective=state.objective,
        x=x,
        y=y,
        points=points,
        selected=selected,
        present=present,
        parent=parent,
        kept=tuple(spot for spot in kept if spot is not None),
        measured=measured,
        lines=tuple(line for line in lines if x.holds(line.at)),
        legend=(
            *_legend_of_front(points, selected),
            *_legend_of_present(state, present, y),
            ("square", PARENT, f"Parent{_beyond(parent, y)}"),
            *(
                ("triangle", scenario_color(place), f"{scenario.name}{_beyond(spot, y)}")
                for place, (scenario, spot) in enumerate(zip(state.scenarios, kept, strict=True))
            ),
            *_legend_of_measured(state, measured, y),
            *(("dashes", LIMIT, f"Limit: {line.words}{_aside(line, x)}") for line in lines),
        ),
    )


def _points(state: ExplorerState, front: ParetoFront | None) -> tuple[Spot, ...]:
    if front is None:
        return ()
    spots = [
        _spot(state, solution, point_title(front, place), FRONT, place)
        for place, solution in enumerate(front.solutions)
    ]
    return tuple(
        replace(spot, hollow=solution.status != "optimal")
        for spot, solution in zip(spots, front.solutions, strict=True)
        if spot is not None
    )


def _spot(
    state: ExplorerState, solution: Solution | None, title: str, color: str, place: int = 0
) -> Spot | None:
    if solution is None or not solution.found:
        return None
    use = resource_use(solution, state.front_resource)
    if not math.isfinite(use):
        return None
    score = solution.totals[state.objective]
    words = tooltip(title, solution, state.objective, state.front_resource)
    return Spot(use, score, words, color, place)


def _measured(state: ExplorerState) -> tuple[Spot, ...]:
    spots = []
    for place, point in enumerate(state.measured):
        use = point.use(state.library, state.front_resource)
        score = point.on_sum(state.library, state.objective)
        if use is not None and score is not None:
            words = measured_words(point, state.library, state.objective, state.front_resource)
            spots.append(Spot(use, score, "\n".join(words), MEASURED, place))
    return tuple(spots)


def _uses_shown(spots: Sequence[Spot], measured: Sequence[Spot], y: Span) -> list[float]:
    """Places that the axis spans: measured models far worse than the front do not stretch it."""
    beyond = {id(spot) for spot in measured if not y.holds(spot.score)}
    return [spot.use for spot in spots if id(spot) not in beyond]


def _legend_of_measured(
    state: ExplorerState, spots: tuple[Spot, ...], y: Span
) -> list[LegendEntry]:
    if not state.measured:
        return []
    words = f"Measured ({len(spots)} of {len(state.measured)})"
    if any(not y.holds(spot.score) for spot in spots):
        words += " (some scores above the chart)"
    return [("cross", MEASURED, words)]


def _selected(state: ExplorerState, points: tuple[Spot, ...]) -> Spot | None:
    if state.selection.kind != "point":
        return None
    return next((spot for spot in points if spot.place == state.selection.place), None)


def _legend_of_front(points: tuple[Spot, ...], selected: Spot | None) -> list[LegendEntry]:
    entries = []
    if not all(spot.hollow for spot in points):
        entries.append(("dot", FRONT, "Pareto front"))
    if any(spot.hollow for spot in points):
        entries.append(("hollow", FRONT, "Not proven optimal"))
    if selected is not None:
        entries.append(("ring", SELECTED, "Selected point"))
    return entries


def _legend_of_present(state: ExplorerState, present: Spot | None, y: Span) -> list[LegendEntry]:
    if state.solution is None:
        return []
    words = "Present solution"
    if not state.solution.found:
        words += ": none within the budgets"
    return [("diamond", PRESENT, f"{words}{_beyond(present, y)}")]


def _beyond(spot: Spot | None, y: Span) -> str:
    return "" if spot is None or y.holds(spot.score) else " (score above the chart)"


def _aside(line: BudgetLine, x: Span) -> str:
    if x.holds(line.at):
        return ""
    text = "left" if line.at < x.low else "right"
    return f" ({text} of the chart)"

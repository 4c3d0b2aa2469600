"""Picture of a Pareto front: the best score at every amount of a resource."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from puzzle_widgets.handover.pictures.colors import (
    FRONT,
    MEASURED,
    PARENT,
    PRESENT,
    scenario_color,
)
from puzzle_widgets.handover.pictures.frame import Frame, number_axis
from puzzle_widgets.handover.pictures.legend import Entry, draw_legend, legend_rows
from puzzle_widgets.handover.pictures.svg import Drawing
from puzzle_widgets.library.quantity import THROUGHPUT, describe_key, format_number
from puzzle_widgets.solution import MeasuredPoint, ParetoFront, Scenario, Solution, parent_solution

WIDTH, ROOM = 760, 330
_LEFT, _RIGHT, _BOTTOM = 78, 18, 50


def front_picture(
    front: ParetoFront,
    scenarios: Sequence[Scenario] = (),
    title: str = "Pareto front",
    *,
    present: Solution | None = None,
    measured: Sequence[MeasuredPoint] = (),
) -> Drawing:
    """Draw a front with the parent and scenarios beside it.

    Parameters
    ----------
    front
        At least one point.
    scenarios
        Those found with another objective are left out.
    title
        Read out for the picture.
    present
        Another solution to mark, as the answer to the present budgets.
    measured
        Whole models that were measured; those without a place on both axes are left out.
    """
    objective = front.solutions[0].problem.objective
    kept = [(n, one) for n, one in enumerate(scenarios) if _fits(one.solution, front)]
    now = present if present is not None and _fits(present, front) else None
    spots = [
        *_marks("box", [("Parent", PARENT, parent_solution(front.solutions[0].problem))], front),
        *_marks("diamond", [(one.name, scenario_color(n), one.solution) for n, one in kept], front),
        *_marks("diamond", [("Present solution", PRESENT, now)] if now else [], front),
        *_measured(measured, front, objective),
    ]
    entries = _legend(front, spots)
    top = 16 + 18 * len(legend_rows(entries, WIDTH - _LEFT - 10))
    drawing = Drawing(WIDTH, top + ROOM + _BOTTOM, title)
    points = [(front.use(point), point.totals[objective]) for point in front.solutions]
    frame = _frame(front, [*points, *((spot.use, spot.score) for spot in spots)], top)
    frame.draw(drawing)
    drawing.curve([frame.at(*point) for point in points], "#9AA0A6", css="curve")
    for number, (solution, point) in enumerate(zip(front.solutions, points, strict=True), 1):
        hollow = solution.status != "optimal"
        words = _words(front, solution, number)
        drawing.dot(*frame.at(*point), FRONT, words, hollow=hollow)
    for spot in spots:
        _draw_spot(drawing, *frame.at(spot.use, spot.score), spot)
    draw_legend(drawing, entries, _LEFT, 14)
    return drawing


@dataclass(frozen=True)
class _Spot:
    """One mark beside the front."""

    words: str
    color: str
    form: str
    use: float
    score: float


def _marks(
    form: str, solutions: Sequence[tuple[str, str, Solution]], front: ParetoFront
) -> list[_Spot]:
    objective = front.solutions[0].problem.objective
    uses = [(front.use(solution), *one) for one in solutions for solution in one[2:]]
    return [
        _Spot(words, color, form, use, solution.totals[objective])
        for use, words, color, solution in uses
        if math.isfinite(use)
    ]


def _measured(points: Sequence[MeasuredPoint], front: ParetoFront, objective: str) -> list[_Spot]:
    library = front.solutions[0].library
    places = [
        (one, one.use(library, front.resource), one.on_sum(library, objective)) for one in points
    ]
    return [
        _Spot(f"Measured: {one.name}", MEASURED, "cross", use, score)
        for one, use, score in places
        if use is not None and score is not None
    ]


def _draw_spot(drawing: Drawing, x: float, y: float, spot: _Spot) -> None:
    if spot.form == "box":
        drawing.rect(x - 5, y - 5, 10, 10, spot.color, spot.words)
    elif spot.form == "cross":
        drawing.line(x - 5, y - 5, x + 5, y + 5, spot.color, css="", thick=2.5)
        drawing.line(x - 5, y + 5, x + 5, y - 5, spot.color, css="", thick=2.5)
    else:
        drawing.diamond(x, y, spot.color, spot.words)


def _frame(front: ParetoFront, places: Sequence[tuple[float, float]], top: float) -> Frame:
    library, resource = front.solutions[0].library, front.resource
    across = describe_key(resource) if resource == THROUGHPUT else library.quantity(resource)
    score = library.quantity(front.solutions[0].problem.objective)
    x = number_axis((use for use, _ in places), across.title)
    y = number_axis((value for _, value in places), f"Summed {score.title}")
    return Frame(x, y, _LEFT, top, WIDTH - _LEFT - _RIGHT, ROOM)


def _fits(solution: Solution, front: ParetoFront) -> bool:
    asked = front.solutions[0].problem
    same = solution.found and solution.library is asked.library
    return same and solution.problem.objective == asked.objective


def _words(front: ParetoFront, point: Solution, number: int) -> str:
    use = format_number(front.use(point))
    return f"Point {number}, {point.status}: {use}, score {point.score:.6g}"


def _legend(front: ParetoFront, spots: Sequence[_Spot]) -> list[Entry]:
    proven = all(point.status == "optimal" for point in front.solutions)
    words = "Pareto front, proven" if proven else "Pareto front; hollow: not proven optimal"
    named = [Entry(spot.words, spot.color, spot.form) for spot in spots if spot.form != "cross"]
    crossed = [spot for spot in spots if spot.form == "cross"]
    measured = [Entry(f"{len(crossed)} measured", MEASURED, "cross")] if crossed else []
    return [Entry(words, FRONT, "dot"), *named, *measured]

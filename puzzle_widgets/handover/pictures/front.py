"""Picture of a Pareto front: the best score at every amount of a resource."""

from __future__ import annotations

import math
from collections.abc import Sequence

from puzzle_widgets.handover.pictures.colors import FRONT, PARENT, scenario_color
from puzzle_widgets.handover.pictures.frame import Frame, number_axis
from puzzle_widgets.handover.pictures.legend import Entry, draw_legend, legend_rows
from puzzle_widgets.handover.pictures.svg import Drawing
from puzzle_widgets.library.quantity import THROUGHPUT, describe_key, format_number
from puzzle_widgets.solution import ParetoFront, Scenario, Solution, parent_solution
from puzzle_widgets.solution.front import resource_use

WIDTH, ROOM = 760, 330
_LEFT, _RIGHT, _BOTTOM = 78, 18, 50


def front_picture(
    front: ParetoFront, scenarios: Sequence[Scenario] = (), title: str = "Pareto front"
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
    """
    asked = front.solutions[0].problem
    kept = [(n, one) for n, one in enumerate(scenarios) if _fits(one.solution, front)]
    parent = parent_solution(asked)
    entries = _legend(front, kept)
    top = 16 + 18 * len(legend_rows(entries, WIDTH - _LEFT - 10))
    drawing = Drawing(WIDTH, top + ROOM + _BOTTOM, title)
    every = [*front.solutions, parent, *(one.solution for _, one in kept)]
    frame = _frame(front, every, top)
    frame.draw(drawing)
    points = [_at(frame, front, point) for point in front.solutions]
    drawing.curve(points, "#9AA0A6", css="curve")
    for number, point in enumerate(front.solutions, 1):
        hollow = point.status != "optimal"
        drawing.dot(*_at(frame, front, point), FRONT, _words(front, point, number), hollow=hollow)
    if _known(parent, front):
        x, y = _at(frame, front, parent)
        drawing.rect(x - 5, y - 5, 10, 10, PARENT, "Parent")
    for place, one in kept:
        drawing.diamond(*_at(frame, front, one.solution), scenario_color(place), one.name)
    draw_legend(drawing, entries, _LEFT, 14)
    return drawing


def _frame(front: ParetoFront, every: Sequence[Solution], top: float) -> Frame:
    known = [one for one in every if _known(one, front)]
    library, objective = known[0].library, known[0].problem.objective
    resource = front.resource
    across = describe_key(resource) if resource == THROUGHPUT else library.quantity(resource)
    x = number_axis((resource_use(one, resource) for one in known), across.title)
    y = number_axis(
        (one.totals[objective] for one in known), f"Summed {library.quantity(objective).title}"
    )
    return Frame(x, y, _LEFT, top, WIDTH - _LEFT - _RIGHT, ROOM)


def _at(frame: Frame, front: ParetoFront, solution: Solution) -> tuple[float, float]:
    return frame.at(resource_use(solution, front.resource), solution.totals[_objective(front)])


def _objective(front: ParetoFront) -> str:
    return front.solutions[0].problem.objective


def _known(solution: Solution, front: ParetoFront) -> bool:
    return solution.found and math.isfinite(resource_use(solution, front.resource))


def _fits(solution: Solution, front: ParetoFront) -> bool:
    same = solution.library is front.solutions[0].library
    return same and _known(solution, front) and solution.problem.objective == _objective(front)


def _words(front: ParetoFront, point: Solution, number: int) -> str:
    use = format_number(front.use(point))
    return f"Point {number}, {point.status}: {use}, score {point.score:.6g}"


def _legend(front: ParetoFront, kept: Sequence[tuple[int, Scenario]]) -> list[Entry]:
    proven = all(point.status == "optimal" for point in front.solutions)
    words = "Pareto front, proven" if proven else "Pareto front; hollow: not proven optimal"
    scenarios = [Entry(one.name, scenario_color(place), "diamond") for place, one in kept]
    return [Entry(words, FRONT, "dot"), Entry("Parent", PARENT), *scenarios]

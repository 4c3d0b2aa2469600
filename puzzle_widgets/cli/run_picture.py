"""``puzzle-widgets picture``: layers, front, surface or decision map, drawn."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from puzzle_widgets.charts import (
    Drawing,
    decision_figures,
    draw,
    front_figure,
    layers_figure,
    surface_figure,
)
from puzzle_widgets.charts.about import about
from puzzle_widgets.charts.front import FrontAxes
from puzzle_widgets.cli.inputs import open_asked, read_options, read_problem
from puzzle_widgets.cli.output import EXIT_CODES, FOUND, check_output, say, write_text
from puzzle_widgets.library.quantity import MEMORY
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.problem.budget_rows import settings_of
from puzzle_widgets.solution import Solution, search
from puzzle_widgets.sweeps import budget_surface, decision_map, pareto_front

PICTURES = ("layers", "front", "surface", "map")


def run_picture(asked: Namespace) -> int:
    """Search what is drawn, and write the picture."""
    check_output(asked)
    problem = read_problem(asked, open_asked(asked))
    options = read_options(asked)
    solution = search(problem, **options)
    if not solution.found:
        say(solution.reason or solution.status)
        return EXIT_CODES[solution.status]
    drawing = _draw(asked, problem, options, solution)
    write_text(str(drawing.to_svg()), asked)
    return FOUND


def _draw(
    asked: Namespace, problem: SearchProblem, options: dict[str, Any], solution: Solution
) -> Drawing:
    limits = settings_of(problem)
    if asked.of == "layers":
        return about(draw(layers_figure(solution)), solution)
    if asked.of == "front":
        front = pareto_front(problem, asked.over, **options)
        axes = FrontAxes(problem, asked.over)
        drawing = draw(front_figure(front, axes, current=solution, limits=limits))
        return about(drawing, front, solution)
    if asked.of == "map":
        grid = decision_map(problem, asked.over, **options)
        drawing = draw(*decision_figures(grid, limits=limits), title="Decision map")
        return about(drawing, problem)
    surface = budget_surface(problem, MEMORY, asked.over, **options)
    return about(draw(surface_figure(surface, limits=limits)), problem)

"""``puzzle-widgets picture``: layers, front, surface or decision map as SVG, without a browser."""

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
from puzzle_widgets.charts.front import FrontAxes, budget_limits
from puzzle_widgets.cli.ask import read_options, read_problem
from puzzle_widgets.cli.exits import EXIT_CODES, FOUND
from puzzle_widgets.cli.open_library import open_asked
from puzzle_widgets.cli.output import check_output, note, plain, write_text
from puzzle_widgets.library.quantity import MEMORY
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.solution import Solution, search
from puzzle_widgets.sweeps import budget_surface, decision_map, pareto_front

KINDS = ("layers", "front", "surface", "map")


def run(asked: Namespace) -> int:
    """Search what is drawn, and write the picture."""
    check_output(asked)
    problem = read_problem(asked, open_asked(asked))
    options = read_options(asked)
    solution = search(problem, **options)
    if not solution.found:
        note(f"puzzle-widgets: {plain(solution.reason or solution.status)}")
        return EXIT_CODES[solution.status]
    drawing = _draw(asked, problem, options, solution)
    write_text(str(drawing.to_svg()), asked)
    return FOUND


def _draw(
    asked: Namespace, problem: SearchProblem, options: dict[str, Any], solution: Solution
) -> Drawing:
    limits = budget_limits(problem)
    if asked.of == "layers":
        return draw(layers_figure(solution))
    if asked.of == "front":
        front = pareto_front(problem, asked.over, **options)
        axes = FrontAxes(problem, asked.over)
        return draw(front_figure(front, axes, current=solution, limits=limits))
    if asked.of == "map":
        grid = decision_map(problem, asked.over, **options)
        return draw(*decision_figures(grid, limits=limits), title="Decision map")
    surface = budget_surface(problem, MEMORY, asked.over, **options)
    return draw(surface_figure(surface, limits=limits))

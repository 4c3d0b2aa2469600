"""``puzzle-widgets picture``: layers, front, surface or decision map as SVG, without a browser."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from puzzle_widgets.cli.ask import read_options, read_problem
from puzzle_widgets.cli.exits import EXIT_CODES, FOUND
from puzzle_widgets.cli.open_library import open_asked
from puzzle_widgets.cli.output import check_output, note, plain, write_text
from puzzle_widgets.handover import (
    decisions_picture,
    front_picture,
    layers_picture,
    surface_picture,
)
from puzzle_widgets.handover.pictures import Drawing
from puzzle_widgets.library.quantity import MEMORY
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.solution import budget_surface, decision_map, pareto_front, search

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
    drawing = layers_picture(solution) if asked.of == "layers" else _draw(asked, problem, options)
    write_text(str(drawing.to_svg()), asked)
    return FOUND


def _draw(asked: Namespace, problem: SearchProblem, options: dict[str, Any]) -> Drawing:
    if asked.of == "front":
        return front_picture(pareto_front(problem, asked.over, **options))
    if asked.of == "map":
        return decisions_picture(decision_map(problem, asked.over, **options))
    return surface_picture(budget_surface(problem, MEMORY, asked.over, **options))

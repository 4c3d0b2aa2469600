"""What a picture is the answer to, for its metadata: library, version, whole problem."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from puzzle_widgets.charts.svg import Drawing
from puzzle_widgets.files.front_file import front_content
from puzzle_widgets.files.scenario_file import ORIGIN, asked_content
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.json_forms import named_content
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.solution import Scenario, Solution
from puzzle_widgets.sweeps import ParetoFront

Told = Scenario | Solution | ParetoFront | SearchProblem | BlockLibrary


def about(drawing: Drawing, *shown: Told | None) -> Drawing:
    """Put what is drawn into a picture's metadata, which no reader shows.

    Parameters
    ----------
    drawing
        The picture.
    *shown
        The scenarios, solutions, front, problem or library in it; ``None`` for none.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> solution = pw.search(pw.SearchProblem(library, minimize="metrics.kl_div"))
    >>> svg = solution.plot().to_svg()
    >>> "library_sha256" in svg.partition("<metadata>")[2]
    True
    """
    told = [_content(one) for one in shown if one is not None]
    return replace(drawing, about=json.dumps({ORIGIN: told}, allow_nan=False))


def _content(shown: Told) -> dict[str, Any]:
    if isinstance(shown, Scenario):
        return {"name": shown.name, **asked_content(shown.solution.problem)}
    if isinstance(shown, ParetoFront):
        return front_content(shown)
    if isinstance(shown, BlockLibrary):
        return named_content(shown)
    return asked_content(shown.problem if isinstance(shown, Solution) else shown)

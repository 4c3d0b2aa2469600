"""Solutions as plain records: scenario files that say more, and rows for CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from typing import Any

import pandas as pd

from puzzle_widgets.files.scenario_file import dump_scenarios
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.solution import Scenario, Solution
from puzzle_widgets.sweeps import ParetoFront


def scenarios_of(solutions: Sequence[Solution], stem: str) -> list[Scenario]:
    """Number the solutions: ``"solution 1"``, ``"solution 2"``, ..."""
    return [Scenario(f"{stem} {place}", found) for place, found in enumerate(solutions, 1)]


def solutions_record(scenarios: Sequence[Scenario], problem: SearchProblem) -> dict[str, Any]:
    """Give a scenario file's content with gap, throughput, speed-up, shares, units and parent."""
    content: dict[str, Any] = json.loads(dump_scenarios(scenarios))
    content["scenarios"] = [
        record | _figures(scenario.solution)
        for record, scenario in zip(content["scenarios"], scenarios, strict=True)
    ]
    library = problem.library
    content["parent_totals"] = dict(library.parent_totals)
    content["units"] = {key: library.quantity(key).unit for key in library.keys}
    content["provenance"] = library.provenance.origin
    content["notes"] = list(library.notes)
    return content


def front_record(front: ParetoFront, problem: SearchProblem) -> dict[str, Any]:
    """Give a front's points as scenarios, with the resource and how far the front is known."""
    content = solutions_record(scenarios_of(front.solutions, "point"), problem)
    searches = {"done": front.done, "asked": front.asked, "complete": front.complete}
    return content | {"over": front.resource, "searches": searches}


def points_csv(front: ParetoFront) -> str:
    """One line per point: status, figures and totals."""
    names = ["point", "status", "score", "bound", "gap", "throughput_tokens_per_s", "speedup"]
    rows = [
        {
            "point": place,
            "status": found.status,
            "score": found.score,
            "bound": found.bound,
            "gap": found.gap,
            "throughput_tokens_per_s": found.throughput,
            "speedup": found.speedup,
            **found.totals,
            "notes": " ".join(found.notes),
        }
        for place, found in enumerate(front.solutions, 1)
    ]
    return str(
        (pd.DataFrame(rows) if rows else pd.DataFrame(columns=names)).to_csv(
            index=False, quoting=csv.QUOTE_NONNUMERIC
        )
    )


def _figures(solution: Solution) -> dict[str, Any]:
    return {
        "gap": solution.gap,
        "throughput_tokens_per_s": solution.throughput,
        "speedup": solution.speedup,
        "shares_of_parent": dict(solution.shares),
        "reason": solution.reason,
        "notes": list(solution.notes),
    }

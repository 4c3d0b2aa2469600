"""``puzzle-widgets explain``: why the answer is what it is, and what else there is."""

from __future__ import annotations

import csv
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rich.console import Console, RenderableType

from puzzle_widgets.cli import tables
from puzzle_widgets.cli.inputs import open_asked, read_options, read_problem
from puzzle_widgets.cli.output import (
    EXIT_CODES,
    check_output,
    chosen_format,
    stoppable,
    write_json,
    write_tables,
    write_text,
)
from puzzle_widgets.errors import ProblemError
from puzzle_widgets.files.scenario_file import harmless
from puzzle_widgets.library.json_forms import library_digest
from puzzle_widgets.library.quantity import format_figure, format_share
from puzzle_widgets.library.tables import to_frame
from puzzle_widgets.problem.problem import replace_field
from puzzle_widgets.problem.rules import few_blocks
from puzzle_widgets.reasons import (
    Baselines,
    InclusionCosts,
    Sensitivity,
    alternatives,
    baselines,
    explain,
    inclusion_costs,
    search_few_blocks,
    sensitivity,
)
from puzzle_widgets.reasons.words import Told
from puzzle_widgets.search.outcome import Cancelled
from puzzle_widgets.solution import Solution, search
from puzzle_widgets.version import __version__

_UNKNOWN = "-"


@dataclass(frozen=True)
class _Part:
    """One thing that is asked: its name in JSON, its heading, and what finds it."""

    name: str
    title: str
    find: Callable[[Cancelled], Told]


def run(asked: Namespace) -> int:
    """Search, explain, and write all that is asked for."""
    check_output(asked)
    problem = read_problem(asked, open_asked(asked))
    with stoppable() as stop, Console(stderr=True).status("Explaining (Ctrl-C stops) ..."):
        solution = search(problem, **read_options(asked), cancelled=stop.is_set)
        parts = _parts(asked, solution)
        found = [(part, part.find(stop.is_set)) for part in parts]
    form = chosen_format(asked)
    if form == "csv":
        write_text(_csv(found), asked)
    elif form == "json":
        write_json(_record(solution, found), asked)
    else:
        write_tables(_tables(solution, found), asked)
    return EXIT_CODES[solution.status]


def _parts(asked: Namespace, solution: Solution) -> list[_Part]:
    problem = solution.problem
    parts = [
        _Part(
            "explanation",
            "Budgets",
            lambda stop: explain(solution, exact=asked.exact, cancelled=stop),
        )
    ]
    if not solution.found:
        return parts
    if asked.costs_of_blocks:
        find = _costs(solution)
        parts.append(_Part("costs_of_blocks", "What each block costs", find))
    if asked.sensitivity is not None:

        def noisy(stop: Cancelled) -> Told:
            noise, samples = asked.sensitivity, asked.samples
            return sensitivity(problem, noise, samples, seed=asked.seed, cancelled=stop)

        parts.append(_Part("sensitivity", "If the scores were off", noisy))
    if asked.alternatives is not None:
        parts.append(
            _Part(
                "alternatives",
                "What else is nearly as good",
                lambda stop: alternatives(problem, asked.alternatives, cancelled=stop),
            )
        )
    if asked.few_blocks is not None:

        def few(stop: Cancelled) -> Told:
            (rule,) = few_blocks(problem.library, asked.few_blocks).distinct
            rest = tuple(one for one in problem.distinct if one != rule)
            free = replace_field(problem, "distinct", rest)
            limit = asked.time_limit
            return search_few_blocks(free, asked.few_blocks, time_limit=limit, cancelled=stop)

        parts.append(_Part("few_blocks", "Of few distinct blocks", few))
    if asked.baselines:
        parts.append(
            _Part(
                "baselines",
                "Beside simpler ways",
                lambda stop: baselines(problem, seed=asked.seed, cancelled=stop),
            )
        )
    return parts


def _costs(solution: Solution) -> Callable[[Cancelled], Told]:
    return lambda stop: inclusion_costs(solution.problem, cancelled=stop)


def _csv(found: list[tuple[_Part, Told]]) -> str:
    """The table of the one thing that is asked for beside the explanation, or of the budgets."""
    if len(found) > 2:
        names = ", ".join(part.name for part, _ in found[1:])
        raise ProblemError(f"CSV holds one table, and {names} were asked for. Ask for one of them.")
    frame = to_frame(found[-1][1], layers=True).map(harmless)
    return str(frame.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC))


def _record(solution: Solution, found: list[tuple[_Part, Told]]) -> dict[str, Any]:
    record: dict[str, Any] = {
        "library": solution.library.name,
        "library_sha256": library_digest(solution.library),
        "puzzle_widgets": __version__,
        "objective": solution.problem.objective,
        "goal": solution.problem.goal,
        "status": solution.status,
        "score": solution.score,
    }
    for part, told in found:
        rows = to_frame(told, layers=True).to_dict("records")
        record[part.name] = {"sentences": list(told.sentences), "rows": rows}
    return record


def _tables(solution: Solution, found: list[tuple[_Part, Told]]) -> list[RenderableType]:
    parts: list[RenderableType] = list(tables.question(solution.problem))
    for part, told in found:
        parts.append(tables.words(f"\n{part.title}", "bold"))
        parts += [tables.words(said) for said in told.sentences]
        if isinstance(told, InclusionCosts):
            parts.append(_costs_table(told))
        if isinstance(told, Sensitivity):
            parts.append(_survival_table(told))
        if isinstance(told, Baselines):
            parts.append(_baselines_table(told))
    return parts


def _costs_table(found: InclusionCosts) -> RenderableType:
    """Each layer's block, the next best one and its cost."""
    library, rows = found.problem.library, []
    for layer, start, margin in zip(
        library.layers, library.starts[:-1].tolist(), found.decidedness.tolist(), strict=True
    ):
        costs = [
            (float("inf") if found.chosen[start + n] else float(found.costs[start + n]), n)
            for n in range(len(layer.variants))
        ]
        least, place = min(costs)
        chosen = next(v.label for n, v in enumerate(layer.variants) if found.chosen[start + n])
        other = layer.variants[place].label if least < float("inf") else _UNKNOWN
        figure = format_figure(found.problem.objective, margin)
        rows.append([str(layer.name), chosen, other, figure])
    heads = ["Layer", "Block", "Next best", "Cost"]
    return tables.make_table("", heads, rows, left=3)


def _survival_table(found: Sensitivity) -> RenderableType:
    layers = found.problem.library.layers
    rows = [
        [str(layer.name), block.label, format_share(float(share))]
        for layer, block, share in zip(
            layers, found.solution.blocks, found.survival.tolist(), strict=True
        )
    ]
    return tables.make_table("", ["Layer", "Block", "Survives"], rows, left=2)


def _baselines_table(found: Baselines) -> RenderableType:
    library, key = found.optimum.library, found.optimum.problem.objective
    rows = [["search", format_figure(key, found.optimum.score), "", "yes"]]
    for one in found:
        kept = "yes" if one.keeps else "no"
        figures = [format_figure(key, value) for value in (one.score, one.excess)]
        rows.append([one.name, *figures, kept])
    heads = ["Baseline", library.quantity(key).title, "Excess", "Keeps the budgets"]
    return tables.make_table("", heads, rows)

"""Tables for a terminal; names come from files, so they go in as plain text, never as markup."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Literal

from rich import box
from rich.table import Table
from rich.text import Text

from puzzle_widgets.cli.output import plain
from puzzle_widgets.library import BlockLibrary, BlockVariant
from puzzle_widgets.library.model import ORIGIN_WORDS
from puzzle_widgets.library.quantity import (
    MEMORY,
    NO_RUNTIME,
    RUNTIME,
    THROUGHPUT,
    describe_key,
    format_figure,
    format_number,
)
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.solution import Note, Solution
from puzzle_widgets.solution.scenario import aim_words
from puzzle_widgets.solution.solution import STATUS_WORDS
from puzzle_widgets.solution.words import (
    WHAT_THROUGHPUT_IS,
    budgets_in_full,
    proof_figures,
    totals,
)
from puzzle_widgets.sweeps import ParetoFront

_Side = Literal["left", "right"]
_UNKNOWN = "-"


def words(text: str, style: str = "") -> Text:
    """Untrusted text for a cell or line."""
    return Text(plain(text), style=style)


def make_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    left: int = 1,
    *,
    whole: bool = False,
) -> Table:
    """Lay out rows under headings: the first ``left`` columns to the left, figures to the right.

    ``whole`` keeps the first column in one piece, however narrow the terminal.
    """
    table = Table(title=words(title), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for place, column in enumerate(columns):
        side: _Side = "left" if place < left else "right"
        table.add_column(words(column), justify=side, overflow="fold", no_wrap=whole and not place)
    for row in rows:
        table.add_row(*(words(cell) for cell in row))
    return table


def question(problem: SearchProblem) -> list[Text]:
    """Say what is asked of which library, and whether it was ever measured."""
    library = problem.library
    lines = [
        Text.assemble(words(library.name, "bold"), f" ({origin_words(library)})"),
        words(f"{aim_words(problem)}; budgets: {budgets_in_full(problem)}"),
    ]
    rules = [
        f"{len(held)} layers {verb}"
        for held, verb in ((problem.fixed, "fixed"), (problem.banned, "with banned variants"))
        if held
    ]
    rules += problem.rule_names
    return lines + ([words(f"Rules: {', '.join(rules)}")] if rules else [])


def origin_words(library: BlockLibrary) -> str:
    """Say whether figures were measured, in words that cannot be missed."""
    return ORIGIN_WORDS[library.provenance.origin]


def proof(solution: Solution) -> Text:
    """Status, score, bound, gap and seconds in one line."""
    took = f"{solution.seconds:.2f} s by {solution.engine}"
    if not solution.found:
        return words(f"{STATUS_WORDS[solution.status]} ({took}). {solution.reason}", "bold")
    figures = f"{proof_figures(solution)}, {took}"
    return Text.assemble((STATUS_WORDS[solution.status], "bold"), ": ", words(figures))


def notes(solutions: Sequence[Solution], stem: str = "") -> list[Text]:
    """What a user should know before trusting the answers: each note once, with its places."""
    places: dict[Note, list[str]] = {}
    for place, solution in enumerate(solutions, 1):
        for said in solution.notes:
            places.setdefault(said, []).append(str(place))
    heads = {
        said: f" ({stem} {', '.join(where)})" if stem else "" for said, where in places.items()
    }
    return [
        words(f"Warning{head}: {said}", "yellow")
        if said.level == "warning"
        else words(f"Note{head}: {said}")
        for said, head in heads.items()
    ]


def summary(solution: Solution) -> Table:
    """Compare an architecture's totals with the parent's."""
    told = totals(solution)
    rows = list(told.body)
    if solution.throughput is not None and solution.speedup is not None:
        rows.append(["Speedup over the parent", _speedup(solution.speedup), "1 x", ""])
    table = make_table("", told.head, rows)
    said = [solution.library.non_block_words]
    if solution.throughput is not None:
        said.append(WHAT_THROUGHPUT_IS)
    table.caption = words(" ".join(filter(None, said))) if any(said) else None
    table.caption_justify = "left"
    return table


def blocks(solution: Solution) -> Table:
    """The chosen blocks, neighboring layers with equal blocks in one row."""
    library = solution.library
    keys = [solution.problem.objective, *(k for k in (MEMORY, RUNTIME) if k in library.keys)]
    keys = list(dict.fromkeys(keys))
    rows = [
        [span, str(len(run)), run[0].label, *(_sum_of(run, key) for key in keys)]
        for span, run in _runs(solution)
    ]
    columns = ["Layers", "Number", "Block", *(library.quantity(key).title for key in keys)]
    table = make_table("Blocks (figures: sums over the row's layers)", columns, rows, left=3)
    table.columns[1].justify = "right"
    return table


def comparison(solutions: Sequence[Solution]) -> Table:
    """Compare diverse solutions, one row each."""
    library, objective = solutions[0].library, solutions[0].problem.objective
    heads = ["Solution", "Status", library.quantity(objective).title, *_cost_titles(library)]
    differences = [_least_difference(found, solutions[:n]) for n, found in enumerate(solutions)]
    rows = [
        [*_first_cells(place, found), *_cost_cells(found), unlike]
        for place, (found, unlike) in enumerate(zip(solutions, differences, strict=True), 1)
    ]
    return make_table("", [*heads, "Layers unlike any earlier"], rows, left=2)


def front_table(front: ParetoFront, problem: SearchProblem) -> Table:
    """List a front's points by rising use of the resource."""
    library = problem.library
    extra = front.resource in library.keys and front.resource not in (MEMORY, RUNTIME)
    heads = [library.quantity(front.resource).title] if extra else []
    rows = [
        _first_cells(place, point)
        + ([format_number(front.use(point))] if extra else [])
        + _cost_cells(point)
        for place, point in enumerate(front.solutions, 1)
    ]
    columns = ["Point", "Status", library.quantity(problem.objective).title, *heads]
    title = f"Pareto front over {library.quantity(front.resource).title}"
    searches = f"{front.done} of {front.asked} searches done"
    return make_table(f"{title}, {searches}", [*columns, *_cost_titles(library)], rows, left=2)


def _first_cells(place: int, solution: Solution) -> list[str]:
    figure = format_figure(solution.problem.objective, solution.score)
    return [str(place), solution.status, figure]


def _cost_titles(library: BlockLibrary) -> list[str]:
    titles = [library.quantity(key).title for key in (MEMORY, RUNTIME) if key in library.keys]
    if library.has_throughput:
        titles.append(describe_key(THROUGHPUT).title)
    return [*titles, "Speedup"] if RUNTIME in library.keys else titles


def _cost_cells(solution: Solution) -> list[str]:
    cells = [format_number(solution.totals[k]) for k in (MEMORY, RUNTIME) if k in solution.totals]
    if solution.throughput is not None:
        cells.append(format_number(solution.throughput))
    return [*cells, _speedup(solution.speedup)] if solution.speedup is not None else cells


def _speedup(speedup: float) -> str:
    return f"{speedup:.3f} x" if math.isfinite(speedup) else NO_RUNTIME


def _least_difference(solution: Solution, earlier: Sequence[Solution]) -> str:
    counts = [len(solution.differing_layers(other)) for other in earlier]
    return f"{min(counts)} or more" if counts else _UNKNOWN


def _runs(solution: Solution) -> list[tuple[str, list[BlockVariant]]]:
    pairs = zip(solution.library.layers, solution.blocks, strict=True)
    runs = []
    for _, group in groupby(pairs, key=lambda pair: pair[1].name):
        run = list(group)
        first, last = run[0][0].name, run[-1][0].name
        span = f"{first}" if len(run) == 1 else f"{first} to {last}"
        runs.append((span, [block for _, block in run]))
    return runs


def _sum_of(run: Sequence[BlockVariant], key: str) -> str:
    return format_figure(key, sum(block.values[key] for block in run))

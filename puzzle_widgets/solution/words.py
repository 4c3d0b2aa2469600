"""An answer in words and tables, as reports and the command line tell it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from puzzle_widgets.library.quantity import (
    RUNTIME,
    THROUGHPUT,
    describe_key,
    format_figure,
    format_number,
    format_share,
)
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.solution.scenario import budget_words
from puzzle_widgets.solution.solution import Solution

WHAT_THROUGHPUT_IS = "Throughput is batch size x sequence length / summed runtime of a batch."
_NOTHING = "\N{EN DASH}"


class Table(NamedTuple):
    """Rows under headings; the first ``left`` columns are words, the others figures."""

    head: Sequence[str]
    body: Sequence[Sequence[str]]
    left: int = 1


def proof_figures(solution: Solution) -> str:
    """Say score, bound and gap."""
    key = solution.problem.objective
    label = solution.library.quantity(key).title
    score, bound = (format_figure(key, value) for value in (solution.score, solution.bound))
    return f"{label} {score}, bound {bound}, gap {solution.gap_text}"


def budgets_in_full(problem: SearchProblem) -> str:
    """Say the budgets, a runtime budget with its throughput."""
    said, runtime = budget_words(problem), problem.budgets.get(RUNTIME)
    if runtime is None or runtime.rates[1] or not 0 < runtime.upper < math.inf:
        return said
    throughput = problem.library.throughput(runtime.upper)
    if throughput is None:
        return said
    return f"{said} (runtime for at least {describe_key(THROUGHPUT).text(throughput)})"


def totals(solution: Solution) -> Table:
    """Compare an architecture's totals with the parent's."""
    library, parent = solution.library, solution.library.parent_totals
    keys = [k for k in library.keys if k in library.costs or k == solution.problem.objective]
    rows = [
        [
            library.quantity(key).title,
            format_figure(key, solution.totals[key]),
            format_figure(key, parent[key]),
            share_text(solution.shares.get(key)),
        ]
        for key in keys
    ]
    if solution.throughput is not None:
        figures = (solution.throughput, library.throughput(parent[RUNTIME]))
        title, share = describe_key(THROUGHPUT).title, share_text(solution.speedup)
        rows.append([title, *map(number_text, figures), share])
    return Table(["Sum over all layers", "Architecture", "Parent", "Share of parent"], rows)


def share_text(value: float | None) -> str:
    """Write a share of the parent, as far as it is known."""
    return format_share(value) if value is not None and math.isfinite(value) else _NOTHING


def number_text(value: float | None) -> str:
    """Write a number, as far as it is known."""
    return _NOTHING if value is None else format_number(value)

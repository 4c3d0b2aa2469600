"""A problem asked of the same blocks in another workload."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.quantity import MEMORY, RUNTIME
from puzzle_widgets.problem.budget import Budget
from puzzle_widgets.problem.budget_rows import SearchRule, limits_of, to_budget
from puzzle_widgets.problem.deployment import MOST_GPUS, held_row
from puzzle_widgets.problem.problem import SearchProblem
from puzzle_widgets.problem.rows import Row

_EACH = re.compile(r"each of ([2-9]) GPUs holds at most ")


def restated(problem: SearchProblem, library: BlockLibrary) -> SearchProblem:
    """Ask the same of a library of the same blocks, such as that of another batch size.

    Limits stay what they are in their own units: MiB, ms, tokens/s. What a rule counts on each GPU
    is counted anew.

    Raises
    ------
    ProblemError
        If the other library lacks a block that rules may name, a score, or a cost that is limited.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("llama-3.3-70b-modeled")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": 60_000}
    ... )
    >>> half = restated(problem, pw.with_workload(library, batch_size=128))
    >>> pw.search(half).score < pw.search(problem).score
    True
    """
    if problem.fixed or problem.banned or problem.differences or problem.rule_names:
        _check_blocks(problem.library, library)
    _check_costs(problem, library)
    return SearchProblem.of(
        library,
        problem.goal,
        problem.weights,
        layer_weights=problem.layer_weights,
        budgets=_budgets(problem, library),
        fixed=problem.fixed,
        banned=problem.banned,
        differences=problem.differences,
        rows=[moved_row(row, problem.library, library) for row in problem.rows],
        distinct=problem.distinct,
    )


def _check_blocks(one: BlockLibrary, other: BlockLibrary) -> None:
    for mine in one.layers:
        if mine.name not in other.layer_positions:
            raise ProblemError(f"{other.name} has no layer {mine.name!r}.")
        missing = mine.positions.keys() - other.layer(mine.name).positions.keys()
        if missing:
            raise ProblemError(f"{other.name}, layer {mine.name!r}: no {min(missing)!r}.")


def _check_costs(problem: SearchProblem, library: BlockLibrary) -> None:
    for key in problem.budgets:
        if key not in library.keys:
            label = problem.library.quantity(key).label
            measured = library.measurement
            at = f"batch {measured.batch_size} x {measured.sequence_length} tokens"
            raise ProblemError(f"{label} is limited, and is not known for {at}.")


def _budgets(problem: SearchProblem, library: BlockLibrary) -> dict[str, Budget]:
    """The limits as they were stated: a throughput is another runtime of another batch."""
    found: dict[str, Budget] = {}
    for key, budget in problem.budgets.items():
        if key == RUNTIME and any(budget.rates):
            for row in limits_of(problem.library, budget):
                limit = to_budget(library, row)
                found[key] = found.get(key, limit).tighten(limit)
        else:
            found[key] = budget
    return found


def moved_row(row: Row, before: BlockLibrary, after: BlockLibrary) -> Row:
    """Count what each GPU holds anew where a row limits that; any other row stays."""
    match = _EACH.match(row.name)
    if match is None or int(match[1]) > MOST_GPUS or MEMORY not in before.keys:
        return row
    gpus = int(match[1])
    each = row.upper + before.non_block_cost(MEMORY) / gpus
    return held_row(after, gpus, each) if row == held_row(before, gpus, each) else row


def moved_rules(
    rules: Iterable[SearchRule], before: BlockLibrary, after: BlockLibrary
) -> tuple[SearchRule, ...]:
    """Give rules whose rows are counted anew, as :func:`moved_row` does."""
    return tuple(
        replace(rule, rows=tuple(moved_row(row, before, after) for row in rule.rows))
        for rule in rules
    )

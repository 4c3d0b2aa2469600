"""What a person should know before trusting an answer, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from puzzle_widgets.library.quantity import (
    MEMORY,
    PARAMETERS,
    RUNTIME,
    format_figure,
    format_number,
)
from puzzle_widgets.problem import Budget

if TYPE_CHECKING:
    from puzzle_widgets.solution.solution import Solution

_NEVER_NOTHING = (MEMORY, RUNTIME, PARAMETERS)
# A number up to this, where the parent uses far more, looks like a share.
_LARGEST_SHARE, _FAR_MORE = 1.5, 20.0


def notes_of(solution: Solution) -> tuple[str, ...]:
    """Say what is odd about an answer, a sentence or two each; nothing where nothing is."""
    found = list(_of_budgets(solution))
    if solution.found:
        found += [*_of_blocks(solution), *_of_sums(solution)]
    if solution.status == "optimal" and solution.ties == "unproven":
        found.append(
            "Other architectures may score the same. That none of these uses less of what is "
            "limited could not be proven in time; the score is proven."
        )
    if solution.status == "optimal" and solution.ties == "other":
        found.append(
            "Another architecture of the same score uses less of what is limited, or else of the "
            "other costs. Search again to have it."
        )
    return tuple(found)


def _of_budgets(solution: Solution) -> Iterator[str]:
    """Upper limits that look like shares, and those that no block of use keeps."""
    library = solution.library
    for key, budget in solution.problem.budgets.items():
        quantity, parent = library.quantity(key), library.parent_totals[key]
        asked = f"{quantity.label} of at most {quantity.text(budget.upper)} was requested"
        if 0 < budget.upper <= _LARGEST_SHARE and parent > _FAR_MORE * budget.upper:
            share = f"{format_number(100 * budget.upper)} %"
            yield (
                f"{asked}, where the parent uses {quantity.text(parent)}. For a share of the "
                f'parent give "{share}".'
            )
        elif key == RUNTIME and _throughput_like_a_share(solution, budget.upper):
            yield (
                f"A throughput of at least {library.throughput(budget.upper):.3g} tokens/s is "
                f"asked, where the parent has {library.throughput(parent):,.4g}. For a share of "
                'the parent\'s give it in percent, such as "85 %".'
            )
        elif (least := _least_of_use(solution, budget)) > budget.upper:
            yield (
                f"{asked}, less than any block with a cost needs: the least is "
                f"{quantity.text(least)}."
            )


def _throughput_like_a_share(solution: Solution, runtime_ms: float) -> bool:
    asked = solution.library.throughput(runtime_ms)
    parent = solution.library.throughput(solution.library.parent_totals[RUNTIME])
    return bool(asked and parent and asked <= _LARGEST_SHARE and parent > _FAR_MORE * asked)


def _least_of_use(solution: Solution, budget: Budget) -> float:
    """The least sum of an architecture with a block that costs something; infinite without one."""
    column = solution.library.column(budget.resource)
    costly = column[column > 0]
    if not costly.size or column.min() < 0 or not math.isfinite(budget.upper):
        return -math.inf
    return float(costly.min()) + solution.library.non_block_cost(budget.resource)


def _of_blocks(solution: Solution) -> Iterator[str]:
    """Architectures that compute nothing, or are the parent."""
    attention = all(block.attention.kind == "no_op" for block in solution.blocks)
    ffn = all(block.ffn.kind == "no_op" for block in solution.blocks)
    if attention and ffn:
        yield "Every layer is a no-op: nothing of the parent's blocks is left."
    elif attention:
        yield "Attention is a no-op in every layer: no token sees another."
    elif ffn:
        yield "The FFN is a no-op in every layer."
    if dict(solution.architecture or {}) == solution.library.parent_architecture:
        yield "This is the parent itself: no block is replaced."


def _of_sums(solution: Solution) -> Iterator[str]:
    """Sums that cannot be, or that no measurement supports."""
    library, problem = solution.library, solution.problem
    keys = [key for key in (*_NEVER_NOTHING, *problem.budgets) if key in library.costs]
    nothing = [
        library.quantity(key).label
        for key in dict.fromkeys(keys)
        if solution.totals[key] <= 0 < library.parent_totals[key]
    ]
    if nothing:
        yield f"The whole architecture sums to 0 or less in {', '.join(nothing)}."
    key = problem.objective
    worse = problem.sign * (solution.score - library.parent_totals[key])
    worst = _worst_replacement(solution)
    if key in library.scores and worse > worst > 0:
        yield (
            f"{library.quantity(key).label} is {format_figure(key, worse)} worse than the "
            f"parent's, more than any single replacement in the library "
            f"({format_figure(key, worst)}): a sum so large predicts little."
        )


def _worst_replacement(solution: Solution) -> float:
    """How much worse than the parent the worst block of the library scored."""
    library, sign = solution.library, solution.problem.sign
    column = sign * library.column(solution.problem.objective)
    most = np.maximum.reduceat(column, library.starts[:-1])
    parents = [layer.positions[layer.parent] for layer in library.layers]
    return float((most - column[library.starts[:-1] + np.array(parents)]).max())

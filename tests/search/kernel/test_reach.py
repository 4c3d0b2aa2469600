"""Ties where all that is summed goes in the same steps: the first of very many equal choices."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from puzzle_widgets.problem.mckp import Mckp
from puzzle_widgets.search.kernel.engine import solve_by_kernel
from puzzle_widgets.search.options import SearchOptions
from puzzle_widgets.search.outcome import Outcome
from tests.benchmarks.classes import pisinger
from tests.support.instances import brute_force

Rng = np.random.Generator


def one_resource(rng: Rng, layers: int, variants: int, most: int) -> tuple[Mckp, np.ndarray]:
    """Scores, costs and ties that are all slopes of the same whole weights; and the weights."""
    starts = np.arange(0, layers * variants + 1, variants)
    weight = rng.integers(0, most, layers * variants)
    per_layer = rng.integers(-5, 6, layers).repeat(variants)
    unit, slope = rng.choice([1.0, 0.5, 3.0, 2.0**-30]), rng.choice([1.0, 2.0, 0.25])
    cost = (weight + per_layer) * unit
    score = rng.integers(0, 9, layers).repeat(variants) - slope * weight
    rows = [cost, -2 * cost] if rng.random() < 0.5 else [cost]
    middle = np.floor(np.add.reduceat(cost / unit, starts[:-1]).sum() / variants) * unit
    upper = np.array([middle, np.inf])[: len(rows)]
    lower = np.array([-np.inf, -2 * middle - 40 * unit])[: len(rows)]
    allowed = rng.random(len(cost)) < 0.8
    allowed[starts[:-1]] = True
    names = tuple(f"row {row}" for row in range(len(rows)))
    ties = np.array([cost / 7, cost]) if rng.random() < 0.7 else cost[None] / 3
    return Mckp(score, starts, np.array(rows), lower, upper, allowed, names, ties), weight


def first_with(mckp: Mckp, weight: np.ndarray, total: int) -> list[int]:
    """The first choice of a weight, layer by layer; sums that can be reached are bits."""
    spans = list(pairwise(mckp.starts.tolist()))
    reach = [1]
    for begin, end in reversed(spans):
        bits = 0
        for place in range(begin, end):
            bits |= reach[0] << int(weight[place]) if mckp.allowed[place] else 0
        reach.insert(0, bits)
    choice = []
    for (begin, end), after in zip(spans, reach[1:], strict=True):
        fits = (
            place
            for place in range(begin, end)
            if mckp.allowed[place]
            and total >= weight[place]
            and after >> (total - int(weight[place])) & 1
        )
        choice.append(next(fits))
        total -= int(weight[choice[-1]])
    return choice


def settled(mckp: Mckp) -> Outcome:
    """The kernel's answer, with its ties."""
    return solve_by_kernel(mckp, SearchOptions(settle=True, time_limit=20))


@pytest.mark.parametrize("seed", range(40))
def test_small_ones_are_as_by_trying_all(seed: int) -> None:
    """Several rows, lower limits, bans, slopes up and down."""
    rng = np.random.default_rng(seed)
    mckp, _ = one_resource(rng, int(rng.integers(2, 7)), int(rng.integers(2, 5)), 12)
    found, best = settled(mckp), brute_force(mckp)
    assert (found.choice is None) == (best is None)
    if best is not None and found.choice is not None:
        assert found.ties != "unproven"
        assert found.choice.tolist() == best.tolist()


@pytest.mark.parametrize("seed", range(12))
def test_large_ones_have_the_first_choice_of_their_weight(seed: int) -> None:
    """So many choices are equal that no list of states could hold them."""
    mckp, weight = one_resource(np.random.default_rng([seed, 1]), 60, 8, 400)
    found = settled(mckp)
    assert (found.status, found.ties) == ("optimal", "settled")
    assert found.choice is not None
    assert found.choice.tolist() == first_with(mckp, weight, int(weight[found.choice].sum()))


@pytest.mark.parametrize("seed", range(3))
def test_subset_sums_are_settled(seed: int) -> None:
    """Scores that lack of the greatest what the weight lacks: a tie of very many."""
    mckp = pisinger("subset-sum", 1000, seed)
    found = settled(mckp)
    assert (found.status, found.ties) == ("optimal", "settled")
    assert found.choice is not None
    weight = mckp.cost[0].astype(np.int64)
    assert found.choice.tolist() == first_with(mckp, weight, int(weight[found.choice].sum()))


def test_what_is_not_one_sum_is_settled_as_ever() -> None:
    """A cost off its slope by the last digit, or another resource: the usual search."""
    rng = np.random.default_rng(5)
    for _ in range(20):
        mckp, _ = one_resource(rng, 4, 4, 6)
        for row in (mckp.cost.copy(), mckp.cost + rng.integers(0, 3, mckp.cost.shape)):
            place = int(rng.integers(len(mckp.score)))
            row[0, place] = np.nextafter(row[0, place], np.inf)
            other = Mckp(
                mckp.score, mckp.starts, row, mckp.lower, mckp.upper, mckp.allowed, mckp.rows, row
            )
            found, best = settled(other), brute_force(other)
            assert (found.choice is None) == (best is None)
            if best is not None and found.choice is not None and found.ties != "unproven":
                assert found.choice.tolist() == best.tolist()

"""Rows as upper limits: what is dropped, what is raised, and that no choice is lost."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from puzzle_widgets.search.tighten import Tight, step_of, tighten
from tests.support.instances import KINDS, all_choices, combinations, instance, knapsack


def tightened(costs: list[list[float]], upper: float) -> Tight:
    """One row that some choice keeps."""
    found = tighten(knapsack([[0.0] * len(layer) for layer in costs], [costs], [upper]))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("values", "step"),
    [([0.0, 4, 10], 2.0), ([0.5, 0.75], 0.25), ([0.1, 0.2], 0.0), ([0.0], 0.0), ([3e9, 1], 1.0)],
)
def test_steps_are_told(values: list[float], step: float) -> None:
    """What all values are whole multiples of; none of most decimal fractions."""
    assert step_of(np.array(values)) == step


def test_a_cost_far_beyond_the_limit_goes() -> None:
    """What breaks the row whatever the others are; a cost just beyond stays for the prices."""
    found = tightened([[10.0, 4.3, 1e13], [10.05, 5.0, 16.1]], 14.9)
    assert found.allowed.tolist() == [True, True, False, True, True, True]
    assert found.cost.max() < 12


def test_a_cost_that_makes_the_row_safe_is_raised() -> None:
    """No choice with it breaks the row before or after, and the others keep their digits."""
    found = tightened([[10.0, 4.3, -1e13], [10.05, 5.0]], 14.9)
    assert found.cost.max() < 20
    within = [
        bool(found.cost[0, one] + found.cost[0, other] <= found.limit[0])
        for one, other in product((0, 1, 2), (3, 4))
    ]
    assert within == [False, False, True, True, True, True]


@pytest.mark.parametrize("kind", KINDS)
def test_no_feasible_choice_is_lost(kind: str) -> None:
    """Every choice within the rows keeps the tightened ones."""
    for seed in range(4):
        mckp = instance(kind, seed)
        if combinations(mckp) > 2_000:
            continue
        found, feasible = tighten(mckp), all_choices(mckp)
        if found is None:
            assert not len(feasible)
            continue
        assert found.allowed[feasible].all()
        totals = found.cost[:, feasible].sum(axis=2)
        assert (totals <= found.limit[:, None]).all()


def test_a_row_out_of_reach_refutes() -> None:
    """By however little, also beside numbers that hide the difference in a plain sum."""
    mckp = knapsack([[0.0], [0.0]], [[[1e16], [1.0]]], [1e16])
    assert tighten(mckp) is None
    assert tighten(replace(mckp, upper=np.array([np.inf]))) is not None

"""The one form of every knapsack: what it keeps, what it tightens, what it leaves out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from puzzle_widgets.problem.mckp import Mckp
from puzzle_widgets.search.reference.form import Form, to_form
from tests.support.instances import (
    BRUTE_FORCE,
    KINDS,
    all_choices,
    combinations,
    instance,
    knapsack,
)


def sums(form: Form, mckp: Mckp, choice: np.ndarray) -> np.ndarray:
    """Row sums of a choice in the form's own costs."""
    places = [
        np.flatnonzero(line == index)[0] for line, index in zip(form.flat, choice, strict=True)
    ]
    return np.asarray(form.cost[:, np.arange(mckp.layers), places].sum(axis=1))


@pytest.mark.parametrize("kind", KINDS)
def test_the_form_has_the_same_feasible_choices(kind: str) -> None:
    """Tightened limits cut no feasible choice off, and let none in beyond the last digits."""
    for seed in range(8):
        mckp = instance(kind, seed)
        if combinations(mckp) > BRUTE_FORCE:
            continue
        form, feasible = to_form(mckp), all_choices(mckp)
        if form is None:
            assert not len(feasible)
            continue
        within = {tuple(choice) for choice in feasible[:300]}
        for choice in within:
            assert (sums(form, mckp, np.array(choice)) <= form.limit + 1e-14).all()
        rng = np.random.default_rng(seed)
        for _ in range(30):
            spans = zip(mckp.starts[:-1], mckp.starts[1:], strict=True)
            other = np.array([rng.integers(start, end) for start, end in spans])
            if mckp.allowed[other].all() and mckp.broken_rows(other):
                assert (sums(form, mckp, other) > form.limit - 1e-12).any() or _left_out(
                    form, other
                )


def _left_out(form: Form, choice: np.ndarray) -> bool:
    """Whether the form has dropped one of a choice's variants."""
    return not set(choice.tolist()) <= set(form.flat[np.isfinite(form.score)].tolist())


def test_a_limit_between_whole_sums_is_lowered() -> None:
    """Costs in steps of 4 cannot use a budget of 11, so the limit is the one of 8."""
    costs = [[[0.0, 4.0, 8.0]] * 2]
    loose, tight = (to_form(knapsack([[3.0, 2, 1]] * 2, costs, [u])) for u in (11.0, 8.0))
    assert loose is not None
    assert tight is not None
    assert loose.limit == tight.limit


def test_layers_of_large_numbers_keep_their_small_differences() -> None:
    """Costs and scores are counted from each layer's least, so that no digit is lost."""
    small = knapsack([[0.0, 1, 3], [2, 0, 1]], [[[3.0, 1, 0], [0, 2, 5]]], [5.0])
    large = replace(
        small, cost=small.cost + 2.0**40, score=small.score + 2.0**30, upper=small.upper + 2.0**41
    )
    one, other = to_form(small), to_form(large)
    assert one is not None
    assert other is not None
    assert (one.score == other.score).all()
    assert (one.cost == other.cost).all()
    assert one.limit == pytest.approx(other.limit, abs=1)


def test_sums_that_are_equal_stay_equal() -> None:
    """Units are powers of two: whole costs and scores add up without rounding, in any order."""
    mckp = knapsack([[7.0, 3, 0]] * 3, [[[1.0, 5, 6]] * 3], [13.0])
    form = to_form(mckp)
    assert form is not None
    assert float(np.log2(form.unit)) == round(float(np.log2(form.unit)))
    assert ((form.score * form.unit) % 1 == 0).all()
    assert ((form.cost * form.scale[:, None, None]) % 1 == 0).all()


@pytest.mark.parametrize("upper", [-1.0, 2.999])
def test_a_row_out_of_reach_refutes(upper: float) -> None:
    """Below the least sum there is nothing."""
    assert to_form(knapsack([[1.0, 2]] * 3, [[[1.0, 2]] * 3], [upper])) is None


def test_a_layer_without_variants_refutes() -> None:
    """Every layer needs a variant that is allowed."""
    mckp = knapsack([[1.0, 2]] * 2, [[[1.0, 2]] * 2], [4.0])
    assert to_form(replace(mckp, allowed=np.array([True, True, False, False]))) is None


def test_rows_that_cannot_bind_are_left_out() -> None:
    """A limit at or above the greatest sum says nothing, nor does an endless one."""
    costs = [[[1.0, 2]] * 2] * 3
    form = to_form(knapsack([[1.0, 2]] * 2, costs, [4.0, np.inf, 3.0]))
    assert form is not None
    assert form.rows.tolist() == [2]


def test_banned_variants_count_for_nothing() -> None:
    """Reach, unit and scale come from the variants that are allowed."""
    mckp = knapsack([[1.0, 2, 1e9]] * 2, [[[4.0, 2, -1e9]] * 2], [5.0])
    form = to_form(replace(mckp, allowed=np.array([True, True, False] * 2)))
    assert form is None or form.scale.max(initial=0.0) < 100


def test_prices_turn_into_multipliers_and_back() -> None:
    """A two-sided row has one price: positive for its upper limit, negative for its lower one."""
    mckp = instance("bands", 5)
    form = to_form(mckp)
    assert form is not None
    for sign in (1.0, -1.0):
        multipliers = np.where(form.signs == sign, np.arange(1.0, len(form.signs) + 1), 0.0)
        prices = form.prices(multipliers, len(mckp.rows))
        assert (sign * prices[form.rows[form.signs == sign]] > 0).all()
        assert form.multipliers(prices) == pytest.approx(multipliers)


def test_narrowing_keeps_the_order_of_variants() -> None:
    """Variants that stay keep their scores, costs and the order that breaks ties."""
    form = to_form(instance("uniform", 3))
    assert form is not None
    kept = np.isfinite(form.score) & (np.arange(form.score.shape[1]) != 0)
    kept[~kept.any(axis=1), 0] = True
    small = form.narrowed(kept)
    for layer in range(form.layers):
        there = np.isfinite(small.score[layer])
        assert (small.flat[layer, there] == form.flat[layer, kept[layer]]).all()
        assert (small.score[layer, there] == form.score[layer, kept[layer]]).all()
        assert (small.cost[:, layer, there] == form.cost[:, layer, kept[layer]]).all()

"""The Lagrangian bound holds at any multipliers, and its best ones are shadow prices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from puzzle_widgets.search.reference.bound import ROUGH, best_bound, bound_at
from puzzle_widgets.search.reference.form import Form, to_form
from tests.support.instances import BRUTE_FORCE, KINDS, brute_force, combinations, instance
from tests.support.lp import lp_bound

kinds, seeds = st.sampled_from(sorted(KINDS)), st.integers(0, 200)


def known(kind: str, seed: int) -> tuple[Form, float] | None:
    """An instance's form with its optimum in the form's unit, where it is small and feasible."""
    mckp = instance(kind, seed)
    best = brute_force(mckp) if combinations(mckp) <= BRUTE_FORCE else None
    form = to_form(mckp)
    return None if best is None or form is None else (form, form.total(best))


@settings(max_examples=150, deadline=None)
@given(kinds, seeds, st.lists(st.floats(0, 1e6), min_size=12, max_size=12))
def test_any_multipliers_give_a_bound(kind: str, seed: int, multipliers: list[float]) -> None:
    """Whatever the multipliers, no choice scores below the bound."""
    found = known(kind, seed)
    if found is not None:
        form, optimum = found
        given_ones = np.array(multipliers[: len(form.limit)])
        rounding = 1e-12 * (1 + float(given_ones @ np.abs(form.limit)) + form.layers)
        assert bound_at(form, given_ones).value <= optimum + rounding


@settings(max_examples=100, deadline=None)
@given(kinds, seeds, st.sampled_from([ROUGH, 1e-5]), st.floats(-8, 8))
def test_the_best_bound_holds_from_any_start(
    kind: str, seed: int, last: float, magnitude: float
) -> None:
    """Good, bad or no multipliers to begin with: the bound holds and is no worse than theirs."""
    found = known(kind, seed)
    if found is not None:
        form, optimum = found
        start = np.full(len(form.limit), 10.0**magnitude)
        for begin in (None, start):
            bound = best_bound(form, begin, last)
            assert bound.value <= optimum + 1e-9 * max(1.0, abs(optimum))
            assert (bound.multipliers >= 0).all()
        assert bound.value >= bound_at(form, start).value


@pytest.mark.parametrize(
    "kind", ["uniform", "published-like", "lower budgets", "scales", "offsets"]
)
def test_the_best_bound_is_the_lp_bound(kind: str) -> None:
    """Its value is that of the LP relaxation, but for the smoothing."""
    for seed in range(12):
        mckp = instance(kind, seed)
        form = to_form(mckp)
        lp = lp_bound(mckp)
        if form is None or not np.isfinite(lp):
            continue
        value = form.least + form.unit * best_bound(form).value
        assert value <= lp + 1e-6 * form.unit + 1e-9 * abs(lp)
        assert value >= lp - 1e-2 * form.unit - 1e-9 * abs(lp)


def test_reduced_scores_start_at_zero() -> None:
    """Each layer's best variant at the multipliers adds nothing to the bound."""
    form = to_form(instance("ragged", 7))
    assert form is not None
    reduced = best_bound(form).reduced(form)
    assert (reduced.min(axis=1) == 0).all()
    assert (np.isinf(reduced) == np.isinf(form.score)).all()


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["uniform", "published-like", "bands", "negative"]), seeds, st.floats(0, 3))
def test_a_price_bounds_what_a_larger_budget_saves(kind: str, seed: int, move: float) -> None:
    """Raising one budget saves at most its price times the move, in the bound and the optimum."""
    mckp = instance(kind, seed)
    form = to_form(mckp)
    if form is None or not len(form.limit) or form.signs[0] < 0:
        return
    row = int(form.rows[0])
    bound = best_bound(form)
    price = form.prices(bound.multipliers[:1] * np.eye(len(form.limit))[0], len(mckp.rows))[row]
    wider = replace(mckp, upper=mckp.upper + move * np.eye(len(mckp.upper))[row])
    before = form.least + form.unit * bound.value
    best = brute_force(wider) if combinations(wider) <= BRUTE_FORCE else None
    if best is not None:
        saved = before - float(wider.score[best].sum())
        assert saved <= price * (move + 1e-11 * abs(mckp.upper[row])) + 1e-9
    assert price >= 0


@pytest.mark.parametrize("factor", [1000.0, 2.0**20, 1e-6])
def test_prices_are_in_score_per_unit_of_cost(factor: float) -> None:
    """A cost counted in a unit a thousand times smaller has a price a thousand times smaller."""
    checked = 0
    for seed in range(20):
        mckp = instance("published-like", seed)
        scaled = replace(mckp, cost=mckp.cost * factor, upper=mckp.upper * factor)
        one, other = to_form(mckp), to_form(scaled)
        if one is None or other is None or not len(one.limit):
            continue
        prices = one.prices(best_bound(one).multipliers, len(mckp.rows))
        finer = other.prices(best_bound(other).multipliers, len(mckp.rows))
        best = bound_at(one, one.multipliers(prices)).value
        if best < one.layers * 100:  # else it is infeasible, and the bound has no best
            checked += 1
            value = bound_at(one, one.multipliers(finer * factor)).value
            assert value == pytest.approx(best, abs=1e-3)
    assert checked > 5


def test_without_rows_the_bound_is_the_sum_of_the_best() -> None:
    """Nothing is limited: every layer takes its best."""
    form = to_form(instance("no rows", 1))
    assert form is not None
    assert best_bound(form).value == 0
    assert best_bound(form).multipliers.shape == (0,)

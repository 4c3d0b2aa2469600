"""The dynamic program finds the least excess, the first of ties, and drops nothing it needs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from puzzle_widgets.problem.mckp import Mckp
from puzzle_widgets.search.outcome import StoppedError, TooManyStatesError, never
from puzzle_widgets.search.reference.bound import Bound, best_bound, bound_at
from puzzle_widgets.search.reference.core import core_of
from puzzle_widgets.search.reference.dynamic import (
    Least,
    least_excess,
)
from puzzle_widgets.search.reference.form import Form, to_form
from tests.support.instances import (
    BRUTE_FORCE,
    KINDS,
    brute_force,
    combinations,
    instance,
    knapsack,
)


def run(form: Form, bound: Bound, excess: float, cap: int = 10**6) -> Least:
    """The dynamic program over all variants that an excess leaves."""
    core = core_of(form, bound.reduced(form), excess + 1e-9)
    return least_excess(core, bound.multipliers, excess, cap, never)


def form_of(mckp: Mckp) -> Form:
    """The form of a knapsack that has one."""
    form = to_form(mckp)
    assert form is not None
    return form


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("good", [True, False])
def test_the_least_excess_is_the_optimum(kind: str, *, good: bool) -> None:
    """At good and bad multipliers: the optimum within the excess, the first of ties, or nothing."""
    for seed in range(12):
        mckp = instance(kind, seed)
        form = to_form(mckp)
        if form is None or combinations(mckp) > BRUTE_FORCE:
            continue
        ones = np.ones(len(form.limit))
        bound = best_bound(form) if good else bound_at(form, ones)
        best = brute_force(replace(mckp, ties=None))
        if best is None:
            assert run(form, bound, 5.0).choice is None
            continue
        truth = form.total(best) - bound.value
        found = run(form, bound, truth * 1.5 + 0.1)
        assert found.choice is not None
        assert form.choice(found.choice).tolist() == best.tolist()
        assert found.excess == pytest.approx(truth, rel=1e-9, abs=1e-9)
        if truth > 1e-3:
            assert run(form, bound, truth * 0.999).choice is None


@pytest.mark.parametrize("kind", ["ties", "decimal ties", "equal scores", "duplicates"])
def test_ties_are_reported(kind: str) -> None:
    """Where another choice scores the same, that is told, whatever the order of the layers."""
    told = 0
    for seed in range(30):
        mckp = instance(kind, seed)
        form = to_form(mckp)
        best = brute_force(mckp) if combinations(mckp) <= BRUTE_FORCE else None
        if form is None or best is None:
            continue
        bound = best_bound(form)
        excess = form.total(best) - bound.value + 1e-9
        core = core_of(form, bound.reduced(form), excess)
        quick = core.weightiest_first(bound.multipliers)
        least = least_excess(quick, bound.multipliers, excess, 10**6, never)
        assert least.choice is not None
        other = form.choice(least.choice).tolist() != best.tolist()
        assert least.tied or not other
        told += least.tied
    assert told


def test_different_uses_of_one_mark_are_not_merged() -> None:
    """Uses are sorted by one number; two that share it are still told apart."""
    one, two = 0.5 * np.sqrt(2.0), 0.5 * np.sqrt(3.0)
    scores = [[0.0, 0.1], [0.0, 0.0]]
    costs = [[[two, 0.0], [0.0, 0.0]], [[0.0, one], [0.0, 0.0]]]
    mckp = knapsack(scores, costs, [0.8 * two, 1.2 * one])
    form = form_of(mckp)
    found = run(form, bound_at(form, np.zeros(len(form.limit))), 10.0)
    assert found.choice is not None
    assert found.choice.tolist() == [1, 0]


def test_small_differences_of_use_are_not_merged() -> None:
    """Beside a large cost, differences of a billionth of it still decide."""
    scores = [[0.0, 1.0, 9.0], [0.0, 0.0, 9.0]]
    row = [[4e-10, 2e-10, 1.0], [1e-10, 1e-10, 1.0]]
    mckp = knapsack(scores, [row, row], [3.5e-10, 3.5e-10])
    form = form_of(mckp)
    assert not mckp.broken_rows(np.array([1, 3]))
    best = brute_force(mckp)
    found = run(form, bound_at(form, np.zeros(len(form.limit))), 1e3)
    assert best is not None
    assert found.choice is not None
    assert form.choice(found.choice).tolist() == best.tolist()


@pytest.mark.parametrize("rows", [1, 2])
def test_ties_do_not_multiply(rows: int) -> None:
    """Forty layers of equal variants are one state, not a state for each of their choices."""
    costs = [[[1.0, 1.0, 2.0]] * 40] * rows
    form = form_of(knapsack([[5.0, 5.0, 5.0]] * 40, costs, [60.0] * rows))
    found = run(form, bound_at(form, np.zeros(rows)), 1.0, cap=2000)
    assert found.choice is not None
    assert found.choice.tolist() == [0] * 40


def test_too_many_states_are_refused() -> None:
    """Beyond the cap nothing is decided."""
    form = form_of(instance("uniform", 4))
    with pytest.raises(TooManyStatesError):
        run(form, bound_at(form, np.zeros(len(form.limit))), 1e6, cap=2)


def test_a_stop_is_heard() -> None:
    """A cancel ends the program without an answer."""
    form = form_of(instance("uniform", 4))
    core = core_of(form, best_bound(form).reduced(form), 100.0)
    with pytest.raises(StoppedError):
        least_excess(core, np.ones(len(form.limit)), 100.0, 10, lambda: True)

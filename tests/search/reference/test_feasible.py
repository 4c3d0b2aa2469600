"""A first architecture keeps the limits, and swaps only improve it."""

from __future__ import annotations

import numpy as np
import pytest

from puzzle_widgets.search.reference.bound import best_bound
from puzzle_widgets.search.reference.feasible import first_choice, improve
from puzzle_widgets.search.reference.form import Form, to_form
from tests.support.instances import BRUTE_FORCE, KINDS, brute_force, combinations, instance


def within(form: Form, places: np.ndarray) -> bool:
    """Whether a choice keeps every limit."""
    totals = form.cost[:, np.arange(form.layers), places].sum(axis=1)
    return bool((totals <= form.limit + 1e-12).all())


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_choice_keeps_the_limits(kind: str) -> None:
    """What is found is an architecture of variants that are there, within every limit."""
    for seed in range(10):
        form = to_form(instance(kind, seed))
        if form is None:
            continue
        places = first_choice(form, best_bound(form).reduced(form))
        if places is not None:
            assert np.isfinite(form.score[np.arange(form.layers), places]).all()
            assert within(form, places)


def test_there_is_a_first_choice_where_upper_budgets_allow() -> None:
    """With one upper budget repair always ends at an architecture, and near the bound."""
    found = 0
    for seed in range(40):
        mckp = instance("published-like", seed)
        form = to_form(mckp)
        if form is None or len(mckp.rows) > 1:
            continue
        found += 1
        assert first_choice(form, best_bound(form).reduced(form)) is not None
    assert found > 5


@pytest.mark.parametrize("kind", ["uniform", "ties", "diversity", "negative", "masked"])
def test_swaps_never_worsen(kind: str) -> None:
    """Swaps give a choice within the limits that scores no worse."""
    tried = 0
    for seed in range(60):
        mckp = instance(kind, seed)
        form, choice = to_form(mckp), None
        if form is not None and combinations(mckp) <= BRUTE_FORCE:
            choice = brute_force(mckp)
        if form is None or choice is None:
            continue
        tried += 1
        layers, best = np.arange(form.layers), form.total(choice)
        reduced = best_bound(form).reduced(form)
        places = first_choice(form, reduced)
        if places is None:
            continue
        better = improve(form, places)
        assert within(form, better)
        assert form.score[layers, better].sum() <= form.score[layers, places].sum() + 1e-12
        assert form.score[layers, better].sum() >= best - 1e-9
    assert tried > 5

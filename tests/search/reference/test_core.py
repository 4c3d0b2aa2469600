"""Reduced-cost fixing drops nothing that a good choice needs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from puzzle_widgets.search.reference.bound import bound_at
from puzzle_widgets.search.reference.core import core_of
from puzzle_widgets.search.reference.form import to_form
from tests.support.instances import BRUTE_FORCE, KINDS, all_choices, combinations, instance


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(sorted(KINDS)),
    st.integers(0, 200),
    st.lists(st.floats(0, 10), min_size=12, max_size=12),
    st.floats(0, 1),
)
def test_no_choice_within_the_excess_is_lost(
    kind: str, seed: int, multipliers: list[float], share: float
) -> None:
    """At any multipliers, all variants of a choice of at most this excess are kept."""
    mckp = instance(kind, seed)
    form = to_form(mckp)
    if form is None or combinations(mckp) > BRUTE_FORCE:
        return
    bound = bound_at(form, np.array(multipliers[: len(form.limit)]))
    choices = all_choices(mckp)[:200]
    if not len(choices):
        return
    excesses = form.above[choices].sum(axis=1) - bound.value
    excess = float(np.quantile(excesses, share))
    core = core_of(form, bound.reduced(form), excess + 1e-9 * max(1.0, excess))
    kept = {layer.layer: set(form.flat[layer.layer, layer.places]) for layer in core.layers}
    for choice in choices[excesses <= excess]:
        for layer, index in enumerate(choice):
            decided = {form.flat[layer, core.fixed[layer]]}
            assert index in kept.get(layer, decided)


@pytest.mark.parametrize("excess", [0.0, 0.5, 3.0, 1e9])
def test_decided_layers_are_taken_off_the_limits(excess: float) -> None:
    """Limits left and costs left add up to the form's, and weightiest first loses no layer."""
    form = to_form(instance("uniform", 4))
    assert form is not None
    multipliers = np.ones(len(form.limit))
    core = core_of(form, bound_at(form, multipliers).reduced(form), excess)
    opened = [layer.layer for layer in core.layers]
    decided = [layer for layer in range(form.layers) if layer not in opened]
    used = form.cost[:, decided, core.fixed[decided]].sum(axis=1)
    assert core.left + used == pytest.approx(form.limit)
    assert opened == sorted(opened)
    assert all(len(layer.places) > 1 for layer in core.layers)
    moved = core.weightiest_first(multipliers)
    assert sorted(layer.layer for layer in moved.layers) == opened

"""Which rules are kept by states, and what the states say."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from puzzle_widgets.problem.mckp import FREE, Kinds, Mckp
from puzzle_widgets.search.chains import find_chain
from tests.search.chains.test_engine import RULES, ruled, windows


def plain(layers: int = 4) -> Mckp:
    """Layers of two variants and one budget."""
    size = 2 * layers
    return Mckp(
        np.arange(size, dtype=float),
        np.arange(0, size + 1, 2),
        np.ones((1, size)),
        np.full(1, -math.inf),
        np.full(1, math.inf),
        np.ones(size, dtype=np.bool_),
        ("memory",),
    )


FIRSTS = np.tile([1.0, 0.0], 4)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rules=st.sampled_from(RULES))
def test_a_chain_holds_what_its_rules_hold(seed: int, rules: str) -> None:
    """Choice by choice, together with what is left of the rules."""
    mckp = ruled(seed, whole=True, budgets=1, rules=rules)
    chain = find_chain(mckp)
    rest = mckp if chain is None else chain.rest(mckp)
    for some in itertools.product(
        *(range(a, b) for a, b in itertools.pairwise(mckp.starts.tolist()))
    ):
        choice = np.array(some)
        if mckp.allowed[choice].all():
            kept = not rest.broken(choice) and (chain is None or chain.holds(choice))
            assert kept == (not mckp.broken(choice))


def test_without_such_rules_there_is_none() -> None:
    """Budgets, sums that are no windows, and rules of several kinds are left as they are."""
    mckp = plain()
    assert find_chain(mckp) is None
    few = replace(mckp, kinds=(Kinds("few", np.tile([0, 1], 4), 2),))
    assert find_chain(few) is None
    whole = replace(mckp, kinds=(Kinds("one", np.tile([0, 1], 4), 1),))
    assert find_chain(whole) is None  # over all layers: branching on it is better
    one = replace(mckp, cost=FIRSTS[None], upper=np.full(1, 3.0))
    assert find_chain(one) is None  # as a rule of difference is, which is nothing to an engine
    some = windows(mckp, FIRSTS, 1)
    budget_and_one = np.array([False, True, False, False])  # one window is left
    twice = np.where(budget_and_one[:, None] | (some.cost == 0), some.cost, 2.0)
    band = np.where(budget_and_one, -math.inf, 0.0)
    less = np.where(budget_and_one, some.upper, 0.5)
    others = (replace(some, cost=twice), replace(some, lower=band), replace(some, upper=less))
    assert [find_chain(one) for one in others] == [None] * 3


def test_a_count_of_layers_in_a_row_but_one_is_a_window() -> None:
    """Also where the limit is a fraction, and where lengths differ."""
    some = windows(plain(), FIRSTS, 1)
    longer = windows(plain(), FIRSTS, 2)
    for rows, fine, broken in (
        (some, [0, 3, 4, 7], [1, 2, 4, 7]),
        (replace(longer, upper=longer.upper * 1.2), [0, 2, 5, 6], [0, 2, 4, 7]),
    ):
        chain = find_chain(rows)
        assert chain is not None
        assert chain.rows.tolist() == [0]
        assert chain.holds(np.array(fine))
        assert not chain.holds(np.array(broken))
    apart = np.array([[1.0, 0, 0, 0, 1, 0, 0, 0], [0, 0, 1.0, 0, 0, 0, 1, 0]])
    rows = replace(
        longer, cost=np.concatenate([longer.cost[:1], apart]), upper=np.array([9, 1, 1.0])
    )
    assert find_chain(rows) is None  # layers between them do not count


def test_rows_that_mark_others_stay_rows() -> None:
    """The first limit on runs is kept by states; one of other variants is not."""
    both = windows(windows(plain(), FIRSTS, 1), 1 - FIRSTS, 2)
    chain = find_chain(both)
    assert chain is not None
    assert [both.rows[row] for row in chain.rows.tolist()] == ["memory", "run of 2", "run of 2"]


def test_ranges_that_meet_have_states_of_their_own() -> None:
    """Two rules of one range multiply; rules one after the other do not."""
    first = np.array([0, 1, 0, 1, *[FREE] * 12])
    mckp = plain(8)
    after = Kinds("after", np.roll(first, 4), 1)
    apart = find_chain(replace(mckp, kinds=(Kinds("one", first, 1), after)))
    assert apart is not None
    assert apart.after.shape[2] == 3
    meet = find_chain(replace(mckp, kinds=(Kinds("one", first, 1), Kinds("two", first, 1))))
    assert meet is not None
    assert meet.after.shape[2] == 9


def test_too_many_states_are_branched_on() -> None:
    """Of rules that meet, as many are kept by states as make few of them."""
    size = 6 * 40
    mckp = Mckp(
        np.zeros(size),
        np.arange(0, size + 1, 40),
        np.zeros((0, size)),
        np.zeros(0),
        np.zeros(0),
        np.ones(size, dtype=np.bool_),
        (),
    )
    kind = np.where(np.arange(size) < 80, np.arange(size) % 40, FREE)
    rules = tuple(Kinds(name, kind, 1) for name in ("one", "two"))
    chain = find_chain(replace(mckp, kinds=rules))
    assert chain is not None
    assert [rule.name for rule in chain.kinds] == ["two"]

"""Measured points: their place beside what the sums predict."""

from __future__ import annotations

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping
from puzzle_widgets.library.quantity import THROUGHPUT
from tests.support.libraries import MEMORY, RUNTIME, make_library

KL, LM = "metrics.kl_div", "metrics.lm_loss"
LIBRARY = make_library(
    [[(0, 1.1, 4, 5), (2, 1.3, 2, 3)], [(0, 1.1, 4, 5), (1, 1.2, 2, 3)]],
    keys=(KL, LM, MEMORY, RUNTIME),
)


def point(**values: float) -> pw.MeasuredPoint:
    """Make a point of short keys."""
    keys = {"kl": KL, "lm": LM, "memory": MEMORY, "runtime": RUNTIME, "throughput": THROUGHPUT}
    return pw.MeasuredPoint("a", FrozenMapping({keys[k]: v for k, v in values.items()}))


def test_divergences_and_costs_stand_where_they_are() -> None:
    """What is 0 for the parent is measured on the scale of its sum."""
    assert point(kl=2.5).on_sum(LIBRARY, KL) == 2.5
    assert point(memory=7).on_sum(LIBRARY, MEMORY) == 7


def test_a_loss_stands_by_its_difference_from_the_parents() -> None:
    """A sum of LM losses over layers is no LM loss; its excess over the parent's sum is."""
    assert point(lm=1.4).on_sum(LIBRARY, LM) == pytest.approx(2.2 + 0.3)


def test_without_the_parents_own_value_there_is_no_place() -> None:
    """Nothing is guessed."""
    odd = make_library([[(1, 4)], [(2, 4)]], keys=(LM, MEMORY))
    assert point(lm=1.4).on_sum(odd, LM) is None
    assert point().on_sum(LIBRARY, KL) is None
    assert point(kl=float("nan")).on_sum(LIBRARY, KL) is None


def test_throughput_comes_from_the_runtime_where_it_is_not_given() -> None:
    """Batch size x sequence length / runtime, as everywhere; what is given goes first."""
    assert point(runtime=10).use(LIBRARY, THROUGHPUT) == 10_000
    assert point(runtime=10, throughput=7).use(LIBRARY, THROUGHPUT) == 7
    assert point(memory=3).use(LIBRARY, MEMORY) == 3
    assert point(memory=3).use(LIBRARY, RUNTIME) is None

"""A share of the comparison with a MIP solver and brute force; the module runs all of it."""

from __future__ import annotations

import pytest

from tests.search.agreement import compare
from tests.support.instances import KINDS


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_mip_solver_finds_nothing_better(kind: str) -> None:
    """Never worse than the MIP solver or brute force, never infeasible where it is not."""
    wrong = [v for seed in range(8) if (v := compare(kind, 1000 + seed)).ours]
    assert not wrong


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_reference_finds_nothing_better(kind: str) -> None:
    """The readable search and the kernel give the same optimum, or none."""
    wrong = [v for seed in range(60) if (v := compare(kind, 3000 + seed, other="reference")).ours]
    assert not wrong


@pytest.mark.parametrize("kind", KINDS)
def test_brute_force_finds_nothing_better(kind: str) -> None:
    """The same on more instances, against all choices where these can be tried."""
    wrong = [v for seed in range(6) if (v := compare(kind, 2000 + seed, other="none")).ours]
    assert not wrong


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_brute_force_finds_nothing_better_in_five_thousand(kind: str) -> None:
    """The same on over 5,000 instances in all; what is too large for it has to be sound."""
    each = -(-5000 // len(KINDS))
    wrong = [v for seed in range(each) if (v := compare(kind, 10_000 + seed, other="none")).ours]
    assert not wrong

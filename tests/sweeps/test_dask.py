"""Sweeps on a Dask cluster: the same answers, through the executor that Dask's client gives."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from typing import Any

import numpy as np
import pytest

import puzzle_widgets as pw
from tests.support.libraries import EMBEDDED, MEMORY

distributed = pytest.importorskip("distributed", reason="Dask is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # Dask's own warnings
KL, POINTS = "metrics.kl_div", 8


@pytest.fixture(scope="module")
def cluster() -> Iterator[Executor]:
    """Two processes of this machine, as a cluster's nodes would be."""
    with (
        distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as nodes,
        distributed.Client(nodes) as client,
    ):
        yield client.get_executor()


@pytest.fixture(scope="module")
def problem() -> pw.SearchProblem:
    """The embedded 70B library, free of budgets."""
    return pw.SearchProblem(pw.load_library(EMBEDDED), minimize=KL)


def test_a_front_is_the_same(cluster: Executor, problem: pw.SearchProblem) -> None:
    """With progress from point to point."""
    seen: list[int] = []
    front = pw.pareto_front(
        problem, MEMORY, POINTS, executor=cluster, progress=lambda one: seen.append(one.done)
    )
    alone = pw.pareto_front(problem, MEMORY, POINTS)
    assert [one.architecture for one in front] == [one.architecture for one in alone]
    assert [one.status for one in front] == ["optimal"] * len(alone)
    assert seen == list(range(1, POINTS + 1))


def test_a_surface_and_a_map_are_the_same(cluster: Executor, problem: pw.SearchProblem) -> None:
    """Cell by cell and row by row."""
    surface, alone = (
        pw.budget_surface(problem, points=(5, 4), executor=where) for where in (cluster, None)
    )
    np.testing.assert_array_equal(surface.scores, alone.scores)
    assert surface.statuses == alone.statuses
    decisions, own = (
        pw.decision_map(problem, points=5, executor=where) for where in (cluster, None)
    )
    np.testing.assert_array_equal(decisions.choices, own.choices)


def test_sensitivity_is_the_same(cluster: Executor, problem: pw.SearchProblem) -> None:
    """Sample by sample; and a cancel ends it."""
    limited = problem.with_budget(MEMORY, upper=80_000)
    found = pw.sensitivity(limited, samples=120, executor=cluster)
    alone = pw.sensitivity(limited, samples=120)
    np.testing.assert_array_equal(found.choices, alone.choices)
    np.testing.assert_array_equal(found.scores, alone.scores)
    told: list[int] = []
    how: dict[str, Any] = {"progress": told.append, "cancelled": lambda: bool(told)}
    part = pw.sensitivity(limited, samples=50_000, executor=cluster, **how)
    assert part.samples < 50_000

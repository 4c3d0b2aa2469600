"""Several architectures that differ from one another."""

from __future__ import annotations

from itertools import combinations

import pytest

import puzzle_widgets as pw
from tests.support.libraries import LOSS, MEMORY, best_score, golden, make_library, published_folder


def test_each_is_the_best_that_differs_enough() -> None:
    """Pairwise differences hold, and each optimum is that of brute force."""
    library = pw.random_library(5, 4, 3)
    problem = pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: "60 %"})
    calls: list[tuple[int, int]] = []
    found = pw.search_diverse(problem, 4, 2, progress=lambda *done: calls.append(done))
    assert (len(found), found.asked, found.reason) == (4, 4, "")
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]
    for one, other in combinations(found, 2):
        assert len(one.differing_layers(other)) >= 2
    rest = problem
    for solution in found:
        assert solution.status == "optimal"
        assert solution.score == pytest.approx(best_score(rest), rel=1e-9)
        assert solution.architecture is not None
        rest = rest.with_difference(solution.architecture, 2)
    assert [s.score for s in found] == sorted(s.score for s in found)
    assert found[:2] == found.solutions[:2]
    assert found[-1] is found.solutions[-1]


def test_fewer_than_asked_is_said() -> None:
    """Two layers of two variants have two architectures that differ everywhere."""
    library = make_library([[(0, 1, 1), (1, 1, 1)], [(0, 1, 1), (2, 1, 1)]])
    found = pw.search_diverse(pw.SearchProblem(library, minimize=LOSS), 5, 2)
    assert [solution.score for solution in found] == [0, 3]
    assert found.reason.startswith("2 of 5 solutions found. No architecture meets all limits")


def test_none_at_all_is_said_with_the_reason() -> None:
    """An infeasible problem has no solutions to differ."""
    library = make_library([[(0, 5, 1)]])
    found = pw.search_diverse(pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: 4}), 2, 1)
    assert len(found) == 0
    assert found.reason == (
        "0 of 2 solutions found. Memory of at most 4 MiB is asked, but the least possible is 5 MiB."
    )


@pytest.mark.parametrize(("n", "layers"), [(0, 1), (-1, 1), (2, -1)])
def test_senseless_wishes_are_refused(n: int, layers: int) -> None:
    """No solutions, or a negative difference, make no sense."""
    problem = pw.SearchProblem(make_library([[(0, 5, 1), (1, 1, 1)]]), minimize=LOSS)
    with pytest.raises(pw.ProblemError):
        pw.search_diverse(problem, n, layers)


@pytest.mark.published
def test_known_diverse_optima_of_the_published_library() -> None:
    """Four solutions at 85 % of memory and runtime that differ in at least 20 layers."""
    library = pw.load_library(published_folder())
    known = golden()["diverse"]["optima"]
    share = {"stats.memory_mib": "85 %", "stats.runtime_ms": "85 %"}
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets=share)
    found = pw.search_diverse(problem, len(known), 20)
    assert [s.score for s in found] == pytest.approx(known, abs=1e-6)
    assert {s.status for s in found} == {"optimal"}
    for one, other in combinations(found, 2):
        assert len(one.differing_layers(other)) >= 20

"""Budgets beside costs that stand for "did not fit", as people's sheets have them."""

from __future__ import annotations

import pytest

import puzzle_widgets as pw
from puzzle_widgets.search.mip import available_solvers
from tests.support.libraries import LOSS, RUNTIME, make_library

AS_IT_STANDS = "layer,variant,parent,kl,runtime (ms)"
DOCUMENTED = "layer,variant,parent,metrics.kl_div,stats.runtime_ms"
HAS_CBC = any(name in available_solvers() for name in ("PULP_CBC_CMD", "COIN_CMD"))
solvers = pytest.mark.parametrize(
    "solver",
    ["exact", "HiGHS", pytest.param("CBC", marks=pytest.mark.skipif(not HAS_CBC, reason="no CBC"))],
)


def opened(head: str, sentinel: str) -> pw.BlockLibrary:
    """Open two layers; the first has a variant that scores well and whose runtime is no time."""
    rows = ["0,whole,x,0,10.0", "0,thin,,1,4.0", f"0,broad,,0.5,{sentinel}"]
    rows += ["1,whole,x,0,10.05", "1,thin,,1,5.0"]
    try:
        return pw.load_files({"sheet.csv": "\n".join([head, *rows]).encode()})
    except pw.LibraryError as error:
        if head == AS_IT_STANDS and any(word in str(error) for word in ("'kl'", "'runtime")):
            pytest.skip(f"refused in words that fit: {error}")
        raise


def best(library: pw.BlockLibrary, solver: str) -> pw.Solution:
    """The best architecture within 14.9 ms."""
    problem = pw.SearchProblem(library, minimize=library.scores[0], budgets={RUNTIME: 14.9})
    return pw.search(problem, solver=solver)


@solvers
@pytest.mark.parametrize("head", [AS_IT_STANDS, DOCUMENTED])
def test_sent_1_a_huge_cost_gives_no_slack(head: str, solver: str) -> None:
    """A cost of 1e13 in one block does not let others overspend by 10 ms."""
    found = best(opened(head, "1e13"), solver)
    assert (found.status, found.score) == ("optimal", 1.0)
    assert found.runtime_ms == pytest.approx(14.05)


@solvers
@pytest.mark.parametrize("head", [AS_IT_STANDS, DOCUMENTED])
def test_sent_4_a_huge_negative_cost_gives_no_slack(head: str, solver: str) -> None:
    """Left out, or taken as it is: never an architecture of 20 ms without that block."""
    found = best(opened(head, "-1e13"), solver)
    assert found.status == "optimal"
    assert (found.score, round(found.runtime_ms or 0, 9)) in [(1.0, 14.05), (0.5, -1e13 + 10.05)]


@solvers
@pytest.mark.parametrize("sentinel", [1e13, 1e18, -1e13, -1e18])
def test_sent_the_same_in_libraries_of_ones_own(sentinel: float, solver: str) -> None:
    """Where nothing leaves the block out, its cost counts as it is."""
    first = [(0, 0, 10.0), (1, 0, 4.0), (0.5, 0, sentinel)]
    rows: list[list[tuple[float, ...]]] = [[*first], [(0, 0, 10.05), (1, 0, 5.0)]]
    problem = pw.SearchProblem(make_library(rows), minimize=LOSS, budgets={RUNTIME: 14.9})
    assert pw.search(problem, solver=solver).score == (1.0 if sentinel > 0 else 0.5)
    banned = problem.with_banned({0: ["v2"]})
    assert pw.search(banned, solver=solver).score == 1.0
    least = pw.SearchProblem(make_library(rows), maximize=LOSS, budgets={RUNTIME: (19.0, None)})
    # Slowest first: without the huge block, 20.05 ms is the only way.
    assert pw.search(least, solver=solver).score == (1.5 if sentinel > 0 else 0.0)

"""A checked answer: its figures, its words, and what it refuses."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.search.outcome import Outcome
from puzzle_widgets.solution.solution import evaluate, solution_of
from tests.support.libraries import EMBEDDED, LOSS, MEMORY, RUNTIME, make_library

LIBRARY = make_library([[(0, 10, 60), (1, 6, 40)], [(0, 20, 40), (2, 5, 10)]])
PROBLEM = pw.SearchProblem(LIBRARY, minimize=LOSS, budgets={MEMORY: 26})
BEST = pw.search(PROBLEM)


def test_figures_come_from_the_library() -> None:
    """Totals, shares, throughput (100 tokens) and speed-up of the one best architecture."""
    assert dict(BEST.architecture or {}) == {0: "v1", 1: "v0"}
    assert (BEST.status, BEST.score, BEST.bound, BEST.gap) == ("optimal", 1, 1, 0)
    assert BEST.totals == {LOSS: 1, MEMORY: 26, RUNTIME: 80}
    assert BEST.shares == {MEMORY: 26 / 30, RUNTIME: 0.8}
    assert (BEST.memory_mib, BEST.runtime_ms) == (26, 80)
    assert BEST.throughput == 1250
    assert BEST.speedup == 1.25
    assert [block.name for block in BEST.blocks] == ["v1", "v0"]
    assert BEST.library is LIBRARY
    assert BEST.seconds > 0


def test_the_parent_is_a_solution_too() -> None:
    """Whatever the budgets, the parent can be summed up beside the answer."""
    parent = pw.parent_solution(PROBLEM)
    assert (parent.status, parent.score, parent.speedup) == ("feasible", 0, 1)
    assert set(parent.shares.values()) == {1}
    assert BEST.differing_layers(parent) == [0]
    assert parent.differing_layers(parent) == []


def test_without_an_architecture_there_are_no_figures() -> None:
    """An infeasible answer has words and no numbers."""
    none = pw.search(PROBLEM.with_budget(MEMORY, upper=5))
    assert (none.status, none.found, none.blocks) == ("infeasible", False, ())
    assert not none.totals
    assert not none.shares
    assert math.isnan(none.score)
    assert math.isnan(none.gap)
    assert none.memory_mib is none.runtime_ms is none.throughput is none.speedup is None
    assert BEST.differing_layers(none) == []
    assert repr(none).startswith("Solution(infeasible: Memory of at most 5 MiB is asked")


def test_a_library_without_runtime_has_no_throughput() -> None:
    """What is not measured is unknown, not zero."""
    bare = make_library([[(1, 2)]], keys=[LOSS, "stats.x"])
    solution = pw.search(pw.SearchProblem(bare, minimize=LOSS))
    assert solution.throughput is solution.speedup is solution.memory_mib is None
    free = make_library([[(1, 2, 0)]])
    assert pw.search(pw.SearchProblem(free, minimize=LOSS)).speedup == math.inf


def test_an_architecture_that_breaks_a_rule_is_never_returned() -> None:
    """Neither an engine's choice nor a given architecture gets past budgets and rules."""
    overspent = Outcome("optimal", np.array([0, 2]), 0.0, 0.0, "careless")
    with pytest.raises(pw.SolverError, match=r"breaks stats\.memory_mib"):
        solution_of(PROBLEM, overspent, 0.1)
    with pytest.raises(pw.SolverError, match=r"breaks stats\.memory_mib"):
        evaluate(PROBLEM, {0: "v0", 1: "v0"})
    fixed = pw.SearchProblem(LIBRARY, minimize=LOSS, fixed={0: "v1"})
    with pytest.raises(pw.SolverError, match="a fixed or banned variant"):
        evaluate(fixed, {0: "v0", 1: "v0"})


def test_a_given_architecture_is_not_called_optimal() -> None:
    """Without a search there is no bound and no proof."""
    given = evaluate(PROBLEM, {0: "v1", 1: "v1"})
    assert (given.status, given.score) == ("feasible", 3)
    assert math.isnan(given.bound)


def test_solutions_maximize_too() -> None:
    """Bound and gap have the sense of the goal."""
    most = pw.search(pw.SearchProblem(LIBRARY, maximize=LOSS, budgets={RUNTIME: (60, None)}))
    assert (most.score, most.bound, most.status) == (2, 2, "optimal")
    open_ = replace(most, status="feasible", bound=3.0)
    assert open_.gap == 0.5


def test_solutions_can_be_pickled_and_shown() -> None:
    """A process pool sends them; a notebook prints them."""
    assert pickle.loads(pickle.dumps(BEST)) == BEST  # noqa: S301
    assert repr(BEST).startswith("Solution(optimal, proven: metrics.loss 1.000000, bound 1.000000")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"gap": -0.1}, "gap=-0.1"),
        ({"gap": math.nan}, "gap=nan"),
        ({"time_limit": 0}, "time_limit=0"),
        ({"time_limit": -1.0}, r"time_limit=-1\.0"),
        ({"time_limit": math.nan}, "time_limit=nan"),
    ],
)
def test_senseless_options_are_refused(options: dict[str, float], words: str) -> None:
    """Gap and time limit are checked before any solver runs."""
    with pytest.raises(pw.ProblemError, match=words):
        pw.search(PROBLEM, **options)  # type: ignore[arg-type]


def test_shadow_prices_are_said_with_their_units() -> None:
    """The score saved per MiB is near to what a little more memory saves; no engine, no price."""
    library = pw.load_library(EMBEDDED)

    def best(limit: float, **how: str) -> pw.Solution:
        problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets={MEMORY: limit})
        return pw.search(problem, **how)  # type: ignore[arg-type]

    solution, richer = best(60_000), best(62_000)
    saved = (solution.score - richer.score) / 2_000
    assert solution.shadow_prices[MEMORY] == pytest.approx(saved, rel=0.2)
    assert list(solution.shadow_prices) == [MEMORY]
    assert not best(60_000, solver="HiGHS").shadow_prices

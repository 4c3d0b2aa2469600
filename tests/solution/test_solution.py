"""A checked answer: its figures, its words and notes, and what it refuses."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import SubBlock
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


NO_OP, SIZED = SubBlock("no_op"), SubBlock("other")


def small(*, attention: bool = True, ffn: bool = True) -> pw.BlockLibrary:
    """Three layers: the parent's block, a smaller one, and one with no-ops that costs nothing."""
    rows = [[(0.0, 400.0, 4.0), (1.0, 200.0, 3.0), (9.0, 0.0, 0.0)] for _ in range(3)]
    subblocks = (NO_OP if attention else SIZED, NO_OP if ffn else SIZED)
    library = make_library(rows)
    layers = tuple(
        replace(
            layer,
            variants=(
                *layer.variants[:2],
                replace(layer.variants[2], attention=subblocks[0], ffn=subblocks[1]),
            ),
        )
        for layer in library.layers
    )
    return replace(library, layers=layers)


def notes(library: pw.BlockLibrary | None = None, **budgets: Any) -> str:
    """Notes of the best architecture, as one text."""
    limits = {f"stats.{key}": limit for key, limit in budgets.items()}
    problem = pw.SearchProblem(library or small(), minimize=LOSS, budgets=limits)
    return " ".join(map(str, pw.search(problem).notes))


def test_an_ordinary_answer_has_none() -> None:
    """Nothing is said where nothing is odd."""
    assert notes(memory_mib="70 %") == ""


def test_no_ops_everywhere_are_told() -> None:
    """All of a subblock, or both subblocks, and what is then 0."""
    both = notes(memory_mib="1 %")
    assert "Every layer is a no-op" in both
    assert "0 or less in Memory, Runtime" in both
    assert "Attention is a no-op in every layer" in notes(small(ffn=False), memory_mib="1 %")
    assert "FFN is a no-op in every layer" in notes(small(attention=False), memory_mib="1 %")


def test_a_budget_that_looks_like_a_share_names_the_share() -> None:
    """0.85 MiB where the parent uses 1,200: "85 %" was meant, most likely."""
    assert '"85 %"' in notes(memory_mib=0.85)
    assert '"100 %"' in notes(memory_mib=1)
    assert "%" not in notes(memory_mib=2)
    assert "%" not in notes(runtime_ms=1.2)  # the parent has 12 ms: a figure like any other
    tiny = make_library([[(0.0, 81.0, 4.0), (1.0, 0.0, 3.0)]])  # a model of 2 million parameters
    assert '"85 %"' in notes(tiny, memory_mib=0.85)
    infeasible = make_library([[(0.0, 400.0, 4.0)]])
    assert '"50 %"' in notes(infeasible, memory_mib=0.5)


def test_a_budget_below_any_block_of_use_is_told() -> None:
    """Only what costs nothing fits; with something outside the blocks, that counts."""
    assert "the least is 200 MiB" in notes(memory_mib=150)
    assert "the least is" not in notes(memory_mib=200)
    outside = replace(small(), non_block_costs=type(small().non_block_costs)({MEMORY: 100.0}))
    assert "the least is 300 MiB" in notes(outside, memory_mib=250)


def test_the_parent_itself_is_told() -> None:
    """No budget, or one that the parent keeps."""
    assert "the parent itself" in notes()
    assert "the parent itself" in notes(memory_mib="100 %")


def levels(found: pw.Solution) -> dict[str, str]:
    """Level of each note, by its first word."""
    return {note.text.split()[0]: note.level for note in found.notes}


def test_a_degenerate_answer_warns_and_an_odd_one_informs() -> None:
    """A model of no-ops is warned of; that the parent is best is only good to know."""
    empty = pw.search(pw.SearchProblem(small(), minimize=LOSS, budgets={MEMORY: "1 %"}))
    assert empty.status == "optimal"
    assert empty.warned
    assert levels(empty)["Every"] == "warning"
    parent = pw.search(pw.SearchProblem(small(), minimize=LOSS))
    assert levels(parent) == {"This": "info"}
    assert not parent.warned


def test_speed_without_end_is_warned_of() -> None:
    """A runtime of 0 or less is no measurement, even where the parent's is none."""
    for runtime in (0.0, -1.0):
        library = make_library([[(1.0, 5.0, runtime), (0.0, 4.0, runtime)]])
        found = pw.search(pw.SearchProblem(library, minimize=LOSS))
        assert "sums to 0 or less in Runtime" in " ".join(map(str, found.notes))
        assert found.warned


def test_a_score_beyond_single_replacements_is_told() -> None:
    """Three no-ops sum to 27 where one alone scores 9; also where more is better."""
    assert "27.000000 worse than the parent's" in notes(memory_mib="1 %")
    assert "worse than" not in notes(memory_mib="60 %")
    rows = [[(8.0, 4.0), (5.0, 0.0)]] * 2
    library = make_library(rows, keys=["metrics.acc", MEMORY])
    found = pw.search(pw.SearchProblem(library, maximize="metrics.acc", budgets={MEMORY: 0}))
    assert "6.000000 worse than the parent's" in " ".join(map(str, found.notes))


@pytest.mark.parametrize("ties", ["none", "settled", "unproven"])
def test_ties_left_open_are_told(ties: Any) -> None:
    """Only of an optimum whose rule could not be proven."""
    problem = pw.SearchProblem(small(), minimize=LOSS, budgets={MEMORY: "70 %"})
    found = replace(pw.search(problem), ties=ties)
    assert ("may score the same" in " ".join(map(str, found.notes))) == (ties == "unproven")
    given = evaluate(problem, {0: "v0", 1: "v1", 2: "v1"})
    assert given.notes == ()


def test_ties_out_of_time_are_told_and_the_score_stays_proven() -> None:
    """Cancelled from the start, some scores are proven by the bound alone; their ties are open."""
    open_ties = 0
    for seed in range(20):
        draws = np.random.default_rng(seed).uniform(0, (4, 8, 8), (6, 5, 3))
        problem = pw.SearchProblem(
            make_library(np.floor(draws).tolist()), minimize=LOSS, budgets={MEMORY: 16, RUNTIME: 20}
        )
        found, whole = pw.search(problem, cancelled=lambda: True), pw.search(problem)
        assert whole.ties != "unproven"
        if found.status == "optimal" and found.ties == "unproven":
            open_ties += 1
            assert found.score == whole.score
            assert any("could not be proven" in said.text for said in found.notes)
    assert open_ties


def test_a_throughput_that_looks_like_a_share() -> None:
    """0.85 tokens/s is asked of nobody: the note names the share in percent."""
    library = pw.load_library("llama-3.3-70b-modeled")
    asked = pw.SearchProblem(library, minimize="metrics.kl_div", throughput=0.85)
    said = " ".join(map(str, pw.search(asked).notes))
    assert "at least 0.85 tokens/s is asked, where the parent has 4,947" in said
    assert '"85 %"' in said
    real = pw.SearchProblem(library, minimize="metrics.kl_div", throughput="120 %")
    assert "tokens/s" not in " ".join(map(str, pw.search(real).notes))


def test_a_throughput_beyond_any_block_of_use_is_told_as_one() -> None:
    """In tokens/s, never as a runtime."""
    library = make_library([[(0.0, 81.0, 4.0), (1.0, 0.0, 0.0)]])
    found = pw.search(pw.SearchProblem(library, minimize=LOSS, throughput=50_000))
    assert found.warned
    (said,) = [str(note) for note in found.notes if "asked" in str(note)]
    assert said.endswith("more than with any block that takes time: the most is 2.5e+04.")

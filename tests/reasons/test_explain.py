"""Explanations: next steps and conflicts as by trying every architecture."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import puzzle_widgets as pw
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.problem.budget_rows import limits_of
from puzzle_widgets.reasons.steps import End
from puzzle_widgets.solution.optimum import search_without_reason
from tests.support.libraries import (
    EMBEDDED,
    LOSS,
    MEMORY,
    RUNTIME,
    architectures,
    best_score,
    keeps,
    make_library,
    published_folder,
    random_rows,
)

KINDS = ("uniform", "ties", "negative", "zero")


def some_problem(seed: int, kind: str, goal: Goal, share: float, side: str) -> pw.SearchProblem:
    """A small problem with one limit on the memory and one on the runtime."""
    library = make_library(random_rows(np.random.default_rng(seed), kind))
    budgets: dict[str, Any] = {}
    for key in (MEMORY, RUNTIME):
        least, most = library.total_range(key)
        at = least + share * (most - least)
        budgets[key] = at if key == RUNTIME or side == "at most" else (at, None)
    return pw.SearchProblem.of(library, goal, LOSS, budgets=budgets)


def nearest_better(solution: pw.Solution, end: End) -> float:
    """The memory or runtime of the nearest architecture of a better score; NaN without one."""
    free, sign = end.moved(solution.problem, math.inf), solution.problem.sign
    margin = 1e-9 * max(abs(solution.score), 1e-9)
    sums = [
        totals[end.key]
        for totals in (
            free.library.totals(a) for a in architectures(free.library) if keeps(free, a)
        )
        if sign * (solution.score - totals[LOSS]) > margin
    ]
    return end.side * min((end.side * one for one in sums), default=math.nan)


@example(71974, "negative", "maximize", 0.375, "at least")
@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(KINDS),
    goal=st.sampled_from(["minimize", "maximize"]),
    share=st.floats(0.2, 0.95),
    side=st.sampled_from(["at most", "at least"]),
)
def test_next_steps_are_those_of_brute_force(
    seed: int, kind: str, goal: Goal, share: float, side: str
) -> None:
    """The nearest limit at which something scores better, and what is left just below the use."""
    problem = some_problem(seed, kind, goal, share, side)
    solution = pw.search(problem)
    if not solution.found:
        return
    for one in pw.explain(solution, exact=True).budgets:
        held = problem.budgets[one.resource]
        row = next(row for row in limits_of(problem.library, held) if row.sense == one.sense)
        end = End.of(problem.library, row)
        expected = nearest_better(solution, end)
        assert one.more is not None
        assert one.less is not None
        assert one.more.exact
        if math.isnan(expected):
            assert one.more.limits == ()
        else:
            assert one.more.limits[0] == pytest.approx(expected, rel=1e-9, abs=1e-9)
            best = best_score(end.moved(problem, one.more.limits[0]))
            assert one.more.gain == pytest.approx(problem.sign * (solution.score - best))
            assert one.more.gain > 0
        beyond = one.use - end.side * 1e-6 * max(abs(one.use), 1.0)
        left = best_score(end.moved(problem, beyond))
        if math.isnan(left):
            assert "leaves no architecture" in one.less.words
        else:
            assert one.less.gain == pytest.approx(problem.sign * (solution.score - left), abs=1e-7)


def test_brackets_hold_the_exact_step() -> None:
    """Without ``exact`` the step is between the two ends, and the far end's gain is real."""
    for seed in range(12):
        solution = pw.search(some_problem(seed, "uniform", "minimize", 0.5, "at most"))
        if not solution.found:
            continue
        pairs = zip(
            pw.explain(solution).budgets, pw.explain(solution, exact=True).budgets, strict=True
        )
        for quick, exact in pairs:
            assert quick.more is not None
            assert exact.more is not None
            if exact.more.limits:
                near, far = quick.more.limits
                assert near - 1e-9 <= exact.more.limits[0] <= far + 1e-9


def test_a_bracket_that_is_not_exact_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """With no time at all a better architecture is still known: the one without the limit."""
    monkeypatch.setattr("puzzle_widgets.reasons.steps._QUICK", 1e-9)
    library = pw.load_library(EMBEDDED)
    budgets = {MEMORY: "60 %", RUNTIME: "75 %", "stats.num_params": "70 %"}
    solution = pw.search(pw.SearchProblem(library, minimize="metrics.kl_div", budgets=budgets))
    steps = [one.more for one in pw.explain(solution).budgets if one.more is not None]
    assert not all(step.exact for step in steps)
    for step in steps:
        if not step.exact:
            assert "may do" in step.words or "not found in time" in step.words


def test_prices_are_told_in_round_amounts() -> None:
    """Memory in GiB, runtime in seconds, throughput in tokens/s, each the way that helps."""
    library = pw.load_library(EMBEDDED)
    problem = pw.SearchProblem(
        library, minimize="metrics.kl_div", budgets={MEMORY: "60 %"}, throughput="150 %"
    )
    memory, speed = pw.explain(pw.search(problem), steps=False).budgets
    price = memory.price
    assert price > 0
    assert memory.price_words == (
        "Memory: 1 GiB more lowers the summed KL divergence by about "
        f"{1024 * price:.4g} (shadow price)."
    )
    assert speed.price_words.startswith("Throughput: 100 tokens/s less lowers the summed KL")
    assert (memory.more, memory.less) == (None, None)


def test_budgets_that_bind_come_first() -> None:
    """With what is left of each, in the unit in which it was stated."""
    library = pw.load_library("stdlib-2m-measured")
    problem = pw.SearchProblem(
        library,
        minimize="metrics.kl_div",
        budgets={RUNTIME: "95 %", MEMORY: "50 %"},
    )
    found = pw.explain(pw.search(problem))
    assert [one.resource for one in found.budgets] == [MEMORY, RUNTIME]
    assert [one.label for one in found.binding] == ["Memory"]
    free = found.budgets[1]
    assert free.slack == free.limit - free.use > 0
    assert free.more is not None
    assert free.more.words == (
        "Runtime: no looser limit changes anything; the optimum without it is the same."
    )
    frame = pw.to_frame(found)
    assert frame["binds"].tolist() == [True, False]
    assert frame["loosened_exact"].all()


def test_maximizing_raises() -> None:
    """Words follow the goal."""
    library = make_library([[(0, 5, 1), (4, 9, 1)], [(0, 5, 2), (7, 9, 1)]])
    problem = pw.SearchProblem(library, maximize=LOSS, budgets={MEMORY: 15})
    (memory,) = pw.explain(pw.search(problem)).budgets
    assert memory.more is not None
    assert list(memory.more.limits) == [18, 18]
    assert memory.more.words == (
        "Memory: 3 MiB more, a limit of 18 MiB, raises the summed loss by 4: "
        "layer 0: block from 'v0' to 'v1'."
    )
    assert memory.less is not None
    assert "lowers the summed loss by 7" in memory.less.words


def test_without_budgets_nothing_holds_back() -> None:
    """Said in a sentence; there is nothing to move."""
    problem = pw.SearchProblem(make_library([[(0, 5, 1)]]), minimize=LOSS)
    found = pw.explain(pw.search(problem))
    assert found.budgets == ()
    assert "No budget is set" in found.text


def test_an_answer_without_prices_gets_them() -> None:
    """As a saved one, or one by another solver."""
    library = pw.load_library("stdlib-2m-measured")
    budgets = {MEMORY: "50 %"}
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets=budgets)
    found = pw.explain(pw.search(problem, solver="HiGHS"), steps=False)
    assert found.budgets[0].price > 0


def test_an_unproven_answer_has_no_steps() -> None:
    """Only a proven optimum changes for a reason."""
    library = pw.load_library(EMBEDDED)
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets={MEMORY: "60 %"})
    loose = pw.search(problem, gap=0.5)
    assert loose.status == "feasible"
    (memory,) = pw.explain(loose).budgets
    assert (memory.more, memory.less) == (None, None)
    stopped = search_without_reason(problem, cancelled=lambda: True)
    if not stopped.found:
        assert pw.explain(stopped).budgets == ()


def test_what_is_no_solution_is_refused() -> None:
    """With what to do."""
    problem = pw.SearchProblem(make_library([[(0, 5, 1)]]), minimize=LOSS)
    with pytest.raises(pw.ProblemError, match=r"Search first: explain\(search\(problem\)\)"):
        pw.explain(problem)  # type: ignore[arg-type]


def demands_of(problem: pw.SearchProblem) -> list[tuple[str, pw.SearchProblem]]:
    """Each limit and rule of a problem, with the problem without it."""
    found = []
    for key, budget in problem.budgets.items():
        for row in limits_of(problem.library, budget):
            words = problem.library.quantity(key).limit(row.sense, row.value)
            found.append((words, End.of(problem.library, row).moved(problem, math.inf)))
    return found


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.0, 0.6))
def test_conflicts_are_irreducible(seed: int, share: float) -> None:
    """They cannot hold together, and without any one of them the rest can."""
    rng = np.random.default_rng(seed)
    library = make_library(random_rows(rng, "uniform"))
    budgets: dict[str, Any] = {}
    for key in (MEMORY, RUNTIME, LOSS):
        least, most = library.total_range(key)
        low, high = sorted(rng.uniform(least, most, 2))
        budgets[key] = (low, None) if rng.random() < share else (None, low + share * (high - low))
    problem = pw.SearchProblem(library, minimize=LOSS, budgets=budgets)
    if not math.isnan(best_score(problem)):
        return
    conflict = pw.explain(pw.search(problem)).conflict
    assert conflict is not None
    assert conflict.proven
    named = dict(demands_of(problem))
    assert set(conflict.demands) <= set(named)

    def only(words: tuple[str, ...]) -> pw.SearchProblem:
        asked = problem
        for key, budget in problem.budgets.items():
            for row in limits_of(library, budget):
                if library.quantity(key).limit(row.sense, row.value) not in words:
                    asked = End.of(library, row).moved(asked, math.inf)
        return asked

    assert math.isnan(best_score(only(conflict.demands)))
    for fewer in combinations(conflict.demands, len(conflict.demands) - 1):
        assert not math.isnan(best_score(only(fewer)))


def test_rules_in_a_conflict_are_named_by_layer() -> None:
    """Only the layers that matter, with what makes it feasible."""
    library = make_library([[(0, 5, 1), (1, 1, 1)]] * 4)
    problem = pw.SearchProblem(
        library,
        minimize=LOSS,
        budgets={MEMORY: 14, RUNTIME: 100},
        fixed={0: "v0", 2: "v0"},
        banned={1: ["v1"], 3: ["v0"]},
    )
    found = pw.explain(pw.search(problem))
    assert found.conflict is not None
    assert found.conflict.text == (
        "These cannot all hold: Memory ≤ 14 MiB; the blocks fixed in layers 0, 2; "
        "the blocks banned in layer 1. Without any one of them, the others of these can."
    )
    assert "Raise the limit on memory to 16 MiB (2 MiB more)." in found.sentences
    assert any(said.startswith("Lift the rules in layer ") for said in found.sentences)


def test_differences_may_conflict() -> None:
    """Two variants a layer cannot differ from both in every layer."""
    library = make_library([[(0, 5, 1), (1, 1, 1)]] * 2)
    free = pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: 20})
    problem = free.with_difference({0: "v0", 1: "v0"}, 2).with_difference({0: "v1", 1: "v1"}, 1)
    conflict = pw.explain(pw.search(problem)).conflict
    assert conflict is not None
    assert conflict.demands == (
        "difference 1 (at least 2 layers)",
        "difference 2 (at least 1 layers)",
    )


def test_what_cannot_be_met_alone_is_said_so() -> None:
    """One demand, and nothing about others."""
    problem = pw.SearchProblem(make_library([[(0, 5, 1)]]), minimize=LOSS, budgets={MEMORY: 4})
    found = pw.explain(pw.search(problem))
    assert found.text == (
        "This alone cannot be met: Memory ≤ 4 MiB. Each of these alone makes it feasible: "
        "Raise the limit on memory to 5 MiB (1 MiB more)."
    )


def test_time_that_ends_is_said() -> None:
    """A cancel leaves a conflict that may be larger than needed."""
    library = make_library([[(0, 5, 1), (1, 1, 1)]] * 2)
    problem = pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: 1, RUNTIME: 5})
    solution = pw.search(problem)
    conflict = pw.explain(solution, cancelled=lambda: True).conflict
    assert conflict is not None
    assert not conflict.proven
    assert "some of them may not be needed" in conflict.text


@pytest.mark.published
def test_the_published_library_is_explained() -> None:
    """At 60 % of the parent's runtime the next step is 0.15 ms away."""
    library = pw.load_library(published_folder())
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets={RUNTIME: "60 %"})
    (runtime,) = pw.explain(pw.search(problem)).budgets
    assert runtime.more is not None
    assert runtime.more.exact
    assert runtime.more.limits[0] == pytest.approx(39214.8247, abs=1e-3)
    assert runtime.more.gain == pytest.approx(0.005109, abs=1e-6)
    assert runtime.price * 1000 == pytest.approx(0.5068, abs=1e-3)


def test_looser_steps_alone_are_those_that_help() -> None:
    """The same as among all of them, for what binds; nothing else is searched."""
    library = make_library([[(0, 5, 50), (2, 3, 40), (6, 1, 10)], [(0, 5, 50), (3, 2, 45)]])
    problem = pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: 6.5, RUNTIME: 1000})
    solution = pw.search(problem)
    every, some = pw.explain(solution), pw.explain(solution, steps="looser")
    (memory,) = some.binding
    assert memory.more is not None
    assert every.binding[0].more is not None
    assert memory.more.words == every.binding[0].more.words
    assert every.binding[0].less is not None
    (runtime,) = (one for one in some.budgets if not one.binds)
    assert (memory.less, runtime.more, runtime.less) == (None, None, None)
    assert [one.price_words for one in some.budgets] == [one.price_words for one in every.budgets]

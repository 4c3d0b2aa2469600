"""The least changes that make an infeasible problem feasible."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping
from puzzle_widgets.solution import least_change
from puzzle_widgets.solution.least_change import Change, least_changes
from tests.support.libraries import (
    EMBEDDED,
    LOSS,
    MEMORY,
    RUNTIME,
    architectures,
    keeps,
    make_library,
    random_rows,
)

LIBRARY = make_library([[(0, 10, 60), (1, 6, 70)], [(0, 20, 40), (2, 5, 90)]])


def changes(library: pw.BlockLibrary = LIBRARY, **rules: Any) -> tuple[Change, ...]:
    """Give the changes that a search of an infeasible problem offers."""
    solution = pw.search(pw.SearchProblem(library, minimize=LOSS, **rules))
    assert solution.status == "infeasible"
    return solution.changes


def test_each_of_two_limits_that_clash_is_loosened_as_little_as_helps() -> None:
    """Memory to what the runtime leaves, or the runtime to what memory leaves."""
    assert changes(budgets={MEMORY: 12, RUNTIME: 110}) == (
        Change(pw.Budget(MEMORY, upper=26)),
        Change(pw.Budget(RUNTIME, upper=160)),
    )


def test_a_lower_limit_is_lowered() -> None:
    """The most that the others leave."""
    assert changes(budgets={MEMORY: (27, None), RUNTIME: (105, None)}) == (
        Change(pw.Budget(MEMORY, lower=26)),
        Change(pw.Budget(RUNTIME, lower=100)),
    )


def test_limits_that_no_sum_hits_give_way_on_either_side() -> None:
    """Sums are 11, 15, 26 and 30: up to 26, or down to 15."""
    assert changes(budgets={MEMORY: (16, 25)}) == (
        Change(pw.Budget(MEMORY, upper=26)),
        Change(pw.Budget(MEMORY, lower=15)),
    )


def test_a_change_that_would_not_do_alone_is_not_offered() -> None:
    """Memory can be met in no way: raising the runtime helps nothing."""
    assert changes(budgets={MEMORY: 10, RUNTIME: 155}) == (Change(pw.Budget(MEMORY, upper=15)),)


def test_rules_are_lifted_in_the_fewest_layers() -> None:
    """One layer of two is enough; the fix of the other stays."""
    (limit, lift) = changes(budgets={MEMORY: 16}, fixed={0: "v0", 1: "v0"})
    assert limit == Change(pw.Budget(MEMORY, upper=30))
    assert dict(lift.lifted) == {1: "v1"}
    problem = pw.SearchProblem(LIBRARY, minimize=LOSS, fixed={0: "v0", 1: "v0"})
    assert lift.apply(problem).fixed == {0: "v0"}


def test_only_the_ban_that_matters_is_lifted() -> None:
    """Of a layer whose every variant is banned, one comes back."""
    (lift,) = changes(banned={0: ["v0", "v1"]})
    problem = pw.SearchProblem(LIBRARY, minimize=LOSS, banned={0: ["v0", "v1"], 1: ["v1"]})
    assert len(lift.lifted) == 1
    assert sum(map(len, lift.apply(problem).banned.values())) == 2


def test_a_feasible_answer_has_no_changes() -> None:
    """Nothing needs to be changed."""
    assert pw.search(pw.SearchProblem(LIBRARY, minimize=LOSS)).changes == ()


def test_what_is_found_before_a_stop_works_and_has_its_gap() -> None:
    """It is no less than the least, and no further from it than it says."""
    rng = np.random.default_rng(5)
    library = make_library(rng.uniform(1, 9, (9, 6, 3)).tolist())
    problem = pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: 25, RUNTIME: (60, None)})
    least = {_key(change): _end(change) for change in pw.search(problem).changes}
    assert set(least) == {MEMORY, RUNTIME}
    for change in least_changes(problem, lambda: True):
        assert pw.search(change.apply(problem)).found
        found = _end(change)
        assert abs(found - least[_key(change)]) <= change.gap * abs(found) + 1e-9


def test_a_change_that_is_hard_to_prove_is_near_the_least(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums of 80 layers come close to any number: which is the least takes long to prove."""
    monkeypatch.setattr(least_change, "_SECONDS_NEAR", 60.0)  # however busy the machine is
    library = pw.load_library(EMBEDDED)
    budgets: dict[str, Any] = {MEMORY: 30_000, "stats.num_params": (6e10, None)}
    problem = pw.SearchProblem(
        library, minimize="metrics.kl_div", budgets=budgets, throughput="140 %"
    )
    found = pw.search(problem).changes
    assert {_key(change) for change in found} == {MEMORY, "stats.num_params"}
    assert all(change.gap <= 0.01 for change in found)
    assert all(pw.search(change.apply(problem), gap=0.1).found for change in found)


def _key(change: Change) -> str:
    assert change.limit is not None
    return change.limit.resource


def _end(change: Change) -> float:
    assert change.limit is not None
    (end,) = _ends(change.limit)
    return end


def feasible(problem: pw.SearchProblem) -> bool:
    """By trying every architecture."""
    return any(keeps(problem, one) for one in architectures(problem.library))


def smaller(change: Change, problem: pw.SearchProblem) -> list[pw.SearchProblem]:
    """Problems with slightly less of a change."""
    if change.limit is None:
        pairs = list(change.lifted.items())
        less = combinations(pairs, len(pairs) - 1)
        return [Change(lifted=FrozenMapping(dict(kept))).apply(problem) for kept in less]
    step = 1e-6 * max(1.0, *(abs(v) for v in _ends(change.limit)))
    limit = change.limit
    return [
        Change(pw.Budget(limit.resource, limit.lower + step, limit.upper - step)).apply(problem)
    ]


def _ends(limit: pw.Budget) -> list[float]:
    return [end for end in (limit.lower, limit.upper) if math.isfinite(end)]


def random_problem(seed: int) -> pw.SearchProblem:
    """Draw limits that are often too tight, and rules."""
    rng = np.random.default_rng(seed)
    library = make_library(random_rows(rng, ("", "ties", "negative", "zero")[seed % 4]))
    budgets = {}
    for key in (MEMORY, RUNTIME):
        low, high = library.total_range(key)
        end = float(rng.uniform(low - 1, high + 1))
        budgets[key] = (
            pw.Budget(key, lower=end) if rng.random() < 0.3 else pw.Budget(key, upper=end)
        )
    chosen = [layer for layer in library.layers if rng.random() < 0.5]
    fixed = {la.name: str(rng.choice([v.name for v in la.variants])) for la in chosen}
    banned = {la.name: [la.variants[0].name] for la in library.layers if rng.random() < 0.3}
    return pw.SearchProblem(library, minimize=LOSS, budgets=budgets, fixed=fixed, banned=banned)


@pytest.mark.parametrize("seed", range(120))
def test_each_change_works_and_less_of_it_does_not(seed: int) -> None:
    """By brute force, on small libraries of all kinds, with limits and rules."""
    problem = random_problem(seed)
    found = pw.search(problem)
    assert (found.status == "infeasible") == (not feasible(problem))
    for change in found.changes:
        assert change.gap == 0
        assert feasible(change.apply(problem))
        assert not any(feasible(less) for less in smaller(change, problem))


@pytest.mark.parametrize("seed", range(0, 120, 3))
def test_no_change_that_works_is_missed(seed: int) -> None:
    """A limit that helps when lifted is offered to be loosened; rules likewise."""
    problem = random_problem(seed)
    found = pw.search(problem)
    if found.status == "infeasible":
        limits = {change.limit.resource for change in found.changes if change.limit}
        assert limits == {key for key in problem.budgets if feasible(problem.with_budget(key))}
        bare = Change(lifted=FrozenMapping()).apply(problem)
        assert bare == problem
        free = pw.SearchProblem(problem.library, minimize=LOSS, budgets=problem.budgets)
        assert any(change.limit is None for change in found.changes) == feasible(free)

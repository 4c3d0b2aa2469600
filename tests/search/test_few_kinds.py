"""Rules that count kinds: the same as by trying every choice, whoever searches, and honest."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from puzzle_widgets.problem.mckp import FREE, IntArray, Kinds, Mckp
from puzzle_widgets.search.engine import Engine, settle, solve, solve_many
from puzzle_widgets.search.mip import MipOptions, solve_mip
from puzzle_widgets.search.options import Changes, SearchOptions, WarmStart
from puzzle_widgets.search.outcome import Outcome


def knapsack(seed: int, *, whole: bool, rules: int) -> Mckp:
    """Five layers of four, two rows, ties, and rules over some of the layers; whole scores tie."""
    rng = np.random.default_rng(seed)
    size, layers = 20, 5
    score = rng.integers(0, 4, size).astype(float) if whole else rng.uniform(0, 9, size)
    cost = rng.integers(1, 9, (2, size)).astype(float)
    upper = rng.uniform(0.3, 0.9) * cost.reshape(2, layers, 4).max(axis=2).sum(axis=1)
    kinds = []
    for place in range(rules):
        kind = rng.integers(0, 5, size)
        kind[rng.choice(layers, place, replace=False)[:, None] * 4 + np.arange(4)] = FREE
        kinds.append(Kinds(f"rule {place}", kind, int(rng.integers(2, 4))))
    return Mckp(
        score,
        np.arange(0, size + 1, 4),
        cost,
        np.full(2, -math.inf),
        upper,
        rng.random(size) < 0.9,
        ("one", "two"),
        rng.integers(0, 3, (2, size)).astype(float),
        tuple(kinds),
    )


def best_of(mckp: Mckp) -> IntArray | None:
    """By trying every choice: least score, then each of the ties, then the first."""
    spans = [range(a, b) for a, b in itertools.pairwise(mckp.starts.tolist())]
    found = []
    for some in itertools.product(*spans):
        choice = np.array(some)
        few = all(
            len({kind for kind in rule.kind[choice].tolist() if kind != FREE}) <= rule.most
            for rule in mckp.kinds
        )
        within = (mckp.cost[:, choice].sum(axis=1) <= mckp.upper).all()
        if few and within and mckp.allowed[choice].all():
            sums = [mckp.score[choice].sum(), *mckp.ties[:, choice].sum(axis=1)]  # type: ignore[index]
            found.append(([round(float(one), 9) for one in sums], choice.tolist()))
    return np.array(min(found)[1]) if found else None


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), whole=st.booleans(), rules=st.integers(1, 3))
def test_the_preferred_optimum_is_found(seed: int, whole: bool, rules: int) -> None:  # noqa: FBT001
    """By the kernel and the reference, cold and warm; infeasible where nothing keeps all."""
    mckp = knapsack(seed, whole=whole, rules=rules)
    best = best_of(mckp)
    engines: tuple[Engine, ...] = ("kernel", "reference")
    starts = [None] if best is None else [None, WarmStart(np.zeros(2), best)]
    for engine, start in itertools.product(engines, starts):
        found = solve(mckp, SearchOptions(settle=True, warm_start=start), engine)
        if best is None:
            assert (found.status, found.choice) == ("infeasible", None)
            continue
        assert (found.status, found.bound) == ("optimal", found.score)
        assert found.choice is not None
        assert found.choice.tolist() == best.tolist()
        assert found.ties in ("none", "settled")


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rules=st.integers(1, 3))
def test_a_mip_solver_finds_the_same(seed: int, rules: int) -> None:
    """Stated by a variable for each kind; its optimum is settled as any other."""
    mckp = knapsack(seed, whole=True, rules=rules)
    best = best_of(mckp)
    found = solve_mip(mckp, MipOptions("HiGHS"))
    if best is None:
        assert found.status == "infeasible"
        return
    assert found.status == "optimal"
    assert found.score == pytest.approx(mckp.score[best].sum())
    assert not mckp.broken(found.choice)  # type: ignore[arg-type]
    settled = settle(mckp, found, SearchOptions())
    assert settled.choice is not None
    assert settled.choice.tolist() == best.tolist()
    assert settled.engine == found.engine


def test_many_that_differ_a_little_are_searched_each() -> None:
    """Scores, limits and forced variables: as by a search of each."""
    mckp = knapsack(3, whole=False, rules=1)
    mckp = replace(mckp, allowed=np.ones(20, dtype=np.bool_))
    scores = np.random.default_rng(0).uniform(0, 9, (6, 20))
    told: list[int] = []
    found = solve_many(mckp, Changes(scores=scores), SearchOptions(), told.append)
    assert told == [1, 2, 3, 4, 5, 6]
    for one, own in zip(found, scores, strict=True):
        best = best_of(replace(mckp, score=own))
        assert best is not None
        assert one.score == pytest.approx(own[best].sum())
    forced = solve_many(mckp, Changes(forced=np.arange(20)), SearchOptions())
    for variable, score in enumerate(forced.scores.tolist()):
        layer = variable // 4
        own = mckp.allowed.copy()
        own[4 * layer : 4 * layer + 4] = False
        own[variable] = True
        best = best_of(replace(mckp, allowed=own))
        assert score == (math.inf if best is None else pytest.approx(mckp.score[best].sum()))


def hard() -> Mckp:
    """Forty layers whose kinds all differ in what they are good for."""
    rng = np.random.default_rng(5)
    size = 40 * 12
    kinds = Kinds("few", np.tile(np.arange(12), 40), 4)
    cost = rng.uniform(1, 9, (1, size))
    return Mckp(
        rng.uniform(0, 9, size),
        np.arange(0, size + 1, 12),
        cost,
        np.full(1, -math.inf),
        np.array([0.5 * cost.reshape(40, 12).mean(axis=1).sum()]),
        np.ones(size, dtype=np.bool_),
        ("memory",),
        kinds=(kinds,),
    )


def asked_at_most(times: int) -> Callable[[], bool]:
    """A cancel that comes after so many looks at it."""
    looks = itertools.count()
    return lambda: next(looks) >= times


def test_a_cancel_leaves_a_bound() -> None:
    """What is found is within the rules, and no better than the bound says."""
    mckp = hard()
    whole = solve(mckp, SearchOptions())
    assert whole.status == "optimal"
    seen: list[Outcome] = []
    for after in (0, 5, 20, 60):
        found = solve(mckp, SearchOptions(cancelled=asked_at_most(after)))
        seen.append(found)
        assert found.bound <= whole.score + 1e-9
        if found.choice is None:
            assert found.status == "no_solution_in_time"
        else:
            assert found.status == "feasible"
            assert found.score >= whole.score - 1e-9
            assert not mckp.broken(found.choice)
    assert any(one.choice is not None for one in seen)


def test_a_gap_is_enough() -> None:
    """The search stops there, and says how far it may be off."""
    mckp = hard()
    found = solve(mckp, SearchOptions(gap=0.2))
    assert found.status in ("feasible", "optimal")
    assert found.bound <= solve(mckp, SearchOptions()).score <= found.score
    assert found.score - found.bound <= 0.2 * found.score


def test_a_long_search_tells_how_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The best so far, if any, with its bound, which only rises."""
    module = sys.modules["puzzle_widgets.search.few_kinds"]
    monkeypatch.setattr(module, "_SECONDS_BETWEEN", 0.0)
    told: list[Outcome] = []
    best = solve(hard(), SearchOptions(progress=told.append))
    bounds = [one.bound for one in told]
    assert len(told) > 3
    assert bounds == sorted(bounds)
    assert all(one.bound <= best.score + 1e-9 for one in told)


def test_a_hard_node_is_branched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes that get no time at all are proven by their leaves, which get more and more."""
    module = sys.modules["puzzle_widgets.search.few_kinds"]
    monkeypatch.setattr(module, "_QUICK", 1e-9)
    proven = 0
    for seed in range(12):
        mckp = knapsack(seed, whole=False, rules=2)
        best, found = best_of(mckp), solve(mckp, SearchOptions(settle=True))
        assert found.status == ("infeasible" if best is None else "optimal")
        if best is not None and found.choice is not None:
            assert found.choice.tolist() == best.tolist()
            proven += 1
    assert proven > 3

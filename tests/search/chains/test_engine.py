"""Rules kept by states: the same as by trying every choice, whoever searches, and honest."""

from __future__ import annotations

import itertools
import math
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from puzzle_widgets.problem.mckp import FREE, Kinds, Mckp
from puzzle_widgets.search.chains import find_chain
from puzzle_widgets.search.engine import Engine, settle, solve, solve_many
from puzzle_widgets.search.mip import MipOptions, solve_mip
from puzzle_widgets.search.options import Changes, SearchOptions, WarmStart
from puzzle_widgets.search.outcome import Outcome

LAYERS = 6


def windows(mckp: Mckp, marked: np.ndarray, most: int, begin: int = 0, end: int = 99) -> Mckp:
    """Add a row for every run of one marked layer more than ``most`` within some layers."""
    rows = []
    for first in range(begin, min(end, mckp.layers) - most):
        row = np.zeros(len(mckp.score))
        span = slice(mckp.starts[first], mckp.starts[first + most + 1])
        row[span] = marked[span]
        rows.append(row)
    count = len(rows)
    return replace(
        mckp,
        cost=np.concatenate([mckp.cost, np.array(rows).reshape(count, len(mckp.score))]),
        lower=np.append(mckp.lower, np.full(count, -math.inf)),
        upper=np.append(mckp.upper, np.full(count, most * (1 + 1e-12))),
        rows=(*mckp.rows, *(f"run of {most}" for _ in range(count))),
    )


def knapsack(seed: int, *, whole: bool, budgets: int) -> Mckp:
    """Six ragged layers, some of it banned, ties, and budgets; whole scores tie."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 5, LAYERS)
    starts = np.concatenate([[0], np.cumsum(counts)])
    size = int(starts[-1])
    score = rng.integers(0, 4, size).astype(float) if whole else rng.uniform(0, 9, size)
    cost = rng.integers(1, 9, (budgets, size)).astype(float)
    most = np.maximum.reduceat(cost, starts[:-1], axis=1).sum(axis=1)
    allowed = rng.random(size) < 0.9
    return Mckp(
        score,
        starts,
        cost,
        np.where(rng.random(budgets) < 0.2, 0.3 * most, -math.inf),
        rng.uniform(0.4, 0.9) * most,
        allowed,
        tuple(f"budget {row}" for row in range(budgets)),
        rng.integers(0, 3, (2, size)).astype(float),
    )


def ruled(seed: int, *, whole: bool, budgets: int, rules: str) -> Mckp:
    """A knapsack with limits on runs, with one kind over ranges, with few kinds, or all of it."""
    mckp = knapsack(seed, whole=whole, budgets=budgets)
    rng = np.random.default_rng(seed + 1)
    size = len(mckp.score)
    if "runs" in rules:
        marked = (rng.random(size) < 0.6).astype(float)
        mckp = windows(mckp, marked, int(rng.integers(0, 4)))
    if "parts" in rules:  # of several lengths, and of layers in the middle only
        marked = (rng.random(size) < 0.6).astype(float)
        mckp = windows(windows(mckp, marked, 2, 1, 5), marked, 1, 3)
    kinds = []
    layer = np.repeat(np.arange(LAYERS), np.diff(mckp.starts))
    if "ranges" in rules:
        for first in (0, 2, 3) if seed % 2 else (1, 3):
            own = np.where((layer >= first) & (layer < first + 3 - first % 2), 0, FREE)
            kinds.append(
                Kinds(f"from {first}", np.where(own == 0, rng.integers(0, 3, size), FREE), 1)
            )
    if "few" in rules:
        kinds.append(Kinds("few", rng.integers(0, 4, size), 2))
    return replace(mckp, kinds=tuple(kinds))


def all_of(mckp: Mckp) -> list[tuple[list[float], list[int]]]:
    """Every choice that keeps all rules: its score, its sums of the ties, and itself."""
    spans = [range(a, b) for a, b in itertools.pairwise(mckp.starts.tolist())]
    found = []
    for some in itertools.product(*spans):
        choice = np.array(some)
        if mckp.allowed[choice].all() and not mckp.broken(choice):
            sums = [mckp.score[choice].sum(), *mckp.ties[:, choice].sum(axis=1)]  # type: ignore[index]
            found.append(([round(float(one), 9) for one in sums], choice.tolist()))
    return sorted(found)


RULES = ("runs", "parts", "ranges", "runs and ranges", "runs and few", "parts, ranges and few")
seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=120, deadline=None)
@given(seed=seeds, whole=st.booleans(), budgets=st.integers(0, 3), rules=st.sampled_from(RULES))
def test_the_preferred_optimum_is_found(
    seed: int,
    whole: bool,  # noqa: FBT001
    budgets: int,
    rules: str,
) -> None:
    """By the kernel and the reference, cold and warm; infeasible where nothing keeps all."""
    mckp = ruled(seed, whole=whole, budgets=budgets, rules=rules)
    found = all_of(mckp)
    engines: tuple[Engine, ...] = ("kernel", "reference")
    starts: list[WarmStart | None] = [None]
    if found:
        starts.append(WarmStart(np.zeros(len(mckp.rows)), np.array(found[-1][1])))
    for engine, start in itertools.product(engines, starts):
        outcome = solve(mckp, SearchOptions(settle=True, warm_start=start), engine)
        if not found:
            assert (outcome.status, outcome.choice) == ("infeasible", None)
            continue
        assert (outcome.status, outcome.bound) == ("optimal", outcome.score)
        assert outcome.choice is not None
        assert outcome.choice.tolist() == found[0][1]
        assert outcome.ties in ("none", "settled")
        assert outcome.prices is not None
        assert outcome.prices.shape == (len(mckp.rows),)


@settings(max_examples=40, deadline=None)
@given(seed=seeds, rules=st.sampled_from(RULES))
def test_a_mip_solver_finds_the_same(seed: int, rules: str) -> None:
    """With every row as it is; its optimum is settled as any other."""
    mckp = ruled(seed, whole=True, budgets=1, rules=rules)
    found, outcome = all_of(mckp), solve_mip(mckp, MipOptions("HiGHS"))
    assert outcome.status == ("optimal" if found else "infeasible")
    if found:
        settled = settle(mckp, outcome, SearchOptions())
        assert settled.choice is not None
        assert settled.choice.tolist() == found[0][1]


@settings(max_examples=60, deadline=None)
@given(
    seed=seeds, budgets=st.integers(1, 2), rules=st.sampled_from(RULES), looks=st.integers(0, 40)
)
def test_a_cancel_at_any_time_leaves_a_bound(
    seed: int, budgets: int, rules: str, looks: int
) -> None:
    """What is found keeps the rules, and nothing that keeps them is better than the bound."""
    mckp = ruled(seed, whole=False, budgets=budgets, rules=rules)
    found = all_of(mckp)
    outcome = solve(mckp, SearchOptions(cancelled=asked_at_most(looks), settle=True))
    best = found[0][0][0] if found else math.inf
    assert outcome.bound <= best + 1e-8
    if outcome.status in ("optimal", "infeasible"):
        assert outcome.score == pytest.approx(best)
    if outcome.choice is not None:
        assert not mckp.broken(outcome.choice)
        assert outcome.score >= best - 1e-8


def asked_at_most(times: int) -> Callable[[], bool]:
    """A cancel that comes after so many looks at it."""
    looks = itertools.count()
    return lambda: next(looks) >= times


def test_many_that_differ_a_little_are_searched_each() -> None:
    """Scores and forced variables: as by a search of each."""
    some = (ruled(seed, whole=False, budgets=1, rules="runs and ranges") for seed in range(50))
    mckp = next(one for one in some if len(all_of(one)) > 20 and find_chain(one) is not None)
    scores = np.random.default_rng(0).uniform(0, 9, (6, len(mckp.score)))
    for one, own in zip(
        solve_many(mckp, Changes(scores=scores), SearchOptions()), scores, strict=True
    ):
        assert one.score == pytest.approx(all_of(replace(mckp, score=own))[0][0][0])
    everything = all_of(mckp)
    forced = solve_many(mckp, Changes(forced=np.arange(len(mckp.score))), SearchOptions())
    for variable, score in enumerate(forced.scores.tolist()):
        own = [sums[0] for sums, choice in everything if variable in choice]
        assert score == (pytest.approx(own[0]) if own else math.inf)


def large(layers: int = 60, *, alike: bool = False) -> Mckp:
    """Layers of eight variants with costs of their own; marked ones are cheap."""
    rng = np.random.default_rng(3)
    size = 8 * layers
    marked = np.tile(np.arange(8) < 4, layers).astype(float)
    cost = np.tile(rng.uniform(1, 9, (2, 8)), layers) if alike else rng.uniform(1, 9, (2, size))
    cost *= 1 - 0.7 * marked
    mckp = Mckp(
        rng.uniform(0, 9, size) + 3 * marked,
        np.arange(0, size + 1, 8),
        cost,
        np.full(2, -math.inf),
        0.9 * cost.reshape(2, layers, 8).mean(axis=2).sum(axis=1),
        np.ones(size, dtype=np.bool_),
        ("memory", "runtime"),
    )
    return windows(mckp, marked, 1)


def test_what_is_found_is_what_the_engine_finds_without_states(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On sixty layers: the same score with every row as it is."""
    mckp = large(30, alike=True)
    found = solve(mckp, SearchOptions())
    assert found.engine == "exact search over states of rules"
    monkeypatch.setattr(sys.modules["puzzle_widgets.search.engine"], "find_chain", lambda _: None)
    other = solve(mckp, SearchOptions())
    assert (found.status, other.status) == ("optimal", "optimal")
    assert other.engine == "exact search"
    assert found.score == pytest.approx(other.score, rel=1e-12)


def test_too_many_states_are_left_to_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a beam finds is where it begins; the proof is the engine's, its progress is told."""
    module = sys.modules["puzzle_widgets.search.chains.search"]
    mckp, told = large(12), list[Outcome]()
    best = solve(mckp, SearchOptions())
    monkeypatch.setattr(module, "_STATES", 3)
    monkeypatch.setattr(module, "_BEAM", 20)
    found = solve(mckp, SearchOptions(progress=told.append))
    assert found.status == best.status == "optimal"
    assert found.score == pytest.approx(best.score, rel=1e-12)
    assert found.engine == "exact search"
    assert told
    assert all(one.bound <= best.score + 1e-9 for one in told)


@pytest.mark.parametrize("seconds", [0.02, 0.1, 0.3])
def test_time_is_up_in_time(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where states are many; what there is has a bound that holds."""
    module = sys.modules["puzzle_widgets.search.chains.search"]
    monkeypatch.setattr(module, "_STATES", 200_000)
    mckp = large(120)
    begin = time.monotonic()
    found = solve(mckp, SearchOptions(time_limit=seconds))
    assert time.monotonic() - begin < seconds + 1.0  # 0.2 on a machine that does nothing else
    assert found.bound <= found.score
    if found.choice is not None:
        assert not mckp.broken(found.choice)


def test_a_gap_is_enough() -> None:
    """The search stops there, and says how far it may be off."""
    mckp = large(30, alike=True)
    best, found = solve(mckp, SearchOptions()), solve(mckp, SearchOptions(gap=0.3))
    assert found.status in ("feasible", "optimal")
    assert found.bound <= best.score <= found.score
    assert found.score - found.bound <= 0.3 * found.score


def test_what_beats_nothing_ends_early() -> None:
    """A search with a score to beat finds what is better, or says that nothing is."""
    mckp = large(30, alike=True)
    best = solve(mckp, SearchOptions()).score
    below = solve(mckp, SearchOptions(beat=best - 0.1))
    assert best - 0.1 <= below.bound <= best + 1e-9
    above = solve(mckp, SearchOptions(beat=best + 0.1))
    assert above.status == "optimal"
    assert above.score == pytest.approx(best)
    assert find_chain(mckp) is not None

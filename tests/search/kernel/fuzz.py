"""Many ways to use the kernel on many knapsacks; the answers are held against the reference's.

Run ``python -m tests.search.kernel.fuzz LIBRARY --seeds 20`` with a library that
:func:`tests.support.native_kernel.build_sanitized` has built, under the sanitizer's runtime.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from puzzle_widgets.problem.mckp import Mckp
from puzzle_widgets.search.engine import changed, solve
from puzzle_widgets.search.kernel import engine, host
from puzzle_widgets.search.options import Changes, SearchOptions, WarmStart
from puzzle_widgets.search.outcome import Outcome, Outcomes
from tests.search.agreement import against_other, against_truth
from tests.support.instances import (
    BRUTE_FORCE,
    KINDS,
    Rng,
    brute_force,
    combinations,
    instance,
    some_start,
    tightened,
)
from tests.support.native_kernel import NativeHost

_SECONDS = 20.0
_EXTREMES = np.array([0.0, 1e-290, 1e-100, 1.0, 1e150, 1e300])
_PRICES = np.array([np.inf, -np.inf, np.nan, 1e308, -1e308, 1e30, 1e-320, 0.0])


def one_of_one(rng: Rng) -> Mckp:
    """One layer of one variant."""
    return drawn(rng, np.ones(1, dtype=np.intp), 2)


def twelve_rows(rng: Rng) -> Mckp:
    """More budgets than anyone has set."""
    return drawn(rng, rng.integers(1, 6, int(rng.integers(2, 7))), 12)


def extremes(rng: Rng) -> Mckp:
    """Numbers far from any that are measured."""
    mckp = drawn(rng, rng.integers(1, 5, 4), 2)
    score = mckp.score * rng.choice(_EXTREMES, mckp.score.shape)
    factors = rng.choice(_EXTREMES, (2, 1))
    return replace(
        mckp, score=score, cost=mckp.cost * factors, upper=mckp.upper * factors[:, 0], ties=None
    )


def drawn(rng: Rng, counts: np.ndarray, rows: int) -> Mckp:
    """Uniform numbers, and limits in the middle of what choices use."""
    n = int(counts.sum())
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.intp)
    cost = rng.uniform(0, 10, (rows, n))
    return Mckp(
        rng.uniform(0, 1, n),
        starts,
        cost,
        np.full(rows, -np.inf),
        np.add.reduceat(cost, starts[:-1], axis=1).sum(axis=1) * rng.uniform(0.2, 1.0, rows),
        np.ones(n, dtype=np.bool_),
        tuple(f"row {row}" for row in range(rows)),
        cost,
    )


MORE: dict[str, Callable[[Rng], Mckp]] = {
    "one of one": one_of_one,
    "twelve rows": twelve_rows,
    "extremes": extremes,
}


def draw(kind: str, seed: int) -> Mckp:
    """The knapsack of a kind with this seed."""
    return instance(kind, seed) if kind in KINDS else MORE[kind](np.random.default_rng(seed))


def wrong(mckp: Mckp, outcome: Outcome) -> str:
    """What is wrong with a proven answer; empty if nothing, or if it proves nothing."""
    if outcome.status not in ("optimal", "infeasible"):
        return ""
    if combinations(mckp) <= BRUTE_FORCE:
        return against_truth(mckp, outcome, brute_force(mckp))
    return against_other(mckp, outcome, _by_reference(mckp))[0]


def _by_reference(mckp: Mckp) -> Outcome:
    return solve(mckp, SearchOptions(time_limit=_SECONDS, max_states=20_000), "reference")


def starts(mckp: Mckp, rng: Rng) -> list[WarmStart | None]:
    """None, one without sense, and prices that are no numbers."""
    return [None, some_start(mckp, rng), WarmStart(rng.choice(_PRICES, len(mckp.rows)))]


def check_one(mckp: Mckp, rng: Rng) -> list[str]:
    """Search from some starts, with few states, with a gap, and told of each better answer."""
    found = []
    told: list[Outcome] = []
    for start in starts(mckp, rng):
        for states in (None, 40):
            options = SearchOptions(
                settle=True,
                warm_start=start,
                max_states=states,
                time_limit=_SECONDS,
                progress=told.append,
            )
            found.append(wrong(mckp, engine.solve_by_kernel(mckp, options)))
    engine.solve_by_kernel(mckp, SearchOptions(gap=0.05, time_limit=_SECONDS))
    for calls in (0, 1, 3, 10):
        asked = iter(range(10**9))
        stop = SearchOptions(cancelled=lambda: next(asked) >= calls, settle=True)  # noqa: B023
        found.append(wrong(mckp, engine.solve_by_kernel(mckp, stop)))
    return found


def check_settled(mckp: Mckp) -> list[str]:
    """Settle the ties of an answer that is known."""
    options = SearchOptions(time_limit=_SECONDS)
    outcome = engine.solve_by_kernel(mckp, options)
    if outcome.status != "optimal" or mckp.ties is None:
        return []
    again = engine.settle_by_kernel(mckp, outcome, options)
    best = brute_force(mckp) if combinations(mckp) <= BRUTE_FORCE else None
    if best is None or again.choice is None or again.ties == "unproven":
        return [wrong(mckp, again)]
    same = again.choice.tolist() == best.tolist()
    return ["" if same else "another choice than the rule for ties gives"]


def changes(mckp: Mckp, rng: Rng) -> list[Changes]:
    """Scores, limits, forced variants, sums of the ties, and all at once."""
    n, rows = len(mckp.score), len(mckp.rows)
    scores = mckp.score * rng.uniform(0.8, 1.2, (3, n))
    limits = [tightened(mckp, rng) for _ in range(3)]
    lower = np.array([one.lower for one in limits]).reshape(3, -1)
    upper = np.array([one.upper for one in limits]).reshape(3, -1)
    forced = rng.integers(0, n, 3)
    kinds = [Changes(scores=scores), Changes(forced=forced)]
    if len(mckp.rows):
        kinds.append(Changes(lower=lower, upper=upper))
        kinds.append(Changes(scores, lower, upper, forced))
    if len(mckp.rows) and mckp.ties is not None and len(mckp.ties):
        level = int(rng.integers(len(mckp.ties)))
        weights = rng.choice([0.0, 0.5, 1.0, 3.0], (3, rows))
        warm = [some_start(mckp, rng), None, WarmStart(rng.choice(_PRICES, rows))]
        kinds.append(Changes(lower=lower, upper=upper, weights=weights, level=level, starts=warm))
    return kinds


def check_many(mckp: Mckp, rng: Rng) -> list[str]:
    """Many searches in one call are each what one search gives."""
    found = []
    for part in changes(mckp, rng):
        start = starts(mckp, rng)[int(rng.integers(3))]
        settle = part.weights is not None
        options = SearchOptions(time_limit=_SECONDS, warm_start=start, settle=settle)
        answers = Outcomes.joined([*engine.iter_many_by_kernel(mckp, part, options)], mckp)
        found += ["" if len(answers) == len(part) else "fewer answers than knapsacks"]
        for place in range(len(answers)):
            found.append(wrong(changed(mckp, part, place), answers[place]))
        left = SearchOptions(time_limit=1e-9, settle=settle)
        for place, outcome in enumerate(
            Outcomes.joined([*engine.iter_many_by_kernel(mckp, part, left)], mckp)
        ):
            found.append(wrong(changed(mckp, part, place), outcome))
    return found


def in_small_pieces() -> None:
    """Break the kernel off as often as it can be."""
    usual = engine._Kernel.timed

    def timed(self: engine._Kernel, name: str, work: float) -> tuple[int, float]:
        given, _ = usual(self, name, work)
        return given, 50.0

    engine._Kernel.timed = timed  # type: ignore[method-assign]
    engine._FIRST_WORK = 1.0


def main() -> int:
    """Try some seeds of some kinds, print what is wrong; 1 if anything is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=0, help="seed to begin with")
    parser.add_argument("--kind", choices=sorted([*KINDS, *MORE]), action="append")
    wanted = parser.parse_args()
    native = NativeHost(wanted.library)
    host.new_host = lambda: native
    checked, bad = 0, 0
    for kind in wanted.kind or [*KINDS, *MORE]:
        for seed in range(wanted.first, wanted.first + wanted.seeds):
            mckp, rng = draw(kind, seed), np.random.default_rng(seed)
            found = check_one(mckp, rng) + check_settled(mckp) + check_many(mckp, rng)
            checked += len(found)
            for what in filter(None, found):
                bad += 1
                sys.stdout.write(f"WRONG: {kind} seed {seed}: {what}\n")
    sys.stdout.write(f"{checked} checked\n")
    return 1 if bad else 0


if __name__ == "__main__":
    in_small_pieces()
    sys.exit(main())

"""Compare the exact search with brute force, and with another solver at gap 0.

Run ``python -m tests.search.agreement --instances 5000`` for the whole comparison.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from puzzle_widgets.problem.mckp import IntArray, Mckp
from puzzle_widgets.search.engine import Engine, solve
from puzzle_widgets.search.mip import MipOptions, solve_mip
from puzzle_widgets.search.options import SearchOptions
from puzzle_widgets.search.outcome import Outcome
from tests.benchmarks.peers import PEERS, Program
from tests.support.instances import BRUTE_FORCE, KINDS, brute_force, combinations, instance

_SAME = 1e-9
_SECONDS = 30.0


@dataclass(frozen=True)
class Verdict:
    """One instance's answers: what is wrong with ours and with the other's, if anything."""

    kind: str
    seed: int
    engine: str
    truth: str
    ours: str = ""
    theirs: str = ""


def _by_gurobi(mckp: Mckp) -> Outcome | None:
    """Gurobi's answer, where it has one and its free license takes the model.

    The model leaves out banned variants; what has no answer may be infeasible, or took too long.
    """
    allowed = np.flatnonzero(mckp.allowed)
    counts = [int(mckp.allowed[a:b].sum()) for a, b in pairwise(mckp.starts.tolist())]
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.intp)
    program = Program(mckp.score[allowed], starts, mckp.cost[:, allowed], mckp.lower, mckp.upper)
    peer = next(one for one in PEERS if one.name == "Gurobi, gap 0")
    if not peer.fits(program) or not all(counts):
        return None
    answer = peer.solve(program, _SECONDS, 1)
    if answer.choice is None:
        return None
    choice = allowed[answer.choice]
    score = float(mckp.score[choice].sum())
    return Outcome("optimal" if answer.proven else "feasible", choice, score, score)


OTHERS: dict[str, Callable[[Mckp], Outcome | None]] = {
    "HiGHS": lambda mckp: solve_mip(mckp, MipOptions(time_limit=_SECONDS)),
    "reference": lambda mckp: solve(mckp, SearchOptions(time_limit=_SECONDS), "reference"),
    "Gurobi": _by_gurobi,
    "none": lambda _mckp: None,
}


def compare(
    kind: str,
    seed: int,
    *,
    other: str = "HiGHS",
    max_states: int | None = None,
    engine: Engine = "kernel",
) -> Verdict:
    """Solve one instance by every way that it allows, and say where they differ."""
    mckp = instance(kind, seed)
    ours = solve(mckp, SearchOptions(max_states=max_states, time_limit=_SECONDS), engine)
    theirs = OTHERS[other](mckp)
    small = combinations(mckp) <= BRUTE_FORCE
    truth = "brute force" if small else other
    if small:
        best = brute_force(mckp)
        wrong = against_truth(mckp, ours, best)
        off = "" if theirs is None else against_truth(mckp, theirs, best)
        return Verdict(kind, seed, ours.engine, truth, wrong, off)
    if theirs is None:
        return Verdict(kind, seed, ours.engine, "none", _sound(mckp, ours))
    return Verdict(kind, seed, ours.engine, truth, *against_other(mckp, ours, theirs))


def against_truth(mckp: Mckp, outcome: Outcome, best: IntArray | None) -> str:
    """What is wrong with an answer, knowing an optimal choice; empty if nothing."""
    if best is None:
        return "" if outcome.status == "infeasible" else f"{outcome.status} where infeasible"
    if outcome.status != "optimal" or outcome.choice is None:
        return f"{outcome.status} where optimal"
    wrong = _sound(mckp, outcome)
    truth = float(mckp.score[best].sum())
    if wrong or _as_good(mckp, outcome.score, truth):
        return wrong
    return f"{outcome.score!r} where {truth!r}"


def against_other(mckp: Mckp, ours: Outcome, theirs: Outcome) -> tuple[str, str]:
    """What is wrong with either answer by the other's; a feasible choice refutes "infeasible"."""
    if ours.status not in ("optimal", "infeasible"):
        return f"{ours.status}, unproven", ""
    wrong = _sound(mckp, ours)
    if wrong or theirs.status == "no_solution_in_time":
        return wrong, "" if wrong else "no answer in time"
    if theirs.choice is not None and mckp.broken_rows(theirs.choice):
        return "", "breaks a row"
    if not _as_good(mckp, ours.score, theirs.score):
        return f"{ours.score!r} where the MIP solver has {theirs.score!r}", ""
    if theirs.status != "feasible" and not _as_good(mckp, theirs.score, ours.score):
        return "", f"{theirs.score!r} where ours has {ours.score!r}"
    return "", ""


def _sound(mckp: Mckp, outcome: Outcome) -> str:
    choice = outcome.choice
    if choice is None:
        return ""
    if mckp.broken_rows(choice) or not mckp.allowed[choice].all():
        return "breaks a row or takes a banned variant"
    if not _as_good(mckp, abs(float(mckp.score[choice].sum()) - outcome.score), 0.0):
        return "score is not the choice's"
    return "" if outcome.bound <= outcome.score else "bound above the score"


def _as_good(mckp: Mckp, one: float, other: float) -> bool:
    """Whether a score is no worse than another, to 1e-9 of them and to the sums' rounding."""
    if one == other:
        return True
    rounding = 1e-15 * float(np.abs(mckp.score).max()) * mckp.layers
    return one <= other + _SAME * abs(other) + rounding


def main() -> int:
    """Compare many instances, print counts and every counterexample; 1 if ours is ever wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=500, help="how many, over all kinds")
    parser.add_argument("--first", type=int, default=0, help="seed to begin with")
    parser.add_argument("--kind", choices=sorted(KINDS), action="append", help="these kinds only")
    parser.add_argument("--max-states", type=int, default=None, help="of the dynamic program")
    parser.add_argument("--other", choices=sorted(OTHERS), default="HiGHS", help="solver beside it")
    wanted = parser.parse_args()
    kinds = wanted.kind or list(KINDS)
    found: list[Verdict] = []
    begin = time.monotonic()
    for number in range(wanted.instances):
        kind, seed = kinds[number % len(kinds)], wanted.first + number // len(kinds)
        verdict = compare(kind, seed, other=wanted.other, max_states=wanted.max_states)
        found.append(verdict)
        _tell(verdict)
        if len(found) % 500 == 0:
            _print(f"{len(found)} compared in {time.monotonic() - begin:.0f} s")
    _summary(found, time.monotonic() - begin)
    return 1 if any(verdict.ours for verdict in found) else 0


def _tell(verdict: Verdict) -> None:
    place = f"{verdict.kind} seed {verdict.seed} ({verdict.engine}, truth by {verdict.truth})"
    if verdict.ours:
        _print(f"WRONG: {place}: {verdict.ours}")
    if verdict.theirs:
        _print(f"the other solver is wrong: {place}: {verdict.theirs}")


def _summary(found: list[Verdict], seconds: float) -> None:
    counts = Counter((v.kind, v.truth, v.engine) for v in found)
    for (kind, truth, engine), count in sorted(counts.items()):
        _print(f"{count:6d}  {kind:22s} {truth:12s} {engine}")
    ours, theirs = sum(bool(v.ours) for v in found), sum(bool(v.theirs) for v in found)
    _print(f"{len(found)} instances in {seconds:.0f} s: ours wrong {ours}, the other's {theirs}")


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

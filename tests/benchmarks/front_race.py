"""A front of proven points: ours against a loop of python-mip over the same budgets."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import puzzle_widgets as pw
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.problem.mckp import to_choice
from puzzle_widgets.sweeps import ParetoFront
from tests.benchmarks.instances import KL, Instance
from tests.benchmarks.peers import Answer, Peer
from tests.benchmarks.race import check
from tests.benchmarks.workers import Workers
from tests.support.libraries import MEMORY, RUNTIME

_BETWEEN = (0.35, 0.95)
_RUNTIME_SHARE = 0.8
_LIMIT = 60.0


@dataclass(frozen=True)
class FrontEffort:
    """Points of a front, how many of them the peer is asked for, and repeats of ours."""

    points: int = 100
    asked: int = 100
    repeats: int = 5


@dataclass(frozen=True)
class FrontLine:
    """Seconds of one front, and of the peer's loop over ``asked`` of its ``points`` budgets.

    ``kept`` of the points are nondominated.
    """

    name: str
    points: int
    kept: int
    ours: float
    peer: float
    asked: int

    @property
    def scaled(self) -> float:
        """The peer's seconds for all points."""
        return self.peer * self.points / self.asked


def race_fronts(
    library: BlockLibrary,
    peer: Peer,
    workers: Workers,
    effort: FrontEffort,
    objective: str = KL,
) -> list[FrontLine]:
    """Measure the front over memory, free and with a runtime budget."""
    free = pw.SearchProblem(library, minimize=objective)
    held = free.with_budget(RUNTIME, upper=_RUNTIME_SHARE * library.parent_totals[RUNTIME])
    named = {"memory": free, f"memory, runtime at most {_RUNTIME_SHARE:.0%}": held}
    return [_race(name, problem, peer, workers, effort) for name, problem in named.items()]


def _race(
    name: str, problem: pw.SearchProblem, peer: Peer, workers: Workers, effort: FrontEffort
) -> FrontLine:
    parent = problem.library.parent_totals[MEMORY]
    low, high = (share * parent for share in _BETWEEN)
    front, seconds = _ours(problem, (low, high), effort)
    steps = effort.points - 1
    limits = [low + (high - low) * step / steps for step in range(steps)]
    chosen = [limits[place * steps // effort.asked] for place in range(min(effort.asked, steps))]
    loop = sum(_ask(problem, limit, peer, workers, front) for limit in chosen)
    return FrontLine(name, effort.points, len(front.solutions), seconds, loop, len(chosen))


def _ours(
    problem: pw.SearchProblem, between: tuple[float, float], effort: FrontEffort
) -> tuple[ParetoFront, float]:
    seconds: list[float] = []
    for _ in range(effort.repeats):
        begin = time.perf_counter()
        front = pw.pareto_front(problem, MEMORY, effort.points, between=between)
        seconds.append(time.perf_counter() - begin)
    return front, median(seconds)


def _ask(
    problem: pw.SearchProblem, limit: float, peer: Peer, workers: Workers, front: ParetoFront
) -> float:
    """Seconds of the peer for one point, which is held against the front's."""
    instance = Instance(f"memory {limit:.0f} MiB", problem.with_budget(MEMORY, upper=limit))
    answer = workers.solve(peer, instance.program, _LIMIT)
    check(instance, _point(instance, front.solutions, limit), answer, peer)
    return answer.seconds


def _point(instance: Instance, solutions: Sequence[pw.Solution], limit: float) -> Answer:
    """The front's best within a limit."""
    within = [each for each in solutions if each.totals[MEMORY] <= limit * (1 + 1e-12)]
    best = min(within, key=lambda each: each.score, default=None)
    if best is None or best.architecture is None:
        return Answer(None, 0.0, 0.0, proven=False)
    choice = to_choice(instance.problem.library, best.architecture)
    return Answer(choice, 0.0, 0.0, proven=best.status == "optimal")

"""Work that is many searches of one library: CPU and wall time of each, ours.

The library is the published one, or the embedded one where that is missing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from typing import TypeVar

import numpy as np

import puzzle_widgets as pw
from puzzle_widgets.problem.mckp import FloatArray, Mckp
from puzzle_widgets.search.engine import solve, solve_many
from puzzle_widgets.search.options import Changes, SearchOptions
from puzzle_widgets.search.outcome import Outcome, Outcomes
from tests.benchmarks.instances import KL, Instance, by_shares, published_library
from tests.benchmarks.peers import Answer, Peer, Program, cpu_seconds
from tests.benchmarks.race import check, score
from tests.benchmarks.workers import Workers
from tests.support.libraries import EMBEDDED, LOSS, MEMORY, RUNTIME

T = TypeVar("T")

_NOISE = 0.05
_SHARES = (0.6, 0.62)
_TICKS = [
    (share, share + beyond)
    for share in (0.35, 0.45, 0.55, 0.65, 0.75, 0.85)
    for beyond in (0.0, 0.02, 0.04)
]
_DIVERSITY = 10


@dataclass(frozen=True)
class ManyEffort:
    """How much of each work, how often each tick, and seconds for each of the peer's searches."""

    samples: int = 1000
    forced: int | None = None
    points: int = 100
    grid: int = 40
    diverse: int = 10
    repeats: int = 5
    limit: float = 60.0


@dataclass(frozen=True)
class ManyLine:
    """Some work: its searches, CPU and wall seconds, and how many searches are unproven."""

    work: str
    searches: int
    cpu: float
    wall: float
    unproven: int
    remark: str = ""


def re_search(problem: pw.SearchProblem, samples: FloatArray) -> Outcomes:
    """Search again for each row of scores, shape (samples, n), everything else the same."""
    return solve_many(problem.mckp, Changes(scores=samples), SearchOptions())


def forced(problem: pw.SearchProblem, variables: Sequence[int]) -> Outcomes:
    """Search with each of some variants forced into its layer in turn."""
    changes = Changes(forced=np.asarray(variables, dtype=np.intp))
    return solve_many(problem.mckp, changes, SearchOptions())


def measure_many(effort: ManyEffort, workers: Workers, peer: Peer | None) -> Iterator[ManyLine]:
    """Measure each work in turn; the diverse solutions also by a peer's loop."""
    library = published_library() or pw.load_library(EMBEDDED)
    problem = _problem(library, _SHARES)
    yield from _outcomes(problem, effort)
    free = pw.SearchProblem(library, minimize=KL)
    yield _front(free, effort.points)
    yield _surface(free, effort.grid)
    yield from _diverse(effort, workers, peer)
    yield from _ticks(library, effort.repeats)


def _problem(library: pw.BlockLibrary, shares: tuple[float, float]) -> pw.SearchProblem:
    return by_shares("", library, dict(zip((MEMORY, RUNTIME), shares, strict=True)), KL).problem


def _outcomes(problem: pw.SearchProblem, effort: ManyEffort) -> Iterator[ManyLine]:
    """Scores under noise, and each variant forced in."""
    rng = np.random.default_rng(0)
    mckp = problem.mckp
    noise = rng.lognormal(0.0, _NOISE, (effort.samples, len(mckp.score)))
    count = len(mckp.score) if effort.forced is None else effort.forced
    some = np.linspace(0, len(mckp.score) - 1, count).astype(int).tolist()
    works: dict[str, Callable[[], Outcomes]] = {
        "scores times log-normal noise of 5 %": lambda: re_search(problem, mckp.score * noise),
        "each variant forced in": lambda: forced(problem, some),
    }
    for name, do in works.items():
        outcomes, cpu, wall = _timed(do)
        unproven = sum(each not in {"optimal", "infeasible"} for each in outcomes.statuses)
        yield ManyLine(name, len(outcomes), cpu, wall, unproven)


def _front(problem: pw.SearchProblem, points: int) -> ManyLine:
    front, cpu, wall = _timed(lambda: pw.pareto_front(problem, MEMORY, points))
    unproven = sum(each.status != "optimal" for each in front.solutions)
    return ManyLine("front over memory", points, cpu, wall, unproven)


def _surface(problem: pw.SearchProblem, grid: int) -> ManyLine:
    surface, cpu, wall = _timed(lambda: pw.budget_surface(problem, MEMORY, RUNTIME, (grid, grid)))
    cells = [status for row in surface.statuses for status in row]
    unproven = sum(status not in {"optimal", "infeasible"} for status in cells)
    return ManyLine(f"surface of {grid} x {grid} budgets", grid * grid, cpu, wall, unproven)


def _diverse(effort: ManyEffort, workers: Workers, peer: Peer | None) -> Iterator[ManyLine]:
    """The notebook's diverse solutions, by ours and by the published demo's own loop."""
    library = pw.random_library(32, 100, seed=0)
    instance = by_shares("diverse", library, {MEMORY: 0.5, RUNTIME: 0.5}, LOSS)
    found, cpu, wall = _timed(
        lambda: pw.search_diverse(instance.problem, effort.diverse, _DIVERSITY)
    )
    scores = [each.score for each in found]
    unproven = sum(each.status != "optimal" for each in found)
    name = "diverse solutions of 32 x 100"
    yield ManyLine(name, len(found), cpu, wall, unproven, f"last score {scores[-1]:.4f}")
    if peer is not None:
        yield _diverse_by(peer, instance, effort, workers, name)


def _diverse_by(
    peer: Peer, instance: Instance, effort: ManyEffort, workers: Workers, name: str
) -> ManyLine:
    """The demo's loop: each answer of the peer is a new row, which the next may share little of."""
    program = instance.program
    answers: list[Answer] = []
    for _ in range(effort.diverse):
        answers.append(workers.solve(peer, program, effort.limit))
        if answers[-1].choice is None:
            break
        program = _apart(program, answers[-1])
    check(instance, _proven(instance), answers[0], peer)
    return ManyLine(
        f"{name}, by {peer.name}",
        len(answers),
        sum(each.cpu for each in answers),
        sum(each.seconds for each in answers),
        sum(not each.proven for each in answers),
        f"last score {score(instance, answers[-1]):.4f}",
    )


def _apart(program: Program, answer: Answer) -> Program:
    """The same with a row more: at most so many variants of an answer."""
    row = np.zeros((1, len(program.score)))
    row[0, answer.choice] = 1.0
    return replace(
        program,
        cost=np.concatenate([program.cost, row]),
        lower=np.append(program.lower, -np.inf),
        upper=np.append(program.upper, len(program.starts) - 1.0 - _DIVERSITY),
    )


def _proven(instance: Instance) -> Answer:
    outcome = solve(instance.mckp, SearchOptions())
    return Answer(outcome.choice, 0.0, 0.0, outcome.status == "optimal", outcome.bound)


def _ticks(library: pw.BlockLibrary, repeats: int) -> Iterator[ManyLine]:
    """One search for each of 18 budgets: the public one, and the engine in it alone."""
    problems = [_problem(library, shares) for shares in _TICKS]
    public = [_middle(partial(pw.search, each), repeats) for each in problems]
    engine = [_middle(partial(_engine, each.mckp), repeats) for each in problems]
    around = 1 - sum(cpu for cpu, _ in engine) / sum(cpu for cpu, _ in public)
    for name, times in (("pw.search", public), ("the engine alone", engine)):
        cpu, wall = (median(each[kind] for each in times) for kind in (0, 1))
        slowest = max(cpu for cpu, _ in times)
        words = f"median of 18 budgets; slowest {1000 * slowest:.2f} ms"
        words += f"; {max(around, 0.0):.0%} around the engine" if times is public else ""
        yield ManyLine(name, 1, cpu, wall, 0, words)


def _engine(mckp: Mckp) -> Outcome:
    """What of a public search is the engine's: the optimum, and its ties."""
    return solve(mckp, SearchOptions(settle=True))


def _middle(do: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Median CPU and wall seconds of some repeats, after one that does not count."""
    do()
    times = [_timed(do)[1:] for _ in range(repeats)]
    return median(cpu for cpu, _ in times), median(wall for _, wall in times)


def _timed(do: Callable[[], T]) -> tuple[T, float, float]:
    cpu, wall = cpu_seconds(), time.perf_counter()
    found = do()
    return found, cpu_seconds() - cpu, time.perf_counter() - wall

"""The hard classes: ours and each peer in turn, by CPU time, every answer summed again and held.

The limit is in seconds of wall time; with one thread and nothing else running that is CPU time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from puzzle_widgets.problem.mckp import IntArray, Mckp
from puzzle_widgets.search.engine import settle, solve
from puzzle_widgets.search.options import SearchOptions
from tests.benchmarks.classes import ClassFamily, ClassInstance, uniform
from tests.benchmarks.peers import Answer, Peer, Program, cpu_seconds
from tests.benchmarks.workers import Workers

PROVEN = "proven in no more CPU time"
BETTER = "better answer and bound at equal time"
MISSES = "misses"
# The peers that are asked: those that prove the optimum, less the slowest.
CLASS_PEERS = ("Gurobi, gap 0", "PuLP + HiGHS, gap 0", "OR-Tools CP-SAT, gap 0")
_OURS = "ours"
# Sums that differ by no more than this share are the same.
_SAME = 1e-9


@dataclass(frozen=True)
class ClassEffort:
    """Seconds for each search, and repeats of those that take less CPU time than ``patience``."""

    limit: float = 20.0
    repeats: int = 3
    patience: float = 0.5


@dataclass(frozen=True)
class Run:
    """One solver on one instance: CPU seconds, and what it found, summed again by ``fsum``.

    ``score`` is infinite without an answer within the limits; ``ties`` are the further CPU
    seconds that the rule for equal scores takes, of ours only.
    """

    cpu: float
    score: float
    bound: float
    proven: bool
    ties: float = 0.0

    @property
    def gap(self) -> float:
        """Relative gap of score and bound; infinite without an answer."""
        if self.proven or not math.isfinite(self.score):
            return 0.0 if self.proven else math.inf
        return (self.score - self.bound) / max(abs(self.score), _SAME)


@dataclass(frozen=True)
class Result:
    """One instance: ours, the peers by name, and what of it is wrong."""

    name: str
    ours: Run
    peers: Mapping[str, Run]
    wrong: tuple[str, ...]

    @property
    def best_peer(self) -> tuple[str, Run] | None:
        """The peer that proved with least CPU time; else that of the best score, then bound."""
        if not self.peers:
            return None

        def rank(entry: tuple[str, Run]) -> tuple[bool, float, float]:
            run = entry[1]
            return (False, run.cpu, 0.0) if run.proven else (True, run.score, -run.bound)

        return min(self.peers.items(), key=rank)

    @property
    def verdict(self) -> tuple[str, str]:
        """Which of the three it is, and why."""
        quickest = min((run.cpu for run in self.peers.values() if run.proven), default=math.inf)
        if self.ours.proven and self.wrong:
            return MISSES, "wrong"
        if self.ours.proven:
            return (PROVEN, "") if self.ours.cpu <= quickest else (MISSES, "slower")
        if math.isfinite(quickest):
            return MISSES, "unproven"
        scores = [run.score for run in self.peers.values()]
        if not no_worse(self.ours.score, min(scores, default=math.inf)):
            return MISSES, "worse answer"
        bounds = [-run.bound for run in self.peers.values()]
        if not no_worse(-self.ours.bound, min(bounds, default=math.inf)):
            return MISSES, "worse bound"
        return BETTER, ""


def race_class(
    family: ClassFamily,
    peers: Sequence[Peer],
    workers: Workers,
    effort: ClassEffort,
    say: Callable[[str], None] = lambda _: None,
) -> list[Result]:
    """Let ours and each peer whose license allows the size solve a class, in turns."""
    results = []
    for instance in family.instances:
        results.append(_meet(instance, peers, workers, effort))
        say(f"{family.name}: {instance.name}, {results[-1].verdict[0]}")
    return results


def told(raced: Mapping[str, Sequence[Result]]) -> list[str]:
    """What is wrong, with the names of class and instance."""
    return [
        f"{name}: {result.name}: {words}"
        for name, results in raced.items()
        for result in results
        for words in result.wrong
    ]


def solve_ours(mckp: Mckp, seconds: float) -> tuple[Answer, float]:
    """Search by ours, without the rule for equal scores; also the CPU seconds of that rule."""
    begin, spent = time.perf_counter(), cpu_seconds()
    outcome = solve(mckp, SearchOptions(time_limit=seconds))
    end, used = time.perf_counter(), cpu_seconds() - spent
    settle(mckp, outcome, SearchOptions(time_limit=seconds))
    proven = outcome.status in {"optimal", "infeasible"}
    answer = Answer(outcome.choice, end - begin, 0.0, proven, outcome.bound, used)
    return answer, cpu_seconds() - spent - used


def _meet(
    instance: ClassInstance, peers: Sequence[Peer], workers: Workers, effort: ClassEffort
) -> Result:
    mckp = instance.mckp
    program = Program(mckp.score, mckp.starts, mckp.cost, mckp.lower, mckp.upper)
    workers.call(_OURS, _warm_up)

    def by(peer: Peer) -> Callable[[], tuple[Answer, float]]:
        return lambda: (workers.solve(peer, program, effort.limit), 0.0)

    asked = {peer.name: by(peer) for peer in peers if peer.fits(program)}
    first, mine = _run(mckp, lambda: workers.call(_OURS, solve_ours, mckp, effort.limit), effort)
    theirs = {name: _run(mckp, ask, effort)[1] for name, ask in asked.items()}
    return Result(instance.name, mine, theirs, tuple(wrongs(mckp, first, mine, theirs)))


def _run(
    mckp: Mckp, ask: Callable[[], tuple[Answer, float]], effort: ClassEffort
) -> tuple[Answer, Run]:
    """Ask once, and again where it is quick; the answer is the first."""
    asked = [ask()]
    while len(asked) < effort.repeats and sum(each.cpu for each, _ in asked) < effort.patience:
        asked.append(ask())
    answer, cpu = asked[0][0], median(each.cpu for each, _ in asked)
    ties = median(ties for _, ties in asked)
    return answer, Run(cpu, exact_score(mckp, answer), answer.bound, answer.proven, ties)


def _warm_up() -> None:
    """Load what the first search would load."""
    solve_ours(uniform(0, 2, layers=10, variants=8), 1.0)


def exact_score(mckp: Mckp, answer: Answer) -> float:
    """Exact sum of an answer's scores; infinite where there is none within the limits."""
    if answer.choice is None or not is_feasible(mckp, answer.choice):
        return math.inf
    return math.fsum(mckp.score[answer.choice].tolist())


def is_feasible(mckp: Mckp, choice: IntArray) -> bool:
    """Whether a choice has an allowed variant of each layer, and keeps all limits."""
    inside = (choice >= mckp.starts[:-1]) & (choice < mckp.starts[1:])
    return bool(inside.all() and mckp.allowed[choice].all()) and not mckp.broken_rows(choice)


def wrongs(mckp: Mckp, answer: Answer, mine: Run, theirs: Mapping[str, Run]) -> Iterable[str]:
    """What of ours cannot be: an answer beyond the limits, a false bound, a false claim."""
    if answer.choice is not None and not is_feasible(mckp, answer.choice):
        yield "ours breaks a limit"
    if not no_worse(mine.bound, mine.score):
        yield f"ours has the bound {mine.bound} above its own score {mine.score}"
    for name, run in theirs.items():
        if not no_worse(mine.bound, run.score):
            yield f"{name} found {run.score}, below the bound of ours, {mine.bound}"
        if run.proven and not no_worse(mine.score, run.score):
            yield f"{name} proves {run.score}, better than ours, {mine.score}"


def no_worse(one: float, other: float) -> bool:
    """Whether a value to be small is at most another, but for the last digits."""
    return one <= other or one - other <= _SAME * max(1.0, abs(other))

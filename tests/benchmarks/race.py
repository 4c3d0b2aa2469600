"""Solvers against each other: the same searches, in turns, and every answer checked."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

import puzzle_widgets as pw
from puzzle_widgets.problem.mckp import to_choice
from puzzle_widgets.search.kernel.host import kernel_runs
from tests.benchmarks.instances import Family, Instance
from tests.benchmarks.peers import Answer, Peer
from tests.benchmarks.workers import Workers

OURS = "puzzle-widgets, exact search"
_EXACT = 1e-9
# Solvers close a gap, and round, by an absolute tolerance of their own: CBC's is the largest.
_LOOSE = 2e-5


class DisagreementError(AssertionError):
    """Two solvers' answers to one search do not fit together."""


@dataclass(frozen=True)
class Effort:
    """How long to measure.

    Parameters
    ----------
    repeats
        Rounds at most.
    patience
        Seconds on one search after which a solver is not asked again for it.
    limit
        Seconds that a solver is given for one search.
    """

    repeats: int = 5
    patience: float = 4.0
    limit: float = 30.0


@dataclass(eq=False)
class Runs:
    """One solver's times for one search, in s."""

    seconds: list[float] = field(default_factory=list)
    builds: list[float] = field(default_factory=list)
    proven: bool = True
    breaks: bool = False

    @property
    def middle(self) -> float:
        """Median time."""
        return median(self.seconds)

    def take(self, answer: Answer) -> None:
        """Note an answer's times and claim."""
        self.seconds.append(answer.seconds)
        self.builds.append(answer.build)
        self.proven &= answer.proven


@dataclass(frozen=True)
class Line:
    """One solver on one family: seconds, and how many searches it answered or did not.

    ``median`` and ``slowest`` are over the searches, of each search's median over the repeats.
    """

    solver: str
    median: float
    slowest: float
    build: float
    searches: int
    unproven: int
    broken: int


@dataclass(frozen=True)
class Course:
    """What a race needs: peers, their processes, how long to measure, and whom to tell."""

    peers: Sequence[Peer]
    workers: Workers
    effort: Effort
    say: Callable[[str], None] = lambda _: None


def race(family: Family, course: Course) -> list[Line]:
    """Measure a family with ours and every peer whose license allows its size.

    Raises
    ------
    DisagreementError
        If an answer of ours is worse than a peer's, breaks a budget, or is not proven; or a
        peer's proven answer is worse than ours by more than its gap.
    """
    kernel_runs()  # loaded before, as the peers' packages are
    sizes = [instance.program for instance in family.instances]
    able = [peer for peer in course.peers if all(map(peer.fits, sizes))]
    runs: dict[tuple[str, int], Runs] = defaultdict(Runs)
    for turn in range(course.effort.repeats):
        for place, instance in enumerate(family.instances):
            of_this = {name: runs[name, place] for name in (OURS, *(peer.name for peer in able))}
            _meet(instance, able, of_this, course)
            course.say(f"{family.name}: {instance.name}, round {turn + 1}")
    names = dict.fromkeys(name for name, _ in runs)
    return [_line(name, [runs[name, n] for n in range(len(family.instances))]) for name in names]


def _meet(
    instance: Instance, peers: Sequence[Peer], runs: Mapping[str, Runs], course: Course
) -> None:
    """Let everyone solve one search once, unless it took too long before; check each answer."""
    mine = ours(instance)
    runs[OURS].take(mine)
    for peer in peers:
        if sum(runs[peer.name].seconds) <= course.effort.patience:
            theirs = course.workers.solve(peer, instance.program, course.effort.limit)
            check(instance, mine, theirs, peer)
            runs[peer.name].take(theirs)
            runs[peer.name].breaks |= _breaks(instance, theirs)


def ours(instance: Instance) -> Answer:
    """Search by the public function, from problem to solution."""
    begin = time.perf_counter()
    solution = pw.search(instance.problem)
    seconds = time.perf_counter() - begin
    architecture = solution.architecture
    choice = None if architecture is None else to_choice(instance.problem.library, architecture)
    return Answer(choice, seconds, 0.0, solution.status == "optimal")


def check(instance: Instance, mine: Answer, theirs: Answer, peer: Peer) -> None:
    """Hold ours against a peer's answer, both summed again from the library's numbers."""
    where = f"{instance.name}: {peer.name}"
    if mine.choice is None or not mine.proven or instance.mckp.broken_rows(mine.choice):
        raise DisagreementError(f"{instance.name}: ours gave no proven answer within the budgets")
    if theirs.choice is None or _breaks(instance, theirs):
        return
    best, other = score(instance, mine), score(instance, theirs)
    if best > other + _EXACT * max(1.0, abs(other)):
        raise DisagreementError(f"{where} found {other}, better than ours, {best}")
    if theirs.proven and other > best + peer.gap * abs(other) + _LOOSE:
        raise DisagreementError(f"{where} calls {other} optimal, but ours is {best}")


def score(instance: Instance, answer: Answer) -> float:
    """Summed score of an answer; infinite without one."""
    return math.inf if answer.choice is None else float(instance.mckp.score[answer.choice].sum())


def _breaks(instance: Instance, answer: Answer) -> bool:
    return answer.choice is not None and bool(instance.mckp.broken_rows(answer.choice))


def _line(name: str, runs: Sequence[Runs]) -> Line:
    times = [each.middle for each in runs]
    return Line(
        name,
        median(times),
        max(times),
        median(build for each in runs for build in each.builds),
        len(runs),
        sum(not each.proven for each in runs),
        sum(each.breaks for each in runs),
    )

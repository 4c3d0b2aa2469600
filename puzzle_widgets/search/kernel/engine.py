"""Gives the kernel a knapsack, steps it while there is time, and reads its answer."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from puzzle_widgets.problem.mckp import IntArray, Mckp
from puzzle_widgets.search.kernel.host import Array, Host, borrowed
from puzzle_widgets.search.options import Changes, SearchOptions
from puzzle_widgets.search.outcome import Outcome, Outcomes, Status, Ties, infeasible

ENGINE = "exact search"
# States of the dynamic program beyond which it builds from both ends, and then branches.
STATES = 60_000
# Work is cut into pieces of about this long, between which time and cancel are looked at.
_PIECE_SECONDS, _FIRST_WORK, _MOST_WORK = 0.01, 200_000.0, 1e9

_PLACES = (
    "start", "score", "cost", "lower", "upper", "allowed", "ties", "prices", "warm", "choice",
    "answer", "control", "job_scores", "job_lower", "job_upper", "job_forced", "job_weights",
    "job_answers", "job_choices", "job_prices",
)  # fmt: skip
_ANSWERS = 8
# How often a long search tells how it goes.
_SECONDS_BETWEEN = 0.5
_STATUS: tuple[Status, ...] = (
    "no_solution_in_time", "optimal", "feasible", "infeasible", "no_solution_in_time",
)  # fmt: skip
_TIES: tuple[Ties, ...] = ("none", "settled", "unproven")
_WARM_PRICES, _WARM_CHOICE, _SETTLE_ONLY, _WITH_TIES = 1, 2, 4, 8
_JOB_SCORES, _JOB_LIMITS, _JOB_FORCED, _JOB_WEIGHTS, _JOB_WARM = 1, 2, 4, 8, 16


def solve_by_kernel(mckp: Mckp, options: SearchOptions) -> Outcome:
    """Find an optimum and prove it, by the kernel.

    Raises
    ------
    KernelError
        If the kernel cannot run here, or breaks off.
    """
    with borrowed() as host:
        return _Run(host, mckp, options).outcome()


def settle_by_kernel(mckp: Mckp, outcome: Outcome, options: SearchOptions) -> Outcome:
    """Give the optimum that the ties prefer, of a proven one by whatever engine."""
    with borrowed() as host:
        found = _Run(host, mckp, options, settle=outcome.choice).outcome()
    return replace(
        outcome, choice=found.choice, score=found.score, bound=found.score, ties=found.ties
    )


def iter_many_by_kernel(mckp: Mckp, changes: Changes, options: SearchOptions) -> Iterator[Outcomes]:
    """Solve many knapsacks that differ a little; fewer where a cancel ends it."""
    with borrowed() as host:
        yield from _Many(host, mckp, changes, options).parts()


class _Kernel:
    """The kernel with one knapsack in its memory."""

    def __init__(self, host: Host, mckp: Mckp) -> None:
        self.host, self.mckp = host, mckp
        ties = 0 if mckp.ties is None else len(mckp.ties)
        sizes = (mckp.layers, mckp.score.size, len(mckp.rows), ties)
        host.write(host.sizes, np.array(sizes, dtype=np.int32))
        self.find(host.call("problem_new"))
        self.put("start", mckp.starts.astype(np.int32))
        self.put("score", mckp.score)
        self.put("cost", mckp.cost)
        self.put("lower", mckp.lower)
        self.put("upper", mckp.upper)
        self.put("allowed", mckp.allowed)
        if mckp.ties is not None:
            self.put("ties", mckp.ties)

    def find(self, table: int) -> None:
        """Read where the kernel's places are."""
        self._at = self.host.read(table, self.host.pointer, len(_PLACES)).tolist()

    def put(self, place: str, values: Array) -> None:
        """Write an array to its place."""
        self.host.write(self._at[_PLACES.index(place)], values)

    def get(self, place: str, kind: Any, count: int, skipped: int = 0) -> Array:  # noqa: ANN401
        """Read an array of a dtype from its place, or a part of it."""
        at = self._at[_PLACES.index(place)] + skipped * np.dtype(kind).itemsize
        return self.host.read(at, kind, count)

    def put_prices(self, options: SearchOptions) -> int:
        """Write the shadow prices to begin with, and give the flag that says so."""
        if options.warm_start is None or options.warm_start.prices is None:
            return 0
        self.put("prices", options.warm_start.prices)
        return _WARM_PRICES

    def want(self, work: float, options: SearchOptions, flags: int, *of_jobs: int) -> None:
        """Say what is wanted of the next call; of jobs how many, their kinds and their level."""
        states = options.max_states or STATES
        self.put("control", np.array([work, options.gap, states, flags, *of_jobs], np.float64))

    def work_on(self, name: str, work: float) -> tuple[int, float]:
        """Do a piece of work; what the call gives, and how much to do next."""
        self.put("control", np.array([work]))
        return self.timed(name, work)

    def timed(self, name: str, work: float) -> tuple[int, float]:
        """Call, and tell how much work the next piece should be."""
        begin = time.perf_counter()
        given = self.host.call(name)
        seconds = max(time.perf_counter() - begin, 1e-5)
        return given, min(max(work * min(_PIECE_SECONDS / seconds, 8.0), 1e4), _MOST_WORK)


class _Run:
    """One search under way."""

    def __init__(
        self, host: Host, mckp: Mckp, options: SearchOptions, settle: IntArray | None = None
    ) -> None:
        self._deadline, self._options = options.deadline(), options
        self._kernel = _Kernel(host, mckp)
        self._mckp, self._settle = mckp, settle
        self._news, self._told = 0.0, time.monotonic()

    def outcome(self) -> Outcome:
        """Search until there is a proof, or time or a cancel ends it."""
        kernel, work = self._kernel, 1.0 if self._stopped() else _FIRST_WORK
        kernel.want(work, self._options, self._flags())
        done, work = kernel.timed("task_new", work)
        while not done and not self._stopped():
            self._tell()
            done, work = kernel.work_on("task_run", work)
        return self._read()

    def _flags(self) -> int:
        flags = 0
        if self._options.settle or self._settle is not None:
            flags |= _WITH_TIES * (self._mckp.ties is not None)
        if self._settle is not None:
            self._kernel.put("warm", self._settle.astype(np.int32))
            return flags | _SETTLE_ONLY
        flags |= self._kernel.put_prices(self._options)
        warm = self._options.warm_start
        if warm is not None and warm.choice is not None:
            self._kernel.put("warm", warm.choice.astype(np.int32))
            flags |= _WARM_CHOICE
        return flags

    def _stopped(self) -> bool:
        return time.monotonic() > self._deadline or self._options.cancelled()

    def _tell(self) -> None:
        """Tell of a better choice; now and then also that there is none yet."""
        if self._options.progress is None:
            return
        news = float(self._kernel.get("answer", np.float64, _ANSWERS)[4])
        now = time.monotonic()
        if news > self._news or now - self._told > _SECONDS_BETWEEN:
            self._news, self._told = news, now
            self._options.progress(self._read())

    def _read(self) -> Outcome:
        kernel, mckp = self._kernel, self._mckp
        answer = kernel.get("answer", np.float64, _ANSWERS).tolist()
        choice = kernel.get("choice", np.int32, mckp.layers).astype(np.intp)
        prices = kernel.get("prices", np.float64, len(mckp.rows))
        found = bool(choice[0] >= 0)
        status, ties = _status_of(answer[0], found), _TIES[int(answer[3])]
        if status == "infeasible":
            return infeasible(ENGINE)
        if not found:
            return Outcome(status, bound=answer[2], engine=ENGINE, prices=prices)
        return Outcome(status, choice, answer[1], answer[2], ENGINE, prices, ties=ties)


def _status_of(number: float, found: bool) -> Status:  # noqa: FBT001 - mapped over
    """What the kernel says, in words; with a choice where it was stopped, that is feasible."""
    status = _STATUS[int(number)]
    if status == "infeasible":
        return status
    if not found:
        return "no_solution_in_time"
    return "feasible" if status == "no_solution_in_time" else status


def _kinds(changes: Changes) -> int:
    """What is changed, as the kernel is told."""
    kinds = _JOB_SCORES * (changes.scores is not None) + _JOB_LIMITS * (changes.upper is not None)
    kinds += _JOB_FORCED * (changes.forced is not None)
    kinds += _JOB_WEIGHTS * (changes.weights is not None)
    return kinds + _JOB_WARM * (changes.starts is not None)


class _Many:
    """Many searches under way, some at a time."""

    _BYTES = 4 << 20

    def __init__(self, host: Host, mckp: Mckp, changes: Changes, options: SearchOptions) -> None:
        self._kernel, self._mckp, self._changes = _Kernel(host, mckp), mckp, changes
        self._options = options

    def parts(self) -> Iterator[Outcomes]:
        """Search them in turn, and give the answers as they are there."""
        each = 8 * (self._mckp.score.size if self._changes.scores is not None else 0) + 1024
        at_once = max(1, self._BYTES // each)
        for begin in range(0, len(self._changes), at_once):
            yield from self._search(self._changes.part(begin, begin + at_once))
            if self._options.cancelled():
                return

    def _search(self, part: Changes) -> Iterator[Outcomes]:
        """Search some, in pieces; ends early where a cancel ends it."""
        kernel, work, done = self._kernel, _FIRST_WORK, 0
        self._begin(part, work)
        since = 0.0  # seconds that the search under way has had
        while done < len(part) and not self._options.cancelled():
            before, begin = done, time.monotonic()
            done, work = kernel.work_on("jobs_run", work)
            since = since + time.monotonic() - begin if done == before else 0.0
            if done < len(part) and since >= (self._options.time_limit or math.inf):
                done, since = kernel.host.call("job_leave"), 0.0
            if done > before:
                yield self._read(before, done)

    def _begin(self, part: Changes, work: float) -> None:
        kernel = self._kernel
        flags = kernel.put_prices(self._options)
        flags |= _WITH_TIES * (self._options.settle and self._mckp.ties is not None)
        kernel.want(work, self._options, flags, len(part), _kinds(part), part.level)
        kernel.find(kernel.host.call("jobs_new"))
        self._write(part)

    def _write(self, part: Changes) -> None:
        prices, choices = self._starts(part)
        for place, values in (
            ("job_scores", part.scores),
            ("job_lower", part.lower),
            ("job_upper", part.upper),
            ("job_forced", None if part.forced is None else part.forced.astype(np.int32)),
            ("job_weights", part.weights),
            ("job_prices", prices),
            ("job_choices", choices),
        ):
            if values is not None:
                self._kernel.put(place, values)

    def _starts(self, part: Changes) -> tuple[Array | None, Array | None]:
        """Each one's shadow prices and choice to begin with; -1 where there is no choice."""
        if part.starts is None:
            return None, None
        prices = np.zeros((len(part), len(self._mckp.rows)))
        choices = np.full((len(part), self._mckp.layers), -1, dtype=np.int32)
        for place, start in enumerate(part.starts):
            if start is not None and start.prices is not None:
                prices[place] = start.prices
            if start is not None and start.choice is not None:
                choices[place] = start.choice
        return prices, choices

    def _read(self, begin: int, end: int) -> Outcomes:
        layers, rows, count = self._mckp.layers, len(self._mckp.rows), end - begin

        def get(place: str, kind: Any, width: int) -> Array:  # noqa: ANN401 - a dtype
            return self._kernel.get(place, kind, count * width, begin * width).reshape(count, width)

        answers = get("job_answers", np.float64, _ANSWERS)
        choices = get("job_choices", np.int32, layers).astype(np.intp)
        prices = get("job_prices", np.float64, rows)
        choices[choices[:, 0] < 0] = -1
        return Outcomes(
            tuple(map(_status_of, answers[:, 0].tolist(), (choices[:, 0] >= 0).tolist())),
            answers[:, 1],
            answers[:, 2],
            choices,
            prices,
            tuple(_TIES[int(ties)] for ties in answers[:, 3]),
            (ENGINE,) * count,
        )

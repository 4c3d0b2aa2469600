"""Gives the kernel a knapsack, steps it while there is time, and reads its answer."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from puzzle_widgets.problem.mckp import IntArray, Mckp
from puzzle_widgets.search.kernel.host import Array, Host, borrowed
from puzzle_widgets.search.options import Changes, SearchOptions
from puzzle_widgets.search.outcome import Outcome, Outcomes, Status, Ties

ENGINE = "exact search"
# States of the dynamic program beyond which it builds from both ends, and then branches.
STATES = 60_000
# Work is cut into pieces of about this long, between which time and cancel are looked at.
_PIECE_SECONDS, _FIRST_WORK, _MOST_WORK = 0.01, 200_000.0, 1e9

_PLACES = (
    "start", "score", "cost", "lower", "upper", "allowed", "ties", "prices", "warm", "choice",
    "answer", "control", "job_scores", "job_lower", "job_upper", "job_forced", "job_answers",
    "job_choices", "job_prices",
)  # fmt: skip
_ANSWERS = 8
# How often a long search tells how it goes.
_SECONDS_BETWEEN = 0.5
_STATUS: tuple[Status, ...] = (
    "no_solution_in_time", "optimal", "feasible", "infeasible", "no_solution_in_time",
)  # fmt: skip
_TIES: tuple[Ties, ...] = ("none", "settled", "unproven")
_WARM_PRICES, _WARM_CHOICE, _SETTLE_ONLY, _WITH_TIES = 1, 2, 4, 8
_JOB_SCORES, _JOB_LIMITS, _JOB_FORCED = 1, 2, 4


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


def solve_many_by_kernel(
    mckp: Mckp,
    changes: Changes,
    options: SearchOptions,
    progress: Callable[[int], None] | None = None,
) -> Outcomes:
    """Solve many knapsacks that differ a little; fewer where time or a cancel ends it."""
    with borrowed() as host:
        return _Many(host, mckp, changes, options).outcomes(progress)


class _Kernel:
    """The kernel with one knapsack in its memory."""

    def __init__(self, host: Host, mckp: Mckp) -> None:
        self.host, self.mckp = host, mckp
        ties = 0 if mckp.ties is None else len(mckp.ties)
        self.find(host.call("problem_new", mckp.layers, mckp.score.size, len(mckp.rows), ties))
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

    def get(self, place: str, kind: Any, count: int) -> Array:  # noqa: ANN401 - a dtype
        """Read an array from its place."""
        return self.host.read(self._at[_PLACES.index(place)], kind, count)

    def put_prices(self, options: SearchOptions) -> int:
        """Write the shadow prices to begin with, and give the flag that says so."""
        if options.warm_start is None or options.warm_start.prices is None:
            return 0
        self.put("prices", options.warm_start.prices)
        return _WARM_PRICES

    def want(
        self, work: float, options: SearchOptions, flags: int, jobs: int = 0, kinds: int = 0
    ) -> None:
        """Say what is wanted of the next call."""
        states = options.max_states or STATES
        self.put("control", np.array([work, options.gap, states, flags, jobs, kinds], np.float64))

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
        status, ties = _STATUS[int(answer[0])], _TIES[int(answer[3])]
        choice = kernel.get("choice", np.int32, mckp.layers).astype(np.intp)
        prices = kernel.get("prices", np.float64, len(mckp.rows))
        if status == "infeasible":
            return Outcome("infeasible", bound=math.inf, engine=ENGINE)
        if choice[0] < 0:
            return Outcome("no_solution_in_time", bound=answer[2], engine=ENGINE, prices=prices)
        if status == "no_solution_in_time":  # stopped with a choice
            status = "feasible"
        return Outcome(status, choice, answer[1], answer[2], ENGINE, prices, ties=ties)


def _kinds(changes: Changes) -> int:
    """What is changed, as the kernel is told."""
    kinds = _JOB_SCORES * (changes.scores is not None) + _JOB_LIMITS * (changes.upper is not None)
    return kinds + _JOB_FORCED * (changes.forced is not None)


class _Many:
    """Many searches under way, some at a time."""

    _BYTES = 4 << 20

    def __init__(self, host: Host, mckp: Mckp, changes: Changes, options: SearchOptions) -> None:
        self._deadline, self._options = options.deadline(), options
        self._kernel, self._mckp, self._changes = _Kernel(host, mckp), mckp, changes
        self._found: list[tuple[Array, Array, Array]] = []
        self._done = 0

    def outcomes(self, progress: Callable[[int], None] | None) -> Outcomes:
        """Search them in turn."""
        each = 8 * (self._mckp.score.size if self._changes.scores is not None else 0) + 1024
        at_once = max(1, self._BYTES // each)
        for begin in range(0, max(len(self._changes), 1), at_once):
            if not self._search(self._changes.part(begin, begin + at_once), progress):
                break
        return self._gathered()

    def _search(self, part: Changes, progress: Callable[[int], None] | None) -> bool:
        """Search some; false where time or a cancel ended it."""
        kernel, work, count, done = self._kernel, _FIRST_WORK, len(part), 0
        flags = kernel.put_prices(self._options)
        kernel.want(work, self._options, flags, count, _kinds(part))
        kernel.find(kernel.host.call("jobs_new"))
        self._write(part)
        while done < count and not self._stopped():
            before = done
            done, work = kernel.work_on("jobs_run", work)
            if progress is not None and done > before:
                progress(self._done + done)
        self._take(done)
        return done == count

    def _write(self, part: Changes) -> None:
        for place, values in (
            ("job_scores", part.scores),
            ("job_lower", part.lower),
            ("job_upper", part.upper),
            ("job_forced", None if part.forced is None else part.forced.astype(np.int32)),
        ):
            if values is not None:
                self._kernel.put(place, values)

    def _stopped(self) -> bool:
        return time.monotonic() > self._deadline or self._options.cancelled()

    def _take(self, done: int) -> None:
        layers, rows, get = self._mckp.layers, len(self._mckp.rows), self._kernel.get
        self._found.append(
            (
                get("job_answers", np.float64, done * _ANSWERS).reshape(done, _ANSWERS),
                get("job_choices", np.int32, done * layers).reshape(done, layers),
                get("job_prices", np.float64, done * rows).reshape(done, rows),
            )
        )
        self._done += done

    def _gathered(self) -> Outcomes:
        answers, choices, prices = (
            np.concatenate(parts) for parts in zip(*self._found, strict=True)
        )
        choices = choices.astype(np.intp)
        choices[choices[:, 0] < 0] = -1
        statuses = tuple(_STATUS[int(status)] for status in answers[:, 0])
        return Outcomes(statuses, answers[:, 1], answers[:, 2], choices, prices)

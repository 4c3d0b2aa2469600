"""Work in the background, for the newest request; answers arrive on the caller's loop."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Emit = Callable[[Any], None]
Work = Callable[[Callable[[], bool], Emit], None]
_foreseen = False


@dataclass(eq=False)
class Job:
    """One request: the work, and what to call with its answers, its error and its end.

    Parameters
    ----------
    work
        Runs in a thread; is given "am I cancelled?" and a function to emit answers with.
    deliver, failed, finished
        Run on the loop's thread. ``failed`` and ``finished`` only where no newer job is wanted.
    """

    work: Work
    deliver: Callable[[Any], None]
    failed: Callable[[Exception], None]
    finished: Callable[[], None]
    stop: threading.Event = field(default_factory=threading.Event)


class LatestWins:
    """Run one job at a time; of those that wait, only the newest is ever run.

    A running job that has been overtaken may go on for ``patience`` seconds, so that quick
    answers show while a slider is dragged; then it is cancelled. Answers arrive in the order of
    the requests, none after a newer one's, and none of a cancelled job; the newest request is
    always answered last. Where no event loop runs (plain Python), or no thread can be started
    (Pyodide), the work runs at once.

    Parameters
    ----------
    name
        Of the thread.
    patience
        Seconds; 0 cancels what is overtaken at once.
    """

    def __init__(self, name: str = "search", patience: float = 0.0) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"puzzle-{name}")
        self._patience = patience
        self._newest: Job | None = None
        self._running: Job | None = None

    @property
    def busy(self) -> bool:
        """Whether the newest job has not finished."""
        return self._newest is not None

    @property
    def overtaken(self) -> bool:
        """Whether the job that runs is no longer the newest."""
        return self._running is not None and self._running is not self._newest

    def request(self, job: Job) -> None:
        """Start a job, now or as soon as the running one has let go."""
        loop, running = running_loop(), self._running
        if loop is None:
            self._work_here(job)
            return
        self._newest = job
        if running is None:
            self._start(job, loop)
        elif self._patience:
            loop.call_later(self._patience, running.stop.set)
        else:
            running.stop.set()

    def cancel(self) -> None:
        """Drop what runs and what waits; none of its answers arrives."""
        for job in (self._newest, self._running):
            if job is not None:
                job.stop.set()
        self._newest = None

    def close(self) -> None:
        """Cancel, and release the thread."""
        self.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _start(self, job: Job, loop: asyncio.AbstractEventLoop) -> None:
        try:
            self._pool.submit(self._work, job, loop)
        except RuntimeError:  # no thread can be started, now or at all
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._work_here(job)
        else:
            self._running = job

    def _work_here(self, job: Job) -> None:
        for older in (self._newest, self._running):
            if older is not None and older is not job:  # its answer may be what asked for this
                older.stop.set()
        self._newest = job
        self._work(job, None)

    def _work(self, job: Job, loop: asyncio.AbstractEventLoop | None) -> None:
        error: Exception | None = None
        try:
            job.work(job.stop.is_set, lambda answer: self._post(loop, self._deliver, job, answer))
        except Exception as raised:  # noqa: BLE001 - whatever it is, the user has to see it
            error = raised
        self._post(loop, self._finish, job, error)

    def _post(
        self, loop: asyncio.AbstractEventLoop | None, call: Callable[..., None], *given: object
    ) -> None:
        if loop is None:
            call(*given)
        elif not loop.is_closed():
            loop.call_soon_threadsafe(call, *given)

    def _deliver(self, job: Job, answer: object) -> None:
        if not job.stop.is_set():
            job.deliver(answer)

    def _finish(self, job: Job, error: Exception | None) -> None:
        self._running = None
        if job is self._newest:
            self._newest = None
            if error is not None:
                job.failed(error)
            job.finished()
        waiting, loop = self._newest, running_loop()
        if waiting is not None and loop is not None and self._running is None:
            self._start(waiting, loop)


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop that answers can come back on; none in plain Python, nor in Pyodide."""
    if sys.platform == "emscripten":  # it has a loop, but no threads to work beside it
        return None
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


@contextmanager
def loop_foreseen() -> Iterator[None]:
    """Make here what a loop will run for later: it has a background then, and works at once now."""
    global _foreseen  # noqa: PLW0603 - a thread has one loop, or none yet
    before, _foreseen = _foreseen, True
    try:
        yield
    finally:
        _foreseen = before


def has_background() -> bool:
    """Whether what is made now can work in the background, if only once its loop runs."""
    return _foreseen or running_loop() is not None

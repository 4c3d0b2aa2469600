"""Work in the background, newest request first; what it answers arrives on the caller's loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

Emit = Callable[[Any], None]
Work = Callable[[Callable[[], bool], Emit], None]


@dataclass(eq=False)
class Job:
    """One request: the work, and what to call with its answers, its error and its end.

    Parameters
    ----------
    work
        Runs in a thread; is given "am I cancelled?" and a function to emit answers with.
    deliver, failed, finished
        Run on the loop's thread, and only while the job is the newest.
    """

    work: Work
    deliver: Callable[[Any], None]
    failed: Callable[[Exception], None]
    finished: Callable[[], None]
    stop: threading.Event = field(default_factory=threading.Event)


class LatestWins:
    """Run one job at a time; a new one cancels the running one and takes the place of any waiting.

    Answers of a job that has been superseded are dropped, so a stale answer never arrives. Where
    no event loop runs (plain Python), the work runs at once, in the caller's thread.
    """

    def __init__(self, name: str = "search") -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"puzzle-{name}")
        self._newest: Job | None = None
        self._running: Job | None = None

    @property
    def busy(self) -> bool:
        """Whether the newest job has not finished."""
        return self._newest is not None

    def request(self, job: Job) -> None:
        """Start a job, now or as soon as the cancelled one has let go."""
        self.cancel()
        self._newest = job
        loop = running_loop()
        if loop is None:
            self._work(job, None)
        elif self._running is None:
            self._start(job, loop)

    def cancel(self) -> None:
        """Drop the newest job; nothing of it arrives any more."""
        if self._newest is not None:
            self._newest.stop.set()
            self._newest = None

    def close(self) -> None:
        """Cancel, and let the thread go."""
        self.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _start(self, job: Job, loop: asyncio.AbstractEventLoop) -> None:
        self._running = job
        self._pool.submit(self._work, job, loop)

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
        if job is self._newest:
            job.deliver(answer)

    def _finish(self, job: Job, error: Exception | None) -> None:
        self._running = None
        if job is self._newest:
            self._newest = None
            if error is not None:
                job.failed(error)
            job.finished()
        waiting, loop = self._newest, running_loop()
        if waiting is not None and loop is not None:
            self._start(waiting, loop)


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop that runs in this thread, if any."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None

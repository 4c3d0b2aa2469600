"""Work on an executor: other threads, processes or machines; told as it is done, and stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from itertools import islice
from typing import Any, TypeVar

from puzzle_widgets.search.outcome import Cancelled

T = TypeVar("T")
MOST_AHEAD = 128  # jobs that are submitted and not done: what they hold waits in memory
_LOOK_SECONDS = 0.05


class Stop:
    """Asks jobs of this process to end; those elsewhere have a copy, which asks nothing."""

    def __init__(self) -> None:
        self._asked = False

    def __call__(self) -> bool:
        """Whether to end."""
        return self._asked

    def ask(self) -> None:
        """End the jobs that can be reached."""
        self._asked = True


def each_done(
    executor: Executor,
    work: Callable[..., T],
    jobs: Iterable[tuple[Any, ...]],
    cancelled: Cancelled,
) -> Iterator[tuple[int, T]]:
    """Give the place and the result of each job as it is done; ends early where cancelled.

    Parameters
    ----------
    executor
        Any; processes and machines get copies of what a job is given.
    work
        A function of a module: called with a job's own arguments and one that says whether to end.
    jobs
        Arguments of each, made when there is room for them.
    cancelled
        Asked many times a second.
    """
    stop, places = Stop(), enumerate(jobs)
    pending: dict[Future[T], int] = {}
    try:
        while not cancelled():
            for place, arguments in islice(places, MOST_AHEAD - len(pending)):
                pending[executor.submit(work, *arguments, stop)] = place
            if not pending:
                return
            for job in wait(pending, _LOOK_SECONDS, FIRST_COMPLETED).done:
                yield pending.pop(job), job.result()
    finally:
        stop.ask()
        for job in pending:
            job.cancel()

"""Jobs on an executor: told as they are done, few at a time, and stopped."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from puzzle_widgets.search.outcome import Cancelled, never
from puzzle_widgets.sweeps.elsewhere import MOST_AHEAD, each_done
from tests.support.pools import pool_of


def doubled(number: int, stop: Cancelled) -> int:
    """Work that takes no time."""
    assert not stop()
    return 2 * number


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_each_result_comes_with_its_place(kind: str) -> None:
    """Whatever the order in which they are done."""
    with pool_of(kind) as pool:
        found = dict(each_done(pool, doubled, ((number,) for number in range(30)), never))
    assert found == {place: 2 * place for place in range(30)}


def test_jobs_are_made_when_there_is_room() -> None:
    """What they hold would fill the memory otherwise."""
    made: list[int] = []

    def jobs() -> Iterator[tuple[int]]:
        for number in range(3 * MOST_AHEAD):
            made.append(number)
            yield (number,)

    with pool_of("threads") as pool:
        results = each_done(pool, doubled, jobs(), never)
        next(results)
        assert len(made) == MOST_AHEAD
        assert len(list(results)) == 3 * MOST_AHEAD - 1


def test_a_cancel_ends_what_runs_and_what_waits() -> None:
    """The caller goes on at once, and threads are asked to end."""
    begun, ended = Event(), Event()

    def patient(_: int, stop: Cancelled) -> None:
        begun.set()
        while not stop():
            time.sleep(0.01)
        ended.set()

    with ThreadPoolExecutor(1) as pool:
        assert list(each_done(pool, patient, ((n,) for n in range(9)), begun.is_set)) == []
        assert ended.wait(10)


def test_an_error_of_a_job_is_the_callers() -> None:
    """The others are not begun."""

    def fails(_: int, __: Cancelled) -> None:
        raise ZeroDivisionError

    with ThreadPoolExecutor(1) as pool, pytest.raises(ZeroDivisionError):
        list(each_done(pool, fails, ((n,) for n in range(9)), never))

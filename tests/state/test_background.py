"""Newest request wins; stale answers never arrive; errors do."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from puzzle_widgets.state.background import Emit, Job, LatestWins, running_loop


class Log:
    """Remembers what arrived, and in which thread."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.errors: list[Exception] = []
        self.ends = 0
        self.threads: set[int] = set()

    def job(self, work: Callable[[Callable[[], bool], Emit], None]) -> Job:
        """Make a job that reports here."""
        return Job(work, self._answer, self.errors.append, self._end)

    def _answer(self, answer: Any) -> None:
        self.threads.add(threading.get_ident())
        self.answers.append(answer)

    def _end(self) -> None:
        self.ends += 1


async def idle(runner: LatestWins) -> None:
    """Wait until the newest job is done."""
    for _ in range(2000):
        if not runner.busy:
            return
        await asyncio.sleep(0.005)
    pytest.fail("the job did not end")


def test_without_a_loop_the_work_runs_at_once() -> None:
    """In plain Python a request has been answered when it returns."""
    log, runner = Log(), LatestWins()
    runner.request(log.job(lambda _cancelled, emit: emit(7)))
    assert (log.answers, log.ends, runner.busy) == ([7], 1, False)


def test_answers_arrive_on_the_loops_thread() -> None:
    """Work runs elsewhere; its answers, in order, in the thread of the loop."""
    log, worked_in = Log(), set()

    def work(_cancelled: Callable[[], bool], emit: Emit) -> None:
        worked_in.add(threading.get_ident())
        for number in range(3):
            emit(number)

    async def main() -> None:
        runner = LatestWins()
        runner.request(log.job(work))
        assert runner.busy
        await idle(runner)
        runner.close()

    asyncio.run(main())
    assert log.answers == [0, 1, 2]
    assert log.threads == {threading.get_ident()}
    assert worked_in.isdisjoint(log.threads)


def test_only_the_newest_of_many_requests_arrives() -> None:
    """A burst of requests runs the first, which is cancelled, and the last; none between."""
    log, ran = Log(), []

    def work_of(number: int) -> Callable[[Callable[[], bool], Emit], None]:
        def work(cancelled: Callable[[], bool], emit: Emit) -> None:
            ran.append(number)
            while number < 9 and not cancelled():
                threading.Event().wait(0.001)
            emit(number)

        return work

    async def main() -> None:
        runner = LatestWins()
        for number in range(10):
            runner.request(log.job(work_of(number)))
            await asyncio.sleep(0.002)
        await idle(runner)
        runner.close()

    asyncio.run(main())
    assert log.answers == [9]
    assert log.ends == 1
    assert ran[-1] == 9
    assert len(ran) <= 10


def test_a_stale_answer_that_was_already_on_its_way_is_dropped() -> None:
    """An answer emitted before the newer request, but not yet delivered, never arrives."""
    log, emitted = Log(), threading.Event()

    def old(_cancelled: Callable[[], bool], emit: Emit) -> None:
        emit("old")
        emitted.set()

    async def main() -> None:
        runner = LatestWins()
        runner.request(log.job(old))
        emitted.wait(5)
        runner.request(log.job(lambda _cancelled, emit: emit("new")))
        await idle(runner)
        runner.close()

    asyncio.run(main())
    assert log.answers == ["new"]


def test_with_patience_quick_answers_show_while_requests_go_on() -> None:
    """Overtaken but quick jobs are answered, in order, and the newest last; each ends once."""
    log, last = Log(), 39
    overtaken = [threading.Event() for _ in range(last)]

    def work_of(number: int) -> Callable[[Callable[[], bool], Emit], None]:
        def work(_cancelled: Callable[[], bool], emit: Emit) -> None:
            if number < last:
                overtaken[number].wait()
            emit(number)

        return work

    async def main() -> None:
        runner = LatestWins(patience=60.0)
        for number in range(last + 1):
            runner.request(log.job(work_of(number)))
            if number:
                overtaken[number - 1].set()
            await asyncio.sleep(0.004)
        await idle(runner)
        runner.close()

    asyncio.run(main())
    assert log.answers == sorted(log.answers)
    assert len(log.answers) > 1
    assert log.answers[-1] == last
    assert log.ends == 1


def test_patience_ends() -> None:
    """A slow job that has been overtaken is cancelled after a while, and nothing of it shows."""
    log = Log()

    def slow(cancelled: Callable[[], bool], emit: Emit) -> None:
        while not cancelled():
            threading.Event().wait(0.001)
        emit("slow")

    async def main() -> None:
        runner = LatestWins(patience=0.05)
        runner.request(log.job(slow))
        await asyncio.sleep(0.01)
        runner.request(log.job(lambda _cancelled, emit: emit("newest")))
        await idle(runner)
        runner.close()

    asyncio.run(main())
    assert log.answers == ["newest"]


def test_cancel_drops_what_is_under_way() -> None:
    """After a cancel nothing arrives, and the work is told to stop."""
    log, stopped = Log(), threading.Event()

    def work(cancelled: Callable[[], bool], emit: Emit) -> None:
        while not cancelled():
            threading.Event().wait(0.001)
        stopped.set()
        emit("late")

    async def main() -> None:
        runner = LatestWins()
        runner.request(log.job(work))
        await asyncio.sleep(0.01)
        runner.cancel()
        assert not runner.busy
        assert await asyncio.to_thread(stopped.wait, 5)
        await asyncio.sleep(0.02)
        runner.close()

    asyncio.run(main())
    assert (log.answers, log.errors, log.ends) == ([], [], 0)


@pytest.mark.parametrize("looped", [True, False])
def test_an_error_is_reported_and_the_next_request_works(looped: bool) -> None:  # noqa: FBT001
    """What the work raises reaches ``failed``; the runner goes on."""
    log = Log()

    def work(_cancelled: Callable[[], bool], _emit: Emit) -> None:
        raise ValueError("broken")

    runner = LatestWins()

    async def looped_main() -> None:
        runner.request(log.job(work))
        await idle(runner)
        runner.request(log.job(lambda _cancelled, emit: emit("fine")))
        await idle(runner)

    if looped:
        asyncio.run(looped_main())
    else:
        runner.request(log.job(work))
        runner.request(log.job(lambda _cancelled, emit: emit("fine")))
    runner.close()
    assert [str(error) for error in log.errors] == ["broken"]
    assert log.answers == ["fine"]
    assert log.ends == 2


def test_running_loop_tells_whether_there_is_one() -> None:
    """No loop in plain Python; the loop itself within a coroutine."""

    async def main() -> None:
        assert running_loop() is asyncio.get_running_loop()

    assert running_loop() is None
    asyncio.run(main())


def test_where_threads_are_missing_the_work_runs_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """In Pyodide a loop runs, and no thread can be started."""
    log = Log()

    def say(answer: str, _cancelled: Callable[[], bool], emit: Emit) -> None:
        emit(answer)

    async def main() -> None:
        runner = LatestWins()
        assert running_loop() is None
        for answer in ("one", "two", "three"):
            runner.request(log.job(partial(say, answer)))
            assert not runner.busy

    monkeypatch.setattr(sys, "platform", "emscripten")
    asyncio.run(main())
    assert (log.answers, log.ends) == (["one", "two", "three"], 3)
    assert log.threads == {threading.get_ident()}


def test_where_no_thread_starts_the_work_runs_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request once, also after the first that failed to start one."""
    log = Log()

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def main() -> None:
        runner = LatestWins()
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", refuse)
            runner.request(log.job(lambda _cancelled, emit: emit("here")))
        runner.request(log.job(lambda _cancelled, emit: emit("too")))
        await idle(runner)
        await asyncio.sleep(0.02)

    asyncio.run(main())
    assert (log.answers, log.ends) == (["here", "too"], 2)


def test_a_request_on_an_answers_way_is_the_newest() -> None:
    """Without a loop, too: what was asked before answers no more."""
    seen: list[str] = []
    runner = LatestWins()

    def ignore(_error: Exception) -> None:
        return

    def heard(answer: str) -> None:
        seen.append(answer)
        if answer == "old":
            runner.request(Job(lambda _c, emit: emit("new"), seen.append, ignore, lambda: None))

    def work(_cancelled: Callable[[], bool], emit: Emit) -> None:
        emit("old")
        emit("old again")

    runner.request(Job(work, heard, ignore, lambda: seen.append("end of the old")))
    assert seen == ["old", "new"]
    assert not runner.busy

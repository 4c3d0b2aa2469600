"""A session's beginning, and its end when nobody comes."""

from __future__ import annotations

import asyncio

import pytest

from puzzle_widgets.app.admission import Opening


class Kernels:
    """Stand for the server's kernels: they start when told to."""

    def __init__(self) -> None:
        self.running: set[str] = set()
        self.met = False
        self.may_start = asyncio.Event()

    def __contains__(self, kernel_id: str) -> bool:
        return kernel_id in self.running

    def is_met(self, _kernel_id: str) -> bool:
        """Whether a page has come."""
        return self.met

    async def start_kernel(self) -> str:
        """Start the one kernel, which takes a while."""
        await self.may_start.wait()
        self.running.add("kernel")
        return "kernel"

    async def shutdown_kernel(self, kernel_id: str, *, now: bool) -> None:
        """End it."""
        assert now
        self.running.remove(kernel_id)


async def begun(kernels: Kernels, over: list[Opening]) -> tuple[Opening, asyncio.Task[str]]:
    """Begin to open a session."""
    opening = Opening(kernels, over.append)

    async def page(asked: Opening) -> str:
        return f"page of {await asked.start()}"

    task = asyncio.create_task(opening.render(page, 60))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return opening, task


async def ended(kernels: Kernels, over: list[Opening]) -> None:
    """Return once the opening is over and no kernel runs."""
    while kernels.running or not over:  # noqa: ASYNC110 - a stand-in tells nobody
        await asyncio.sleep(0.001)


def test_page_is_given_and_its_kernel_stays() -> None:
    """A page that has come keeps its kernel."""

    async def test() -> None:
        kernels, over = Kernels(), list[Opening]()
        kernels.may_start.set()
        opening, task = await begun(kernels, over)
        assert await task == "page of kernel"
        kernels.met = True
        opening.expect_page(0)
        while not over:  # noqa: ASYNC110 - a stand-in tells nobody
            await asyncio.sleep(0.001)
        assert kernels.running == {"kernel"}

    asyncio.run(asyncio.wait_for(test(), 60))


def test_kernel_that_no_page_comes_for_is_ended() -> None:
    """What asked for the page and never ran it leaves no kernel behind."""

    async def test() -> None:
        kernels, over = Kernels(), list[Opening]()
        kernels.may_start.set()
        opening, task = await begun(kernels, over)
        await task
        opening.expect_page(0)
        await ended(kernels, over)

    asyncio.run(asyncio.wait_for(test(), 60))


def test_visitor_who_leaves_ends_the_start() -> None:
    """A kernel whose start cannot be broken off any more is ended once it runs."""

    async def test() -> None:
        kernels, over = Kernels(), list[Opening]()
        opening, task = await begun(kernels, over)
        opening.leave()
        await asyncio.sleep(0)
        kernels.may_start.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        await ended(kernels, over)
        assert opening.kernel_id is None

    asyncio.run(asyncio.wait_for(test(), 60))


def test_failed_page_ends_its_kernel() -> None:
    """An error while the page is made, or a page that takes too long, ends the kernel."""

    async def test(seconds: float, error: type[Exception]) -> None:
        kernels, over = Kernels(), list[Opening]()
        kernels.may_start.set()

        async def page(asked: Opening) -> str:
            await asked.start()
            if error is ValueError:
                raise error
            await asyncio.sleep(3600)
            return ""

        with pytest.raises(error):
            await Opening(kernels, over.append).render(page, seconds)
        await ended(kernels, over)

    asyncio.run(asyncio.wait_for(test(60, ValueError), 60))
    asyncio.run(asyncio.wait_for(test(0.01, TimeoutError), 60))

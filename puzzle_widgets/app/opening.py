"""One session's beginning: its kernel, which ends unless a page comes for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

PAGE_SECONDS = 60  # from the page's last byte to its websocket


class Opening:
    """A session that is being opened.

    Parameters
    ----------
    kernels
        The server's kernels.
    done
        Called once it is over, with this opening.
    """

    def __init__(self, kernels: Any, done: Callable[[Opening], None]) -> None:  # noqa: ANN401
        self.kernel_id: str | None = None
        self.is_starting = True
        self._kernels = kernels
        self._done = done
        self._start: asyncio.Task[str] | None = None
        self._render: asyncio.Task[str] | None = None
        self._wait: asyncio.Task[None] | None = None

    async def render(self, page: Callable[[Opening], Any], seconds: float) -> str:
        """Give the page's text within so many seconds; whatever stops that ends the kernel."""
        self._render = asyncio.ensure_future(page(self))
        try:
            text = await asyncio.wait_for(self._render, seconds)
        except BaseException:
            await self.end()
            raise
        self.is_starting = False
        return text

    async def start(self, **how: Any) -> str:  # noqa: ANN401
        """Start the kernel; its id."""
        self._start = asyncio.ensure_future(self._kernels.start_kernel(**how))
        # A start that is broken off would leave a process that nobody knows.
        kernel_id = await asyncio.shield(self._start)
        self.kernel_id = kernel_id
        return kernel_id

    def leave(self) -> None:
        """Break off: the visitor has gone."""
        if self._render is not None:
            self._render.cancel()

    def expect_page(self, seconds: float = PAGE_SECONDS) -> None:
        """End the kernel unless its page connects within so many seconds."""
        self._wait = asyncio.ensure_future(self._end_unmet(seconds))

    async def end(self) -> None:
        """End the kernel, as soon as it can be ended."""
        for task in (self._render, self._wait):
            if task is not None and task is not asyncio.current_task():
                task.cancel()
        with suppress(Exception):
            if self._start is not None:
                kernel_id = await self._start
                if kernel_id in self._kernels:
                    await self._kernels.shutdown_kernel(kernel_id, now=True)
        self._done(self)

    async def _end_unmet(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if self.kernel_id in self._kernels and not self._kernels.is_met(self.kernel_id):
            await self.end()
        self._done(self)

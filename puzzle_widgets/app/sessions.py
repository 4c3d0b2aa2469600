"""Sessions: who may open one while there is room, and the kernel behind each."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.connect import ConnectionFileMixin
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.manager import KernelManager
from jupyter_server.services.kernels.kernelmanager import (
    AsyncMappingKernelManager,
    ServerKernelManager,
)
from traitlets import default

from puzzle_widgets.app.forked import WarmProcess, register

PAGE_SECONDS = 60  # from the page's last byte to its websocket
TICKET_SECONDS = 20  # from the permission to open to the request that uses it
UNSEEN_SECONDS = 15  # without a word, before a waiting page loses its place
MOST_WAITING = 1000
SOON_SECONDS = 0.5
LATER_SECONDS = 2.0


@dataclass
class Admission:
    """Places of a server, tickets to them, and the pages that wait.

    Parameters
    ----------
    kernels
        The server's kernels, each one a session.
    most_sessions
        Sessions that may be open at once.
    most_starts
        Sessions that may be starting at once.
    clock
        Seconds that pass.
    """

    kernels: Any
    most_sessions: int
    most_starts: int
    clock: Callable[[], float] = time.monotonic
    openings: set[Opening] = field(default_factory=set)
    _tickets: dict[str, float] = field(default_factory=dict)
    _waiting: dict[str, float] = field(default_factory=dict)

    def ask(self, name: str) -> dict[str, Any]:
        """Give a waiting page its ticket, or its place and when to ask again."""
        self._forget()
        if name not in self._waiting:
            if len(self._waiting) >= MOST_WAITING:
                return {"name": "", "ahead": 0, "full": True, "again": LATER_SECONDS}
            name = secrets.token_urlsafe(8)
        self._waiting[name] = self.clock()
        ahead = list(self._waiting).index(name)
        if ahead < self._room():
            return {"ticket": self._let_in(name)}
        return {
            "name": name,
            "ahead": ahead,
            "full": self._taken() >= self.most_sessions,
            "again": SOON_SECONDS if ahead < 2 * self.most_starts else LATER_SECONDS,
        }

    def begin(self, ticket: str) -> Opening | None:
        """Begin to open a session for a ticket; None for one that is unknown or has expired."""
        self._forget()
        if self._tickets.pop(ticket, None) is None:
            return None
        opening = Opening(self.kernels, self.openings.discard)
        self.openings.add(opening)
        return opening

    async def close(self) -> None:
        """Admit no more pages, and end what is opening."""
        self.most_sessions = 0
        self._tickets.clear()
        for opening in list(self.openings):
            await opening.end()

    def _let_in(self, name: str) -> str:
        del self._waiting[name]
        ticket = secrets.token_urlsafe()
        self._tickets[ticket] = self.clock() + TICKET_SECONDS
        return ticket

    def _room(self) -> int:
        starting = len(self._tickets) + sum(opening.is_starting for opening in self.openings)
        return min(self.most_starts - starting, self.most_sessions - self._taken())

    def _taken(self) -> int:
        known: Collection[str] = self.kernels.list_kernel_ids()
        starting = (opening for opening in self.openings if opening.is_starting)
        early = sum(opening.kernel_id not in known for opening in starting)
        return len(self._tickets) + early + len(known)

    def _forget(self) -> None:
        now = self.clock()
        self._tickets = {key: end for key, end in self._tickets.items() if end > now}
        seen = self._waiting.items()
        self._waiting = {key: last for key, last in seen if last > now - UNSEEN_SECONDS}


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
        # A start that is broken off would leave a process that no one ends.
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


KERNEL_NAME = "python3"
_PACKAGE = Path(__file__).resolve().parents[1]


class OwnPythonKernels(KernelSpecManager):
    """Knows one kernel: the Python that runs the server.

    A registered ``python3`` may belong to another environment, in which this package is not.
    """

    def find_kernel_specs(self) -> dict[str, str]:
        """Name of the one kernel; it has no resource folder of its own."""
        return {KERNEL_NAME: str(_PACKAGE)}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Specification of the one kernel."""
        if kernel_name != KERNEL_NAME:
            raise NoSuchKernel(kernel_name)
        forked = {"kernel_provisioner": {"provisioner_name": register()}}
        return KernelSpec(**{**get_kernel_dict(), "env": import_path(), "metadata": forked})


class PageKernels(AsyncMappingKernelManager):
    """The kernels of the open pages; knows which of them a page has ever come for."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self.warm = WarmProcess(import_path())
        self._met: set[str] = set()

    def notify_connect(self, kernel_id: str) -> None:
        """Note that a page has connected: its time without use begins now."""
        self._met.add(kernel_id)
        if kernel_id in self:
            kernel: Any = self.get_kernel(kernel_id)
            kernel.last_activity = datetime.now(UTC)
        super().notify_connect(kernel_id)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a kernel that has been idle for long, unless its page is still to come."""
        if self.is_met(kernel_id):
            await super().cull_kernel_if_idle(kernel_id)

    def is_met(self, kernel_id: str) -> bool:
        """Whether a page has ever connected to the kernel."""
        return kernel_id in self._met

    def remove_kernel(self, kernel_id: str) -> KernelManager:
        """Forget a kernel that has ended."""
        self._met.discard(kernel_id)
        return super().remove_kernel(kernel_id)


class Whole(ConnectionFileMixin):
    """Drops none of a kernel's messages.

    ZeroMQ drops what a subscriber has not read beyond its high-water mark, 1,000 messages by
    default. An explorer that opens sends more at once: a widget would be missing on the page, or
    the word that the cell has ended, and the page would never open.
    """

    def _create_connected_socket(self, channel: str, identity: bytes | None = None) -> Any:  # noqa: ANN401
        self.context.rcvhwm = 0  # no mark, for sockets made from now on
        return super()._create_connected_socket(channel, identity=identity)


class PageKernel(Whole, ServerKernelManager):
    """One page's kernel."""

    @default("client_factory")
    def _without_heartbeat(self) -> type[AsyncKernelClient]:
        return QuietClient

    @default("ip")
    def _address(self) -> str:
        """Address of its sockets: where they are files, a name short enough for one."""
        if self.transport == "ipc":
            return str(Path(self.connection_file).with_name(secrets.token_hex(4)))
        return super()._ip_default()


class QuietClient(Whole, AsyncKernelClient):
    """Speaks to a kernel without a heartbeat.

    The thread of a heartbeat cannot end before its kernel answers, and the whole server would wait
    for it. Whether the kernel runs, its process tells.
    """

    def start_channels(self, *_: object, **__: object) -> None:
        """Open the channels."""
        super().start_channels(hb=False)


def import_path() -> dict[str, str]:
    """Variables with which the kernel imports this very package, installed or a bare checkout."""
    if (_PACKAGE / "_notebooks").is_dir():
        return {}
    known = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join([str(_PACKAGE.parent), *([known] if known else [])])}

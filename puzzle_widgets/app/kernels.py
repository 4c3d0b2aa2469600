"""The kernel behind each page: which Python runs it, how it is reached, when it ends."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from queue import Empty
from typing import Any

import psutil
import zmq
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

from puzzle_widgets.app.forked import WarmProcess, can_fork, register
from puzzle_widgets.app.machine import cores
from puzzle_widgets.app.register import Register, Why
from puzzle_widgets.app.spare import Spares

KERNEL_NAME = "python3"
MOST_SPARES = 2
_ANSWER_SECONDS = 2.0
_OF_KERNELS = b"kernel."  # what a kernel says of itself begins so; of a widget, "comm-"
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
    """The kernels of the open pages: which a page has ever come for, and why each one ends."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self.warm = WarmProcess(import_path())
        self.spares = Spares(min(cores(), MOST_SPARES), import_path())
        self.register = Register()
        self._met: set[str] = set()

    def prepare(self, page: str) -> None:
        """Begin to load what the kernels of a page need, before anyone comes."""
        self.warm.page = self.spares.page = page
        (self.warm if can_fork() else self.spares).start()

    async def start_kernel(self, **how: Any) -> str:  # type: ignore[override]  # noqa: ANN401
        """Start a kernel, and note that; its id."""
        kernel_id: str = await super().start_kernel(**how)
        self.register.begin(kernel_id)
        return kernel_id

    async def end(self, kernel_id: str, why: Why) -> None:
        """End a kernel at once, and note why."""
        self.register.ending(kernel_id, why)
        await self.shutdown_kernel(kernel_id, now=True)

    async def shutdown_kernel(  # type: ignore[override]
        self,
        kernel_id: str,
        *args: Any,  # noqa: ANN401
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        """End a kernel: where nothing else is known, its page has said goodbye."""
        self.register.ending(kernel_id, "closed")
        await super().shutdown_kernel(kernel_id, *args, **kwargs)

    def start_watching_activity(self, kernel_id: str) -> None:
        """Follow whether a kernel is at work, by its own words alone.

        Those of its widgets, nearly all that it says, are passed on to the page: see
        :class:`puzzle_widgets.app.connection.GuardedConnection`, which notes them, too.
        """
        kernel: Any = self.get_kernel(kernel_id)
        kernel.reason, kernel.last_activity = "", datetime.now(UTC)
        stream = kernel.connect_iopub()
        stream.setsockopt(zmq.UNSUBSCRIBE, b"")
        stream.setsockopt(zmq.SUBSCRIBE, _OF_KERNELS)
        kernel._activity_stream = stream  # noqa: SLF001 - where jupyter_server looks for it
        stream.on_recv(partial(self._hear_kernel, kernel))

    def _hear_kernel(self, kernel: Any, message: list[bytes]) -> None:  # noqa: ANN401
        _, parts = kernel.session.feed_identities(message)
        kind = kernel.session.unpack(parts[1])["msg_type"]
        asked = (kernel.session.unpack(parts[2]) or {}).get("msg_type")
        follows = self.track_message_type(asked)
        if self.track_message_type(kind) or follows or kernel.execution_state == "busy":
            self.last_kernel_activity = kernel.last_activity = datetime.now(UTC)
        if kind == "status":
            state = kernel.session.unpack(parts[4])["execution_state"]
            if follows:
                kernel.execution_state = state
            elif kernel.execution_state == "starting" != state:
                kernel.execution_state = "idle"

    def notify_connect(self, kernel_id: str) -> None:
        """Note that a page has connected: its time without use begins now."""
        self._met.add(kernel_id)
        if kernel_id in self:
            kernel: Any = self.get_kernel(kernel_id)
            kernel.last_activity = datetime.now(UTC)
        super().notify_connect(kernel_id)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a kernel that has been idle for long, unless its page is still to come."""
        if self.is_met(kernel_id) and self._unused_seconds(kernel_id) > self.cull_idle_timeout:
            await self.end(kernel_id, "idle")

    def is_met(self, kernel_id: str) -> bool:
        """Whether a page has ever connected to the kernel."""
        return kernel_id in self._met

    def remove_kernel(self, kernel_id: str) -> KernelManager:
        """Forget a kernel that has ended."""
        self._met.discard(kernel_id)
        self.register.gone(kernel_id)
        return super().remove_kernel(kernel_id)

    async def end_those_above(self, most_bytes: int) -> None:
        """End sessions that hold more memory than allowed; the others never notice."""
        for kernel_id in self.list_kernel_ids():
            if self.memory_bytes(kernel_id) > most_bytes:
                await self.end(kernel_id, "memory")

    def memory_bytes(self, kernel_id: str) -> int:
        """Memory of a kernel's process, what it shares with others included."""
        process = getattr(self.get_kernel(kernel_id).provisioner, "process", None)
        try:
            return int(psutil.Process(process.pid).memory_info().rss) if process else 0
        except psutil.Error:
            return 0

    def _unused_seconds(self, kernel_id: str) -> float:
        kernel: Any = self.get_kernel(kernel_id)
        return (datetime.now(UTC) - kernel.last_activity).total_seconds()

    def _handle_kernel_died(self, kernel_id: str) -> None:
        self.register.ending(kernel_id, "died")
        super()._handle_kernel_died(kernel_id)


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

    @property
    def page_made(self) -> str:
        """Id of the page that it was forked with, and has to run no notebook for."""
        return str(getattr(getattr(self.provisioner, "process", None), "page", ""))

    async def answers(self) -> None:
        """Wait until it answers.

        Raises
        ------
        RuntimeError
            If it has ended.
        """
        client = self.client()
        client.start_channels()
        try:
            while True:
                client.kernel_info()
                with suppress(Empty):
                    await client.get_shell_msg(timeout=_ANSWER_SECONDS)
                    return
                if not await self.is_alive():
                    raise RuntimeError("the kernel has ended as it started")
        finally:
            client.stop_channels()


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

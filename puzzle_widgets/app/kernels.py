"""Kernels in the server's own Python, reached through files that nobody else can open."""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.manager import KernelManager
from jupyter_server.services.kernels.kernelmanager import (
    AsyncMappingKernelManager,
    ServerKernelManager,
)
from traitlets import default

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
        return KernelSpec(**{**get_kernel_dict(), "env": _import_path()})


class PageKernels(AsyncMappingKernelManager):
    """The kernels of the open pages; knows which of them a page has ever come for."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self._met: set[str] = set()

    def notify_connect(self, kernel_id: str) -> None:
        """Note that a page has connected: its time without use begins now."""
        self._met.add(kernel_id)
        if kernel_id in self:
            kernel: Any = self.get_kernel(kernel_id)
            kernel.last_activity = datetime.now(UTC)
        super().notify_connect(kernel_id)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a kernel that nobody has used for long, but none whose page is still to come."""
        if self.is_met(kernel_id):
            await super().cull_kernel_if_idle(kernel_id)

    def is_met(self, kernel_id: str) -> bool:
        """Whether a page has ever connected to the kernel."""
        return kernel_id in self._met

    def remove_kernel(self, kernel_id: str) -> KernelManager:
        """Forget a kernel that has ended."""
        self._met.discard(kernel_id)
        return super().remove_kernel(kernel_id)


class PageKernel(ServerKernelManager):
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


class QuietClient(AsyncKernelClient):
    """Speaks to a kernel without a heartbeat.

    The thread of a heartbeat cannot end before its kernel answers, and the whole server would wait
    for it. Whether the kernel runs, its process tells.
    """

    def start_channels(self, *_: object, **__: object) -> None:
        """Open the channels."""
        super().start_channels(hb=False)


def _import_path() -> dict[str, str]:
    """Variables with which the kernel imports this very package, installed or a bare checkout."""
    if (_PACKAGE / "_notebooks").is_dir():
        return {}
    known = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join([str(_PACKAGE.parent), *([known] if known else [])])}

"""Kernels forked from the warm process, as the server sees them; elsewhere they are made ahead."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import EntryPoint
from pathlib import Path
from threading import Lock
from typing import Any

from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from puzzle_widgets.app.spare import Spares
from puzzle_widgets.app.warm import MAX_REQUEST_BYTES, READY, TASKS

PROVISIONER = "puzzle-widgets-fork"
LOAD_SECONDS = 60
FORK_SECONDS = 20
MOST_FAILURES = 3
_LAUNCHER = "ipykernel_launcher"
# What starts threads when it is loaded cannot be forked: linear algebra, and Arrow's memory.
_ALONE = {
    **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}


class CannotForkError(Exception):
    """No kernel can be forked: here, or at the moment."""


class ForkedKernel:
    """A forked kernel's process, with as much of ``subprocess.Popen`` as a provisioner uses.

    Parameters
    ----------
    pid
        Its number.
    hold
        An open file that stands for the process; ``None`` if it has ended already.
    page
        Id of the page that was made before the fork; empty where none was.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int, hold: int | None, page: str = "") -> None:
        self.pid, self.page = pid, page
        self.returncode: int | None = None
        self._hold = hold
        self._signal = 0
        if hold is None:
            self.returncode = 1

    def poll(self) -> int | None:
        """Status of a process that has ended, or None; how it ended only its parent knows."""
        if self._hold is not None and select.select([self._hold], [], [], 0)[0]:
            self._end()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end.

        Raises
        ------
        subprocess.TimeoutExpired
            If it has not come in so many seconds.
        """
        if self._hold is not None:
            if not select.select([self._hold], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(_LAUNCHER, timeout or 0)
            self._end()
        return self.returncode or 0

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self._hold is not None:
            self._signal = number
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._hold, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _end(self) -> None:
        assert self._hold is not None  # noqa: S101 - asked by both callers
        os.close(self._hold)
        self._hold, self.returncode = None, -self._signal

    def __del__(self) -> None:
        if self._hold is not None:
            with suppress(OSError):
                os.close(self._hold)


class WarmProcess:
    """The process that forks, started when it is first needed and again if it has died.

    Parameters
    ----------
    environment
        Variables with which it runs, beside those of this process.

    Attributes
    ----------
    page
        What is served: ``"explorer"``, or anything else.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self.page = ""
        self._environment = {**_ALONE, **(environment or {})}
        self._lock = Lock()
        self._failures = 0
        self._ready = self._closed = False
        self._line: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._life: tuple[int, int] | None = None

    def start(self) -> None:
        """Begin to load; nothing happens where it runs, or where kernels cannot be forked."""
        with self._lock, suppress(CannotForkError):
            self._begin()

    def fork(self, arguments: Sequence[str], environment: Mapping[str, str], folder: str) -> Any:  # noqa: ANN401 - Popen's like
        """Fork a kernel; waits for the process to have loaded.

        Raises
        ------
        CannotForkError
            If that cannot be; the kernel is to be started then.
        """
        asked = {"arguments": [*arguments], "environment": dict(environment), "folder": folder}
        request = json.dumps(asked).encode()
        with self._lock:
            self._begin()
            try:
                return self._ask(request)
            except (OSError, ValueError) as error:
                self._failures += 1
                self._end()
                raise CannotForkError(f"the warm process failed: {error}") from error

    def close(self) -> None:
        """End it, and every kernel that it has forked and that still runs; waits for no fork."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()  # whoever waits for its answer holds the lock, and has one now
        with self._lock:
            self._end()
            if self._life is not None:
                for end in self._life:
                    os.close(end)
                self._life = None

    @property
    def pid(self) -> int | None:
        """Its number, while it runs."""
        return None if self._process is None else self._process.pid

    def _begin(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self._end()
        if self._closed or not can_fork() or self._failures >= MOST_FAILURES:
            raise CannotForkError("kernels cannot be forked here")
        if self._life is None:
            self._life = os.pipe()
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            handed = (theirs.fileno(), self._life[0])
            command = [sys.executable, "-m", "puzzle_widgets.app.warm", *map(str, handed)]
            self._process = subprocess.Popen(  # noqa: S603 - this very Python
                [*command, self.page],
                pass_fds=handed,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **self._environment},
                start_new_session=True,  # Ctrl-C is the server's
            )

    def _ask(self, request: bytes) -> ForkedKernel:
        assert self._line is not None  # noqa: S101 - begun
        if self._closed:  # before there was a process to end
            raise ValueError("it was closed")
        if not self._ready:
            self._line.settimeout(LOAD_SECONDS)
            said = self._line.recv(len(READY) + 8)
            if said != READY:
                raise ValueError(said.decode(errors="replace") or "it ended")
            self._line.settimeout(FORK_SECONDS)
            self._ready = True
        self._line.send(request)
        answer, holds, _, _ = socket.recv_fds(self._line, MAX_REQUEST_BYTES, 1)
        self._failures = 0
        told = json.loads(answer)
        return ForkedKernel(int(told["pid"]), holds[0] if holds else None, str(told["page"]))

    def _end(self) -> None:
        self._ready = False
        if self._line is not None:
            self._line.close()
            self._line = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class ForkProvisioner(LocalProvisioner):
    """Gives a kernel by forking it; else one made ahead; else by starting it."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:  # noqa: ANN401
        """Give the kernel; its connection."""
        kernels = getattr(self.parent, "parent", None)
        warm: WarmProcess | None = getattr(kernels, "warm", None)
        spares: Spares | None = getattr(kernels, "spares", None)
        if warm is None or spares is None or _LAUNCHER not in cmd:
            return await super().launch_kernel(cmd, **kwargs)
        arguments = cmd[cmd.index(_LAUNCHER) + 1 :]
        folder = str(kwargs.get("cwd") or Path.cwd())
        try:
            kernel = await asyncio.to_thread(warm.fork, arguments, kwargs["env"], folder)
        except CannotForkError:
            kernel = await asyncio.to_thread(spares.take, arguments, kwargs["env"], folder)
        if kernel is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.process, self.pid, self.cwd = kernel, kernel.pid, folder
        return self.connection_info


def can_fork() -> bool:
    """Whether this system can: macOS has libraries that do not survive it, Windows no fork."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open") and TASKS.is_dir()


def register() -> str:
    """Make the provisioner known; its name, for a kernel's specification."""
    group = KernelProvisionerFactory.GROUP_NAME
    value = f"{__name__}:{ForkProvisioner.__name__}"
    known = KernelProvisionerFactory.provisioners
    known[PROVISIONER] = EntryPoint(name=PROVISIONER, value=value, group=group)
    return PROVISIONER

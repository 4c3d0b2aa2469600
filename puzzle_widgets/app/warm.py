"""A process that has loaded all that a page's kernel needs, and forks one for each page (Linux).

The server runs it as ``python -m puzzle_widgets.app.warm LINE LIFE PAGE``, with two open files:
the line on which it asks, and a pipe of which it holds the other end; PAGE is ``explorer`` where
that will be served. A fork has everything that was loaded here, in memory shared until it is
written to. Nothing here runs a thread: a fork would not have it.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any, NoReturn

from puzzle_widgets.app.page import make_ahead

MAX_REQUEST_BYTES = 2**20
EXPLORER = "explorer"
READY = b"ready"
THREADED = b"threaded"
TASKS = Path("/proc/self/task")
# Of the history of IPython nobody reads a word, and a thread would write it.
_QUIET = ("--HistoryManager.enabled=False",)
# A kernel loads the debugger of editors if it can: 13 MiB a page that nobody debugs.
_NOT_LOADED = ("debugpy",)
# What a kernel loads as it starts: loaded here, it is shared.
_OF_A_KERNEL = (
    "faulthandler",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "IPython.utils.wildcard",
    "ipykernel.debugger",
    "ipykernel.heartbeat",
    "ipykernel.zmqshell",
    "tornado.platform.asyncio",
    "zmq.utils.garbage",
)


def main(line: socket.socket, life: int, page: str) -> None:
    """Load, say so, and fork until the server hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system buries what has ended
    made = load(ahead=page == EXPLORER)
    if len(list(TASKS.iterdir())) > 1:
        line.send(THREADED)
        return
    line.send(READY)
    while request := line.recv(MAX_REQUEST_BYTES):
        _fork(line, life, json.loads(request), made)


def load(*, ahead: bool) -> str:
    """Import what a page needs, and make one ahead; its id, empty where none was made."""
    gc.disable()
    for name in _NOT_LOADED:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # so that it fails
    for name in _OF_A_KERNEL:
        with suppress(ImportError):  # another version of IPython has another
            importlib.import_module(name)
    from ipykernel import kernelapp  # noqa: F401, PLC0415 - by this program only

    from puzzle_widgets.app.states import lead_widgets  # noqa: PLC0415
    from puzzle_widgets.widgets import explorer  # noqa: F401, PLC0415

    lead_widgets()
    made = _make() if ahead else ""
    gc.collect()
    gc.freeze()
    gc.enable()
    return made


def _make() -> str:
    """Make the page that all forks share until they write to it."""
    from puzzle_widgets.app.states import states  # noqa: PLC0415
    from puzzle_widgets.search.kernel.host import forget_instances  # noqa: PLC0415

    page = make_ahead()
    forget_instances()
    if page is None:
        return ""
    states.write()
    return str(page.model_id)


def _fork(line: socket.socket, life: int, request: dict[str, object], made: str) -> None:
    """Fork a kernel, and hand the server a hold on it that no other process can take over."""
    child = os.fork()
    if child == 0:
        line.close()
        _become_kernel(life, **request)  # type: ignore[arg-type]
    answer = json.dumps({"pid": child, "page": made}).encode()
    try:
        hold = os.pidfd_open(child)
    except ProcessLookupError:  # it has ended already
        line.send(answer)
        return
    socket.send_fds(line, [answer], [hold])
    os.close(hold)


def _become_kernel(
    life: int, *, arguments: list[str], environment: dict[str, str], folder: str
) -> NoReturn:
    """Run a kernel as if it had been started by its command."""
    status = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        take_environment(environment)
        os.chdir(folder)
        Thread(target=_end_with, args=(life,), name="life", daemon=True).start()
        run_kernel(arguments)
        status = 0
    finally:
        # What was to be done at the end of the forked process is not ours to do.
        with suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(status)


def take_environment(environment: dict[str, str], keep: Sequence[str] = ()) -> None:
    """Have a page's variables, but of those that link a kernel to its parent only our own."""
    kept = {name: os.environ[name] for name in keep if name in os.environ}
    os.environ.clear()
    os.environ.update(environment)
    os.environ.pop("JPY_PARENT_PID", None)  # our parent may end; what matters is the server
    os.environ.update(kept)


def run_kernel(arguments: list[str], *, watch_parent: bool = False) -> None:
    """Run a kernel in this process, which ends with its parent if that is watched."""
    import numpy as np  # noqa: PLC0415
    from ipykernel.kernelapp import IPKernelApp  # noqa: PLC0415
    from ipywidgets import register_comm_target  # noqa: PLC0415

    from puzzle_widgets.app.states import answer_pages  # noqa: PLC0415

    class ForkedKernel(IPKernelApp):
        """Drops no message, and leaves terminal and parent alone."""

        def init_iopub(self, context: Any) -> None:  # noqa: ANN401 - zmq's, not loaded above
            context.sndhwm = 0  # no mark beyond which what nobody has read yet is dropped
            super().init_iopub(context)

        def init_kernel(self) -> None:
            super().init_kernel()
            register_comm_target()  # where ipywidgets was imported, there was no kernel yet
            answer_pages(self.kernel)

        def log_connection_info(self) -> None:
            pass

        def init_poller(self) -> None:
            if watch_parent:
                super().init_poller()

    np.random.seed()  # noqa: NPY002 - the forks would share its numbers
    sys.argv = ["ipykernel_launcher", *arguments]
    ForkedKernel.launch_instance(argv=[*arguments, *_QUIET])


def _end_with(life: int) -> None:
    """End when the server has: its end of the pipe is closed then, however it ended."""
    with suppress(OSError):
        os.read(life, 1)
    os._exit(0)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]), sys.argv[3])

"""Kernels made ahead, where none can be forked (macOS, Windows): loaded, and waiting for a page.

Each runs as ``python -m puzzle_widgets.app.spare PAGE`` and reads one line, as which kernel to go
on; PAGE is ``explorer`` where that will be served. A spare that hears nothing more ends: so none
outlives its server.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from threading import Lock

from puzzle_widgets.app.warm import EXPLORER, load, run_kernel, take_environment

MODULE = "puzzle_widgets.app.spare"
# What jupyter_client tells a kernel that it starts, and the page's kernel does not know.
_OWN = ("JPY_PARENT_PID", "JPY_INTERRUPT_EVENT", "IPY_INTERRUPT_EVENT")


class Spares:
    """The kernels that wait for a page.

    Parameters
    ----------
    count
        How many wait.
    environment
        Variables with which they run, beside those of this process.

    Attributes
    ----------
    page
        What is served: ``"explorer"``, or anything else.
    """

    def __init__(self, count: int, environment: Mapping[str, str] | None = None) -> None:
        self.page = ""
        self._count = count
        self._environment = dict(environment or {})
        self._lock = Lock()
        self._closed = False
        self._waiting: list[tuple[subprocess.Popen[bytes], int]] = []

    def start(self) -> None:
        """Begin to load as many as are missing."""
        with self._lock:
            self._fill()

    def take(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: str
    ) -> subprocess.Popen[bytes] | None:
        """Have one go on as a page's kernel, and another load in its place.

        Gives its process; ``None`` where none is left alive, or once they are closed.
        """
        asked = {"arguments": [*arguments], "environment": dict(environment), "folder": folder}
        request = json.dumps(asked).encode() + b"\n"
        with self._lock:
            found = None
            while self._waiting and found is None:
                process, line = self._waiting.pop(0)
                if _told(line, request) and process.poll() is None:
                    found = process
                else:
                    _bury(process)
            self._fill()
        return found

    def close(self) -> None:
        """End those that wait; pages keep theirs."""
        with self._lock:
            self._closed = True
            for process, line in self._waiting:
                os.close(line)
                _bury(process)
            self._waiting.clear()

    def _fill(self) -> None:
        while not self._closed and len(self._waiting) < self._count:
            self._waiting.append(self._loading())

    def _loading(self) -> tuple[subprocess.Popen[bytes], int]:
        from jupyter_client.launcher import launch_kernel  # noqa: PLC0415 - a spare needs it not

        theirs, ours = os.pipe()
        try:
            command = [sys.executable, "-m", MODULE, self.page]
            environment = {**os.environ, **self._environment}
            return launch_kernel(command, stdin=theirs, env=environment), ours
        finally:
            os.close(theirs)


def _told(line: int, request: bytes) -> bool:
    """Tell a spare as which kernel to go on; false where it has ended."""
    try:
        while request:
            request = request[os.write(line, request) :]
    except OSError:
        return False
    finally:
        os.close(line)
    return True


def _bury(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def main(page: str) -> None:
    """Load, wait, and become a page's kernel."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's
    load(ahead=page == EXPLORER)
    request = sys.stdin.readline()
    if not request:
        return
    asked = json.loads(request)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    take_environment(asked["environment"], keep=_OWN)
    os.chdir(asked["folder"])
    run_kernel(asked["arguments"], watch_parent=True)


if __name__ == "__main__":
    main(sys.argv[1])

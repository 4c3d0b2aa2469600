"""The app in a process of its own, as a user would run it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[2]
_RUN = (
    "import json, sys\n"
    "from puzzle_widgets.app.server import serve\n"
    "serve(**json.loads(sys.argv[1]))"
)


@dataclass(frozen=True)
class RunningApp:
    """A server that answers at ``url``."""

    url: str
    process: subprocess.Popen[str]

    def stop(self) -> int:
        """End the server as Ctrl-C does; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()  # or whoever waits for it waits for ever
            raise


@contextmanager
def running_app(
    library: str | None = None, *, notebook: Path | None = None, **options: Any
) -> Iterator[RunningApp]:
    """Serve on a free port for as long as the block lasts; ``options`` are those of ``serve``."""
    arguments = {"library": library, "port": 0, "open_browser": False, **options}
    if notebook is not None:
        arguments["notebook"] = str(notebook)
    command = [sys.executable, "-c", _RUN, json.dumps(arguments)]
    with (
        TemporaryFile("w+") as errors,
        subprocess.Popen(
            command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        app = RunningApp(_announced_url(process, errors), process)
        try:
            yield app
        finally:
            app.stop()


def _announced_url(process: subprocess.Popen[str], errors: IO[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://\S+", line)
    if found is None:
        process.wait(timeout=30)
        errors.seek(0)
        raise AssertionError(f"the server did not start: {line}{errors.read()}")
    return found[0]


def kernels_of(server: int) -> list[Any]:
    """Processes of the pages' kernels of a server: forked by its one warm process, or started."""
    import psutil  # noqa: PLC0415 - few tests look at processes

    below = psutil.Process(server).children(recursive=True)
    return [found for found in below if _is_kernel(found, server)]


def _is_kernel(process: Any, server: int) -> bool:
    import psutil  # noqa: PLC0415

    try:
        started = any("ipykernel" in word for word in process.cmdline())
        return started or process.ppid() != server
    except psutil.NoSuchProcess:
        return False

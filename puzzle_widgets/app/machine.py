"""What the machine gives the server: an address, room, signals, sockets as files, a browser."""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from types import FrameType

from puzzle_widgets.errors import ServerError

PREFERRED_PORT = 8866
_HIGHEST_PORT = 65_535
SESSION_BYTES = 150 * 2**20  # a started kernel: 120 to 135 MiB measured; a forked one 26 to 45
SESSIONS_PER_CORE = 25
MOST_SESSIONS = 100  # what one process serves within its limits of files and sockets
OPEN_FILES = 16_384
_MEMORY_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
# A socket's path has at most 104 bytes (macOS) or 108 (Linux). Of these Voila's folder takes 16,
# a kernel's name and its number 12.
_LONGEST_ROOT = 104 - 16 - 12 - 2
_SHORT_ROOTS = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - a private folder is made in one
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


def listen_at(ip: str, port: int | None) -> socket.socket:
    """Take the port of the server.

    Parameters
    ----------
    ip
        Address to listen at.
    port
        The port to take, or None for 8866 where it is free and any free one otherwise.

    Returns
    -------
    socket.socket
        A socket that listens already.

    Raises
    ------
    ServerError
        If the port asked for is taken or not allowed, or the address is not this machine's.
    """
    if port is not None:
        return _bind(ip, port)
    try:
        return _bind(ip, PREFERRED_PORT)
    except ServerError:
        return _bind(ip, 0)


def port_of(listener: socket.socket) -> int:
    """Port that a socket listens at."""
    return int(listener.getsockname()[1])


def _bind(ip: str, port: int) -> socket.socket:
    if not 0 <= port <= _HIGHEST_PORT:
        raise ServerError(f"invalid port {port}; give 1 to {_HIGHEST_PORT}, or 0 for any free port")
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    try:
        listener = socket.create_server((ip, port), family=family)
    except OSError as error:
        raise ServerError(
            f"port {port} on {ip} cannot be used: {error.strerror}; "
            "name another port, or none to take any that is free"
        ) from error
    listener.settimeout(0)
    return listener


def default_sessions() -> int:
    """Sessions that fit into half of the memory and leave each core a bearable number."""
    by_memory = _memory_bytes() // 2 // SESSION_BYTES
    return max(1, min(by_memory, SESSIONS_PER_CORE * cores(), MOST_SESSIONS))


def cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def allow_open_files() -> None:
    """Raise the limit of open files as far as allowed: a session needs about twenty."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - Windows has none

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _memory_bytes() -> int:
    return min([_installed_bytes(), *_container_bytes()])


def _installed_bytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 8 * 2**30


def _container_bytes() -> list[int]:
    """Limit that a container sets, if any."""
    found = []
    for path in _MEMORY_LIMITS:
        with suppress(OSError, ValueError):
            found.append(int(Path(path).read_text()))
    return found


def socket_root() -> str | None:
    """Folder in which private folders with sockets can be made; None if there is no such folder."""
    roots = (tempfile.gettempdir(), *_SHORT_ROOTS)
    return next((root for root in roots if _holds_sockets(root)), None)


def _holds_sockets(root: str) -> bool:
    if not hasattr(socket, "AF_UNIX") or os.name != "posix":
        return False
    if len(os.fsencode(root)) > _LONGEST_ROOT:
        return False
    try:
        with (
            tempfile.TemporaryDirectory(prefix="voila_", dir=root) as folder,
            socket.socket(socket.AF_UNIX) as tried,
        ):
            tried.bind(str(Path(folder) / "a"))
    except OSError:
        return False
    return True


class Ending:
    """What a request to end does, at whatever moment it comes."""

    def __init__(self) -> None:
        self._stop: Callable[[], object] | None = None
        self._asked = False

    def stop_by(self, stop: Callable[[], object]) -> None:
        """Call ``stop`` once asked, or now if that was meanwhile."""
        self._stop = stop
        if self._asked:
            stop()

    def ask(self, _number: int, _frame: FrameType | None) -> None:
        """End in order, once there is something to end; that it was asked again changes nothing."""
        again, self._asked = self._asked, True
        if self._stop is not None and not again:
            self._stop()


@contextmanager
def ending() -> Iterator[Ending]:
    """Take the signals that ask to end, for as long as the block lasts."""
    request = Ending()
    numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    # Signals that our parent process ignores for us, as `nohup` does, stay ignored.
    taken = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, request.ask) for number in taken}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def open_when_possible(url: str) -> None:
    """Open ``url`` in the user's browser without waiting for it; do nothing without a display."""
    if not _has_display():
        return
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    Thread(target=browser.open, args=(url,), kwargs={"new": 2}, daemon=True).start()


def _has_display() -> bool:
    # Without a display Python falls back to text browsers, which would seize the terminal.
    if sys.platform in ("darwin", "win32"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))

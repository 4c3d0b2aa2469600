"""How many sessions this machine holds, and how many it can start at once."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

SESSION_BYTES = 150 * 2**20  # a kernel with the explorer open: 120 to 135 MiB measured
SESSIONS_A_CORE = 25
MOST_SESSIONS = 100  # what one process serves within its limits of files and sockets
OPEN_FILES = 16_384
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def default_sessions() -> int:
    """Sessions that fit into half of the memory and leave each core a bearable number."""
    by_memory = _memory_bytes() // 2 // SESSION_BYTES
    return max(1, min(by_memory, SESSIONS_A_CORE * cores(), MOST_SESSIONS))


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
    for path in _LIMITS:
        with suppress(OSError, ValueError):
            found.append(int(Path(path).read_text()))
    return found

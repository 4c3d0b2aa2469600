"""How much memory this process has, so that a search can stop before it takes too much."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

_PAGES = Path("/proc/self/statm")


def resident_mib() -> float:
    """Resident memory in MiB; its peak where the system tells no more, 0 where it tells nothing."""
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:
        return 0.0
    if _PAGES.exists():
        return int(_PAGES.read_text().split()[1]) * resource.getpagesize() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def grown_by(limit_mib: float) -> Callable[[], bool]:
    """Begin to watch: the function given tells whether memory has grown by more than a limit."""
    begin = resident_mib()
    return lambda: resident_mib() - begin > limit_mib

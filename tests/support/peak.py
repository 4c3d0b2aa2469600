"""The most memory that this process has used."""

from __future__ import annotations

import resource
from pathlib import Path

_KIB = 1024.0


def peak_mib() -> float:
    """Peak resident memory in MiB; of this program alone where the system tells.

    ``ru_maxrss`` begins with that of the process that started this one.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB
    return next(float(line.split()[1]) for line in lines if line.startswith("VmHWM")) / _KIB

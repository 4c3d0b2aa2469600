"""Peak memory of one search, each in a process of its own.

Run as a module it measures in this process and prints what it found as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import puzzle_widgets as pw
from tests.benchmarks.instances import (
    COSTS,
    KL,
    OWN,
    Instance,
    by_shares,
    published_library,
    random_published_like,
    strongly_correlated,
)
from tests.support.libraries import MEMORY, RUNTIME
from tests.support.peak import peak_mib

_CHECKOUT = Path(__file__).resolve().parents[2]
_SECONDS = 10.0
CASES = ("published", "200 x 54", "strongly correlated")


@dataclass(frozen=True)
class Peak:
    """Memory of the process in MiB: before the search, and what the search added at its peak."""

    case: str
    before: float
    added: float
    engine: str
    status: str


def measure_peaks() -> list[Peak]:
    """Measure every case that can be; each in a fresh process."""
    found = []
    for case in CASES:
        ran = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.peak", case],
            cwd=_CHECKOUT,
            check=True,
            capture_output=True,
            text=True,
        )
        if ran.stdout.strip():
            found.append(Peak(**json.loads(ran.stdout)))
    return found


def measure_here(case: str) -> Peak | None:
    """Measure one case in this process."""
    instance = _instance(case)
    if instance is None:
        return None
    _forget_peak()
    before = peak_mib()
    solution = pw.search(instance.problem, time_limit=_SECONDS)
    return Peak(case, before, peak_mib() - before, solution.engine, solution.status)


def _instance(case: str) -> Instance | None:
    if case == "strongly correlated":
        return strongly_correlated()
    if case == "200 x 54":
        library = random_published_like(200, kind=OWN)
        return by_shares(case, library, dict.fromkeys(COSTS, 0.6))
    published = published_library()
    if published is None:
        return None
    return by_shares(case, published, {MEMORY: 0.7, RUNTIME: 0.72}, KL)


def _forget_peak() -> None:
    """Let the peak begin at the current use, where the system allows it."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


if __name__ == "__main__":
    measured = measure_here(sys.argv[1])
    sys.stdout.write("" if measured is None else json.dumps(asdict(measured)))

"""Peak memory of one search, each in a process of its own.

Run as a module it measures in this process and prints what it found as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import puzzle_widgets as pw
from puzzle_widgets.search.engine import solve
from puzzle_widgets.search.options import SearchOptions
from puzzle_widgets.search.outcome import Outcome
from tests.benchmarks.classes import class_instances
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
# Classes that are not proven in this time, or only by very many states.
_CLASSES = (
    "weakly correlated 100x10, R 1e6",
    "strongly correlated 100x10, R 1e6",
    "subset-sum 100x10, R 1e6",
    "MMKP correlated 30x10x10",
    "weakly correlated 80x16, 2 budgets",
    "published-like own 126x54, 5 budgets",
    "published-like own 200x300, 5 budgets",
)
CASES = ("published", "200 x 54", "strongly correlated", *_CLASSES)


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
    solve = _solving_class(case) if case in _CLASSES else _solving(case)
    if solve is None:
        return None
    _forget_peak()
    before = peak_mib()
    found = solve()
    return Peak(case, before, peak_mib() - before, found.engine, found.status)


def _solving_class(case: str) -> Callable[[], Outcome]:
    [family] = class_instances([case])
    mckp = family.instances[0].mckp
    return lambda: solve(mckp, SearchOptions(time_limit=_SECONDS))


def _solving(case: str) -> Callable[[], pw.Solution] | None:
    instance = _instance(case)
    if instance is None:
        return None
    problem = instance.problem
    return lambda: pw.search(problem, time_limit=_SECONDS)


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

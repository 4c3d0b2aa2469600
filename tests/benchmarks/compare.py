"""What ``search_speed.py`` runs: measures the exact search against others, writes tables."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks import report
from tests.benchmarks.front_race import FrontEffort, race_fronts
from tests.benchmarks.growth import measure_growth
from tests.benchmarks.instances import Family, families, published_library
from tests.benchmarks.peak import measure_peaks
from tests.benchmarks.peers import PEERS, installed_peers, missing_peers
from tests.benchmarks.race import Course, Effort, race
from tests.benchmarks.workers import Workers

PARTS = ("race", "front", "growth", "memory")
_PACKAGES = ("numpy", "highspy")
_LOOP_PEER = PEERS[0]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, and put them into a file if one is named."""
    options = _read(arguments)
    sections = []
    for section in _sections(options):
        sections.append(section)
        sys.stdout.write(f"{section}\n\n")
        sys.stdout.flush()
    if options.markdown:
        report.put_into(options.markdown, "\n\n".join(sections))


def _read(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the exact search against other solvers.")
    parser.add_argument("--quick", action="store_true", help="few searches, one round")
    parser.add_argument("--repeats", type=int, help="rounds (5; 1 with --quick)")
    parser.add_argument("--limit", type=float, help="seconds for one search (30; 20 with --quick)")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="parts to measure")
    parser.add_argument("--families", nargs="+", metavar="WORD", help="only families named so")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables here too")
    return parser.parse_args(arguments)


def _sections(options: argparse.Namespace) -> Iterator[str]:
    peers, quick = installed_peers(), bool(options.quick)
    packages = [*_PACKAGES, *(peer.package for peer in peers)]
    yield report.machine(_command(options), packages, missing_peers())
    with Workers() as workers:
        course = Course(peers, workers, _effort(options), _say)
        if "race" in options.only:
            for family in _asked(options):
                yield report.race_table(family.name, race(family, course))
        if "front" in options.only:
            yield _fronts(course, quick=quick)
    if "growth" in options.only:
        yield report.growth_table(list(measure_growth(quick=quick)))
    if "memory" in options.only:
        yield report.peak_table(measure_peaks())


def _asked(options: argparse.Namespace) -> list[Family]:
    """Families to race: all, or those whose names hold one of the words given."""
    words = [word.lower() for word in options.families or [""]]
    found = families(quick=bool(options.quick))
    return [family for family in found if any(word in family.name.lower() for word in words)]


def _effort(options: argparse.Namespace) -> Effort:
    usual = Effort(1, limit=20.0) if options.quick else Effort()
    return Effort(options.repeats or usual.repeats, usual.patience, options.limit or usual.limit)


def _fronts(course: Course, *, quick: bool) -> str:
    library = published_library()
    if library is None or _LOOP_PEER not in course.peers:
        return "### Fronts\n\nNot measured: they need the published library and python-mip."
    effort = FrontEffort(asked=10 if quick else 100, repeats=course.effort.repeats)
    lines = race_fronts(library, _LOOP_PEER, course.workers, effort)
    return report.front_table(lines, _LOOP_PEER.name)


def _command(options: argparse.Namespace) -> str:
    words = ["python tests/benchmarks/search_speed.py"]
    words += ["--quick"] if options.quick else []
    words += [f"--repeats {options.repeats}"] if options.repeats else []
    words += [f"--limit {options.limit:g}"] if options.limit else []
    words += [f"--families {' '.join(options.families)}"] if options.families else []
    words += [f"--only {' '.join(options.only)}"] if tuple(options.only) != PARTS else []
    return " ".join(words)


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")

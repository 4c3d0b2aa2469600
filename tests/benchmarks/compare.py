"""What ``search_speed.py`` runs: measures the exact search against others, writes tables."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tests.benchmarks import report
from tests.benchmarks.class_answers import contradictions, improved, read_answers, write_answers
from tests.benchmarks.class_race import CLASS_PEERS, ClassEffort, Result, race_class, told
from tests.benchmarks.classes import class_instances
from tests.benchmarks.front_race import FrontEffort, race_fronts
from tests.benchmarks.growth import measure_growth
from tests.benchmarks.instances import Family, families, published_library
from tests.benchmarks.many import ManyEffort, measure_many
from tests.benchmarks.peak import measure_peaks
from tests.benchmarks.peers import PEERS, installed_peers, missing_peers
from tests.benchmarks.race import Course, Effort, race
from tests.benchmarks.workers import Workers

PARTS = ("race", "front", "growth", "memory")
# Parts that take hours, measured only if asked for; each has a place of its own in the page.
LONG_PARTS = ("classes", "many")
_PACKAGES = ("numpy", "highspy")
_LOOP_PEER = PEERS[0]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, and put them into a file if one is named."""
    options = _read(arguments)
    wrong: list[str] = []
    if not set(options.only).isdisjoint(PARTS):
        _write(_sections(options), options.markdown, "search")
    if "classes" in options.only:
        _write(_classes(options, wrong), options.markdown, "classes")
    if "many" in options.only:
        _write(_many(options), options.markdown, "many")
    if wrong:
        raise SystemExit("\n".join(wrong))


def _write(sections: Iterator[str], file: Path | None, name: str) -> None:
    """Print sections as they come, and put them into the file's place of this name."""
    written = []
    for section in sections:
        written.append(section)
        sys.stdout.write(f"{section}\n\n")
        sys.stdout.flush()
    if file is not None:
        report.put_into(file, "\n\n".join(written), name)


def _read(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the exact search against other solvers.")
    parser.add_argument("--quick", action="store_true", help="few searches, one round")
    parser.add_argument("--repeats", type=int, help="rounds (5; 1 with --quick)")
    parser.add_argument("--limit", type=float, help="seconds for one search (30; else 20)")
    parser.add_argument(
        "--only", choices=(*PARTS, *LONG_PARTS), nargs="+", default=PARTS, help="parts to measure"
    )
    parser.add_argument("--families", nargs="+", metavar="WORD", help="only families named so")
    parser.add_argument(
        "--keep-answers", action="store_true", help="note the best answers of classes found"
    )
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


def _classes(options: argparse.Namespace, wrong: list[str]) -> Iterator[str]:
    """Race the hard classes, one thread each; what is wrong is told at the end."""
    peers = [peer for peer in installed_peers() if peer.name in CLASS_PEERS]
    missing = [peer for peer in missing_peers() if peer.name in CLASS_PEERS]
    packages = [*_PACKAGES, *(peer.package for peer in peers)]
    yield report.machine(_command(options), packages, missing)
    usual = ClassEffort()
    repeats = options.repeats or (1 if options.quick else usual.repeats)
    effort = ClassEffort(options.limit or usual.limit, repeats)
    raced: dict[str, list[Result]] = {}
    known = read_answers()
    with Workers(threads=1) as workers:
        for family in class_instances(options.families or ()):
            some = family.first() if options.quick else family
            raced[family.name] = race_class(some, peers, workers, effort, _say)
            if options.keep_answers:
                write_answers(improved(known, raced))
    wrong += [*told(raced), *contradictions(known, raced)]
    yield report.class_table(raced)


def _many(options: argparse.Namespace) -> Iterator[str]:
    """Measure work that is many searches."""
    peer = _LOOP_PEER if _LOOP_PEER in installed_peers() else None
    packages = [*_PACKAGES, _LOOP_PEER.package] if peer else _PACKAGES
    yield report.machine(_command(options), packages, [] if peer else [_LOOP_PEER])
    effort = ManyEffort(50, 60, 20, 10, 3, 1, 10.0) if options.quick else ManyEffort()
    effort = replace(effort, limit=options.limit or effort.limit)
    with Workers(threads=1) as workers:
        yield report.many_table(measure_many(effort, workers, peer))


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
    named = " ".join(f"'{word}'" if " " in word else word for word in options.families or ())
    words += [f"--families {named}"] if named else []
    words += [f"--only {' '.join(options.only)}"] if tuple(options.only) != PARTS else []
    return " ".join(words)


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")

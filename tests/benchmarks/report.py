"""Writes what was measured as markdown."""

from __future__ import annotations

import math
import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from os import cpu_count
from pathlib import Path
from statistics import median

import puzzle_widgets as pw
from puzzle_widgets.search.engine import usual_engine
from tests.benchmarks.class_race import Result, Run
from tests.benchmarks.front_race import FrontLine
from tests.benchmarks.growth import Growth
from tests.benchmarks.many import ManyLine
from tests.benchmarks.peak import Peak
from tests.benchmarks.peers import Peer
from tests.benchmarks.race import OURS, Line


def machine(command: str, packages: Iterable[str], missing: Iterable[Peer] = ()) -> str:
    """Say date, machine, versions and command."""
    versions = [f"puzzle-widgets {pw.__version__}", f"Python {platform.python_version()}"]
    if usual_engine() != "kernel":
        versions.insert(1, "searched by the reference, since the kernel does not run here")
    versions += [f"{name} {version(name)}" for name in sorted(set(packages))]
    lines = [
        f"Measured on {datetime.now(tz=UTC):%Y-%m-%d} with `{command}`:",
        f"{_processor()}, {cpu_count()} cores, {platform.system()}; {', '.join(versions)}.",
    ]
    absent = [peer.name for peer in missing]
    if absent:
        lines.append(f"Not installed, so not measured: {'; '.join(absent)}.")
    return "\n".join(lines)


def race_table(name: str, lines: Sequence[Line]) -> str:
    """Table of one family: times, and their ratios to ours."""
    mine = next(line for line in lines if line.solver == OURS)
    rows = [
        [
            line.solver,
            milliseconds(line.median),
            milliseconds(line.slowest),
            "1" if line is mine else _times(line.median / mine.median),
            "1" if line is mine else _times(line.slowest / mine.slowest),
            "0" if line is mine else milliseconds(line.build),
            _remarks(line),
        ]
        for line in lines
    ]
    heads = ["solver", "median, ms", "slowest, ms", "median, ratio", "slowest, ratio"]
    count = "1 search" if mine.searches == 1 else f"{mine.searches} searches"
    return _section(f"{name} ({count})", table([*heads, "of it model, ms", "remarks"], rows))


def front_table(lines: Sequence[FrontLine], peer: str) -> str:
    """Table of the fronts."""
    rows = [
        [
            line.name,
            str(line.points),
            str(line.kept),
            milliseconds(line.ours),
            milliseconds(line.scaled),
            _times(line.scaled / line.ours),
            f"{line.asked} of {line.points} points asked, scaled",
        ]
        for line in lines
    ]
    heads = ["front over", "points", "nondominated", "ours, ms", f"{peer}, ms", "ratio", "its loop"]
    return _section("Fronts on the published library", table(heads, rows))


def growth_table(grown: Sequence[Growth]) -> str:
    """Table of growth."""
    rows = [
        [
            str(each.layers),
            str(each.variants),
            str(each.budgets),
            milliseconds(each.median),
            milliseconds(each.slowest),
            str(each.fell_back),
        ]
        for each in grown
    ]
    heads = ["layers", "variants", "budgets", "median, ms", "slowest, ms", "to the MIP solver"]
    return _section("How the time grows (published-like, shared costs)", table(heads, rows))


def peak_table(peaks: Sequence[Peak]) -> str:
    """Table of peak memory."""
    rows = [
        [each.case, f"{each.before:.0f}", f"{each.added:.0f}", each.engine, each.status]
        for each in peaks
    ]
    heads = ["search", "before, MiB", "added at the peak, MiB", "proved by", "status"]
    return _section("Peak memory of a search", table(heads, rows))


def class_table(raced: Mapping[str, Sequence[Result]]) -> str:
    """Table of the hard classes: CPU time of ours and of each instance's best peer."""
    heads = ["class", "ours, ms", "slowest, ms", "unproven", "ties, ms"]
    heads += ["best peer, ms", "slowest, ms", "unproven", "which", "verdict"]
    rows = [_class_row(name, results) for name, results in raced.items()]
    return _section("Hard classes, CPU time", table(heads, rows))


def _class_row(name: str, results: Sequence[Result]) -> list[str]:
    best = [each.best_peer for each in results if each.best_peer is not None]
    which = dict.fromkeys(peer.partition(",")[0] for peer, _ in best)
    verdicts = Counter(": ".join(filter(None, each.verdict)) for each in results)
    return [
        name,
        *_spent([each.ours for each in results]),
        milliseconds(median(each.ours.ties for each in results)),
        *_spent([run for _, run in best]),
        "; ".join(which),
        "; ".join(f"{words} ({count} of {len(results)})" for words, count in verdicts.items()),
    ]


def _spent(runs: Sequence[Run]) -> list[str]:
    """Median and slowest CPU time, and how many are unproven, with the widest gap."""
    if not runs:
        return ["", "", ""]
    times, open_ = [run.cpu for run in runs], [run.gap for run in runs if not run.proven]
    gap = max(open_, default=0.0)
    wide = f"{100 * gap:.2g} %" if math.isfinite(gap) else "no answer"
    unproven = f"{len(open_)} of {len(runs)}" + (f", {wide}" if open_ else "")
    return [milliseconds(median(times)), milliseconds(max(times)), unproven]


def many_table(lines: Iterable[ManyLine]) -> str:
    """Table of work that is many searches."""
    rows = [
        [
            each.work,
            f"{each.searches:,}",
            milliseconds(each.cpu),
            milliseconds(each.wall),
            f"{1000 * each.cpu / each.searches:,.2f}",
            str(each.unproven),
            each.remark,
        ]
        for each in lines
    ]
    heads = ["work", "searches", "CPU, ms", "wall, ms", "CPU of one, ms", "unproven", "remarks"]
    return _section("Many searches", table(heads, rows))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out a markdown table; columns of figures are right-aligned."""
    rows = list(rows)
    columns = zip(*rows, strict=True)
    rule = ["---:" if all(cell[:1].isdigit() for cell in column) else "---" for column in columns]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rule, *rows))


def milliseconds(seconds: float) -> str:
    """Write a time in ms with three digits that count."""
    value = 1000 * seconds
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def put_into(file: Path, figures: str, name: str = "search") -> None:
    """Replace what stands between the marks of this name in a file; new ones go to its end."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    head, found, rest = text.partition(begin)
    tail = rest.partition(end)[2] if found else "\n"
    file.write_text(f"{head}{begin}\n\n{figures}\n\n{end}{tail}", encoding="utf-8")


def _section(title: str, body: str) -> str:
    return f"### {title}\n\n{body}"


def _times(ratio: float) -> str:
    return f"{ratio:.1f}" if ratio < 10 else f"{ratio:,.0f}"


def _remarks(line: Line) -> str:
    remarks = []
    if line.unproven:
        remarks.append(f"{line.unproven} stopped unproven: ratios are at least these")
    if line.broken:
        remarks.append(f"{line.broken} answers break a budget")
    return "; ".join(remarks)


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        if names:
            return names[0].partition(":")[2].strip()
    return platform.processor() or platform.machine()

"""Measures the app as its user meets it: import, opening, sliders, memory.

Run from the checkout: ``python tests/benchmarks/app_speed.py [--repeats N] [--markdown FILE]``.
Needs Chromium and Playwright; it opens the published library where that is, else the embedded one.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.benchmarks import report
from tests.benchmarks.app_session import Memory, Session, kernel_memory, server_memory, session
from tests.support.app import CHECKOUT, running_app
from tests.support.chromium import chromium_arguments, chromium_path
from tests.support.libraries import EMBEDDED, published_folder

_IMPORTS = {
    "import, without widgets": "import puzzle_widgets",
    "import, with widgets": "from puzzle_widgets import PuzzleExplorer",
}
_PACKAGES = ("numpy", "voila", "ipywidgets", "bqplot", "ipykernel")
_SLIDER = "Memory"
_PLACES = (0.35, 0.8, 0.5, 0.65, 0.4, 0.9, 0.55, 0.75, 0.45, 0.7)
_DRAG_S = 3.0
_FEWEST = 20
Row = tuple[str, str, str, str]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, and put it into a file if one is named."""
    parser = argparse.ArgumentParser(description="Measure the app in a real browser.")
    parser.add_argument("--repeats", type=int, default=5, help="imports, openings, drags (5)")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table here too")
    options = parser.parse_args(arguments)
    command = f"python tests/benchmarks/app_speed.py --repeats {options.repeats}"
    library = _library()
    rows = [*import_rows(options.repeats), *browser_rows(library, options.repeats)]
    name = "published library" if library != EMBEDDED else "embedded library"
    figures = "\n\n".join(
        [
            report.machine(command, _PACKAGES),
            report.table(["the app, " + name, "median", "95 % within", "worst"], rows),
        ]
    )
    sys.stdout.write(f"{figures}\n")
    if options.markdown:
        report.put_into(options.markdown, figures, "app")


def import_rows(repeats: int) -> list[Row]:
    """Seconds of a fresh interpreter's import, less those of the interpreter itself."""
    bare = min(_run("pass") for _ in range(repeats))
    return [
        _row(name, [1000 * (_run(code) - bare) for _ in range(repeats)], "ms")
        for name, code in _IMPORTS.items()
    ]


def browser_rows(library: str, repeats: int) -> list[Row]:
    """Everything that needs a page."""
    path = chromium_path()
    if path is None:
        raise SystemExit("No Chromium here: install one, or name it in PUZZLE_WIDGETS_CHROMIUM.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium_arguments())
        try:
            return [
                *_opening_rows(browser, library, repeats),
                *_use_rows(browser, library, repeats),
            ]
        finally:
            browser.close()


def _opening_rows(browser: Browser, library: str, repeats: int) -> list[Row]:
    """Each time a fresh server: its start, its first page, then a second page."""
    starts, first, second = [], [], []
    for _ in range(repeats):
        begin = time.perf_counter()
        with running_app(library) as app:
            starts.append(time.perf_counter() - begin)
            with session(browser, app) as opened:
                first.append(opened.opened)
            with session(browser, app) as opened:
                second.append(opened.opened)
    return [
        _row("start of the server, until it says its address", starts, "s"),
        _row("cold open: first page of a server, to its first chart", first, "s"),
        _row("next open of the same server, to its first chart", second, "s"),
    ]


def _use_rows(browser: Browser, library: str, repeats: int) -> list[Row]:
    with running_app(library) as app, session(browser, app) as opened:
        fresh = kernel_memory(app)[0]
        rows = [*_release_rows(opened, repeats), *_drag_rows(opened, repeats)]
        return [
            *rows,
            _memory_row("memory of one session's kernel, fresh", fresh),
            _memory_row("memory of one session's kernel, after all this", kernel_memory(app)[0]),
            _memory_row("memory of the server", server_memory(app)),
        ]


def _release_rows(opened: Session, repeats: int) -> list[Row]:
    tried = [opened.release(_SLIDER, place) for _ in range(repeats) for place in _PLACES]
    released = [release for release in tried if release is not None]
    return [
        _row("slider moved to the first change of the layers", [r.moved for r in released], "ms"),
        _row("slider release to the first change of the layers", [r.first for r in released], "ms"),
        _row("slider release to the layers at rest", [r.last for r in released], "ms"),
        _row("the same without the search", [r.last - r.search for r in released], "ms"),
        _row("the search itself", [r.search for r in released], "ms"),
    ]


def _drag_rows(opened: Session, repeats: int) -> list[Row]:
    drags = [opened.drag(_SLIDER, _DRAG_S) for _ in range(repeats)]
    answers = [drag.words / drag.seconds for drag in drags]
    layers = [drag.layers / drag.seconds for drag in drags]
    return [
        (
            f"answers shown while a slider is dragged, {_DRAG_S:g} s",
            *_least(answers, "per second"),
        ),
        (
            "changes of the layers meanwhile",
            *_least(layers, "per second"),
        ),
        _row("longest wait between two answers meanwhile", [drag.gap for drag in drags], "ms"),
    ]


def _row(name: str, values: Sequence[float], unit: str) -> Row:
    within = quantiles(values, n=20)[-1] if len(values) >= _FEWEST else None
    said = "" if within is None else _amount(within, unit)
    return name, _amount(median(values), unit), said, _amount(max(values), unit)


def _least(values: Sequence[float], unit: str) -> tuple[str, str, str]:
    return _amount(median(values), unit), "", _amount(min(values), unit)


def _memory_row(name: str, memory: Memory) -> Row:
    words = f"{memory.resident:.0f} MiB resident, {memory.proportional:.0f} MiB proportional"
    return name, words, "", ""


def _amount(value: float, unit: str) -> str:
    return f"{value:.0f} {unit}" if unit == "ms" else f"{value:.1f} {unit}"


def _run(code: str) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, check=True)
    return time.perf_counter() - begin


def _library() -> str:
    try:
        return str(published_folder())
    except pytest.skip.Exception:
        return EMBEDDED


if __name__ == "__main__":
    main()

"""Real pages among the visitors: Chromium in a process of its own, told when to begin and end.

``python tests/benchmarks/load_page.py URL PAGES SECONDS`` opens so many pages, throws the
throughput slider of each every three seconds, and writes as JSON how long all that took.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":  # as a script, the tests are not yet a package to import from
    sys.path.insert(0, str(Path(__file__).parents[2]))

if TYPE_CHECKING:
    from tests.benchmarks.app_session import Session

PAUSE_SECONDS = 3.0
_SLIDER = "Throughput"
_PLACES = (0.3, 0.5, 0.35, 0.6, 0.4, 0.55, 0.45)
_LATE_SECONDS = 240  # for a page that waits for its turn


@dataclass
class Pages:
    """Seconds to each one's chart, ms from a release to the chart's change, what went wrong."""

    opened: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


async def visit_in_chromium(url: str, count: int, seconds: float) -> Pages:
    """Visit by so many pages for so long; by none where there is no Chromium."""
    from tests.support.chromium import chromium_path  # noqa: PLC0415 - once it can be imported

    if count < 1 or chromium_path() is None:
        return Pages()
    command = [sys.executable, __file__, url, str(count), str(seconds)]
    run = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        written, _ = await asyncio.wait_for(run.communicate(), seconds + _LATE_SECONDS)
        return Pages(**json.loads(written))
    except (TimeoutError, ValueError) as error:
        return Pages(lost=[f"Chromium: {type(error).__name__}: {error}"] * count)
    finally:
        if run.returncode is None:
            run.kill()


def main(url: str, count: int, seconds: float) -> Pages:
    """Open the pages one after the other, and use them in turn."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - by this process alone

    from tests.benchmarks import app_session  # noqa: PLC0415
    from tests.support.chromium import chromium_arguments, chromium_path  # noqa: PLC0415

    found, until = Pages(), time.monotonic() + seconds
    with sync_playwright() as playwright, ExitStack() as stack:
        arguments = chromium_arguments()
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=arguments)
        stack.callback(browser.close)
        sessions: list[Session] = []
        for _ in range(count):
            page = browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()
            sessions.append(app_session.Session(page, url))
            found.opened.append(sessions[-1].opened)
        _use(sessions, max(until, time.monotonic() + 2 * PAUSE_SECONDS), found)
        for session in sessions:
            session.page.goto("about:blank")  # a page that leaves says goodbye
    return found


def _use(sessions: list[Session], until: float, found: Pages) -> None:
    number = 0
    while time.monotonic() < until:
        for session in sessions:
            begun = time.monotonic()
            release = session.release(_SLIDER, _PLACES[number % len(_PLACES)])
            if release is not None:  # else the answer has the same blocks
                found.answers.append(release.first)
            number += 1
            pause = PAUSE_SECONDS / len(sessions)
            time.sleep(max(0.0, begun + pause - time.monotonic()))


if __name__ == "__main__":
    told = Pages()
    try:
        told = main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
    except Exception as error:  # noqa: BLE001 - told to who counts
        told.lost = [f"Chromium: {type(error).__name__}: {error}"]
    sys.stdout.write(json.dumps(asdict(told)))

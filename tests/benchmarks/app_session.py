"""One page of the served app in a real browser, and what can be timed in it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, Locator, Page

from tests.support.app import RunningApp, kernels_of
from tests.support.chromium import watch

_START_MS = 120_000
_QUIET_S = 0.7
_FRAME_S = 1 / 60
_MIB = 2.0**20
_BAR = ".pw-layers rect.bar:not([height='0'])"
# The page notes when the chart and the answer's words change, and when the mouse moves or lets go.
_WATCH = """() => {
  const log = window.speedLog = { chart: [], words: [], moved: 0, released: 0 };
  const seen = { words: "", picture: "" };
  const note = () => {
    const bars = [...document.querySelectorAll(".pw-layers rect.bar")];
    const picture = bars.map(bar => bar.getAttribute("height")).join();
    const told = document.querySelectorAll(".pw-facts, .pw-tiles");
    const words = [...told].map(t => t.textContent).join();
    const now = performance.now();
    if (picture !== seen.picture) { seen.picture = picture; log.chart.push(now); }
    if (words !== seen.words) { seen.words = words; log.words.push(now); }
  };
  note();
  log.chart = []; log.words = [];
  new MutationObserver(note).observe(document.body,
    { subtree: true, childList: true, characterData: true, attributes: true,
      attributeFilter: ["height", "style"] });
  addEventListener("pointermove", (event) => {
    if (event.buttons) log.moved = performance.now();
  }, true);
  addEventListener("pointerup", () => { log.released = performance.now(); }, true);
}"""
_CLEAR = "() => Object.assign(window.speedLog, { chart: [], words: [] })"
_READ = "() => window.speedLog"


@dataclass(frozen=True)
class Release:
    """One release of the slider: ms to the first and the last change of the chart.

    ``moved`` is the first one from the slider's last move on, which comes before the release;
    ``search`` is the search's own time. All are in ms.
    """

    moved: float
    first: float
    last: float
    search: float


@dataclass(frozen=True)
class Drag:
    """One drag: seconds, and how often words and layers changed; ``gap`` is the longest in ms."""

    seconds: float
    words: int
    layers: int
    gap: float


@dataclass(frozen=True)
class Memory:
    """One process in MiB: resident set, and its proportional share of what it shares."""

    resident: float
    proportional: float


class Session:
    """A page whose first chart is drawn; ``opened`` is the seconds that took."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        begin = time.perf_counter()
        page.goto(url)
        page.locator(_BAR).first.wait_for(state="attached", timeout=_START_MS)
        self.opened = time.perf_counter() - begin
        self._settle_from_outside()
        page.evaluate(_WATCH)

    def release(self, slider: str, share: float) -> Release | None:
        """Throw a slider to a share of its track and let go at once; none where nothing changed."""
        handle, (left, right, height) = self._place(slider)
        box = _box(handle)
        self.page.mouse.move(box["x"] + box["width"] / 2, height)
        self.page.mouse.down()
        self.page.evaluate(_CLEAR)
        self.page.mouse.move(left + share * (right - left), height)
        self.page.mouse.up()
        log = self._settled()
        if not log["chart"]:
            return None
        first, last = log["chart"][0], log["chart"][-1]
        moved, let_go = log["moved"], log["released"]
        return Release(first - moved, first - let_go, last - let_go, self._search_ms())

    def drag(self, slider: str, seconds: float) -> Drag:
        """Drag a slider to and fro for so long."""
        handle, (left, right, height) = self._place(slider)
        box = _box(handle)
        self.page.mouse.move(box["x"] + box["width"] / 2, height)
        self.page.mouse.down()
        self.page.evaluate(_CLEAR)
        begin = time.perf_counter()
        while (spent := time.perf_counter() - begin) < seconds:
            phase = (spent / seconds * 2) % 2
            share = 0.3 + 0.5 * (phase if phase < 1 else 2 - phase)
            self.page.mouse.move(left + share * (right - left), height)
            time.sleep(_FRAME_S)
        log: dict[str, Any] = self.page.evaluate(_READ)
        self.page.mouse.up()
        self._settled()
        words = log["words"]
        gap = max((b - a for a, b in pairwise(words)), default=1e3 * seconds)
        return Drag(spent, len(words), len(log["chart"]), gap)

    def _place(self, slider: str) -> tuple[Locator, tuple[float, float, float]]:
        handle = self.page.get_by_role("slider", name=slider).first
        handle.scroll_into_view_if_needed()
        track = _box(handle.locator("xpath=ancestor::*[contains(@class,'noUi-target')]"))
        return handle, (track["x"], track["x"] + track["width"], track["y"] + track["height"] / 2)

    def _settled(self) -> dict[str, Any]:
        """What the page noted, once nothing has changed for a while."""
        before: dict[str, Any] = {}
        while True:
            time.sleep(_QUIET_S)
            log: dict[str, Any] = self.page.evaluate(_READ)
            if log == before and not self._updating():
                return log
            before = log

    def _settle_from_outside(self) -> None:
        """Wait for the searches that a fresh page begins with."""
        before = ""
        while (now := self.page.locator("body").inner_text()) != before or self._updating():
            before = now
            time.sleep(2 * _QUIET_S)

    def _updating(self) -> bool:
        return bool(self.page.locator(".pw-now").count())

    def _search_ms(self) -> float:
        words = self.page.locator(".pw-facts").first.inner_text()
        found = re.search(r"([\d.e+-]+) s\b", words)
        return 1000 * float(found[1]) if found else 0.0


@contextmanager
def session(browser: Browser, app: RunningApp) -> Iterator[Session]:
    """Open a page with empty caches; leaving it ends its kernel, and no error may have come."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    problems = watch(page)
    try:
        yield Session(page, app.url)
        if problems:
            raise RuntimeError(f"the page is not clean: {problems}")
    finally:
        page.goto("about:blank")
        context.close()


def kernel_memory(app: RunningApp) -> list[Memory]:
    """Memory of each kernel that the server runs."""
    return [_memory(kernel.pid) for kernel in kernels_of(app.process.pid)]


def server_memory(app: RunningApp) -> Memory:
    """Memory of the server itself."""
    return _memory(app.process.pid)


def _memory(process: int) -> Memory:
    resident = psutil.Process(process).memory_info().rss / _MIB
    rollup = Path(f"/proc/{process}/smaps_rollup")
    if not rollup.exists():
        return Memory(resident, resident)
    lines = rollup.read_text().splitlines()
    share = next(float(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return Memory(resident, share * 1024 / _MIB)


def _box(element: Locator) -> dict[str, float]:
    box = element.bounding_box()
    if box is None:
        raise RuntimeError("the slider is not on the page")
    return dict(box)

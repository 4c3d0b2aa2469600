"""What one tick of a slider costs in the process of the kernel, with all panels of the explorer.

``python tests/benchmarks/tick.py`` moves the memory budget of the embedded 70B library step by
step and prints CPU milliseconds a tick, each part without the parts that it calls; ``--profile``
also lists the functions that take longest. Nothing of the browser's is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import comm
from comm.base_comm import BaseComm
from jupyter_client.session import Session

if __name__ == "__main__":  # as a script, the tests are not yet a package to import from
    sys.path.insert(0, str(Path(__file__).parents[2]))

from puzzle_widgets.charts.layers import LayerChart
from puzzle_widgets.solution import optimum
from puzzle_widgets.state import ExplorerState, answers
from puzzle_widgets.widgets.explorer import PuzzleExplorer
from puzzle_widgets.widgets.sweeps import front

PACE_SECONDS = 0.05
LIBRARY, BUDGET = "llama-3.3-70b-modeled", "stats.memory_mib"
_SEARCH, _SOLUTION, _FIGURES, _MESSAGES, _REST = (
    "search",
    "solution and notes",
    "figures",
    "messages, serialized",
    "state and widgets",
)
_session = Session(key=b"tick")


@dataclass
class Clock:
    """CPU seconds by part, each without the parts that it calls; messages and their bytes."""

    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    messages: int = 0
    sent: int = 0

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a function so that its time counts for a part, and not for its caller's."""

        def wrapped(*given: Any, **named: Any) -> Any:
            before, begin = sum(self.seconds.values()), time.thread_time()
            try:
                return function(*given, **named)
            finally:
                inner = sum(self.seconds.values()) - before
                self.seconds[part] += time.thread_time() - begin - inner

        return wrapped


clock = Clock()


class Line(BaseComm):
    """A line to the page that ends where the kernel's socket would begin."""

    def publish_msg(
        self,
        msg_type: str,
        data: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        buffers: list[bytes] | None = None,
        **_keys: Any,
    ) -> None:
        """Write a message as the kernel does, and count it."""
        content = {"comm_id": self.comm_id, "data": data or {}}
        message = _session.msg(msg_type, content, metadata=metadata)
        parts = [*_session.serialize(message), *(buffers or [])]
        clock.messages += 1
        clock.sent += sum(len(part) for part in parts)


_PARTS: tuple[tuple[object, str, str], ...] = (
    (answers, "search", _SEARCH),
    (optimum, "solution_of", _SOLUTION),
    (front, "front_figure", _FIGURES),
    (LayerChart, "bars", _FIGURES),
    (Line, "publish_msg", _MESSAGES),
)


@contextmanager
def parts_timed() -> Iterator[None]:
    """Take the time of each part while the block runs."""
    with ExitStack() as stack:
        for owner, name, part in _PARTS:
            timed = clock.timed(part, getattr(owner, name))
            stack.enter_context(patch.object(owner, name, timed))
        yield


async def rest(state: ExplorerState) -> None:
    """Wait until everything that was asked for is there."""
    there = asyncio.Event()

    def look(_change: object = None) -> None:
        if not (state.updating or state.front_running):
            there.set()

    state.observe(look, ["updating", "front_running"])
    look()
    await there.wait()
    state.unobserve(look, ["updating", "front_running"])


async def ticks(state: ExplorerState, count: int) -> list[dict[str, float]]:
    """CPU seconds of each tick by part, from the slider's value to the last message to the page."""
    low, high = 0.5, 0.95
    parent, found = state.library.parent_totals[BUDGET], []
    for number in range(count):
        share = low + (high - low) * (number * 37 % count) / count
        clock.seconds.clear()
        begin = time.process_time()
        state.set_budget(BUDGET, share * parent)
        await rest(state)
        whole = time.process_time() - begin
        found.append({**clock.seconds, _REST: whole - sum(clock.seconds.values())})
    return found


async def dragged(state: ExplorerState, count: int) -> float:
    """CPU seconds of a tick at the pace of a hand, with all that goes on in the background."""
    parent, begin = state.library.parent_totals[BUDGET], time.process_time()
    for number in range(count):
        state.set_budget(BUDGET, (0.5 + 0.4 * number / count) * parent)
        await rest(state)
        await asyncio.sleep(PACE_SECONDS)
    return (time.process_time() - begin) / count


async def measure(count: int, *, profile: bool) -> tuple[list[dict[str, float]], float]:
    """Open the explorer, let the front be found, and move the slider."""
    explorer = PuzzleExplorer(LIBRARY)
    await rest(explorer.state)
    await ticks(explorer.state, 10)
    by_hand = await dragged(explorer.state, count)
    await rest(explorer.state)
    clock.messages = clock.sent = 0
    with parts_timed():
        found = await ticks(explorer.state, count)
    counted = clock.messages, clock.sent
    if profile:
        profiler = cProfile.Profile(time.thread_time)
        profiler.enable()
        await ticks(explorer.state, count)
        profiler.disable()
        for order in ("tottime", "cumtime"):
            pstats.Stats(profiler).sort_stats(order).print_stats(45)
    explorer.close()
    clock.messages, clock.sent = counted  # of the ticks alone
    return found, by_hand


def report(found: list[dict[str, float]], by_hand: float) -> str:
    """The tick and its parts, and what goes to the page."""
    count = len(found)
    totals = {"tick": [sum(tick.values()) for tick in found]}
    totals["tick, without the search"] = [sum(tick.values()) - tick[_SEARCH] for tick in found]
    names = dict.fromkeys([*(part for *_, part in _PARTS), _REST])
    parts = {part: [tick.get(part, 0.0) for tick in found] for part in names}
    lines = [
        f"{part:26}{1000 * statistics.median(values):8.2f} ms{1000 * min(values):9.2f} ms at least"
        for part, values in {**totals, **parts}.items()
    ]
    sent = f"{clock.messages / count:.1f} messages a tick, {clock.sent / count:,.0f} bytes"
    paced = f"{1000 * by_hand:.2f} ms a tick, {PACE_SECONDS} s apart, with all in the background"
    return "\n".join([f"{count} ticks, median CPU of the process:", *lines, sent, paced])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ticks", type=int, default=100, metavar="N")
    parser.add_argument("--profile", action="store_true", help="list the functions, too")
    asked = parser.parse_args()
    with patch.object(comm, "create_comm", Line):
        print(report(*asyncio.run(measure(asked.ticks, profile=asked.profile))))  # noqa: T201


if __name__ == "__main__":
    main()

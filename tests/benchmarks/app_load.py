"""How many visitors at once one server bears: they open together, then move a slider each.

``python tests/benchmarks/app_load.py 1 10 50`` serves the explorer of the embedded 70B library
and, for each number, opens so many sessions together, moves the throughput slider of each every
three seconds, and prints how long opening (to the last widget) and answers (to their figures)
took, before and after the last visitor was in, the most memory that server and kernels held, and
how many sessions were lost. Most visitors speak to the server as pages do, without a browser;
``--pages`` of them (two) are real ones in Chromium, told apart: from the slider's release to the
first change of the chart of layers. All run on the same machine.

``--default`` leaves the number of sessions to the server: whoever is in leaves after ``--stay``
seconds, so that all who wait get in, and the line says whether they did.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

if __name__ == "__main__":  # as a script, the tests are not yet a package to import from
    sys.path.insert(0, str(Path(__file__).parents[2]))

from puzzle_widgets.app.connection import V1
from tests.app.messages import parts_of, v1
from tests.benchmarks.load_page import Pages, visit_in_chromium
from tests.support.app import RunningApp, running_app
from tests.support.visitor import ask, open_page

PAUSE_SECONDS = 3.0
PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 10.0  # between two looks at the memory, which take time of the same cores
_CONTROL = "jupyter.widget.control"
TILES = b"pw-tiles"
_MOST_TOKENS = 50_000  # a second: the sliders of the other budgets reach further


@dataclass(frozen=True)
class Plan:
    """How long visitors stay: until a moment, or so many seconds once they are in."""

    until: float
    stay: float = 0.0

    def end(self, opened: float) -> float:
        """When a visitor leaves that was let in at a moment."""
        return opened + self.stay if self.stay else self.until


@dataclass
class Visitor:
    """One session, and how long it was waited for."""

    url: str
    opening: float = 0.0
    opened: float = 0.0
    answers: list[tuple[float, float]] = field(default_factory=list)  # when asked, how long
    lost: str = ""

    def open(self) -> str:
        """Open the page as a browser does; the id of its kernel."""
        kernel = open_page(self.url).kernel_id
        assert kernel is not None, "no kernel behind the page"
        return kernel

    async def stay(self, plan: Plan, waiters: Executor) -> None:
        """Open, move the slider, and leave; whatever goes wrong loses the session."""
        begun = time.monotonic()
        try:
            # Names are looked up in the loop's own threads, which those that wait would take.
            kernel = await asyncio.get_running_loop().run_in_executor(waiters, self.open)
            address = f"{self.url.replace('http', 'ws')}api/kernels/{kernel}/channels?session_id=v"
            page = await websocket_connect(HTTPRequest(address), subprotocols=[V1])
            slider, value = throughput_slider(await all_states(page))
            self.opened = time.monotonic()
            self.opening = self.opened - begun
            await self.move(page, slider, value, plan.end(self.opened))
            page.close()
            if plan.stay:  # as a tab says goodbye; the others end with the server
                ended = f"{self.url}voila/api/shutdown/{kernel}"
                await asyncio.to_thread(ask, ended, method="POST")
        except Exception as error:  # noqa: BLE001 - counted
            self.lost = f"{type(error).__name__}: {error}"

    async def move(
        self, page: WebSocketClientConnection, slider: str, value: float, until: float
    ) -> None:
        """Move the slider every few seconds, and wait for the figures of each answer."""
        await asyncio.sleep(PAUSE_SECONDS * random.random())  # noqa: S311 - no secret
        number = 0
        while time.monotonic() < until:
            number += 1
            begun = time.monotonic()
            state = {"value": value + 50.0 * (number % 40)}
            content = {"method": "update", "state": state, "buffer_paths": []}
            await say(page, "comm_msg", {"comm_id": slider, "data": content}, f"m{number}")
            await hear(page, TILES)
            self.answers.append((begun, time.monotonic() - begun))
            await asyncio.sleep(max(0.0, begun + PAUSE_SECONDS - time.monotonic()))


async def say(
    page: WebSocketClientConnection,
    kind: str,
    content: dict[str, Any],
    name: str,
    buffer: bytes | None = None,
) -> None:
    """Send one message, with a buffer if it has one."""
    parts = parts_of(msg_id=name, msg_type=kind)
    metadata = json.dumps({"version": "1.0.0"}).encode()
    told = [parts[0], parts[1], metadata, json.dumps(content).encode()]
    told += [] if buffer is None else [buffer]
    await page.write_message(v1(parts=told), binary=True)


async def hear(
    page: WebSocketClientConnection, word: bytes, patience: float = PATIENCE_SECONDS
) -> bytes:
    """Give the next message that has a word in it."""
    until = time.monotonic() + patience
    while True:
        message = await asyncio.wait_for(page.read_message(), max(0.0, until - time.monotonic()))
        if message is None:
            raise ConnectionError("the websocket was closed")
        if isinstance(message, bytes) and word in message:
            return message


async def all_states(
    page: WebSocketClientConnection, patience: float = PATIENCE_SECONDS
) -> dict[str, dict[str, Any]]:
    """Ask for all widgets, as a page does; the state of each by its id."""
    control = uuid4().hex
    opening = {"comm_id": control, "target_name": _CONTROL, "data": {}}
    await say(page, "comm_open", opening, f"open-{control}")
    asked = {"comm_id": control, "data": {"method": "request_states"}}
    await say(page, "comm_msg", asked, f"all-{control}")
    content = content_of(await hear(page, b"update_states", patience))
    return {name: held["state"] for name, held in content["data"]["states"].items()}


def throughput_slider(states: dict[str, dict[str, Any]]) -> tuple[str, float]:
    """Find the first slider of a throughput; its id and value."""
    for name, state in states.items():
        if state.get("_model_name") == "FloatSliderModel" and state["max"] < _MOST_TOKENS:
            return str(name), float(state["value"])
    raise LookupError("no slider on the page")


def content_of(message: bytes) -> dict[str, Any]:
    """Read the content out of a message: offsets, then its parts, the fifth its content."""
    count = int.from_bytes(message[:8], "little")
    ends = [int.from_bytes(message[8 * i : 8 * i + 8], "little") for i in range(1, count + 1)]
    found: dict[str, Any] = json.loads(message[ends[4] : ends[5]])
    return found


async def visit(url: str, count: int, plan: Plan) -> list[Visitor]:
    """Have so many visitors come together, and wait until the last has left."""
    visitors = [Visitor(url) for _ in range(count)]
    with ThreadPoolExecutor(max(count, 1)) as waiters:
        await asyncio.gather(*(visitor.stay(plan, waiters) for visitor in visitors))
    return visitors


def memory_mib(app: RunningApp) -> float:
    """MiB of the server and all below it, what they share counted once."""
    server = psutil.Process(app.process.pid)
    held = [server, *server.children(recursive=True)]
    return float(sum(map(_shared_bytes, held))) / 2**20


def _shared_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:  # it has ended meanwhile
        return 0


async def measured(app: RunningApp, count: int, pages: int, plan: Plan) -> str:
    """One line of the table."""
    real = min(pages, count - 1)
    task = asyncio.gather(
        visit(app.url, count - real, plan),
        visit_in_chromium(app.url, real, plan.end(time.monotonic()) - time.monotonic()),
    )
    most = 0.0
    while not task.done():
        most = max(most, await asyncio.to_thread(memory_mib, app))
        await asyncio.wait([task], timeout=LOOK_SECONDS)
    visitors, seen = await task
    lost = [*(visitor.lost for visitor in visitors if visitor.lost), *seen.lost]
    opened = sum(visitor.opening > 0 for visitor in visitors) + len(seen.opened)
    line = (
        f"{count:4} sessions: {_raw_words(visitors)}; {most:,.0f} MiB; "
        f"{opened} of {count} opened; {len(lost)} lost{_page_words(seen)}"
    )
    return "\n".join([line, *sorted(set(lost))])


def _raw_words(visitors: Sequence[Visitor]) -> str:
    opening = [visitor.opening for visitor in visitors if visitor.opening]
    all_in = max((visitor.opened for visitor in visitors), default=0.0)
    answers = [answer for visitor in visitors for answer in visitor.answers]
    return (
        f"open p50 {_at(opening, 50):.1f} s, p95 {_at(opening, 95):.1f} s; "
        f"slider {_answer_words([answer for answer in answers if answer[0] < all_in])} "
        f"until all are in, {_answer_words([answer for answer in answers if answer[0] >= all_in])} "
        f"since"
    )


def _answer_words(answers: Sequence[tuple[float, float]]) -> str:
    ms = [1000 * seconds for _, seconds in answers]
    return f"p50 {_at(ms, 50):.0f} ms, p95 {_at(ms, 95):.0f} ms of {len(ms)}"


def _page_words(seen: Pages) -> str:
    if not seen.opened:
        return ""
    opened = ", ".join(f"{seconds:.1f}" for seconds in seen.opened)
    return (
        f"\n     of these in Chromium {len(seen.opened)}: open {opened} s; "
        f"slider to chart p50 {_at(seen.answers, 50):.0f} ms, p95 {_at(seen.answers, 95):.0f} ms "
        f"of {len(seen.answers)}"
    )


def _at(values: Sequence[float], percent: int) -> float:
    if len(values) < 2:
        return values[0] if values else float("nan")
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def main() -> None:
    """Measure one number of visitors after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sessions", type=int, nargs="+")
    parser.add_argument("--seconds", type=float, default=120, help="from the first request")
    parser.add_argument("--pages", type=int, default=2, help="of them in Chromium (2)")
    parser.add_argument("--default", action="store_true", help="as many at once as a server lets")
    parser.add_argument("--stay", type=float, default=30, help="seconds of each, with --default")
    asked = parser.parse_args()
    for count in asked.sessions:
        most = {} if asked.default else {"max_sessions": max(count, 1)}
        stay = asked.stay if asked.default else 0.0
        with running_app(**most) as app:
            plan = Plan(time.monotonic() + asked.seconds, stay)
            line = asyncio.run(measured(app, count, asked.pages, plan))
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()

"""Whether the server bears an hour of trouble: no session lost, no growth of memory.

``python -m tests.benchmarks.soak --minutes 60`` serves the explorer to some visitors without a
browser who move a slider each second, while kernels, the process that forks them and the server
itself are killed, sockets are dropped and frozen, hostile messages are sent and files uploaded.
A session is lost if it does not go on from what its address held within a minute and a half.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import signal
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from threading import Thread
from urllib.parse import urlsplit

import psutil
from tornado.websocket import WebSocketClosedError

from tests.app.messages import legacy_text, v1
from tests.benchmarks.soak_page import TROUBLES, LostError, SoakPage, connect, upload
from tests.support.app import running_app

MOST_GROWTH_MIB = 25.0
_MIB = 2.0**20
_FORKED = "puzzle_widgets.app.warm"
_FROZEN_SECONDS = 10.0
_LOOK_SECONDS = 2.0
_HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_LAYERS = 40


@dataclass
class Report:
    """What happened: counts, the sessions that were lost and why, and MiB that memory grew by."""

    moves: int
    resumed: int
    troubles: Counter[str]
    lost: list[str]
    server_growth: float
    session_growth: float

    @property
    def held(self) -> bool:
        """Whether nothing was lost, and nothing grew."""
        return not self.lost and max(self.server_growth, self.session_growth) < MOST_GROWTH_MIB

    def __str__(self) -> str:
        troubles = ", ".join(f"{count} x {name}" for name, count in self.troubles.items())
        growth = f"server {self.server_growth:+.1f} MiB, session {self.session_growth:+.1f} MiB"
        lines = [
            f"{self.moves} moves, {self.resumed} new sessions from an address; {troubles}",
            f"growth: {growth}; {len(self.lost)} lost",
            *self.lost,
        ]
        return "\n".join(lines)


@dataclass
class Soak:
    """Visitors, the server, and what befalls them.

    Parameters
    ----------
    seconds
        How long it lasts; in the first half the server is killed and ended, too.
    pause
        Seconds between two troubles.
    visitors
        Pages that move a slider; the first is left alone.
    """

    seconds: float
    pause: float
    visitors: int = 5
    troubles: Counter[str] = field(default_factory=Counter)
    _stack: ExitStack = field(default_factory=ExitStack)
    _server: list[float] = field(default_factory=list)
    _session: list[float] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def run(self) -> Report:
        """Have it all happen."""
        self._serve(_free_port())
        begun = time.monotonic()
        self._half, until = begun + self.seconds / 2, begun + self.seconds
        self.pages = [SoakPage(self.url, calm=number == 0) for number in range(self.visitors)]
        trouble = asyncio.ensure_future(self._trouble(until))
        watch = asyncio.ensure_future(self._watch())
        try:
            lives = [self._life(page, until) for page in self.pages]
            lost = [why for why in await asyncio.gather(*lives) if why]
            await asyncio.gather(trouble, *self._tasks)
        finally:
            watch.cancel()
            self._stack.close()
        moves, resumed = (
            sum(getattr(p, name) for p in self.pages) for name in ("moves", "resumed")
        )
        growth = (_growth(self._server), _growth(self._session))
        return Report(moves, resumed, self.troubles, lost, *growth)

    async def _life(self, page: SoakPage, until: float) -> str:
        try:
            await page.live(until)
        except LostError as error:
            return f"a session was lost: {error}"
        return ""

    def _serve(self, port: int) -> None:
        self.app = self._stack.enter_context(running_app(port=port, max_sessions=30))
        self.url = self.app.url
        reader = Thread(target=self.app.process.stdout.read)  # type: ignore[union-attr]
        reader.start()  # or the server's lines fill the pipe
        self._stack.callback(reader.join)
        self._stack.callback(self.app.stop)

    async def _watch(self) -> None:
        """Note the memory of the server and of the calm session, once both are warm."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if time.monotonic() > self._half + self.seconds / 10:
                with suppress(psutil.Error):
                    self._server.append(_resident(self.app.process.pid))
                    self._session.append(_resident(self._process_of(self.pages[0])))

    def _process_of(self, page: SoakPage) -> int:
        """Process of a page's kernel: the one that holds the sockets of its connection file."""
        for kernel in _kernels():
            for path in [str(line.laddr) for line in kernel.net_connections("unix") if line.laddr]:
                file = Path(path).with_name(f"kernel-{page.kernel}.json")
                if file.is_file() and path.startswith(json.loads(file.read_text())["ip"]):
                    return int(kernel.pid)
        raise psutil.NoSuchProcess(0)

    async def _trouble(self, until: float) -> None:
        kinds: list[Callable[[], Awaitable[None] | None]] = [
            self._kill_kernel,
            self._drop,
            self._freeze,
            self._kill_forking_process,
            self._say_nonsense,
            self._upload,
        ]
        restarts = [signal.SIGKILL, signal.SIGTERM]
        number = 0
        await asyncio.sleep(self.pause)
        while time.monotonic() < until - self.pause:
            if restarts and time.monotonic() > self._half - self.seconds / 6 * len(restarts):
                await self._restart(restarts.pop(0))
            else:
                done = kinds[number % len(kinds)]()
                number += 1
                if done is not None:
                    self._tasks.append(asyncio.ensure_future(_forgiven(done)))
            await asyncio.sleep(self.pause)

    def _victim(self) -> SoakPage:
        return random.choice(self.pages[1:])  # noqa: S311 - no secret

    def _kill_kernel(self) -> None:
        for page in random.sample(self.pages[1:], len(self.pages) - 1):
            with suppress(psutil.Error):
                psutil.Process(self._process_of(page)).kill()
                self.troubles["kernel killed"] += 1
                return

    def _kill_forking_process(self) -> None:
        for child in psutil.Process(self.app.process.pid).children():
            with suppress(psutil.Error):
                if _FORKED in child.cmdline():
                    child.kill()
                    self.troubles["forking process killed"] += 1

    async def _restart(self, how: signal.Signals) -> None:
        port = urlsplit(self.url).port
        assert port is not None
        self.app.process.send_signal(how)
        await asyncio.to_thread(self.app.process.wait, 60)
        self._stack.close()
        await asyncio.to_thread(self._serve, port)
        self.troubles[f"server ended by {how.name}"] += 1

    def _drop(self) -> None:
        for page in self.pages:
            page.drop()
        self.troubles["all sockets dropped"] += 1

    async def _freeze(self) -> None:
        """Have a second socket of a session that is never read from, and at last is reset."""
        address, kernel = urlsplit(self.url), self._victim().kernel
        path = f"/api/kernels/{kernel}/channels?session_id=frozen"
        self.troubles["socket frozen"] += 1
        with socket.create_connection((address.hostname, address.port)) as line:
            line.sendall(_HANDSHAKE.format(path=path, host=address.netloc).encode())
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            await asyncio.sleep(_FROZEN_SECONDS)

    async def _say_nonsense(self) -> None:
        """Send what is no message, in both formats, until the socket is closed."""
        kernel = self._victim().kernel
        self.troubles["hostile messages"] += 1
        for protocol, whole in (("v1.kernel.websocket.jupyter.org", v1()), (None, b"\xff" * 64)):
            page = await connect(self.url, kernel, protocol, "hostile")
            bad: list[bytes | str] = [
                b"\xff" * 7 + b"\0" * 9,
                whole[: len(whole) // 2],
                "{",
                legacy_text("nowhere"),
            ]
            with suppress(WebSocketClosedError):
                for message in bad * 5:
                    await page.write_message(message, binary=isinstance(message, bytes))
            page.close()

    async def _upload(self) -> None:
        await upload(self.url, "mine.csv", _sheet(), f"{_LAYERS} layers")
        self.troubles["file uploaded"] += 1


async def _forgiven(done: Awaitable[None]) -> None:
    """What a trouble-maker meets, when another one has been there, is no finding."""
    with suppress(*TROUBLES):
        await done


def _sheet() -> bytes:
    """Write a small library, as a visitor's file."""
    rows = ["layer,variant,parent,kl,memory (MiB),latency (ms)"]
    for layer in range(_LAYERS):
        rows.append(f"{layer},v0,x,0,40,4")
        rows += [f"{layer},v{n},,{n},{40 - n},{4 - n / 10}" for n in range(1, 20)]
    return "\n".join(rows).encode()


def _growth(samples: Sequence[float]) -> float:
    """MiB from the first third to the last; not a number where too little was seen."""
    third = len(samples) // 3
    return mean(samples[-third:]) - mean(samples[:third]) if third else float("nan")


def _resident(process: int) -> float:
    return float(psutil.Process(process).memory_info().rss) / _MIB


def _kernels() -> Iterator[psutil.Process]:
    """Kernels of this user's, those among them whose forking process was killed."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if _FORKED in process.cmdline() or any("ipykernel" in w for w in process.cmdline()):
                yield process


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def main() -> int:
    """Soak for so many minutes; exit code 1 if a session was lost or memory grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--pause", type=float, default=15, help="seconds between two troubles")
    parser.add_argument("--visitors", type=int, default=5)
    asked = parser.parse_args()
    report = asyncio.run(Soak(60 * asked.minutes, asked.pause, asked.visitors).run())
    sys.stdout.write(f"{report}\n")
    return 0 if report.held else 1


if __name__ == "__main__":
    sys.exit(main())

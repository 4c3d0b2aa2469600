"""A page without a browser that keeps what its address holds, and goes on from there."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from dataclasses import dataclass, field
from typing import Any

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, websocket_connect

from puzzle_widgets.app.connection import V1
from tests.benchmarks.app_load import TILES, all_states, content_of, hear, say, throughput_slider
from tests.support.visitor import ask, open_page

PATIENCE_SECONDS = 90.0
_HEAR_SECONDS = 12.0
_PAUSE_SECONDS = 1.0
TROUBLES = (
    *(OSError, HTTPClientError, WebSocketClosedError, StreamClosedError),
    *(TimeoutError, LookupError, AssertionError, ValueError),
)
"""What a page meets where a kernel, a server or a line has gone."""


class LostError(Exception):
    """A session did not go on, or not from what its address held."""


@dataclass
class SoakPage:
    """One visitor's page.

    Parameters
    ----------
    url
        Of the server, the same after each restart.
    calm
        Whether its kernel is left alone, to see how its memory fares.
    """

    url: str
    calm: bool = False
    kernel: str = ""
    code: str = ""
    moves: int = 0
    resumed: int = 0
    socket: Any = None
    _slider: str = ""
    _asking: bool = False
    _held: list[float] = field(default_factory=list)
    _known: list[float] = field(default_factory=list)

    async def live(self, until: float) -> None:
        """Open, and move the slider until the time is up, whatever comes in between."""
        while time.monotonic() < until:
            try:
                await self._move()
            except TROUBLES:
                await self._go_on()
        self.leave()

    def leave(self) -> None:
        """Say goodbye, as a page that is closed does."""
        if self.socket is not None:
            self.socket.close()

    def drop(self) -> None:
        """Lose the line without a word."""
        if self.socket is not None and self.socket.protocol is not None:
            self.socket.protocol.stream.close()

    async def _move(self) -> None:
        """Move the slider, wait for its answer, and have the address written."""
        if self.socket is None:
            raise ConnectionError("not open yet")
        self.moves += 1
        value = 6_000.0 + 50.0 * (self.moves % 40)
        self._known = [*self._held, value]
        told = {"method": "update", "state": {"value": value}, "buffer_paths": []}
        await self._say("comm_msg", {"comm_id": self._slider, "data": told})
        await hear(self.socket, TILES, _HEAR_SECONDS)
        await self._settle()
        self._held = self._known = [value]
        await asyncio.sleep(_PAUSE_SECONDS)

    async def _settle(self) -> None:
        await self._tell_address({"settle": True})
        said = content_of(await hear(self.socket, b'"settled"', _HEAR_SECONDS))
        self.code = said["data"]["content"]["code"]

    async def _go_on(self) -> None:
        """Connect again; where the session is gone, open another from what the address holds."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                if not await self._connected():
                    await self._open()
                await self._ask_again()
                await self._check(deadline)
            except TROUBLES:
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                return
        raise LostError(f"it did not go on within {PATIENCE_SECONDS:.0f} s, nor from {self._known}")

    async def _connected(self) -> bool:
        """Connect to the session that there was; false where there is none."""
        if not self.kernel:
            return False
        try:
            self.socket = await connect(self.url, self.kernel)
        except HTTPClientError as error:
            if error.code in (403, 404):
                return False
            raise
        return True

    async def _open(self) -> None:
        had = bool(self.kernel)
        opened = await asyncio.to_thread(open_page, self.url)
        if opened.kernel_id is None:
            raise ConnectionError("no kernel behind the page")
        self.kernel = opened.kernel_id
        self.socket = await connect(self.url, self.kernel)
        self._asking = True
        self._known = self._held  # what came after the address was written is gone with its session
        self.resumed += had

    async def _ask_again(self) -> None:
        """Have a new session open what the address holds: as a page does, until it has heard."""
        if self._asking:
            await self._look()
            await self._tell_address({"open": self.code})

    async def _check(self, deadline: float) -> None:
        """Find what was decided last, as the address or the session has it."""
        while True:
            value = await self._look()
            if not self._known or value in self._known:
                self._asking = False
                return
            if time.monotonic() > deadline:
                raise LostError(f"the slider is at {value}, not at {self._known}")
            await asyncio.sleep(_PAUSE_SECONDS / 2)

    async def _look(self) -> float:
        states = await all_states(self.socket, _HEAR_SECONDS)
        self._slider, value = throughput_slider(states)
        self._address = next(name for name, one in states.items() if {"code", "file"} <= {*one})
        return value

    async def _tell_address(self, content: dict[str, Any]) -> None:
        data = {"method": "custom", "content": content}
        await self._say("comm_msg", {"comm_id": self._address, "data": data})

    async def _say(self, kind: str, content: dict[str, Any]) -> None:
        await say(self.socket, kind, content, f"{self.moves}-{time.monotonic()}")


async def connect(
    url: str, kernel: str, protocol: str | None = V1, name: str = "soak"
) -> WebSocketClientConnection:
    """Open a websocket to a kernel, as its page does."""
    address = f"{url.replace('http', 'ws')}api/kernels/{kernel}/channels?session_id={name}"
    return await websocket_connect(
        HTTPRequest(address, connect_timeout=_HEAR_SECONDS),
        subprotocols=[protocol] if protocol else None,
    )


async def upload(url: str, name: str, content: bytes, words: str) -> None:
    """Open a page, give it a file in pieces, see the words of its library, and leave."""
    kernel = (await asyncio.to_thread(open_page, url)).kernel_id
    if kernel is None:
        raise ConnectionError("no kernel behind the page")
    page = await connect(url, kernel)
    states = await all_states(page, _HEAR_SECONDS)
    picker = next(key for key, one in states.items() if one.get("words") == "Open file")
    digests = {name: hashlib.sha256(content).hexdigest()}
    steps: list[tuple[dict[str, Any], bytes | None]] = [
        ({"event": "begin", "files": [{"name": name, "size": len(content)}]}, None),
        ({"event": "piece", "name": name, "offset": 0}, content),
        ({"event": "end", "digests": digests}, None),
    ]
    for step, (event, piece) in enumerate(steps):
        data = {"method": "custom", "content": {**event, "id": "soak", "step": step}}
        await say(page, "comm_msg", {"comm_id": picker, "data": data}, f"u{step}", piece)
        await hear(page, b'"step"', _HEAR_SECONDS)
    while words not in json.dumps(await all_states(page, _HEAR_SECONDS)):  # noqa: ASYNC110
        await asyncio.sleep(_PAUSE_SECONDS / 2)
    page.close()
    await asyncio.to_thread(ask, f"{url}voila/api/shutdown/{kernel}", method="POST")

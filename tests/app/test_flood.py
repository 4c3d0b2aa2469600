"""Ten thousand malformed messages, dropped and frozen sockets, and a session that goes on."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, websocket_connect

from puzzle_widgets.app.connection import V1
from tests.app.messages import HEADER, legacy, legacy_text, parts_of, v1
from tests.app.test_connection import NOT_LEGACY, NOT_V1
from tests.support.app import RunningApp, running_app
from tests.support.notebook import write_notebook
from tests.support.visitor import open_page

psutil = pytest.importorskip("psutil")

pytestmark = pytest.mark.slow

MESSAGES = 10_000
AT_ONCE = 100
MAX_GROWTH = 150 * 2**20
TROUBLE = (HTTPClientError, WebSocketClosedError, StreamClosedError, OSError)
# A slider whose description is the square of its value.
SQUARES = """
import ipywidgets
slider = ipywidgets.IntSlider(max=10**6)
slider.observe(lambda _: slider.set_trait("description", str(slider.value ** 2)), "value")
slider
"""


@dataclass
class Session:
    """A session that a visitor has opened."""

    url: str
    kernel_id: str
    model: str
    names: Iterator[int] = field(default_factory=lambda: iter(range(10**9)))

    async def connect(self, protocol: str | None) -> WebSocketClientConnection:
        """Open one more websocket to it."""
        address = f"{self.url.replace('http', 'ws')}api/kernels/{self.kernel_id}/channels"
        request = HTTPRequest(f"{address}?session_id=s{next(self.names)}", connect_timeout=60)
        return await websocket_connect(request, subprotocols=[protocol] if protocol else None)


def opened(url: str) -> Session:
    """Open a session of the notebook with the slider."""
    page = open_page(url)
    model = re.search(r'"model_id": ?"(\w+)"', page.text)
    assert model is not None
    assert page.kernel_id is not None
    return Session(url, page.kernel_id, model[1])


async def drag(session: Session, flood: asyncio.Task[int]) -> int:
    """Move the slider until the flood is over; every answer has to be that of the move."""
    page = await session.connect(V1)
    value = 0
    while not flood.done():
        value += 1
        content = {
            "comm_id": session.model,
            "data": {"method": "update", "state": {"value": value}, "buffer_paths": []},
        }
        parts = parts_of(msg_id=f"m{value}")
        await page.write_message(v1(parts=[*parts[:3], json.dumps(content).encode()]), binary=True)
        assert await answer(page) == str(value**2)
        await asyncio.sleep(0.02)
    page.close()
    return value


async def answer(page: WebSocketClientConnection) -> str:
    """Give the description that the kernel sets next."""
    while True:
        message = await asyncio.wait_for(page.read_message(), 60)
        assert message is not None, "the good session's socket was closed"
        found = re.search(
            rb'"description": ?"(\d+)"', message if isinstance(message, bytes) else b""
        )
        if found:
            return found[1].decode()


async def flood_with(session: Session) -> int:
    """Send malformed messages over one socket after the other; how many were sent."""
    draw = random.Random(1)  # noqa: S311 - a made-up visitor, no secret
    sent, frozen = 0, list[asyncio.StreamWriter]()
    while sent < MESSAGES:
        protocol = draw.choice([V1, None])
        with suppress(*TROUBLE):
            page = await session.connect(protocol)
            sent += await spoil(page, draw, protocol)
        if len(frozen) < 20:
            frozen.append(await freeze(session))
    for writer in frozen:
        writer.close()
    return sent


async def spoil(page: WebSocketClientConnection, draw: random.Random, protocol: str | None) -> int:
    """Send malformed messages over one socket, then close or drop it; how many were sent."""
    sent = 0
    try:
        for message in draw.choices(bad_messages(draw, protocol), k=AT_ONCE):
            sent += 1
            await page.write_message(message, binary=isinstance(message, bytes))
    except TROUBLE:
        pass
    if draw.random() < 0.5 and page.protocol is not None and page.protocol.stream is not None:
        page.protocol.stream.close()  # drops, without a closing handshake
    page.close()
    return sent


def bad_messages(draw: random.Random, protocol: str | None) -> list[bytes | str]:
    """What no page sends: made by hand, whole messages with bytes changed, what is ignored."""
    whole, known = (v1(), NOT_V1) if protocol else (legacy([b"more"]), NOT_LEGACY)
    spoilt = [bytearray(whole) for _ in range(30)]
    for message in spoilt:
        for _ in range(draw.randint(1, 6)):
            message[draw.randrange(len(message))] = draw.randrange(256)
    odd = v1("iopub") if protocol else legacy_text("nowhere")
    code = v1(parts=parts_of(msg_type="execute_request"))
    return [
        *known.values(),
        *map(bytes, spoilt),
        odd,
        code if protocol else legacy_text(header=HEADER),
    ]


async def freeze(session: Session) -> asyncio.StreamWriter:
    """Open a websocket and never read from it; or send what is not even HTTP."""
    address = urlsplit(session.url)
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(
        f"GET /api/kernels/{session.kernel_id}/channels?session_id=frozen HTTP/1.1\r\n"
        f"Host: {address.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    return writer


async def run(good: Session, bad: Session) -> tuple[int, int]:
    """Flood the server while a session goes on; messages sent, and moves answered."""
    flood = asyncio.create_task(flood_with(bad))
    moves = await drag(good, flood)
    return await flood, moves


def test_server_and_sessions_outlive_a_flood(tmp_path: Path) -> None:
    """The good session gets every answer, and the server is as large and quick as before."""
    notebook = write_notebook(tmp_path / "page.ipynb", SQUARES)
    with running_app(notebook=notebook) as app:
        good, bad = opened(app.url), opened(app.url)
        before = memory(app)
        sent, moves = asyncio.run(asyncio.wait_for(run(good, bad), 900))
        assert sent >= MESSAGES
        assert moves > 10
        assert memory(app) - before < MAX_GROWTH
        assert opened(app.url).kernel_id
        assert app.stop() == 0


def memory(app: RunningApp) -> Any:
    """Bytes that the server holds."""
    return psutil.Process(app.process.pid).memory_info().rss

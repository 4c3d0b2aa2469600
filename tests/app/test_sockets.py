"""How long a page's websocket lives, and how many a session may have."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jupyter_server.auth.authorizer import AllowAllAuthorizer
from jupyter_server.auth.identity import PasswordIdentityProvider
from tornado.httpclient import HTTPClientError
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application
from tornado.websocket import WebSocketClientConnection, websocket_connect

from puzzle_widgets.app.connection import MAX_SOCKETS, PageSocket
from puzzle_widgets.app.settings import AppSettings, voila_config

PING_SECONDS = 0.2
HANDSHAKE = (
    "GET /a-kernel?session_id=frozen HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "Sec-WebSocket-Version: 13\r\n\r\n"
)


class Link:
    """Stand for the way to a kernel: notes what it is given."""

    kernel_ws_protocol = None
    page, is_full = True, False

    def __init__(self, **_: Any) -> None:
        self.session = SimpleNamespace(session="")

    async def connect(self) -> None:
        """Connect to nothing."""

    def disconnect(self) -> None:
        """Connect to nothing any more."""

    def handle_incoming_message(self, _message: object) -> None:
        """Drop it."""


@asynccontextmanager
async def served(tmp_path: Path) -> AsyncIterator[int]:
    """Port of a server of pages' websockets alone, with the app's own settings."""
    notebook = tmp_path / "page.ipynb"
    notebook.touch()
    settings = voila_config(AppSettings(notebook, ping_seconds=PING_SECONDS)).Voila
    identity = PasswordIdentityProvider(token="")
    application = Application(
        [(r"/([\w-]+)", PageSocket)],
        base_url="/",
        cookie_secret=b"secret",
        identity_provider=identity,
        authorizer=AllowAllAuthorizer(identity_provider=identity),
        kernel_websocket_connection_class=Link,
        kernel_manager=SimpleNamespace(get_kernel=lambda _id: None),
        **settings.tornado_settings,
    )
    listener, port = bind_unused_port()
    server = HTTPServer(application)
    server.add_sockets([listener])
    try:
        yield port
    finally:
        server.stop()


def in_server(tmp_path: Path, test: Callable[[int], Awaitable[None]]) -> None:
    """Run ``test`` with the port of a server."""

    async def run() -> None:
        async with served(tmp_path) as port:
            await asyncio.wait_for(test(port), 60)

    logging.getLogger("tornado").setLevel(logging.ERROR)
    asyncio.run(run())


async def connected(port: int, session: str) -> WebSocketClientConnection:
    """Open a websocket as a page does; it answers pings by itself."""
    return await websocket_connect(f"ws://127.0.0.1:{port}/a-kernel?session_id={session}")


def test_page_that_answers_pings_stays_and_a_frozen_one_goes(tmp_path: Path) -> None:
    """Idle and busy pages outlive the frozen one, which is closed after some unanswered pings."""

    async def test(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HANDSHAKE.encode())
        idle, busy = await connected(port, "idle"), await connected(port, "busy")
        received = b""
        while b"\x88" not in received:  # a frame that closes
            received += await reader.read(100)
        for page in (idle, busy):
            await page.write_message("still here")
            assert page.close_code is None
            page.close()
        writer.close()
        assert received.count(b"\x89\x00") >= 2  # pings: it was not closed at the first look

    in_server(tmp_path, test)


def test_session_has_few_connections(tmp_path: Path) -> None:
    """A session's connections are counted, and free again once they are closed."""

    async def test(port: int) -> None:
        pages = [await connected(port, f"page-{number}") for number in range(MAX_SOCKETS)]
        with pytest.raises(HTTPClientError, match="429"):
            await connected(port, "one-more")
        pages[0].close()
        while PageSocket._counts["a-kernel"] == MAX_SOCKETS:  # noqa: ASYNC110 - tornado's to say
            await asyncio.sleep(0.01)
        (await connected(port, "one-more")).close()
        for page in pages:
            page.close()

    in_server(tmp_path, test)


@pytest.mark.parametrize("name", ["%C3%A4", "a" * 65, "a%0Ab"])
def test_name_of_a_session_is_checked(tmp_path: Path, name: str) -> None:
    """The name becomes an address within the server: odd ones and long ones are refused."""

    async def test(port: int) -> None:
        with pytest.raises(HTTPClientError, match="400"):
            await connected(port, name)

    in_server(tmp_path, test)

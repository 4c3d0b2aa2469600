"""The websockets of pages: how many, of what names, and how much one may have under way."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from typing import Any, ClassVar

from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from tornado.web import HTTPError

MAX_SOCKETS = 4  # of one kernel; a page has one, and a second while it reconnects
_SESSION_NAME = re.compile(r"[\w-]{1,64}", re.ASCII)
_LOOK_AGAIN_SECONDS = 0.05


class PageSocket(KernelWebsocketHandler):
    """Websocket between a page and its kernel."""

    _counts: ClassVar[Counter[str]] = Counter()

    async def get(self, kernel_id: str) -> None:
        """Serve one websocket from its handshake to its end."""
        if not _SESSION_NAME.fullmatch(self.get_argument("session_id", "none")):
            raise HTTPError(400, "a session's name has up to 64 letters, digits, - and _")
        if self._counts[kernel_id] >= MAX_SOCKETS:
            raise HTTPError(429, "this session has too many connections")
        self._counts[kernel_id] += 1
        try:
            await super().get(kernel_id=kernel_id)
        finally:
            self._counts[kernel_id] -= 1
            if not self._counts[kernel_id]:
                del self._counts[kernel_id]

    async def on_message(self, ws_message: bytes | str) -> None:
        """Pass a message on; the next one is read once the kernel has room for it."""
        super().on_message(ws_message)
        while self._has_to_wait():  # noqa: ASYNC110 - the page may go meanwhile, too
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ANN401, ARG002
        """Refuse a handshake by its status alone; nobody reads a page there."""
        self.finish()

    def _has_to_wait(self) -> bool:
        link = self.connection
        return link is not None and link.page is not None and link.is_full

"""Between a page and its kernel: what is no message, or comes while either has gone, is dropped.

Every length in a page's message is checked before it is used.
"""

from __future__ import annotations

import asyncio
import json
import re
import struct
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, ClassVar

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from tornado.iostream import StreamBufferFullError
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError

V1 = "v1.kernel.websocket.jupyter.org"
MAX_PARTS = 1024
MAX_HEADER_BYTES = 64 * 2**10
MAX_JSON_BYTES = 4 * 2**20  # read by the server itself, at 30 times its size in memory
_JSON_PARTS = ("header", "parent_header", "metadata", "content")
_OFFSET_BYTES = {"little": 8, "big": 4}
PAGE_CHANNELS = (None, "shell", "control")
MAX_MALFORMED = 10
MAX_UNREAD_BYTES = 64 * 2**20  # by a page, of its kernel's messages
MAX_UNANSWERED_BYTES = 128 * 2**20  # by a kernel, of its page's messages
MAX_UNANSWERED = 1000
_NOT_ITS_FORMAT = 1007  # RFC 6455: data that does not agree with the message's type
MAX_SOCKETS = 4  # of one kernel; a page has one, and a second while it reconnects
_SESSION_NAME = re.compile(r"[\w-]{1,64}", re.ASCII)
_LOOK_AGAIN_SECONDS = 0.05


class MalformedMessageError(ValueError):
    """A page sent what is no message."""


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
        """Refuse a handshake by its status alone: no page is shown there."""
        self.finish()

    def _has_to_wait(self) -> bool:
        link = self.connection
        return link is not None and link.page is not None and link.is_full


class GuardedConnection(ZMQChannelsWebsocketConnection):
    """Passes messages that are whole, between a page and a kernel that are both there.

    Works in the app, in a plain Voila (``Voila.kernel_websocket_connection_class``) and in
    JupyterLab (``ServerApp.kernel_websocket_connection_class``).
    """

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self._malformed = 0
        self._unanswered: deque[int] = deque()
        self._since: deque[float] = deque()

    @property
    def page(self) -> Any:  # noqa: ANN401 - tornado's protocol is no public type
        """The page's open websocket, or None: while it closes its format is no longer known."""
        page = self.websocket_handler.ws_connection
        return None if page is None or page.is_closing() else page

    @property
    def is_full(self) -> bool:
        """Whether the kernel has so much before it that the page has to wait."""
        waiting = self._unanswered
        return len(waiting) > MAX_UNANSWERED or sum(waiting) > MAX_UNANSWERED_BYTES

    def connect(self) -> asyncio.Future[None] | None:  # type: ignore[override]
        """Begin to pass messages; a page that does not read holds no more than so many bytes."""
        if self.page is not None:
            self.page.stream.max_write_buffer_size = MAX_UNREAD_BYTES
            # An answer is many small messages: none waits until the page has heard of the last.
            self.page.stream.set_nodelay(True)
        return super().connect()

    def handle_incoming_message(self, incoming_msg: bytes | str) -> None:
        """Pass a page's message on, if it is one and the page still there."""
        if self.page is None:
            return
        try:
            self._pass_on(incoming_msg)
        # Whatever a visitor sends is the visitor's fault, never the server's end.
        except Exception:  # noqa: BLE001
            self._refuse()

    def handle_outgoing_message(self, stream: str, outgoing_msg: list[Any]) -> None:
        """Pass a kernel's message on, if its page is there and may see it."""
        kind, state = self._told(outgoing_msg)
        if state == "idle" and self._unanswered:
            self._unanswered.popleft()
            self._note_answer(time.monotonic() - self._since.popleft())
        if kind == "comm_msg" and self.kernel_manager is not None:
            self.kernel_manager.last_activity = datetime.now(UTC)
        is_code = kind == "execute_input" and self._allowed
        if self.page is not None and not is_code:
            super().handle_outgoing_message(stream, outgoing_msg)

    @property
    def write_message(self) -> Callable[..., None]:
        """Write to the page itself: Voila's handler would take every message apart once more."""
        return self._write

    @property
    def _allowed(self) -> list[str]:
        """Kinds of messages that pages may send, as Voila restricts them; all if it is empty."""
        return list(self.multi_kernel_manager.allowed_message_types)

    def _pass_on(self, message: bytes | str) -> None:
        check = check_v1 if self.subprotocol == V1 else check_legacy
        channel, header = check(message)
        if self._allowed and channel not in PAGE_CHANNELS:
            raise MalformedMessageError("no page speaks on that channel")
        if self._allowed and header["msg_type"] not in self._allowed:
            return
        super().handle_incoming_message(message)  # type: ignore[arg-type]
        if channel != "control":
            self._unanswered.append(len(message))
            self._since.append(time.monotonic())

    def _told(self, message: list[Any]) -> tuple[str, str | None]:
        """Kind of a kernel's message, and the state of the kernel if that is what it tells."""
        _, parts = self.session.feed_identities(message)
        kind = self.session.unpack(parts[1])["msg_type"]
        state = self.session.unpack(parts[4])["execution_state"] if kind == "status" else None
        return kind, state

    def _note_answer(self, seconds: float) -> None:
        """Count an answer for the server's operator; a plain Voila or JupyterLab counts none."""
        register = getattr(self.multi_kernel_manager, "register", None)
        if register is not None:
            register.answered(self.kernel_id, seconds)

    def _refuse(self) -> None:
        self._malformed += 1
        if self._malformed > MAX_MALFORMED and self.page is not None:
            self.websocket_handler.close(_NOT_ITS_FORMAT, "too many malformed messages")

    def _write(self, message: bytes | str, *, binary: bool = False) -> None:
        page = self.page
        if page is None:
            return
        try:
            page.write_message(message, binary=binary).add_done_callback(_forget)
        except (WebSocketClosedError, StreamBufferFullError):
            page.stream.close()


def _forget(sent: asyncio.Future[None]) -> None:
    """A page that goes while it is written to is no error."""
    if not sent.cancelled():
        sent.exception()


def check_v1(message: bytes | str) -> tuple[str, dict[str, Any]]:
    """Channel and header of a message in the format that JupyterLab's pages speak.

    Parameters
    ----------
    message
        Number of offsets, offsets (8 bytes each, little end first), channel, header, parent
        header, metadata, content, buffers.

    Raises
    ------
    MalformedMessageError
        If it is no such message; nothing beyond its own length has been read or reserved.
    """
    if isinstance(message, str):
        raise MalformedMessageError("text in a binary format")
    parts = _parts(message, _offsets(message, "little"))
    if len(parts) < 1 + len(_JSON_PARTS):
        raise MalformedMessageError("parts are missing")
    if len(parts[1]) > MAX_HEADER_BYTES:
        raise MalformedMessageError("the header is too long")
    return _text(parts[0]), _checked_header(_json(parts[1]))


def check_legacy(message: bytes | str) -> tuple[str | None, dict[str, Any]]:
    """Channel and header of a message in the older format: JSON, alone or before buffers.

    Raises
    ------
    MalformedMessageError
        If it is no such message; nothing beyond its own length has been read or reserved.
    """
    text = message
    if isinstance(message, bytes):
        offsets = _offsets(message, "big")
        text = _parts(message, [*offsets, len(message)])[0]
    if len(text) > MAX_JSON_BYTES:
        raise MalformedMessageError("the message is too long for its format")
    read = _json(text)
    if not isinstance(read, dict) or not all(isinstance(read.get(n), dict) for n in _JSON_PARTS):
        raise MalformedMessageError("parts are missing")
    if read.get("buffers"):
        raise MalformedMessageError("buffers stand in the text")
    channel = read.get("channel")
    if not isinstance(channel, str | None):
        raise MalformedMessageError("the channel has no name")
    return channel, _checked_header(read["header"])


def _offsets(message: bytes, end: str) -> list[int]:
    """Read the offsets at a message's beginning: as many as it says, if it can hold them."""
    size = _OFFSET_BYTES[end]
    count = int.from_bytes(message[:size], "little" if end == "little" else "big")
    if not 1 <= count <= MAX_PARTS or len(message) < size * (1 + count):
        raise MalformedMessageError("it cannot hold the parts that it says it has")
    letters = f"<{count}Q" if end == "little" else f">{count}I"
    offsets = list(struct.unpack_from(letters, message, size))
    if offsets[0] < size * (1 + count):
        raise MalformedMessageError("its parts lie in its own list of parts")
    return offsets


def _parts(message: bytes, offsets: Sequence[int]) -> list[bytes]:
    if any(start > stop for start, stop in pairwise(offsets)) or offsets[-1] > len(message):
        raise MalformedMessageError("its parts do not follow one another inside it")
    return [message[start:stop] for start, stop in pairwise(offsets)]


def _checked_header(header: object) -> dict[str, Any]:
    if not isinstance(header, dict):
        raise MalformedMessageError("the header is missing")
    if not all(isinstance(header.get(name), str) for name in ("msg_id", "msg_type")):
        raise MalformedMessageError("the header does not say what it is of")
    return header


def _text(part: bytes) -> str:
    try:
        return part.decode()
    except UnicodeDecodeError as error:
        raise MalformedMessageError("it is not in UTF-8") from error


def _json(part: bytes | str) -> object:
    try:
        return json.loads(part)
    except (ValueError, RecursionError) as error:
        raise MalformedMessageError("it is not JSON") from error

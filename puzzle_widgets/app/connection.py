"""Between a page and its kernel: what is no message, or comes while either has gone, is dropped."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado.iostream import StreamBufferFullError
from tornado.websocket import WebSocketClosedError

from puzzle_widgets.app.framing import V1, MalformedMessageError, check_legacy, check_v1

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

PAGE_CHANNELS = (None, "shell", "control")
MAX_MALFORMED = 10
MAX_UNREAD_BYTES = 64 * 2**20  # by a page, of its kernel's messages
MAX_UNANSWERED_BYTES = 128 * 2**20  # by a kernel, of its page's messages
MAX_UNANSWERED = 1000
_NOT_ITS_FORMAT = 1007  # RFC 6455: data that does not agree with the message's type


class GuardedConnection(ZMQChannelsWebsocketConnection):
    """Passes messages that are whole, between a page and a kernel that are both there.

    Works in the app, in a plain Voila (``Voila.kernel_websocket_connection_class``) and in
    JupyterLab (``ServerApp.kernel_websocket_connection_class``).
    """

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self._malformed = 0
        self._unanswered: deque[int] = deque()

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

    def _told(self, message: list[Any]) -> tuple[str, str | None]:
        """Kind of a kernel's message, and the state of the kernel if that is what it tells."""
        _, parts = self.session.feed_identities(message)
        kind = self.session.unpack(parts[1])["msg_type"]
        state = self.session.unpack(parts[4])["execution_state"] if kind == "status" else None
        return kind, state

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

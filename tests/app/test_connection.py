"""What is taken for a page's message, and what passes between a page and its kernel."""

from __future__ import annotations

import json
import struct
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupyter_client.session import DELIM
from jupyter_server.services.kernels.connection.base import (
    deserialize_binary_message,
    deserialize_msg_from_ws_v1,
)
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

from puzzle_widgets.app.connection import (
    MAX_HEADER_BYTES,
    MAX_JSON_BYTES,
    MAX_MALFORMED,
    MAX_PARTS,
    MAX_UNANSWERED,
    MAX_UNANSWERED_BYTES,
    V1,
    GuardedConnection,
    MalformedMessageError,
    check_legacy,
    check_v1,
)
from tests.app.messages import legacy, legacy_text, parts_of, v1

ALLOWED = ["comm_msg", "kernel_info_request"]


class Page:
    """Stand for the websocket of a page, and its handler."""

    def __init__(self, subprotocol: str | None = V1) -> None:
        self.ws_connection: Page | None = self
        self.selected_subprotocol = subprotocol
        self.closing = False
        self.code: int | None = None

    def is_closing(self) -> bool:
        """Whether either side has begun to close."""
        return self.closing

    def close(self, code: int, _reason: str) -> None:
        """Begin to close."""
        self.closing, self.code = True, code


class Connection(GuardedConnection):
    """A connection without a kernel: notes what it passes."""

    websocket_handler: Any = None
    multi_kernel_manager: Any = SimpleNamespace(allowed_message_types=ALLOWED)

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.websocket_handler = page
        self.passed: list[Any] = []


@pytest.fixture(autouse=True)
def ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Note messages in the place of sending them."""

    def incoming(connection: Connection, message: Any) -> None:
        connection.passed.append(message)

    def outgoing(connection: Connection, stream: str, _message: Any) -> None:
        connection.passed.append(stream)

    monkeypatch.setattr(ZMQChannelsWebsocketConnection, "handle_incoming_message", incoming)
    monkeypatch.setattr(ZMQChannelsWebsocketConnection, "handle_outgoing_message", outgoing)


def said(kind: str, content: dict[str, Any] | None = None) -> list[bytes]:
    """Give a message as a kernel sends it."""
    parts = [json.dumps(part).encode() for part in ({"msg_type": kind}, {}, {}, content or {})]
    return [b"topic", DELIM, b"signature", *parts]


@pytest.mark.parametrize("subprotocol", [V1, None])
def test_open_page_hears_its_kernel(subprotocol: str | None) -> None:
    """Messages for an open page are passed on, whatever format it speaks; code is not."""
    connection = Connection(Page(subprotocol))
    connection.handle_outgoing_message("iopub", said("comm_msg"))
    connection.handle_outgoing_message("iopub", said("execute_input"))
    assert connection.passed == ["iopub"]


def test_a_page_hears_each_message_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system holds no small one back, and no page that does not read takes all memory."""
    set_to: list[bool] = []
    stream = SimpleNamespace(max_write_buffer_size=None, set_nodelay=set_to.append)
    monkeypatch.setattr(ZMQChannelsWebsocketConnection, "connect", lambda _: None)
    page = Page()
    page.stream = stream  # type: ignore[attr-defined]
    Connection(page).connect()
    assert set_to == [True]
    assert stream.max_write_buffer_size


def test_what_a_widget_says_is_activity(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server itself listens to what a kernel says of itself alone."""
    kernel = SimpleNamespace(last_activity=None)
    monkeypatch.setattr(Connection, "kernel_manager", kernel)
    connection = Connection(Page())
    connection.handle_outgoing_message("iopub", said("status", {"execution_state": "busy"}))
    assert kernel.last_activity is None
    connection.handle_outgoing_message("iopub", said("comm_msg"))
    assert kernel.last_activity is not None


def test_jupyterlab_hears_its_code() -> None:
    """Where pages may run code, they are told of it as ever."""
    connection = Connection(Page())
    connection.multi_kernel_manager = SimpleNamespace(allowed_message_types=[])
    connection.handle_outgoing_message("iopub", said("execute_input"))
    connection.handle_incoming_message(v1("stdin", parts_of(msg_type="input_reply")))
    assert len(connection.passed) == 2


@pytest.mark.parametrize("message", [v1(), legacy([b"buffer"]), legacy_text(), legacy_text(None)])
def test_kernel_hears_its_page(message: bytes | str) -> None:
    """Whole messages are passed on as they came."""
    connection = Connection(Page(V1 if message == v1() else None))
    connection.handle_incoming_message(message)
    assert connection.passed == [message]


@pytest.mark.parametrize("gone", ["closing", "closed"])
def test_nothing_passes_while_a_page_closes(gone: str) -> None:
    """A message that comes while the format is no longer known is not guessed at."""
    page = Page()
    connection = Connection(page)
    page.closing = True
    page.ws_connection = page if gone == "closing" else None
    connection.handle_incoming_message(v1())
    connection.handle_outgoing_message("iopub", said("comm_msg"))
    connection.write_message(b"message", binary=True)
    assert connection.passed == []


@pytest.mark.parametrize("kind", ["execute_request", "shutdown_request", "unknown"])
def test_pages_do_not_run_code(kind: str) -> None:
    """What a page has no need of is dropped without a word, and counts as no fault."""
    connection = Connection(Page())
    for _ in range(2 * MAX_MALFORMED):
        connection.handle_incoming_message(v1(parts=parts_of(msg_type=kind)))
    assert connection.passed == []
    assert not connection.websocket_handler.closing


def test_page_that_sends_no_messages_is_closed() -> None:
    """Some malformed messages are dropped; after them the websocket is closed, and says why."""
    page = Page()
    connection = Connection(page)
    for message in [b"\xff" * 16, v1("stdin"), v1("iopub"), *[b""] * (MAX_MALFORMED - 3)]:
        connection.handle_incoming_message(message)
    connection.handle_incoming_message(v1())
    assert connection.passed == [v1()]
    connection.handle_incoming_message(b"")
    assert page.code == 1007


@pytest.mark.parametrize(
    ("size", "count"), [(2 * 2**20, MAX_UNANSWERED_BYTES // 2**21), (None, MAX_UNANSWERED)]
)
def test_busy_kernel_makes_its_page_wait(size: int | None, count: int) -> None:
    """A page has so many messages and bytes under way, and room again with each answer."""
    connection = Connection(Page())
    message = v1() if size is None else v1(parts=[*parts_of(), b"\0" * size])
    for _ in range(count + 1):
        connection.handle_incoming_message(message)
    assert connection.is_full
    for _ in range(2):
        connection.handle_outgoing_message("iopub", said("status", {"execution_state": "idle"}))
    assert not connection.is_full


Check = Callable[[bytes | str], tuple[str | None, object]]
SIXTEEN_BYTES = bytes.fromhex("ffffffffffffff00") + b"anything"
DEEP = b"[" * 100_000 + b"]" * 100_000

NOT_V1: dict[str, bytes | str] = {
    "nothing": b"",
    "sixteen bytes": SIXTEEN_BYTES,
    "text": "text",
    "no parts": struct.pack("<Q", 0),
    "one part": struct.pack("<QQ", 1, 16),
    "too many parts": struct.pack(f"<{MAX_PARTS + 2}Q", MAX_PARTS + 1, *[0] * (MAX_PARTS + 1)),
    "parts beyond its end": struct.pack("<7Q", 6, 56, 56, 56, 56, 56, 2**63),
    "parts in its own list": struct.pack("<7Q", 6, 0, 8, 16, 24, 32, 40),
    "parts before one another": struct.pack("<7Q", 6, 56, 55, 54, 53, 52, 51),
    "no content": v1(parts=parts_of()[:3]),
    "header of another kind": v1(parts=[b"[]", *parts_of()[1:]]),
    "header that is deep": v1(parts=[DEEP[:MAX_HEADER_BYTES], *parts_of()[1:]]),
    "header that is long": v1(parts=[b" " * MAX_HEADER_BYTES + b"{}", *parts_of()[1:]]),
    "header without a type": v1(parts=[b'{"msg_id": "1"}', *parts_of()[1:]]),
    "type that is a list": v1(parts=parts_of(msg_type=["comm_msg"])),
    "channel that is not UTF-8": v1().replace(b"shell", b"\xff\xfe\xfd\xfc\xfb"),
}
NOT_LEGACY: dict[str, bytes | str] = {
    "nothing": b"",
    "no text": "",
    "sixteen bytes": SIXTEEN_BYTES,
    "a hundred million parts": struct.pack(">I", 100_663_296) + v1(),
    "fewer than no parts": struct.pack(">i", -1) + b"1234" * 8,
    "another format": v1(),
    "deep text": "[" * 100_000,
    "long text": " " * MAX_JSON_BYTES + legacy_text(),
    "a list": "[]",
    "no header": '{"parent_header": {}, "metadata": {}, "content": {}}',
    "header that is a list": legacy_text(header=[]),
    "content that is missing": legacy_text(content=None),
    "channel that is a list": legacy_text(channel=["shell"]),  # type: ignore[arg-type]
    "buffers in its text": legacy_text(buffers=[1]),
}


def test_message_of_a_page_is_read() -> None:
    """Channel and header are those that the page wrote, with and without buffers."""
    assert check_v1(v1("control"))[0] == "control"
    assert check_v1(v1(parts=[*parts_of(msg_type="comm_open"), b"\0" * 9]))[1] == {
        "msg_id": "1",
        "msg_type": "comm_open",
        "session": "page",
        "username": "",
        "version": "5",
    }
    assert check_legacy(legacy_text("control"))[0] == "control"
    assert check_legacy(legacy([b"\0" * 9, b""]))[0] == "shell"


@pytest.mark.parametrize(
    ("check", "message"),
    [
        *(pytest.param(check_v1, message, id=f"v1, {name}") for name, message in NOT_V1.items()),
        *(
            pytest.param(check_legacy, message, id=f"legacy, {name}")
            for name, message in NOT_LEGACY.items()
        ),
    ],
)
def test_what_is_no_message_is_refused(check: Check, message: bytes | str) -> None:
    """A made-up count, place or part is refused, and costs no memory beyond the message's own."""
    tracemalloc.start()
    try:
        with pytest.raises(MalformedMessageError):
            check(message)
        assert tracemalloc.get_traced_memory()[1] < 2**20 + 2 * len(message)
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_a_message_or_refused(message: bytes, spoilt: bool) -> None:  # noqa: FBT001
    """Nothing but the one error comes of bytes that nobody wrote as a message."""
    for check, start in ((check_v1, v1()), (check_legacy, legacy([b"more"]))):
        with suppress(MalformedMessageError):
            check((start[: len(message)] if spoilt else b"") + message)


@given(st.data())
def test_spoilt_message_is_read_by_the_server_or_refused(data: st.DataObject) -> None:
    """What passes with some bytes changed, the server's own reader takes apart as well."""
    for check, read, message in (
        (check_v1, deserialize_msg_from_ws_v1, v1()),
        (check_legacy, deserialize_binary_message, legacy([b"more"])),
    ):
        spoilt = bytearray(message)
        for place in data.draw(st.lists(st.integers(0, len(message) - 1), max_size=4)):
            spoilt[place] = data.draw(st.integers(0, 255))
        try:
            check(bytes(spoilt))
        except MalformedMessageError:
            continue
        read(bytes(spoilt))  # type: ignore[no-untyped-call]


@given(st.lists(st.binary(max_size=20), max_size=5), st.sampled_from(["shell", "control", "x"]))
def test_whole_messages_pass(buffers: list[bytes], channel: str) -> None:
    """No message as pages write them is refused, whatever its buffers hold."""
    assert check_v1(v1(channel, [*parts_of(), *buffers]))[0] == channel
    assert check_legacy(legacy(buffers, channel=channel))[0] == channel

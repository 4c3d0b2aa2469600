"""What passes between a page and its kernel, while both are there and after."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from jupyter_client.session import DELIM
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

from puzzle_widgets.app.connection import (
    MAX_MALFORMED,
    MAX_UNANSWERED,
    MAX_UNANSWERED_BYTES,
    V1,
    GuardedConnection,
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

"""What a kernel says while its page is open, and after."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

from puzzle_widgets.app.connection import OpenConnection

FORMAT = "v1.kernel.websocket.jupyter.org"


def sent_to(page: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Streams whose messages reach a page with this websocket."""
    sent: list[str] = []

    def note(_connection: object, stream: str, _message: object) -> None:
        sent.append(stream)

    monkeypatch.setattr(ZMQChannelsWebsocketConnection, "handle_outgoing_message", note)
    monkeypatch.setattr(
        OpenConnection,
        "websocket_handler",
        SimpleNamespace(
            ws_connection=page, selected_subprotocol=getattr(page, "selected_subprotocol", None)
        ),
    )
    connection = OpenConnection.__new__(OpenConnection)
    connection.handle_outgoing_message("iopub", [])
    return sent


def websocket(*, closing: bool, subprotocol: str | None = FORMAT) -> SimpleNamespace:
    """Stand for the websocket of a page."""
    return SimpleNamespace(is_closing=lambda: closing, selected_subprotocol=subprotocol)


def test_open_page_hears_its_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages for an open page are passed on, whatever format it speaks."""
    assert sent_to(websocket(closing=False), monkeypatch) == ["iopub"]
    assert sent_to(websocket(closing=False, subprotocol=None), monkeypatch) == ["iopub"]


@pytest.mark.parametrize(
    "page",
    [None, websocket(closing=True)],
    ids=["closed", "closing"],
)
def test_nothing_is_sent_to_a_page_that_has_gone(
    page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages for a closed or closing page are dropped."""
    assert sent_to(page, monkeypatch) == []

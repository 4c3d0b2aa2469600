"""What is taken for a page's message, and what is not."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupyter_server.services.kernels.connection.base import (
    deserialize_binary_message,
    deserialize_msg_from_ws_v1,
)

from puzzle_widgets.app.connection import (
    MAX_HEADER_BYTES,
    MAX_JSON_BYTES,
    MAX_PARTS,
    MalformedMessageError,
    check_legacy,
    check_v1,
)
from tests.app.messages import legacy, legacy_text, parts_of, v1

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

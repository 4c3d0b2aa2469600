"""The two formats of a page's messages: every length in one is checked before it is used."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

V1 = "v1.kernel.websocket.jupyter.org"
MAX_PARTS = 1024
MAX_HEADER_BYTES = 64 * 2**10
MAX_JSON_BYTES = 4 * 2**20  # read by the server itself, at 30 times its size in memory
_JSON_PARTS = ("header", "parent_header", "metadata", "content")
_OFFSET_BYTES = {"little": 8, "big": 4}


class MalformedMessageError(ValueError):
    """A page sent what is no message."""


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
        raise MalformedMessageError("the header is none")
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

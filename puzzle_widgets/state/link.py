"""A saved record as a short code of letters, digits, - and _, for the address of a page."""

from __future__ import annotations

import base64
import binascii
import re
import zlib

from puzzle_widgets.errors import ScenarioError

MOST_LETTERS = 8_000
MOST_BYTES = 2**18
_CODE = re.compile("[A-Za-z0-9_-]+")


def to_code(saved: str) -> str:
    """Write what :func:`puzzle_widgets.state.to_json` wrote as a code; empty where too long."""
    raw = saved.encode()
    code = base64.urlsafe_b64encode(zlib.compress(raw, 9)).decode("ascii").rstrip("=")
    return code if len(code) <= MOST_LETTERS and len(raw) <= MOST_BYTES else ""


def from_code(code: str) -> str:
    """Read a code again.

    Raises
    ------
    ScenarioError
        If it is none, or holds more than is read.
    """
    try:
        return _unpacked(code).decode("utf-8")
    except (ValueError, binascii.Error, zlib.error) as error:
        raise ScenarioError(
            "The address holds no state that can be read. Copy the whole link again."
        ) from error


def _unpacked(code: str) -> bytes:
    if len(code) > MOST_LETTERS or not _CODE.fullmatch(code):
        raise ValueError("no code")
    unpacking = zlib.decompressobj()
    raw = unpacking.decompress(base64.urlsafe_b64decode(code + "=" * (-len(code) % 4)), MOST_BYTES)
    if not unpacking.eof:
        raise ValueError("cut off, or too long")
    return raw

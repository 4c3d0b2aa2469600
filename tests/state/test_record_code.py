"""A state as a code for an address: whole again, and anything else refused in one sentence."""

from __future__ import annotations

import base64
import random
import zlib

import pytest

import puzzle_widgets as pw
from puzzle_widgets.state import from_code, to_code, to_json
from puzzle_widgets.state.record_file import MOST_BYTES, MOST_LETTERS
from tests.support.records import first


def coded(raw: bytes) -> str:
    """These bytes as a code, whatever they are."""
    return base64.urlsafe_b64encode(zlib.compress(raw)).decode().rstrip("=")


def test_a_state_comes_back_from_its_code() -> None:
    """With signs that no address has to escape."""
    text = to_json(first().change(target="report"))
    code = to_code(text)
    assert from_code(code) == text
    assert set(code) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert from_code(to_code("caf\u00e9")) == "caf\u00e9"


def test_what_is_too_long_has_no_code() -> None:
    """In the address, or once it is unpacked."""
    draw = random.Random(1)  # noqa: S311
    noise = "".join(draw.choices("abcdefghijklmnop", k=20_000))
    assert len(coded(noise.encode())) > MOST_LETTERS
    assert to_code(noise) == ""
    assert to_code("a" * MOST_BYTES) != ""
    assert to_code("a" * (MOST_BYTES + 1)) == ""


@pytest.mark.parametrize(
    "code",
    [
        "",
        "x",
        "a b",
        "<script>",
        "\u00e9",
        coded(b"cut off")[:-6],
        coded(b"\xff\xfe"),
        coded(b"a" * (MOST_BYTES + 1)),
        "A" * (MOST_LETTERS + 1),
    ],
)
def test_what_is_no_code_is_refused(code: str) -> None:
    """Cut off, mistyped, of other bytes, or a little that unpacks to a lot."""
    with pytest.raises(pw.ScenarioError, match="Copy the whole link again"):
        from_code(code)

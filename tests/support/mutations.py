"""Seeded damage to files: at bytes, and at the structure of JSON."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

_ODD_BYTES = [
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"9" * 400,
    b"9" * 5000,
    b"[" * 2000,
    b'{"a":' * 2000,
    b"\\ud800",
    b'"',
    b",",
    b"\n",
    b"\r",
    b"true",
]


def _nest(depth: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner]
    return inner


_ODD_VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    2,
    0.5,
    1e300,
    float("nan"),
    float("inf"),
    10**400,
    -(10**25),
    "",
    " ",
    "12",
    "\ud800",
    "a\tb",
    "<img src=x>",
    "linear",
    "x" * 3000,
    [],
    {},
    [1],
    [[1, 2]],
    {"a": 1},
    {"stats": {}},
    _nest(50),
    _nest(400),
]


def damaged_bytes(content: bytes, rng: random.Random) -> bytes:
    """Cut, repeat, swap, replace or insert a few bytes."""
    for _ in range(rng.randint(1, 3)):
        start = rng.randrange(len(content) + 1)
        end = min(len(content), start + rng.choice([0, 1, 2, 5, 40, 400]))
        piece = content[start:end]
        new = rng.choice(
            [*_ODD_BYTES, piece * 2, piece[::-1], bytes([rng.randrange(256)]), piece.upper()]
        )
        content = content[:start] + new + content[end:]
    return content


def damaged_json(content: Any, rng: random.Random) -> bytes:
    """Replace, drop, rename, double or move parts of a JSON value."""
    content = copy.deepcopy(content)
    for _ in range(rng.randint(1, 3)):
        places = list(_places(content))
        if not places:
            break
        holder, key = rng.choice(places)
        _damage(holder, key, places, rng)
    return json.dumps(content).encode()


def _damage(holder: Any, key: Any, places: list[tuple[Any, Any]], rng: random.Random) -> None:
    kind = rng.choice(["odd", "odd", "drop", "copy", "rename", "double"])
    if kind == "drop":
        del holder[key]
    elif kind == "copy":
        other, place = rng.choice(places)
        holder[key] = copy.deepcopy(other[place])
    elif kind == "rename" and isinstance(holder, dict):
        holder[str(rng.choice([*_ODD_VALUES[:20], "layer_1", "stats"]))] = holder.pop(key)
    elif kind == "double" and isinstance(holder, list):
        holder.insert(key, copy.deepcopy(holder[key]))
    else:
        holder[key] = copy.deepcopy(rng.choice(_ODD_VALUES))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (holder, key) of a nested value, without going into the very deep parts."""
    todo = [(value, 0)]
    while todo:
        holder, depth = todo.pop()
        keys = holder if isinstance(holder, dict) else range(len(holder))
        for key in keys:
            yield holder, key
            if isinstance(holder[key], dict | list) and depth < 8:
                todo.append((holder[key], depth + 1))

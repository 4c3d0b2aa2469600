"""Over a thousand damaged library files give a library or the one clear error."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import dump_library
from tests.support.libraries import published_files
from tests.support.mutations import damaged_bytes, damaged_json

SOUND = pw.load_files(published_files())
PUBLISHED = published_files()
OWN = {"own.json": dump_library(SOUND).encode()}
TABLE = {"table.csv": pw.to_frame(SOUND).to_csv(index=False).encode()}
COUNT = 220


def complaint(error: pw.LibraryError) -> str:
    """Check that an error is one line of text that can be printed."""
    assert len(str(error).encode().splitlines()) == 1
    return "error"


def outcome(files: dict[str, bytes]) -> str:
    """Read damaged files: a library must then be sound in use, an error must be printable."""
    try:
        library = pw.load_files(files)
    except pw.LibraryError as error:
        return complaint(error)
    assert pw.load_files({"again.json": dump_library(library).encode()}) == library
    objective = library.keys[0]
    assert library.total_range(objective)[0] <= library.parent_totals[objective]
    assert pw.SearchProblem(library, minimize=objective, budgets={objective: "90 %"})
    return "library"


def counts(draw: Callable[[random.Random], dict[str, bytes]]) -> tuple[int, int]:
    """Read many damaged files, and count libraries and errors."""
    found = [outcome(draw(random.Random(seed))) for seed in range(COUNT)]  # noqa: S311
    return found.count("library"), found.count("error")


@pytest.mark.parametrize("sound", [PUBLISHED, OWN, TABLE], ids=["published", "own", "table"])
def test_damaged_bytes(sound: dict[str, bytes]) -> None:
    """Bytes cut, doubled, swapped or put in, in any one of the files."""

    def draw(rng: random.Random) -> dict[str, bytes]:
        name = rng.choice(sorted(sound))
        return {**sound, name: damaged_bytes(sound[name], rng)}

    libraries, errors = counts(draw)
    assert libraries + errors == COUNT
    assert errors > COUNT / 4


@pytest.mark.parametrize("sound", [PUBLISHED, OWN], ids=["published", "own"])
def test_damaged_structure(sound: dict[str, bytes]) -> None:
    """Values replaced, dropped, renamed, doubled or moved within sound JSON."""
    parsed = {name: json.loads(content) for name, content in sound.items()}

    def draw(rng: random.Random) -> dict[str, bytes]:
        name = rng.choice(sorted(sound))
        return {**sound, name: damaged_json(parsed[name], rng)}

    libraries, errors = counts(draw)
    assert libraries > 0
    assert errors > COUNT / 4


def test_damaged_cells() -> None:
    """Cells of a table replaced by any value that a frame can hold."""
    sound = pw.to_frame(SOUND).astype(object)
    odd: list[Any] = [None, True, -1, 1.5, 10**30, float("nan"), "", "x", "\ud800", b"x", (1,), {}]
    for seed in range(COUNT):
        rng = random.Random(seed)  # noqa: S311
        frame = sound.copy()
        for _ in range(rng.randint(1, 3)):
            frame.iat[rng.randrange(len(frame)), rng.randrange(frame.shape[1])] = rng.choice(odd)
        try:
            library = pw.load_library(frame)
        except pw.LibraryError as error:
            complaint(error)
            continue
        assert pw.load_files({"again.json": dump_library(library).encode()}) == library

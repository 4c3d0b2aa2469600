"""Files of readings: what is made of them, and that each fault is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import load_files
from puzzle_widgets.library.quantity import MEMORY, PARAMETERS, RUNTIME
from tests.support.libraries import EMBEDDED, ROOT

Content = dict[str, Any]
SHIPPED = json.loads((ROOT / "data" / f"{EMBEDDED}-h200.json").read_text(encoding="utf-8"))


@pytest.fixture
def content() -> Content:
    """What ships for the H200, to be spoiled."""
    return deepcopy(SHIPPED)


def opened(content: Content) -> pw.BlockLibrary:
    """Open a file's content as an upload."""
    return load_files({"mine.json": json.dumps(content).encode()})


def test_own_readings_open_as_a_library(content: Content) -> None:
    """At one batch size that the modeled library does not have, without anything around layers."""
    content |= {"gpu": "My GPU", "name": "Mine", "non_block_params": 0}
    content["readings"] = [
        row | {"batch_size": 16}
        for row in content["readings"]
        if row["batch_size"] == 32 and row["part"] != "non_block"
    ]
    library = opened(content)
    assert (library.name, library.measurement.batch_size) == ("Mine", 16)
    assert library.non_block_costs == {}
    assert library.measurement.gpu == "My GPU"
    shipped = pw.load_library(f"{EMBEDDED}-h200")
    own = library.parent_totals[RUNTIME]
    column = f"{RUNTIME}@batch 32"
    assert own == pytest.approx(shipped.parent_totals[column] - shipped.non_block_cost(column))
    assert library.parent_totals[PARAMETERS] == 68_452_352_000
    assert library.parent_totals[MEMORY] == 2 * (68_452_352_000 + 80 * 2048 * 16 * 1200) / 2**20


def test_other_lengths_and_formats_count(content: Content) -> None:
    """The workload is the file's: here 300 steps from 200 tokens on, and a byte a weight."""
    content |= {"prefill_tokens": 200, "decode_tokens": 300, "dtype": "fp8"}
    library = opened(content)
    assert library.measurement.sequence_length == 500
    assert library.measurement.prefill_length == 200
    variant = library.layer(0).variants[-1]
    assert variant.values[RUNTIME] == 0.0
    ffn = next(one for one in library.layer(0).variants if one.attention.kind == "no_op")
    rows = [r for r in content["readings"] if (r["size"], r["batch_size"]) == (28672, 256)]
    prefill, decode = (
        next(r["ms"] for r in rows if r["phase"] == phase) for phase in ("prefill", "decode")
    )
    assert ffn.values[RUNTIME] == pytest.approx(prefill + 300 * decode, abs=1e-4)
    assert ffn.values[MEMORY] == ffn.values[PARAMETERS] / 2**20


def test_a_size_that_is_not_read_whole_is_left_out(content: Content) -> None:
    """Only what holds for every subblock is a runtime of the library."""
    content["readings"] = [
        row
        for row in content["readings"]
        if row["batch_size"] in (8, 64) or (row["batch_size"] == 1 and row["part"] == "ffn")
    ]
    library = opened(content)
    assert [key for key in library.keys if "@" in key] == [
        f"{RUNTIME}@batch 8",
        f"{RUNTIME}@batch 64",
    ]
    assert library.measurement.batch_size == 64


def test_it_is_written_and_read_as_any_library(content: Content) -> None:
    """In the project's own JSON, with its origin."""
    library = opened(content)
    again = load_files({"a.json": pw.library.dump_library(library).encode()})
    assert again == library
    assert again.provenance.origin == "scores modeled"


def drop(**which: Any) -> Callable[[Content], None]:
    """Leave out the readings that are so."""

    def spoil(content: Content) -> None:
        content["readings"] = [
            row
            for row in content["readings"]
            if any(row[name] != value for name, value in which.items())
        ]

    return spoil


def first(**values: Any) -> Callable[[Content], None]:
    """Change the first reading."""
    return lambda content: content["readings"][0].update(values)


SPOILED: list[tuple[Callable[[Content], None], str]] = [
    (lambda c: c.update(version=2), "version 2 is not supported"),
    (lambda c: c.update(library="../secret"), "'../secret' has no scores for it. One of llama"),
    (lambda c: c.update(library="llama-3.3-70b-instruct"), "One of llama-3.3-70b-modeled"),
    (lambda c: c.update(library=EMBEDDED + "-h200"), "One of llama-3.3-70b-modeled is needed"),
    (lambda c: c.update(library="stdlib-2m-measured"), "One of llama-3.3-70b-modeled is needed"),
    (lambda c: c.update(gpu=None), "'gpu' is None"),
    (lambda c: c.update(dtype="fp3"), "'fp3' is not known"),
    (lambda c: c.update(decode_tokens=10**9), "At most 131,072"),
    (lambda c: c.update(decode_tokens=1025), "Give readings from 177 to 1,201"),
    (lambda c: c.update(prefill_tokens=None), "'prefill_tokens': missing"),
    (lambda c: c.update(readings={}), "'readings'"),
    (lambda c: c.update(readings=[]), "at least one entry"),
    (first(ms=0), "reading 1, field 'ms': 0 ms"),
    (first(ms="fast"), "'fast' is not a number"),
    (first(ms=float("inf")), "reading 1"),
    (first(kind="odd"), "is no subblock"),
    (first(part=["x"]), "is no subblock"),
    (first(size=0), "do not fit"),
    (first(size=-1), "reading 1"),
    (first(batch_size=0), "reading 1"),
    (first(phase="later"), "neither prefill nor decode"),
    (lambda c: c["readings"].append(c["readings"][5]), "reading 265: given twice"),
    (lambda c: c["readings"].append(c["readings"][0]), "reading 265: given twice"),
    (drop(size=2816), "ffn width 2,816 not read"),
    (drop(size=8, cached_tokens=1200), "not read at all cache lengths"),
    (drop(size=8, phase="prefill"), "prefill or decode is missing"),
]


@pytest.mark.parametrize(("spoil", "words"), SPOILED)
def test_faults_are_named(content: Content, spoil: Callable[[Content], None], words: str) -> None:
    """With file, reading and field."""
    spoil(content)
    with pytest.raises(pw.LibraryError) as error:
        opened(content)
    assert words in str(error.value)
    assert "mine.json" in str(error.value)

"""A unit that is said twice agrees or is converted, whatever the file."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library.checks import Location
from puzzle_widgets.library.quantity import conversion, unit_of_key


def own_form(key: str, units: dict[str, str]) -> dict[str, bytes]:
    """Give a library of one block in the project's own form, which costs 10."""
    variant: dict[str, Any] = {"name": "full", "values": [10, 0]}
    content = {
        "format": "puzzle-widgets/block-library",
        "version": 1,
        "name": "own",
        "measurement": {"batch_size": 4, "sequence_length": 100},
        "units": units,
        "provenance": {"origin": "unknown"},
        "non_block_costs": {key: 1},
        "keys": [key, "metrics.kl"],
        "layers": [{"layer": 0, "parent": "full", "variants": [variant]}],
    }
    return {"own.json": json.dumps(content).encode()}


@pytest.mark.parametrize(
    ("key", "unit", "name", "total"),
    [
        ("stats.runtime_ms", "s", "stats.runtime_ms", 11_000),
        ("stats.runtime_ms (s)", "", "stats.runtime_ms", 11_000),
        ("stats.runtime_s", "ms", "stats.runtime_s", 0.011),
        ("stats.runtime_ms@chat", "us", "stats.runtime_ms@chat", 0.011),
        ("stats.memory_mib", "GiB", "stats.memory_mib", 11 * 1024),
        ("stats.memory_mib", "GB", "stats.memory_mib", 11e9 / 2**20),
        ("stats.memory_gib", "MiB", "stats.memory_gib", 11 / 1024),
        ("stats.memory_gb", "MB", "stats.memory_gb", 0.011),
        ("stats.num_params", "M", "stats.num_params", 11e6),
        ("stats.active_params", "B", "stats.active_params", 11e9),
    ],
)
def test_another_unit_is_converted_with_a_note(
    key: str, unit: str, name: str, total: float
) -> None:
    """Figures and the non-block costs end in the unit that the key says."""
    library = pw.load_files(own_form(key, {key: unit} if unit else {}))
    assert library.keys == (name, "metrics.kl")
    assert library.parent_totals[name] == pytest.approx(total, rel=1e-12)
    assert library.units == {}
    assert library.quantity(name).unit == unit_of_key(name)
    assert any(name in note and "converted" in note for note in library.notes)


def test_a_unit_that_agrees_or_is_the_only_one_stays() -> None:
    """Without a note."""
    for key, unit in (("stats.memory_mib", "MiB"), ("stats.energy", "J"), ("metrics.kl", "nats")):
        library = pw.load_files(own_form(key.replace("metrics.kl", "stats.x"), {key: unit}))
        assert library.quantity(key).unit == unit
        assert library.notes == ()


@pytest.mark.parametrize("unit", ["pages", "Mb", "GiB"])
def test_a_unit_that_cannot_be_true_is_refused(unit: str) -> None:
    """Bits, and memory where a time is named, are not guessed at."""
    with pytest.raises(pw.LibraryError, match=r"own\.json.*stats\.runtime_ms.*says ms.*Use one of"):
        pw.load_files(own_form("stats.runtime_ms", {"stats.runtime_ms": unit}))


def test_two_units_beside_a_key_are_refused() -> None:
    """Brackets and the field of units say different things."""
    key = "stats.runtime_ms (s)"
    with pytest.raises(pw.LibraryError, match="two units are given, s and us"):
        pw.load_files(own_form(key, {key: "us"}))


def test_units_of_a_frame_count() -> None:
    """Those of its headings, of ``attrs["units"]``, and of both."""
    cells = {"layer": [0], "variant": ["a"], "parent": [True]}
    frame = pd.DataFrame({**cells, "stats.runtime_ms (s)": [10.0]})
    assert pw.load_library(frame).parent_totals == {"stats.runtime_ms": 10_000}
    frame = pd.DataFrame({**cells, "stats.runtime_ms": [10.0]})
    frame.attrs["units"] = {"stats.runtime_ms": "s"}
    assert pw.load_library(frame).parent_totals == {"stats.runtime_ms": 10_000}


def test_rates_are_no_times() -> None:
    """What ends in _per_s says no unit by that."""
    assert unit_of_key("stats.tokens_per_s") == ""
    assert conversion("stats.tokens_per_s", "tokens/s", Location("x")) is None

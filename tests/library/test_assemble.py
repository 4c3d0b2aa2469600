"""Figures that stand for costs nobody knows leave their variants out; wide columns stay whole."""

from __future__ import annotations

import json

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import dump_library
from puzzle_widgets.library.assemble import placeholders
from tests.support.libraries import HALF_NAME, PARENT_NAME, published_content, published_files

KEY = "stats.runtime_ms"


@pytest.mark.parametrize(
    ("values", "parents", "found"),
    [
        ([10, 4, -1], [10, 10], [-1]),
        ([10, 4, -1, -1, -1, -1, -1], [10, 10], [-1]),
        ([10, 4, -999], [10], [-999]),
        ([10, 4, 1e18, 1e12, -1e13], [10], [1e18, -1e13, 1e12]),
        ([10, 4, 99_999], [10], [99_999]),
        ([10, 4, 2**31 - 1], [10], [2**31 - 1]),
        ([10, 4, 8.25e8], [10], [8.25e8]),
        ([855e6, 3e5, 1e12], [855e6], [1e12]),
        ([10, 10.5, 1e12], [10, 1e12], [1e12]),
    ],
)
def test_stand_ins_are_found(values: list[float], parents: list[float], found: list[float]) -> None:
    """Marks of old, powers of ten, nines, the greatest whole numbers, and slips of the hand."""
    assert sorted(placeholders(values, parents)) == sorted(found)


@pytest.mark.parametrize(
    ("values", "parents"),
    [
        ([0, 0, 20.5, 7.25], [20.5]),  # no-ops
        ([0.0004, 0.001, 20.5, 7.25], [20.5]),  # no-ops as a clock sees them
        ([855_638_016, 16_384, 0], [855_638_016] * 3),  # norms beside the parent's weights
        ([1.1e10, 7168], [1.1e10]),  # experts beside a norm
        ([0, 16_384, 268_435_456], [0]),  # weights to train: none in the parent
        ([0, 1], [1]),  # has_attention
        ([8, 0, 28_672, 1], [8]),
        ([-0.02, 0.01, 0.05, -0.004], [0.05]),  # differences of measurements
        ([-1, -0.5, 0.25, 2], [2]),
        ([-1.0], [-1.0]),
        ([100_000, 90_000, 100], [90_000]),
        ([1000, 1], [1]),
    ],
)
def test_wide_columns_stay_whole(values: list[float], parents: list[float]) -> None:
    """Nothing is far outside of them that a block could not cost."""
    assert placeholders(values, parents) == []


def changed(value: float | None, name: str = HALF_NAME, field: str = "runtime_ms") -> bytes:
    """Give the published form with another cost in layer 1."""
    content = published_content()
    content["layer_1"][name]["stats"][field] = value  # type: ignore[assignment]
    return json.dumps(content).encode()


def test_a_variant_without_a_cost_is_left_out_with_a_note() -> None:
    """The note names layer, variant, field and value; the other layers keep theirs."""
    library = pw.load_files({**published_files(), "block_library.json": changed(1e18)})
    assert [len(layer.variants) for layer in library.layers] == [3, 2, 3]
    (note,) = library.notes
    assert all(part in note for part in ("layer 1", HALF_NAME[:20], KEY, "1e+18")), note


def test_the_parents_block_has_to_cost_something_known() -> None:
    """It cannot be left out."""
    files = {"block_library.json": changed(1e12, PARENT_NAME)}
    with pytest.raises(pw.LibraryError, match=r"layer 1, variant .*runtime_ms.*unknown cost"):
        pw.load_files(files)


@pytest.mark.parametrize("field", ["memory_mib", "num_kv_heads", "ffn_intermediate_size"])
def test_amounts_below_zero_are_refused(field: str) -> None:
    """Named by layer, variant and field."""
    files = {**published_files(), "block_library.json": changed(-2.5, field=field)}
    with pytest.raises(pw.LibraryError, match=f"layer 1, variant .*{field}.: below 0"):
        pw.load_files(files)


def test_differences_of_runtimes_stay_with_a_note() -> None:
    """A block may be measured as faster than none."""
    library = pw.load_files({**published_files(), "block_library.json": changed(-0.02)})
    assert library.layer(1).variant(HALF_NAME).values[KEY] == -0.02
    (note,) = library.notes
    assert "stats.runtime_ms is below 0" in note
    assert "layer 1" in note


def test_every_reader_leaves_them_out() -> None:
    """A frame and the project's own form as well."""
    sound = pw.load_files(published_files())
    frame = pw.to_frame(sound)
    frame.loc[4, KEY] = 1e12
    own = dump_library(sound).replace("4.5", "1e12", 1).encode()
    for found in (pw.load_library(frame), pw.load_files({"own.json": own})):
        assert found.notes
        assert int(found.starts[-1]) == 8


def test_a_lone_mark_in_a_divergence_is_no_score() -> None:
    """It would be the best block of all; a noisy divergence below 0 stays."""
    head = "layer,variant,parent,metrics.kl_div,stats.memory_mib\n"
    rows = "0,full,x,0,10\n0,thin,,0.3,5\n0,oom,,{},4\n1,full,x,0,10\n1,thin,,0.2,5\n"
    library = pw.load_files({"s.csv": (head + rows.format("-1")).encode()})
    assert [variant.name for variant in library.layer(0).variants] == ["full", "thin"]
    assert "metrics.kl_div of -1 looks like a placeholder" in library.notes[0]
    noisy = pw.load_files({"s.csv": (head + rows.format("-0.001")).encode()})
    assert len(noisy.layer(0).variants) == 3
    gains = (head + rows.format("-1")).replace("kl_div", "drop")
    assert len(pw.load_files({"s.csv": gains.encode()}).layer(0).variants) == 3

"""The published three-file form, a small one and the real one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import SubBlock
from tests.support.libraries import (
    EMPTY_NAME,
    HALF_NAME,
    PARENT_NAME,
    published_content,
    published_files,
    published_folder,
)


def write_folder(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files into a folder."""
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def test_a_folder_of_three_files(tmp_path: Path) -> None:
    """Layers, numbers, parent, facts and structured subblocks come out of the three files."""
    folder = tmp_path / "Small-Model"
    folder.mkdir()
    library = pw.load_library(write_folder(folder, published_files()))
    assert library.name == "Small-Model"
    assert [layer.name for layer in library.layers] == [0, 1, 2]
    assert library.parent_architecture == dict.fromkeys(range(3), PARENT_NAME)
    assert library.parent_totals["stats.memory_mib"] == 3 * 10.25
    assert library.layer(2).variant(EMPTY_NAME).values["metrics.kl_div"] == pytest.approx(2.7)
    assert library.measurement == pw.Measurement(4, 100, "Some GPU", "fp8")
    assert library.provenance.origin == "measured"
    whole, half, empty = library.layers[0].variants
    assert (whole.attention, whole.ffn) == (SubBlock("sized", 8), SubBlock("sized", 64))
    assert half.attention == SubBlock("sized", 4)
    assert (empty.attention, empty.ffn) == (SubBlock("no_op"), SubBlock("linear"))


def test_the_library_file_alone_is_enough(tmp_path: Path) -> None:
    """One file, or its bytes, give the same layers: the parent is known by its name."""
    only = {"block_library.json": published_files()["block_library.json"]}
    whole = pw.load_files(published_files())
    alone = pw.load_library(write_folder(tmp_path, only) / "block_library.json")
    assert alone.layers == whole.layers == pw.load_files(only).layers
    assert alone.measurement == pw.Measurement()
    with_facts = pw.load_files(only, name="Mine", measurement=pw.Measurement(4, 100))
    assert (with_facts.name, with_facts.throughput(100.0)) == ("Mine", 4000.0)


def test_files_beside_it_are_found_in_uploads_with_folders() -> None:
    """An upload may name its files with their folder."""
    files = {f"Model/{name}": content for name, content in published_files().items()}
    assert pw.load_files(files).measurement.batch_size == 4


def test_layers_are_put_in_the_order_of_their_numbers() -> None:
    """``layer_10`` follows ``layer_9``; names without numbers keep the file's order."""
    blocks = published_content()["layer_0"]
    numbered = published_files({f"layer_{n}": blocks for n in (10, 9, 1)})
    found = pw.load_files(numbered, allow_gaps=True)
    assert [layer.name for layer in found.layers] == [1, 9, 10]
    named = published_files(dict.fromkeys(("tail", "layer_3", "head"), blocks))
    assert [layer.name for layer in pw.load_files(named).layers] == ["tail", 3, "head"]


def test_subblocks_come_from_names_where_stats_do_not_tell() -> None:
    """Without sizes in the stats, names are read; what they do not tell stays unknown."""
    content = {
        "layer_0": {
            name: {"stats": {"memory_mib": 1.0 + place}}
            for place, name in enumerate((PARENT_NAME, HALF_NAME, "Mamba <b>x</b>"))
        }
    }
    files = published_files(content, parent_block_stats={"stats": {"memory_mib": 1.0}})
    first, _, last = pw.load_files(files).layers[0].variants
    assert (first.attention, first.ffn) == (SubBlock("sized", 8), SubBlock("sized", 64))
    assert (last.attention, last.label) == (SubBlock("other"), "Mamba <b>x</b>")


@pytest.mark.published
def test_the_published_library(tmp_path: Path) -> None:
    """80 layers of 16 variants, their facts, the parent; it survives our own form."""
    library = pw.load_library(published_folder())
    assert (len(library.layers), int(library.starts[-1])) == (80, 1280)
    assert library.measurement == pw.Measurement(256, 1200, "NVIDIA H100 80GB HBM3", "fp8")
    assert library.parent_totals["stats.memory_mib"] == pytest.approx(114968.75)
    assert library.parent_totals["metrics.kl_div"] == 0
    kinds = {v.attention.kind for layer in library.layers for v in layer.variants}
    assert kinds == {"sized", "no_op"}
    pw.write_library(library, tmp_path / "copy.json")
    assert pw.load_library(tmp_path / "copy.json") == library


@pytest.mark.published
def test_the_published_library_file_alone() -> None:
    """Without the two files beside it, the parent is found by name in every layer."""
    content = (published_folder() / "block_library.json").read_bytes()
    alone = pw.load_files({"block_library.json": content})
    assert alone.layers == pw.load_library(published_folder()).layers
    assert len(json.loads(content)) == len(alone.layers)


def with_stats(change: Callable[[dict[str, Any]], object]) -> bytes:
    """Give the library file with the stats of every variant changed."""
    content: Any = published_content()
    for variants in content.values():
        for groups in variants.values():
            change(groups["stats"])
    return json.dumps(content).encode()


def test_a_cost_that_was_never_measured_is_left_out() -> None:
    """Null in every variant, with the parent's file or without it; elsewhere null is a fault."""
    content = with_stats(lambda stats: stats.update(runtime_ms=None))
    for files in ({**published_files(), "block_library.json": content}, {"b.json": content}):
        library = pw.load_files(files)
        assert "stats.runtime_ms" not in library.keys
        assert any("stats.runtime_ms is null in every variant" in n for n in library.notes)


def test_stats_of_the_parents_file_alone_are_passed_by() -> None:
    """Where the others tell which block is the parent's; else they are named."""
    content = with_stats(lambda stats: stats.pop("runtime_ms"))
    library = pw.load_files({**published_files(), "block_library.json": content})
    assert library.parent_architecture == dict.fromkeys(range(3), PARENT_NAME)
    assert "stats.runtime_ms is in parent_block_stats.json only" in library.notes[0]
    twin = published_files(parent_block_stats={"stats": {"runtime_ms": 5.5}})
    with pytest.raises(pw.LibraryError, match=r"3 variants have.*stats\.runtime_ms ignored"):
        pw.load_files({**twin, "block_library.json": content})

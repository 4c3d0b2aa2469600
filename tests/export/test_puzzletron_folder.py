"""A library as a Puzzletron directory: every file, and what cannot be written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.export import write_puzzletron
from puzzle_widgets.export.blocks import block_config
from puzzle_widgets.library import FrozenMapping, SubBlock
from puzzle_widgets.library.json_forms import library_digest
from tests.export.test_published_semantics import LLAMA_70B
from tests.support.export import LINEAR, LLAMA, NO_OP, OTHER, PARENT, export_library
from tests.support.libraries import published_folder

SMALL = (SubBlock("sized", 4), SubBlock("sized", 1024))
SCORES = "single_sequence_replacement_solutions--validation"


def with_subblocks(library: pw.BlockLibrary, **changes: float) -> pw.BlockLibrary:
    """Tell the memory by subblocks, of which the sizes alone decide."""

    def change(variant: pw.BlockVariant) -> pw.BlockVariant:
        subblocks = {
            "attention": float(variant.attention.size or 0),
            "ffn": (variant.ffn.size or 0) / 64,
        } | changes
        costs = {f"stats.{part}_memory_mib": value for part, value in subblocks.items()}
        costs["stats.memory_mib"] = (variant.attention.size or 0) + (variant.ffn.size or 0) / 64
        score = {"metrics.kl_div": variant.values["metrics.kl_div"], "metrics.lm_loss": 1.5}
        return replace(variant, values=FrozenMapping({**score, **costs}))

    layers = tuple(
        replace(layer, variants=tuple(map(change, layer.variants))) for layer in library.layers
    )
    return replace(
        library, layers=layers, non_block_costs=FrozenMapping({"stats.memory_mib": 11.0})
    )


@pytest.fixture
def library() -> pw.BlockLibrary:
    """Three blocks a layer, with costs by subblocks."""
    return with_subblocks(export_library(SMALL, (NO_OP, NO_OP)))


def read(folder: Path, *path: str) -> Any:
    """Content of a file of the directory, as strict JSON."""
    return json.loads(folder.joinpath(*path).read_text(encoding="utf-8"))


def test_every_block_is_there(library: pw.BlockLibrary, tmp_path: Path) -> None:
    """One entry a layer and variant, with its configuration and the paths of its weights."""
    folder = write_puzzletron(library, tmp_path / "run", parent_config=LLAMA)
    entries = read(folder, "replacement_library.json")
    assert len(entries) == 12
    configs = [entry["child_block_configs"] for entry in entries[3:6]]
    assert configs == [[block_config(v)] for v in library.layers[1].variants]
    assert {tuple(entry["parent_layer_indices"]) for entry in entries[3:6]} == {(1,)}
    paths = [entry["weight_paths"] for entry in entries[3:6]]
    teacher = str(folder / "ckpts" / "teacher" / "subblocks_safetensors")
    assert paths[0] == [f"{teacher}/block_1_{part}.safetensors" for part in ("attention", "ffn")]
    assert "teacher" not in paths[1][0]
    assert paths[2] == []


def test_costs_by_subblocks(library: pw.BlockLibrary, tmp_path: Path) -> None:
    """One row for each subblock of a layer; the non-block costs; the arguments."""
    folder = write_puzzletron(library, tmp_path / "run", parent_config=LLAMA)
    (scenario,) = read(folder, "subblock_stats.json")
    assert scenario["args"]["batch_size"] == 2
    assert scenario["non_block"] == {"memory_mib": 11.0}
    rows = scenario["subblocks"]
    assert len(rows) == 4 * 2 * 3
    costs = {
        (row["subblock_config_class"], row["subblock_config"].get("intermediate_size")): row[
            "memory_mib"
        ]
        for row in rows
        if row["parent_layer_index"] == 2 and row["subblock_config_class"] == "FFNConfig"
    }
    assert costs == {("FFNConfig", 4096): 64, ("FFNConfig", 1024): 16, ("FFNConfig", None): 0}
    assert rows[0]["runtime_ms"] is None


def test_scores_and_the_parent(library: pw.BlockLibrary, tmp_path: Path) -> None:
    """One file for each block but the parent's, whose own losses stand apart."""
    folder = write_puzzletron(library, tmp_path / "run", parent_config=LLAMA)
    names = sorted(path.name for path in (folder / SCORES).iterdir())
    assert names == sorted([*(f"solution_{n}.json" for n in range(8)), "teacher.json"])
    first = read(folder, SCORES, "solution_0.json")
    assert first["kl_div"] == {"avg": 1.0, "per_sample": [1.0]}
    one = first["puzzle_solution"]["single_sequence_replacement"]
    assert one == read(folder, "replacement_library.json")[1]
    teacher = read(folder, SCORES, "teacher.json")
    assert teacher["lm_loss"]["avg"] == 1.5
    assert "kl_div" not in teacher
    assert teacher["args"] == {
        "teacher_dir": str(folder / "ckpts" / "teacher"),
        "descriptor": "llama",
    }
    config = read(folder, "ckpts", "teacher", "config.json")
    assert config["hidden_size"] == LLAMA["hidden_size"]
    assert config["block_configs"] == [block_config(la.parent_variant) for la in library.layers]


def test_the_librarys_own_parent_config(library: pw.BlockLibrary, tmp_path: Path) -> None:
    """Without another, the one that the library carries; without any, none is written."""
    carried = replace(library, parent_config=json.dumps(LLAMA))
    config = read(write_puzzletron(carried, tmp_path / "a"), "ckpts", "teacher", "config.json")
    assert config["vocab_size"] == LLAMA["vocab_size"]
    with pytest.raises(pw.ExportError, match=r"config\.json is needed"):
        write_puzzletron(library, tmp_path / "b")


@pytest.mark.parametrize(
    ("changes", "family"),
    [
        ({"model_type": "mistral"}, "mistral_small"),
        ({"model_type": "qwen3"}, "qwen3"),
        ({"model_type": "nemotron_h"}, "nemotron_h"),
        ({"model_type": "nemotron_h", "n_routed_experts": 8}, "nemotron_h_v2"),
    ],
)
def test_the_family_is_named(
    library: pw.BlockLibrary, tmp_path: Path, changes: dict[str, Any], family: str
) -> None:
    """By the parent's type, in Puzzletron's words."""
    folder = write_puzzletron(library, tmp_path / "run", parent_config=LLAMA | changes)
    assert read(folder, SCORES, "teacher.json")["args"]["descriptor"] == family


def test_other_families_are_asked_for(library: pw.BlockLibrary, tmp_path: Path) -> None:
    """What Puzzletron does not know can be named."""
    other = LLAMA | {"model_type": "gemma3"}
    with pytest.raises(pw.ExportError, match=r"'gemma3', which Puzzletron does not know"):
        write_puzzletron(library, tmp_path / "run", parent_config=other)
    folder = write_puzzletron(library, tmp_path / "run", parent_config=other, descriptor="mine")
    assert read(folder, SCORES, "teacher.json")["args"]["descriptor"] == "mine"


def test_generated_tokens(library: pw.BlockLibrary, tmp_path: Path) -> None:
    """All of a sequence by default, so that Puzzletron's throughput is ours; or as told."""
    lengths = []
    for generated in (None, 20):
        folder = tmp_path / str(generated)
        write_puzzletron(library, folder, parent_config=LLAMA, generated=generated)
        (scenario,) = read(folder, "subblock_stats.json")
        lengths.append([scenario["args"][f"{one}_seq_len"] for one in ("prefill", "generation")])
    assert lengths == [[0, 50], [30, 20]]
    for wrong in (0, 51):
        with pytest.raises(pw.ExportError, match="have 50 in all"):
            write_puzzletron(library, tmp_path / "w", parent_config=LLAMA, generated=wrong)


@pytest.mark.parametrize(
    ("library", "said"),
    [
        (export_library(SMALL), "no cost is given for attention and FFN separately"),
        (with_subblocks(export_library((OTHER, PARENT[1]))), "neither its name nor its file"),
        (with_subblocks(export_library(SMALL), ffn=1.0), "attention and FFN together"),
        (with_subblocks(export_library((PARENT[0], LINEAR))), "refuses linear blocks"),
    ],
)
def test_what_cannot_be_written(library: pw.BlockLibrary, said: str, tmp_path: Path) -> None:
    """It is refused before anything is written."""
    with pytest.raises(pw.ExportError, match=said):
        write_puzzletron(library, tmp_path / "run", parent_config=LLAMA)
    assert not (tmp_path / "run").exists()


def with_wholes(library: pw.BlockLibrary, off: float) -> pw.BlockLibrary:
    """Multiply the memory of whole blocks, not that of their subblocks."""

    def change(variant: pw.BlockVariant) -> pw.BlockVariant:
        whole = {"stats.memory_mib": variant.values["stats.memory_mib"] * off}
        return replace(variant, values=FrozenMapping({**variant.values, **whole}))

    layers = tuple(replace(la, variants=tuple(map(change, la.variants))) for la in library.layers)
    return replace(library, layers=layers)


@pytest.mark.parametrize("off", [1.0009, 0.9991])
def test_rounded_sums_are_taken(library: pw.BlockLibrary, tmp_path: Path, off: float) -> None:
    """Published subblocks add up to a little beside the whole; the former are written."""
    folder = write_puzzletron(with_wholes(library, off), tmp_path / "run", parent_config=LLAMA)
    assert read(folder, "subblock_stats.json")[0]["subblocks"][1]["memory_mib"] == 64


@pytest.mark.parametrize("off", [1.002, 0.998])
def test_wrong_sums_are_refused(library: pw.BlockLibrary, tmp_path: Path, off: float) -> None:
    """A thousandth is the limit."""
    with pytest.raises(pw.ExportError, match="attention and FFN together"):
        write_puzzletron(with_wholes(library, off), tmp_path / "run", parent_config=LLAMA)


@pytest.mark.published
def test_the_published_library_is_written_and_opens_again(tmp_path: Path) -> None:
    """Its runtimes are rounded: totals come back to a thousandth, scores exactly."""
    library = pw.load_library(published_folder())
    folder = write_puzzletron(library, tmp_path / "run", parent_config=LLAMA_70B)
    back = pw.load_library(folder)
    assert len(back.layers) == len(library.layers)
    for key in ("stats.memory_mib", "stats.runtime_ms"):
        own = library.parent_totals[key]
        assert back.parent_totals[key] == pytest.approx(own, rel=1e-3)
    variants = zip(library.layers[7].variants, back.layers[7].variants, strict=True)
    for one, two in variants:
        assert two.values["metrics.kl_div"] == one.values["metrics.kl_div"]


def test_twins_are_refused(tmp_path: Path) -> None:
    """Two variants that are the same block cannot be told apart."""
    library = with_subblocks(export_library())
    layer = library.layers[0]
    twin = replace(layer.variants[0], name="twin")
    twins = replace(
        library, layers=(replace(layer, variants=(*layer.variants, twin)), *library.layers[1:])
    )
    with pytest.raises(pw.ExportError, match=r"'twin' are the same block"):
        write_puzzletron(twins, tmp_path / "run")


def test_costs_of_a_half_must_be_one(library: pw.BlockLibrary, tmp_path: Path) -> None:
    """A subblock that costs more beside another subblock cannot be written."""
    layer = library.layers[1]
    odd = layer.variants[1]
    mixed = replace(
        odd,
        name="mixed",
        attention=layer.variants[0].attention,
        values=FrozenMapping(
            {
                **odd.values,
                "stats.attention_memory_mib": 5.0,
                "stats.ffn_memory_mib": 16.0,
                "stats.memory_mib": 21.0,
            }
        ),
    )
    layers = (library.layers[0], replace(layer, variants=(*layer.variants, mixed)))
    with pytest.raises(pw.ExportError, match="one cost for each subblock"):
        write_puzzletron(replace(library, layers=layers), tmp_path / "run")


def renamed(library: pw.BlockLibrary, names: Sequence[str | int]) -> pw.BlockLibrary:
    """Give the layers other names."""
    pairs = zip(library.layers, names, strict=True)
    return replace(library, layers=tuple(replace(layer, name=name) for layer, name in pairs))


def test_the_order_of_layers_is_told_or_refused(library: pw.BlockLibrary, tmp_path: Path) -> None:
    """Names without numbers warn, as blocks go by their order; gaps and disorder are errors."""
    words = ["north", "east", "south", "west"]
    with pytest.warns(UserWarning, match="carry no numbers"):
        write_puzzletron(renamed(library, words), tmp_path / "a", parent_config=LLAMA)
    for names, said in (
        ([0, 1, 2, 4], "without layer 3"),
        ([0, 2, 1, 3], "order of their numbers"),
    ):
        with pytest.raises(pw.ExportError, match=said):
            write_puzzletron(renamed(library, names), tmp_path / "b", parent_config=LLAMA)
        assert not (tmp_path / "b").exists()


def test_folders_are_not_overwritten(library: pw.BlockLibrary, tmp_path: Path) -> None:
    """A folder with something in it, and a file, are refused."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(pw.ExportError, match="not empty"):
        write_puzzletron(library, tmp_path, parent_config=LLAMA)
    with pytest.raises(pw.ExportError, match="cannot be written"):
        write_puzzletron(library, tmp_path / "file", parent_config=LLAMA)


def test_the_library_is_named_beside_the_readers_files(
    library: pw.BlockLibrary, tmp_path: Path
) -> None:
    """In a file that no reader asks for: by hash, with the workload and this version."""
    written = write_puzzletron(library, tmp_path / "run", parent_config=LLAMA)
    told = json.loads((written / "puzzle_widgets_library.json").read_text())
    assert told["library_sha256"] == library_digest(library)
    assert told["puzzle_widgets"] == pw.__version__
    assert told["workload"]["batch_size"] == library.measurement.batch_size
    (written / "puzzle_widgets_library.json").unlink()
    bare = pw.load_library(written)
    write_puzzletron(library, tmp_path / "again", parent_config=LLAMA)
    assert bare.layers[0].parent == pw.load_library(tmp_path / "again").layers[0].parent

"""The files for ModelOpt, Puzzletron and Hugging Face, field by field."""

from __future__ import annotations

import json
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.export import export, read_parent_config
from puzzle_widgets.export.blocks import block_config
from puzzle_widgets.export.puzzletron import anymodel_config, parent_index, puzzletron_solutions
from puzzle_widgets.library import SubBlock
from tests.support.export import (
    FOLDER,
    LINEAR,
    LLAMA,
    NO_OP,
    PARENT,
    chosen,
    export_library,
    variant,
)

SMALL = (SubBlock("sized", 4), SubBlock("sized", 1000))
BARE = (NO_OP, NO_OP)


def written(solution: pw.Solution, target: str) -> Any:
    """Content of what is written for a target."""
    return json.loads(export(solution, target, parent_config=LLAMA).text)


def test_anymodel() -> None:
    """The parent's own configuration, and one block configuration for each layer."""
    solution = chosen(export_library(SMALL, BARE), [0, 1, 2, 1])
    config = written(solution, "anymodel")
    assert config["architectures"] == LLAMA["architectures"]
    assert config["model_type"] == "llama"
    assert config["intermediate_size"] == LLAMA["intermediate_size"]
    assert config["dtype"] == "bfloat16"
    assert config["num_hidden_layers"] == 4
    assert config["block_configs"] == [block_config(block) for block in solution.blocks]
    sizes = [block["ffn"]["intermediate_size"] for block in config["block_configs"]]
    assert sizes == [4096, 1000, None, 1000]


def test_per_layer_config() -> None:
    """Only what differs from the parent, under the layer's number as text."""
    library = export_library(SMALL, BARE, (NO_OP, PARENT[1]), (PARENT[0], NO_OP), layers=5)
    parent = LLAMA | {"num_hidden_layers": 5}
    solution = chosen(library, [0, 1, 2, 3, 4])
    config = json.loads(export(solution, "transformers", parent_config=parent).text)
    assert config["architectures"] == ["LlamaForCausalLM"]
    assert config["model_type"] == "llama"
    assert config["num_key_value_heads"] == 8
    assert config["per_layer_config"] == {
        "1": {"num_key_value_heads": 4, "intermediate_size": 1000},
        "2": {"skip": ["attention", "mlp"]},
        "3": {"skip": ["attention"]},
        "4": {"skip": ["mlp"]},
    }


def test_puzzletron() -> None:
    """One entry a layer: index, a list of one configuration, the paths of its weights."""
    solution = chosen(export_library(SMALL, BARE, weights=True), [0, 1, 2, 0])
    (answer,) = written(solution, "puzzletron")
    assert set(answer) == {"chosen_replacements", "puzzle_widgets"}
    entries = answer["chosen_replacements"]
    assert [entry["parent_layer_indices"] for entry in entries] == [[0], [1], [2], [3]]
    assert entries[1] == {
        "parent_layer_indices": [1],
        "child_block_configs": [block_config(solution.blocks[1])],
        "weight_paths": [
            f"{FOLDER}/some/subblocks_safetensors/block_1_attention.safetensors",
            f"{FOLDER}/some/subblocks_safetensors/block_1_ffn.safetensors",
        ],
    }
    assert entries[2]["weight_paths"] == []


def test_puzzletron_takes_several() -> None:
    """Each scenario is one solution, in their order."""
    library = export_library(SMALL, weights=True)
    kept = [pw.Scenario(str(n), chosen(library, [n] * 4)) for n in (0, 1)]
    answers = json.loads(export(kept, "puzzletron").text)
    widths = [
        one["chosen_replacements"][0]["child_block_configs"][0]["ffn"]["intermediate_size"]
        for one in answers
    ]
    assert widths == [4096, 1000]


def test_puzzletron_gets_its_own_configurations_back() -> None:
    """What Puzzletron wrote goes back word for word, whichever version it was."""
    one = block_config(variant("v", PARENT, 0.0)) or {}
    one["attention"]["extra_field_of_a_later_release"] = 7
    two = {"subblock_configs": [{"kind": "attention", "num_kv_heads": 8}]}
    for read in (one, two):
        block = variant("v", PARENT, 0.0, block_config=json.dumps(read), weight_paths=("/w",))
        library = pw.BlockLibrary("read", (pw.Layer(0, (block,), "v"),))
        (answer,) = written(chosen(library, [0]), "puzzletron")
        assert answer["chosen_replacements"][0]["child_block_configs"] == [read]


@pytest.mark.parametrize(
    ("names", "indices"),
    [
        ((0, 1, 2), [0, 1, 2]),
        ((1, 2, 3), [0, 1, 2]),
        (("a", "b", "c"), [0, 1, 2]),
        ((0, 2, 5), [0, 2, 5]),
    ],
)
def test_indices_of_the_parent(names: tuple[int | str, ...], indices: list[int]) -> None:
    """Numbers from 0 are the parent's own; other names count by place."""
    block = variant("v", PARENT, 0.0)
    library = pw.BlockLibrary("named", tuple(pw.Layer(name, (block,), "v") for name in names))
    assert [parent_index(library, place) for place in range(3)] == indices


@pytest.mark.parametrize("target", ["anymodel", "puzzletron"])
def test_linear_blocks_are_never_written_for_modelopt(target: str) -> None:
    """Its own block configuration refuses them; even without the check no file comes about."""
    solution = chosen(export_library((PARENT[0], LINEAR), weights=True), [0, 1, 0, 0])
    with pytest.raises(pw.ExportError, match="Layer 1: Puzzletron's own block configuration"):
        export(solution, target, parent_config=LLAMA)
    with pytest.raises(pw.ExportError, match="refuses linear blocks"):
        anymodel_config(solution, read_parent_config(LLAMA))
    with pytest.raises(pw.ExportError, match="refuses linear blocks"):
        puzzletron_solutions([solution])

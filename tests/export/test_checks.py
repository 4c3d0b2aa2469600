"""The check: what each target cannot take is found, named and avoided."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.export import TARGETS, Finding, avoid, check, export
from puzzle_widgets.library import SubBlock
from tests.support.export import (
    LINEAR,
    LLAMA,
    NO_OP,
    OTHER,
    PARENT,
    Subblocks,
    chosen,
    export_library,
    variant,
)

BETWEEN = (PARENT[0], SubBlock("sized", 9000))
DECILM = ("vllm", "sglang", "llama.cpp", "mlx", "tensorrt-llm")
CONFIGS = (*DECILM, "transformers", "anymodel")
# SGLang refuses unlike numbers of KV heads besides.
ALIKE = tuple(target for target in CONFIGS if target != "sglang")


def findings(solution: pw.Solution, target: str, severity: str = "error") -> list[Finding]:
    """Findings of one severity, with the small Llama for a parent."""
    found = check(solution, target, parent_config=LLAMA)
    return [one for one in found if one.severity == severity]


def with_block(subblocks: Subblocks, places: tuple[int, ...] = (1, 2)) -> pw.Solution:
    """An architecture with these subblocks in some layers, the parent's elsewhere."""
    library = export_library(subblocks, weights=True)
    return chosen(library, [1 if place in places else 0 for place in range(4)])


@pytest.mark.parametrize(
    "target", [target.name for target in TARGETS if target.name != "nemotron-h-puzzle"]
)
def test_a_plain_architecture_passes_everywhere(target: str) -> None:
    """Fewer heads in all layers, narrower FFNs, a no-op in the middle: every target takes these."""
    solution = with_block((SubBlock("sized", 4), SubBlock("sized", 2048)), (0, 1, 2, 3))
    assert findings(solution, target) == []
    assert findings(with_block((NO_OP, PARENT[1])), target) == []
    assert export(solution, target, parent_config=LLAMA).text


@pytest.mark.parametrize(
    ("target", "subblocks", "places", "said"),
    [
        ("vllm", (PARENT[0], LINEAR), (1, 2), "no linear blocks"),
        ("vllm", (LINEAR, PARENT[1]), (0, 3), "no linear blocks"),
        ("transformers", (LINEAR, PARENT[1]), (3,), "no linear blocks"),
        ("sglang", (PARENT[0], LINEAR), (2,), "no linear blocks"),
        ("anymodel", (PARENT[0], LINEAR), (2,), "refuses linear blocks"),
        ("puzzletron", (LINEAR, PARENT[1]), (0, 2), "refuses linear blocks"),
        ("llama.cpp", (PARENT[0], NO_OP), (1,), "its attention with it"),
        ("llama.cpp", (LINEAR, NO_OP), (1,), "its attention with it"),
        ("llama.cpp", (NO_OP, LINEAR), (1, 2), "its attention with it"),
        ("llama.cpp", (NO_OP, NO_OP), (3,), "in the last layer"),
        ("vllm", (NO_OP, PARENT[1]), (0,), "first layer has no attention"),
        *((target, BETWEEN, (1,), "9,000 to 9,216") for target in DECILM),
        *((target, (SubBlock("sized", 3), PARENT[1]), (2,), "do not divide") for target in ALIKE),
        *((target, (OTHER, PARENT[1]), (0, 1), "neither") for target in (*CONFIGS, "puzzletron")),
    ],
)
def test_what_a_target_cannot_take(
    target: str, subblocks: Subblocks, places: tuple[int, ...], said: str
) -> None:
    """It is an error that names the layers; its rule gives an architecture that passes."""
    solution = with_block(subblocks, places)
    (found,) = findings(solution, target)
    assert said in found.text
    assert found.layers == places
    assert found.text.startswith(("Layer ", "Layers "))
    with pytest.raises(pw.ExportError, match="Cannot export"):
        export(solution, target, parent_config=LLAMA)
    greedy = pw.SearchProblem(solution.library, maximize="metrics.kl_div")
    assert findings(pw.search(greedy), target)
    avoided = pw.search(avoid(greedy, found))
    assert avoided.status == "optimal"
    assert findings(avoided, target) == []


@pytest.mark.parametrize(
    ("target", "subblocks", "places"),
    [
        ("mlx", (PARENT[0], LINEAR), (1,)),
        ("mlx", (NO_OP, PARENT[1]), (0,)),
        ("tensorrt-llm", (LINEAR, NO_OP), (0, 3)),
        ("llama.cpp", (LINEAR, PARENT[1]), (0,)),
        ("llama.cpp", (NO_OP, NO_OP), (0, 1)),
        ("sglang", (NO_OP, PARENT[1]), (0,)),
        ("vllm", (NO_OP, NO_OP), (1, 3)),
    ],
)
def test_what_only_some_readers_take(
    target: str, subblocks: Subblocks, places: tuple[int, ...]
) -> None:
    """What another reader refuses is no error here."""
    solution = with_block(subblocks, places)
    assert findings(solution, target) == []
    assert findings(solution, target, "warning") == []


def test_sglang_takes_one_number_of_kv_heads() -> None:
    """Layers unlike most are named; the rule leaves that number, or no attention at all."""
    solution = with_block((SubBlock("sized", 4), PARENT[1]), (1,))
    (found,) = findings(solution, "sglang")
    assert "one number of KV heads" in found.text
    assert found.layers == (1,)
    assert found.rule == "8 KV heads or none"
    again = pw.search(avoid(pw.SearchProblem(solution.library, maximize="metrics.kl_div"), found))
    assert findings(again, "sglang") == []


@pytest.mark.parametrize("target", ["sglang", "mlx"])
def test_some_attention_is_needed(target: str) -> None:
    """Both take what is common to all layers from those with attention."""
    (found,) = findings(with_block((NO_OP, PARENT[1]), (0, 1, 2, 3)), target)
    assert "fails where no layer has attention" in found.text


@pytest.mark.parametrize(
    ("target", "changes", "said"),
    [
        ("sglang", {"mlp_bias": True}, "without biases"),
        ("tensorrt-llm", {"attention_bias": True}, "without biases"),
        ("tensorrt-llm", {"mlp_bias": True}, "without biases"),
        ("tensorrt-llm", {"hidden_act": "gelu"}, "hidden_act 'gelu'"),
        ("llama.cpp", {"hidden_act": "gelu"}, "hidden_act 'gelu'"),
        ("llama.cpp", {"rope_scaling": {"rope_type": "yarn", "factor": 2.0}}, "'yarn'"),
        ("mlx", {"rope_scaling": {"type": "other", "factor": 2.0}}, "'other'"),
    ],
)
def test_parents_that_a_reader_has_not(target: str, changes: dict[str, Any], said: str) -> None:
    """What the reader would leave out of the parent without a word is refused."""
    solution = with_block((NO_OP, PARENT[1]))
    assert check(solution, "vllm", parent_config=LLAMA | changes) == ()
    (found,) = [
        one
        for one in check(solution, target, parent_config=LLAMA | changes)
        if one.severity == "error"
    ]
    assert said in found.text


def test_the_vocabulary_path_of_llama_cpp_is_noted() -> None:
    """Only Llama 3's number of tokens is read as Llama 3's."""
    solution = with_block((NO_OP, PARENT[1]))
    (note,) = findings(solution, "llama.cpp", "note")
    assert "32000 tokens" in note.text
    assert check(solution, "llama.cpp", parent_config=LLAMA | {"vocab_size": 128_256}) == ()


def test_transformers_builds_no_model_from_it() -> None:
    """The configuration is read, and that is all: said with every file."""
    (found,) = findings(with_block((NO_OP, PARENT[1])), "transformers", "warning")
    assert "builds no model" in found.text


@pytest.mark.parametrize("target", CONFIGS)
def test_the_parents_configuration_is_needed(target: str) -> None:
    """Without it, and with that of another model, nothing is written."""
    solution = with_block((NO_OP, PARENT[1]))
    (found,) = [one for one in check(solution, target) if one.severity == "error"]
    assert "config.json is needed" in found.text
    other = LLAMA | {"num_hidden_layers": 5}
    found = next(iter(check(solution, target, parent_config=other)))
    assert "has 5 layers, small has 4" in found.text


def test_the_librarys_own_configuration_is_taken() -> None:
    """A library that carries its parent's configuration needs no other."""
    library = export_library((NO_OP, PARENT[1]), parent_config=json.dumps(LLAMA))
    made = export(chosen(library, [0, 1, 0, 0]), "vllm")
    assert json.loads(made.text)["hidden_size"] == LLAMA["hidden_size"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model_type": "qwen3"}, "qk-norm"),
        ({"model_type": "qwen2"}, "biases"),
        ({"model_type": "gpt_oss"}, "experts"),
        ({"model_type": "nemotron_h"}, "Export for nemotron-h-puzzle"),
        ({"model_type": "phi3"}, "Llama-shaped"),
        ({"model_type": ""}, "Llama-shaped"),
        ({"head_dim": 128}, "head size 128"),
        ({"model_type": "mistral", "sliding_window": 4096}, "sliding window"),
        ({"use_qk_norm": True}, "qk-norm"),
        ({"num_local_experts": 8}, "experts"),
    ],
)
def test_families_that_decilm_cannot_say(changes: dict[str, Any], said: str) -> None:
    """They are refused with the reason; AnyModel takes them."""
    solution, parent = with_block((NO_OP, PARENT[1])), LLAMA | changes
    for target in DECILM:
        errors = [f for f in check(solution, target, parent_config=parent) if f.severity == "error"]
        assert len(errors) == 1
        assert said in errors[0].text
        assert not errors[0].avoidable
    assert export(solution, "anymodel", parent_config=parent).text


def test_quantized_parents_are_warned_of() -> None:
    """The field is carried over, so that it has to be true of the new weights too."""
    parent = LLAMA | {"quantization_config": {"quant_method": "fp8"}}
    made = export(with_block((NO_OP, PARENT[1])), "vllm", parent_config=parent)
    assert [one.severity for one in made.findings] == ["warning"]
    assert "quantization_config" in made.findings[0].text
    assert json.loads(made.text)["quantization_config"] == {"quant_method": "fp8"}


def test_llama_shaped_families() -> None:
    """Llama, and Mistral without a window, can be written."""
    solution = with_block((NO_OP, PARENT[1]))
    for changes in ({}, {"model_type": "mistral", "sliding_window": None}, {"head_dim": None}):
        assert export(solution, "vllm", parent_config=LLAMA | changes).text


@pytest.mark.parametrize("target", [*DECILM, "transformers"])
def test_experts_are_refused_where_only_sizes_are_told(target: str) -> None:
    """Forms of kind and size cannot say experts; the rule avoids such blocks."""
    moe = {"ffn": {"moe": {"num_local_experts": 8}}}
    blocks = [
        variant("parent", PARENT, 0.0),
        variant("moe", (PARENT[0], OTHER), 1.0, block_config=json.dumps(moe)),
    ]
    library = pw.BlockLibrary("moe", tuple(pw.Layer(n, tuple(blocks), "parent") for n in range(4)))
    (found,) = findings(chosen(library, [0, 1, 0, 0]), target)
    assert "ffn.moe" in found.text
    assert found.layers == (1,)
    assert found.banned == {place: {"moe"} for place in range(4)}
    assert export(chosen(library, [0, 1, 0, 0]), "anymodel", parent_config=LLAMA).text


def test_missing_weights() -> None:
    """Puzzletron needs weights of all but no-op blocks; the folder is said."""
    library = export_library((NO_OP, NO_OP), weights=True)
    (note,) = findings(chosen(library, [0, 1, 0, 0]), "puzzletron", "note")
    assert "/runs/puzzle_dir/ckpts" in note.text
    bare = export_library((NO_OP, NO_OP))
    (found,) = findings(chosen(bare, [0, 1, 0, 0]), "puzzletron")
    assert found.layers == (0, 2, 3)
    assert not found.avoidable


def test_missing_layers() -> None:
    """A library with a gap has no architecture of the whole parent."""
    block = variant("v", PARENT, 0.0, weight_paths=("/w",))
    library = pw.BlockLibrary("gap", tuple(pw.Layer(n, (block,), "v") for n in (0, 2)))
    assert any("missing" in found.text for found in findings(chosen(library, [0, 0]), "puzzletron"))


def test_parents_that_differences_cannot_be_told_from() -> None:
    """per_layer_config needs the parent's own sizes."""
    solution = with_block((NO_OP, PARENT[1]))
    parent = {k: v for k, v in LLAMA.items() if k != "intermediate_size"}
    found = check(solution, "transformers", parent_config=parent)
    assert found[0].severity == "error"
    assert "does not say intermediate_size" in found[0].text


def test_what_is_not_proven_or_measured_is_said() -> None:
    """A warning for an open gap, a note for modeled figures; neither refuses."""
    solution = with_block((NO_OP, PARENT[1]))
    library = replace(solution.library, provenance=pw.Provenance("modeled"))
    open_one = replace(
        solution, status="feasible", bound=0.5, problem=replace_library(solution, library)
    )
    found = check(open_one, "layers-csv")
    assert [one.severity for one in found] == ["warning", "note"]
    assert "not proven optimal; gap 75 %" in found[0].text
    assert "modeled" in found[1].text


def replace_library(solution: pw.Solution, library: pw.BlockLibrary) -> pw.SearchProblem:
    """The problem of a solution on another library."""
    return pw.SearchProblem(library, minimize=solution.problem.objective)


def test_no_architecture_no_file() -> None:
    """An infeasible answer and an empty choice are refused with the reason."""
    problem = pw.SearchProblem(
        export_library(), minimize="metrics.kl_div", budgets={"stats.memory_mib": 1}
    )
    (found,) = check(pw.search(problem), "layers-csv")
    assert found.severity == "error"
    assert "no architecture" in found.text
    with pytest.raises(pw.ExportError, match="Save a solution first"):
        export([], "report")


def test_one_file_takes_one_architecture() -> None:
    """Configurations are of one model; the scenario is named where several are checked."""
    solution = with_block(BETWEEN)
    kept = [pw.Scenario("a", solution), pw.Scenario("b", solution)]
    with pytest.raises(pw.ExportError, match="takes one architecture, not 2"):
        export(kept, "vllm", parent_config=LLAMA)
    bare = [pw.Scenario(name, chosen(export_library(), [0] * 4)) for name in "ab"]
    texts = [found.text for found in check(bare, "puzzletron")]
    assert texts[0].startswith("Scenario 'a': Layers 0 to 3")
    assert texts[1].startswith("Scenario 'b': Layers 0 to 3")


def test_unknown_targets_are_named() -> None:
    """With those that there are."""
    with pytest.raises(pw.ExportError, match=r"No target 'onnx'\. There are vllm, sglang"):
        check(with_block((NO_OP, PARENT[1])), "onnx")

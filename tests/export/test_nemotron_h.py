"""NemotronHPuzzle: hybrids of attention, Mamba, FFNs and experts, layer by layer."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.export import Finding, avoid, check, export, read_parent_config
from puzzle_widgets.export.nemotron_h import AUTO_MAP, nemotron_h_config
from tests.support.export import LLAMA, NO_OP, OTHER, PARENT, chosen, export_library, variant
from tests.support.hybrid import (
    NEMOTRON_H,
    attention,
    dense,
    experts,
    hybrid,
    mamba,
    nothing,
    with_others,
)

TARGET = "nemotron-h-puzzle"
PARENTS = {
    "block_type": "moe",
    "n_routed_experts": 8,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 256,
    "moe_shared_expert_intermediate_size": 512,
}


def written(solution: pw.Solution, **changes: Any) -> dict[str, Any]:
    """Content of the file."""
    made = export(solution, TARGET, parent_config=NEMOTRON_H | changes)
    return dict(json.loads(made.text))


def found(solution: pw.Solution, **changes: Any) -> tuple[Finding, ...]:
    """What the check finds."""
    return check(solution, TARGET, parent_config=NEMOTRON_H | changes)


def test_every_kind_of_layer() -> None:
    """Each says its kind, experts their sizes besides; what layers say stands nowhere else."""
    few = experts("few", expert_intermediate_dim=128, num_experts_per_tok=1)
    config = written(with_others((3, few)))
    assert config["architectures"] == ["NemotronHPuzzleForCausalLM"]
    assert config["model_type"] == "nemotron_h_puzzle"
    assert config["auto_map"] == AUTO_MAP
    assert config["hybrid_override_pattern"] == "ME*E-"
    assert config["num_hidden_layers"] == 5
    assert config["block_configs"] == [
        {"block_type": "mamba"},
        PARENTS,
        {"block_type": "attention"},
        PARENTS | {"moe_intermediate_size": 128, "num_experts_per_tok": 1},
        {"block_type": "mlp", "intermediate_size": 1024},
    ]
    assert config["intermediate_size"] == [1024]
    assert not {*PARENTS, "layers_block_type", "mtp_layers_block_type"} & set(config)
    kept = ("hidden_size", "ssm_state_size", "n_groups", "num_key_value_heads", "vocab_size")
    assert {key: config[key] for key in kept} == {key: NEMOTRON_H[key] for key in kept}


def test_latent_experts() -> None:
    """Their latent size is the parent's in version 1, and the block's own in version 2."""
    assert written(with_others(), moe_latent_size=64)["block_configs"][1]["moe_latent_size"] == 64
    two = {
        "subblock_configs": [
            {"kind": "moe", "num_experts": 8, "top_k": 2, "expert_intermediate_size": 256}
            | {"shared_expert_intermediate_size": 512, "latent_dim": 32}
        ]
    }
    block = variant("two", (NO_OP, OTHER), 0.0, block_config=json.dumps(two))
    assert written(with_others((1, block)))["block_configs"][1] == PARENTS | {"moe_latent_size": 32}


def test_the_head_that_predicts_several_tokens_is_kept() -> None:
    """With the parent's sizes; without one both fields are empty."""
    config = written(with_others(), num_nextn_predict_layers=1)
    assert config["mtp_hybrid_override_pattern"] == "*E"
    assert config["mtp_block_configs"] == [{"block_type": "attention"}, PARENTS]
    assert config["num_nextn_predict_layers"] == 1
    assert written(with_others())["mtp_block_configs"] == []


def test_whole_no_ops_are_left_out_with_a_warning() -> None:
    """What adds nothing has no layer here; weights after it move up."""
    solution = with_others((1, nothing()))
    (warning,) = [one for one in found(solution) if one.severity == "warning"]
    assert warning.layers == (1,)
    assert "renumber their weights" in warning.text
    config = written(solution)
    assert config["hybrid_override_pattern"] == "M*E-"
    assert len(config["block_configs"]) == config["num_hidden_layers"] == 4


@pytest.mark.parametrize(
    ("place", "block", "said"),
    [
        (2, attention(4), "the parent's 2 KV heads"),
        (0, mamba(state_dim=8), "one size of Mamba"),
        (
            1,
            variant("two subblocks", (attention().attention, PARENT[1]), 1.0),
            "Mamba, an FFN or experts",
        ),
        (1, variant("unknown", (NO_OP, OTHER), 1.0), "neither its name nor its file"),
        (
            2,
            variant(
                "window",
                (attention().attention, NO_OP),
                1.0,
                block_config=json.dumps({"attention": {"window_length": 64}}),
            ),
            "without a window",
        ),
    ],
)
def test_what_it_cannot_say(place: int, block: pw.BlockVariant, said: str) -> None:
    """Named with the layer; the rule gives an architecture that is written."""
    changed = replace(block, name=f"other {block.name}")
    solution = with_others((place, changed))
    (error,) = [one for one in found(solution) if one.severity == "error"]
    assert said in error.text
    assert error.layers == (place,)
    with pytest.raises(pw.ExportError, match="Cannot export"):
        written(solution)
    problem = pw.SearchProblem(hybrid((place, changed)), maximize="metrics.kl_div")
    written(pw.search(avoid(problem, error)))


def test_unknown_layers_are_never_written() -> None:
    """Even without the check."""
    solution = with_others((1, variant("unknown", (NO_OP, OTHER), 1.0)))
    with pytest.raises(pw.ExportError, match="'unknown' is not attention"):
        nemotron_h_config(solution, read_parent_config(NEMOTRON_H))


def test_what_only_some_readers_take() -> None:
    """llama.cpp has one number of experts for all layers; hybrids without any are vLLM's alone."""
    (warning,) = found(with_others((1, experts("fewer", num_local_experts=4))))
    assert warning.text.startswith("n_routed_experts differs between layers; llama.cpp")
    assert warning.severity == "warning"
    (warning,) = found(with_others((1, dense(512)), (3, dense(256))))
    assert "SGLang and llama.cpp" in warning.text
    assert written(with_others((1, dense(512)), (3, dense(256))))["intermediate_size"] == [
        *(512, 256, 1024)
    ]


def test_other_families_are_refused() -> None:
    """Only Nemotron-H has these layers; its children are no parents."""
    solution = chosen(export_library((NO_OP, PARENT[1])), [0, 1, 0, 0])
    (error,) = check(solution, TARGET, parent_config=LLAMA)
    assert "'llama'" in error.text
    (error,) = check(with_others(), TARGET, parent_config=written(with_others()))
    assert "a child's configuration" in error.text


def test_hybrids_as_anymodel() -> None:
    """Mamba and experts are kept as they were read; who serves them is said."""
    made = export(with_others(), "anymodel", parent_config=NEMOTRON_H)
    blocks = json.loads(made.text)["block_configs"]
    assert blocks[0]["attention"]["mamba"]["state_dim"] == 16
    assert blocks[1]["ffn"]["moe"]["num_local_experts"] == 8
    assert "export for nemotron-h-puzzle" in made.findings[0].text


def test_what_is_written_opens_again() -> None:
    """Every kind of layer is found in the library; a type that is not known is refused."""
    few = experts("few", expert_intermediate_dim=128, num_experts_per_tok=1)
    solution = with_others((3, few))
    library, config = solution.library, written(solution)
    opened = pw.open_architecture(json.dumps(config).encode(), library)
    assert opened.solution.architecture == solution.architecture
    config["block_configs"][0]["block_type"] = "rwkv"
    with pytest.raises(pw.ScenarioError, match="layer 0, field 'block_type': the type 'rwkv'"):
        pw.open_architecture(json.dumps(config).encode(), library)

"""Block configurations from variants, in whatever schema their file had them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from puzzle_widgets.export.blocks import block_config, extras, known, lost
from puzzle_widgets.library import SubBlock
from tests.support.export import LINEAR, NO_OP, OTHER, PARENT, Subblocks, variant

MOE = {
    "num_local_experts": 8,
    "num_experts_per_tok": 2,
    "expert_intermediate_dim": 512,
    "shared_expert_intermediate_dim": 0,
}


def config_of(subblocks: Subblocks, read: Any = None) -> Any:
    """Block configuration of a variant that was read with this one."""
    text = "" if read is None else json.dumps(read)
    return block_config(variant("v", subblocks, 0.0, block_config=text))


def extras_of(read: Any) -> tuple[str, ...]:
    """Extras of a variant that was read with this configuration."""
    return extras(variant("v", PARENT, 0.0, block_config=json.dumps(read)))


def test_plain_blocks() -> None:
    """Kind and size alone give every field of the schema."""
    assert config_of(PARENT) == {
        "attention": {
            "no_op": False,
            "replace_with_linear": False,
            "sparsify": None,
            "weights_precision": "bf16",
            "num_key_value_heads": 8,
            "llama4": None,
            "mamba": None,
        },
        "ffn": {
            "no_op": False,
            "replace_with_linear": False,
            "sparsify": None,
            "weights_precision": "bf16",
            "intermediate_size": 4096,
            "moe": None,
        },
        "parallel_blocks": None,
    }


@pytest.mark.parametrize("subblock", [NO_OP, LINEAR])
def test_no_op_and_linear_have_no_size(subblock: SubBlock) -> None:
    """Their sizes are null, and only one of the two flags is set."""
    config = config_of((subblock, subblock))
    for part, field in (("attention", "num_key_value_heads"), ("ffn", "intermediate_size")):
        assert config[part][field] is None
        assert config[part]["no_op"] == (subblock == NO_OP)
        assert config[part]["replace_with_linear"] == (subblock == LINEAR)


def test_unknown_subblocks_have_none() -> None:
    """What neither name nor file says cannot be written."""
    assert config_of((OTHER, PARENT[1])) is None
    assert config_of((PARENT[0], OTHER)) is None
    assert not known(variant("v", (OTHER, OTHER), 0.0))


def test_experts_are_kept() -> None:
    """Experts of version 1 stay, those of version 2 take the names of version 1."""
    one = {"attention": {"num_key_value_heads": 8}, "ffn": {"moe": MOE}, "parallel_blocks": None}
    two = {
        "subblock_configs": [
            {"kind": "attention", "num_kv_heads": 8},
            {
                "kind": "moe",
                "num_experts": 8,
                "top_k": 2,
                "expert_intermediate_size": 512,
                "shared_expert_intermediate_size": 0,
            },
        ]
    }
    for read in (one, two):
        config = config_of((PARENT[0], OTHER), read)
        assert config["ffn"]["moe"] == MOE
        assert config["ffn"]["intermediate_size"] is None


def test_mamba_is_kept() -> None:
    """The fields of a Mamba subblock stay."""
    mamba = {"state_dim": 64, "num_heads": 8, "head_dim": 32, "num_groups": 2}
    one = {"attention": {"mamba": mamba}, "ffn": {"no_op": True}}
    two = {"subblock_configs": [{"kind": "mamba", "name": "mixer", **mamba}]}
    for read in (one, two):
        assert config_of((OTHER, NO_OP), read)["attention"]["mamba"] == mamba


def test_extras_are_what_kind_and_size_do_not_say() -> None:
    """Experts, windows and the like are named; usual values are not."""
    plain = {
        "attention": {"n_heads_in_group": 8, "window_length": None, "no_op": False},
        "ffn": {"ffn_mult": 5.25, "gated": True, "hidden_act": "silu", "moe": None},
    }
    assert extras_of(plain) == ()
    assert extras_of({"attention": {"window_length": 512}}) == ("attention.window_length",)
    assert extras_of({"attention": {"sparsify": [1]}}) == ("attention.sparsify",)
    assert extras_of({"ffn": {"moe": MOE, "gated": False}}) == ("ffn.moe", "ffn.gated")
    assert extras_of({"parallel_blocks": [{}]}) == ("parallel_blocks",)
    full = {"kind": "attention", "num_kv_heads": 8, "sliding_window_size": "full", "no_op": False}
    assert extras_of({"subblock_configs": [full]}) == ()
    assert extras_of({"subblock_configs": [{"kind": "mamba"}, {"kind": "moe", "no_op": True}]}) == (
        "mamba",
    )


@pytest.mark.parametrize("text", ["7", "[]", '"x"', "null"])
def test_odd_configurations_are_as_none(text: str) -> None:
    """A configuration that is not an object says nothing."""
    made = variant("v", PARENT, 0.0, block_config=text)
    assert extras(made) == ()
    assert block_config(made) == config_of(PARENT)


def test_what_the_library_does_not_tell_the_file_may() -> None:
    """Twins are known by name only; their files still say kind and size."""
    one = {"attention": {"num_key_value_heads": 4}, "ffn": {"replace_with_linear": True}}
    two = {
        "subblock_configs": [
            {"kind": "attention", "num_kv_heads": 4},
            {"kind": "ffn", "no_op": True, "intermediate_size": None},
        ]
    }
    for read, ffn in ((one, LINEAR), (two, NO_OP)):
        assert config_of((OTHER, OTHER), read) == config_of((SubBlock("sized", 4), ffn))


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (
            {"attention": {"num_key_value_heads": 8, "window_length": 512}},
            "attention.window_length",
        ),
        (
            {
                "subblock_configs": [
                    {"kind": "attention", "num_kv_heads": 8, "sliding_window_size": 9}
                ]
            },
            "attention.sliding_window_size",
        ),
        (
            {"subblock_configs": [{"kind": "moe", "num_experts": 8, "latent_dim": 64}]},
            "moe.latent_dim",
        ),
        ({"subblock_configs": [{"kind": "mla", "rank": 64}]}, "mla"),
        ({"attention": {}, "ffn": {}, "parallel_blocks": [{}]}, "parallel_blocks"),
    ],
)
def test_nothing_is_lost_in_silence(read: Any, name: str) -> None:
    """What version 1 has no field for is never left out of a file."""
    made = variant("v", PARENT, 0.0, block_config=json.dumps(read))
    assert name in lost(made)
    assert block_config(made) is None

"""Models' configs as they are published, opened as scenarios."""

from __future__ import annotations

import json
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.files.scenario_file import read_scenarios
from puzzle_widgets.library import SubBlock
from tests.support.export import LLAMA, NO_OP, PARENT, export_library

NARROW = (SubBlock("sized", 8), SubBlock("sized", 1024))
FEW = (SubBlock("sized", 2), SubBlock("sized", 4096))
LIBRARY = export_library(NARROW, FEW, (NO_OP, PARENT[1]))


def opened(**fields: Any) -> list[str]:
    """Open a config with these fields beside the parent's: the label of each layer's block."""
    content = json.dumps(LLAMA | fields).encode()
    (loaded,) = read_scenarios(content, "config.json", LIBRARY)
    given = pw.open_architecture(content, LIBRARY)
    assert loaded.solution.architecture == given.solution.architecture
    return [block.label for block in loaded.solution.blocks]


PLAIN = LIBRARY.layers[0].parent_variant.label
NARROW_WORDS, FEW_WORDS = (LIBRARY.layers[0].variants[n].label for n in (1, 2))


def test_cfg_1_more_layers_than_the_library_has() -> None:
    """Fused layers are in no library of the parent's layers."""
    blocks = [{"attention": {"no_op": True}, "ffn": {"no_op": True}}] * 6
    content = json.dumps({"num_hidden_layers": 6, "block_configs": blocks}).encode()
    with pytest.raises(pw.ScenarioError, match=r"6 layers, where small has 4\..*FFN fusion.*in no"):
        pw.open_architecture(content, LIBRARY)


@pytest.mark.parametrize(
    ("fields", "third"),
    [
        ({"num_key_value_heads_per_layer": [8, 8, 2, 8]}, FEW_WORDS),
        ({"num_kv_heads": [8, 8, 2, 8]}, FEW_WORDS),
        ({"intermediate_size": [4096, 4096, 1024, 4096]}, NARROW_WORDS),
        ({"layer_inter_size": [4096, 4096, 1024, 4096]}, NARROW_WORDS),
        ({"text_config": {"intermediate_size": [4096, 4096, 1024, 4096]}}, NARROW_WORDS),
    ],
)
def test_cfg_2_sizes_listed_by_layer(fields: dict[str, Any], third: str) -> None:
    """Opened where sizes tell the blocks."""
    assert opened(**fields) == [PLAIN, PLAIN, third, PLAIN]


@pytest.mark.parametrize(
    "field",
    [
        *("hybrid_override_pattern", "layer_head_num", "ffn_multipliers", "num_query_heads"),
        "layer_types",
    ],
)
def test_cfg_2_what_is_not_read_is_named(field: str) -> None:
    """Rather than taken for the parent."""
    with pytest.raises(pw.ScenarioError, match=f"'{field}': layers are told apart by this field"):
        opened(**{field: [1, 2, 3, 4]})


def test_cfg_2_a_list_of_another_length_is_refused() -> None:
    """And what is not a size."""
    with pytest.raises(pw.ScenarioError, match="'num_kv_heads': 2 sizes for 4 layers"):
        opened(num_kv_heads=[8, 8])
    with pytest.raises(pw.ScenarioError, match="'intermediate_size': 'wide' is not a size"):
        opened(intermediate_size=["wide"] * 4)


def test_cfg_3_the_parents_own_config() -> None:
    """The parent as a scenario; what says no sizes is refused by the field."""
    assert opened() == [PLAIN] * 4
    bare = b'{"model_type": "llama", "num_hidden_layers": 4}'
    with pytest.raises(pw.ScenarioError, match="'intermediate_size': missing"):
        pw.open_architecture(bare, LIBRARY)

"""RoPE: whichever form the parent has, the child has both, and they say the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from puzzle_widgets.export import TARGETS, export
from puzzle_widgets.export.parent_config import rope_forms
from tests.support.export import LLAMA, NO_OP, PARENT, chosen, export_library

BARE = {key: value for key, value in LLAMA.items() if key != "rope_theta"}
LLAMA_3 = {
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 4096,
}
PLAIN = {
    "rope_theta": 1e6,
    "rope_scaling": None,
    "rope_parameters": {"rope_type": "default", "rope_theta": 1e6},
}
SCALED = {
    "rope_theta": 5e5,
    "rope_scaling": {"rope_type": "llama3", **LLAMA_3},
    "rope_parameters": {"rope_type": "llama3", **LLAMA_3, "rope_theta": 5e5},
    "original_max_position_embeddings": 4096,
}
CONFIGS = [one.name for one in TARGETS if one.needs_parent and one.name != "nemotron-h-puzzle"]


@pytest.mark.parametrize("target", CONFIGS)
@pytest.mark.parametrize(
    ("parent", "both"),
    [
        ({"rope_theta": 1e6}, PLAIN),
        ({"rope_theta": 1e6, "rope_scaling": None}, PLAIN),
        ({"rope_parameters": {"rope_theta": 1e6, "rope_type": "default"}}, PLAIN),
        (PLAIN, PLAIN),
        ({"rope_theta": 5e5, "rope_scaling": {"rope_type": "llama3", **LLAMA_3}}, SCALED),
        ({"rope_theta": 5e5, "rope_scaling": {"type": "llama3", **LLAMA_3}}, SCALED),
        ({"rope_parameters": {"rope_type": "llama3", **LLAMA_3, "rope_theta": 5e5}}, SCALED),
        (SCALED, SCALED),
    ],
)
def test_both_forms(target: str, parent: dict[str, Any], both: dict[str, Any]) -> None:
    """Readers of the old form and of transformers 5's compute with the same base and factors."""
    solution = chosen(export_library((NO_OP, PARENT[1])), [0, 1, 0, 0])
    config = json.loads(export(solution, target, parent_config=BARE | parent).text)
    assert {key: config[key] for key in both} == both


def test_a_llama_without_a_base_has_the_usual_one() -> None:
    """Readers of DeciLM assume others; other forms stay as the parent's."""
    solution = chosen(export_library((NO_OP, PARENT[1])), [0, 1, 0, 0])
    config = json.loads(export(solution, "mlx", parent_config=BARE).text)
    assert config["rope_theta"] == 10_000.0
    assert config["rope_parameters"] == {"rope_type": "default", "rope_theta": 10_000.0}
    assert "rope_theta" not in json.loads(export(solution, "anymodel", parent_config=BARE).text)


def test_what_is_left_alone() -> None:
    """No RoPE, and one for each kind of layer, which the old form cannot say."""
    assert rope_forms({}) == {}
    by_layer = {"full_attention": {"rope_theta": 1e6}, "sliding_attention": {"rope_theta": 1e4}}
    assert rope_forms({"rope_parameters": by_layer}) == {}


def test_partial_rope_stands_at_the_top_too() -> None:
    """Where the form before transformers 5 has it."""
    parameters = {"rope_type": "default", "rope_theta": 1e4, "partial_rotary_factor": 0.5}
    assert rope_forms({"rope_parameters": parameters})["partial_rotary_factor"] == 0.5

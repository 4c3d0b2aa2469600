"""The parent's configuration: read, held against the library, and its RoPE."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.export import (
    TARGETS,
    Finding,
    check,
    export,
    read_parent_config,
    write_puzzletron,
)
from puzzle_widgets.export.parent_config import (
    MAX_CONFIG_BYTES,
    check_fit,
    parent_config_of,
    rope_forms,
)
from puzzle_widgets.library import FrozenMapping, SubBlock
from tests.export.test_published_semantics import LLAMA_70B
from tests.support.export import (
    HEADS,
    HIDDEN,
    LAYERS,
    LLAMA,
    NO_OP,
    PARENT,
    chosen,
    export_library,
    llama_text,
)
from tests.support.libraries import EMBEDDED
from tests.support.mutations import damaged_bytes, damaged_json


def test_forms(tmp_path: Path) -> None:
    """Path, folder, bytes and content say the same."""
    (tmp_path / "config.json").write_text(llama_text(), encoding="utf-8")
    path = tmp_path / "config.json"
    for source in (tmp_path, path, str(path), llama_text(), llama_text().encode(), LLAMA):
        parent = read_parent_config(source)
        assert (parent.hidden, parent.heads, parent.layers) == (HIDDEN, HEADS, LAYERS)
        assert (parent.kv_heads, parent.width, parent.head_size) == (8, 4096, 64)
        assert (parent.model_type, parent.architecture) == ("llama", "LlamaForCausalLM")
        assert parent.content == LLAMA
        assert isinstance(hash(parent), int)


def test_what_a_child_takes_over() -> None:
    """All but what is of one machine or of another child; the dtype as readers take it."""
    child = read_parent_config(LLAMA | {"block_configs": [{}], "torch_dtype": "torch.float16"})
    assert child.to_child() == {
        **{key: value for key, value in LLAMA.items() if key != "_name_or_path"},
        "dtype": "bfloat16",
        "torch_dtype": "float16",
        "rope_scaling": None,
        "rope_parameters": {"rope_type": "default", "rope_theta": 500000.0},
    }


def test_nested_text_config() -> None:
    """A model with a vision part keeps its sizes in text_config."""
    nested = {"model_type": "qwen3_vl", "text_config": LLAMA}
    assert read_parent_config(nested).hidden == HIDDEN


def test_the_library_may_carry_it() -> None:
    """It is read from there, and a broken one is an error that names the library."""
    assert parent_config_of(export_library()) is None
    carried = parent_config_of(export_library(parent_config=llama_text()))
    assert carried is not None
    assert carried.heads == HEADS
    with pytest.raises(pw.ExportError, match="parent configuration of small"):
        parent_config_of(export_library(parent_config="{"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "config.json: broken JSON"),
        (b"[]", "the configuration is []"),
        (b"{}", "the configuration is {}"),
        (json.dumps({"hidden_size": 8}).encode(), "field 'num_attention_heads': missing"),
        (llama_text(num_attention_heads=-4).encode(), "field 'num_attention_heads'"),
        (llama_text(hidden_size="8192").encode(), "field 'hidden_size'"),
        (llama_text(rope_theta=float("nan")).encode(), "not strict JSON"),
        (llama_text(model_type=7).encode(), "field 'model_type'"),
        (
            llama_text(rope_parameters={"rope_theta": 1e6}).encode(),
            "field 'rope_theta': 500000.0, and 1000000.0 in rope_parameters",
        ),
        (b" " * (MAX_CONFIG_BYTES + 1), "At most 4 MiB"),
    ],
)
def test_wrong_ones_are_refused(content: bytes, said: str) -> None:
    """One message, with the file, the field and the fix."""
    with pytest.raises(pw.ExportError) as refused:
        read_parent_config(content)
    assert said in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The path is in the message."""
    with pytest.raises(pw.ExportError, match=r"nothing\.json: cannot be read"):
        read_parent_config(tmp_path / "nothing.json")


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "{",
        "",
        "[1]",
        "a\0b",
        "x" * 5000,
        "~nobody-here/config.json",
        "\ud800",
        "line\nline",
    ],
)
def test_text_that_is_neither_json_nor_a_path(text: str) -> None:
    """One documented error on one line, whatever the file system thinks of such a name."""
    with pytest.raises(pw.ExportError) as refused:
        read_parent_config(text)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize(
    ("layers", "number"),
    [
        ({"layers_block_type": ["linear_attention", "moe", "full_attention"]}, 3),
        ({"hybrid_override_pattern": "ME*E"}, 4),
    ],
)
def test_hybrids_tell_their_layers_by_kind(layers: dict[str, Any], number: int) -> None:
    """Transformers 5 writes no number of layers for them, and a time step without an end."""
    config = {key: value for key, value in LLAMA.items() if key != "num_hidden_layers"} | layers
    for endless in ("[0.0, Infinity]", '[0.0, {"__float__": "Infinity"}]'):
        text = f'{{"time_step_limit": {endless}, {json.dumps(config)[1:]}'
        parent = read_parent_config(text)
        assert parent.layers == number
        assert "time_step_limit" not in parent.to_child()
    given = read_parent_config(config | {"time_step_limit": [0.0, 1.0]})
    assert given.to_child()["time_step_limit"] == [0.0, 1.0]


@pytest.mark.parametrize("damage", ["bytes", "json"])
def test_damaged_files(damage: str) -> None:
    """A thousand damaged files give a configuration or one clear error, and nothing else."""
    rng = random.Random(damage)  # noqa: S311
    content: Any = LLAMA | {"text_config": {"hidden_size": 8}}
    text = json.dumps(content).encode()
    refused = [
        _outcome(damaged_bytes(text, rng) if damage == "bytes" else damaged_json(content, rng))
        for _ in range(1000)
    ]
    assert 100 < sum(refused) < 1000


def _outcome(broken: bytes) -> bool:
    """Whether it was refused; else it can be written again."""
    try:
        child = read_parent_config(broken).to_child()
    except pw.ExportError as error:
        message = str(error)
    else:
        assert json.dumps(child, allow_nan=False)
        return False
    assert message.startswith("config.json")
    assert "\n" not in message
    return True


SMALL = (SubBlock("sized", 4), SubBlock("sized", 1024))
CONFIGS = ("vllm", "sglang", "llama.cpp", "mlx", "tensorrt-llm", "anymodel", "transformers")


@pytest.fixture
def solution() -> pw.Solution:
    """Blocks of two kinds."""
    return chosen(export_library(SMALL), [0, 1, 1, 0])


def fit(library: pw.BlockLibrary, config: dict[str, Any]) -> list[Finding]:
    """What is found of a configuration."""
    return check_fit(read_parent_config(config), library)


@pytest.mark.parametrize("written", ["vllm", "anymodel", "transformers"])
@pytest.mark.parametrize("target", CONFIGS)
def test_a_childs_configuration_is_refused(
    solution: pw.Solution, written: str, target: str
) -> None:
    """What this program writes of a child is no parent's, whatever is made of it."""
    child = json.loads(export(solution, written, parent_config=LLAMA).text)
    errors = [f for f in check(solution, target, parent_config=child) if f.severity == "error"]
    assert "is a child's configuration" in errors[0].text
    assert "Give the parent's" in errors[0].text
    with pytest.raises(pw.ExportError, match="child's configuration"):
        export(solution, target, parent_config=child)


def test_a_teachers_block_configurations_are_a_parents(solution: pw.Solution) -> None:
    """ModelOpt writes them into the parent's configuration: the same for every layer."""
    library = solution.library
    parent = pw.parent_solution(pw.SearchProblem(library, minimize="metrics.kl_div"))
    teacher = json.loads(export(parent, "anymodel", parent_config=LLAMA).text)
    assert len(teacher["block_configs"]) == 4
    assert fit(library, teacher) == []


def test_parents_of_unlike_layers_may_have_unlike_blocks() -> None:
    """A hybrid parent's own layers differ, and so do its block configurations."""
    library = export_library(SMALL)
    first = library.layers[0]
    odd = replace(first.parent_variant, attention=NO_OP)
    layers = (replace(first, variants=(odd, *first.variants[1:])), *library.layers[1:])
    hybrid = replace(library, layers=layers)
    config = LLAMA | {"block_configs": [{"a": place == 0} for place in range(4)]}
    assert fit(hybrid, config) == []
    assert "differ between layers" in fit(library, config)[0].text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"num_hidden_layers": 5}, "has 5 layers, small has 4"),
        ({"num_key_value_heads": 16}, "says num_key_value_heads 16, .* have 8"),
        ({"intermediate_size": 999}, "says intermediate_size 999, .* have 4,096"),
    ],
)
@pytest.mark.parametrize("target", CONFIGS)
def test_sizes_of_another_model_are_refused(
    solution: pw.Solution, changes: dict[str, Any], said: str, target: str
) -> None:
    """They are not those of the parent's blocks in the library."""
    with pytest.raises(pw.ExportError, match=said):
        export(solution, target, parent_config=LLAMA | changes)


def test_sizes_that_differ_between_layers_are_not_compared() -> None:
    """No one number can be the parent's then."""
    library = export_library(SMALL)
    first = library.layers[0]
    odd = replace(first.parent_variant, ffn=SubBlock("sized", 2048), attention=NO_OP)
    layers = (replace(first, variants=(odd, *first.variants[1:])), *library.layers[1:])
    changes = {"num_key_value_heads": 16, "intermediate_size": 999}
    assert fit(replace(library, layers=layers), LLAMA | changes) == []
    assert len(fit(library, LLAMA | changes)) == 2


@pytest.mark.parametrize(
    ("changes", "subblocks"),
    [
        ({}, []),
        ({"head_dim": None}, []),
        ({"hidden_size": 4096, "head_dim": None}, ["attention", "ffn"]),
        ({"num_attention_heads": 32}, ["attention"]),
    ],
)
def test_parameters_tell_the_hidden_size(changes: dict[str, Any], subblocks: list[str]) -> None:
    """70B's blocks have the parameters of its configuration, by subblock; others are said."""
    found = fit(pw.load_library(EMBEDDED), LLAMA_70B | changes)
    assert [one.severity for one in found] == ["warning"] * len(subblocks)
    said = [one.text.partition("the parent's ")[2].partition(" ")[0] for one in found]
    assert said == subblocks


def test_no_run_gets_a_childs_configuration(solution: pw.Solution, tmp_path: Path) -> None:
    """A Puzzletron directory's teacher is the parent."""
    child = json.loads(export(solution, "vllm", parent_config=LLAMA).text)
    subblocks = {f"stats.{part}_memory_mib": 50.0 for part in ("attention", "ffn")}
    layers = tuple(
        replace(
            layer,
            variants=tuple(
                replace(
                    v, values=FrozenMapping({**v.values, **subblocks, "stats.memory_mib": 100.0})
                )
                for v in layer.variants
            ),
        )
        for layer in solution.library.layers
    )
    library = replace(solution.library, layers=layers)
    with pytest.raises(pw.ExportError, match="child's configuration"):
        write_puzzletron(library, tmp_path / "run", parent_config=child)
    assert not (tmp_path / "run").exists()
    assert write_puzzletron(library, tmp_path / "run", parent_config=LLAMA)


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
ROPES = [one.name for one in TARGETS if one.needs_parent and one.name != "nemotron-h-puzzle"]


@pytest.mark.parametrize("target", ROPES)
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

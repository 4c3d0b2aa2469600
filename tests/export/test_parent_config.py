"""The parent's configuration: read, refused, and what a child takes over."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.export import read_parent_config
from puzzle_widgets.export.parent_config import MAX_CONFIG_BYTES, parent_config_of
from tests.support.export import HEADS, HIDDEN, LAYERS, LLAMA, export_library, llama_text
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

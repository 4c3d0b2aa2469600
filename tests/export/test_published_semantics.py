"""Written configurations as their readers take them: sizes of every layer, by rules restated here.

DeciLM's readers (vLLM, TensorRT-LLM, SGLang, MLX) build KV heads = attention heads //
``n_heads_in_group`` and an FFN of ``int(2 * ffn_mult * hidden / 3)``, up to the next multiple of
256. Where transformers is installed its classes read the files; the rules hold without it too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.export import avoid, check, export
from tests.support.export import LLAMA
from tests.support.libraries import EMBEDDED, published_folder

LLAMA_70B = LLAMA | {
    "hidden_size": 8192,
    "intermediate_size": 28672,
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
    "num_hidden_layers": 80,
    "head_dim": 128,
    "vocab_size": 128256,
}
Sizes = list[tuple[int, int]]
Load = Callable[[str, Path], Any]


def load_plainly(text: str, _: Path) -> Any:
    """Read a configuration as bare JSON."""
    return SimpleNamespace(**json.loads(text))


def load_with_transformers(text: str, folder: Path) -> Any:
    """Read a configuration as transformers does: by its own class for the model's type.

    It has none for DeciLM, whose class comes with the model's code; its base class reads that.
    """
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    (folder / "config.json").write_text(text, encoding="utf-8")
    if json.loads(text)["model_type"] == "nemotron-nas":
        return transformers.PretrainedConfig.from_pretrained(str(folder))
    config = transformers.AutoConfig.from_pretrained(str(folder))
    assert type(config).__name__ == "LlamaConfig"
    return config


LOADERS = [load_plainly, load_with_transformers]
# RoPE is written in both forms, and transformers 5 remarks on the older one.
pytestmark = pytest.mark.filterwarnings("ignore:.*rope_scaling:FutureWarning")


def decilm_sizes(config: Any) -> Sizes:
    """KV heads and FFN size of every layer as DeciLM's readers build them; 0 for a no-op."""
    sizes = []
    for block in config.block_configs:
        attention, ffn = block["attention"], block["ffn"]
        heads = (
            0 if attention["no_op"] else config.num_attention_heads // attention["n_heads_in_group"]
        )
        width = 0 if ffn["no_op"] else int(2 * ffn["ffn_mult"] * config.hidden_size / 3)
        sizes.append((heads, -(-width // 256) * 256))
    return sizes


def anymodel_sizes(config: Any) -> Sizes:
    """KV heads and FFN size of every layer as ModelOpt takes them; 0 for a no-op."""
    return [
        (block["attention"]["num_key_value_heads"] or 0, block["ffn"]["intermediate_size"] or 0)
        for block in config.block_configs
    ]


def per_layer_sizes(config: Any) -> Sizes:
    """KV heads and FFN size of every layer: the model's, but for what its entry says."""
    sizes = []
    for place in range(config.num_hidden_layers):
        own = config.per_layer_config.get(str(place), {})
        heads = own.get("num_key_value_heads", config.num_key_value_heads)
        width = own.get("intermediate_size", config.intermediate_size)
        skipped = own.get("skip", [])
        sizes.append((0 if "attention" in skipped else heads, 0 if "mlp" in skipped else width))
    return sizes


@pytest.fixture(scope="module")
def solution() -> pw.Solution:
    """A tight architecture of 80 layers that vLLM takes: many sizes, no-op subblocks among them."""
    library = pw.load_library(EMBEDDED)
    problem = pw.SearchProblem(
        library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "30 %"}
    )
    found = pw.search(problem)
    for finding in check(found, "vllm", parent_config=LLAMA_70B):
        if finding.avoidable:
            problem = avoid(problem, finding)
    return pw.search(problem)


def chosen_sizes(solution: pw.Solution) -> Sizes:
    """KV heads and FFN size of every layer as the library has them; 0 for a no-op."""
    return [(block.attention.size or 0, block.ffn.size or 0) for block in solution.blocks]


@pytest.mark.parametrize("load", LOADERS)
@pytest.mark.parametrize(
    ("target", "sizes_of"),
    [
        ("vllm", decilm_sizes),
        ("tensorrt-llm", decilm_sizes),
        ("mlx", decilm_sizes),
        ("anymodel", anymodel_sizes),
    ],
)
def test_readers_build_the_chosen_sizes(
    target: str,
    sizes_of: Callable[[Any], Sizes],
    load: Load,
    solution: pw.Solution,
    tmp_path: Path,
) -> None:
    """Every layer has the KV heads and the FFN that the search chose, and no other."""
    made = export(solution, target, parent_config=LLAMA_70B)
    config = load(made.text, tmp_path)
    assert len(config.block_configs) == config.num_hidden_layers == 80
    assert config.hidden_size == 8192
    assert sizes_of(config) == chosen_sizes(solution)
    heads, widths = (set(column) for column in zip(*sizes_of(config), strict=True))
    assert 0 in heads | widths
    assert len(heads) > 2
    assert len(widths) > 2


def test_differences_build_the_chosen_sizes(solution: pw.Solution) -> None:
    """The same by per_layer_config."""
    made = export(solution, "transformers", parent_config=LLAMA_70B)
    assert per_layer_sizes(load_plainly(made.text, Path())) == chosen_sizes(solution)


def test_transformers_takes_the_differences(solution: pw.Solution, tmp_path: Path) -> None:
    """Transformers 5 knows per_layer_config itself: its layers have the chosen sizes."""
    made = export(solution, "transformers", parent_config=LLAMA_70B)
    layers = getattr(load_with_transformers(made.text, tmp_path), "per_layer_config", None)
    if layers is None or isinstance(layers, dict):
        pytest.skip("this transformers has no per_layer_config of its own")
    sizes = [
        (
            0 if "attention" in layer.skip else layer.num_key_value_heads,
            0 if "mlp" in layer.skip else layer.intermediate_size,
        )
        for layer in layers
    ]
    assert sizes == chosen_sizes(solution)


@pytest.mark.parametrize("wrong", ["rounded down", "grouped by KV heads", "one decimal"])
def test_a_wrong_file_does_not_pass(wrong: str, solution: pw.Solution) -> None:
    """The rules above tell a wrong rounding or grouping from the right one."""
    content = json.loads(export(solution, "vllm", parent_config=LLAMA_70B).text)
    for block in content["block_configs"]:
        attention, ffn = block["attention"], block["ffn"]
        if wrong == "grouped by KV heads" and attention["n_heads_in_group"]:
            attention["n_heads_in_group"] = 64 // attention["n_heads_in_group"]
        elif ffn["ffn_mult"] and wrong == "rounded down":
            ffn["ffn_mult"] -= 0.05
        elif ffn["ffn_mult"] and wrong == "one decimal":
            ffn["ffn_mult"] = round(ffn["ffn_mult"], 1)
    assert decilm_sizes(SimpleNamespace(**content)) != chosen_sizes(solution)


@pytest.mark.published
def test_the_published_library_reaches_vllm() -> None:
    """Readers build what the published measurements say of each chosen block."""
    library = pw.load_library(published_folder())
    problem = pw.SearchProblem(
        library, minimize="metrics.kl_div", budgets={"stats.memory_mib": 40_000}
    )
    found = pw.search(problem)
    for finding in check(found, "vllm", parent_config=LLAMA_70B):
        if finding.avoidable:
            problem = avoid(problem, finding)
    found = pw.search(problem)
    made = export(found, "vllm", parent_config=LLAMA_70B)
    stats = ("stats.num_kv_heads", "stats.ffn_intermediate_size")
    measured = [tuple(int(block.values[key]) for key in stats) for block in found.blocks]
    assert decilm_sizes(load_plainly(made.text, Path())) == measured

"""Whether a configuration is that of the library's parent."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.export import Finding, check, export, read_parent_config, write_puzzletron
from puzzle_widgets.export.parent_config import check_fit
from puzzle_widgets.library import FrozenMapping, SubBlock
from tests.export.test_published_semantics import LLAMA_70B
from tests.support.export import LLAMA, NO_OP, chosen, export_library
from tests.support.libraries import EMBEDDED

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

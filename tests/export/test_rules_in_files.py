"""A file for another program states the whole problem, whatever its rules; and reads back to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.export import TARGETS, export
from puzzle_widgets.files.scenario_file import asked_content, read_scenarios
from puzzle_widgets.library import FrozenMapping, SubBlock
from puzzle_widgets.problem import Difference
from tests.support.export import LLAMA, NO_OP, export_library

MEMORY = "stats.memory_mib"
LIBRARY = export_library(
    (SubBlock("sized", 8), SubBlock("sized", 1024)),  # SGLang takes one number of KV heads
    (NO_OP, SubBlock("sized", 2048)),
    (SubBlock("sized", 8), NO_OP),
    weights=True,
)
CONFIGS = [
    one.name for one in TARGETS if one.file == "config.json" and one.name != "nemotron-h-puzzle"
]
# Other files state it as well: whole, or in a record for each scenario.
WHOLE = [*CONFIGS, "puzzletron", "layers-json"]
rules = pw.rules
RULES: dict[str, Callable[[], dict[str, Any]]] = {
    "fixed and banned": lambda: {
        "fixed": {0: LIBRARY.layers[0].variants[1].name},
        "banned": {1: [LIBRARY.layers[1].parent]},
    },
    "difference": lambda: {
        "differences": [Difference(FrozenMapping(LIBRARY.parent_architecture), 2)]
    },
    "row": lambda: {"rows": [pw.Row.of(LIBRARY, "<my> row", lambda _, __: 1.5, 1, 9)]},
    "ends": lambda: {"rules": [rules.keep_ends(LIBRARY, 1)]},
    "heads": lambda: {"rules": [rules.heads_divisible_by(LIBRARY, 2)]},
    "linear": lambda: {"rules": [rules.no_linear_attention(LIBRARY)]},
    "runs": lambda: {"rules": [rules.attention_free_in_a_row(LIBRARY, 1)]},
    "few": lambda: {"rules": [rules.few_blocks(LIBRARY, 2)]},
    "range": lambda: {
        "rules": [rules.same_ffn(LIBRARY, 0, 3), rules.same_attention(LIBRARY, 1, 2)]
    },
}
RULES["all"] = lambda: {
    "rules": [
        rules.attention_free_in_a_row(LIBRARY, 2),
        rules.few_blocks(LIBRARY, 3, part="ffn"),
        rules.same_ffn(LIBRARY, 1, 2),
        rules.heads_divisible_by(LIBRARY, 1),
    ],
    **RULES["difference"](),
    **RULES["row"](),
}


def solved(kind: str) -> pw.Solution:
    """An optimum of a problem with such rules, a budget and a weighted score."""
    problem = pw.SearchProblem(
        LIBRARY,
        minimize={LIBRARY.scores[0]: 2.0},
        budgets={MEMORY: (100, 398), "stats.runtime_ms": 41},
        **RULES[kind](),
    )
    found = pw.search(problem)
    assert found.found
    return found


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("target", CONFIGS)
def test_a_config_reads_back_to_its_problem(target: str, kind: str) -> None:
    """Budgets, weights and rules; the optimum is proven again, not taken from the file."""
    solution = solved(kind)
    text = export(solution, target, parent_config=LLAMA).text
    (again,) = read_scenarios(text.encode(), "config.json", LIBRARY)
    assert asked_content(again.solution.problem) == asked_content(solution.problem)
    assert again.solution.architecture == solution.architecture
    assert (again.solution.status, again.notes) == ("optimal", ())


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("target", WHOLE)
def test_the_key_says_all_and_takes_nothing(target: str, kind: str) -> None:
    """Without it, every file is as it is for the same architecture without rules."""
    solution = solved(kind)
    content = json.loads(export(solution, target, parent_config=LLAMA).text)
    record = content["scenarios"][0] if target == "layers-json" else content
    record = record[0] if isinstance(record, list) else record
    told = record if target == "layers-json" else record.pop("puzzle_widgets")
    asked = json.loads(json.dumps(asked_content(solution.problem)))
    assert {key: told[key] for key in asked} == asked
    if target in CONFIGS:
        plain = pw.evaluate(LIBRARY, solution)
        other = json.loads(export(plain, target, parent_config=LLAMA).text)
        del other["puzzle_widgets"]
        assert record == other


def test_a_config_of_another_library_states_no_problem() -> None:
    """Its rules are about other figures: the blocks are read, and it is said."""
    text = export(solved("few"), "vllm", parent_config=LLAMA).text
    other = replace(LIBRARY, measurement=pw.Measurement(4, 50))
    (again,) = read_scenarios(text.encode(), "config.json", other)
    assert not again.solution.problem.rule_names
    assert "another library" in again.notes[0]
    (there,) = read_scenarios(text.encode(), "config.json", other, others=[LIBRARY])
    assert there.solution.problem.library is not other
    assert there.solution.problem.rule_names == ("at most 2 distinct blocks",)


@pytest.mark.parametrize("damage", [{"goal": "up"}, {"distinct": [[1]]}, {"rows": 3}])
def test_a_damaged_key_is_refused(damage: dict[str, Any]) -> None:
    """A problem that makes no sense is not taken for none."""
    content = json.loads(export(solved("few"), "vllm", parent_config=LLAMA).text)
    content["puzzle_widgets"] |= damage
    with pytest.raises(pw.ScenarioError):
        read_scenarios(json.dumps(content).encode(), "config.json", LIBRARY)

"""Layers for programs: JSON that says each block in full, and loads again as scenarios."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from puzzle_widgets.files.scenario_file import dump_scenarios
from puzzle_widgets.solution import Scenario


def layers_json(scenarios: Sequence[Scenario]) -> str:
    """Scenarios as the app keeps them, each with its layers' blocks in full."""
    content: dict[str, Any] = json.loads(dump_scenarios(scenarios))
    for record, scenario in zip(content["scenarios"], scenarios, strict=True):
        record["layers"] = _layers(scenario)
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False)


def _layers(scenario: Scenario) -> list[dict[str, Any]]:
    solution = scenario.solution
    return [
        {
            "layer": layer.name,
            "variant": block.name,
            "attention": asdict(block.attention),
            "ffn": asdict(block.ffn),
            "is_parent": block.name == layer.parent,
            "values": dict(block.values),
        }
        for layer, block in zip(solution.library.layers, solution.blocks, strict=True)
    ]

"""Kept scenarios: a named solution, compared with others in tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from puzzle_widgets.deferred import pd
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.problem import Architecture, SearchProblem
from puzzle_widgets.solution.solution import Solution, evaluate


@dataclass(frozen=True)
class Scenario:
    """A solution kept under a name; ``notes`` say what is to be known of how it was loaded.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> scenario = pw.Scenario("free", pw.search(problem))
    >>> pw.to_frame([scenario])["scenario"].tolist()
    ['free']
    """

    name: str
    solution: Solution
    notes: tuple[str, ...] = ()


def resummed(scenario: Scenario, library: BlockLibrary) -> Scenario | None:
    """Sum a scenario's architecture by another library of the same blocks, without its budgets.

    ``None`` where that library lacks one of its blocks.
    """
    architecture: Architecture = scenario.solution.architecture or {}
    if any(architecture.get(layer.name) not in layer.positions for layer in library.layers):
        return None
    problem = scenario.solution.problem
    key = problem.objective if problem.objective in library.keys else library.keys[0]
    chosen = {layer.name: architecture[layer.name] for layer in library.layers}
    bare = SearchProblem.of(library, problem.goal, key)
    return Scenario(scenario.name, evaluate(bare, chosen))


def scenario_table(scenarios: Sequence[Scenario]) -> pd.DataFrame:
    """Compare scenarios, one row each.

    Returns
    -------
    DataFrame
        Index: name. Columns: status, score, bound, memory (MiB), runtime (ms), throughput
        (tokens/s), speed-up, and the budgets in words.
    """
    rows = [_summary(scenario.solution) for scenario in scenarios]
    return pd.DataFrame(rows, index=pd.Index([s.name for s in scenarios], name="scenario"))


def budget_words(problem: SearchProblem) -> str:
    """Say a problem's budgets, such as ``"Memory ≤ 80,000 MiB"``."""
    words = []
    for key, budget in problem.budgets.items():
        quantity = problem.library.quantity(key)
        if math.isfinite(budget.lower):
            words.append(f"{quantity.label} ≥ {quantity.text(budget.lower)}")
        if math.isfinite(budget.upper):
            words.append(f"{quantity.label} ≤ {quantity.text(budget.upper)}")
    return ", ".join(words) or "none"


def layer_table(scenarios: Sequence[Scenario]) -> pd.DataFrame:
    """List every layer's block: one row a scenario and layer, with all scores and costs."""
    rows = []
    for scenario in scenarios:
        solution = scenario.solution
        for layer, variant in zip(solution.library.layers, solution.blocks, strict=False):
            head = {"scenario": scenario.name, "layer": layer.name, "variant": variant.name}
            rows.append({**head, "block": variant.label, **variant.values})
    return pd.DataFrame(rows)


def difference_table(first: Scenario, second: Scenario) -> pd.DataFrame:
    """List the layers in which two scenarios differ: both blocks and every key's difference."""
    one, other = first.solution, second.solution
    head = ["layer", first.name, second.name]
    rows: list[list[Any]] = []
    for name in one.differing_layers(other):
        place = one.library.layer_positions[name]
        a, b = one.blocks[place], other.blocks[place]
        change = [b.values[key] - a.values[key] for key in one.library.keys]
        rows.append([name, a.label, b.label, *change])
    return pd.DataFrame(rows, columns=pd.Index([*head, *one.library.keys]))


def _summary(solution: Solution) -> dict[str, Any]:
    return {
        "status": solution.status,
        "score": solution.score,
        "bound": solution.bound,
        "memory (MiB)": solution.memory_mib,
        "runtime (ms)": solution.runtime_ms,
        "throughput (tokens/s)": solution.throughput,
        "speed-up": solution.speedup,
        "budgets": budget_words(solution.problem),
    }

"""The architectures whose truth is measured: searched, greedy, random and homogeneous ones."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from puzzle_widgets.distillation.presets import Truths
from puzzle_widgets.library import BlockLibrary, BlockVariant, FrozenMapping, LayerName
from puzzle_widgets.library.quantity import MEMORY, RUNTIME
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.solution import search

SCORE = "metrics.kl_div"
_NEAR_BUDGET = 0.95
_MOST_DRAWS = 20_000

Choice = Mapping[LayerName, str]


@dataclass(frozen=True)
class Candidate:
    """An architecture to measure.

    Parameters
    ----------
    name
        Words for people.
    family
        ``"parent"``, ``"mip"``, ``"mip (memory)"``, ``"greedy"``, ``"random"`` or
        ``"homogeneous"``.
    share
        Its budget as a share of the parent's runtime or memory; 0 where it has none.
    architecture
        Variant of each layer.
    """

    name: str
    family: str
    share: float
    architecture: FrozenMapping[LayerName, str]


def candidates(library: BlockLibrary, truths: Truths, seed: int) -> list[Candidate]:
    """Choose all architectures; the same library and seed always give the same."""
    draw = random.Random(seed)  # noqa: S311
    found = [Candidate("parent", "parent", 0.0, FrozenMapping(library.parent_architecture))]
    for share in truths.shares:
        found += _at_runtime(library, share, truths.random, draw)
    for share in truths.memory_shares:
        if chosen := searched(library, MEMORY, share):
            name = f"MIP, {share:.0%} of memory"
            found.append(Candidate(name, "mip (memory)", share, FrozenMapping(chosen)))
    found += homogeneous(library, truths.homogeneous)
    return found


def searched(library: BlockLibrary, resource: str, share: float) -> dict[LayerName, str] | None:
    """Find the best architecture within a share of the parent's use of a resource."""
    budgets = {resource: f"{100 * share:g} %"}
    solution = search(SearchProblem(library, minimize=SCORE, budgets=budgets))
    return None if solution.architecture is None else dict(solution.architecture)


def greedy(library: BlockLibrary, budget: float) -> dict[LayerName, str] | None:
    """Choose as the Puzzle paper's greedy baseline (ICML 2025, F.2.2) within a runtime budget.

    The budget is split equally over the layers. They are visited by rising mean score of their
    variants; each takes its best variant that fits, and hands on what it leaves.
    """
    layers = sorted(library.layers, key=lambda layer: _mean_score(library, layer.name))
    share = (budget - library.non_block_cost(RUNTIME)) / len(layers)
    left, chosen = 0.0, {}
    for layer in layers:
        left += share
        fitting = [v for v in layer.variants if v.values[RUNTIME] <= left]
        if not fitting:
            return None
        best = min(fitting, key=lambda variant: variant.values[SCORE])
        chosen[layer.name], left = best.name, left - best.values[RUNTIME]
    return {layer.name: chosen[layer.name] for layer in library.layers}


def random_near(
    library: BlockLibrary, budget: float, draw: random.Random
) -> dict[LayerName, str] | None:
    """Draw an architecture that uses 95 to 100 % of a runtime budget.

    From a random one, random layers are drawn anew; a draw counts if it brings the runtime no
    farther from that range.
    """
    chosen = {layer.name: draw.choice(layer.variants) for layer in library.layers}
    for _ in range(_MOST_DRAWS):
        away = _away(library, chosen.values(), budget)
        if away == 0:
            return {name: variant.name for name, variant in chosen.items()}
        layer = draw.choice(library.layers)
        other = chosen | {layer.name: draw.choice(layer.variants)}
        if _away(library, other.values(), budget) <= away:
            chosen = other
    return None


def homogeneous(library: BlockLibrary, count: int) -> list[Candidate]:
    """Choose one block for all layers: of groups of like runtime, each group's best score."""
    parent = library.layers[0].parent
    sums = {
        variant.name: library.totals(dict.fromkeys(library.layer_positions, variant.name))
        for variant in library.layers[0].variants
        if variant.name != parent
    }
    names = sorted(sums, key=lambda name: sums[name][RUNTIME])
    groups = [names[len(names) * i // count : len(names) * (i + 1) // count] for i in range(count)]
    best = [min(group, key=lambda name: sums[name][SCORE]) for group in groups]
    return [
        Candidate(
            f"everywhere {name}",
            "homogeneous",
            0.0,
            FrozenMapping(dict.fromkeys(library.layer_positions, name)),
        )
        for name in best
    ]


def _at_runtime(
    library: BlockLibrary, share: float, count: int, draw: random.Random
) -> Iterator[Candidate]:
    budget = share * library.parent_totals[RUNTIME]
    named = [
        ("mip", "MIP", searched(library, RUNTIME, share)),
        ("greedy", "Greedy", greedy(library, budget)),
        *(("random", f"Random {i + 1}", random_near(library, budget, draw)) for i in range(count)),
    ]
    for family, words, chosen in named:
        if chosen is not None:
            name = f"{words}, {share:.0%} of runtime"
            yield Candidate(name, family, share, FrozenMapping(chosen))


def _mean_score(library: BlockLibrary, layer: LayerName) -> float:
    variants = library.layer(layer).variants
    return sum(variant.values[SCORE] for variant in variants) / len(variants)


def _away(library: BlockLibrary, chosen: Iterable[BlockVariant], budget: float) -> float:
    """How far a runtime is from 95 to 100 % of the budget, in ms."""
    runtime = library.non_block_cost(RUNTIME) + sum(variant.values[RUNTIME] for variant in chosen)
    return max(runtime - budget, _NEAR_BUDGET * budget - runtime, 0.0)

"""The architectures whose truth is measured: chosen, assembled, distilled (stage ``child``).

Global knowledge distillation as in the Puzzle paper (ICML 2025): KL divergence of the logits
plus 1 - cosine of the hidden states, on training text.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from puzzle_widgets.distillation.model import Decoder
from puzzle_widgets.distillation.parent import load_parent, train
from puzzle_widgets.distillation.presets import Subblocks, Truths, block_name
from puzzle_widgets.distillation.run import Run, load_tensors
from puzzle_widgets.distillation.score import load_block
from puzzle_widgets.distillation.text import random_windows
from puzzle_widgets.distillation.write_library import read_library
from puzzle_widgets.errors import BuildError
from puzzle_widgets.library import BlockLibrary, BlockVariant, FrozenMapping, LayerName
from puzzle_widgets.library.quantity import MEMORY, RUNTIME
from puzzle_widgets.problem import Architecture, SearchProblem
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

    From a random one, random layers are drawn again; a draw is kept if it brings the runtime no
    further from that range.
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


_SEED = 9_000_000
DISTILLED_FAMILIES = ("mip", "greedy", "random")


def distill_children(run: Run) -> None:
    """Distill a searched, a greedy and a random child of the same runtime budget."""
    for candidate in chosen_children(run):
        path = child_file(run, candidate.name)
        total = read_library(run).totals(candidate.architecture)
        run.say(f"child: {candidate.name}, predicted KL divergence {total[SCORE]:.4f}")
        distill_child(run, candidate.architecture, path)


def chosen_children(run: Run) -> list[Candidate]:
    """The candidates that are distilled: the first of each family at the preset's share."""
    preset = run.preset
    found = candidates(read_library(run), preset.truths, preset.seed)
    at_share = [one for one in found if one.share == preset.child_share]
    return [
        next(one for one in at_share if one.family == family)
        for family in DISTILLED_FAMILIES
        if any(one.family == family for one in at_share)
    ]


def child_file(run: Run, name: str) -> Path:
    """Where a child's training lies."""
    word = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return run.folder / "children" / f"child_{word}.pt"


def assemble(run: Run, parent: Decoder, architecture: Architecture) -> Decoder:
    """Build the child of an architecture from the trained blocks, with weights of its own.

    Raises
    ------
    BuildError
        If a variant is not in the search space, or a block is not trained yet.
    """
    subblocks = subblocks_of(run, architecture)
    child = Decoder(run.preset.shape, subblocks)
    for layer, block in enumerate(child.blocks):
        attention, ffn = load_block(run, parent, layer, subblocks[layer])
        block.attention.load_state_dict(attention.state_dict())
        block.ffn.load_state_dict(ffn.state_dict())
    for outside in ("embedding", "norm", "head"):
        weights = parent.get_submodule(outside).state_dict()
        child.get_submodule(outside).load_state_dict(weights)
    return child.requires_grad_(requires_grad=False).eval()


def subblocks_of(run: Run, architecture: Architecture) -> list[Subblocks]:
    """Subblocks of each layer from the names in a library."""
    known = {block_name(*subblocks): subblocks for subblocks in run.preset.shape.blocks}
    layers: list[LayerName] = list(range(run.preset.shape.layers))
    if set(architecture) != set(layers) or not set(architecture.values()) <= set(known):
        raise BuildError(
            f"Not an architecture of this build: give each of the layers 0 to {layers[-1]} one of "
            f"the library's variants, such as {next(iter(known))!r}."
        )
    return [known[architecture[layer]] for layer in layers]


def distill_child(run: Run, architecture: Architecture, checkpoint: Path) -> Decoder:
    """Distill a child globally, or go on with it; gives the finished child."""
    parent, preset = load_parent(run), run.preset
    child = assemble(run, parent, architecture).requires_grad_().train()

    def loss_of(step: int) -> Tensor:
        windows = random_windows(
            run.text.train, preset.child.batch, preset.shape.context, preset.seed + _SEED + step
        )
        return global_loss(parent, child, windows)

    train(child, loss_of, preset.child, checkpoint, run.say)
    return child.requires_grad_(requires_grad=False).eval()


def load_child(run: Run, candidate: Candidate) -> Decoder:
    """Load a distilled child.

    Raises
    ------
    BuildError
        If it is not distilled yet.
    """
    path = child_file(run, candidate.name)
    path = run.file(f"{path.parent.name}/{path.name}", "child")
    child = Decoder(run.preset.shape, subblocks_of(run, candidate.architecture))
    child.load_state_dict(load_tensors(path)["model"])
    return child.requires_grad_(requires_grad=False).eval()


def global_loss(parent: Decoder, child: Decoder, windows: Tensor) -> Tensor:
    """KL(parent || child) a token, plus the mean of 1 - cosine of the hidden states."""
    with torch.no_grad():
        target = parent.hidden(windows)
        logits = parent.head(target)
    hidden = child.hidden(windows)
    theirs = functional.log_softmax(logits.float(), dim=-1)
    mine = functional.log_softmax(child.head(hidden).float(), dim=-1)
    divergence = (theirs.exp() * (theirs - mine)).sum(dim=-1).mean()
    away = 1 - functional.cosine_similarity(hidden.float(), target.float(), dim=-1).mean()
    return divergence + away

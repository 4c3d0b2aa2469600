"""A layer's block in words and figures, for the line that follows the pointer."""

from __future__ import annotations

from collections.abc import Sequence

from puzzle_widgets.charts.layers import COST_VIEWS
from puzzle_widgets.library import BlockLibrary, BlockVariant, Layer
from puzzle_widgets.library.model import Part
from puzzle_widgets.library.quantity import MEMORY, PARAMETERS, RUNTIME, format_number
from puzzle_widgets.solution import Solution


def layer_name(layer: Layer) -> str:
    """Say a layer's name on one line; ``"Layer 30"`` where it is a number."""
    words = " ".join(str(layer.name).split())
    return f"Layer {words}" if isinstance(layer.name, int) or words.isdigit() else words


def changed_words(solution: Solution) -> str:
    """Count the layers that differ from the parent's."""
    layers = solution.library.layers
    pairs = zip(layers, solution.blocks, strict=True)
    changed = sum(block.name != layer.parent for layer, block in pairs)
    if not changed:
        return "Every layer has the parent's own block."
    noun = "layer" if len(layers) == 1 else "layers"
    verb = "differs" if changed == 1 else "differ"
    return f"{changed} of {len(layers)} {noun} {verb} from the parent's."


def view_words(view: str, solution: Solution) -> str:
    """Say what a view of an architecture comes to: layers changed, or a cost kept and saved."""
    if view not in COST_VIEWS:
        return changed_words(solution)
    library, key = solution.library, COST_VIEWS[view]
    quantity = library.quantity(key)
    words = saving_words(solution.totals[key], library.parent_totals[key], quantity.unit)
    outside = library.non_block_cost(key)
    return f"{words}; {quantity.text(outside)} of it non-block" if outside else words


def saving_words(kept: float, parent: float, unit: str) -> str:
    """Say what is kept and saved of a cost, such as ``"60 of 80 ms kept, 20 ms saved (25 %)"``."""
    saved = parent - kept
    change, less = f"{format_number(abs(saved))} {unit}".rstrip(), saved >= 0
    share = f" ({abs(saved) / parent:.0%})".replace("%", " %") if parent > 0 else ""
    whole = f"{format_number(parent)} {unit}".rstrip()
    if less:
        return f"{format_number(kept)} of {whole} kept, {change} saved{share}"
    return f"{format_number(kept)} {unit}, {change} more than the parent's {whole}{share}"


def told_keys(library: BlockLibrary, objective: str) -> list[str]:
    """Keys worth telling of a block: the objective, runtime, memory, parameters."""
    keys = (objective, RUNTIME, MEMORY, PARAMETERS)
    return list(dict.fromkeys(key for key in keys if key in library.keys))


def block_words(
    library: BlockLibrary, place: int, block: BlockVariant, objective: str
) -> Sequence[str]:
    """Say a layer's block: name, subblocks with sizes, then score and costs of the parent's."""
    layer = library.layers[place]
    words = [f"{layer_name(layer)}: {sized_label(layer, block)}"]
    for key in told_keys(library, objective):
        if key == PARAMETERS:
            continue
        quantity, own = library.quantity(key), block.values[key]
        whole = layer.parent_variant.values[key]
        of_whole = f"{format_number(own)} of {quantity.text(whole)}"
        words.append(f"{quantity.label} {quantity.text(own) if key == objective else of_whole}")
    return words


def sized_label(layer: Layer, block: BlockVariant) -> str:
    """Say a block with its sizes as shares of the parent's, such as ``"4 KV heads (50 %)"``."""
    if "other" in (block.attention.kind, block.ffn.kind):
        return block.label
    attention, ffn = (_subblock(layer, block, part) for part in ("attention", "ffn"))
    return f"{attention}, FFN {ffn}"


def _subblock(layer: Layer, block: BlockVariant, part: Part) -> str:
    subblock, parent = getattr(block, part), getattr(layer.parent_variant, part)
    words: str = subblock.describe(part)
    if subblock.kind == "sized" and parent.kind == "sized":
        return f"{words} ({subblock.size / parent.size:.0%})".replace("%", " %")
    return words if subblock.kind == "sized" else {"no_op": "no-op (0 %)"}.get(subblock.kind, words)

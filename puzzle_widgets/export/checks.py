"""What each target cannot take, asked before anything is written for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from puzzle_widgets.export import decilm
from puzzle_widgets.export.blocks import LINEAR_IN_PUZZLETRON, extras, is_linear, known, lost
from puzzle_widgets.export.families import decilm_objections
from puzzle_widgets.export.findings import Finding, blocks_found
from puzzle_widgets.export.parent_config import NO_PARENT, ParentConfig
from puzzle_widgets.export.parent_fit import check_fit
from puzzle_widgets.export.puzzletron import (
    lacks_weights,
    parent_index,
    weights_folder,
    writable,
)
from puzzle_widgets.solution import Solution
from puzzle_widgets.solution.solution import STATUS_WORDS


@dataclass(frozen=True)
class ExportContext:
    """What is to be exported: an architecture, and its parent's configuration if known."""

    solution: Solution
    parent: ParentConfig | None = None


Check = Callable[[ExportContext], list[Finding]]

_UNKNOWN = (
    "neither the variant's name nor its file says what block it is. Give KV heads and FFN "
    "intermediate size in the library."
)


def check_figures(context: ExportContext) -> list[Finding]:
    """Say what is not proven, and what was never measured."""
    solution, found = context.solution, []
    if solution.status != "optimal" and solution.engine != "parent":
        gap = "unknown" if math.isnan(solution.gap) else f"{100 * solution.gap:.3g} %"
        words = f"The architecture is {STATUS_WORDS[solution.status]}; gap {gap}."
        found.append(Finding("warning", words))
    origin = solution.library.provenance.origin
    if origin in ("modeled", "generated"):
        words = f"The library's figures are {origin}, not measured: check before you rely on them."
        found.append(Finding("note", words))
    return found


def check_known_blocks(context: ExportContext) -> list[Finding]:
    """Refuse blocks that too little is known of, or that have more than this form can say."""
    beyond = sorted({name for block in context.solution.blocks for name in lost(block)})
    more = f"it has {', '.join(beyond)}, which this form cannot say; or " if beyond else ""
    return blocks_found(
        context.solution,
        lambda _, block: not known(block),
        f"{more}{_UNKNOWN}",
        "no blocks of unknown kind",
    )


def check_sized_blocks(context: ExportContext) -> list[Finding]:
    """Refuse blocks that are not told by attention, FFN, kind and size alone."""
    found = check_known_blocks(context)
    beyond = sorted({name for block in context.solution.blocks for name in extras(block)})
    words = f"this form cannot say {', '.join(beyond)}. Export as AnyModel instead."
    return found + blocks_found(
        context.solution,
        lambda _, block: known(block) and bool(extras(block)),
        words,
        "attention and FFN by kind and size only",
    )


def check_parent(context: ExportContext) -> list[Finding]:
    """Refuse a missing parent's configuration, one of a child, and one of another model."""
    parent = context.parent
    if parent is None:
        return [Finding("error", NO_PARENT)]
    found = check_fit(parent, context.solution.library)
    if any(one.severity == "error" for one in found):
        return found
    return [*found, *_check_heads(context, parent), *_warn_of_quantization(parent)]


def check_decilm(context: ExportContext) -> list[Finding]:
    """Refuse what DeciLM cannot say: families unlike Llama, FFN sizes between its steps."""
    parent = context.parent
    if parent is None:
        return []
    step = decilm.WIDTH_STEP
    found = [Finding("error", words) for words in decilm_objections(parent)]
    return found + blocks_found(
        context.solution,
        lambda _, block: (
            block.ffn.size is not None and not decilm.fits(block.ffn.size, parent.hidden)
        ),
        f"the FFN's intermediate size is not a multiple of {step}; DeciLM's readers would round it "
        f"up ({_rounded(context, parent)}), and the weights would not fit.",
        f"FFN sizes that are multiples of {step}",
    )


def check_no_linear(context: ExportContext) -> list[Finding]:
    """Refuse linear subblocks."""
    return blocks_found(
        context.solution,
        lambda _, block: is_linear(block),
        "this target has no linear blocks.",
        "no linear blocks",
    )


def check_no_linear_in_puzzletron(context: ExportContext) -> list[Finding]:
    """Refuse linear subblocks, at which NVIDIA's own block configuration stops."""
    return blocks_found(
        context.solution,
        lambda _, block: is_linear(block),
        LINEAR_IN_PUZZLETRON,
        "no linear blocks",
    )


def check_anymodel(context: ExportContext) -> list[Finding]:
    """Say that weights come from Puzzletron, and which readers there are."""
    hybrid = context.parent is not None and context.parent.model_type == "nemotron_h"
    served = (
        "export for nemotron-h-puzzle to serve it"
        if hybrid
        else "export for vllm instead where the model is Llama-shaped"
    )
    note = (
        "The file alone makes no model: Puzzletron realizes the weights. Released vLLM does not "
        f"read it; {served}."
    )
    return [Finding("note", note)]


def check_per_layer(context: ExportContext) -> list[Finding]:
    """Refuse a parent without sizes that differences could be told from."""
    parent = context.parent
    if parent is None:
        return []
    fields = {
        "num_key_value_heads": parent.kv_heads,
        "intermediate_size": parent.width,
    }
    missing = [field for field, value in fields.items() if not value]
    if missing:
        words = f"{parent.source} does not say {', '.join(missing)}, which differences start from."
        return [Finding("error", words)]
    words = (
        "transformers reads this configuration and builds no model from it: no release has the "
        "modeling for layers of unlike sizes. To serve the model, export for another target."
    )
    return [Finding("warning", words)]


def check_puzzletron(context: ExportContext) -> list[Finding]:
    """Refuse unknown blocks and blocks without weights; say where the others' have to lie."""
    solution = context.solution
    found = blocks_found(
        solution, lambda _, block: not writable(block), _UNKNOWN, "no blocks of unknown kind"
    )
    found += blocks_found(
        solution,
        lambda _, block: lacks_weights(block),
        "the library names no weights for the block. Open the Puzzletron directory that it was "
        "built in.",
        "only blocks with weights" if _has_weights(solution) else "",
    )
    places = range(len(solution.library.layers))
    if [parent_index(solution.library, place) for place in places] != list(places):
        words = "Layers are missing from the library: Puzzletron needs every one from 0 on."
        found.append(Finding("error", words))
    if folder := weights_folder(solution):
        words = f"Puzzletron has to find the weights where the library says: in {folder}."
        found.append(Finding("note", words))
    return found


def _has_weights(solution: Solution) -> bool:
    """Whether the library names weights at all."""
    layers = solution.library.layers
    return any(variant.weight_paths for layer in layers for variant in layer.variants)


def _check_heads(context: ExportContext, parent: ParentConfig) -> list[Finding]:
    return blocks_found(
        context.solution,
        lambda _, block: (
            bool(block.attention.size) and parent.heads % (block.attention.size or 1) > 0
        ),
        f"its KV heads do not divide the parent's {parent.heads} attention heads. Is this the "
        "library's own parent?",
        "KV heads that divide the attention heads",
    )


def _warn_of_quantization(parent: ParentConfig) -> list[Finding]:
    if not parent.content.get("quantization_config"):
        return []
    words = (
        f"{parent.source} says how its weights are quantised (quantization_config), and so does "
        "the file: quantise the new weights alike, or take the field out."
    )
    return [Finding("warning", words)]


def _rounded(context: ExportContext, parent: ParentConfig) -> str:
    """Name the sizes that would be rounded, and to what."""
    widths = {block.ffn.size for block in context.solution.blocks if block.ffn.size is not None}
    pairs = [
        f"{width:,} to {decilm.readers_width(width, parent.hidden):,}"
        for width in sorted(widths)
        if not decilm.fits(width, parent.hidden)
    ]
    return ", ".join(pairs[:4])

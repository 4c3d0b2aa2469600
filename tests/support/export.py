"""A small Llama-shaped model for the tests of what is exported."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping, SubBlock

HIDDEN, HEADS, LAYERS = 1024, 16, 4
NO_OP, LINEAR, OTHER = SubBlock("no_op"), SubBlock("linear"), SubBlock("other")
FOLDER = "/runs/puzzle_dir/ckpts"

LLAMA: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": HIDDEN,
    "intermediate_size": 4096,
    "num_attention_heads": HEADS,
    "num_key_value_heads": 8,
    "num_hidden_layers": LAYERS,
    "head_dim": 64,
    "hidden_act": "silu",
    "max_position_embeddings": 8192,
    "rms_norm_eps": 1e-05,
    "rope_theta": 500000.0,
    "tie_word_embeddings": False,
    "vocab_size": 32000,
    "dtype": "torch.bfloat16",
    "_name_or_path": "/home/someone/model",
}
Subblocks = tuple[SubBlock, SubBlock]
PARENT: Subblocks = (SubBlock("sized", 8), SubBlock("sized", 4096))


def variant(
    name: str, subblocks: Subblocks, score: float, saved: float = 0.0, **more: Any
) -> pw.BlockVariant:
    """Make a variant that saves some of 100 MiB."""
    values = {"metrics.kl_div": score, "stats.memory_mib": 100 - saved, "stats.runtime_ms": 10.0}
    return pw.BlockVariant(name, *subblocks, FrozenMapping(values), **more)


def export_library(
    *others: Subblocks,
    layers: int = LAYERS,
    weights: bool = False,
    parent_config: str = "",
    scores: Sequence[float] = range(12),
) -> pw.BlockLibrary:
    """Make a library whose every layer has the parent's block and these others.

    They save 1, 2, 3 ... of 100 MiB a layer, for these scores.
    """
    rows = []
    for place in range(layers):
        variants = [
            variant(
                _name(subblocks),
                subblocks,
                scores[n],
                n,
                weight_paths=_paths(place, subblocks, weights),
            )
            for n, subblocks in enumerate((PARENT, *others))
        ]
        rows.append(pw.Layer(place, tuple(variants), variants[0].name))
    return pw.BlockLibrary(
        "small",
        tuple(rows),
        pw.Measurement(2, 50),
        provenance=pw.Provenance("measured"),
        parent_config=parent_config,
    )


def chosen(library: pw.BlockLibrary, choice: Sequence[int]) -> pw.Solution:
    """Give the architecture that has these variants by their places, proven by the search."""
    fixed = {
        layer.name: layer.variants[place].name
        for layer, place in zip(library.layers, choice, strict=True)
    }
    return pw.search(pw.SearchProblem(library, minimize="metrics.kl_div", fixed=fixed))


def llama_text(**changes: Any) -> str:
    """Give the parent's configuration as JSON text."""
    return json.dumps(LLAMA | changes)


def _name(subblocks: Subblocks) -> str:
    return " ".join(f"{subblock.kind}-{subblock.size}" for subblock in subblocks)


def _paths(place: int, subblocks: Subblocks, weights: bool) -> tuple[str, ...]:  # noqa: FBT001
    if not weights:
        return ()
    named = zip(("attention", "ffn"), subblocks, strict=True)
    return tuple(
        f"{FOLDER}/some/subblocks_safetensors/block_{place}_{part}.safetensors"
        for part, subblock in named
        if subblock.kind != "no_op"
    )

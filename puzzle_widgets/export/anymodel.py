"""ModelOpt's AnyModel: the parent's configuration with one block configuration a layer."""

from __future__ import annotations

from typing import Any

from puzzle_widgets.errors import ExportError
from puzzle_widgets.export.blocks import LINEAR_IN_PUZZLETRON, block_config, is_linear
from puzzle_widgets.export.parent_config import ParentConfig
from puzzle_widgets.library import BlockVariant
from puzzle_widgets.solution import Solution


def anymodel_config(solution: Solution, parent: ParentConfig) -> dict[str, Any]:
    """Write an architecture as an AnyModel configuration.

    Parameters
    ----------
    solution
        The architecture.
    parent
        Everything that is not of a block comes from here, architecture and sizes for all layers
        among it.

    Raises
    ------
    ExportError
        If too little is known of a block.
    """
    blocks = [written(block) for block in solution.blocks]
    return parent.to_child() | {"num_hidden_layers": len(blocks), "block_configs": blocks}


def written(block: BlockVariant) -> dict[str, Any]:
    """Write one block's configuration.

    Raises
    ------
    ExportError
        If too little is known of it, or it is linear: NVIDIA's own class refuses such blocks.
    """
    if is_linear(block):
        raise ExportError(f"Variant {block.name!r}: {LINEAR_IN_PUZZLETRON} Leave it out.")
    config = block_config(block)
    if config is None:
        raise ExportError(
            f"Variant {block.name!r}: neither its name nor its file says what block it is. "
            "Give its KV heads and its FFN intermediate size in the library."
        )
    return config

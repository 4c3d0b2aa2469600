"""A block of a layer as a run has it, before it is decided what of it can be used."""

from __future__ import annotations

from dataclasses import dataclass

from puzzle_widgets.library.puzzletron.blocks import Block
from puzzle_widgets.library.puzzletron.values import Values


@dataclass(frozen=True)
class Candidate:
    """One block of one layer, with all that was found of it.

    Parameters
    ----------
    layer
        Number of the layer in the parent.
    block, config
        The block, and the text of its config.
    paths
        Files of its weights.
    is_parent
        Whether it is the parent's own block.
    values
        Scores (``metrics.``) and costs (``stats.``) by dotted key; ``None`` where not known.
    """

    layer: int
    block: Block
    config: str
    paths: tuple[str, ...]
    is_parent: bool
    values: Values

    @property
    def words(self) -> str:
        """Layer and block, for a notice."""
        return f"layer {self.layer} {self.block.name!r}"


def ranges(layers: list[int]) -> str:
    """Name layers shortly, such as ``"layer 3"`` or ``"layers 3, 5 to 9"``."""
    word = "layer" if len(set(layers)) == 1 else "layers"
    return f"{word} {_numbers(layers)}"


def _numbers(layers: list[int]) -> str:
    runs: list[list[int]] = []
    for layer in sorted(set(layers)):
        if runs and runs[-1][-1] == layer - 1:
            runs[-1].append(layer)
        else:
            runs.append([layer])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)

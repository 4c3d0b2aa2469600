"""Say the non-block costs: embeddings and head, part of every total."""

from __future__ import annotations

from puzzle_widgets.library.model import BlockLibrary


def non_block_words(library: BlockLibrary) -> str:
    """Say the non-block costs; empty where there are none."""
    parts = [
        f"{library.quantity(key).label} {library.quantity(key).text(value)}"
        for key, value in library.non_block_costs.items()
        if value
    ]
    if not parts:
        return ""
    return f"Every total includes the non-block costs: {', '.join(parts)}."

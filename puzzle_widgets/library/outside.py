"""Say what stands outside the blocks: embeddings and head, part of every total."""

from __future__ import annotations

from puzzle_widgets.library.model import BlockLibrary


def outside_words(library: BlockLibrary) -> str:
    """Say the costs outside the blocks; empty where there are none."""
    parts = [
        f"{library.quantity(key).label} {library.quantity(key).text(value)}"
        for key, value in library.offsets.items()
        if value
    ]
    if not parts:
        return ""
    return f"Every total includes what stands outside the blocks: {', '.join(parts)}."

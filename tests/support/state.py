"""Set a state as it would be in the middle of a search or a fetch."""

from __future__ import annotations

from typing import Any

from puzzle_widgets.state import ExplorerState


def found_so_far(state: ExplorerState, name: str, value: Any) -> None:
    """Make the front, the surface or the decisions be this far, with the search running."""
    answer = getattr(state._store, name)
    answer.value, answer.running = value, True
    state._store.tell()

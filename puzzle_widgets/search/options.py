"""How to search a bare knapsack, whatever engine does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from puzzle_widgets.problem.mckp import FloatArray, IntArray
from puzzle_widgets.search.outcome import Cancelled, Outcome, never


@dataclass(frozen=True, eq=False)
class WarmStart:
    """What an earlier search of a like problem knows: shadow prices (rows,), and a choice."""

    prices: FloatArray | None
    choice: IntArray | None = None


@dataclass(frozen=True, eq=False)
class SearchOptions:
    """How to search.

    Parameters
    ----------
    gap
        Relative gap to stop at; 0 proves the optimum.
    time_limit
        Seconds, or ``None``.
    cancelled
        Asked now and then.
    max_states
        States of the dynamic program beyond which something else is tried; ``None`` for the
        engine's own.
    warm_start
        Knowledge of an earlier search.
    progress
        Called with the best so far and its bound: when a better one is found, and about twice a
        second in a long search.
    settle
        Whether the knapsack's ties are settled, too.
    """

    gap: float = 0.0
    time_limit: float | None = None
    cancelled: Cancelled = never
    max_states: int | None = None
    warm_start: WarmStart | None = None
    progress: Callable[[Outcome], None] | None = None
    settle: bool = False

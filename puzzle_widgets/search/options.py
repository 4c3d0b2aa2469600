"""How to search a bare knapsack, whatever engine does it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

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
    beat
        Choices that score more are of no interest: a search may end once its bound is there.
    """

    gap: float = 0.0
    time_limit: float | None = None
    cancelled: Cancelled = never
    max_states: int | None = None
    warm_start: WarmStart | None = None
    progress: Callable[[Outcome], None] | None = None
    settle: bool = False
    beat: float = math.inf

    def deadline(self) -> float:
        """When time is up for a search that begins now, by :func:`time.monotonic`."""
        return math.inf if self.time_limit is None else time.monotonic() + self.time_limit

    def until(self, deadline: float) -> SearchOptions:
        """The same with only the time that is left until a deadline."""
        if math.isinf(deadline):
            return self
        return replace(self, time_limit=max(0.0, deadline - time.monotonic()))


@dataclass(frozen=True, eq=False)
class Changes:
    """What many knapsacks have of their own, beside a knapsack that they share.

    Parameters
    ----------
    scores
        Scores of each, shape (knapsacks, n).
    lower, upper
        Limits of each, shape (knapsacks, rows).
    forced
        Flat variable index that each must have, shape (knapsacks,).
    weights
        What each weighs the costs of the rows by in level ``level`` of its ties, shape
        (knapsacks, rows): that level is their weighted sum.
    starts
        Warm start of each, in place of the one of the options.
    """

    scores: FloatArray | None = None
    lower: FloatArray | None = None
    upper: FloatArray | None = None
    forced: IntArray | None = None
    weights: FloatArray | None = None
    level: int = 0
    starts: Sequence[WarmStart | None] | None = None

    def __len__(self) -> int:
        return next(len(one) for one in (self.scores, self.upper, self.forced) if one is not None)

    def part(self, begin: int, end: int) -> Changes:
        """Some of them, in their order."""
        return Changes(
            None if self.scores is None else self.scores[begin:end],
            None if self.lower is None else self.lower[begin:end],
            None if self.upper is None else self.upper[begin:end],
            None if self.forced is None else self.forced[begin:end],
            None if self.weights is None else self.weights[begin:end],
            self.level,
            None if self.starts is None else self.starts[begin:end],
        )

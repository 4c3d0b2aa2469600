"""With one budget, one run of the dynamic program gives every nondominated point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from puzzle_widgets.problem.mckp import FloatArray, IntArray
from puzzle_widgets.search.outcome import StoppedError, TooManyStatesError

_BITS = 40


@dataclass(frozen=True, eq=False)
class Points:
    """All nondominated choices by rising use.

    Parameters
    ----------
    use, score
        Sums of each point, shape (points,).
    history
        For each layer and state, the state before times the layer's variants plus the variant.
    widths
        Variants of each layer.
    """

    use: FloatArray
    score: FloatArray
    history: tuple[IntArray, ...]
    widths: tuple[int, ...]

    def places(self, point: int) -> IntArray:
        """A point's choice: one place per layer, shape (layers,)."""
        places = np.zeros(len(self.history), dtype=np.intp)
        for layer in reversed(range(len(self.history))):
            point, places[layer] = divmod(int(self.history[layer][point]), self.widths[layer])
        return places


def all_points(
    scores: list[FloatArray],
    uses: list[FloatArray],
    most_states: int,
    stopped: Callable[[], bool],
) -> Points:
    """Find every nondominated pair of use and score.

    Layer by layer, every state takes every variant; states that use no less and score no better
    than another go (Kellerer, Pferschy, Pisinger, *Knapsack Problems*, ch. 11).

    Parameters
    ----------
    scores, uses
        Of each layer's variants; a variant that is not allowed scores infinity.
    most_states
        Greatest number of points before giving up.
    stopped
        Asked at each layer.

    Returns
    -------
    Points
        None of them where a layer has no variant that is allowed.

    Raises
    ------
    TooManyStatesError, StoppedError
        Where there is no answer.
    """
    grain = 2.0**-_BITS * max(float(sum(np.median(np.abs(use)) for use in uses)), 1e-300)
    use, score, history = np.zeros(1), np.zeros(1), []
    for more_score, more_use in zip(scores, uses, strict=True):
        if stopped():
            raise StoppedError
        useful = np.sort(_nondominated(more_use, more_score, grain))
        if not len(useful):
            return Points(np.zeros(0), np.zeros(0), (), ())
        states = len(use)
        use = (more_use[useful][:, None] + use).ravel()
        score = (more_score[useful][:, None] + score).ravel()
        kept = _nondominated(use, score, grain)
        if len(kept) > most_states:
            raise TooManyStatesError
        use, score = use[kept], score[kept]
        variant, state = np.divmod(kept, states)
        history.append(state * len(more_use) + useful[variant])
    return Points(use, score, tuple(history), tuple(len(s) for s in scores))


def _nondominated(use: FloatArray, score: FloatArray, grain: float) -> IntArray:
    """Indices by rising use; uses that differ by rounding only count as equal.

    Each variant's uses come sorted, so that a sort that merges sorted runs is quick.
    """
    steps = _rounded(use, grain)
    order = np.argsort(steps, kind="stable")
    ordered = score[order]
    best = np.minimum.accumulate(ordered)
    margin = np.where(np.isfinite(best), 1e-12 * np.abs(best), 0.0)
    better = ordered[1:] < (best - margin)[:-1]
    order = order[np.concatenate([[True], better]) & np.isfinite(ordered)]
    if not len(order):
        return order
    last_of_use = np.concatenate([steps[order[1:]] != steps[order[:-1]], [True]])
    return np.asarray(order[last_of_use])


def _rounded(use: FloatArray, grain: float) -> FloatArray:
    """Round to 40 bits of each number, but to no less than a grain: columns can be wide."""
    bits = np.frexp(np.maximum(np.abs(use), grain * 2.0**_BITS))[1] - _BITS
    return np.asarray(np.ldexp(np.round(np.ldexp(use, -bits)), bits))

"""With one budget, one run of the dynamic program gives every nondominated point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from puzzle_widgets.problem.mckp import FloatArray, IntArray
from puzzle_widgets.search.exact.dynamic import StoppedError, TooManyStatesError

_DIGITS = 12


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
        """A point's choice: one place a layer, shape (layers,)."""
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

    Raises
    ------
    TooManyStatesError, StoppedError
        Where there is no answer.
    """
    grain = 10.0**-_DIGITS * max(float(sum(np.abs(use).max() for use in uses)), 1e-300)
    use, score, history = np.zeros(1), np.zeros(1), []
    for more_score, more_use in zip(scores, uses, strict=True):
        if stopped():
            raise StoppedError
        useful = np.sort(_nondominated(more_use, more_score, grain))
        use = (use[:, None] + more_use[useful]).ravel()
        score = (score[:, None] + more_score[useful]).ravel()
        kept = _nondominated(use, score, grain)
        if len(kept) > most_states:
            raise TooManyStatesError
        use, score = use[kept], score[kept]
        state, variant = np.divmod(kept, len(useful))
        history.append(state * len(more_use) + useful[variant])
    return Points(use, score, tuple(history), tuple(len(s) for s in scores))


def _nondominated(use: FloatArray, score: FloatArray, grain: float) -> IntArray:
    """Indices by rising use; uses that differ by rounding only count as equal."""
    order = np.lexsort((score, np.round(use / grain)))
    ordered = score[order]
    best = np.minimum.accumulate(ordered)
    better = ordered[1:] < best[:-1] - 1e-12 * np.abs(best[:-1])
    kept = np.concatenate([[True], better]) & np.isfinite(ordered)
    return np.asarray(order[kept])

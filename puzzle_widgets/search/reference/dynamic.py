r"""Step 5: dynamic programming over the core proves the optimum.

A state is a choice for the layers so far: the use of each budget and the sum of reduced scores.
A state goes when

- no completion keeps a limit, or its excess must come out above :math:`\Delta`;
- another state uses as much of everything and scores no worse (with one budget: uses no more).

The least excess that a completion can have is bounded by a *fan* of multipliers around the best
ones: for any :math:`\delta \ge -\lambda`, a state with sum :math:`r` and budget :math:`b` left
ends with an excess of at least :math:`r + \sum_i \min_j (r_{ij} + \delta c_{ij}) - \delta b`,
which is the Lagrangian bound of the layers to come at :math:`\lambda + \delta`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from puzzle_widgets.problem.mckp import FloatArray, IntArray
from puzzle_widgets.search.outcome import StoppedError, TooManyStatesError
from puzzle_widgets.search.reference.core import Core, CoreLayer
from puzzle_widgets.search.reference.form import LAST_DIGITS

_STEPS = (-1.0, -0.3, -0.1, -0.03, 0.03, 0.1, 0.3, 2.0)
_TRADES = (-0.3, -0.1, -0.03, 0.03, 0.1, 0.3)
SAME = 1e-11
EQUAL_USE = 1e-13
# So few states cost less than finding out which of them are needless.
_FEW = 64
_MOST_ASKED = 2_000


@dataclass(frozen=True, eq=False)
class Least:
    """Answer of the dynamic program.

    Parameters
    ----------
    choice
        One place per layer; ``None`` where no choice has so small an excess.
    excess
        Its excess; infinite without one.
    states
        Most states that there were at a layer.
    tied
        Whether another choice may have the same excess.
    """

    choice: IntArray | None
    excess: float
    states: int
    tied: bool = False


@dataclass(frozen=True, eq=False)
class _States:
    """Choices for the layers so far, in lexicographic order.

    ``use`` (n, rows), ``reduced`` (n,), and ``origin`` (n,): index of the state before times the
    layer's variants, plus the variant.
    """

    use: FloatArray
    reduced: FloatArray
    origin: IntArray


def least_excess(
    core: Core,
    multipliers: FloatArray,
    excess: float,
    cap: int,
    stopped: Callable[[], bool],
    broken: Callable[[IntArray], bool] | None = None,
) -> Least:
    """Find a choice of least excess, if there is one of at most ``excess``.

    Parameters
    ----------
    core, multipliers
        Layers and variants left, and the bound's multipliers, shape (rows,).
    excess, cap
        Greatest excess of interest; greatest number of states before giving up.
    stopped
        Asked at each layer.
    broken
        Whether a choice, one place per layer, breaks a limit after all. No state is then dropped
        for another one, and choices are asked about in turn.

    Returns
    -------
    Least
        Of choices of equal excess the lexicographically first in the core's order.

    Raises
    ------
    TooManyStatesError, StoppedError
        Where nothing is decided.
    """
    same = _rounding(core, multipliers, excess)
    allowed = excess + same
    fan, repeats = fan_of(multipliers), broken is None and _uses_repeat(core)
    bounds = _bounds_of_rest(core, fan) - fan @ core.left
    states = _nothing_chosen(len(multipliers))
    history: list[npt.NDArray[np.int32]] = []
    most, tied = 1, False
    for place, layer in enumerate(core.layers):
        if stopped():
            raise StoppedError
        states = _extend(states, layer, allowed, cap)
        if repeats and len(states.reduced) > _FEW:
            states, ties = _undominated(states, multipliers, same)
            tied |= ties
        states = _promising(states, fan, bounds[place + 1], allowed)
        most = max(most, len(states.reduced))
        if not len(states.reduced):
            return Least(None, np.inf, most)
        history.append(states.origin.astype(np.int32))
    if broken is not None:
        return _first_whole(
            core, history, _excesses(states, core.left, multipliers, allowed), broken
        )
    state, excess, alone = _best(_excesses(states, core.left, multipliers, allowed), same)
    if not np.isfinite(excess):
        return Least(None, np.inf, most)
    return Least(_traced(core, history, state), excess, most, tied or not alone)


def _nothing_chosen(rows: int) -> _States:
    return _States(np.zeros((1, rows)), np.zeros(1), np.zeros(1, dtype=np.intp))


def fan_of(multipliers: FloatArray) -> FloatArray:
    """Changes of the multipliers to bound with, shape (f, rows); the first is no change."""
    rows = len(multipliers)
    if not rows:
        return np.zeros((1, 0))
    units = np.diag(np.maximum(multipliers, 0.05 * max(float(multipliers.max()), SAME)))
    single = [step * unit for unit in units for step in _STEPS]
    joint = [step * units.sum(axis=0) for step in _STEPS] if rows > 1 else []
    trades = [step * (one - two) for one, two in combinations(units, 2) for step in _TRADES]
    fan = np.array([np.zeros(rows), *single, *joint, *trades])
    return np.asarray(np.maximum(fan, -multipliers))


def _bounds_of_rest(core: Core, fan: FloatArray) -> FloatArray:
    """For each depth, the fan's bounds on the layers to come, shape (layers + 1, f)."""
    bounds = np.zeros((len(core.layers) + 1, len(fan)))
    if core.layers:
        priced = core.reduced[:, None] + np.einsum("vq,fq->vf", core.cost, fan)
        least = np.minimum.reduceat(priced, core.starts)
        bounds[:-1] = np.cumsum(least[::-1], axis=0)[::-1]
    return bounds


def _extend(states: _States, layer: CoreLayer, allowed: float, cap: int) -> _States:
    """Give every state every variant of the next layer, within the excess allowed."""
    count = len(layer.reduced)
    if len(states.reduced) * count > 8 * cap:
        raise TooManyStatesError
    reduced = (states.reduced[:, None] + layer.reduced).ravel()
    origin = np.flatnonzero(reduced <= allowed)
    if len(origin) > cap:
        raise TooManyStatesError
    use = states.use[origin // count] + layer.cost[origin % count]
    return _States(use, reduced[origin], origin)


def _uses_repeat(core: Core) -> bool:
    """Whether states can dominate one another often: one budget, or costs that layers share."""
    if core.left.size == 1 or not core.layers:
        return True
    # Most layers have a variant that costs nothing, which says little.
    costs = core.cost[core.cost.any(axis=1)].round(12)
    marks = (costs * weights(costs.shape[1])).sum(axis=1)
    return len(np.unique(marks)) < len(marks)


def weights(rows: int) -> FloatArray:
    """Weights that give different costs different sums, all but never the same one."""
    return np.asarray(np.sqrt(np.arange(2.0, rows + 2.0)) * np.e)


def _undominated(states: _States, multipliers: FloatArray, same: float) -> tuple[_States, bool]:
    """Drop states that another one makes needless, and tell whether some of them were as good.

    Of states as good as each other the lexicographically first stays.
    """
    if len(states.reduced) < 2:
        return states, False
    if states.use.shape[1] == 1:
        kept, tied = _undominated_by_one(states, multipliers, same)
    else:
        kept, tied = _best_of_equal_use(states, same)
    return _taken(states, np.sort(kept)), tied


def _undominated_by_one(
    states: _States, multipliers: FloatArray, same: float
) -> tuple[IntArray, bool]:
    """With one budget: a state that uses no more and scores better makes another needless.

    So does one that scores the same and comes first.
    """
    use, score = states.use[:, 0], states.reduced - multipliers[0] * states.use[:, 0]
    order = np.lexsort((score, use))
    least = np.concatenate([[np.inf], np.minimum.accumulate(score[order])[:-1]])
    as_good = score[order] <= least + same
    order, better = order[as_good], (score[order] < least - same)[as_good]
    # Negative by group, so that the running minimum starts anew with each better score.
    place = order - np.cumsum(better) * len(use)
    first = np.concatenate([[True], place[1:] < np.minimum.accumulate(place)[:-1]])
    return order[first], not first.all()


def _best_of_equal_use(states: _States, same: float) -> tuple[IntArray, bool]:
    """With several budgets: among states of equal use the best is enough."""
    mark = np.round(np.einsum("sq,q->s", states.use, weights(states.use.shape[1])), 9)
    order = np.lexsort((states.reduced, mark))
    alike = np.flatnonzero(mark[order[1:]] == mark[order[:-1]])
    if not alike.size:
        return order, False
    # Different uses can have one mark, so equality is asked of the uses themselves.
    apart = np.abs(states.use[order[alike + 1]] - states.use[order[alike]])
    alike = alike[(apart <= EQUAL_USE).all(axis=1)]
    return firsts(order, alike, states.reduced, same)


def firsts(
    order: IntArray, alike: IntArray, reduced: FloatArray, same: float
) -> tuple[IntArray, bool]:
    """Of runs of states the first as good as the best; ``alike``: places that the next joins."""
    head = np.ones(len(order), dtype=np.bool_)
    head[alike + 1] = False
    heads, ordered = np.flatnonzero(head), reduced[order]
    tied = ordered[alike + 1] <= ordered[alike] + same
    if not tied.any():
        return order[heads], False
    least = ordered[heads][np.cumsum(head) - 1]
    places = np.where(ordered <= least + same, order, len(order))
    return np.minimum.reduceat(places, heads), True


def _promising(states: _States, fan: FloatArray, bounds: FloatArray, allowed: float) -> _States:
    """Keep states that some completion may bring within the limits and the excess allowed.

    ``bounds``, shape (f,): on the layers to come, less what the fan pays for the budget left.
    """
    least = (np.einsum("fq,sq->fs", fan, states.use) + bounds[:, None]).max(axis=0)
    return _taken(states, np.flatnonzero(least <= allowed - states.reduced))


def _taken(states: _States, kept: IntArray) -> _States:
    return _States(states.use[kept], states.reduced[kept], states.origin[kept])


def _excesses(
    states: _States, left: FloatArray, multipliers: FloatArray, allowed: float
) -> FloatArray:
    """Excess of each state as a whole choice; infinite beyond the limits or what is allowed."""
    excess = states.reduced + np.einsum("sq,q->s", left - states.use, multipliers)
    within = (states.use <= left).all(axis=1) & (excess <= allowed)
    return np.where(within, excess, np.inf)


def _best(excess: FloatArray, same: float) -> tuple[int, float, bool]:
    """First state of least excess, that excess, and if it is alone."""
    least = float(excess.min())
    as_good = np.flatnonzero(excess <= least + same)
    return int(as_good[0]), least, len(as_good) == 1


def _first_whole(
    core: Core,
    history: list[npt.NDArray[np.int32]],
    excess: FloatArray,
    broken: Callable[[IntArray], bool],
) -> Least:
    """The choice of least excess that breaks nothing; others may be as good."""
    order = np.argsort(excess, kind="stable")[: np.isfinite(excess).sum()]
    for state in order[:_MOST_ASKED]:
        choice = _traced(core, history, int(state))
        if not broken(choice):
            return Least(choice, float(excess[state]), len(excess), tied=True)
    if len(order) > _MOST_ASKED:
        raise TooManyStatesError
    return Least(None, np.inf, len(excess))


def _rounding(core: Core, multipliers: FloatArray, excess: float) -> float:
    """Difference that rounding can make in an excess: large where the summands are."""
    largest = np.abs(core.left)
    if core.layers:
        largest = largest + np.maximum.reduceat(core.cost, core.starts).sum(axis=0)
    return SAME + LAST_DIGITS * (10 * excess + float(multipliers @ largest))


def _traced(core: Core, history: list[npt.NDArray[np.int32]], state: int) -> IntArray:
    """Follow a state back to its choice, one place per layer."""
    choice = core.fixed.copy()
    for layer, origin in zip(reversed(core.layers), reversed(history), strict=True):
        state, variant = divmod(int(origin[state]), len(layer.reduced))
        choice[layer.layer] = layer.places[variant]
    return choice

"""Architectures that score nearly as well as an optimum, and are as unlike it as can be."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from puzzle_widgets.problem.mckp import FloatArray, IntArray, Mckp, to_architecture, to_choice
from puzzle_widgets.search.engine import solve
from puzzle_widgets.search.options import SearchOptions, WarmStart
from puzzle_widgets.search.outcome import Cancelled, never
from puzzle_widgets.solution import Solution
from puzzle_widgets.solution.solution import evaluate, proven_by

_NEAR = "near the optimum"
_SECONDS_EACH = 2.0
_WHOLE = 1e-6
_HEAVIEST, _HALVINGS, _SECONDS_WEIGHED = 16.0, 8, 0.5


class Unlike(NamedTuple):
    """Some architectures that differ from each other in many layers.

    Parameters
    ----------
    solutions
        The optimum first, the others as they were found; with the optimum's score for a bound.
    most
        Nothing that is near enough differs from the optimum in more layers than this; proven.
    """

    solutions: tuple[Solution, ...]
    most: int


def search_unlike(
    optimum: Solution,
    allowance: float,
    count: int,
    *,
    seconds_each: float = _SECONDS_EACH,
    cancelled: Cancelled = never,
) -> Unlike:
    """Find architectures that are near an optimum and share as few of its blocks as can be.

    Each is a search of its own: the score becomes a row, and what is made small is how often its
    blocks occur in those found before (hop, skip, jump: E. D. Brill, S.-Y. Chang and
    L. D. Hopkins, *Management Science* 28, 1982). The second is the farthest from the optimum.

    Parameters
    ----------
    optimum
        A proven one.
    allowance
        How much worse the others may score.
    count
        How many to give at most, the optimum among them.
    seconds_each
        Time limit of each search, in seconds; what it has by then is taken.
    cancelled
        Asked now and then; true ends it with what there is.
    """
    mckp = _near(optimum, allowance)
    choices, most = [optimum.choice], mckp.layers
    found = [optimum]
    while len(choices) < count and not cancelled():
        used = np.bincount(np.concatenate(choices), minlength=len(mckp.score)).astype(np.float64)
        begin = _weighed(optimum, mckp, used, cancelled)
        options = SearchOptions(
            time_limit=seconds_each, cancelled=cancelled, warm_start=WarmStart(None, begin)
        )
        outcome = solve(replace(mckp, score=used), options)
        if len(choices) == 1:
            most = _most_layers(mckp, outcome.bound)
        if outcome.choice is None or _is_known(outcome.choice, choices):
            break
        choices.append(outcome.choice)
        found.append(_named(optimum, outcome.choice, outcome.engine))
    return Unlike(tuple(found), most)


def _near(optimum: Solution, allowance: float) -> Mckp:
    """The problem's knapsack with its score for one more row."""
    mckp = optimum.problem.mckp
    best = float(mckp.score[to_choice(optimum.library, optimum.architecture or {})].sum())
    return replace(
        mckp,
        cost=np.vstack([mckp.cost, mckp.score]),
        lower=np.append(mckp.lower, -math.inf),
        upper=np.append(mckp.upper, best + allowance),
        rows=(*mckp.rows, _NEAR),
        ties=None,
    )


def _weighed(optimum: Solution, near: Mckp, used: FloatArray, cancelled: Cancelled) -> IntArray:
    """A choice that is near and shares little: the best by score and shared blocks, weighed.

    The greatest weight is sought by halving whose choice is still near enough. Each is a search
    within the problem's own rows, and easy; what it finds is where the harder search begins.
    """
    mckp = replace(optimum.problem.mckp, ties=None)
    limit = float(near.upper[-1])
    found = optimum.choice
    low, high = 0.0, _HEAVIEST * max(limit - float(mckp.score[found].sum()), 0.0)
    options = SearchOptions(time_limit=_SECONDS_WEIGHED, cancelled=cancelled)
    for _ in range(_HALVINGS):
        weight = (low + high) / 2
        choice = solve(replace(mckp, score=mckp.score + weight * used), options).choice
        if choice is not None and float(mckp.score[choice].sum()) <= limit:
            low, found = weight, choice
        else:
            high = weight
    return found


def _most_layers(mckp: Mckp, least_shared: float) -> int:
    shared = math.ceil(least_shared - _WHOLE) if math.isfinite(least_shared) else 0
    return mckp.layers - max(shared, 0)


def _is_known(choice: IntArray, choices: list[IntArray]) -> bool:
    return any(np.array_equal(choice, other) for other in choices)


def _named(optimum: Solution, choice: IntArray, engine: str) -> Solution:
    architecture = to_architecture(optimum.library, choice)
    return proven_by(evaluate(optimum.problem, architecture), optimum, engine)

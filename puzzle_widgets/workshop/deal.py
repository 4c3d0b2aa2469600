"""Deals a game: a few layers of a library with a few variants each, and budgets that bite."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary, BlockVariant, FrozenMapping, Layer
from puzzle_widgets.library.model import FloatArray
from puzzle_widgets.library.quantity import MEMORY, RUNTIME
from puzzle_widgets.library.sense import Goal, score_sense
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.problem.budget import check_key
from puzzle_widgets.reasons import lp_bound
from puzzle_widgets.solution import Solution, search

MOST_ARCHITECTURES = 2_000_000
"""More are not counted one by one while somebody waits."""
_FIRST, _STEP = (0.4, 0.6), 0.05
_LEAST_SHARE = 0.005
_SAME = 1e-9


@dataclass(frozen=True, eq=False)
class Deal:
    """One game's layers and budgets.

    Parameters
    ----------
    number
        Seed that it was dealt by; the same number of the same library deals the same.
    problem
        What is to be solved: a small library, its objective and budgets.
    """

    number: int
    problem: SearchProblem

    @property
    def library(self) -> BlockLibrary:
        """The layers and variants that were dealt."""
        return self.problem.library

    @cached_property
    def solution(self) -> Solution:
        """The optimum, proven."""
        return search(self.problem)

    @cached_property
    def bound(self) -> float:
        """The LP bound, in the objective's unit."""
        return lp_bound(self.problem)

    @property
    def architectures(self) -> int:
        """How many there are, within the budgets or not."""
        return math.prod(len(layer.variants) for layer in self.library.layers)

    @cached_property
    def feasible_scores(self) -> FloatArray:
        """Minimized scores of all architectures within the budgets, ascending."""
        within = np.ones(self.architectures, dtype=bool)
        for key, budget in self.problem.budgets.items():
            within &= all_sums(self.library, key) <= budget.upper * (1 + _SAME)
        scores = self.problem.sign * all_sums(self.library, self.problem.objective)[within]
        return np.sort(scores)


def all_sums(library: BlockLibrary, key: str) -> FloatArray:
    """Sum a score or cost over every architecture; the last layer's variant changes fastest.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> small = deal(pw.load_library("stdlib-2m-measured"), layers=2, variants=3).library
    >>> len(all_sums(small, "stats.memory_mib"))
    9
    """
    sums = np.array([library.non_block_cost(key)])
    for own in np.split(library.column(key), library.starts[1:-1]):
        sums = np.add.outer(sums, own).ravel()
    return sums


def deal(
    library: BlockLibrary,
    number: int = 0,
    *,
    layers: int = 8,
    variants: int = 4,
    objective: str = "",
    goal: Goal | None = None,
    resources: Sequence[str] = (),
) -> Deal:
    """Draw layers, variants and budgets by chance.

    Parameters
    ----------
    library
        Where they are drawn from.
    number
        Seed of the draw.
    layers, variants
        How many layers, and how many variants of each at most: the parent's and some that take
        less.
    objective, goal
        Score to sum, and which way it is better; by default the first, and what the library tells.
    resources
        Costs to limit; by default memory and runtime, or what there is.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> dealt = deal(pw.load_library("stdlib-2m-measured"), 3)
    >>> dealt.architectures, len(dealt.problem.budgets), dealt.solution.status
    (65536, 2, 'optimal')
    """
    objective, goal = _objective(library, objective, goal)
    resources = tuple(resources) or _resources(library)
    for key in resources:
        check_key(library, key, "A budget")
    layers = _check_size(library, layers, variants)
    rng = np.random.default_rng([number, layers, variants])
    places = np.sort(rng.choice(len(library.layers), layers, replace=False))
    keys = (objective, *resources)
    signs = np.array([1.0 if goal == "minimize" else -1.0, *[1.0] * len(resources)])
    drawn = tuple(_draw(library.layers[place], keys, signs, variants, rng) for place in places)
    small = replace(library, layers=drawn, non_block_costs=FrozenMapping(), notes=())
    return Deal(number, _with_budgets(small, objective, goal, resources, rng))


def _check_size(library: BlockLibrary, layers: int, variants: int) -> int:
    """Number of layers to deal; refuses more than can be counted."""
    if layers < 1 or variants < 2:
        raise ProblemError(
            f"A game of {layers} layers with {variants} variants: give at least 1 and 2."
        )
    layers = min(layers, len(library.layers))
    if variants**layers > MOST_ARCHITECTURES:
        raise ProblemError(
            f"{layers} layers of {variants} variants make more than {MOST_ARCHITECTURES:,} "
            "architectures, too many to rank. Deal fewer of either."
        )
    return layers


def _objective(library: BlockLibrary, objective: str, goal: Goal | None) -> tuple[str, Goal]:
    if not (objective or library.scores):
        raise ProblemError(f"{library.name} has no score. Name what to minimize or maximize.")
    objective = check_key(library, objective or library.scores[0], "An objective")
    sense = score_sense(library, objective) if goal is None else None
    found = goal or (sense.goal if sense else None)
    if found is None:
        raise ProblemError(f"{sense.reason if sense else ''} Say minimize= or maximize=.")
    return objective, found


def _resources(library: BlockLibrary) -> tuple[str, ...]:
    usual = tuple(key for key in (MEMORY, RUNTIME) if key in library.costs)
    found = usual or library.costs[:2]
    if not found:
        raise ProblemError(f"{library.name} has no costs, so that there is nothing to limit.")
    return found


def _draw(
    layer: Layer,
    keys: Sequence[str],
    signs: FloatArray,
    most: int,
    rng: np.random.Generator,
) -> Layer:
    """The parent's variant, and others by chance from what takes much to what takes little."""
    own = layer.parent_variant
    figures = {one.name: signs * [one.values[key] for key in keys] for one in layer.variants}
    better = [one for one in layer.variants if _useful(figures[one.name], figures, own.name)]
    better.sort(key=lambda one: (-one.values[keys[1]], one.name))
    parts = [part for part in np.array_split(np.arange(len(better)), most - 1) if len(part)]
    chosen: list[BlockVariant] = [better[int(rng.choice(part))] for part in parts]
    return replace(layer, variants=(own, *chosen))


def _useful(mine: FloatArray, figures: dict[str, FloatArray], own: str) -> bool:
    """Whether it saves something against the parent's, and no other is as good in all."""
    if not (mine[1:] < figures[own][1:]).any():
        return False
    return not any((it <= mine).all() and (it < mine).any() for it in figures.values())


def _with_budgets(
    small: BlockLibrary,
    objective: str,
    goal: Goal,
    resources: Sequence[str],
    rng: np.random.Generator,
) -> SearchProblem:
    """Limits between the least and the parent's, loosened until enough architectures are left."""
    sums = {key: all_sums(small, key) for key in resources}
    shares = dict(zip(resources, rng.uniform(*_FIRST, len(resources)), strict=True))
    while True:
        limits = {key: _limit(small, key, share) for key, share in shares.items()}
        within = np.all([sums[key] <= limit for key, limit in limits.items()], axis=0)
        if within.mean() >= _LEAST_SHARE or min(shares.values()) >= 1:
            break
        shares = {key: share + _STEP for key, share in shares.items()}
    smaller = goal == "minimize"
    return SearchProblem(
        small,
        minimize=objective if smaller else None,
        maximize=None if smaller else objective,
        budgets=limits,
    )


def _limit(small: BlockLibrary, key: str, share: float) -> float:
    """A limit this far from the least to the parent's, rounded up to three digits."""
    least, own = small.total_range(key)[0], small.parent_totals[key]
    exact = least + min(share, 1.0) * (own - least)
    if not exact:
        return 0.0
    digit = 10.0 ** (math.floor(math.log10(abs(exact))) - 2)
    return float(f"{math.ceil(exact / digit) * digit:.12g}")

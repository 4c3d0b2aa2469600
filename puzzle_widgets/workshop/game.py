"""A game against the solver: what a player has chosen, and what is to be said of it.

A :class:`Game` never changes; actions give the next one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockVariant, LayerName
from puzzle_widgets.library.model import FloatArray
from puzzle_widgets.library.quantity import Quantity
from puzzle_widgets.solution.solution import STATUS_WORDS
from puzzle_widgets.workshop.deal import Deal

_SAME = 1e-9


@dataclass(frozen=True, eq=False)
class Game:
    """A deal, the variant chosen in each of its layers, and whether the optimum was shown.

    Parameters
    ----------
    deal
        What is played.
    choice
        Place of each layer's variant among those dealt.
    revealed
        Whether the proof has been asked for.
    best
        The best score reached within the budgets so far, in the objective's unit.
    """

    deal: Deal
    choice: tuple[int, ...]
    revealed: bool = False
    best: float | None = None

    @property
    def blocks(self) -> tuple[BlockVariant, ...]:
        """The chosen variants."""
        layers = self.deal.library.layers
        return tuple(
            layer.variants[place] for layer, place in zip(layers, self.choice, strict=True)
        )

    @property
    def architecture(self) -> dict[LayerName, str]:
        """The chosen variants by name."""
        layers = self.deal.library.layers
        return {layer.name: one.name for layer, one in zip(layers, self.blocks, strict=True)}

    @property
    def score(self) -> float:
        """Summed score, in the objective's unit."""
        return self.deal.library.totals(self.architecture)[self.deal.problem.objective]

    @property
    def uses(self) -> tuple[Use, ...]:
        """What each budget has to bear."""
        totals, library = self.deal.library.totals(self.architecture), self.deal.library
        budgets = self.deal.problem.budgets.items()
        return tuple(Use(library.quantity(key), totals[key], one.upper) for key, one in budgets)

    @property
    def within(self) -> bool:
        """Whether every budget holds."""
        return not any(use.over for use in self.uses)


@dataclass(frozen=True)
class Use:
    """How much of a budget is taken.

    Parameters
    ----------
    quantity
        The cost: its label and unit.
    total, limit
        Sum and limit, in its unit.
    """

    quantity: Quantity
    total: float
    limit: float

    @property
    def over(self) -> bool:
        """Whether it is more than the limit."""
        return self.total > self.limit * (1 + _SAME)

    @property
    def share(self) -> float:
        """Part of the limit; infinite where the limit is 0 and something is taken."""
        return self.total / self.limit if self.limit else (math.inf if self.total else 0.0)

    @property
    def words(self) -> str:
        """Say sum, limit, and what is left or missing."""
        left = f"{self.quantity.text(abs(self.limit - self.total))}"
        sums = f"{self.quantity.text(self.total)} of {self.quantity.text(self.limit)}"
        return f"{sums}, {left} {'too much' if self.over else 'to spare'}"


@dataclass(frozen=True)
class Standing:
    """Where a player's architecture stands among all within the budgets.

    Parameters
    ----------
    rank
        1 for the best; those of the same score share one. ``None`` where a budget is broken.
    feasible, architectures
        How many are within the budgets, of how many; counted one by one.
    excess
        How much worse it is than the optimum, in the objective's unit.
    """

    rank: int | None
    feasible: int
    architectures: int
    excess: float

    @property
    def words(self) -> str:
        """Say the rank."""
        among = (
            f"{self.feasible:,} architectures within the budgets, of {self.architectures:,} in all"
        )
        if self.rank is None:
            return f"No rank: yours breaks a budget. There are {among}."
        best = " You have beaten everybody, and met the solver." if self.rank == 1 else ""
        return f"Yours is number {self.rank:,} of {among}.{best}"


def start(deal: Deal) -> Game:
    """Begin with the parent's blocks.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> from puzzle_widgets.workshop.deal import deal
    >>> game = start(deal(pw.load_library("stdlib-2m-measured")))
    >>> game.choice, game.within
    ((0, 0, 0, 0, 0, 0, 0, 0), False)
    """
    return Game(deal, (0,) * len(deal.library.layers))


def choose(game: Game, layer: int, variant: int) -> Game:
    """Take a variant in a layer, both by their places.

    Raises
    ------
    ProblemError
        If there is no such layer or variant.
    """
    layers = game.deal.library.layers
    if not (0 <= layer < len(layers) and 0 <= variant < len(layers[layer].variants)):
        raise ProblemError(f"There is no variant {variant} of layer number {layer} in this game.")
    choice = (*game.choice[:layer], variant, *game.choice[layer + 1 :])
    return _with_best(replace(game, choice=choice))


def begin_again(game: Game) -> Game:
    """Go back to the parent's blocks; what was shown and reached stays known."""
    return replace(game, choice=start(game.deal).choice)


def _with_best(game: Game) -> Game:
    sign = game.deal.problem.sign
    if not game.within or (game.best is not None and sign * game.best <= sign * game.score):
        return game
    return replace(game, best=game.score)


def reveal(game: Game) -> Game:
    """Show the optimum and its proof."""
    return replace(game, revealed=True)


def take_optimum(game: Game) -> Game:
    """Choose the optimum's blocks, once it was shown."""
    found = game.deal.solution.architecture
    if not game.revealed or found is None:
        raise ProblemError("The optimum is not shown yet.")
    layers = game.deal.library.layers
    return replace(game, choice=tuple(layer.positions[found[layer.name]] for layer in layers))


def standing(game: Game) -> Standing:
    """Rank a game among all architectures within its budgets.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> from puzzle_widgets.workshop.deal import deal
    >>> game = reveal(start(deal(pw.load_library("stdlib-2m-measured"))))
    >>> standing(game).rank, standing(take_optimum(game)).rank
    (None, 1)
    """
    deal = game.deal
    scores, sign = deal.feasible_scores, deal.problem.sign
    mine = sign * game.score
    same = _SAME * max(abs(mine), float(np.ptp(scores)) if len(scores) else 0.0)
    better = int(np.searchsorted(scores, mine - same))
    rank = better + 1 if game.within else None
    excess = mine - sign * deal.solution.score
    return Standing(rank, len(scores), deal.architectures, 0.0 if abs(excess) <= same else excess)


def proof_words(game: Game) -> tuple[str, ...]:
    """Say why nothing within the budgets is better, a sentence each."""
    deal, quantity = game.deal, game.deal.library.quantity(game.deal.problem.objective)
    found = deal.solution
    if not found.found:
        return (f"No architecture is within the budgets. {found.reason}",)
    side = "below" if deal.problem.goal == "minimize" else "above"
    status, gap = STATUS_WORDS[found.status], found.gap_text
    optimum = f"{quantity.label} {quantity.text(found.score)}"
    bound = (
        f"LP bound: {quantity.text(deal.bound)}. Nothing within the budgets can lie {side} it; the "
        "search rules out the rest between bound and optimum."
    )
    return f"The optimum: {optimum} ({status}, optimality gap {gap}).", bound


def hint(game: Game) -> str:
    """Point at a layer to look at, not at a block.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> from puzzle_widgets.workshop.deal import deal
    >>> hint(start(deal(pw.load_library("stdlib-2m-measured"))))
    'Over a budget. Look at layer ...: there saving costs the score least.'
    """
    names = [layer.name for layer in game.deal.library.layers]
    if not game.within:
        place = _cheapest_saving(game)
        if place is None:
            return "Over a budget, and no single block saves any more. Begin again."
        return f"Over a budget. Look at layer {names[place]}: there saving costs the score least."
    for many in (1, 2):
        found = _improvement(game, many)
        if found is not None:
            where = " and ".join(str(names[place]) for place in found)
            one = "has a better block that still fits" if many == 1 else "can trade"
            layers = "Layer" if many == 1 else "No single block helps, but two: layers"
            return f"{layers} {where} {one}."
    return "No change of one or two blocks helps. Is it the optimum? The proof would tell."


def _changes(game: Game, place: int) -> tuple[FloatArray, FloatArray]:
    """Of each variant of a layer: how much worse the score, how much more of each budget."""
    layer, problem = game.deal.library.layers[place], game.deal.problem
    keys = (problem.objective, *problem.budgets)
    figures = np.array([[one.values[key] for key in keys] for one in layer.variants])
    figures = figures - figures[game.choice[place]]
    return problem.sign * figures[:, 0], figures[:, 1:]


def _cheapest_saving(game: Game) -> int | None:
    """Layer of the block that costs the score least for what it saves of broken budgets."""
    limits = np.array([use.limit or 1.0 for use in game.uses])
    over = np.array([max(0.0, use.total - use.limit) for use in game.uses])
    best, found = math.inf, None
    for place in range(len(game.choice)):
        worse, more = _changes(game, place)
        left = np.maximum(0.0, over + more)
        saved = ((over - left) / limits).sum(axis=1)
        useful = saved > _SAME
        rate = np.where(useful, worse / np.where(useful, saved, 1.0), math.inf)
        if rate.min() < best:
            best, found = float(rate.min()), place
    return found


def _improvement(game: Game, many: int) -> tuple[int, ...] | None:
    """Layers in which so many other blocks together are better and within the budgets."""
    room = np.array([use.limit * (1 + _SAME) - use.total for use in game.uses])
    least = _SAME * max(abs(game.score), _SAME)
    best, found = -least, None
    for places in combinations(range(len(game.choice)), many):
        worse, more = np.zeros(1), np.zeros((1, len(room)))
        for place in places:
            own, own_more = _changes(game, place)
            worse = np.add.outer(worse, own).ravel()
            more = (more[:, None, :] + own_more[None, :, :]).reshape(len(worse), -1)
        fits = np.where((more <= room).all(axis=1), worse, math.inf)
        if fits.min() < best:
            best, found = float(fits.min()), places
    return found

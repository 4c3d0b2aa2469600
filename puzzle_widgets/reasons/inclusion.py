"""Inclusion costs: how much worse the best architecture gets if one block must be in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from puzzle_widgets.deferred import pd
from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import LayerName
from puzzle_widgets.library.model import FloatArray, IntArray
from puzzle_widgets.library.tables import to_frame
from puzzle_widgets.library.tables.frame import write_subblock
from puzzle_widgets.problem import SearchProblem, check_problem
from puzzle_widgets.problem.mckp import BoolArray, to_choice
from puzzle_widgets.reasons.bounds import relax
from puzzle_widgets.reasons.words import Told, label_of, listed, score_words
from puzzle_widgets.search.engine import solve_many
from puzzle_widgets.search.options import Changes, SearchOptions
from puzzle_widgets.search.outcome import Cancelled, never
from puzzle_widgets.solution import Solution, search

# Scores that differ by less than this share of the optimum are equal: the order of adding differs.
_SAME = 1e-9


@dataclass(frozen=True, eq=False, repr=False)
class InclusionCosts(Told):
    """What each block would cost the score, if it had to be chosen.

    Parameters
    ----------
    solution
        The optimum that the costs are counted from.
    costs
        How much worse the best architecture with each variant scores, in the objective's unit and
        never below 0, in the order of ``library.column``, shape (variants in all,). Infinite where
        no architecture within the budgets and rules has the variant; NaN where none was found in
        time.
    least
        A proven lower bound of each cost; the cost itself where that is proven.
    proven
        Whether each cost is proven.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
    ... )
    >>> found = pw.inclusion_costs(problem)
    >>> found.cost(0, found.solution.architecture[0]), bool(found.proven.all())
    (0.0, True)
    >>> print(found.sentences[0])
    All 432 inclusion costs are proven, against a summed KL divergence of 0.03499 nats/byte.
    """

    solution: Solution
    costs: FloatArray
    least: FloatArray
    proven: BoolArray

    @property
    def problem(self) -> SearchProblem:
        """What was asked."""
        return self.solution.problem

    def cost(self, layer: LayerName, variant: str) -> float:
        """Cost of one variant, by its name, its label or ``"parent"``."""
        return float(self.costs[self._place(layer, variant)])

    def reason(self, layer: LayerName, variant: str) -> str:
        """Why a variant has no cost; empty where it has one."""
        return self._reason(self._place(layer, variant))

    def _reason(self, place: int) -> str:
        if math.isfinite(self.costs[place]):
            return ""
        if math.isnan(self.costs[place]):
            least = score_words(self.problem, float(self.least[place]))
            return f"not found in time; at least {least}"
        layer, name = self._names(place)
        if self.problem.fixed.get(layer, name) != name:
            return f"layer {layer} is fixed to another block"
        if name in self.problem.banned.get(layer, ()):
            return "banned by a rule"
        return "no architecture within the budgets and rules has it"

    @cached_property
    def chosen(self) -> BoolArray:
        """Which variants the optimum has, shape (variants in all,)."""
        found = np.zeros(self.costs.shape, dtype=np.bool_)
        found[to_choice(self.problem.library, self.solution.architecture or {})] = True
        return found

    @cached_property
    def decidedness(self) -> FloatArray:
        """The least cost of any other choice in each layer, shape (layers,).

        A layer of 0 could as well have another block; an infinite one has no other choice.
        """
        others = np.where(self.chosen, math.inf, np.where(self.proven, self.costs, self.least))
        return np.asarray(np.minimum.reduceat(others, self.problem.library.starts[:-1]))

    @property
    def sentences(self) -> tuple[str, ...]:
        """How many costs are proven, which layers are undecided and which are most decided."""
        return (self._proven_words(), *self._layer_words())

    def _proven_words(self) -> str:
        problem, count = self.problem, int(self.proven.sum())
        score = score_words(problem, self.solution.score)
        every = count == len(self.costs)
        how_many = f"All {count:,}" if every else f"{count:,} of {len(self.costs):,}"
        label = label_of(problem.library, problem.objective)
        return f"{how_many} inclusion costs are proven, against a summed {label} of {score}."

    def _layer_words(self) -> list[str]:
        layers, margins = self.problem.library.layers, self.decidedness
        whole = np.logical_and.reduceat(self.proven, self.problem.library.starts[:-1])
        tied = [str(layers[n].name) for n in np.flatnonzero((margins == 0) & whole)]
        only = [str(layers[n].name) for n in np.flatnonzero(np.isinf(margins))]
        said = []
        if tied:
            said.append(f"Undecided, for another block scores the same: {_layers(tied)}.")
        if only:
            said.append(f"Without another choice: {_layers(only)}.")
        return said + self._ends(np.flatnonzero(np.isfinite(margins) & (margins > 0) & whole))

    def _ends(self, open_: IntArray) -> list[str]:
        """Say which layer is decided least, and which most."""
        if not len(open_):
            return []
        margins, layers = self.decidedness, self.problem.library.layers
        low, high = (open_[int(end(margins[open_]))] for end in (np.argmin, np.argmax))
        least, most = (score_words(self.problem, float(margins[n])) for n in (low, high))
        if low == high:
            return [f"In layer {layers[low].name} the next best block costs {least}."]
        nearest = f"layer {layers[low].name}, where the next best block costs {least}"
        clearest = f"layer {layers[high].name}, with {most}"
        return [f"The nearest call is {nearest}; the clearest is {clearest}."]

    def _place(self, layer: LayerName, variant: str) -> int:
        ((name, found),) = self.problem.bare.with_fixed({layer: variant}).fixed.items()
        library = self.problem.library
        place = library.layer_positions[name]
        return int(library.starts[place]) + library.layers[place].positions[found]

    def _names(self, place: int) -> tuple[LayerName, str]:
        library = self.problem.library
        at = int(np.searchsorted(library.starts, place, side="right")) - 1
        layer = library.layers[at]
        return layer.name, layer.variants[place - int(library.starts[at])].name


def _layers(names: Sequence[str]) -> str:
    return f"{'layer' if len(names) == 1 else 'layers'} {listed(names)}"


def inclusion_costs(
    problem: SearchProblem,
    *,
    layers: Sequence[LayerName] | None = None,
    time_limit: float | None = None,
    cancelled: Cancelled = never,
    progress: Callable[[int], None] | None = None,
) -> InclusionCosts:
    """Find for every layer and variant how much worse the optimum gets if it must be chosen.

    Each is a search of its own with the variant forced, all in one call of the engine. What time
    or a cancel leaves out has the lower bound that the shadow prices prove.

    Parameters
    ----------
    problem
        What is asked; at least one architecture must be feasible.
    layers
        Names of the layers whose blocks are searched; by default all.
    time_limit
        Seconds for all searches together.
    cancelled
        Asked now and then; true stops.
    progress
        Called with the number of searches that are done.

    Raises
    ------
    ProblemError
        If no architecture is feasible, or none was found in time.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
    ... )
    >>> found = pw.inclusion_costs(problem)
    >>> found.decidedness.shape, bool((found.costs >= 0).all())
    ((8,), True)
    >>> pw.to_frame(found)[["layer", "variant", "cost"]].shape
    (432, 3)
    """
    check_problem(problem)
    solution = search(problem, time_limit=time_limit, cancelled=cancelled)
    if not solution.found:
        raise ProblemError(f"Inclusion costs need a feasible problem. {solution.reason}")
    mckp = problem.mckp
    chosen = to_choice(problem.library, solution.architecture or {})
    some = _in_layers(problem, layers)
    searched = np.setdiff1d(np.flatnonzero(mckp.allowed & some), chosen)
    options = SearchOptions(time_limit=time_limit, cancelled=cancelled)
    found = solve_many(mckp, Changes(forced=searched), options, progress)
    score, done = inside(problem, solution.score), searched[: len(found)]
    costs, least = np.full(mckp.score.shape, math.inf), np.full(mckp.score.shape, math.inf)
    proven = ~mckp.allowed
    costs[mckp.allowed] = math.nan
    least[mckp.allowed] = by_prices(problem, solution)[mckp.allowed]
    costs[done] = np.where(np.isinf(found.scores), costs[done], found.scores - score)
    least[done] = np.maximum(least[done], found.bounds - score)
    optimal = solution.status == "optimal"
    proven[done] = [status in ("optimal", "infeasible") and optimal for status in found.statuses]
    costs[done[[status == "infeasible" for status in found.statuses]]] = math.inf
    costs[chosen], least[chosen], proven[chosen] = 0.0, 0.0, True
    costs, least = (cleaned(one, solution.score) for one in (costs, least))
    return InclusionCosts(solution, costs, np.where(proven, costs, least), proven)


def _in_layers(problem: SearchProblem, layers: Sequence[LayerName] | None) -> BoolArray:
    """Which variants are of these layers, shape (n,)."""
    library = problem.library
    found = np.ones(int(library.starts[-1]), dtype=np.bool_)
    if layers is not None:
        found[:] = False
        for place in (library.layer_positions[name] for name in layers):
            found[library.starts[place] : library.starts[place + 1]] = True
    return found


def inside(problem: SearchProblem, score: float) -> float:
    """A score as the bare knapsack counts it."""
    return problem.sign * (score - problem.library.non_block_cost(problem.objective))


def by_prices(problem: SearchProblem, solution: Solution) -> FloatArray:
    """Costs that the shadow prices prove, shape (n,)."""
    mckp = problem.mckp
    prices = np.array([solution.shadow_prices.get(row, 0.0) for row in mckp.rows])
    relaxed = relax(mckp, prices)
    bounds: FloatArray = relaxed.bound + relaxed.penalties - inside(problem, solution.score)
    return bounds


def cleaned(costs: FloatArray, score: float) -> FloatArray:
    """No cost below 0, and none where only the order of adding differs."""
    small = _SAME * max(abs(score), 1e-9)
    return np.where(costs <= small, 0.0, costs)


@to_frame.register(InclusionCosts)
def _frame(found: InclusionCosts, *, layers: bool = True) -> pd.DataFrame:  # noqa: ARG001
    """Lay the costs out: a row for each layer and variant."""
    library = found.problem.library
    names = [(layer, variant) for layer in library.layers for variant in layer.variants]
    frame = pd.DataFrame(
        {
            "layer": [layer.name for layer, _ in names],
            "variant": [variant.name for _, variant in names],
            "attention": [write_subblock(variant.attention) for _, variant in names],
            "ffn": [write_subblock(variant.ffn) for _, variant in names],
            "parent": [variant.name == layer.parent for layer, variant in names],
            "chosen": found.chosen,
            "cost": found.costs,
            "at_least": found.least,
            "proven": found.proven,
            "reason": [found._reason(place) for place in range(len(names))],  # noqa: SLF001,
        }
    )
    unit = library.quantity(found.problem.objective).unit
    frame.attrs = {"units": {"cost": unit, "at_least": unit} if unit else {}}
    frame.attrs |= {"objective": found.problem.objective, "goal": found.problem.goal}
    return frame

"""One checked answer: the architecture with its proof and with totals from the library."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from operator import getitem
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from puzzle_widgets.errors import SolverError
from puzzle_widgets.library import BlockLibrary, BlockVariant, FrozenMapping, LayerName
from puzzle_widgets.library.model import once_per_library
from puzzle_widgets.library.quantity import (
    MEMORY,
    PARAMETERS,
    RUNTIME,
    format_figure,
    format_number,
)
from puzzle_widgets.problem import Architecture, Budget, SearchProblem, check_problem
from puzzle_widgets.problem.budget_rows import BudgetSetting
from puzzle_widgets.problem.mckp import BoolArray, IntArray, Mckp, to_architecture, to_choice
from puzzle_widgets.problem.objective import sum_words
from puzzle_widgets.search.outcome import Outcome, Status, Ties
from puzzle_widgets.shown import Shown
from puzzle_widgets.solution.least_change import Change

if TYPE_CHECKING:
    from puzzle_widgets.charts import Drawing

# How far two sums of the same score may differ, as a share of it: the order of adding differs.
_SAME = 1e-9
_NEVER_NOTHING = (MEMORY, RUNTIME, PARAMETERS)
# A number up to this, where the parent uses far more, looks like a share.
_LARGEST_SHARE, _FAR_MORE = 1.5, 20.0
STATUS_WORDS: dict[Status, str] = {
    "optimal": "optimal, proven",
    "feasible": "feasible, not proven optimal",
    "infeasible": "infeasible",
    "no_solution_in_time": "no solution in time",
}


@dataclass(frozen=True)
class Note:
    """What to know before trusting an answer.

    Parameters
    ----------
    text
        A sentence or two.
    level
        ``"warning"`` where the answer may be of no use, such as a model without attention;
        ``"info"`` for what is only good to know.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> [(note.level, str(note)) for note in pw.search(problem).notes]
    [('info', 'This is the parent itself: no block is replaced.')]
    """

    text: str
    level: Literal["info", "warning"] = "warning"

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Solution(Shown):
    """Answer to a search problem.

    Parameters
    ----------
    problem
        What was asked.
    status
        ``"optimal"`` (proven), ``"feasible"`` (with a gap), ``"infeasible"`` (with a reason) or
        ``"no_solution_in_time"``.
    architecture
        ``{layer: variant}``, or ``None``.
    score
        Sum of the objective over the architecture, from the library; NaN without one.
    bound
        No architecture within the budgets scores better; NaN where nothing is known.
    seconds
        Wall-clock time of the search.
    engine
        What found and proved it.
    reason
        Why there is no architecture, in words.
    shadow_prices
        Shadow price of each budget by resource (and of each rule of difference): how much the
        LP bound of the score gets better per unit of more budget, such as score per MiB; negative
        where a lower limit presses. Empty where the engine gives none.
    ties
        Of a proven optimum: ``"none"`` where no other architecture scores the same, ``"settled"``
        where this one is proven to be the one that ties go to, ``"other"`` where another one is
        (of a saved solution that was proven again), else ``"unproven"``.
    changes
        Of an infeasible problem: changes that each make it feasible, the least of their kind.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> budgets = {"stats.memory_mib": "70 %"}
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets=budgets)
    >>> solution = pw.search(problem)
    >>> solution.score == solution.bound, solution.gap
    (True, 0.0)
    >>> len(solution.blocks), solution.blocks[0].name == solution.architecture[0]
    (8, True)
    """

    problem: SearchProblem
    status: Status
    architecture: FrozenMapping[LayerName, str] | None = None
    score: float = math.nan
    bound: float = math.nan
    seconds: float = 0.0
    engine: str = ""
    reason: str = ""
    shadow_prices: FrozenMapping[str, float] = FrozenMapping()
    ties: Ties = "none"
    changes: tuple[Change, ...] = ()

    @property
    def library(self) -> BlockLibrary:
        """The library that the architecture is made of."""
        return self.problem.library

    @property
    def found(self) -> bool:
        """Whether there is an architecture."""
        return self.architecture is not None

    @property
    def gap(self) -> float:
        """Optimality gap, ``|score - bound| / max(|score|, 1e-9)``; 0 where proven optimal."""
        if self.status == "optimal":
            return 0.0
        return abs(self.score - self.bound) / max(abs(self.score), 1e-9)

    @property
    def gap_text(self) -> str:
        """The gap for reading, such as ``"0.25 %"``; ``"unknown"`` without a bound."""
        return "unknown" if math.isnan(self.gap) else f"{100 * self.gap:.3g} %"

    @cached_property
    def totals(self) -> FrozenMapping[str, float]:
        """Sum of every score and cost over the architecture; empty without one."""
        if self.architecture is None:
            return FrozenMapping()
        return FrozenMapping(self.library.totals(self.architecture))

    @cached_property
    def shares(self) -> FrozenMapping[str, float]:
        """Every total as a share of the parent's; signs other than plus make it no share."""
        parent = self.library.parent_totals
        return FrozenMapping(
            {
                key: total / parent[key]
                for key, total in self.totals.items()
                if parent[key] > 0 and total >= 0
            }
        )

    @property
    def memory_mib(self) -> float | None:
        """Summed memory in MiB, where the library knows it."""
        return self.totals.get(MEMORY)

    @property
    def runtime_ms(self) -> float | None:
        """Summed runtime of a batch in ms, where the library knows it."""
        return self.totals.get(RUNTIME)

    @property
    def throughput(self) -> float | None:
        """Tokens/s: batch size x sequence length / summed runtime; ``None`` where unknown."""
        return None if self.runtime_ms is None else self.library.throughput(self.runtime_ms)

    @property
    def speedup(self) -> float | None:
        """Parent's summed runtime over this one's; ``None`` where unknown."""
        if self.runtime_ms is None:
            return None
        parent = self.library.parent_totals[RUNTIME]
        return parent / self.runtime_ms if self.runtime_ms > 0 else math.inf

    @cached_property
    def blocks(self) -> tuple[BlockVariant, ...]:
        """The chosen variant of every layer, in order; empty without an architecture."""
        places = (self.choice - self.library.starts[: len(self.choice)]).tolist()
        return tuple(map(getitem, (layer.variants for layer in self.library.layers), places))

    @cached_property
    def choice(self) -> IntArray:
        """Place of every layer's variant in the library's columns, shape (layers,), or (0,)."""
        if self.architecture is None:
            return np.zeros(0, dtype=np.intp)
        return to_choice(self.library, self.architecture)

    @cached_property
    def slacks(self) -> dict[BudgetSetting, Any]:
        """What :func:`puzzle_widgets.solution.slack.slack_of` has worked out: panels ask often."""
        return {}

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """What a person should know before trusting this answer."""
        return _notes_of(self)

    @property
    def warned(self) -> bool:
        """Whether a note warns that the answer may be of no use, whatever its proof."""
        return any(note.level == "warning" for note in self.notes)

    def differing_layers(self, other: Solution) -> list[LayerName]:
        """Layers whose variants differ from those of another solution of the same library."""
        names = (layer.name for layer in self.library.layers)
        triples = zip(names, self.blocks, other.blocks, strict=False)
        return [name for name, mine, theirs in triples if mine.name != theirs.name]

    @property
    def changed_count(self) -> int:
        """How many layers have another block than the parent's; 0 where nothing was found."""
        return int(np.count_nonzero(self.choice != self.library.parent_choice)) if self.found else 0

    def plot(self, view: str = "Size", reference: Solution | None = None) -> Drawing:
        """Draw the architecture, layer by layer.

        Parameters
        ----------
        view
            ``"Size"``, ``"Choice"``, and ``"Runtime"`` or ``"Memory"`` where the library has it.
        reference
            One of the same library to compare with, drawn as outlines.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> library = pw.load_library("stdlib-2m-measured")
        >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
        >>> pw.search(problem).plot("Runtime").title
        'Blocks by layer'
        """
        from puzzle_widgets.charts import plot_solution  # noqa: PLC0415 - loaded by who asks for it

        return plot_solution(self, view, reference)

    def __repr__(self) -> str:
        if not self.found:
            return f"Solution({STATUS_WORDS[self.status]}: {self.reason or 'no reason known'})"
        key = self.problem.objective
        score, bound = (format_figure(key, value) for value in (self.score, self.bound))
        return (
            f"Solution({STATUS_WORDS[self.status]}: {key} {score}, "
            f"bound {bound}, {self.seconds:.3f} s by {self.engine})"
        )


def solution_of(
    problem: SearchProblem, outcome: Outcome, seconds: float, mckp: Mckp | None = None
) -> Solution:
    """Name an engine's choice, and check it against the budgets by the library's own numbers.

    ``mckp`` is the problem's knapsack, where that is not to be written for the check alone.
    """
    mckp = problem.mckp if mckp is None else mckp
    bound = problem.sign * outcome.bound if math.isfinite(outcome.bound) else math.nan
    bound += problem.library.non_block_cost(problem.objective)
    facts = {"seconds": seconds, "engine": outcome.engine, "bound": bound}
    facts["shadow_prices"] = _prices(mckp, outcome)
    if outcome.choice is None:
        return Solution(problem, outcome.status, **facts)  # type: ignore[arg-type]
    architecture = to_architecture(problem.library, outcome.choice)
    choice = _checked(problem, architecture, mckp)
    totals = FrozenMapping(problem.library.totals(architecture))
    score = totals[problem.objective]
    if outcome.status == "optimal":
        facts["bound"], facts["ties"] = score, outcome.ties
    found = Solution(problem, outcome.status, FrozenMapping(architecture), score, **facts)  # type: ignore[arg-type]
    return _knowing(found, totals=totals, choice=choice)


def same_answer(solution: Solution, **changes: Any) -> Solution:  # noqa: ANN401 - its fields
    """Give a solution with other fields than its architecture's, such as another problem."""
    return _knowing(replace(solution, **changes), totals=solution.totals, choice=solution.choice)


def _knowing(solution: Solution, **known: Any) -> Solution:  # noqa: ANN401 - its properties
    """Keep what is known of a solution, which its properties would work out again."""
    solution.__dict__.update(known)
    return solution


def _prices(mckp: Mckp, outcome: Outcome) -> FrozenMapping[str, float]:
    if outcome.prices is None:
        return FrozenMapping()
    return FrozenMapping(zip(mckp.rows, outcome.prices.tolist(), strict=True))


def evaluate(problem: SearchProblem, architecture: Architecture, engine: str = "given") -> Solution:
    """Sum up a given architecture: feasible, unproven, without a bound."""
    _checked(problem, architecture, problem.mckp)
    score = problem.library.totals(architecture)[problem.objective]
    return Solution(problem, "feasible", FrozenMapping(architecture), score, engine=engine)


def proven_by(solution: Solution, found: Solution, engine: str) -> Solution:
    """Give an architecture the bound of a new search; a stored proof is not trusted."""
    worse = solution.problem.sign * (solution.score - found.bound)
    if found.status != "optimal" or worse > _SAME * max(1.0, abs(solution.score)):
        return replace(solution, status="feasible", bound=found.bound, engine=engine)
    ties = found.ties
    if ties != "unproven" and solution.architecture != found.architecture:
        ties = "other"
    return replace(solution, status="optimal", bound=solution.score, engine=engine, ties=ties)


def parent_solution(problem: SearchProblem) -> Solution:
    """Sum up the parent itself, whatever the budgets.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> round(pw.parent_solution(problem).totals["stats.memory_mib"])
    81
    """
    check_problem(problem)
    return evaluate(problem.bare, problem.library.parent_architecture, "parent")


def _checked(problem: SearchProblem, architecture: Architecture, mckp: Mckp) -> IntArray:
    """The places of an architecture's variants, once it is known to keep to every rule."""
    choice = to_choice(problem.library, architecture)
    broken = mckp.broken(choice)
    if broken or not mckp.allowed[choice].all():
        raise SolverError(
            f"The architecture breaks {', '.join(broken) or 'a fixed or banned variant'} when "
            "summed again from the library. It is not returned; try another solver."
        )
    return choice


def _notes_of(solution: Solution) -> tuple[Note, ...]:
    """Say what is odd about an answer; nothing where nothing is."""
    odd = list(_of_budgets(solution))
    if solution.found:
        odd += [*_of_blocks(solution), *_of_sums(solution)]
    return (*map(Note, odd), *(Note(text, "info") for text in _good_to_know(solution)))


def _good_to_know(solution: Solution) -> Iterator[str]:
    if np.array_equal(solution.choice, solution.library.parent_choice):
        yield "This is the parent itself: no block is replaced."
    if words := sum_words(solution.library, solution.problem.objective):
        yield f"{solution.library.quantity(solution.problem.objective).label}: {words}."
    if solution.status == "optimal" and solution.ties == "unproven":
        yield (
            "Other architectures may score the same. That none of these uses less of what is "
            "limited could not be proven in time; the score is proven."
        )
    if solution.status == "optimal" and solution.ties == "other":
        yield (
            "Another architecture of the same score uses less of what is limited, or else of the "
            "other costs. Search again to have it."
        )


def _of_budgets(solution: Solution) -> Iterator[str]:
    """Upper limits that look like shares, and those that no block of use keeps."""
    library = solution.library
    for key, budget in solution.problem.budgets.items():
        quantity, parent = library.quantity(key), library.parent_totals[key]
        asked = f"{quantity.label} of at most {quantity.text(budget.upper)} was requested"
        rate = budget.rates[1]
        if not rate and 0 < budget.upper <= _LARGEST_SHARE and parent > _FAR_MORE * budget.upper:
            share = f"{format_number(100 * budget.upper)} %"
            yield (
                f"{asked}, where the parent uses {quantity.text(parent)}. For a share of the "
                f'parent give "{share}".'
            )
        elif key == RUNTIME and _throughput_like_a_share(solution, budget.upper):
            yield (
                f"A throughput of at least {library.throughput(budget.upper):.3g} tokens/s is "
                f"asked, where the parent has {library.throughput(parent):,.4g}. For a share of "
                'the parent\'s give it in percent, such as "85 %".'
            )
        elif (least := _least_of_use(solution, budget)) > budget.upper and rate:
            yield (
                f"A throughput of at least {library.throughput(budget.upper):,.4g} tokens/s is "
                "asked, more than with any block that takes time: the most is "
                f"{library.throughput(least):,.4g}."
            )
        elif least > budget.upper:
            yield (
                f"{asked}, less than any block with a cost needs: the least is "
                f"{quantity.text(least)}."
            )


def _throughput_like_a_share(solution: Solution, runtime_ms: float) -> bool:
    asked = solution.library.throughput(runtime_ms)
    parent = solution.library.throughput(solution.library.parent_totals[RUNTIME])
    return bool(asked and parent and asked <= _LARGEST_SHARE and parent > _FAR_MORE * asked)


def _least_of_use(solution: Solution, budget: Budget) -> float:
    """The least sum of an architecture with a block that costs something; infinite without one."""
    if not math.isfinite(budget.upper):
        return -math.inf
    return _least_cost(solution.library, budget.resource)


@once_per_library
def _least_cost(library: BlockLibrary, key: str) -> float:
    """The least cost of a block that has one, with the non-block cost; infinite without one."""
    column = library.column(key)
    costly = column[column > 0]
    if not costly.size or column.min() < 0:
        return -math.inf
    return float(costly.min()) + library.non_block_cost(key)


def _of_blocks(solution: Solution) -> Iterator[str]:
    """Architectures that compute nothing."""
    attention, ffn = (bool(each[solution.choice].all()) for each in _no_ops(solution.library))
    if attention and ffn:
        yield "Every layer is a no-op: nothing of the parent's blocks is left."
    elif attention:
        yield "Attention is a no-op in every layer: no token sees another."
    elif ffn:
        yield "The FFN is a no-op in every layer."


@once_per_library
def _no_ops(library: BlockLibrary) -> tuple[BoolArray, BoolArray]:
    """Which variants' attention and FFN compute nothing, shape (variants in all,) each."""
    variants = [variant for layer in library.layers for variant in layer.variants]
    attention = np.array([variant.attention.kind == "no_op" for variant in variants])
    return attention, np.array([variant.ffn.kind == "no_op" for variant in variants])


def _of_sums(solution: Solution) -> Iterator[str]:
    """Sums that cannot be, or that no measurement supports."""
    library, problem = solution.library, solution.problem
    keys = [key for key in (*_NEVER_NOTHING, *problem.budgets) if key in library.costs]
    nothing = [
        library.quantity(key).label
        for key in dict.fromkeys(keys)
        if solution.totals[key] <= 0 and (key in _NEVER_NOTHING or library.parent_totals[key] > 0)
    ]
    if nothing:
        yield f"The whole architecture sums to 0 or less in {', '.join(nothing)}."
    key = problem.objective
    worse = problem.sign * (solution.score - library.parent_totals[key])
    worst = _worst_replacement(library, key, problem.sign)
    if key in library.scores and worse > worst > 0:
        yield (
            f"{library.quantity(key).label} is {format_figure(key, worse)} worse than the "
            f"parent's, more than any single replacement in the library "
            f"({format_figure(key, worst)}): a sum so large predicts little."
        )


@once_per_library
def _worst_replacement(library: BlockLibrary, objective: str, sign: int) -> float:
    """How much worse than the parent the worst block of the library scored."""
    column = sign * library.column(objective)
    most = np.maximum.reduceat(column, library.starts[:-1])
    return float((most - column[library.parent_choice]).max())

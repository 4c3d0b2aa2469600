"""Alternatives: which other architectures score nearly as well as the optimum, and how many."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
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
from puzzle_widgets.problem.mckp import BoolArray, to_architecture, to_choice
from puzzle_widgets.reasons.bounds import Relaxation, relax
from puzzle_widgets.reasons.near import all_near, clean, count_at_most, excesses
from puzzle_widgets.reasons.unlike import Unlike, search_unlike
from puzzle_widgets.reasons.words import Told, label_of, score_words
from puzzle_widgets.search.engine import solve_many
from puzzle_widgets.search.options import Changes, SearchOptions
from puzzle_widgets.search.outcome import Cancelled, StoppedError, TooManyStatesError, never
from puzzle_widgets.solution import Solution, search
from puzzle_widgets.sweeps import search_diverse

_SAME = 1e-9
_STATES = 500_000
_SECONDS_EACH = 2.0


@dataclass(frozen=True, eq=False, repr=False)
class Alternatives(Told):
    """Architectures that score nearly as well as the optimum.

    Parameters
    ----------
    solution
        The optimum.
    within
        How near, as a share of the optimum's score.
    limit
        The worst score that is still near enough.
    least, most
        Bounds on the number of such architectures; equal where it is counted exactly.
    choices
        The best of them that are listed, best first: the location of each layer's variant in the
        library's columns, shape (listed, layers).
    scores
        Their scores, shape (listed,).
    complete
        All architectures within this share are listed: ``within`` itself where the count is exact,
        0 where none could be listed but the optimum.
    possible
        Which variants occur in at least one architecture that is near enough, shape (variants in
        all,); a search for each has proven it, or else it is not excluded.
    proven
        Whether that is proven for every variant.
    diverse
        Some that differ from each other in many layers; the optimum is the first.
    apart
        None that is near enough differs from the optimum in more layers than this; proven.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
    ... )
    >>> found = pw.alternatives(problem, within=0.05)
    >>> found.exact, found.least == len(found.scores), bool(found.scores.max() <= found.limit)
    (True, True, True)
    """

    solution: Solution
    within: float
    limit: float
    least: int
    most: float
    choices: IntArray
    scores: FloatArray
    complete: float
    possible: BoolArray
    proven: bool
    diverse: tuple[Solution, ...]
    apart: int

    @property
    def problem(self) -> SearchProblem:
        """What was asked."""
        return self.solution.problem

    @property
    def exact(self) -> bool:
        """Whether the number is exact: all are listed."""
        return self.least == self.most

    def architecture(self, place: int) -> dict[LayerName, str]:
        """Name one of those that are listed."""
        return to_architecture(self.problem.library, self.choices[place])

    @cached_property
    def shares(self) -> FloatArray:
        """In what share of those that are listed each variant occurs, shape (variants in all,)."""
        size = int(self.problem.library.starts[-1])
        return np.bincount(self.choices.ravel(), minlength=size) / max(len(self.choices), 1)

    @property
    def recurrence(self) -> FloatArray:
        """In what share of those that are listed the optimum's block recurs, shape (layers,)."""
        library = self.problem.library
        return self.shares[to_choice(library, self.solution.architecture or {})]

    @cached_property
    def shared(self) -> IntArray:
        """In how many of ``counted`` ones the optimum's block recurs, shape (layers,)."""
        if self.exact:
            return np.rint(self.recurrence * self.least).astype(np.intp)
        others = np.array([one.choice for one in self.diverse])
        return np.asarray((others == others[0]).sum(axis=0), dtype=np.intp)

    @property
    def counted(self) -> int:
        """How many ``shared`` is about: all, where they are counted exactly, else the diverse."""
        return self.least if self.exact else len(self.diverse)

    def words(self, place: int) -> str:
        """Say in how many the block of a layer recurs, by the layer's place."""
        of = "near-optimal" if self.exact else "diverse near-optimal"
        return f"the same block in {self.shared[place]:,} of {self.counted:,} {of} architectures"

    @property
    def free(self) -> IntArray:
        """In how many variants of each layer something near enough exists, shape (layers,)."""
        counts = np.add.reduceat(self.possible.astype(np.intp), self.problem.library.starts[:-1])
        return np.asarray(counts, dtype=np.intp)

    @property
    def sentences(self) -> tuple[str, ...]:
        """How many there are, in which layers they agree, and the diverse ones."""
        return (
            self._count_words(),
            *self._listed_words(),
            self._layer_words(),
            self._diverse_words(),
        )

    @property
    def brief(self) -> str:
        """How many there are, in a line."""
        problem = self.problem
        most = _many(self.most)
        many = f"{self.least:,}" if self.exact else f"At least {self.least:,}, at most {most}"
        noun = "architecture scores" if self.most == 1 else "architectures score"
        how = ", counted exactly" if self.exact else ""
        end = "up to" if problem.goal == "minimize" else "down to"
        near = f"{end} {score_words(problem, self.limit)}"
        return f"{many} {noun} within {_percent(self.within)} of the optimum ({near}){how}."

    def _count_words(self) -> str:
        problem = self.problem
        label = label_of(problem.library, problem.objective)
        to = "up to" if problem.goal == "minimize" else "down to"
        near = (
            f"Within {_percent(self.within)} of the optimum (a summed {label} {to} "
            f"{score_words(problem, self.limit)})"
        )
        many = "is 1 architecture" if self.least == 1 else f"are {self.least:,} architectures"
        if self.exact:
            return f"{near} there {many}, counted exactly."
        most = _many(self.most)
        return f"{near} there {many.replace(' ', ' at least ', 1)}, and at most {most}."

    def _listed_words(self) -> tuple[str, ...]:
        if self.exact:
            return ()
        if not self.complete:
            return ("They could not be listed.",)
        share = _percent(self.complete)
        return (f"The {len(self.scores):,} within {share} are listed, all of them.",)

    def _layer_words(self) -> str:
        layers, free = self.problem.library.layers, self.free
        alone, most = int((free <= 1).sum()), int(np.argmax(free))
        least, up_to = ("", "") if self.proven else ("at least ", "up to ")
        freest = f"the freest is layer {layers[most].name}, with {up_to}{free[most]} blocks"
        said = f"In {least}{alone} of {len(layers)} layers all of them have the same block (proven)"
        return f"{said}; {freest}." if free[most] > 1 else f"{said}."

    def _diverse_words(self) -> str:
        if len(self.diverse) < 2:
            return "None that differs in more layers was found among them."
        layers = [len(self.diverse[0].differing_layers(one)) for one in self.diverse[1:]]
        few, many = min(layers), max(layers)
        span = f"{few}" if few == many else f"{few} to {many}"
        layers_word = "layer" if span == "1" else "layers"
        said = f"{len(layers)} that differ are given, in {span} {layers_word} from the optimum"
        most = f"; none differs in more than {self.apart}" if self.apart < self.free.size else ""
        return f"{said}{most}."


_RAISED = str.maketrans(
    "0123456789", "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"
)


def _many(count: float) -> str:
    """Write a number; of many digits how many there are, which is all that a bound tells."""
    if count < 1e7:
        return f"{count:,.0f}"
    return f"10{str(math.ceil(math.log10(count))).translate(_RAISED)}"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def alternatives(
    problem: SearchProblem,
    within: float = 0.01,
    *,
    diverse: int = 3,
    minimal_diversity: int | None = None,
    most_states: int = _STATES,
    time_limit: float | None = 10.0,
    cancelled: Cancelled = never,
) -> Alternatives:
    """Find what scores nearly as well as the optimum.

    Architectures are counted and listed exactly where a dynamic program over penalties can, in
    bounded memory. Where it cannot, the best of them are listed, and the number is bounded. Which
    blocks occur at all is proven by a search for each.

    Parameters
    ----------
    problem
        What is asked.
    within
        How near, as a share of the optimum's score: 0.01 is 1 %.
    diverse
        How many diverse ones to give, the optimum among them.
    minimal_diversity
        Least number of layers in which these differ from each other, the best such ones; by
        default they are as unlike as the share allows.
    most_states
        States of the dynamic program, and so what is listed at most.
    time_limit
        Seconds, once the optimum is known, for the list and for the proof of which blocks occur;
        what is not excluded then counts as possible, and ``proven`` is false.
    cancelled
        Asked now and then; true stops.

    Raises
    ------
    ProblemError
        If nothing is feasible, or ``within`` makes no sense.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
    ... )
    >>> found = pw.alternatives(problem, within=0.02)
    >>> found.recurrence.shape, found.architecture(0) == dict(found.solution.architecture)
    ((8,), True)
    """
    check_problem(problem)
    if not 0 <= within < float("inf"):
        raise ProblemError(f"within={within!r}: give a share from 0 on, such as 0.01 for 1 %.")
    solution = search(problem, cancelled=cancelled)
    if solution.status != "optimal" or solution.architecture is None:
        raise ProblemError(f"Alternatives need a proven optimum. {solution.reason}".strip())
    mckp, sign = problem.mckp, problem.sign
    prices = np.array([solution.shadow_prices.get(row, 0.0) for row in mckp.rows])
    relaxed = relax(mckp, prices)
    best = sign * (solution.score - problem.library.non_block_cost(problem.objective))
    allowance = within * abs(solution.score) + _SAME * abs(solution.score)
    options = SearchOptions(time_limit=time_limit, cancelled=cancelled)
    deadline = options.deadline()

    def stop() -> bool:
        return cancelled() or time.monotonic() > deadline

    near = _Near(problem, relaxed, prices, best, allowance, most_states, stop)
    chosen = to_choice(problem.library, solution.architecture)
    choices, scores, complete, most = near.listed(chosen)
    possible, proven = near.possible(chosen)
    outside = problem.library.non_block_cost(problem.objective)
    exact = complete >= 1.0
    unlike = _diverse(solution, allowance, diverse, minimal_diversity, cancelled)
    least = len(scores) if exact else _distinct(choices, unlike.solutions)
    return Alternatives(
        solution,
        within,
        solution.score + sign * within * abs(solution.score),
        least,
        float(least) if exact else max(most, float(least + 1)),
        choices,
        sign * scores + outside,
        within if exact else within * complete,
        possible,
        proven,
        unlike.solutions,
        unlike.most,
    )


def _distinct(choices: IntArray, others: Sequence[Solution]) -> int:
    """How many architectures are listed or among the others."""
    return len(np.unique(np.vstack([choices, *(one.choice for one in others)]), axis=0))


@dataclass(frozen=True, eq=False)
class _Near:
    """What is near the optimum of a problem: ``best`` is its bare score, ``allowance`` how near."""

    problem: SearchProblem
    relaxed: Relaxation
    prices: FloatArray
    best: float
    allowance: float
    states: int
    cancelled: Cancelled

    def listed(self, chosen: IntArray) -> tuple[IntArray, FloatArray, float, float]:
        """Choices, their scores, the share of the allowance that they cover, a bound on all.

        Where none can be listed, the optimum alone stands for them.
        """
        mckp = self.problem.mckp
        gap = max(self.best - self.relaxed.bound, 0.0)
        whole = gap + self.allowance
        counts = count_at_most(mckp, self.relaxed, whole)
        for excess in excesses(counts, whole, gap):
            try:
                found = all_near(
                    mckp, self.relaxed, self.prices, excess, self.states, self.cancelled
                )
            except TooManyStatesError:
                continue
            except StoppedError:
                break
            choices, scores = clean(mckp, found, self.relaxed.bound + excess)
            covered = 1.0 if excess == whole else (excess - gap) / self.allowance
            return choices, scores, covered, float(counts[-1])
        return chosen[None, :], np.array([self.best]), 0.0, float(counts[-1])

    def possible(self, chosen: IntArray) -> tuple[BoolArray, bool]:
        """Variants of which something near enough exists; and whether that is proven for all."""
        mckp = self.problem.mckp
        gap = max(self.best - self.relaxed.bound, 0.0)
        open_ = np.flatnonzero(mckp.allowed & (self.relaxed.penalties <= gap + self.allowance))
        some = np.setdiff1d(open_, chosen)
        found = solve_many(mckp, Changes(forced=some), SearchOptions(cancelled=self.cancelled))
        possible = np.zeros(mckp.score.shape, dtype=np.bool_)
        possible[open_], possible[chosen] = True, True
        possible[some[: len(found)]] = found.scores <= self.best + self.allowance
        return possible, len(found) == len(some)


def _diverse(
    solution: Solution,
    allowance: float,
    count: int,
    apart: int | None,
    cancelled: Cancelled,
) -> Unlike:
    """Those that are most unlike, or the best that differ in at least so many layers."""
    if apart is None or count <= 1:
        return search_unlike(solution, allowance, count, cancelled=cancelled)
    problem = solution.problem
    found = search_diverse(problem, count, apart, cancelled=cancelled, time_limit=_SECONDS_EACH)
    near = (one for one in found if problem.sign * (one.score - solution.score) <= allowance)
    return Unlike(tuple(near), len(problem.library.layers))


@to_frame.register(Alternatives)
def _frame(found: Alternatives, *, layers: bool = True) -> pd.DataFrame:
    """Lay out how often each variant occurs, or with ``layers=False`` what is listed."""
    library = found.problem.library
    if not layers:
        return pd.DataFrame(
            [
                {"score": score, **library.totals(found.architecture(place))}
                for place, score in enumerate(found.scores.tolist())
            ]
        )
    names = [(layer, variant) for layer in library.layers for variant in layer.variants]
    return pd.DataFrame(
        {
            "layer": [layer.name for layer, _ in names],
            "variant": [variant.name for _, variant in names],
            "attention": [write_subblock(variant.attention) for _, variant in names],
            "ffn": [write_subblock(variant.ffn) for _, variant in names],
            "possible": found.possible,
            "share": found.shares,
        }
    )

"""Many searches that differ a little: other scores, forced variants, moved budgets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import LayerName
from puzzle_widgets.library.model import FloatArray, IntArray
from puzzle_widgets.problem import SearchProblem, check_problem
from puzzle_widgets.problem.budget import Budget, BudgetSpec, read_budget
from puzzle_widgets.problem.mckp import Mckp, to_architecture
from puzzle_widgets.problem.problem import row_limits
from puzzle_widgets.search.engine import solve_many
from puzzle_widgets.search.options import Changes, SearchOptions
from puzzle_widgets.search.outcome import Cancelled, Outcomes, Status, never


@dataclass(frozen=True, eq=False)
class ManySearches:
    """Answers to many searches, as far as they were made.

    Parameters
    ----------
    problem
        What they share.
    statuses
        Of each, as for :class:`puzzle_widgets.Solution`.
    scores, bounds
        Summed objective and its bound, in the objective's unit, shape (searches,); a score is
        infinite (or minus infinite, to maximize) where nothing was found.
    choices
        Location of each layer's variant in the library's columns, shape (searches, layers); -1
        where nothing was found.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> two = pw.search_many(problem, budgets=[{"stats.memory_mib": "70 %"}, {}])
    >>> len(two), two.choices.shape, bool(two.scores[0] >= two.scores[1])
    (2, (2, 8), True)
    """

    problem: SearchProblem
    statuses: tuple[Status, ...]
    scores: FloatArray
    bounds: FloatArray
    choices: IntArray

    def __len__(self) -> int:
        return len(self.statuses)

    def architecture(self, place: int) -> dict[LayerName, str] | None:
        """Name one search's answer, ``{layer: variant}``; ``None`` where nothing was found."""
        choice = self.choices[place]
        return None if choice[0] < 0 else to_architecture(self.problem.library, choice)


def search_many(
    problem: SearchProblem,
    *,
    scores: FloatArray | None = None,
    forced: Sequence[tuple[LayerName, str]] | None = None,
    budgets: Sequence[Mapping[str, BudgetSpec | Budget]] | None = None,
    time_limit: float | None = None,
    cancelled: Cancelled = never,
    progress: Callable[[int], None] | None = None,
) -> ManySearches:
    """Search one problem many times, each time with a little changed, in one call of the engine.

    Thousands of searches take a second, since the library is prepared once. Which of several
    optima of equal score is found is not settled as :func:`puzzle_widgets.search` settles it.

    Parameters
    ----------
    problem
        What all searches share.
    scores
        The objective of every variant for each search, in place of the library's, shape (searches,
        variants in all), in the order of ``library.column``.
    forced
        For each search one ``(layer, variant)`` that it must have, by name.
    budgets
        For each search the budgets that it has beside the problem's, which they replace.
    time_limit
        Seconds for all of them together.
    cancelled
        Asked now and then; true stops.
    progress
        Called with the number of searches that are done.

    Returns
    -------
    ManySearches
        Fewer than asked for where time or a cancel ended it.

    Raises
    ------
    ProblemError
        If none or several of scores, forced and budgets are given, or one makes no sense.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "70 %"}
    ... )
    >>> layer = library.layers[0]
    >>> names = [(layer.name, variant.name) for variant in layer.variants]
    >>> found = pw.search_many(problem, forced=names)
    >>> bool((found.scores >= pw.search(problem).score - 1e-12).all())
    True
    """
    check_problem(problem)
    if sum(one is not None for one in (scores, forced, budgets)) != 1:
        raise ProblemError("search_many: give one of scores=, forced= and budgets=.")
    mckp = problem.mckp
    if scores is not None:
        changes = Changes(scores=problem.sign * _checked_scores(problem, scores))
    elif forced is not None:
        changes = Changes(forced=_forced(problem, forced))
    else:
        mckp, changes = _moved(problem, budgets or [])
    options = SearchOptions(time_limit=time_limit, cancelled=cancelled)
    return _named(problem, solve_many(mckp, changes, options, progress))


def _named(problem: SearchProblem, found: Outcomes) -> ManySearches:
    outside = problem.library.non_block_cost(problem.objective)
    scores, bounds = (problem.sign * one + outside for one in (found.scores, found.bounds))
    return ManySearches(problem, found.statuses, scores, bounds, found.choices)


def _checked_scores(problem: SearchProblem, scores: FloatArray) -> FloatArray:
    given, count = np.asarray(scores, dtype=np.float64), int(problem.library.starts[-1])
    if given.ndim != 2 or given.shape[1] != count:
        raise ProblemError(
            f"search_many: scores has shape {given.shape}; give (searches, {count}), "
            f"one column per variant of {problem.library.name}."
        )
    if not np.isfinite(given).all():
        raise ProblemError("search_many: scores must be finite numbers.")
    return given


def _forced(problem: SearchProblem, forced: Sequence[tuple[LayerName, str]]) -> IntArray:
    library, places = problem.library, []
    for layer, variant in forced:
        if layer not in library.layer_positions:
            raise ProblemError(f"search_many: {library.name} has no layer {layer!r}.")
        place = library.layer_positions[layer]
        if variant not in library.layers[place].positions:
            raise ProblemError(f"search_many: layer {layer!r} has no variant {variant!r}.")
        places.append(int(library.starts[place]) + library.layers[place].positions[variant])
    return np.array(places, dtype=np.intp)


def _moved(
    problem: SearchProblem, budgets: Sequence[Mapping[str, BudgetSpec | Budget]]
) -> tuple[Mckp, Changes]:
    """A knapsack with a row for every resource that is limited in some search, and all limits."""
    library = problem.library
    each = [_budgets(problem, own) for own in budgets]
    keys = list(dict.fromkeys([*problem.budgets, *(key for one in each for key in one)]))
    for key in keys:
        # A row for each resource, whatever its limit: the searches have their own.
        problem = problem.with_budget(key, upper=library.total_range(key)[1])
    mckp = problem.mckp
    limits = np.array(
        [[row_limits(library, one.get(key, Budget(key))) for key in keys] for one in each]
    )
    limits = limits.reshape(len(each), len(keys), 2)
    lower, upper = (np.tile(rows, (len(each), 1)) for rows in (mckp.lower, mckp.upper))
    lower[:, : len(keys)], upper[:, : len(keys)] = limits[:, :, 0], limits[:, :, 1]
    return mckp, Changes(lower=lower, upper=upper)


def _budgets(problem: SearchProblem, own: Mapping[str, BudgetSpec | Budget]) -> dict[str, Budget]:
    found = dict(problem.budgets)
    for key, spec in own.items():
        if key not in problem.library.keys:
            raise ProblemError(
                f"search_many: {problem.library.name} has no score or cost {key!r}. "
                f"It has {', '.join(problem.library.keys)}."
            )
        given = (spec.lower, spec.upper) if isinstance(spec, Budget) else spec
        found[key] = read_budget(key, given, problem.library.parent_totals[key])
    return found

"""Evaluate: an architecture of one's own, summed and checked like any answer."""

from __future__ import annotations

from dataclasses import replace

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.files.architecture_file import plain_problem
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.problem import Architecture, SearchProblem, check_problem
from puzzle_widgets.problem.choices import read_choices
from puzzle_widgets.reasons.baselines import broken_words
from puzzle_widgets.solution import Scenario, Solution
from puzzle_widgets.solution.across import carried
from puzzle_widgets.solution.solution import evaluate as sum_up

_ENGINE = "given"


def evaluate(
    asked: BlockLibrary | SearchProblem,
    architecture: Architecture | Solution | Scenario,
    *,
    objective: str = "",
    goal: Goal | None = None,
) -> Solution:
    """Sum an architecture up, whatever its quality: totals, shares, throughput, notes.

    Parameters
    ----------
    asked
        The library; or a problem, whose budgets and rules are checked.
    architecture
        ``{layer: variant}`` for every layer; a variant by its name, its label, or ``"parent"``.
        Or a solution or scenario, of this library or of another one of the same parent: its
        blocks are then found here by what they are, and summed exactly.
    objective, goal
        Of a library: the score to sum, and which way it is better; by default its first, and what
        the library tells.

    Returns
    -------
    Solution
        Feasible and without a bound. Where it breaks a budget or rule of the problem, it answers
        the problem without budgets and rules, and its ``reason`` says what it breaks.

    Raises
    ------
    ProblemError
        If a layer is missing, or a layer or variant is not in the library; or if the layers of a
        solution's own library are other ones.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> mine = library.parent_architecture | {3: library.layer(3).variants[-1].name}
    >>> round(pw.evaluate(library, mine).totals["stats.memory_mib"], 2)
    71.04
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
    ... )
    >>> pw.evaluate(problem, mine).reason
    'Breaks Memory ≤ 40.57 MiB.'
    >>> large = pw.load_library("llama-3.3-70b-modeled")
    >>> found = pw.search(pw.SearchProblem(large, minimize="metrics.kl_div", throughput=20_000))
    >>> small = pw.with_workload(large, batch_size=64)  # as from another library of this parent
    >>> pw.evaluate(small, found).memory_mib < found.memory_mib
    True
    """
    if isinstance(asked, BlockLibrary):
        problem = plain_problem(asked, objective, goal)
    else:
        check_problem(asked)
        problem = asked
    library = problem.library
    named = read_choices(library, _chosen(library, architecture), "evaluate")
    missing = [layer.name for layer in library.layers if layer.name not in named]
    if missing:
        raise ProblemError(
            f"evaluate: {len(missing)} layers are missing, the first is {missing[0]!r}. "
            "Give every layer a variant."
        )
    broken = broken_words(problem, named)
    if not broken:
        return sum_up(problem, named, _ENGINE)
    return replace(sum_up(problem.bare, named, _ENGINE), reason=f"Breaks {', '.join(broken)}.")


def _chosen(library: BlockLibrary, given: Architecture | Solution | Scenario) -> Architecture:
    """The blocks that are given, by their names here."""
    if isinstance(given, Scenario):
        given = given.solution
    if not isinstance(given, Solution):
        return given
    return carried(given, library)

"""Words of the two maps: what a cell or a row is, and what became of a search."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.solution import Solution
from puzzle_widgets.solution.scenario import budget_words
from puzzle_widgets.sweeps.budget_axis import BudgetAxis
from puzzle_widgets.sweeps.front import resource_use
from puzzle_widgets.widgets.layer_words import changed_words
from puzzle_widgets.widgets.summary import status_words


def line(first: str, rest: Sequence[str] = ()) -> Markup:
    """Build the line that follows the pointer: what is pointed at, then its figures."""
    if not rest:
        return Markup("<span>{}</span>").format(first)
    figures = Markup(" ").join(Markup("<span>{}</span>").format(words) for words in rest)
    return Markup("<b>{}</b> {}").format(first, figures)


def answer_words(solution: Solution | None, axes: Sequence[BudgetAxis]) -> list[str]:
    """Tell of an answer: score, proof, use of each axis' resource, layers changed."""
    if solution is None:
        return ["Not searched yet"]
    if not solution.found:
        return [status_words(solution)]
    score = solution.library.quantity(solution.problem.objective)
    uses = []
    for axis in axes:
        quantity = axis.library.quantity(axis.resource)
        uses.append(f"{quantity.label} {quantity.text(resource_use(solution, axis.resource))}")
    return [
        f"Summed {score.label} {score.text(solution.score)}",
        status_words(solution),
        *uses,
        changed_words(solution),
    ]


def held_words(problem: SearchProblem) -> str:
    """Say which other budgets hold everywhere on a map."""
    if not problem.budgets:
        return "no other budgets"
    return f"within {budget_words(problem)}"


def progress_words(counts: tuple[int, int], solutions: Sequence[Solution | None], of: str) -> str:
    """Say what was found: how many of what, how far proven, how many without an architecture."""
    done, asked = counts
    known = [solution for solution in solutions if solution is not None]
    empty = sum(solution.status == "infeasible" for solution in known)
    open_ones = sum(solution.status in ("feasible", "no_solution_in_time") for solution in known)
    head = f"{asked} {of}" if done == asked else f"Stopped after {done} of {asked} {of}"
    proof = f"{open_ones} not proven optimal" if open_ones else "all proven optimal"
    if empty:
        proof = proof.replace("all proven optimal", "the rest proven optimal")
        return f"{head}: {empty} infeasible, {proof}."
    return f"{head}: {proof}."

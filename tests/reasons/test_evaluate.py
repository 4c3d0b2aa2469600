"""Architectures of one's own are summed and checked."""

from __future__ import annotations

import pytest

import puzzle_widgets as pw
from tests.support.libraries import LOSS, MEMORY, make_library


def library() -> pw.BlockLibrary:
    """Two layers of two variants."""
    return make_library([[(0, 5, 1), (4, 2, 1)], [(0, 5, 2), (7, 1, 1)]])


def test_totals_are_those_of_the_library() -> None:
    """By name or in a person's words."""
    found = pw.evaluate(library(), {0: "v1", "1": "parent"})
    assert dict(found.architecture or {}) == {0: "v1", 1: "v0"}
    assert (found.score, found.totals[MEMORY], found.status) == (4, 7, "feasible")
    assert found.problem.budgets == {}


def test_budgets_of_a_problem_are_checked() -> None:
    """What holds answers the problem; what breaks one says which."""
    problem = pw.SearchProblem(library(), minimize=LOSS, budgets={MEMORY: 7}, banned={1: ["v1"]})
    kept = pw.evaluate(problem, {0: "v1", 1: "v0"})
    assert (kept.problem, kept.reason) == (problem, "")
    broken = pw.evaluate(problem, {0: "v0", 1: "v1"})
    assert broken.reason == "Breaks rules in 1 layer."
    large = pw.evaluate(problem, {0: "v0", 1: "v0"})
    assert large.reason == "Breaks Memory ≤ 7 MiB."
    assert large.problem.budgets == {}


def test_objective_and_goal_can_be_said() -> None:
    """By default the library's first score."""
    given = pw.evaluate(library(), {0: "v1", 1: "v1"}, objective=MEMORY, goal="maximize")
    assert (given.score, given.problem.goal) == (3, "maximize")


def test_what_is_missing_or_unknown_is_refused() -> None:
    """Naming the layer."""
    with pytest.raises(pw.ProblemError, match="1 layers are missing, the first is 1"):
        pw.evaluate(library(), {0: "v1"})
    with pytest.raises(pw.ProblemError, match="no variant 'v9'"):
        pw.evaluate(library(), {0: "v9", 1: "v0"})
    with pytest.raises(pw.ProblemError, match="is not a SearchProblem"):
        pw.evaluate("library", {0: "v9"})  # type: ignore[arg-type]


def test_another_objective_keeps_budgets_and_rules() -> None:
    """Only the objective changes."""
    problem = pw.SearchProblem(library(), minimize=LOSS, budgets={MEMORY: 7}, fixed={0: "v1"})
    other = problem.with_objective(maximize=MEMORY)
    assert (other.objective, other.goal, other.sign) == (MEMORY, "maximize", -1)
    assert (other.budgets, other.fixed) == (problem.budgets, problem.fixed)
    assert pw.search(other).score == 7
    with pytest.raises(pw.ProblemError, match="one of the two"):
        problem.with_objective()

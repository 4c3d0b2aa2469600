"""What a user may assign goes through its action; the rest is refused, and names are taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from traitlets import TraitError, link

import puzzle_widgets as pw
from puzzle_widgets.export import export
from puzzle_widgets.solution import Scenario
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library

ROWS = [[(0.0, 10.0, 60.0), (1.0, 6.0, 40.0), (2.5, 1.0, 20.0)]] * 4
LIBRARY = make_library(ROWS, keys=(LOSS, MEMORY, RUNTIME))


def answer(state: pw.ExplorerState) -> pw.Solution:
    """Give the answer to what is asked; there is no event loop here, so it is there at once."""
    assert state.solution is not None
    assert state.solution.problem == state.problem
    return state.solution


def test_linked_budgets_search_in_both() -> None:
    """A budget that is set in one state holds in the other one, too, whichever is first."""
    one, two = pw.ExplorerState(LIBRARY), pw.ExplorerState(LIBRARY)
    link((one, "budgets"), (two, "budgets"))
    one.set_budget(MEMORY, 22)
    assert answer(two).problem.budgets[MEMORY].upper == 22
    assert answer(two).score == answer(one).score
    two.set_budget(MEMORY, "50 %")
    assert answer(one).totals[MEMORY] <= 20
    assert answer(one).score == answer(two).score


def test_linked_objectives_and_libraries_search_in_both() -> None:
    """Objective, goal and library are followed as well."""
    one, two = pw.ExplorerState(LIBRARY), pw.ExplorerState(LIBRARY)
    for name in ("objective", "goal", "library"):
        link((one, name), (two, name))
    one.set_objective(RUNTIME, "maximize")
    assert (two.objective, two.goal) == (RUNTIME, "maximize")
    assert answer(two).score == answer(one).score
    one.goal = "minimize"
    assert answer(two).problem.goal == "minimize"
    other = make_library(ROWS[:2], keys=(LOSS, MEMORY, RUNTIME))
    one.library = other
    assert answer(two).library is other


def test_assigned_budgets_are_searched() -> None:
    """What is not a limit is refused, and what held goes on."""
    state = pw.ExplorerState(LIBRARY)
    state.budgets = (pw.BudgetSetting(MEMORY, "at most", 8.0, on=True),)
    assert answer(state).totals[MEMORY] <= 8
    before = state.budgets
    for wrong, words in (
        ([{MEMORY: 3}], "is not a BudgetSetting"),
        (3, "3 is not a BudgetSetting"),
        ([pw.BudgetSetting("stats.disk", "at most", 1.0)], "A limit on 'stats.disk': small has"),
    ):
        with pytest.raises(pw.ProblemError, match=words):
            state.budgets = wrong  # type: ignore[assignment]
        assert state.budgets == before
    state.budgets = ()
    assert answer(state).problem.budgets == {}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("objective", "metrics.x", "no such score"),
        ("goal", "best", "give 'minimize' or 'maximize'"),
        ("library", 3, "A int cannot be explored. Give a block library"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    name: str, value: Any, words: str
) -> None:
    """The answer on screen stays that of the problem on screen."""
    state = pw.ExplorerState(LIBRARY)
    before = (state.problem, state.solution, getattr(state, name))
    with pytest.raises(pw.PuzzleError, match=words):
        setattr(state, name, value)
    assert (state.problem, state.solution, getattr(state, name)) == before


def test_what_the_state_finds_cannot_be_assigned() -> None:
    """Every trait but the few that have an action."""
    state = pw.ExplorerState(LIBRARY)
    assigned = {"library", "objective", "goal", "budgets", "front_points"}
    assert {"solution", "problem", "front", "shown"} <= set(state.trait_names()) - assigned
    for name in set(state.trait_names()) - assigned:
        with pytest.raises(TraitError, match=f"state.{name} is computed and cannot be"):
            setattr(state, name, getattr(state, name))
    with pytest.raises(TraitError, match="cannot be assigned"):
        link((state, "objective"), (state, "workload"))


def test_a_limit_is_set_by_its_name() -> None:
    """A value turns it on; shares are of the parent's memory, runtime or throughput."""
    state = pw.ExplorerState(LIBRARY)
    state.set_budget(MEMORY, 25)
    assert state.problem.budgets[MEMORY] == pw.Budget(MEMORY, upper=25)
    state.set_budget(MEMORY, "60 %")
    assert state.problem.budgets[MEMORY].upper == 24  # of 40
    state.set_budget("throughput", "200 %")
    assert state.problem.budgets[RUNTIME].upper == pytest.approx(120)  # the parent's is 240 ms
    state.set_budget(MEMORY, on=False)
    assert set(state.problem.budgets) == {RUNTIME}
    state.set_budget(MEMORY, on=True)
    assert state.problem.budgets[MEMORY].upper == 24
    state.set_budget(RUNTIME, pw.Share(0.9), on=False)
    state.set_budget("throughput", on=False)
    assert set(state.problem.budgets) == {MEMORY}


def test_a_limit_that_has_no_row_gets_one() -> None:
    """Scores and both senses of a resource, too; then the sense has to be said."""
    state = pw.ExplorerState(LIBRARY)
    rows = len(state.budgets)
    state.set_budget(LOSS, 5)
    assert state.problem.budgets[LOSS].upper == 5
    state.set_budget(MEMORY, 30)
    state.set_budget(MEMORY, 12, sense="at least")
    assert state.problem.budgets[MEMORY] == pw.Budget(MEMORY, 12, 30)
    assert len(state.budgets) == rows + 2
    with pytest.raises(pw.ProblemError, match=r"There are 2 limits on 'stats\.memory_mib': say"):
        state.set_budget(MEMORY, 20)
    state.set_budget(MEMORY, 20, sense="at most")
    assert state.problem.budgets[MEMORY] == pw.Budget(MEMORY, 12, 20)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("stats.disk", 3), r"A limit on 'stats\.disk': small has throughput, metrics\.loss"),
        ((99, 3), r"No limit 99\. Name the resource, such as 'stats\.memory_mib'"),
        ((MEMORY, "much"), "'much' is not a limit"),
        ((MEMORY, float("inf")), "inf is not a finite amount"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(given: tuple[Any, Any], words: str) -> None:
    """With what there is."""
    state = pw.ExplorerState(LIBRARY)
    before = state.budgets
    with pytest.raises(pw.ProblemError, match=words):
        state.set_budget(*given)
    with pytest.raises(pw.ProblemError, match="give 'at most' or 'at least'"):
        state.set_budget(MEMORY, 3, sense="below")  # type: ignore[arg-type]
    assert state.budgets == before


def test_a_state_opens_on_a_problem() -> None:
    """Objective, budgets and rules are those of the problem, and the answer is its answer."""
    problem = pw.SearchProblem(
        LIBRARY,
        maximize=RUNTIME,
        budgets={MEMORY: (10, 30)},
        fixed={0: "parent"},
        banned={1: ["v1"]},
    ).with_difference(LIBRARY.parent_architecture, 2)
    state = pw.ExplorerState(problem)
    assert state.problem == problem
    assert answer(state).score == pw.search(problem).score
    assert len(state.rules) == 1
    state.keep("asked")
    state.reset()
    assert state.problem != problem
    state.restore("asked")
    assert state.problem == problem


def test_a_state_opens_on_a_solution() -> None:
    """A proven one is the answer, without another search; any other is shown as a scenario."""
    problem = pw.SearchProblem(LIBRARY, minimize=LOSS, budgets={MEMORY: 20})
    solution = pw.search(problem)
    state = pw.ExplorerState(solution)
    assert state.solution is solution
    assert state.shown is solution
    parent = pw.parent_solution(problem)
    state = pw.ExplorerState(parent)
    assert state.shown is parent
    assert state.scenarios == (Scenario("given", parent),)
    assert answer(state).score == 0


def test_scenarios_are_meant_by_their_names(tmp_path: Path) -> None:
    """Shown, restored, renamed, deleted, and read from a path."""
    state = pw.ExplorerState(LIBRARY)
    state.set_budget(MEMORY, 22)
    state.keep("A")
    kept: pw.Solution = state.scenarios[0].solution
    export(list(state.scenarios), "layers-json").write(tmp_path / "kept.json")
    state.set_budget(MEMORY, 35)
    state.show_scenario("A")
    assert state.shown is kept
    state.restore("A")
    assert state.problem == kept.problem
    state.rename("A", "B")
    with pytest.raises(pw.ScenarioError, match=r"No scenario 'A' is kept\. There are: 'B'"):
        state.restore("A")
    state.delete("B")
    assert not state.scenarios
    state.load_scenarios(tmp_path / "kept.json")
    assert state.scenarios[0].solution.architecture == kept.architecture
    with pytest.raises(pw.ScenarioError, match=r"none.json: cannot be read"):
        state.load_scenarios(tmp_path / "none.json")

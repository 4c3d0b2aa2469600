"""Reasons of the state: while somebody looks, of what is shown, and of nothing older."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.state import reason_answers
from tests.support.libraries import LOSS, MEMORY, best_score, make_library

ROWS = [(0.0, 10.0, 60.0), (1.0, 6.0, 40.0), (2.5, 1.0, 20.0)]
LIBRARY = make_library([[(score * n, *rest) for score, *rest in ROWS] for n in (1, 2, 3, 5)])
AT_MOST = pw.BudgetSetting(MEMORY, "at most", 30.0, on=True)


def asking(limit: float = 30.0) -> pw.ExplorerState:
    """Give a state of four layers within a limit on memory."""
    state = pw.ExplorerState(LIBRARY)
    state.budgets = (pw.BudgetSetting(MEMORY, "at most", limit, on=True),)
    return state


async def until(holds: Callable[[], bool]) -> None:
    """Wait for the background."""
    for _ in range(2000):
        if holds():
            return
        await asyncio.sleep(0.005)
    pytest.fail("nothing came of it")


def test_nothing_is_searched_that_nobody_wants() -> None:
    """Nor once the last of those who looked has gone."""
    state = asking()
    assert (state.explanation, state.sensitivity, state.baselines) == (None, None, None)
    state.want("explanation")
    state.want("explanation")
    state.want("explanation", on=False)
    assert state.explanation is not None
    state.want("explanation", on=False)
    assert state.explanation is None


def test_reasons_are_of_what_is_shown() -> None:
    """Of the answer, of a scenario, of the answer to other budgets."""
    state = asking()
    state.keep("first")
    state.want("explanation", "baselines")
    assert state.explanation.solution is state.solution
    assert state.baselines.optimum.problem == state.problem
    state.set_budget(MEMORY, 20.0)
    assert state.explanation.solution is state.solution
    state.show_scenario("first")
    assert state.explanation.solution is state.scenarios[0].solution
    assert state.baselines.optimum.problem == state.scenarios[0].solution.problem


def test_a_step_sets_the_budget_to_just_enough() -> None:
    """The answer to it is the architecture that the step promised, and the best there is."""
    state = asking()
    state.want("explanation")
    (memory,) = state.explanation.budgets
    before = state.solution.score
    assert memory.more is not None
    state.take_step(memory.more)
    assert state.budgets[0].value == memory.more.limits[-1]
    assert state.solution.score == pytest.approx(before - memory.more.gain)
    assert state.solution.score == pytest.approx(best_score(state.problem))
    state.undo()
    assert state.budgets == (AT_MOST,)


def test_a_step_of_a_throughput_stays_one() -> None:
    """The row that was set is the row that moves."""
    state = pw.ExplorerState("stdlib-2m-measured")
    state.want("explanation")
    (speed,) = state.explanation.binding
    assert speed.more is not None
    state.take_step(speed.more)
    row = next(row for row in state.budgets if row.resource == "throughput")
    assert row.on
    assert row.value == pytest.approx(speed.more.limits[-1])
    assert state.solution.architecture == speed.more.solution.architecture


def test_a_baseline_is_saved_as_a_scenario() -> None:
    """By its name; one that is not there is an error that is told."""
    state = asking()
    state.want("baselines")
    state.keep_baseline("greedy")
    (kept,) = state.scenarios
    assert state.baselines is not None
    assert kept.name == "Greedy"
    assert kept.solution.architecture == state.baselines["greedy"].solution.architecture
    state.keep_baseline("no such")
    assert state.message.level == "error"
    assert len(state.scenarios) == 1


def test_an_infeasible_problem_has_its_conflict_and_no_more() -> None:
    """What needs an optimum is not there."""
    state = asking()
    state.want("explanation", "baselines", "sensitivity")
    state.set_budget(MEMORY, 0.5)
    assert state.explanation.conflict.demands == ("Memory ≤ 0.5 MiB",)
    assert (state.baselines, state.sensitivity) == (None, None)
    assert state.searching == ()


def test_what_was_found_is_there_at_once_when_somebody_looks_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Opening a tab again searches nothing again; other budgets do."""
    searched = []

    def counted(problem: pw.SearchProblem, **_: object) -> pw.Baselines:
        searched.append(problem)
        return pw.baselines(problem)

    monkeypatch.setattr(reason_answers, "baselines", counted)
    state = asking()
    state.want("baselines")
    found = state.baselines
    state.want("baselines", on=False)
    state.want("baselines")
    assert state.baselines is found
    assert len(searched) == 1
    state.set_budget(MEMORY, 20.0)
    assert len(searched) == 2


def test_in_the_background_old_reasons_are_gone_before_new_ones_are_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No reason is ever seen beside an answer that it is not of; the newest is there in the end."""
    monkeypatch.setattr(reason_answers, "_SETTLED", 0.01)

    async def main() -> None:
        state = asking()
        state.want("explanation", "sensitivity")
        pairs = []

        def see(_: object) -> None:
            if state.explanation is not None:
                pairs.append((state.explanation.solution.problem, state.problem))
            if state.sensitivity is not None:
                pairs.append((state.sensitivity.problem, state.problem))

        state.observe(see)
        await until(lambda: state.sensitivity is not None)
        for limit in (28.0, 25.0, 22.0, 12.0):
            state.set_budget(MEMORY, limit)
            await asyncio.sleep(0.01)
        await until(lambda: state.sensitivity is not None and state.explanation is not None)
        assert state.problem.budgets[MEMORY].upper == 12.0
        assert pairs
        assert all(of == asked for of, asked in pairs)
        assert state.sampled == reason_answers.SAMPLES
        state.close()

    asyncio.run(main())


def test_a_slider_in_hand_is_explained_once_it_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is gone in a moment is not explained; where the slider stops is."""
    explained: list[float] = []

    def explain(solution: pw.Solution, **how: Any) -> pw.Explanation:
        explained.append(solution.problem.budgets[MEMORY].upper)
        return pw.explain(solution, **how)

    monkeypatch.setattr(reason_answers, "explain", explain)
    monkeypatch.setattr(reason_answers, "_PAUSED", 0.5)

    async def main() -> None:
        state = asking()
        state.want("explanation")
        for limit in (28.0, 25.0, 22.0):
            state.set_budget(MEMORY, limit)
            await until(lambda: not state.updating)
        await until(lambda: state.explanation is not None)
        assert {*explained} == {22.0}
        assert state.explanation.solution.problem == state.problem
        state.close()

    asyncio.run(main())


def test_samples_are_counted_while_they_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress is announced, and a stop ends it: nobody looks any more."""
    monkeypatch.setattr(reason_answers, "_SETTLED", 0.0)

    async def main() -> None:
        state = pw.ExplorerState("stdlib-2m-measured")
        counts = []
        state.observe(lambda change: counts.append(change["new"]), "sampled")
        state.want("sensitivity")
        await until(lambda: state.sampled > 0)
        assert counts[0] > 0
        state.want("sensitivity", on=False)
        await asyncio.sleep(0.05)
        assert state.sensitivity is None
        assert "sensitivity" not in state.searching
        state.close()

    asyncio.run(main())


def test_reasons_are_not_saved() -> None:
    """They are searched again where they are wanted; what is saved is what was decided."""
    state = asking()
    before = state.to_json()
    state.want("explanation", "baselines")
    assert state.to_json() == before
    assert state.objective == LOSS

"""The exercises: right answers pass, wrong ones get a hint that does not give it away."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library.quantity import MEMORY, PARAMETERS, RUNTIME
from puzzle_widgets.workshop.verdict import Verdict

check = pw.check
CHECKS: list[Callable[..., Verdict]] = [getattr(check, f"exercise_{n}") for n in range(1, 10)]
ODD: list[Any] = [
    *(None, "x", b"x", "<b>", True, [], {}, {0: 3}, {0: "parent"}, object(), int, float("nan")),
    *(1 + 2j, np.array([1, 2]), 10**400, "a" * 2_000, lambda: 0, pw.search, -1.0, 0.0, 1e300),
]


def front() -> pw.ParetoFront:
    """The front of exercise 5."""
    problem = pw.SearchProblem(check.library(), minimize=check.KL)
    return pw.pareto_front(problem, MEMORY, check.POINTS)


def solved_model(*, with_row: bool = True) -> Any:
    """The model of exercise 8 as a learner changes it, solved."""
    pulp = pytest.importorskip("pulp")
    model = check.memory_problem().to_pulp()
    chosen = model.variablesDict()
    whole = [
        chosen[f"x_{place}_{number}"]
        for place, layer in enumerate(check.library().layers)
        for number, block in enumerate(layer.variants)
        if block.attention.size == 8
    ]
    if with_row:
        model += pulp.lpSum(whole) >= 4
    model.solve(pulp.HiGHS(msg=False))
    return model


def truths() -> list[Any]:
    """A right answer to each exercise, found as a learner would."""
    served, ends = check.served_problem(), pw.rules.keep_ends(check.library(), 1)
    memory = pw.search(check.memory_problem())
    return [
        check.library().parent_totals[MEMORY],
        memory.score,
        MEMORY,
        memory.shadow_prices[MEMORY],
        pw.which_point(front()).knee,
        pw.search(served.with_rule(ends)).score - pw.search(served).score,
        pw.lp_bound(check.pocket_problem()),
        solved_model(),
        pw.search(served),
    ]


def test_right_answers_are_right() -> None:
    """Each of them, and nothing that answers another exercise's number."""
    for number, (exercise, truth) in enumerate(zip(CHECKS, truths(), strict=True), 1):
        verdict = exercise(truth)
        assert verdict.right, verdict
        assert verdict.exercise == number


@pytest.mark.parametrize("exercise", CHECKS, ids=lambda check: check.__name__)
def test_no_answer_is_no_mistake(exercise: Callable[..., Verdict]) -> None:
    """The notebook runs from top to bottom before anybody has answered."""
    assert exercise().outcome == exercise(...).outcome == "no answer"


@pytest.mark.parametrize("exercise", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("answer", ODD, ids=lambda value: type(value).__name__)
def test_odd_answers_get_a_sentence(exercise: Callable[..., Verdict], answer: Any) -> None:
    """Never a traceback, and never right."""
    verdict = exercise(answer)
    assert verdict.outcome == "not yet"
    assert re.search(r"[.?]$", verdict.words)
    assert len(verdict.words) < 700


WRONG: list[tuple[int, Callable[[], Any], str]] = [
    (1, lambda: 80.8682, "outside them"),
    (1, lambda: 81.15 / 1024, "another unit"),
    (1, lambda: 80, "four digits"),
    (1, lambda: 1, "Display the library"),
    (2, lambda: 0.01, "No architecture"),
    (2, lambda: pw.search(check.served_problem()), "better"),
    (3, lambda: [MEMORY, PARAMETERS], "room to spare"),
    (3, lambda: "throughput", "room to spare"),
    (3, list, "One more"),
    (4, lambda: -0.00125, "leave the sign"),
    (4, lambda: 1.28, "another unit"),
    (5, lambda: front()[0], "end of the front"),
    (5, lambda: front()[3].totals[MEMORY], "not the one"),
    (5, lambda: 3, "No point"),
    (6, lambda: pw.search(check.served_problem()).score, "That is a score"),
    (6, lambda: 0, "not free"),
    (6, lambda: 0.5, "Search twice"),
    (7, lambda: 5, "best architecture"),
    (7, lambda: 5.5, "cannot lie above"),
    (7, lambda: 4, "less well"),
    (7, lambda: 4.9, "mixture"),
    (8, lambda: solved_model(with_row=False), "new row"),
    (8, lambda: check.library().parent_architecture, "Breaks Memory"),
    (9, lambda: check.library().parent_architecture, "Breaks Memory"),
    (9, lambda: pw.baselines(check.served_problem())["greedy"].solution, "no better"),
]


@pytest.mark.parametrize(("number", "answer", "words"), WRONG)
def test_wrong_answers_get_the_hint_that_fits(
    number: int, answer: Callable[[], Any], words: str
) -> None:
    """Of the mistakes that are often made, each has its own."""
    verdict = CHECKS[number - 1](answer())
    assert verdict.outcome == "not yet"
    assert words in verdict.words


def test_hints_do_not_give_the_answer_away() -> None:
    """No hint holds the number or the name that is asked for."""
    given = truths()
    knee = given[4].totals[MEMORY]
    numbers = {1: given[0], 2: given[1], 4: given[3], 5: knee, 6: given[5], 7: given[6]}
    for number, answer, _ in WRONG:
        words = CHECKS[number - 1](answer()).words
        if number in numbers:
            assert f"{numbers[number]:.2g}" not in words
        if number == 3:
            assert "emory" not in words


def test_three_budgets_have_one_that_binds() -> None:
    """The others have room to spare: loosened alone, they change nothing."""
    problem = check.three_budgets()
    score = pw.search(problem).score
    for key in (PARAMETERS, RUNTIME):
        assert pw.search(problem.with_budget(key)).score == score
    assert pw.search(problem.with_budget(MEMORY)).score < score


def test_the_bound_by_hand_is_that_of_a_linear_program() -> None:
    """Solved with fractions by another solver; 5 and 4.5 differ, or there is nothing to learn."""
    pulp = pytest.importorskip("pulp")
    model = check.pocket_problem().to_pulp()
    for variable in model.variables():
        variable.cat = "Continuous"
    model.solve(pulp.HiGHS(msg=False))
    assert pulp.value(model.objective) == pytest.approx(4.5)
    assert check.exercise_7(pulp.value(model.objective)).right
    assert pw.search(check.pocket_problem()).score == 5


def test_a_greedy_of_one_s_own_passes() -> None:
    """One that saves where it costs least is better than the recipe, and told how far it is off."""
    problem = check.served_problem()
    library, mine = check.library(), dict(check.library().parent_architecture)
    limits = {key: budget.upper for key, budget in problem.budgets.items()}

    def missing(architecture: Any) -> float:
        totals = library.totals(architecture)
        return sum(max(0.0, totals[key] / limit - 1) for key, limit in limits.items())

    while missing(mine) > 0:
        now, own = missing(mine), library.totals(mine)[check.KL]
        steps = [mine | {one.name: block.name} for one in library.layers for block in one.variants]
        mine = min(
            (step for step in steps if missing(step) < now),
            key=lambda step: (library.totals(step)[check.KL] - own) / (now - missing(step)),
        )
    verdict = check.exercise_9(mine)
    assert verdict.right
    assert "above the optimum" in verdict.words

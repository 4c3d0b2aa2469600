"""Axes of budgets: where limits stand, and what they ask of a problem."""

from __future__ import annotations

import math

import pytest

import puzzle_widgets as pw
from puzzle_widgets.solution.scenario import budget_words
from puzzle_widgets.sweeps.budget_axis import check_resource, even_axis, given_axis
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library

ROWS = [[(0.0, 700.0, 90.0), (2.0, 300.0, 40.0), (9.0, 10.0, 3.0)] for _ in range(4)]


def problem_of(**budgets: float) -> pw.SearchProblem:
    """Problem of a small library, with limits on ``memory`` or ``runtime``."""
    keys = {"memory": MEMORY, "runtime": RUNTIME}
    limits = {keys[name]: limit for name, limit in budgets.items()}
    return pw.SearchProblem(make_library(ROWS), minimize=LOSS, budgets=limits)


def test_usual_limits_run_from_a_fifth_of_the_parent_to_the_best() -> None:
    """The loosest limit leaves the best where it is, the tightest asks a fifth of the parent."""
    problem = problem_of()
    axis = even_axis(problem, MEMORY, 5, None, pw.search(problem))
    assert axis.limits[-1] == 2800
    assert axis.limits[0] == pytest.approx(560, rel=0.02)
    assert axis.places == (4, 3, 2, 1, 0)


def test_usual_limits_are_round_and_never_too_tight_at_the_ends() -> None:
    """Rounded limits keep the best at the loose end, and something feasible at the tight one."""
    library = make_library([[(0.0, 1234.5, 777.7), (1.0, 401.3, 250.9)] for _ in range(3)])
    problem = pw.SearchProblem(library, minimize=LOSS)
    best = pw.search(problem)
    memory = even_axis(problem, MEMORY, 6, None, best)
    assert all(limit == round(limit, -1) for limit in memory.limits)
    assert memory.limits[-1] >= best.totals[MEMORY]
    assert memory.limits[0] >= library.total_range(MEMORY)[0]
    fast = even_axis(problem, "throughput", 6, None, best)
    assert best.throughput is not None
    assert fast.limits[0] <= best.throughput
    least, _ = library.total_range(RUNTIME)
    assert fast.limits[-1] <= (library.throughput(least) or 0)


def test_ends_that_are_given_are_kept() -> None:
    """``between`` is taken to the last digit."""
    axis = even_axis(problem_of(), MEMORY, 3, (100.25, 900.75), pw.search(problem_of()))
    assert axis.limits == (100.25, 500.5, 900.75)


def test_throughput_limits_the_runtime_from_above() -> None:
    """100 tokens a batch at 1,000 tokens/s leave 100 ms; low targets are the loose ones."""
    problem = problem_of()
    axis = given_axis(problem, "throughput", [2000, 1000])
    assert list(axis.limits) == [1000, 2000]
    assert axis.places == (0, 1)
    assert axis.limited(problem, 0).budgets[RUNTIME].upper == pytest.approx(100)
    assert axis.words(0) == "Throughput ≥ 1,000 tokens/s"


def test_limits_of_the_problem_hold() -> None:
    """The tighter of the problem's own limit and the axis' counts."""
    problem = problem_of(memory=500)
    axis = given_axis(problem, MEMORY, [400, 900])
    uppers = [axis.limited(problem, place).budgets[MEMORY].upper for place in (0, 1)]
    assert uppers == [400, 500]
    assert axis.words(0) == "Memory ≤ 400 MiB"


def test_a_limit_keeps_its_name_and_unit() -> None:
    """One on the throughput is told as a throughput, also where a runtime is limited as well."""
    problem = problem_of(memory=2_000)
    axis = given_axis(problem, "throughput", [500.0])
    said = "Memory ≤ 2,000 MiB, Throughput ≥ 500 tokens/s"
    assert budget_words(axis.limited(problem, 0)) == said
    tight, loose = problem_of(runtime=10), problem_of(runtime=1_000)
    assert budget_words(axis.limited(tight, 0)) == "Runtime ≤ 10 ms"
    assert budget_words(axis.limited(loose, 0)) == "Throughput ≥ 500 tokens/s"
    for front in (
        pw.pareto_front(problem, "throughput", 3),
        pw.full_front(problem_of(), "throughput"),
    ):
        points = front.solutions if isinstance(front, pw.ParetoFront) else list(front)
        assert all("Runtime" not in budget_words(point.problem) for point in points)
    runtimes = pw.pareto_front(problem, RUNTIME, 3).solutions
    assert "Runtime ≤" in budget_words(runtimes[0].problem)


def test_a_resource_that_cannot_be_limited_at_different_amounts_has_one_limit() -> None:
    """Equal costs everywhere leave a single limit."""
    library = make_library([[(0.0, 5.0, 1.0), (1.0, 5.0, 1.0)]])
    problem = pw.SearchProblem(library, minimize=LOSS)
    assert even_axis(problem, MEMORY, 4, None, pw.search(problem)).limits == (5.0,)


@pytest.mark.parametrize("targets", [[math.nan], [math.inf, 1.0], [], [-5.0, 0.0]])
def test_targets_that_are_none_are_refused(targets: list[float]) -> None:
    """Targets are finite, and throughput is above 0."""
    with pytest.raises(pw.ProblemError, match="targets="):
        given_axis(problem_of(), "throughput", targets)


def test_unknown_resources_are_refused_with_what_there_is() -> None:
    """The message names the library's keys; throughput needs tokens a batch."""
    with pytest.raises(pw.ProblemError, match=r"'stats\.disk': small has metrics\.loss"):
        check_resource(problem_of(), "stats.disk")
    bare = make_library(ROWS, measurement=pw.Measurement(batch_size=2))
    with pytest.raises(pw.ProblemError, match="batch size"):
        check_resource(pw.SearchProblem(bare, minimize=LOSS), "throughput")

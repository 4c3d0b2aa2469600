"""Answers side by side in one line."""

from __future__ import annotations

import pytest

import puzzle_widgets as pw
from tests.support.libraries import LOSS, MEMORY, make_library

LAYERS = [[(0, 4, 4), (1, 2, 2)]] * 3


@pytest.fixture
def answers() -> list[pw.Solution]:
    """The free optimum, and one of less memory."""
    problem = pw.SearchProblem(make_library(LAYERS), minimize=LOSS)
    return [pw.search(problem), pw.search(problem.with_budget(MEMORY, upper="70 %"))]


def test_names_come_from_the_caller_or_the_alphabet(answers: list[pw.Solution]) -> None:
    """A mapping names its solutions, a scenario has its name, others are letters."""
    free, half = answers
    assert [one.name for one in pw.compare(answers)] == ["A", "B"]
    assert [one.name for one in pw.compare({"free": free, "half": half})] == ["free", "half"]
    assert [one.name for one in pw.compare([pw.Scenario("kept", free), half])] == ["kept", "B"]


def test_plot_draws_any_key_by_layer_or_by_rank(answers: list[pw.Solution]) -> None:
    """The objective first, and the sums in the legend."""
    both = pw.compare(answers)
    assert both.plot().title == "Loss by layer"
    assert both.plot(MEMORY).title == "Memory (MiB) by layer"
    assert both.plot(MEMORY, ranked=True).title == "Memory (MiB) by rank"
    assert "B: 8 MiB in all" in both.plot(MEMORY).to_svg()
    with pytest.raises(pw.ProblemError, match=r"stats\.memory"):
        both.plot("stats.memory")


def test_what_cannot_be_compared_is_named(answers: list[pw.Solution]) -> None:
    """Nothing, no architecture, and another library."""
    other = pw.search(pw.SearchProblem(make_library(LAYERS[:2]), minimize=LOSS))
    none = pw.search(answers[0].problem.with_budget(MEMORY, upper="1 %"))
    with pytest.raises(pw.ProblemError, match="nothing to compare"):
        pw.compare([])
    with pytest.raises(pw.ProblemError, match="'none' has no architecture"):
        pw.compare({"free": answers[0], "none": none})
    with pytest.raises(pw.ProblemError, match="'B' is of another library"):
        pw.compare([answers[0], other])

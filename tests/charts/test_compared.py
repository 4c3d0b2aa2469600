"""Answers side by side in one line."""

from __future__ import annotations

from dataclasses import replace

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library
from tests.support.two_libraries import best, small, without

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


def test_a_comparison_is_a_table_of_its_answers(answers: list[pw.Solution]) -> None:
    """A row each, or a row for each layer of each."""
    frame = pw.to_frame(pw.compare({"free": answers[0], "half": answers[1]}))
    assert frame["scenario"].tolist() == ["free", "half"]
    assert frame[LOSS].tolist() == [one.score for one in answers]
    assert len(pw.to_frame(pw.compare(answers), layers=True)) == 2 * len(LAYERS)


def test_what_cannot_be_compared_is_named(answers: list[pw.Solution]) -> None:
    """Nothing, no architecture, and another library."""
    other = pw.search(pw.SearchProblem(make_library(LAYERS[:2]), minimize=LOSS))
    none = pw.search(answers[0].problem.with_budget(MEMORY, upper="1 %"))
    with pytest.raises(pw.ProblemError, match="nothing to compare"):
        pw.compare([])
    with pytest.raises(pw.ProblemError, match="'none' has no architecture"):
        pw.compare({"free": answers[0], "none": none})
    with pytest.raises(pw.ProblemError, match=r"'B' of small .*3 layers against 2\. Leave it out"):
        pw.compare([answers[0], other])


def test_answers_of_two_libraries_stand_side_by_side() -> None:
    """Each by its own library's figures, with its own parent, and summed on the other."""
    h100, h200 = small(), small("NVIDIA H200", 0.5)
    both = pw.compare({"one": best(h100, 6.0), "two": best(h200, 2.6)})
    assert both.libraries == (h100, h200)
    assert both.changes("two")[0].key == LOSS
    back, forth = (both.changes(*two)[2].difference for two in (("one", "two"), ("two", "one")))
    assert back == -(forth or 0) != 0
    assert {one.name: one.library for one in both.elsewhere} == {"one": h200, "two": h100}
    assert both.differing_layers(1) == [0]
    svg = both.plot(RUNTIME).to_svg()
    assert "Parent · H100" in svg
    assert "two · H200" in svg
    page = both._repr_mimebundle_()["text/html"]
    assert "H100 against H200" in page
    assert "Summed on" in page
    with pytest.raises(pw.ProblemError, match=r"no 'three' here. There are: one, two"):
        both.changes("three")


def test_what_one_library_lacks_is_said_and_not_drawn() -> None:
    """In the legend of a chart, as a missing cell of a frame, and a dash of a table."""
    bare = without(small("NVIDIA H200"), MEMORY)
    both = pw.compare([best(small(), 5.0), best(bare, 5.0)])
    svg = str(both.plot(MEMORY).to_svg())
    assert "B · H200" in svg
    assert svg.count("not known") == 2
    assert svg.count("<polyline") == 2
    frame = pw.to_frame(both.scenarios)
    assert frame["gpu"].tolist() == ["NVIDIA H100", "NVIDIA H200"]
    assert frame["library_sha256"].nunique() == 2
    assert frame[MEMORY].isna().tolist() == [False, True]
    layers = pw.to_frame(both.scenarios, layers=True)
    assert layers.groupby("scenario")[MEMORY].count().to_dict() == {"A": 2, "B": 0}


def test_figures_in_other_units_have_columns_of_their_own() -> None:
    """Nobody adds MiB to GiB."""
    other = replace(small("NVIDIA H200"), units=FrozenMapping({MEMORY: "GiB"}))
    both = pw.compare([best(small(), 5.0), best(other, 5.0)])
    frame = pw.to_frame(both.scenarios)
    assert frame[MEMORY].isna().tolist() == [False, True]
    assert frame[f"{MEMORY} (GiB)"].isna().tolist() == [True, False]
    assert "in GiB, not drawn" in both.plot(MEMORY).to_svg()
    assert "GiB</td>" in both._repr_mimebundle_()["text/html"]

"""What a notebook shows of an object, and its charts in one line."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from IPython.core.formatters import DisplayFormatter

import puzzle_widgets as pw
from puzzle_widgets.charts import draw, front_figure, layers_figure
from puzzle_widgets.charts.display import MOST_ROWS, bundle
from puzzle_widgets.charts.front import FrontAxes
from tests.support.libraries import LOSS, MEMORY, make_library

EVIL = "<script>alert(1)</script>"


def library_called(name: str) -> pw.BlockLibrary:
    """Three layers of two variants each, under a name from a file."""
    layers = [[(0, 4, 4), (1, 2, 2)]] * 3
    return replace(make_library(layers), name=name)


@pytest.fixture
def problem() -> pw.SearchProblem:
    """Half of the memory, of a library of a hostile name."""
    return pw.SearchProblem(library_called(EVIL), minimize=LOSS, budgets={MEMORY: "70 %"})


def shown_by(thing: object) -> str:
    """HTML that Jupyter's own formatter asks for."""
    data, _ = DisplayFormatter().format(thing)  # type: ignore[no-untyped-call]
    return str(data["text/html"])


def test_everything_has_a_table_or_a_chart(problem: pw.SearchProblem) -> None:
    """Jupyter shows more than the words that a terminal shows, and the words stay short."""
    solution = pw.search(problem)
    things = [
        problem.library,
        problem.library.layers[0],
        problem,
        solution,
        pw.Scenario("kept", solution),
        pw.pareto_front(problem, MEMORY, points=3),
        pw.budget_surface(problem, MEMORY, "stats.runtime_ms", points=(2, 2)),
        pw.decision_map(problem, MEMORY, points=2),
        pw.search_diverse(problem, 2, 1),
        pw.compare([solution]),
    ]
    for thing in things:
        html = shown_by(thing)
        assert "<table>" in html or "<svg" in html, type(thing)
        assert len(repr(thing)) < 300, type(thing)


def test_names_from_files_are_escaped(problem: pw.SearchProblem) -> None:
    """A library, a scenario and a reason say their names as text."""
    solution = pw.search(problem)
    scenario = pw.Scenario(EVIL, solution)
    for thing in (problem.library, problem, scenario, pw.compare({EVIL: solution})):
        html = shown_by(thing)
        assert "<script>" not in html
        assert "&lt;script&gt;" in html


def test_solution_says_score_proof_and_share(problem: pw.SearchProblem) -> None:
    """What was summed, whether it is proven, and the share of the parent; then the chart."""
    html = shown_by(pw.search(problem))
    assert "optimal, proven" in html
    assert ">8 MiB<" in html
    assert ">66.7 %<" in html
    assert "<svg" in html


def test_unproven_solution_says_its_gap(problem: pw.SearchProblem) -> None:
    """Nothing unproven is shown as optimal."""
    html = shown_by(pw.evaluate(problem, dict(pw.search(problem).architecture or {})))
    assert "not proven optimal" in html
    assert ">Gap<" in html


def test_infeasible_solution_says_why(problem: pw.SearchProblem) -> None:
    """There is no chart, but the reason."""
    solution = pw.search(problem.with_budget(MEMORY, upper="10 %"))
    html = shown_by(solution)
    assert "infeasible" in html
    assert "<svg" not in html
    with pytest.raises(pw.ProblemError, match="no architecture to draw"):
        solution.plot()


def test_long_tables_are_cut() -> None:
    """A layer of many variants shows the first, and how many more there are."""
    library = make_library([[(n, 20 - n, 1) for n in range(MOST_ROWS + 5)]])
    html = bundle(library.layers[0])["text/html"]
    assert html.count("<tr>") == MOST_ROWS + 1
    assert "and 5 more variants" in html


def test_front_is_a_sequence(problem: pw.SearchProblem) -> None:
    """Its points can be counted, walked through and picked."""
    front = pw.pareto_front(problem.bare, MEMORY, points=6)
    assert len(front) == len(front.solutions) > 2
    assert list(front) == list(front.solutions)
    assert front[-1] is front.solutions[-1]
    assert front[1:3] == front.solutions[1:3]


def test_plots_are_the_panels_figures(problem: pw.SearchProblem) -> None:
    """One line draws what the screen draws."""
    solution, front = pw.search(problem), pw.pareto_front(problem, MEMORY, points=3)
    axes = FrontAxes(front[0].problem, MEMORY)
    assert solution.plot("Choice") == draw(layers_figure(solution, "Choice"))
    assert front.plot() == draw(front_figure(front, axes))


def test_front_shows_an_answer_and_its_limits(problem: pw.SearchProblem) -> None:
    """The current solution is marked, and the limit that it keeps."""
    front = pw.pareto_front(problem.bare, MEMORY, points=3)
    best = pw.search(problem)
    drawn = front.plot(best, [pw.Scenario("kept", best)]).to_svg()
    assert "Current solution" in drawn
    assert "Limit: Memory" in drawn
    assert "Scenario: kept" in drawn


def test_empty_front_says_so(problem: pw.SearchProblem) -> None:
    """It is shown, but there is nothing to draw."""
    front = pw.pareto_front(problem.with_budget(MEMORY, upper="10 %"), "stats.runtime_ms", points=2)
    assert "<svg" not in shown_by(front)
    with pytest.raises(pw.ProblemError, match="no point to draw"):
        front.plot()


def test_reference_is_outlined(problem: pw.SearchProblem) -> None:
    """Another answer stands behind the bars, by its score."""
    free = pw.search(problem.bare)
    drawn = pw.search(problem).plot(reference=free).to_svg()
    assert "Reference: Loss 0" in drawn
    ET.fromstring(drawn)  # noqa: S314 - drawn here

"""What is saved is what is on the screen: both are drawn from one figure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.charts import (
    Figure,
    comparison_figure,
    decision_figures,
    draw,
    front_figure,
    lagrangian_figure,
    layers_figure,
    surface_figure,
    truth_figure,
)
from puzzle_widgets.charts.comparison import with_parent
from puzzle_widgets.charts.front import FrontAxes
from puzzle_widgets.charts.layers import layer_chart
from puzzle_widgets.charts.palette import heat_color
from puzzle_widgets.widgets.charts import (
    BarChart,
    BoundChart,
    CellChart,
    CurveChart,
    FrontChart,
    TruthChart,
    legend_line,
    strip_line,
)
from tests.support.libraries import MEMORY, RUNTIME

SPACE = "{http://www.w3.org/2000/svg}"
PROBLEM = pw.SearchProblem(pw.random_library(5, 4), minimize="metrics.loss")


def ignore(*_: int) -> None:
    """Nothing listens here."""


def elements(figure: Figure, tag: str) -> list[ET.Element]:
    """Elements of the file."""
    root = ET.fromstring(draw(figure).to_svg())  # noqa: S314 - written here
    return list(root.iter(f"{SPACE}{tag}"))


def written(figure: Figure) -> set[str]:
    """All words of the file."""
    return {element.text or "" for tag in ("text", "title") for element in elements(figure, tag)}


def check_axes(screen: Any, figure: Figure) -> None:
    """Ticks and titles of the screen are those of the file."""
    words = written(figure)
    for axis in screen.axes:
        assert axis.label == "" or any(axis.label in text for text in words)
        assert set(axis.tick_labels.values()) <= words


def check_legend(figure: Figure) -> None:
    """Every key of the screen stands in the file."""
    line = legend_line(figure.legend)
    for key in figure.legend:
        assert key.words in line.unescape()
        assert key.words in written(figure)


def test_pale_and_pinned_layers() -> None:
    """As pale on the screen as in the file, dots in the same places; both in words, too."""
    problem = PROBLEM.with_budget(MEMORY, upper="60 %")
    solution, decided = pw.search(problem), pw.decidedness(problem)
    limit = float(np.sort(decided.margins)[1]) * 100 * len(decided.margins)
    decided = replace(decided, solution=replace(solution, score=limit))
    assert 2 <= decided.hardly.sum() < len(decided.margins)
    plan = layer_chart(PROBLEM.library, "Size")
    figure = plan.figure(solution, decided=decided, pinned=(0, 3))
    screen = BarChart(figure.x, figure.y, 5, plan.height, ignore, ignore)
    screen.draw(plan.bars(solution, decided=decided))
    screen.pin(plan.pins((0, 3)))
    check_legend(figure)
    assert {"pale", "kept"} <= {key.words.split()[0].strip(":") for key in figure.legend}
    shades = np.reshape(screen.bars.opacities, (7, -1))[1:-1]
    assert [bool(shade[0] < 1) for shade in shades] == decided.hardly.tolist()
    pale = [box for box in elements(figure, "rect") if box.get("fill-opacity")]
    bars = figure.bars
    assert bars is not None
    drawn = (bars.heights != 0) & (bars.colors != "")
    assert len(pale) == int(drawn[:, decided.hardly].sum())
    assert screen.pins.x.tolist() == [0.0, 3.0]
    titles = [element.text or "" for element in elements(figure, "title")]
    assert sum("kept by a rule" in title for title in titles) == 2
    assert any("(hardly matters)" in title for title in titles)
    screen.draw(plan.bars(solution))
    assert set(screen.bars.opacities) == {1.0}


def test_a_front() -> None:
    """Spots, curve, limits, axes and legend."""
    front = pw.pareto_front(PROBLEM, MEMORY, 6)
    current = pw.search(PROBLEM.with_budget(MEMORY, upper="60 %"))
    kept = [pw.Scenario(name, point) for name, point in zip("AB", front.solutions, strict=False)]
    figure = front_figure(
        front,
        FrontAxes(PROBLEM, MEMORY),
        current=current,
        scenarios=kept,
        reference=1,
        baselines=pw.baselines(PROBLEM.with_budget(MEMORY, upper="60 %")),
        selected=1,
    )
    assert all(
        figure.named(name).spots for name in ("scenarios", "reference", "baselines", "selected")
    )
    screen = FrontChart()
    screen.show(figure)
    check_axes(screen.figure, figure)
    check_legend(figure)
    titles = [element.text for element in elements(figure, "title")]
    for group in figure.spots:
        mark = screen.spots[group.name]
        np.testing.assert_array_equal(mark.x, [spot.x for spot in group.spots])
        np.testing.assert_array_equal(mark.y, [spot.y for spot in group.spots])
        for spot in group.spots:
            assert not spot.words or " ".join(spot.words.split()) in titles
    (curve,) = elements(figure, "polyline")
    assert len((curve.get("points") or "").split()) == len(screen.line.x) == len(front.solutions)


def test_predicted_and_measured() -> None:
    """Spots, the line of right predictions, axes and legend."""
    state = pw.ExplorerState("stdlib-2m-measured")
    figure = truth_figure(state.measured, state.library, "metrics.kl_div")
    screen = TruthChart()
    screen.show(figure)
    check_axes(screen.figure, figure)
    check_legend(figure)
    titles = [element.text for element in elements(figure, "title")]
    for group in figure.spots:
        mark = screen.spots[group.name]
        assert len(group.spots) > 0
        np.testing.assert_array_equal(mark.x, [spot.x for spot in group.spots])
        np.testing.assert_array_equal(mark.y, [spot.y for spot in group.spots])
        for spot in group.spots:
            assert not spot.words or " ".join(spot.words.split()) in titles
    (curve,) = elements(figure, "polyline")
    assert curve.get("stroke-dasharray")
    assert screen.line.line_style == figure.curves[0].dash


def test_the_lagrangian_bound() -> None:
    """Curves, spots, axes and legend; a curve that is gone is not left on the screen."""
    problem = PROBLEM.with_budget(MEMORY, upper="60 %")
    bound = pw.lagrangian_bound(problem)
    figure = lagrangian_figure(bound, bound.greatest, pw.search(problem))
    screen = BoundChart()
    screen.show(figure)
    check_axes(screen.figure, figure)
    check_legend(figure)
    drawn = [curve for curve in figure.curves if curve.points]
    assert len(elements(figure, "polyline")) == len(figure.curves)
    for curve in drawn:
        mark = screen.curves[curve.name]
        np.testing.assert_array_equal(mark.y, [y for _, y in curve.points])
        assert (mark.line_style, mark.colors) == (curve.dash, [curve.color])
    for group in figure.spots:
        np.testing.assert_array_equal(screen.spots[group.name].x, [s.x for s in group.spots])
    screen.show(lagrangian_figure(bound, bound.greatest))
    assert not screen.curves["solution"].visible


@pytest.mark.parametrize("view", ["Size", "Choice", "Runtime", "Memory"])
def test_blocks_by_layer(view: str) -> None:
    """As many bars, of the same colors, in every view."""
    solution = pw.search(PROBLEM.with_budget(MEMORY, upper="60 %"))
    plan = layer_chart(PROBLEM.library, view)
    reference = pw.Scenario("A", pw.parent_solution(PROBLEM))
    figure = layers_figure(solution, view, reference=reference)
    screen = BarChart(figure.x, figure.y, 5, plan.height, ignore, ignore)
    screen.draw(plan.bars(solution))
    screen.frame(plan.frames(reference))
    check_axes(screen.figure, figure)
    check_legend(figure)
    heights = np.asarray(screen.bars.y)[:, 1:-1]
    colors = np.array(screen.bars.colors).reshape(-1, len(heights)).T[:, 1:-1]
    shown = sorted(colors[(heights != 0) & (colors != "transparent")].tolist())
    bars = [e for e in elements(figure, "rect") if e.find(f"{SPACE}title") is not None]
    fills = [bar.get("fill") or "" for bar in bars]
    assert sorted(fill for fill in fills if fill != "none") == shown
    outlined = np.array(screen.frames.opacities).reshape(-1, len(screen.frames.y)).T
    assert int(outlined.sum()) == fills.count("none") > 0
    assert np.asarray(screen.frames.y)[outlined > 0].all()
    assert screen.frames.visible


def check_cells(figure: Figure) -> None:
    """The colors of all cells, the strip, the legend and the outlines."""
    screen = CellChart(figure, ignore, ignore)
    check_axes(screen.figure, figure)
    check_legend(figure)
    assert figure.strip is not None
    assert all(tick in strip_line(figure.strip) for tick in figure.strip.ticks)
    assert {figure.strip.title, *figure.strip.ticks} <= written(figure)
    values = np.asarray(screen.cells.color)[:-1, :-1]
    cells = [e for e in elements(figure, "rect") if e.find(f"{SPACE}title") is not None]
    assert [cell.get("fill") for cell in cells] == [heat_color(v) for v in values.ravel()]
    outlined = [mark for mark in screen.outlines if mark.visible]
    assert len(outlined) == len(figure.outlines)
    frames = [e for e in elements(figure, "rect") if e.get("fill") == "none"]
    assert [frame.get("stroke") for frame in frames] == [mark.colors[0] for mark in outlined]


def test_a_surface() -> None:
    """Cells of scores."""
    grid = pw.budget_surface(PROBLEM, MEMORY, RUNTIME, (4, 3))
    check_cells(surface_figure(grid, limits=[], selected=(1, 1)))


def test_a_decision_map() -> None:
    """Cells of blocks."""
    grid = pw.decision_map(PROBLEM, MEMORY, points=4)
    for figure in decision_figures(grid, selected=2):
        check_cells(figure)


@pytest.mark.parametrize("log", [False, True])
def test_a_comparison(log: bool) -> None:  # noqa: FBT001
    """The same points, colors and dashes, over a linear and a logarithmic axis."""
    solutions = [pw.search(PROBLEM.with_budget(MEMORY, upper=f"{n} %")) for n in (50, 70)]
    series = with_parent([pw.Scenario(f"at {n}", one) for n, one in enumerate(solutions)])
    figure = comparison_figure(series, MEMORY, log=log)
    screen = CurveChart(figure)
    check_axes(screen.figure, figure)
    check_legend(figure)
    lines = elements(figure, "polyline")
    assert [line.get("stroke") for line in lines] == [m.colors[0] for m in screen.figure.marks]
    for mark, curve in zip(screen.figure.marks, figure.curves, strict=True):
        np.testing.assert_array_equal(mark.y, [y for _, y in curve.points])
        assert mark.line_style == curve.dash

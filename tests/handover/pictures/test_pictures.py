"""The pictures say what the solutions say: every height, place and colour from their figures."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.handover.pictures import (
    Drawing,
    comparison_picture,
    decisions_picture,
    front_picture,
    layers_picture,
    surface_picture,
)
from puzzle_widgets.handover.pictures.colors import ATTENTION, FFN, FRONT, WHOLE, scenario_color
from puzzle_widgets.handover.pictures.heat import BLANK, score_ends
from puzzle_widgets.library import FrozenMapping, SubBlock
from tests.support.handover import NO_OP, chosen, handed_library
from tests.support.libraries import make_library

SPACE = "{http://www.w3.org/2000/svg}"
SMALL = (SubBlock("sized", 4), SubBlock("sized", 1024))


def parts(drawing: Drawing, tag: str, **wanted: str) -> list[ET.Element]:
    """Elements of a picture with these attributes."""
    root = ET.fromstring(drawing.to_svg())  # noqa: S314 - written here
    every = root.iter(f"{SPACE}{tag}")
    return [e for e in every if all(e.get(k) == v for k, v in wanted.items())]


def said(drawing: Drawing) -> list[str]:
    """What is said when parts of a picture are pointed at."""
    return [node.text or "" for node in parts(drawing, "title")]


@pytest.fixture
def library() -> pw.BlockLibrary:
    """Three kinds of blocks, whose memory falls as the score grows."""
    return handed_library(SMALL, (NO_OP, NO_OP))


def test_bars_have_the_share_of_the_parent(library: pw.BlockLibrary) -> None:
    """Attention upwards, FFN downwards, no-op without a bar; a word for each."""
    drawing = layers_picture(chosen(library, [0, 1, 2, 1]))
    up = [float(bar.get("height", 0)) for bar in parts(drawing, "rect", fill=ATTENTION)[:4]]
    down = [float(bar.get("height", 0)) for bar in parts(drawing, "rect", fill=FFN)[:4]]
    assert [round(height / up[0], 3) for height in up] == [1, 0.5, 0, 0.5]
    assert [round(height / down[0], 3) for height in down] == [1, 0.25, 0, 0.25]
    assert "Layer 1: 4 KV heads, FFN width 1,024" in said(drawing)


def test_whole_blocks_where_halves_are_unknown() -> None:
    """Blocks of unknown kind are drawn whole, by what their parameters or memory say."""
    library = make_library([[(0, 10, 5), (1, 5, 5)]] * 3)
    drawing = layers_picture(chosen_of(library))
    bars = [
        bar for bar in parts(drawing, "rect", fill=WHOLE) if bar.find(f"{SPACE}title") is not None
    ]
    assert len(bars) == 3


def chosen_of(library: pw.BlockLibrary) -> pw.Solution:
    """The best architecture without any budget."""
    return pw.search(pw.SearchProblem(library, minimize=library.scores[0]))


def test_fronts_have_every_point(library: pw.BlockLibrary) -> None:
    """One dot a point, in the order of the resource; hollow where it is not proven."""
    front = pw.pareto_front(
        pw.SearchProblem(library, minimize="metrics.kl_div"), "stats.memory_mib", 5
    )
    first, *rest = front.solutions
    front = replace(front, solutions=(replace(first, status="feasible"), *rest))
    kept = [pw.Scenario("<i>mine</i>", rest[0])]
    drawing = front_picture(front, kept)
    dots = [dot for dot in parts(drawing, "circle") if dot.find(f"{SPACE}title") is not None]
    places = [float(dot.get("cx", 0)) for dot in dots]
    assert len(dots) == len(front.solutions) > 2
    assert places == sorted(places)
    assert [dot.get("fill") for dot in dots[:2]] == ["none", FRONT]
    assert len(parts(drawing, "polygon", fill=scenario_color(0))) == 2  # the point and its key
    assert "<i>mine</i>" in said(drawing)
    assert "hollow: not proven optimal" in str(drawing.to_svg())


def test_fronts_show_what_is_measured_and_present(library: pw.BlockLibrary) -> None:
    """Crosses for measured models, where both axes have a place for them; a diamond for now."""
    problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    front = pw.pareto_front(problem, "stats.memory_mib", 4)
    known = {"metrics.kl_div": 2.0, "stats.memory_mib": 398.0}
    points = [
        pw.MeasuredPoint("one", FrozenMapping(known)),
        pw.MeasuredPoint("no memory", FrozenMapping({"metrics.kl_div": 2.0})),
    ]
    drawing = front_picture(front, present=front.solutions[1], measured=points)
    svg = str(drawing.to_svg())
    assert "1 measured" in svg
    assert "Present solution" in said(drawing)
    other = front_picture(front, present=chosen(handed_library(), [0] * 4))
    assert "Present solution" not in said(other)


def test_comparisons_have_a_line_for_each(library: pw.BlockLibrary) -> None:
    """The parent and each scenario as steps, two corners a layer, told apart by dashes too."""
    kept = [pw.Scenario(name, chosen(library, [n] * 4)) for n, name in enumerate(("a", "b"))]
    drawing = comparison_picture(kept, "stats.memory_mib")
    curves = parts(drawing, "polyline")
    assert [len((curve.get("points") or "").split()) for curve in curves] == [8, 8, 8]
    assert len({curve.get("stroke-dasharray") for curve in curves[1:]}) == 2
    assert "Parent: 400 MiB" in str(drawing.to_svg())
    assert "b: 396" in str(drawing.to_svg())


def test_surfaces_have_a_cell_for_each_pair(library: pw.BlockLibrary) -> None:
    """Cells without an architecture are grey; each says its limits and its answer."""
    problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    grid = pw.budget_surface(
        problem, "stats.memory_mib", "stats.runtime_ms", (4, 3), between=((390, 400), (30, 40))
    )
    drawing = surface_picture(grid)
    cells = [words for words in said(drawing) if "≤" in words]
    assert len(cells) == 12
    infeasible = sum(cell is not None and not cell.found for row in grid.cells for cell in row)
    assert 0 < infeasible < 12
    assert len(parts(drawing, "rect", fill=BLANK)) == infeasible


def test_decision_maps_have_a_cell_for_each_layer(library: pw.BlockLibrary) -> None:
    """Two halves, a row for each target, a cell for each layer."""
    problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    grid = pw.decision_map(problem, "stats.memory_mib", targets=[100, 394, 398, 400])
    words = [one for one in said(decisions_picture(grid)) if ", layer " in one]
    assert len(words) == 2 * 4 * 4
    assert sum("no architecture" in one for one in words) == 8
    assert re.search(r"Memory ≤ 400 MiB, layer 3: 8 KV heads, FFN width 4,096", "\n".join(words))


def test_far_scores_are_cut_off() -> None:
    """One bad score far beyond the others does not make them all alike."""
    scores = np.array([1.0, 2.0, 3.0, 4.0, 1e6])
    low, high = score_ends(scores, minimize=True)
    assert low == 1.0
    assert high < 100
    low, high = score_ends(-scores, minimize=False)
    assert high == -1.0
    assert low > -100
    assert score_ends(np.array([np.nan]), minimize=True) == (0.0, 1.0)


def test_pictures_of_the_parent_alone() -> None:
    """A library with nothing but the parent can be drawn."""
    solution = chosen(handed_library(), [0] * 4)
    assert layers_picture(solution).to_svg()
    assert comparison_picture([pw.Scenario("x", solution)], "metrics.kl_div").to_svg()
    assert parts(layers_picture(solution), "rect", fill=ATTENTION)

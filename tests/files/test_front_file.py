"""The points of a front in a file: every figure in full, with its unit, and no formula."""

from __future__ import annotations

import csv
import math

import pytest

import puzzle_widgets as pw
from puzzle_widgets.files.front_file import dump_front, front_columns
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library

ROWS = [(0.1, 10, 60), (1.2, 6, 40), (3.3, 1, 0)]
LIBRARY = make_library([ROWS, ROWS, ROWS])


def read(text: str) -> list[dict[str, str]]:
    """Rows of a file, by title."""
    return list(csv.DictReader(text.splitlines()))


def test_every_point_has_its_figures_in_full() -> None:
    """Score, proof, throughput, speedup, costs and layers changed; the order is as asked."""
    front = pw.pareto_front(pw.SearchProblem(LIBRARY, minimize=LOSS), MEMORY, 5)
    order = [3, 0, 1]
    rows = read(dump_front(front, order))
    for row, place in zip(rows, order, strict=True):
        point = front.solutions[place]
        assert float(row["Point"]) == place + 1
        assert float(row["Loss, summed"]) == point.score
        assert row["Status"] == "optimal, proven"
        assert float(row["Gap (%)"]) == 0
        assert float(row["Memory (MiB)"]) == point.totals[MEMORY]
        assert float(row["Runtime (ms)"]) == point.totals[RUNTIME]
        assert float(row["Layers changed"]) == sum(b.name != "v0" for b in point.blocks)
        if math.isfinite(point.speedup or 0):
            assert float(row["Throughput (tokens/s)"]) == point.throughput
            assert float(row["Speedup (x)"]) == point.speedup


def test_what_is_not_known_is_empty() -> None:
    """No runtime has no throughput, and a point without a bound no gap."""
    problem = pw.SearchProblem(LIBRARY, minimize=LOSS)
    nothing = pw.search(problem.with_budget(RUNTIME, upper=0))
    (row,) = read(dump_front(pw.ParetoFront(MEMORY, (nothing,), 1, 1), [0]))
    assert (row["Throughput (tokens/s)"], row["Speedup (x)"]) == ("", "")


def test_no_title_is_a_formula() -> None:
    """Names come from the library's file."""
    library = make_library([[(0, 3), (1, 1)]], (LOSS, "stats.=1+1"))
    front = pw.pareto_front(pw.SearchProblem(library, minimize=LOSS), "stats.=1+1", 2)
    head = dump_front(front, [0]).splitlines()[0]
    assert '"\'=1+1"' in head


@pytest.mark.parametrize("objective", [LOSS, MEMORY])
def test_no_column_comes_twice(objective: str) -> None:
    """A cost that is the objective is the score."""
    titles = [column.title for column in front_columns(LIBRARY, objective)]
    assert len(set(titles)) == len(titles)
    assert dump_front(pw.ParetoFront(MEMORY, (), 0, 1), []) == ""

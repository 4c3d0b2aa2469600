"""Dynamic programming to look at: the optimum, and no needless partial architecture."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.charts import stages_figure
from tests.support.libraries import MEMORY, RUNTIME

LIBRARY = pw.random_library(5, 4, seed=2)
PROBLEM = pw.SearchProblem(LIBRARY, minimize="metrics.loss", budgets={MEMORY: "50 %"})


@pytest.mark.parametrize("share", ["30 %", "50 %", "80 %"])
def test_it_finds_the_optimum(share: str) -> None:
    """As the search does, with an architecture that has the score."""
    problem = PROBLEM.with_budget(MEMORY, upper=share)
    found = pw.dynamic_program(problem)
    assert found.score == pytest.approx(pw.search(problem).score, abs=1e-12)
    assert LIBRARY.totals(found.architecture)[MEMORY] <= found.limit


def test_each_stage_keeps_what_nothing_makes_needless() -> None:
    """Brute force over the first three layers keeps the same, where all fits."""
    free = PROBLEM.with_budget(MEMORY, upper="100 %")
    stage = pw.dynamic_program(free).stages[2]
    starts, cost, score = LIBRARY.starts, LIBRARY.column(MEMORY), LIBRARY.column("metrics.loss")
    tried = [
        (sum(cost[n] for n in chosen), sum(score[n] for n in chosen))
        for chosen in product(*(range(starts[i], starts[i + 1]) for i in range(3)))
    ]
    kept = [
        (use, worth)
        for use, worth in tried
        if not any((u, s) != (use, worth) and u <= use and s <= worth for u, s in tried)
    ]
    np.testing.assert_allclose(sorted(kept), np.column_stack([stage.use, stage.score]))
    assert stage.tried == pw.dynamic_program(free).stages[1].kept * 4


def test_a_maximized_score() -> None:
    """Is drawn and found the other way round."""
    problem = pw.SearchProblem(LIBRARY, maximize="metrics.loss", budgets={MEMORY: "50 %"})
    found = pw.dynamic_program(problem)
    assert found.score == pytest.approx(pw.search(problem).score)
    last = stages_figure(found).curves[-1].points
    assert max(y for _, y in last) == pytest.approx(found.score)


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (PROBLEM.with_budget(MEMORY), "needs one budget"),
        (PROBLEM.with_budget(RUNTIME, upper="50 %"), "needs one budget"),
        (PROBLEM.with_budget(MEMORY, lower="50 %"), "needs one budget"),
        (PROBLEM.with_budget(MEMORY, upper=1), "nothing is within"),
    ],
)
def test_other_problems_are_refused(problem: pw.SearchProblem, words: str) -> None:
    """They are the search's."""
    with pytest.raises(pw.ProblemError, match=words):
        pw.dynamic_program(problem)


def test_the_figure_counts_and_ends_at_the_optimum() -> None:
    """A curve a layer, what was kept of what was tried, and the budget."""
    found = pw.dynamic_program(PROBLEM)
    figure = stages_figure(found)
    assert [curve.name for curve in figure.curves] == [f"{layer.name}" for layer in LIBRARY.layers]
    assert figure.legend[0].words == f"after layer 0: {found.stages[0].kept} kept of 4"
    assert [line.at for line in figure.limits] == [found.limit]
    assert min(y for _, y in figure.curves[-1].points) == pytest.approx(found.score)
    assert found.tried == sum(stage.tried for stage in found.stages)

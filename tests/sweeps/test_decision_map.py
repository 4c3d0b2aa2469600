"""Decision maps: one optimum a target, and the sizes of its blocks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping, SubBlock
from puzzle_widgets.sweeps.decision_map import NONE_CHOSEN, DecisionGrid, iter_decision_map
from tests.support.libraries import LOSS, MEMORY, RUNTIME, best_score, make_library
from tests.support.pools import pool_of

PARTS = (
    (SubBlock("sized", 8), SubBlock("sized", 100)),
    (SubBlock("sized", 4), SubBlock("linear")),
    (SubBlock("no_op"), SubBlock("sized", 25)),
)
ROWS = [[(0.0, 30.0, 30.0), (1.0 + i, 20.0, 20.0), (3.0, 8.0, 5.0 + i)] for i in range(4)]


def sized_library() -> pw.BlockLibrary:
    """Four layers whose variants have known subblocks."""
    library = make_library(ROWS)
    layers = tuple(
        replace(
            layer,
            variants=tuple(
                replace(variant, attention=attention, ffn=ffn)
                for variant, (attention, ffn) in zip(layer.variants, PARTS, strict=True)
            ),
        )
        for layer in library.layers
    )
    return replace(library, layers=layers)


def problem_of(library: pw.BlockLibrary | None = None) -> pw.SearchProblem:
    """Least loss of a library."""
    return pw.SearchProblem(library or sized_library(), minimize=LOSS)


@pytest.mark.parametrize("over", [MEMORY, RUNTIME, "throughput"])
def test_every_row_is_the_optimum_of_its_target(over: str) -> None:
    """Each row scores what brute force finds for its limit."""
    grid = pw.decision_map(problem_of(), over, points=7)
    assert grid.complete
    for place, solution in enumerate(grid.solutions):
        assert solution is not None
        limited = grid.targets.limited(grid.problem, place)
        assert solution.problem == limited
        assert solution.score == pytest.approx(best_score(limited), rel=1e-9)


def test_sizes_are_those_of_the_chosen_blocks() -> None:
    """Parent 1, half the KV heads 0.5, no-op 0, a linear FFN of unknown size NaN."""
    grid = pw.decision_map(problem_of(), MEMORY, points=6)
    known = {"v0": (1.0, 1.0), "v1": (0.5, np.nan), "v2": (0.0, 0.25)}
    assert grid.attention.shape == grid.ffn.shape == (6, 4)
    for place, solution in enumerate(grid.solutions):
        assert solution is not None
        names = [block.name for block in solution.blocks]
        np.testing.assert_array_equal(grid.attention[place], [known[name][0] for name in names])
        np.testing.assert_array_equal(grid.ffn[place], [known[name][1] for name in names])
    assert {block.name for s in grid.solutions if s for block in s.blocks} == {"v0", "v1", "v2"}


def test_targets_may_be_given() -> None:
    """Targets in any order become rows from low to high; one that nothing meets is an empty row."""
    grid = pw.decision_map(problem_of(), MEMORY, targets=[90, 10, 60])
    assert list(grid.targets.limits) == [10, 60, 90]
    assert [s.status if s else "" for s in grid.solutions] == ["infeasible", "optimal", "optimal"]
    assert np.isnan(grid.attention[0]).all()
    assert (grid.choices[0] == NONE_CHOSEN).all()


def test_other_budgets_hold_in_every_row() -> None:
    """The problem's own limits bind in each row."""
    held = problem_of().with_budget(RUNTIME, upper=70.0)
    grid = pw.decision_map(held, MEMORY, points=4)
    assert all(s is not None and s.totals[RUNTIME] <= 70 for s in grid.solutions)


def test_rows_come_one_by_one_from_loose_to_tight() -> None:
    """Each snapshot has one row more; throughput begins at the lowest target."""
    grids = list(iter_decision_map(problem_of(), "throughput", points=4))
    assert [grid.done for grid in grids] == [0, 1, 2, 3, 4]
    assert [row is None for row in grids[1].solutions] == [False, True, True, True]


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_executors_give_the_same_map(kind: str) -> None:
    """On our library, rows spread over the map first."""
    problem = problem_of()
    with pool_of(kind) as executor:
        grid = pw.decision_map(problem, MEMORY, points=6, executor=executor)
    np.testing.assert_array_equal(grid.choices, pw.decision_map(problem, MEMORY, points=6).choices)


def test_a_cancel_keeps_what_is_found() -> None:
    """Stopped after two rows, the map has them and says that it is not whole."""
    seen: list[DecisionGrid] = []
    grid = pw.decision_map(
        problem_of(), MEMORY, points=9, progress=seen.append, cancelled=lambda: len(seen) > 2
    )
    assert 2 <= grid.done < grid.asked == 9
    assert not grid.complete
    assert grid == seen[-1]


def test_blocks_of_unknown_kind_count_whole() -> None:
    """A library that knows no subblocks has sizes of whole blocks."""
    grid = pw.decision_map(problem_of(pw.random_library(3, 4)), MEMORY, points=3)
    assert grid.sizes.whole is not None
    assert grid.choices.shape == (3, 3)


def test_names_need_not_be_plain() -> None:
    """Layers of any name have their place in the map."""
    library = sized_library()
    layers = tuple(replace(la, name=f"<b>{n}\t") for n, la in enumerate(library.layers))
    named = replace(library, layers=layers, units=FrozenMapping({MEMORY: "GB"}))
    grid = pw.decision_map(problem_of(named), MEMORY, points=3)
    assert grid.attention[-1].tolist() == [1.0] * 4
    assert grid.targets.words(0).endswith("GB")


@pytest.mark.parametrize(
    ("over", "points", "words"), [("stats.disk", 3, "small has"), (MEMORY, 1, "at least 2")]
)
def test_what_makes_no_sense_is_refused(over: str, points: int, words: str) -> None:
    """Unknown resources and a single row."""
    with pytest.raises(pw.ProblemError, match=words):
        pw.decision_map(problem_of(), over, points=points)

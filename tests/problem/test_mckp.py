"""The bare knapsack behind a problem."""

from __future__ import annotations

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import LayerName
from puzzle_widgets.problem.mckp import to_architecture, to_choice
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library

LIBRARY = make_library([[(0, 10, 5), (1, 6, 4)], [(0, 20, 7)], [(0, 1, 1), (2, 3, 0.5), (9, 0, 2)]])
INF = np.inf


def test_budgets_and_rules_become_arrays() -> None:
    """Scores, rows, limits, starts and what is allowed stand as the problem says."""
    problem = pw.SearchProblem(
        LIBRARY,
        maximize=LOSS,
        budgets={MEMORY: (20, 30), RUNTIME: (2, None)},
        fixed={0: "v1"},
        banned={2: ["v0"]},
    ).with_difference({0: "v0", 1: "v0", 2: "v2"}, 2)
    mckp = problem.mckp
    assert mckp.score.tolist() == [0, -1, 0, 0, -2, -9]
    assert mckp.starts.tolist() == [0, 2, 3, 6]
    assert mckp.cost.tolist() == [[10, 6, 20, 1, 3, 0], [5, 4, 7, 1, 0.5, 2], [1, 0, 1, 0, 0, 1]]
    assert mckp.lower == pytest.approx([20, 2, -INF], rel=1e-11)
    assert mckp.upper == pytest.approx([30, INF, 1], rel=1e-11)
    assert mckp.allowed.tolist() == [False, True, True, False, True, True]
    assert mckp.rows == (MEMORY, RUNTIME, "difference 1 (at least 2 layers)")
    assert mckp.layers == 3


def test_without_budgets_there_are_no_rows() -> None:
    """Nothing can be broken then."""
    mckp = pw.SearchProblem(LIBRARY, minimize=LOSS).mckp
    assert mckp.cost.shape == (0, 6)
    assert mckp.broken_rows(np.array([0, 2, 3])) == []


def test_choices_and_architectures_are_each_others_inverse() -> None:
    """Flat variable indices turn into names and back."""
    architecture: dict[LayerName, str] = {0: "v1", 1: "v0", 2: "v2"}
    choice = to_choice(LIBRARY, architecture)
    assert choice.tolist() == [1, 2, 5]
    assert to_architecture(LIBRARY, choice) == architecture


def test_broken_rows_forgive_rounding_only() -> None:
    """A row is broken beyond the last bits of its sum, above and below."""
    choice = np.array([1, 2, 4])  # memory 29, runtime 11.5

    def broken(**limits: tuple[float, float]) -> list[str]:
        budgets = {f"stats.{key}": limit for key, limit in limits.items()}
        mckp = pw.SearchProblem(LIBRARY, minimize=LOSS, budgets=budgets).mckp
        return [mckp.rows[row] for row in mckp.broken_rows(choice)]

    assert broken(memory_mib=(29, 29), runtime_ms=(11.5, 11.5)) == []
    assert broken(memory_mib=(0, 29 - 1e-11)) == []
    assert broken(memory_mib=(0, 29 - 1e-9)) == [MEMORY]
    assert broken(memory_mib=(29 + 1e-9, 40), runtime_ms=(0, 11)) == [MEMORY, RUNTIME]


def test_whole_counts_are_kept_to_the_unit() -> None:
    """One parameter too many in seventy thousand million is too many."""
    library = make_library([[(0, 7e10)], [(0, 1)]], keys=[LOSS, "stats.num_params"])
    problem = pw.SearchProblem(library, minimize=LOSS, budgets={"stats.num_params": 7e10})
    assert problem.mckp.broken_rows(np.array([0, 1])) == [0]

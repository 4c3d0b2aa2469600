"""A problem as a model of PuLP: read, changed, solved and read back."""

from __future__ import annotations

import pulp
import pytest

import puzzle_widgets as pw
from tests.support.libraries import LOSS, MEMORY, make_library

# Without limits the parents (v0) score best; 14 MiB leave room for two of three.
LIBRARY = make_library([[(0, 5, 1), (2, 4, 1)], [(0, 5, 1), (1, 4, 1)], [(0, 5, 1), (4, 4, 1)]])


@pytest.fixture
def problem() -> pw.SearchProblem:
    """One of the layers has to give up a MiB; layer 1 loses least by it."""
    return pw.SearchProblem(LIBRARY, minimize=LOSS, budgets={MEMORY: 14})


def solved(model: pulp.LpProblem) -> pulp.LpProblem:
    """The model, solved by HiGHS."""
    model.solve(pulp.HiGHS(msg=False))
    return model


def test_model_has_the_optimum_of_the_search(problem: pw.SearchProblem) -> None:
    """Its objective is the score, and what it chose is an architecture."""
    model = solved(problem.to_pulp())
    assert pulp.value(model.objective) == pytest.approx(1)
    assert problem.read_pulp(model) == {0: "v0", 1: "v1", 2: "v0"}


def test_model_can_be_read(problem: pw.SearchProblem) -> None:
    """Printed, it names score, layers, variants and budgets."""
    words = str(problem.to_pulp())
    assert "MINIMIZE" in words
    assert "one_of_layer_2: x_2_0 + x_2_1 = 1" in words
    assert "row_0_stats_memory_mib_at_most" in words


def test_model_can_be_changed(problem: pw.SearchProblem) -> None:
    """A rule of one's own: layer 1 keeps its block."""
    model = problem.to_pulp()
    chosen = model.variablesDict()
    model += chosen["x_1_1"] == 0
    assert problem.read_pulp(solved(model)) == {0: "v1", 1: "v0", 2: "v0"}


def test_maximized_score_and_lower_limit_keep_their_sense(problem: pw.SearchProblem) -> None:
    """The model is maximized, and at least is at least."""
    turned = problem.with_objective(maximize=LOSS).with_budget(MEMORY, lower=13)
    model = solved(turned.to_pulp())
    assert "MAXIMIZE" in str(model)
    assert pulp.value(model.objective) == pytest.approx(6)
    assert turned.read_pulp(model) == pw.search(turned).architecture


def test_fixed_banned_and_rules_hold(problem: pw.SearchProblem) -> None:
    """Variants that may not be chosen are left out; rows of any name are rows of the model."""
    row = pw.Row.of(LIBRARY, "a: b <= 'c'\n", lambda layer, _: float(layer.name == 1), upper=1)
    ruled = problem.with_fixed({1: "v0"}).with_banned({0: ["v1"]}).with_rows([row])
    model = ruled.to_pulp()
    assert {one.name for one in model.variables()} == {"x_0_0", "x_1_0", "x_2_0", "x_2_1"}
    assert ruled.read_pulp(solved(model)) == pw.search(ruled).architecture


def test_unsolved_model_says_so(problem: pw.SearchProblem) -> None:
    """There is nothing to read before it is solved."""
    with pytest.raises(pw.SolverError, match="Solve it first"):
        problem.read_pulp(problem.to_pulp())

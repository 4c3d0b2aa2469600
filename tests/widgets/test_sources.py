"""What panels and explorer take: anything that can be explored, or what shows it already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import puzzle_widgets as pw
from tests.support.libraries import EMBEDDED, LOSS, MEMORY, make_library

LIBRARY = make_library([[(0.0, 10.0, 60.0), (1.0, 6.0, 40.0), (2.5, 1.0, 20.0)]] * 4)
PROBLEM = pw.SearchProblem(LIBRARY, minimize=LOSS, budgets={MEMORY: 20})
SOLUTION = pw.search(PROBLEM)
PANELS: list[Any] = [
    pw.BudgetSurface,
    pw.BudgetPanel,
    pw.DecisionMap,
    pw.ExportPanel,
    pw.LayerView,
    pw.ParetoPlot,
    pw.PuzzleExplorer,
    pw.ScenarioPanel,
    pw.StatusPanel,
]


@pytest.mark.parametrize("panel", PANELS)
def test_every_panel_takes_what_can_be_explored(panel: Any, tmp_path: Path) -> None:
    """A problem, its answer, a path; and the state of another one."""
    on_problem = panel(PROBLEM)
    assert on_problem.state.problem == PROBLEM
    on_solution = panel(SOLUTION)
    assert on_solution.state.shown is SOLUTION
    path = tmp_path / "mine.json"
    pw.write_library(LIBRARY, path)
    on_path = panel(str(path))
    assert on_path.state.library == LIBRARY
    shared = [panel(on_problem.state), panel(on_problem)]
    assert all(other.state is on_problem.state for other in shared)
    for made in (*shared, on_problem, on_solution, on_path):
        made.close()


def test_the_explorer_takes_a_name() -> None:
    """As load_library does; its newest answer is at hand."""
    explorer = pw.PuzzleExplorer(EMBEDDED)
    assert explorer.state.library == pw.load_library(EMBEDDED)
    assert explorer.solution is explorer.state.solution
    assert explorer.solution is not None
    explorer.close()


@pytest.mark.parametrize("wrong", [3, None, [LIBRARY], {"a": 1}])
def test_anything_else_is_refused_in_one_sentence(wrong: Any) -> None:
    """It says what is taken."""
    words = r"cannot be explored\. Give a block library, its name or path, .* or a Solution\.$"
    for panel in (pw.PuzzleExplorer, pw.LayerView):
        with pytest.raises(pw.LibraryError, match=words):
            panel(wrong)
    with pytest.raises(pw.LibraryError, match="'nowhere': no such file, folder or dataset"):
        pw.PuzzleExplorer("nowhere")

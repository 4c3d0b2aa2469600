"""Figures as they are shown: small, negative and long ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import puzzle_widgets as pw
from puzzle_widgets.export import export
from puzzle_widgets.state import BudgetSetting, ExplorerState
from puzzle_widgets.widgets.budgets.panel import BudgetPanel
from puzzle_widgets.widgets.status import StatusPanel
from puzzle_widgets.widgets.sweeps.front import point_entries
from tests.cli.conftest import Ran, library, run
from tests.support.libraries import make_library

__all__ = ["library", "run"]
Run = Callable[..., Ran]
SMALL = "\n0,a,x,0,10\n0,b,,2e-9,5\n1,a,x,0,10\n1,b,,3e-9,4\n"
HEADS = ["layer,variant,parent,kl,memory", "layer,variant,parent,metrics.kl_div,stats.memory_mib"]


@pytest.mark.parametrize("head", HEADS)
def test_show_1_small_scores_on_the_command_line(run: Run, tmp_path: Path, head: str) -> None:
    """Score, bound, table and front have their digits."""
    path = tmp_path / "small.csv"
    path.write_text(head + SMALL)
    ran = run("search", str(path), "--max", "stats.memory_mib=15")
    if head == HEADS[0] and ran.code == 1:
        assert "'kl'" in ran.err or "'memory'" in ran.err
        return
    assert "2e-09, bound 2e-09" in ran.out
    front = run("front", str(path), "--over", "stats.memory_mib", "--points", "3").out
    assert "5e-09" in front
    for shown in (ran.out, front, run("show", str(path), "--layer", "1").out):
        assert "0.000000" not in shown


def test_show_1_small_scores_in_app_and_report() -> None:
    """The same figures."""
    rows = [[(0, 10), (2e-9, 5)], [(0, 10), (3e-9, 4)]]
    state = ExplorerState(make_library(rows, ("metrics.kl_div", "stats.memory_mib")))
    state.set_budgets((BudgetSetting("stats.memory_mib", "at most", 15, on=True),))
    assert "2e-09" in StatusPanel(state).figures.value
    assert "0.000000" not in StatusPanel(state).figures.value
    assert state.solution is not None
    assert "2e-09" in repr(state.solution)
    report = export(state.solution, "report").text
    assert "2e-09" in report
    assert "0.000000" not in report
    state.set_front("stats.memory_mib")
    assert any("5e-09" in words for words in point_entries(state.front, state.objective))


def test_show_2_no_share_where_the_sign_misleads() -> None:
    """A better log-likelihood is no half of the parent's; costs keep theirs."""
    keys = ("metrics.loglik", "stats.memory_mib", "stats.saved")
    chosen = make_library([[(-2.0, 100, 4), (-1.0, 90, -1)]], keys)
    solution = pw.search(pw.SearchProblem(chosen, maximize="metrics.loglik"))
    assert solution.score == -1.0
    assert dict(solution.shares) == {"stats.memory_mib": 0.9}


@pytest.mark.parametrize("parent", [1.0, 1140799.0, 98765432.1])
def test_show_3_a_field_is_as_wide_as_its_numbers(parent: float) -> None:
    """In every unit, and for what is typed."""
    measured = pw.Measurement(64, 8192)
    runtime = 1000 * 64 * 8192 / parent
    chosen = make_library([[(0, 9, runtime), (1, 5, runtime / 2)]], measurement=measured)
    panel = BudgetPanel(chosen)
    for row in panel.rows:
        room = int(row.field.layout.width.removesuffix("px"))
        assert room >= 7 * len(row.field.value) + 16
    speed = next(row for row in panel.rows if row.quantity.key == "throughput")
    before = int(speed.field.layout.width.removesuffix("px"))
    speed.field.value = "12345678.123456789"
    assert int(speed.field.layout.width.removesuffix("px")) > max(before, 7 * 18)

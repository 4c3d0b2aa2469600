"""Tests of the panel that tells why."""

from __future__ import annotations

import puzzle_widgets as pw
from puzzle_widgets.widgets.why import WhyPanel
from tests.support.libraries import MEMORY, make_library

LIBRARY = make_library([[(0.0, 10.0, 60.0), (1.0, 6.0, 40.0), (2.5, 1.0, 20.0)]] * 4)


def test_it_tells_proof_budgets_and_slack() -> None:
    """Of what is shown, live."""
    state = pw.ExplorerState(LIBRARY)
    panel = WhyPanel(state)
    assert "gap 0 %" in panel.facts.value
    state.budgets = (pw.BudgetSetting(MEMORY, "at most", 30.0, on=True),)
    assert "at most 30 MiB" in panel.limits.value
    left = 30 - state.solution.totals[MEMORY]
    assert (
        f"{left:g} MiB to spare" in panel.limits.value or "nothing to spare" in panel.limits.value
    )
    state.budgets = ()
    assert panel.limits.value == ""

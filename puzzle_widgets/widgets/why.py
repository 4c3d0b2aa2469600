"""Why the answer is what it is: how far it is proven, what its limits leave, what to know of it."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.problem.budget_rows import BudgetSetting, settings_of
from puzzle_widgets.solution import Solution
from puzzle_widgets.solution.slack import slack_of
from puzzle_widgets.widgets.budgets.amounts import Units, scale_of
from puzzle_widgets.widgets.budgets.row import slack_words
from puzzle_widgets.widgets.html import table
from puzzle_widgets.widgets.panel import Panel
from puzzle_widgets.widgets.status import facts, notes, warnings


class WhyPanel(Panel):
    """Proof, budgets and notes of the architecture that is shown.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> from puzzle_widgets.widgets.why import WhyPanel
    >>> panel = WhyPanel("stdlib-2m-measured")
    >>> "gap 0 %" in panel.facts.value
    True
    >>> panel.close()
    """

    title = "Why"
    css_class = "pw-why"

    def build(self) -> list[widgets.Widget]:
        """Make the facts, the table of budgets and the notes."""
        self.facts, self.limits, self.notes = widgets.HTML(), widgets.HTML(), widgets.HTML()
        return [self.facts, self.limits, self.notes]

    def bind(self) -> None:
        """Follow what is shown."""
        self.when("shown", "selection", "updating", "looks", do=self._show)

    def _show(self) -> None:
        shown, current = self.state.shown, self.state.selection.kind == "current"
        if shown is None or (current and shown.problem != self.state.problem):
            return
        rows = self.state.budgets if current else settings_of(shown.problem)
        units = Units(share=self.state.looks.share, gib=self.state.looks.gib)
        self.facts.value = facts(shown)
        self.limits.value = limit_table(shown, [one for one in rows if one.on], units)
        self.notes.value = warnings(shown) + notes(shown, budgets=not current)


def limit_table(
    solution: Solution, limits: Sequence[BudgetSetting], units: Units | None = None
) -> Markup:
    """List limits with what an answer leaves of each; empty where there is none."""
    if not solution.found or not limits:
        return Markup("")
    rows = []
    for limit in limits:
        slack = slack_of(solution, limit)
        scale = scale_of(solution.library, limit.resource, units)
        label = solution.library.quantity(limit.resource).label
        said = slack_words(slack, scale) if slack else ""
        rows.append([label, f"{limit.sense} {scale.said(limit.value)}", said])
    head = ["Budget", "Asked", "Left"]
    return table(head, rows, caption="Budgets, and what the answer leaves of each")

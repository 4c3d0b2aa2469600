"""The rules that the search keeps beside the budgets, each with a button that drops it."""

from __future__ import annotations

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.problem.budget_rows import SearchRule
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.panel import button, guard, row


class RuleList(widgets.VBox):
    """Shows the rules of a state; takes no room where there are none.

    Parameters
    ----------
    state
        Whose rules to show and to drop.
    """

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self._state = state
        self._rows: tuple[widgets.HBox, ...] = ()
        self.add_class("pw-rules")

    def show(self) -> None:
        """Show the rules that hold now."""
        old = self._rows
        rules = self._state.rules
        self.layout.display = "" if rules else "none"
        self._rows = tuple(self._row(place, rule) for place, rule in enumerate(rules))
        self.children = self._rows
        for gone in old:
            gone.close()

    def _row(self, place: int, rule: SearchRule) -> widgets.HBox:
        words = Markup("<b>Rule:</b> {} <span class='pw-quiet'>({})</span>").format(
            rule.words, _what(rule)
        )
        drop = button("Drop", f"Remove the rule: {rule.words}")
        drop.on_click(guard(self._state, lambda *_: self._state.drop_rule(place)))
        return row(widgets.HTML(words), drop, css="pw-rule")


def _what(rule: SearchRule) -> str:
    """Say how much a rule asks for."""
    count, layers = sum(map(len, rule.banned.values())), len(rule.banned)
    parts = [f"{count:,} variants in {layers:,} layers banned"] if count else []
    parts += [f"{len(rule.fixed):,} layers fixed"] if rule.fixed else []
    parts += [f"{other.layers:,} layers to differ in" for other in rule.differences]
    return ", ".join(parts)

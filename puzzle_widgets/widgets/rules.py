"""The rules of a state: what each asks and what it costs, with a cross to drop it."""

from __future__ import annotations

import math

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.problem.budget_rows import SearchRule
from puzzle_widgets.problem.distinct import Distinct
from puzzle_widgets.reasons import RuleCosts
from puzzle_widgets.reasons.words import score_words
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.panel import refill, row, symbol_button
from puzzle_widgets.widgets.wanting import Wanting

_ROW = Markup("<span title='{0}'>{1}</span><span class='pw-aside'> ({0})</span>")
_HEAD = Markup("<b>Rules</b> <span class='pw-quiet'>%s</span>")


class RuleList(Wanting, widgets.VBox):
    """Shows the rules of a state; takes no room where there are none.

    What a rule costs is how much better the optimum is without it: a search of its own, in the
    background.

    Parameters
    ----------
    state
        Whose rules to show and to drop.
    """

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self.state = state
        self.head = widgets.HTML()
        self.costs: tuple[widgets.HTML, ...] = ()
        self.add_class("pw-rules")
        self.when("rules", do=self._show)
        self.when("rules", "rule_costs", "searching", do=self._show_costs)

    def _show(self) -> None:
        rules = self.state.rules
        self.layout.display = "" if rules else "none"
        self.costs = tuple(widgets.HTML() for _ in rules)
        rows = [self._row(place, rule) for place, rule in enumerate(rules)]
        refill(self, [self.head, *rows])
        self.wants(*(("rule_costs",) if rules else ()))

    def _row(self, place: int, rule: SearchRule) -> widgets.HBox:
        said = widgets.HTML(_ROW.format(_what(rule), rule.words))
        drop = symbol_button("\u00d7", f"Remove the rule: {rule.words}", css="pw-remove")
        self.clicked(drop, lambda: self.state.drop_rule(place))
        self.costs[place].add_class("pw-rule-cost")
        return row(said, self.costs[place], drop, css="pw-rule")

    def _show_costs(self) -> None:
        found: RuleCosts | None = self.state.rule_costs
        waits = "\u2026" if "rule_costs" in self.state.searching else ""
        for place, shown in enumerate(self.costs):
            shown.value = _cost(found, found.each[place]) if found else Markup("{}").format(waits)
        together = f"cost together {_amount(found, found.together)}" if found else waits
        self.head.value = _HEAD % together


def _cost(found: RuleCosts, cost: float) -> Markup:
    words = f"Without this rule the score is better by {_amount(found, cost)}"
    return Markup("<span title='{}'>{}</span>").format(words, _amount(found, cost))


def _amount(found: RuleCosts, cost: float) -> str:
    if math.isnan(cost):
        return "not known"
    return score_words(found.solution.problem, cost)


def _what(rule: SearchRule) -> str:
    """Say how much a rule asks for."""
    count, layers = sum(map(len, rule.banned.values())), len(rule.banned)
    parts = [f"{count:,} variants in {layers:,} layers banned"] if count else []
    parts += [f"{len(rule.fixed):,} layers fixed"] if rule.fixed else []
    parts += [f"{other.layers:,} layers to differ in" for other in rule.differences]
    parts += [f"{len(rule.rows):,} linear rules"] if rule.rows else []
    parts += [_count_words(one) for one in rule.distinct]
    return ", ".join(parts)


def _count_words(rule: Distinct) -> str:
    nouns = {"attention": "attentions", "ffn": "FFNs", None: "blocks"}
    return f"at most {rule.most:,} distinct {nouns[rule.part]} in {len(rule.layers):,} layers"

"""The face of the reasons: why what is shown is what it is, searched while somebody looks."""

from __future__ import annotations

from traitlets import Instance, Int, Tuple

from puzzle_widgets.errors import ScenarioError
from puzzle_widgets.problem.budget_rows import SearchRule
from puzzle_widgets.reasons import (
    Alternatives,
    Baselines,
    Decidedness,
    Explanation,
    InclusionCosts,
    NextStep,
    RuleCosts,
    RuleOffer,
    Sensitivity,
)
from puzzle_widgets.solution.scenario import saved_words
from puzzle_widgets.state import actions, kept_actions, rule_actions
from puzzle_widgets.state.acting import acts
from puzzle_widgets.state.kept import Kept
from puzzle_widgets.state.reason_answers import Reason


class Explained(Kept):
    """Reasons for what is shown; each is ``None`` while nobody wants it, and until it is there."""

    explanation = Instance(Explanation, allow_none=True, help="prices and next steps")
    sensitivity = Instance(Sensitivity, allow_none=True, help="what survives noisy scores")
    baselines = Instance(Baselines, allow_none=True, help="what simpler ways find")
    others = Instance(Alternatives, allow_none=True, help="what else is nearly as good")
    decided = Instance(Decidedness, allow_none=True, help="how decided each layer is")
    layer_costs = Instance(InclusionCosts, allow_none=True, help="costs of the open layer's blocks")
    rule_costs = Instance(RuleCosts, allow_none=True, help="what each rule costs the score")
    rule_offer = Instance(RuleOffer, allow_none=True, help="what a rule not yet added would cost")
    searching = Tuple(help="names of the reasons that are being searched")
    sampled = Int(0, help="samples of the sensitivity that are searched so far")

    def want(self, *reasons: Reason, on: bool = True) -> None:
        """Search reasons for what is shown, now and whenever it changes, until no longer wanted.

        Who wants one says so once, and once with ``on=False`` when done with it.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> state = pw.ExplorerState("stdlib-2m-measured")
        >>> state.want("explanation")
        >>> [one.label for one in state.explanation.binding]
        ['Throughput']
        """
        self._store.want(*reasons, on=on)

    def stop_reason(self, name: Reason) -> None:
        """Stop the search for a reason; what was found stays, and it is not searched again."""
        self._store.stop_reason(name)

    def consider(self, rule: SearchRule | None) -> None:
        """Work out what a rule would cost before it is added: ``rule_offer``, where wanted.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> state = pw.ExplorerState("stdlib-2m-measured")
        >>> state.want("rule_offer")
        >>> state.consider(pw.rules.few_blocks(state.library, 1))
        >>> state.rule_offer.cost > 0, state.rules
        (True, ())
        """
        self._store.consider(rule)

    add_rule = acts(rule_actions.add_rule)
    pin = acts(rule_actions.pin)
    free = acts(rule_actions.free)

    def forbid(self, place: int, variant: str) -> None:
        """Never choose a variant of a layer; the last one that is left cannot be forbidden."""
        self._attempt(self._store.apply, rule_actions.forbid, place, variant)

    def take_step(self, step: NextStep) -> None:
        """Set the budgets to those of a next step, and show the answer to them."""
        self._attempt(self._store.apply, actions.take_step, step)

    def keep_baseline(self, name: str) -> None:
        """Save what a simpler way finds as a scenario."""
        if self._attempt(self._keep_baseline, name):
            self.say(saved_words(self.scenarios))

    def _keep_baseline(self, name: str) -> None:
        found = {one.name: one.solution for one in self.baselines or ()}
        solution = found.get(name)
        if solution is None:
            raise ScenarioError(f"There is no baseline {name!r} to save.")
        self._store.apply(kept_actions.keep_as, name[:1].upper() + name[1:], solution)

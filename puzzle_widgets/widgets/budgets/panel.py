"""The budget panel: a row for each budget in use, others to add; objective, rules and units."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.quantity import whole_costs
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.problem.budget_rows import cannot_be_met
from puzzle_widgets.problem.objective import sum_words
from puzzle_widgets.solution.least_change import Change
from puzzle_widgets.solution.slack import slack_of
from puzzle_widgets.widgets.budgets.add import AddBudget
from puzzle_widgets.widgets.budgets.amounts import Units
from puzzle_widgets.widgets.budgets.row import BudgetRow
from puzzle_widgets.widgets.budgets.rule_choice import RuleChoice
from puzzle_widgets.widgets.budgets.serving import ServingChoice
from puzzle_widgets.widgets.budgets.target import TargetChoice
from puzzle_widgets.widgets.budgets.weights import WeightChoice
from puzzle_widgets.widgets.guide import guide_button
from puzzle_widgets.widgets.panel import Panel, button, refill, row, symbol_button
from puzzle_widgets.widgets.rules import RuleList

_GOALS: tuple[tuple[str, Goal], ...] = (("minimize", "minimize"), ("maximize", "maximize"))


class BudgetPanel(Panel):
    """Choose the objective and set the budgets; every change is searched at once.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> state = pw.ExplorerState("stdlib-2m-measured")
    >>> budgets = pw.BudgetPanel(state)
    >>> state.set_budget("stats.memory_mib", "60 %")  # the panel shows it
    >>> budgets.close()
    """

    title = "Budgets"
    css_class = "pw-budgets"
    guide = "budgets"
    asks = True

    def build(self) -> list[widgets.Widget]:
        """Make the box of rows, the list of others, the reasons, rules, objective and units."""
        self._drawn: object = None
        self._units_of: object = None
        self.rows: tuple[BudgetRow, ...] = ()
        self.objective = widgets.Dropdown(tooltip="What to optimize")
        self.objective.add_class("pw-grow")
        self.goal = _choice(_GOALS, "Minimize or maximize the sum within the budgets")
        self.weights = self.own(WeightChoice(self.state))
        self.share = _choice((("absolute", False), ("%", True)), "Amounts, or % of the parent's")
        self.gib = _choice((("MiB", False), ("GiB", True)), "Unit of memory")
        self.budget_rows = widgets.VBox()
        self.budget_rows.add_class("pw-limits")
        self.add = AddBudget(self.state, self._add)
        self.rules = self.own(RuleList(self.state))
        self.lift = button("")
        self.foot = widgets.HTML()
        self.reset = button(
            "Reset", "Back to the objective and budgets that the library opens with"
        )
        self.target = TargetChoice(self.state)
        self.serving = self.own(ServingChoice(self.state))
        self.rule = self.own(RuleChoice(self.state))
        drawer = symbol_button("\u2195", "All budgets", css="pw-drawer")
        self.compare = button("Compare", "Open the tab of scenarios", css="pw-compare")
        rows = [
            self.target,
            self.budget_rows,
            row(self.add, self.rule, self.serving, css="pw-add-line"),
        ]
        return [drawer, self.compare, *rows, self.foot, self.rules, self.lift, *self._rest()]

    def bind(self) -> None:
        """Connect the controls and follow the state."""
        self.when("library", "objective", "goal", "question", do=self._show_objective)
        self.when("looks", do=self._show_units)
        self.when("scenarios", "former", do=self._offer_to_compare)
        self.clicked(self.compare, lambda: self.state.set_looks(tab="scenarios"))
        self.when("library", "budgets", "looks", do=self._show_limits)
        self.when("problem", "solution", "updating", do=self._show_foot)
        self.when("budgets", "looks", "solution", "updating", do=self._show_slacks)
        self.when("problem", "solution", "looks", do=self._show_changes)
        self.changed(self.objective, self._choose_objective)
        self.changed(self.goal, self._choose_goal)
        self.changed(self.share, lambda share: self.state.set_looks(share=share))
        self.changed(self.gib, lambda gib: self.state.set_looks(gib=gib))
        self.clicked(self.reset, self.state.reset)
        self.clicked(self.lift, self._lift)

    def close(self) -> None:
        """Let go of the state with all parts, then close."""
        self.target.close()
        super().close()

    @property
    def units(self) -> Units:
        """The units shown."""
        return Units(share=self.state.looks.share, gib=self.state.looks.gib)

    def _rest(self) -> list[widgets.Widget]:
        mark = widgets.HTML(guide_button("objective", "Objective"))
        aims = (self.goal, mark, self.objective, self.weights)
        return [
            row(_name("Objective"), *aims, css="pw-objective"),
            row(_name("Units"), self.share, self.gib, self.reset, css="pw-units"),
        ]

    def _choose_objective(self, key: str | None) -> None:
        if key is not None and key != self.state.objective:
            self.state.set_objective(key)

    def _choose_goal(self, goal: Goal) -> None:
        if self.state.question or goal != self.state.goal:
            self.state.set_objective(self.state.objective, goal)

    def _show_objective(self) -> None:
        library = self.state.library
        offered = (*library.sums, *library.scores, *whole_costs(library.costs))
        keys = dict.fromkeys((*offered, self.state.objective))
        options = tuple((_title(library, key, keys), key) for key in keys)
        with self.silence():  # new options choose their first for a moment
            if options != self.objective.options:
                self.objective.options = options
            self.objective.value = self.state.objective
            self.goal.value = None if self.state.question else self.state.goal

    def _offer_to_compare(self) -> None:
        """Lead to the scenarios once there are two; a page whose tabs are far off shows it."""
        count = len(self.state.record.kept)
        self.compare.description = f"Compare {count}"
        self.compare.layout.display = None if count > 1 else "none"

    def _show_units(self) -> None:
        with self.silence():
            self.share.value, self.gib.value = self.units.share, self.units.gib

    def _show_limits(self) -> None:
        limits = self.state.budgets
        used = [place for place, limit in enumerate(limits) if limit.on]
        shown = [(place, limits[place].resource) for place in used]
        drawn = (self.state.library.plain, shown, self.units)  # sums change no limit
        if drawn != self._drawn:
            self._drawn = drawn
            self._draw_rows(used)
        for budget_row in self.rows:
            budget_row.show(limits[budget_row.place])
        self._offer_others()

    def _offer_others(self) -> None:
        """List the budgets that are not in use."""
        quantity = self.state.library.quantity
        self.add.entries = [
            [quantity(limit.resource).title, limit.resource, limit.on]
            for limit in self.state.budgets
        ]

    def _add(self, resource: str) -> None:
        self.state.set_budget(resource, on=True)

    def _show_slacks(self) -> None:
        """Say what the answer leaves of each limit; old words stay until it is there."""
        solution = self.state.solution
        if solution is None or solution.problem != self.state.problem:
            return
        for budget_row in self.rows:
            setting = self.state.budgets[budget_row.place]
            budget_row.show_slack(slack_of(solution, setting))

    @property
    def _changes(self) -> tuple[Change, ...]:
        """What would make the problem feasible, once it is known to be infeasible."""
        solution = self.state.solution
        answered = solution is not None and solution.problem == self.state.problem
        return solution.changes if solution is not None and answered else ()

    def _show_changes(self) -> None:
        """Offer each change once: in the row that it loosens, or below the rules."""
        left = [change for change in self._changes if change.limit is not None]
        for budget_row in self.rows:
            mine = next(filter(budget_row.would_take, left), None)
            budget_row.offer(mine)
            left = [change for change in left if change is not mine]
        lift = self._lift_offered()
        self.lift.layout.display = "" if lift else "none"
        if lift:
            count = len(lift.lifted)
            layers = "1 layer" if count == 1 else f"{count} layers"
            self.lift.description = f"Lift the rules in {layers}"
            names = ", ".join(map(str, lift.lifted))
            self.lift.tooltip = f"Allow another variant in {layers}: {names}"

    def _lift_offered(self) -> Change | None:
        return next((change for change in self._changes if change.limit is None), None)

    def _lift(self) -> None:
        if lift := self._lift_offered():
            self.state.make_change(lift)

    def _draw_rows(self, used: Sequence[int]) -> None:
        """Make the rows that came, close those that went; a slider in hand stays."""
        drawn_of = (self.state.library.plain, self.units)
        same = self._units_of == drawn_of
        kept = {(one.place, one.resource): one for one in self.rows} if same else {}
        self._units_of = drawn_of
        limits = self.state.budgets
        keys = ((place, limits[place].resource) for place in used)
        self.rows = tuple(
            kept[key] if key in kept else BudgetRow(self.state, key[0], self.units) for key in keys
        )
        refill(self.budget_rows, self.rows)
        in_mib = any(self.state.library.quantity(one.resource).unit == "MiB" for one in limits)
        self.gib.layout.display = "" if in_mib else "none"

    def _show_foot(self) -> None:
        solution = self.state.solution
        answered = solution is not None and solution.problem == self.state.problem
        if solution is None or solution.found or not (answered or self.state.updating):
            self.foot.value, self.foot.layout.display = "", "none"
            return
        rows = (setting for setting in self.state.budgets if setting.on)
        if any(cannot_be_met(self.state.library, setting) for setting in rows):  # said in its row
            self.foot.value, self.foot.layout.display = "", "none"
            return
        self.foot.layout.display = ""
        dim = "" if answered else " pw-dim"
        self.foot.value = Markup("<div class='pw-warn{}'>{}</div>").format(dim, solution.reason)


def _choice(options: tuple[tuple[str, object], ...], tooltip: str) -> widgets.ToggleButtons:
    made = widgets.ToggleButtons(options=options, tooltips=[tooltip] * len(options))
    made.style.button_width = "auto"
    made.add_class("pw-choice")
    return made


def _name(words: str) -> widgets.HTML:
    """Name a line of controls for screen readers; their own words say it to the eye."""
    made = widgets.HTML(Markup("{}").format(words))
    for css in ("pw-name", "pw-aside"):
        made.add_class(css)
    return made


def _title(library: BlockLibrary, key: str, keys: dict[str, None]) -> str:
    title = sum_words(library, key) or library.quantity(key).title
    shared = sum(library.quantity(other).title == title for other in keys) > 1
    return f"{title} [{key}]" if shared else title

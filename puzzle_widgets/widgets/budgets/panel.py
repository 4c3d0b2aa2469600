"""The budget panel: objective and budgets, by slider or by number."""

from __future__ import annotations

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.widgets.budgets.amounts import Units
from puzzle_widgets.widgets.budgets.row import BudgetRow
from puzzle_widgets.widgets.budgets.rules import RuleList
from puzzle_widgets.widgets.message import MessageBar
from puzzle_widgets.widgets.panel import Panel, Shown, button, row, shared_state

_GOALS: tuple[tuple[str, Goal], ...] = (("minimize", "minimize"), ("maximize", "maximize"))


class BudgetPanel(Panel):
    """Choose the objective and set the budgets; every change is searched at once.

    Parameters
    ----------
    source
        The state to act on; or a library, for a panel of its own, which then also shows
        messages.

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
    asks = True

    def __init__(self, source: Shown) -> None:
        self._alone = shared_state(source) is None
        self._drawn: object = None
        self._quiet = False
        self.rows: tuple[BudgetRow, ...] = ()
        super().__init__(source)

    def build(self) -> list[widgets.Widget]:
        """Make objective, units, the box of rows, and the foot."""
        self.objective = widgets.Dropdown(tooltip="What to optimize")
        self.objective.add_class("pw-grow")
        self.goal = _choice(_GOALS, "Minimize or maximize the sum within the budgets")
        self.share = _choice((("absolute", False), ("% of parent", True)), "Units of all budgets")
        self.gib = _choice((("MiB", False), ("GiB", True)), "Unit of memory")
        self.budget_rows = widgets.VBox()
        self.budget_rows.add_class("pw-limits")
        self.rules = RuleList(self.state)
        self.foot = widgets.HTML()
        self.reset = button(
            "Reset", "Back to the objective and budgets that the library opens with"
        )
        self.messages = MessageBar(self.state) if self._alone else None
        bar = [] if self.messages is None else [self.messages]
        return [*bar, *self._tops(), self.budget_rows, self.rules, self.foot, row(self.reset)]

    def bind(self) -> None:
        """Connect the controls and follow the state."""
        self.when("library", "objective", "goal", "question", do=self._show_objective)
        self.when("library", "budgets", do=self._show_limits)
        self.when("rules", do=self.rules.show)
        self.when("problem", "solution", "updating", do=self._show_foot)
        self.changed(self.objective, self._choose_objective)
        self.changed(self.goal, self._choose_goal)
        self.changed(self.share, lambda _: self._show_limits())
        self.changed(self.gib, lambda _: self._show_limits())
        self.clicked(self.reset, self.state.reset)

    def close(self) -> None:
        """Let go of the state, then close."""
        if self.messages is not None:
            self.messages.close()
        super().close()

    @property
    def units(self) -> Units:
        """The units shown."""
        return Units(share=bool(self.share.value), gib=bool(self.gib.value))

    def _tops(self) -> list[widgets.Widget]:
        return [
            row(_name("Objective"), self.goal, self.objective, css="pw-objective"),
            row(_name("Units"), self.share, self.gib, css="pw-units"),
        ]

    def _choose_objective(self, key: str | None) -> None:
        if not self._quiet and key is not None and key != self.state.objective:
            self.state.set_objective(key)

    def _choose_goal(self, goal: Goal) -> None:
        if not self._quiet and (self.state.question or goal != self.state.goal):
            self.state.set_objective(self.state.objective, goal)

    def _show_objective(self) -> None:
        library = self.state.library
        keys = dict.fromkeys((*library.scores, *library.costs, *library.keys))
        options = tuple((_title(library, key, keys), key) for key in keys)
        self._quiet = True  # new options choose their first for a moment
        try:
            if options != self.objective.options:
                self.objective.options = options
            self.objective.value = self.state.objective
            self.goal.value = None if self.state.question else self.state.goal
        finally:
            self._quiet = False

    def _show_limits(self) -> None:
        limits = self.state.budgets
        drawn = (self.state.library, [limit.resource for limit in limits], self.units)
        if drawn != self._drawn:
            self._drawn = drawn
            self._draw_rows()
        for budget_row, setting in zip(self.rows, limits, strict=True):
            budget_row.show(setting)

    def _draw_rows(self) -> None:
        old = self.rows
        self.rows = tuple(
            BudgetRow(self.state, place, self.units) for place in range(len(self.state.budgets))
        )
        self.budget_rows.children = self.rows
        in_mib = any(budget_row.quantity.unit == "MiB" for budget_row in self.rows)
        self.gib.layout.display = "" if in_mib else "none"
        for gone in old:
            gone.close()

    def _show_foot(self) -> None:
        solution = self.state.solution
        answered = solution is not None and solution.problem == self.state.problem
        if solution is None or solution.found or not (answered or self.state.updating):
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
    title = library.quantity(key).title
    shared = sum(library.quantity(other).title == title for other in keys) > 1
    return f"{title} [{key}]" if shared else title

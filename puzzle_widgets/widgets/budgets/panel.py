"""The budget panel: objective and budgets, each a row with a slider and a number."""

from __future__ import annotations

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.problem.budget_rows import cannot_be_met, loosened
from puzzle_widgets.solution.least_change import Change
from puzzle_widgets.solution.slack import Slack, slack_of
from puzzle_widgets.state import BudgetSetting, ExplorerState
from puzzle_widgets.widgets.budgets.amounts import Scale, Units, scale_of
from puzzle_widgets.widgets.panel import Following, Panel, RuleList, button, refill, row

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
    asks = True

    def build(self) -> list[widgets.Widget]:
        """Make objective, units, the box of rows, and the foot."""
        self._drawn: object = None
        self.rows: tuple[BudgetRow, ...] = ()
        self.objective = widgets.Dropdown(tooltip="What to optimize")
        self.objective.add_class("pw-grow")
        self.goal = _choice(_GOALS, "Minimize or maximize the sum within the budgets")
        self.share = _choice((("absolute", False), ("% of parent", True)), "Units of all budgets")
        self.gib = _choice((("MiB", False), ("GiB", True)), "Unit of memory")
        self.budget_rows = widgets.VBox()
        self.budget_rows.add_class("pw-limits")
        self.rules = self.own(RuleList(self.state))
        self.lift = button("")
        self.foot = widgets.HTML()
        self.reset = button(
            "Reset", "Back to the objective and budgets that the library opens with"
        )
        return [*self._tops(), self.budget_rows, self.rules, self.lift, self.foot, row(self.reset)]

    def bind(self) -> None:
        """Connect the controls and follow the state."""
        self.when("library", "objective", "goal", "question", do=self._show_objective)
        self.when("looks", do=self._show_units)
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

    @property
    def units(self) -> Units:
        """The units shown."""
        return Units(share=self.state.looks.share, gib=self.state.looks.gib)

    def _tops(self) -> list[widgets.Widget]:
        return [
            row(_name("Objective"), self.goal, self.objective, css="pw-objective"),
            row(_name("Units"), self.share, self.gib, css="pw-units"),
        ]

    def _choose_objective(self, key: str | None) -> None:
        if key is not None and key != self.state.objective:
            self.state.set_objective(key)

    def _choose_goal(self, goal: Goal) -> None:
        if self.state.question or goal != self.state.goal:
            self.state.set_objective(self.state.objective, goal)

    def _show_objective(self) -> None:
        library = self.state.library
        keys = dict.fromkeys((*library.scores, *library.costs, *library.keys))
        options = tuple((_title(library, key, keys), key) for key in keys)
        with self.silence():  # new options choose their first for a moment
            if options != self.objective.options:
                self.objective.options = options
            self.objective.value = self.state.objective
            self.goal.value = None if self.state.question else self.state.goal

    def _show_units(self) -> None:
        with self.silence():
            self.share.value, self.gib.value = self.units.share, self.units.gib

    def _show_limits(self) -> None:
        limits = self.state.budgets
        drawn = (self.state.library, [limit.resource for limit in limits], self.units)
        if drawn != self._drawn:
            self._drawn = drawn
            self._draw_rows()
        for budget_row, setting in zip(self.rows, limits, strict=True):
            budget_row.show(setting)

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

    def _draw_rows(self) -> None:
        self.rows = tuple(
            BudgetRow(self.state, place, self.units) for place in range(len(self.state.budgets))
        )
        refill(self.budget_rows, self.rows)
        in_mib = any(budget_row.quantity.unit == "MiB" for budget_row in self.rows)
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
    title = library.quantity(key).title
    shared = sum(library.quantity(other).title == title for other in keys) > 1
    return f"{title} [{key}]" if shared else title


def slack_words(slack: Slack, scale: Scale) -> str:
    """Say what is left of a limit, such as ``"Not the limit: 9,800 MiB to spare"``."""
    left = f"{scale.said(slack.amount)} to spare" if slack.amount else "nothing to spare"
    return f"{'The limit' if slack.binds else 'Not the limit'}: {left}"


_SENSES = ("at most", "at least")
# Widths in px: of a digit, of what stands around all of them, and the least and most of a field.
_LETTER, _MARGIN, _LEAST, _MOST = 7.5, 18, 75, 170


class BudgetRow(Following, widgets.VBox):
    """A limit; what the user changes goes to the state, and comes back by :meth:`show`.

    Parameters
    ----------
    state
        Whose limit it is.
    place
        Index of the limit in ``state.budgets``.
    units
        Units to show.
    """

    def __init__(self, state: ExplorerState, place: int, units: Units) -> None:
        super().__init__()
        self.state, self.place = state, place
        resource = state.budgets[place].resource
        self.quantity = state.library.quantity(resource)
        self.scale = scale_of(state.library, resource, units)
        self.span = self.scale.span()
        self._setting: BudgetSetting | None = None
        self._typed: float | None = None
        self._offered: Change | None = None
        self._build()
        self.show(state.budgets[place])
        self._bind()

    def show(self, setting: BudgetSetting) -> None:
        """Show a setting in place; the slider stays, so that it can be dragged meanwhile."""
        if setting == self._setting:
            return
        self._setting = setting
        with self.silence():
            self.switch.value, self.sense.value = setting.on, setting.sense
            self.slider.value = self.span.place(self.scale.shown(setting.value))
            self.field.value = self.scale.field(setting.value, exact=setting.value == self._typed)
        self._make_room()
        self._show_words(cannot_be_met(self.state.library, setting) if setting.on else "")
        (self.remove_class if setting.on else self.add_class)("pw-off")

    def show_slack(self, slack: Slack | None) -> None:
        """Say whether the limit binds, and how much of it is left."""
        words = Markup("<div class='pw-slack{}'>{}</div>")
        self.slack.value = (
            words.format(" pw-binds" if slack.binds else "", slack_words(slack, self.scale))
            if slack is not None
            else ""
        )

    def would_take(self, change: Change) -> bool:
        """Whether this row is too tight for a change."""
        return self._loosened(change) != self.state.budgets[self.place]

    def offer(self, change: Change | None) -> None:
        """Offer to loosen the limit as little as makes the problem feasible."""
        self._offered = change
        self.loosen.layout.display = "none" if change is None else ""
        if change is not None:
            self.loosen.description = self._loosening(self._loosened(change))

    def _loosened(self, change: Change) -> BudgetSetting:
        setting = self.state.budgets[self.place]
        if change.limit is None:
            return setting
        return loosened(self.state.library, setting, change.limit)

    def _loosening(self, setting: BudgetSetting) -> str:
        if not setting.on:
            return f"Lift {self.quantity.label}"
        verb = "Raise" if setting.sense == "at most" else "Lower"
        return f"{verb} {self.quantity.label} to {self.scale.said(setting.value)}"

    def _take(self) -> None:
        if self._offered is not None:
            self.state.make_change(self._offered)

    def close(self) -> None:
        """Close the row with all that is in it."""
        for child in (self.switch, self.sense, self.field, self.unit, *self.children):
            child.close()
        super().close()

    def _build(self) -> None:
        label = self.quantity.label
        self.switch = widgets.Checkbox(description=label, indent=False, tooltip=f"Limit {label}")
        self.switch.add_class("pw-name")
        self.sense = widgets.Dropdown(options=_SENSES, tooltip="At most or at least")
        self.sense.add_class("pw-sense")
        self.field = widgets.Text(continuous_update=False, tooltip=self._how_to_type())
        self.field.add_class("pw-field")
        self.unit = widgets.HTML(Markup("<span class='pw-unit'>{}</span>").format(self._unit()))
        line = widgets.HBox([self.switch, self.sense, self.field, self.unit])
        line.add_class("pw-limit-line")
        low, high, step = self.span.low, self.span.high, self.span.step
        self.slider = widgets.FloatSlider(
            low, min=low, max=high, step=step, readout=False, tooltip=self.quantity.title
        )
        self.slider.layout.width = "auto"
        self.words, self.slack = widgets.HTML(), widgets.HTML()
        self.loosen = button("", "The least change of this limit that makes the budgets feasible")
        self.children = (line, self.slider, self.words, self.slack, self.loosen)
        self.offer(None)
        self.add_class("pw-limit")

    def _make_room(self) -> None:
        """Make the field as wide as its longest number, so that it cuts none and stands still."""
        reach = self.scale.reach
        usual = (self.scale.field(value) for value in (reach.low, reach.high, reach.parent))
        letters = max(len(self.field.value), *map(len, usual))
        width = f"{min(max(round(_LETTER * letters) + _MARGIN, _LEAST), _MOST)}px"
        self.field.layout.width, self.field.layout.flex = width, f"0 0 {width}"

    def _bind(self) -> None:
        self.changed(self.switch, lambda on: self.state.set_budget(self.place, on=on))
        self.changed(self.sense, lambda sense: self.state.set_budget(self.place, sense=sense))
        self.changed(self.field, self._type)
        self.changed(self.slider, self._drag)
        self.clicked(self.loosen, self._take)

    def _drag(self, shown: float) -> None:
        # The page rounds the handle to its steps and sends that back: no request of the user.
        setting = self.state.budgets[self.place]
        placed = self.span.place(self.scale.shown(setting.value))
        if abs(shown - placed) > self.span.step / 2:
            value = self.scale.stored(self.span.place(shown))
            self.state.drag_budget(self.place, value)

    def _type(self, text: str) -> None:
        value = self.scale.read(text)
        if value is None:
            self._show_words(f"{text!r} is not an amount. {self._how_to_type()}.")
            return
        self._typed = value
        self._setting = None
        self.state.set_budget(self.place, value)
        self.show(self.state.budgets[self.place])

    def _show_words(self, warning: str) -> None:
        setting = self.state.budgets[self.place]
        value = f"{setting.sense} {self.scale.text(setting.value)}; "
        said = Markup(
            "<div class='pw-said pw-quiet'><span class='pw-aside'>{}</span>{}</div>"
        ).format(value, self.scale.remark(setting.value))
        warned = Markup("<div class='pw-warn'>{}</div>").format(warning) if warning else Markup("")
        self.words.value = said + warned

    def _unit(self) -> str:
        return self.scale.shown_unit

    def _how_to_type(self) -> str:
        example = self.scale.field(self.scale.reach.parent)
        return f"Type a number, such as {example} {self._unit()}".rstrip()

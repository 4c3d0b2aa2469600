"""One budget as a row: its name, sense, number and unit, its slider, and whether it binds."""

from __future__ import annotations

import math

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.library.checks import short_repr
from puzzle_widgets.problem.budget_rows import cannot_be_met, loosened
from puzzle_widgets.solution.least_change import Change
from puzzle_widgets.solution.slack import Slack
from puzzle_widgets.state import BudgetSetting, ExplorerState
from puzzle_widgets.widgets.budgets.amounts import Scale, Units, scale_of
from puzzle_widgets.widgets.panel import Following, button, symbol_button


def slack_words(slack: Slack, scale: Scale) -> str:
    """Say what is left of a limit, such as ``"Not the limit: 9,800 MiB to spare"``."""
    who = "The limit" if slack.binds else "Not the limit"
    if math.isinf(slack.amount):
        return who
    left = f"{scale.said(slack.amount)} to spare" if slack.amount else "nothing to spare"
    return f"{who}: {left}"


def short_slack(slack: Slack, scale: Scale) -> str:
    """Say the same in the few letters beside a slider."""
    if slack.binds:
        return "the limit"
    if math.isinf(slack.amount):
        return "not the limit"
    return f"{scale.said(slack.amount).removesuffix(scale.unit).strip()} to spare"


_SLACK = Markup(
    "<div class='pw-slack%s' title='%s'><span class='pw-aside'>%s</span>"
    "<span aria-hidden='true'>%s</span></div>"
)
_AMOUNT = Markup("<div class='pw-said pw-aside'>%s%s</div>")
_WARNED = Markup("<div class='pw-warn'>%s</div>")
_DIGITS = "0123456789.,+- \u202f\u00a0"
_SENSES = (("\u2264", "at most"), ("\u2265", "at least"))
# Widths in px: of a digit, of what stands around all of them, and the least and most of a field.
_LETTER, _MARGIN, _LEAST, _MOST = 7.2, 14, 60, 150


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
        self.resource = state.budgets[place].resource
        self.quantity = state.library.quantity(self.resource)
        self.scale = scale_of(state.library, self.resource, units)
        self.span = self.scale.span()
        reach = self.scale.reach
        usual = (self.scale.field(value) for value in (reach.low, reach.high, reach.parent))
        self._usual_letters = max(map(len, usual))
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
            self.sense.value = setting.sense
            self.slider.value = self.span.place(self.scale.shown(setting.value))
            self.field.value = self.scale.field(setting.value, exact=setting.value == self._typed)
        self.field.remove_class("pw-invalid")
        self._make_room()
        self._show_words(cannot_be_met(self.state.library, setting))

    def show_slack(self, slack: Slack | None) -> None:
        """Say whether the limit binds, and how much of it is left; in full where pointed at."""
        if slack is None:
            self.slack.value = ""
            return
        full, short = slack_words(slack, self.scale), short_slack(slack, self.scale)
        css = " pw-binds" if slack.binds else ""
        self.slack.value = _SLACK % (css, full, full, short)

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

    def _build(self) -> None:
        label = self.quantity.label
        self.name = widgets.HTML(Markup("<span class='pw-name'>{}</span>").format(label))
        self.remove = symbol_button("\u00d7", f"Remove the budget on {label}", css="pw-remove")
        self.sense = widgets.Dropdown(options=_SENSES, tooltip="At most or at least")
        self.sense.add_class("pw-sense")
        self.field = widgets.Text(continuous_update=False, tooltip=self._how_to_type())
        self.field.add_class("pw-field")
        self.unit = widgets.HTML(Markup("<span class='pw-unit'>{}</span>").format(self._unit()))
        self.words, self.slack = widgets.HTML(), widgets.HTML()
        self.title = widgets.VBox([self.name, self.slack])
        self.title.add_class("pw-limit-title")
        self.line = widgets.HBox([self.title, self.sense, self.field, self.unit])
        self.line.add_class("pw-limit-line")
        low, high, step = self.span.low, self.span.high, self.span.step
        self.slider = widgets.FloatSlider(
            low, min=low, max=high, step=step, readout=False, tooltip=self.quantity.title
        )
        self.slider.layout.width = "auto"
        self.loosen = button("", "The least change of this limit that makes the budgets feasible")
        self.words.add_class("pw-limit-words")
        self.track = widgets.HBox([self.slider, self.remove])
        self.track.add_class("pw-limit-track")
        self.children = (self.line, self.track, self.words, self.loosen)
        self.offer(None)
        self.add_class("pw-limit")

    def _make_room(self) -> None:
        """Make the field as wide as its longest number, so that it cuts none and stands still."""
        letters = max(len(self.field.value), self._usual_letters)
        width = f"{min(max(round(_LETTER * letters) + _MARGIN, _LEAST), _MOST)}px"
        self.field.layout.width, self.field.layout.flex = width, f"0 0 {width}"

    def _bind(self) -> None:
        self.clicked(self.remove, lambda: self.state.set_budget(self.place, on=False))
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
            self.field.add_class("pw-invalid")
            self._show_words(f"{short_repr(text)} is not an amount. {self._how_to_type()}.")
            return
        unit = text.strip().lstrip(_DIGITS).lower()
        self._typed = value if unit in ("", self._unit().lower()) else None
        self._setting = None
        self.state.set_budget(self.place, value)
        self.show(self.state.budgets[self.place])

    def _show_words(self, warning: str) -> None:
        setting = self.state.budgets[self.place]
        value = f"{setting.sense} {self.scale.text(setting.value)}; "
        said = _AMOUNT % (value, self.scale.remark(setting.value))
        self.words.value = said + _WARNED % warning if warning else said

    def _unit(self) -> str:
        return self.scale.shown_unit

    def _how_to_type(self) -> str:
        return f"Type an amount, such as {self.scale.examples()}"

"""One row of the budget panel: a limit with its switch, sense, field and slider."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.problem.budget_rows import cannot_be_met
from puzzle_widgets.state import BudgetSetting, ExplorerState
from puzzle_widgets.widgets.budgets.amounts import Units, scale_of
from puzzle_widgets.widgets.panel import guard

_SENSES = ("at most", "at least")
# Widths in px: of a digit, of what stands around all of them, and the least and most of a field.
_LETTER, _MARGIN, _LEAST, _MOST = 7.5, 18, 75, 170


class BudgetRow(widgets.VBox):
    """A limit; what a person does to it goes to the state, and comes back by :meth:`show`.

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
        self._quiet = False
        self._build()
        self.show(state.budgets[place])
        self._bind()

    def show(self, setting: BudgetSetting) -> None:
        """Show a setting in place; the slider stays, so that it can be dragged meanwhile."""
        if setting == self._setting:
            return
        self._setting = setting
        with self._silence():
            self.switch.value, self.sense.value = setting.on, setting.sense
            self.slider.value = self.span.place(self.scale.shown(setting.value))
            self.field.value = self.scale.field(setting.value, exact=setting.value == self._typed)
        self._make_room()
        self._show_words(cannot_be_met(self.state.library, setting) if setting.on else "")
        (self.remove_class if setting.on else self.add_class)("pw-off")

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
        self.words = widgets.HTML()
        self.children = (line, self.slider, self.words)
        self.add_class("pw-limit")

    def _make_room(self) -> None:
        """Make the field as wide as its longest number, so that it cuts none and stands still."""
        reach = self.scale.reach
        usual = (self.scale.field(value) for value in (reach.low, reach.high, reach.parent))
        letters = max(len(self.field.value), *map(len, usual))
        width = f"{min(max(round(_LETTER * letters) + _MARGIN, _LEAST), _MOST)}px"
        self.field.layout.width, self.field.layout.flex = width, f"0 0 {width}"

    def _bind(self) -> None:
        self._changed(self.switch, lambda on: self.state.set_budget(self.place, on=on))
        self._changed(self.sense, lambda sense: self.state.set_budget(self.place, sense=sense))
        self._changed(self.field, self._type)
        self._changed(self.slider, self._drag)

    def _changed(self, child: widgets.Widget, do: Callable[[Any], None]) -> None:
        def act(change: Any) -> None:  # noqa: ANN401
            if not self._quiet:
                do(change["new"])

        child.observe(guard(self.state, act), "value")

    def _drag(self, shown: float) -> None:
        # The page rounds the handle to its steps and sends that back: no request of the user.
        setting = self.state.budgets[self.place]
        placed = self.span.place(self.scale.shown(setting.value))
        if abs(shown - placed) > self.span.step / 2:
            self._set(self.scale.stored(self.span.place(shown)))

    def _type(self, text: str) -> None:
        value = self.scale.read(text)
        if value is None:
            self._show_words(f"{text!r} is not an amount. {self._how_to_type()}.")
            return
        self._typed = value
        self._setting = None
        self._set(value)
        self.show(self.state.budgets[self.place])

    def _set(self, value: float) -> None:
        self.state.set_budget(self.place, value=value, on=True)

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

    @contextmanager
    def _silence(self) -> Iterator[None]:
        self._quiet = True
        try:
            yield
        finally:
            self._quiet = False

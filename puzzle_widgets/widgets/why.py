"""Why the answer is what it is: what binds and its price, next steps, how sure, what else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.reasons import Baselines, Explanation
from puzzle_widgets.reasons.explain import loosening_words
from puzzle_widgets.solution import Scenario
from puzzle_widgets.state.background import has_background
from puzzle_widgets.state.reason_answers import SAMPLES
from puzzle_widgets.widgets.budgets.amounts import Units
from puzzle_widgets.widgets.closing import discard
from puzzle_widgets.widgets.moment import Moment
from puzzle_widgets.widgets.noise import NoiseChoice
from puzzle_widgets.widgets.panel import Panel, button, row
from puzzle_widgets.widgets.wanting import Wanting
from puzzle_widgets.widgets.why_words import (
    beside,
    conflict_lines,
    limit_lines,
    proof,
    step_line,
    sure_lines,
)

_SAVE = ("Save a baseline …", "")
_WAYS = Markup("<div class='pw-why-line'>Each of these alone makes it feasible:</div>")
_ENLARGED = Markup(
    "<div class='pw-why-line pw-quiet pw-why-rest'>Enlarge the tab (\u2922) for all.</div>"
)
_SAMPLING = Markup(
    "<div class='pw-why-line'><b>How sure:</b> searching with other scores "
    "<progress max='{0}' value='{1}' aria-label='Samples'></progress> {1:,} of {0:,}</div>"
)


class _Line(NamedTuple):
    """A sentence, and what a button beside it does; without that there is no button."""

    said: Markup
    do: str
    what: str
    act: Callable[[], None] | None


class LineRow(widgets.HBox):
    """A line with its button, changed in place.

    Parameters
    ----------
    panel
        The panel that shows it.
    """

    def __init__(self, panel: Panel) -> None:
        super().__init__()
        self.said, self.do = widgets.HTML(), button("")
        self._act: Callable[[], None] | None = None
        panel.clicked(self.do, self._press)
        for name in ("pw-row", "pw-why-step"):
            self.add_class(name)

    def show(self, line: _Line) -> None:
        """Show another line."""
        self.said.value, self._act = line.said, line.act
        self.do.description, self.do.tooltip = line.do, line.what
        self.children = (self.said,) if line.act is None else (self.said, self.do)

    def _press(self) -> None:
        if self._act is not None:
            self._act()


class WhyPanel(Wanting, Panel):
    """What binds, next steps, how sure the answer is, and what simpler ways find.

    Prices and next steps follow what is shown; the rest is searched in the background once that
    has settled. Without a background, a button asks for it. Asleep, it searches nothing.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> from puzzle_widgets.widgets.why import WhyPanel
    >>> panel = WhyPanel("stdlib-2m-measured")
    >>> "<b>Throughput binds.</b>" in panel.limits.value
    True
    >>> panel.close()
    """

    title = "Why"
    css_class = "pw-why"
    guide = "why"

    def build(self) -> list[widgets.Widget]:
        """Make sentences, steps, the table, what is done with baselines, and the notes."""
        self.limits, self.sure, self.beside = widgets.HTML(), widgets.HTML(), widgets.HTML()
        for name in ("pw-live", "pw-why-says"):
            self.limits.add_class(name)
        self.steps, self.ways = widgets.VBox(), widgets.HTML(_WAYS)
        self._lines: list[LineRow] = []
        self._explaining = Moment(self.state, lambda: self._dim(self.box))
        self._comparing = Moment(self.state, lambda: self._dim(self.beside))
        self.ask = button("Work out how sure it is", "Search 1,000 times with noise in the scores")
        self.noise = NoiseChoice(self.state)
        self.on_front = widgets.Checkbox(
            description="Baselines on the front", indent=False, layout={"width": "auto"}
        )
        self.save = widgets.Dropdown(options=[_SAVE], tooltip="Save a baseline as a scenario")
        self.notes = widgets.HTML()
        self.doing = row(self.on_front, self.save, css="pw-why-doing")
        self.foot = row(self.doing, self.notes, css="pw-why-foot")
        self.box = widgets.VBox([self.limits, self.steps, self.sure, self.beside])
        self.box.add_class("pw-why-box")
        return [self.box, self.noise, self.ask, self.foot, widgets.HTML(_ENLARGED)]

    def bind(self) -> None:
        """Follow the reasons, and want them while awake."""
        self._explained: Explanation | None = None
        self._units = Units()
        self._beside_of: tuple[Baselines | None, Scenario | None] = (None, None)
        self.when("explanation", "updating", "looks", do=self._show_limits)
        self.when("sensitivity", "sampled", "searching", do=self._show_sure)
        beside = ("baselines", "reference", "scenarios", "former", "searching")
        self.when(*beside, do=self._show_beside)
        self.when("shown", "selection", "updating", "sensitivity", do=self._show_notes)
        self.when("looks", do=self._show_looks)
        self.changed(self.on_front, lambda on: self.state.set_looks(baselines=on))
        self.changed(self.save, self._save)
        self.clicked(self.ask, self._want_all)
        # A thousand searches for each answer are worth asking for, where many share a machine.
        self.wants(*(("explanation", "baselines") if has_background() else ("explanation",)))

    def close(self) -> None:
        """Close the lines that are not shown, too."""
        for wait in (self._explaining, self._comparing):
            wait.end()
        super().close()
        parts = [part for line in self._lines for part in (line, line.said, line.do)]
        discard(self.ways, *parts)

    @staticmethod
    def _dim(old: widgets.DOMWidget) -> None:
        old.add_class("pw-stale")

    def _want_all(self) -> None:
        self.ask.layout.display = "none"
        self.wants("explanation", "baselines", "sensitivity")

    def _show_limits(self) -> None:
        """Say what binds; old words stay, dimmed, until the new ones are there."""
        found, looks = self.state.explanation, self.state.looks
        units = Units(share=looks.share, gib=looks.gib)
        (self._explaining.begin if found is None else self._explaining.end)()
        if found is None:
            return
        self.box.remove_class("pw-stale")
        if found is self._explained and units == self._units:
            return
        self._explained, self._units = found, units
        if found.solution.found:
            self.limits.value = limit_lines(found, units)
            self._show_lines(self._steps(found))
        else:
            self.limits.value = conflict_lines(found)
            self._show_lines(self._ways(found), self.ways)

    def _show_lines(self, lines: Sequence[_Line], *before: widgets.Widget) -> None:
        """Show lines by widgets that are there already: each answer has new ones."""
        while len(self._lines) < len(lines):
            self._lines.append(LineRow(self))
        shown = self._lines[: len(lines)]
        for made, line in zip(shown, lines, strict=True):
            made.show(line)
        self.steps.children = (*(before if lines else ()), *shown)

    def _steps(self, found: Explanation) -> list[_Line]:
        library = found.solution.library
        return [
            _Line(
                step_line(library, one, one.more),
                "Show",
                f"Show the next step of {one.label}: set the budget to it",
                None if one.more.solution is None else partial(self.state.take_step, one.more),
            )
            for one in found.binding
            if one.more is not None
        ]

    def _ways(self, found: Explanation) -> list[_Line]:
        made = []
        for change in found.changes:
            words = loosening_words(found.solution.problem, change)
            said = Markup("<div class='pw-why-line'>{}</div>").format(words)
            made.append(_Line(said, "Do it", words, partial(self.state.make_change, change)))
        return made

    def _show_sure(self) -> None:
        found = self.state.sensitivity
        if found is not None:
            self.sure.value = sure_lines(found)
        elif "sensitivity" in self.state.searching:
            self.sure.value = _SAMPLING.format(SAMPLES, self.state.sampled)
        elif "explanation" not in self.state.searching and not self.state.updating:
            self.sure.value = ""

    def _show_beside(self) -> None:
        found, reference = self.state.baselines, self.state.record.reference_scenario
        (self._comparing.begin if found is None else self._comparing.end)()
        if found is not None:
            self.beside.remove_class("pw-stale")
            self._tell_beside(found, reference)
        elif not {"explanation", "baselines"} & {*self.state.searching} and not self.state.updating:
            self.beside.value, self._beside_of = "", (None, None)
        self.doing.layout.display = "" if self.beside.value else "none"

    def _tell_beside(self, found: Baselines, reference: Scenario | None) -> None:
        """List what simpler ways find, and offer to save it; once for each answer."""
        if found is self._beside_of[0] and reference is self._beside_of[1]:
            return
        self._beside_of = found, reference
        self.beside.value = beside(found.optimum, [*found], reference)
        named = [one.name for one in found if one.keeps]
        options = [_SAVE, *((name[:1].upper() + name[1:], name) for name in named)]
        with self.silence():
            if list(self.save.options) != options:
                self.save.options = options
            self.save.value = ""

    def _save(self, name: str) -> None:
        if name:
            self.state.keep_baseline(name)
            with self.silence():
                self.save.value = ""

    def _show_looks(self) -> None:
        with self.silence():
            self.on_front.value = self.state.looks.baselines

    def _show_notes(self) -> None:
        shown, current = self.state.shown, self.state.selection.kind == "current"
        self.head.value = self.heading("" if current else self.state.shown_name)
        if shown is None or (current and shown.problem != self.state.problem):
            return
        self.notes.value = proof(shown, self.state.sensitivity, budgets=not current)

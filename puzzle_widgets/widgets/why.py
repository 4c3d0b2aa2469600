"""Why the answer is what it is: what binds and its price, next steps, how sure, what else."""

from __future__ import annotations

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.reasons import Baselines, Explanation, NextStep
from puzzle_widgets.reasons.explain import loosening_words
from puzzle_widgets.solution import Scenario
from puzzle_widgets.solution.least_change import Change
from puzzle_widgets.state.background import has_background
from puzzle_widgets.state.reason_answers import SAMPLES
from puzzle_widgets.widgets.budgets.amounts import Units
from puzzle_widgets.widgets.noise import NoiseChoice
from puzzle_widgets.widgets.panel import Panel, button, refill, row
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
        self.steps = widgets.VBox()
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

    def _want_all(self) -> None:
        self.ask.layout.display = "none"
        self.wants("explanation", "baselines", "sensitivity")

    def _show_limits(self) -> None:
        """Say what binds; old words stay, dimmed, until the new ones are there."""
        found, looks = self.state.explanation, self.state.looks
        units = Units(share=looks.share, gib=looks.gib)
        (self.box.add_class if found is None else self.box.remove_class)("pw-stale")
        if found is None or (found is self._explained and units == self._units):
            return
        self._explained, self._units = found, units
        if found.solution.found:
            self.limits.value = limit_lines(found, units)
            refill(self.steps, self._steps(found))
        else:
            self.limits.value = conflict_lines(found)
            refill(self.steps, self._ways(found))

    def _steps(self, found: Explanation) -> list[widgets.Widget]:
        library = found.solution.library
        made = []
        for one in found.binding:
            if one.more is not None:
                said = widgets.HTML(step_line(library, one, one.more))
                what = f"Show the next step of {one.label}: set the budget to it"
                made.append(row(said, *self._show_button(what, one.more), css="pw-why-step"))
        return made

    def _show_button(self, what: str, step: NextStep) -> list[widgets.Widget]:
        if step.solution is None:
            return []
        show = button("Show", what)
        self.clicked(show, lambda: self.state.take_step(step))
        return [show]

    def _ways(self, found: Explanation) -> list[widgets.Widget]:
        if not found.changes:
            return []
        return [widgets.HTML(_WAYS), *(self._way(found, change) for change in found.changes)]

    def _way(self, found: Explanation, change: Change) -> widgets.Widget:
        words = loosening_words(found.solution.problem, change)
        make = button("Do it", words)
        self.clicked(make, lambda: self.state.make_change(change))
        said = widgets.HTML(Markup("<div class='pw-why-line'>{}</div>").format(words))
        return row(said, make, css="pw-why-step")

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
        (self.beside.add_class if found is None else self.beside.remove_class)("pw-stale")
        if found is not None:
            self._tell_beside(found, reference)
        elif not {"explanation", "baselines"} & {*self.state.searching} and not self.state.updating:
            self.beside.value, self._beside_of = "", (None, None)
        self.doing.layout.display = "" if self.beside.value else "none"
        self.save.disabled = found is None

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

"""The status panel: how far the answer is proven, and what it comes to against the parent."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable
from functools import lru_cache

import ipywidgets as widgets
from markupsafe import Markup, escape

from puzzle_widgets.library.quantity import format_number, format_score
from puzzle_widgets.problem.budget_rows import BudgetSetting, settings_of
from puzzle_widgets.solution import Solution
from puzzle_widgets.solution.scenario import budget_words
from puzzle_widgets.solution.slack import binding
from puzzle_widgets.state.background import running_loop
from puzzle_widgets.widgets.budgets.amounts import amount
from puzzle_widgets.widgets.closing import discard
from puzzle_widgets.widgets.html import render
from puzzle_widgets.widgets.moment import Moment
from puzzle_widgets.widgets.panel import Panel, Shown, button, guard, row
from puzzle_widgets.widgets.scenarios.names import suggested_name
from puzzle_widgets.widgets.tiles import tiles, tiles_of

SETTLED_SECONDS = 0.6
_ASKED = "Not searched: choose first which way the score is better"
_OUTDATED = "Out of date: the figures are for earlier budgets"
_SEE_BUDGETS = "See Budgets for what clashes, and what would make it feasible."
_WARNINGS = """
{% for note in notes -%}
<div class='pw-note {{ note.level }}'><b>{{ "Warning" if note.level == "warning" else "Note" }}:</b>
 {{ note.text }}</div>
{%- endfor %}
"""
_NOTES = "<div class='pw-quiet'>{% for line in lines %}<div>{{ line }}</div>{% endfor %}</div>"
_FOLDED = Markup(
    "<details class='pw-notes'><summary class='%s'>%s</summary>"
    "<div class='pw-notes-body'>%s</div></details>"
)
_STATE = Markup("<span class='pw-state %s'>%s</span>")
_BEFORE = Markup("<span class='pw-before' aria-hidden='true'>%s</span>")
_NOW = Markup("<span class='pw-state pw-plain pw-now'>Updating \u2026</span>")
_LIMITED = Markup("<span>%s</span>")
_FACTS = Markup("<div class='pw-quiet pw-facts'>%s</div>")


class StatusPanel(Panel):
    """Describe the architecture that is shown: status, bound, gap, seconds, and its figures.

    Parameters
    ----------
    source
        The state to show; or a library, for a panel with a state of its own.
    messages
        Whether to show the state's messages here; pages that have a message bar need not.
    reasons
        Whether to say here why nothing is feasible; pages with a ``BudgetPanel`` need not.
    strip
        Whether it is a strip over other panels: it then saves what is shown, too, and folds
        bound, gap and notes.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> state = pw.ExplorerState("stdlib-2m-measured")
    >>> panel = pw.StatusPanel(state)
    >>> state.solution.status
    'optimal'
    >>> panel.close()
    """

    title = "Answer"
    css_class = "pw-status"
    guide = "answer"

    def __init__(
        self, source: Shown, *, messages: bool = True, reasons: bool = True, strip: bool = False
    ) -> None:
        self.reasons, self.strip = reasons, strip
        super().__init__(source, messages=messages)

    def build(self) -> list[widgets.Widget]:
        """Make the live line, the way back, and the figures."""
        self._settling: asyncio.TimerHandle | None = None
        self._slow = Moment(self.state, self._show_updating)
        self.line, self.spoken = widgets.HTML(), widgets.HTML()
        self.line.add_class("pw-state-line")
        for name in ("pw-live", "pw-aside", "pw-spoken"):
            self.spoken.add_class(name)
        self.back = button("Back to current budgets", "Show the answer to the current budgets")
        self.limits, self.figures = widgets.HTML(), widgets.HTML()
        self.limits.add_class("pw-limited")
        self.figures.add_class("pw-figures")
        self.notes = widgets.HTML()
        self.keep = button("Save scenario", "Save what is shown, to compare it", css="pw-primary")
        said = row(self.line, self.limits, self.back, css="pw-said-line")
        return [said, self.spoken, self.figures, *([self.notes, self.keep] if self.strip else [])]

    def bind(self) -> None:
        """Follow what is shown."""
        self.when("shown", "selection", "scenarios", "front", do=self._show_name)
        self.when("shown", "selection", "updating", "problem", "question", do=self._show_line)
        self.when("shown", "selection", "updating", do=self._show_limits)
        kept = ("scenarios", "former")
        self.when("shown", "selection", "reference", *kept, do=self._show_figures)
        self.when("shown", "selection", "updating", "question", do=self._speak_later)
        self.clicked(self.back, self.state.show_current)
        self.clicked(self.keep, lambda: self.state.keep(suggested_name(self.state)))

    def close(self) -> None:
        """Say nothing more."""
        if self._settling is not None:
            self._settling.cancel()
        self._slow.end()
        super().close()
        discard(self.notes, self.keep)  # which a strip does without

    def _speak_later(self) -> None:
        """Say the answer once nothing has changed for a moment: each one once, none on the way."""
        if self._settling is not None:
            self._settling.cancel()
        loop = running_loop()
        if loop is None:
            self._speak()
        else:
            self._settling = loop.call_later(SETTLED_SECONDS, guard(self.state, self._speak))

    def _speak(self) -> None:
        shown, current = self.state.shown, self.state.selection.kind == "current"
        if shown is None:
            self.spoken.value = _ASKED if self.state.question else ""
        elif not (current and (self.state.updating or shown.problem != self.state.problem)):
            rows = self.state.budgets if current else settings_of(shown.problem)
            self.spoken.value = escape(sentence(shown, rows, self.state.shown_name))

    def _show_name(self) -> None:
        self.head.value = self.heading(self.state.shown_name)
        away = self.state.selection.kind != "current"
        self.back.layout.display = "" if away else "none"

    def _show_line(self) -> None:
        shown, current = self.state.shown, self.state.selection.kind == "current"
        if current and self.state.updating:
            self._slow.begin()
            return
        self._slow.end()
        self.figures.remove_class("pw-stale")
        if shown is None:
            words = _ASKED if self.state.question else "No answer yet"
            self.line.value = _state(words, "pw-plain")
        elif current and shown.problem != self.state.problem:
            self.line.value = _state(_OUTDATED, "pw-warn")
        else:
            good = shown.status == "optimal" and not shown.warned
            self.line.value = _state(status_words(shown), "pw-good" if good else "pw-warn")

    def _show_updating(self) -> None:
        """Say that a search goes on: most are over before that could be read."""
        self.line.value = _updating(self.state.shown)
        self.figures.add_class("pw-stale")

    def _show_limits(self) -> None:
        """Say which budgets hold the answer back, once it is there; old words stay until then."""
        shown, current = self.state.shown, self.state.selection.kind == "current"
        if shown is None or (current and shown.problem != self.state.problem):
            return
        rows = self.state.budgets if current else settings_of(shown.problem)
        self.limits.value = limit_words(shown, rows)

    def _show_figures(self) -> None:
        shown = self.state.shown
        self.keep.disabled = shown is None or not shown.found
        if shown is None:
            self.figures.value = self.notes.value = ""
            return
        away = self.state.selection.kind != "current"
        reference = self.state.record.reference_scenario
        if not shown.found:
            self.figures.value, self.notes.value = _reason(shown, told=self.reasons), ""
        elif self.strip:
            self.figures.value = tiles(shown, reference, brief=True)
            self.notes.value = folded_notes(shown, budgets=away)
        else:
            told = warnings(shown) + tiles(shown, reference) + notes(shown, budgets=away)
            self.figures.value = facts(shown) + told


def _state(words: str, kind: str) -> Markup:
    return _STATE % (kind, words)


def _updating(shown: Solution | None) -> Markup:
    """Say that a search is under way; the last words stay for a moment: nothing flickers."""
    last = status_words(shown) if shown is not None else ""
    return _BEFORE % last + _NOW if last else _NOW


def _reason(solution: Solution, *, told: bool) -> Markup:
    elsewhere = solution.status == "infeasible" and not told
    words = _SEE_BUDGETS if elsewhere else solution.reason
    reason = Markup("<div class='pw-warn'>{}</div>").format(words)
    return facts(solution) + reason + warnings(solution)


def status_words(solution: Solution) -> str:
    """Say how far a solution is proven: optimal only where it is."""
    if solution.status == "optimal":
        return "Optimal, proven" + _warning_words(solution)
    if solution.status == "infeasible":
        return "Infeasible"
    if not solution.found:
        return "No solution in time"
    if math.isnan(solution.gap):
        return "Feasible, no bound known"
    return f"Feasible, gap {solution.gap_text}"


def _warning_words(solution: Solution) -> str:
    count = sum(note.level == "warning" for note in solution.notes)
    return (", with a warning" if count == 1 else f", with {count} warnings") if count else ""


def sentence(solution: Solution, rows: Iterable[BudgetSetting], name: str) -> str:
    """Say an answer in one breath: how far it is proven, its figures, and what limits it."""
    if not solution.found:
        return f"{name}: {status_words(solution)}. {solution.reason}"
    told = (f"{tile.label} {tile.number} {tile.unit}".rstrip() for tile in tiles_of(solution))
    figures = ", ".join(told)
    limited = limit_words(solution, rows).striptags()
    return f"{name}: {status_words(solution)}. {figures}." + (f" {limited}." if limited else "")


def limit_words(solution: Solution, rows: Iterable[BudgetSetting]) -> Markup:
    """Say which of some limits hold a score back, such as ``"Limited by Memory"``."""
    if not solution.found or not solution.problem.budgets:
        return Markup("")
    labels = [solution.library.quantity(row.resource).label for row in binding(solution, rows)]
    words = f"Limited by {' and '.join(labels)}" if labels else "No budget is the limit"
    return _LIMITED % words


def facts(solution: Solution) -> Markup:
    """Line up bound, gap, seconds and engine, as far as they are known."""
    words = []
    if math.isfinite(solution.bound) and solution.found:
        words += [f"bound {score_text(solution, solution.bound)}", f"gap {solution.gap_text}"]
    if solution.seconds:
        words.append(f"{solution.seconds:.2g} s" if solution.seconds < 10 else _long(solution))
    if solution.engine:
        words.append(solution.engine)
    return _FACTS % " · ".join(words)


def warnings(solution: Solution) -> Markup:
    """List what a user should know before trusting the answer."""
    return render(_WARNINGS, notes=solution.notes) if solution.notes else Markup("")


def folded_notes(solution: Solution, *, budgets: bool) -> Markup:
    """Fold what is to be known of an answer beneath its number of warnings and notes."""
    count = sum(note.level == "warning" for note in solution.notes)
    words = "1 warning" if count == 1 else f"{count} warnings" if count else "Notes"
    inside = facts(solution) + warnings(solution) + notes(solution, budgets=budgets)
    css = "pw-warn" if count else "pw-quiet"
    return _FOLDED % (css, words, inside)


def notes(solution: Solution, *, budgets: bool) -> Markup:
    """Say what totals and throughput mean, and the budgets of an answer that no panel shows."""
    lines, measured = [], solution.library.measurement
    if budgets:
        lines.append(f"Budgets of this answer: {budget_words(solution.problem)}.")
    if solution.throughput is not None:
        lines.append(
            "Throughput: batch size x sequence length / summed runtime, here "
            f"{format_number(float(measured.batch_size or 0))} x "
            f"{format_number(float(measured.sequence_length or 0))} tokens."
        )
    if outside := solution.library.non_block_words:
        lines.append(outside)
    return _quiet_lines(*lines)


@lru_cache(maxsize=16)
def _quiet_lines(*lines: str) -> Markup:
    """Lines of small print; one answer after the other has the same."""
    return render(_NOTES, lines=lines)


def score_text(solution: Solution, value: float) -> str:
    """Write a value of the objective: scores to six decimals, costs in their unit."""
    key, library = solution.problem.objective, solution.library
    unit = library.quantity(key).unit
    if key in library.scores:
        return f"{format_score(value)} {unit}".rstrip()
    return amount(library, key, value)


def _long(solution: Solution) -> str:
    return f"{format_number(round(solution.seconds))} s"

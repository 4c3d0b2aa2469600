"""What the two maps share: the line of their search, and their words."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.solution import Solution
from puzzle_widgets.solution.scenario import budget_words
from puzzle_widgets.sweeps.budget_axis import BudgetAxis
from puzzle_widgets.sweeps.front import resource_use
from puzzle_widgets.widgets.layers.detail import changed_words
from puzzle_widgets.widgets.panel import button, row
from puzzle_widgets.widgets.status import status_words


class SearchLine:
    """A button that searches or stops, a progress bar, and what became of it.

    Parameters
    ----------
    what
        What is searched, such as ``"the surface"``.
    of
        What is counted, such as ``"cells"``.
    """

    def __init__(self, what: str, of: str) -> None:
        self._words, self._of = f"Compute {what}", of
        self.button = button(self._words)
        self.progress = widgets.IntProgress(layout=widgets.Layout(width="140px"))
        self.count = widgets.HTML()
        self.said = widgets.HTML()
        self.said.add_class("pw-live")
        self.running = row(self.progress, self.count, css="pw-progress")
        self.box = row(self.button, self.running, self.said, css="pw-map-search")

    def show(self, counts: tuple[int, int] | None, *, running: bool) -> None:
        """Show how far the search is: cells done and asked, or ``None`` before it."""
        done, asked = counts or (0, 1)
        with self.progress.hold_sync():
            self.progress.max, self.progress.value = asked, done
        self.count.value = f"{done} of {asked} {self._of}" if counts else "Searching …"
        self.running.layout.display = None if running else "none"
        again = counts is not None and not running
        self.button.description = "Stop" if running else "Compute again" if again else self._words
        self.button.tooltip = "Stop the search" if running else self._words

    def say(self, words: str, *, warn: bool = False) -> None:
        """Say what became of the search."""
        css = "pw-warn" if warn else "pw-quiet"
        self.said.value = Markup("<span class='{}'>{}</span>").format(css, words)


def line(first: str, rest: Sequence[str] = ()) -> Markup:
    """Build the line that follows the pointer: what is pointed at, then its figures."""
    if not rest:
        return Markup("<span>{}</span>").format(first)
    figures = Markup(" ").join(Markup("<span>{}</span>").format(words) for words in rest)
    return Markup("<b>{}</b> {}").format(first, figures)


def answer_words(solution: Solution | None, axes: Sequence[BudgetAxis]) -> list[str]:
    """Tell of an answer: score, proof, use of each axis' resource, layers changed."""
    if solution is None:
        return ["Not searched yet"]
    if not solution.found:
        return [status_words(solution)]
    score = solution.library.quantity(solution.problem.objective)
    uses = []
    for axis in axes:
        quantity = axis.library.quantity(axis.resource)
        uses.append(f"{quantity.label} {quantity.text(resource_use(solution, axis.resource))}")
    return [
        f"Summed {score.label} {score.text(solution.score)}",
        status_words(solution),
        *uses,
        changed_words(solution),
    ]


def held_words(problem: SearchProblem) -> str:
    """Say which other budgets hold everywhere on a map."""
    if not problem.budgets:
        return "no other budgets"
    return f"within {budget_words(problem)}"


def progress_words(counts: tuple[int, int], solutions: Sequence[Solution | None], of: str) -> str:
    """Say what was found: how many of what, how far proven, how many without an architecture."""
    done, asked = counts
    known = [solution for solution in solutions if solution is not None]
    empty = sum(solution.status == "infeasible" for solution in known)
    open_ones = sum(solution.status in ("feasible", "no_solution_in_time") for solution in known)
    head = f"{asked} {of}" if done == asked else f"Stopped after {done} of {asked} {of}"
    proof = f"{open_ones} not proven optimal" if open_ones else "all proven optimal"
    if empty:
        proof = proof.replace("all proven optimal", "the rest proven optimal")
        return f"{head}: {empty} infeasible, {proof}."
    return f"{head}: {proof}."

"""Words of the Pareto plot: tooltips, the list of points, the legend, what became of a search."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from puzzle_widgets.library.quantity import MEMORY, RUNTIME, THROUGHPUT, format_number
from puzzle_widgets.solution import ParetoFront, Solution
from puzzle_widgets.solution.front import resource_use
from puzzle_widgets.solution.scenario import budget_words
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.state.limits import cannot_be_met, limit_quantity, to_problem

_TOLD = (MEMORY, RUNTIME, THROUGHPUT)
_SHAPES = {
    "dot": Markup("<circle r='4' fill='{0}'/>"),
    "hollow": Markup("<circle r='4' fill='none' stroke='{0}' stroke-width='1.5'/>"),
    "ring": Markup("<circle r='5.5' fill='none' stroke='{0}' stroke-width='2.5'/>"),
    "diamond": Markup("<path d='M0-7 5 0 0 7-5 0Z' fill='{0}'/>"),
    "square": Markup("<path d='M-4.5-4.5h9v9h-9Z' fill='{0}'/>"),
    "cross": Markup("<path d='M-6 0H6M0-6V6' fill='none' stroke='{0}' stroke-width='4'/>"),
    "triangle": Markup("<path d='M0-5.5 6 5H-6Z' fill='none' stroke='{0}' stroke-width='2'/>"),
    "dashes": Markup("<path d='M0-7V7' stroke='{0}' stroke-width='2' stroke-dasharray='4 2'/>"),
}


def tooltip(title: str, solution: Solution, objective: str, resource: str) -> str:
    """Tell of one architecture, a line each: score, memory, runtime, throughput, the axis' own."""
    library = solution.library
    score = format_number(solution.totals[objective])
    lines = [" ".join(title.split()), f"Score: {score} ({library.quantity(objective).label})"]
    for key in dict.fromkeys([*_TOLD, resource]):
        use = resource_use(solution, key)
        if use == use:  # noqa: PLR0124 - NaN where the library does not know it
            quantity = limit_quantity(library, key)
            lines.append(f"{quantity.label}: {quantity.text(use)}")
    return "\n".join(lines)


def point_title(front: ParetoFront, place: int) -> str:
    """Name a point, with its proof where that is wanting."""
    title = f"Point {place + 1} of {len(front.solutions)}"
    solution = front.solutions[place]
    if solution.status == "optimal":
        return title
    return f"{title}, not proven optimal (gap {100 * solution.gap:.2g} %)"


def point_options(front: ParetoFront | None, objective: str) -> list[tuple[str, int]]:
    """Entries of the list of points, such as ``("12 of 24: 8,119 tokens/s, score 11.08", 11)``."""
    if front is None or not front.solutions:
        return [("No points yet", -1)]
    count = len(front.solutions)
    entries = [(f"Choose a point ({count})", -1)]
    for place, solution in enumerate(front.solutions):
        use = limit_quantity(solution.library, front.resource).text(front.use(solution))
        score = format_number(solution.totals[objective])
        entries.append((f"{place + 1} of {count}: {use}, score {score}", place))
    return entries


def title_words(state: ExplorerState) -> str:
    """Say what the chart shows, behind its title."""
    score = state.library.quantity(state.objective).label
    resource = limit_quantity(state.library, state.front_resource).label
    return f"summed {_within(score)} against {_within(resource)}"


def legend_line(entries: Iterable[tuple[str, str, str]]) -> Markup:
    """Build the legend from ``(shape, colour, words)``; the words are escaped."""
    keys = [
        Markup("<span class='pw-key'>{}{}</span>").format(_icon(shape, color), words)
        for shape, color, words in entries
    ]
    return Markup("<div class='pw-legend'>{}</div>").format(Markup("").join(keys))


def outcome_words(state: ExplorerState, front: ParetoFront | None) -> str:
    """Say what became of the search of the front; empty while it runs with points to show."""
    if state.front_running:
        return ""
    if front is None:
        return "The front has not been searched yet."
    if not front.solutions:
        return _infeasible_words(state) if front.complete else "Stopped before the first point."
    return _points_words(front)


def _points_words(front: ParetoFront) -> str:
    count = len(front.solutions)
    points = "1 point" if count == 1 else f"{count} points"
    open_ones = sum(solution.status != "optimal" for solution in front.solutions)
    proof = f"{open_ones} of them not proven optimal" if open_ones else "proven optimal"
    if front.complete:
        return f"{points}, {proof}."
    return f"Stopped after {front.done} of {front.asked} searches: {points}, {proof}."


def _infeasible_words(state: ExplorerState) -> str:
    rows = [row for row in state.limits if row.on and row.resource != state.front_resource]
    if not state.front_held or not rows:
        return "No architecture was found."
    held = budget_words(to_problem(state.library, state.objective, state.problem.goal, rows))
    reasons = " ".join(filter(None, (cannot_be_met(state.library, row) for row in rows)))
    return (
        f"No architecture keeps to the other budgets ({held}). {reasons} Loosen them, or do not "
        "hold them along the front."
    )


def _within(label: str) -> str:
    # Labels such as "KV heads" keep their capitals within a sentence.
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def _icon(shape: str, color: str) -> Markup:
    return Markup(
        "<svg class='pw-mark' width='14' height='14' viewBox='-7 -7 14 14' aria-hidden='true'>"
        "{}</svg>"
    ).format(_SHAPES[shape].format(color))

"""Words of the Pareto plot: its axis, its points, measured models, what became of a search."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from puzzle_widgets.charts.front import measured_words
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.quantity import THROUGHPUT, format_number
from puzzle_widgets.problem.budget_rows import OFFERED, cannot_be_met, to_problem
from puzzle_widgets.solution.measured import MeasuredPoint
from puzzle_widgets.solution.scenario import budget_words
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.sweeps import ParetoFront


def axis_options(library: BlockLibrary, current: str) -> list[tuple[str, str]]:
    """Resources to choose the axis from, ``(label with unit, key)``, the usual ones first."""
    known = [*library.costs, current]
    if library.throughput(1.0) is not None:
        known.append(THROUGHPUT)
    usual = [key for key in OFFERED if key in known]
    keys = dict.fromkeys([*usual, *known])
    return [(library.quantity(key).title, key) for key in keys]


def point_options(front: ParetoFront | None, objective: str) -> list[tuple[str, int]]:
    """Entries of the list of points, such as ``("12 of 24: 8,119 tokens/s, score 11.08", 11)``."""
    if front is None or not front.solutions:
        return [("No points yet", -1)]
    count = len(front.solutions)
    entries = [(f"Choose a point ({count})", -1)]
    for place, solution in enumerate(front.solutions):
        use = solution.library.quantity(front.resource).text(front.use(solution))
        score = format_number(solution.totals[objective])
        entries.append((f"{place + 1} of {count}: {use}, score {score}", place))
    return entries


def title_words(state: ExplorerState) -> str:
    """Say what the chart shows, behind its title."""
    score = state.library.quantity(state.objective).label
    resource = state.library.quantity(state.front_resource).label
    return f"summed {_within(score)} against {_within(resource)}"


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
    rows = [row for row in state.budgets if row.on and row.resource != state.front_resource]
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


def measured_list(
    points: Sequence[MeasuredPoint], library: BlockLibrary, objective: str, resource: str
) -> Markup:
    """List all measured points, also those that have no place on the chart; opens by key or click.

    Empty where there are none.
    """
    if not points:
        return Markup("")
    items = Markup("").join(
        Markup("<li>{}</li>").format(
            " · ".join([*measured_words(point, library, objective, resource), *_other(point)])
        )
        for point in points
    )
    return Markup(
        "<details class='pw-measured'><summary>Measured points ({})</summary><ul>{}</ul></details>"
    ).format(len(points), items)


def _other(point: MeasuredPoint) -> list[str]:
    """All that was measured, by key, so that nothing is hidden by the choice of axes."""
    return [", ".join(f"{key} {format_number(value)}" for key, value in point.values.items())]

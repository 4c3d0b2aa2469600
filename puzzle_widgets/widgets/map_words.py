"""Words of the two maps: what a cell or a row is, and what became of a search."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.solution import Solution
from puzzle_widgets.solution.budget_axis import BudgetAxis, limit_words
from puzzle_widgets.solution.decision_map import DecisionGrid
from puzzle_widgets.solution.front import resource_use
from puzzle_widgets.solution.scenario import budget_words
from puzzle_widgets.solution.surface import SurfaceGrid
from puzzle_widgets.state import ExplorerState, LimitSetting
from puzzle_widgets.state.limits import limit_quantity
from puzzle_widgets.widgets.heat_colors import LINEAR, strip
from puzzle_widgets.widgets.layer_words import changed_words
from puzzle_widgets.widgets.palette import LIMIT, SELECTED
from puzzle_widgets.widgets.summary import status_words

_CROSS = Markup(
    "<svg class='pw-mark' width='14' height='14' viewBox='-7 -7 14 14' aria-hidden='true'>"
    "<path d='M-2-6h4v4h4v4h-4v4h-4v-4h-4v-4h4Z' fill='#fff' stroke='#000'/></svg>"
)
_GREY = Markup("<i style='background:rgba(128,128,128,0.3)'></i>")


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
        quantity = limit_quantity(axis.library, axis.resource)
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


def present_limit(state: ExplorerState, resource: str) -> LimitSetting | None:
    """The limit on a resource that is on, in the way that an axis limits it."""
    sense = "at least" if resource == "throughput" else "at most"
    rows = [row for row in state.limits if row.on and row.sense == sense]
    return next((row for row in rows if row.resource == resource), None)


def present_words(state: ExplorerState, resource: str) -> str:
    """Say the present limit on a resource, or that there is none."""
    limit = present_limit(state, resource)
    if limit is None:
        return f"no limit on {limit_quantity(state.library, resource).label.lower()}"
    return limit_words(state.library, resource, limit.value)


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


def surface_legend(state: ExplorerState, grid: SurfaceGrid, *, inside: bool) -> Markup:
    """Say what the cross is, and what grey cells are where there are any."""
    words = " and ".join(present_words(state, axis.resource) for axis in (grid.x, grid.y))
    where = "" if inside else " (outside, at the edge)"
    keys = [_key(_CROSS, f"Present budgets: {words}{where}")]
    if any(status in ("infeasible", "no_solution_in_time") for status in sum(grid.statuses, ())):
        keys.append(_key(_GREY, "no architecture within these budgets"))
    return Markup("<div class='pw-legend'>{}</div>").format(Markup("").join(keys))


def _key(icon: Markup, words: str) -> Markup:
    return Markup("<span class='pw-key'>{}{}</span>").format(icon, words)


def nearest_row(state: ExplorerState, grid: DecisionGrid) -> int | None:
    """Row whose target is nearest to the present limit; ``None`` where that is far or off."""
    limit, targets = present_limit(state, grid.targets.resource), grid.targets.limits
    if limit is None:
        return None
    step = (targets[-1] - targets[0]) / max(1, len(targets) - 1)
    if not targets[0] - step <= limit.value <= targets[-1] + step:
        return None
    return min(range(len(targets)), key=lambda n: abs(targets[n] - limit.value))


def decision_legend(state: ExplorerState, grid: DecisionGrid) -> Markup:
    """Say which rows are outlined."""
    words = present_words(state, grid.targets.resource)
    place = nearest_row(state, grid)
    if place is None:
        keys = [_key(Markup(""), f"Present budgets: {words} (no row)")]
    else:
        near = "" if f"{grid.targets.words(place)}" == words else ", nearest row"
        keys = [_key(_outline_icon(LIMIT, dashed=True), f"Present budgets: {words}{near}")]
    if state.selection.kind == "map":
        keys.append(_key(_outline_icon(SELECTED), "Row that is shown"))
    return Markup("<div class='pw-legend'>{}</div>").format(Markup("").join(keys))


def size_key(grid: DecisionGrid) -> Markup:
    """Build the strip of colours with the sizes that they stand for."""
    sizes = grid.sizes
    halves = [sizes.whole] if sizes.whole is not None else [sizes.attention, sizes.ffn]
    title = "Size of the block relative to the parent's"
    if sizes.whole is not None and sizes.whole.basis:
        title = f"{grid.problem.library.quantity(sizes.whole.basis).label} of the block, % of the "
        title += "parent's"
    ticks = ["0 %" if sizes.whole is not None else "0 % (no-op)", "50 %", "100 % or more"]
    keys = []
    if any(half.has("linear") for half in halves):
        keys.append(_key(Markup("<i style='background:{}'></i>").format(LINEAR), "linear"))
    if any(solution is not None and not solution.found for solution in grid.solutions):
        keys.append(_key(_GREY, "no architecture"))
    aside = Markup("<div class='pw-legend'>{}</div>").format(Markup("").join(keys))
    return strip(ticks, title) + (aside if keys else Markup(""))


def _outline_icon(color: str, *, dashed: bool = False) -> Markup:
    dashes = Markup("stroke-dasharray='4 2'") if dashed else Markup("")
    return Markup(
        "<svg class='pw-mark' width='22' height='12' viewBox='0 0 22 12' aria-hidden='true'>"
        "<path d='M1.5 1.5h19v9h-19Z' fill='none' stroke='{}' stroke-width='2' {}/></svg>"
    ).format(color, dashes)

"""A solution in words and figures, set against the parent."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from puzzle_widgets.library.quantity import (
    KV_HEADS,
    MEMORY,
    PARAMETERS,
    RUNTIME,
    THROUGHPUT,
    format_number,
    format_score,
    format_share,
)
from puzzle_widgets.solution import Solution
from puzzle_widgets.solution.scenario import budget_words
from puzzle_widgets.widgets.amounts import amount

_COUNTS = (MEMORY, RUNTIME, PARAMETERS, KV_HEADS)
_MOST_OTHERS = 4
Tile = tuple[str, str, str]


def status_words(solution: Solution) -> str:
    """Say how far a solution is proven: optimal only where it is."""
    if solution.status == "optimal":
        return "Optimal, proven"
    if solution.status == "infeasible":
        return "Infeasible"
    if not solution.found:
        return "No solution in time"
    if math.isnan(solution.gap):
        return "Feasible, no bound known"
    return f"Feasible, gap {_gap(solution)}"


def facts(solution: Solution) -> Markup:
    """Line up bound, gap, seconds and engine, as far as they are known."""
    words = []
    if math.isfinite(solution.bound) and solution.found:
        words += [f"bound {score_text(solution, solution.bound)}", f"gap {_gap(solution)}"]
    if solution.seconds:
        words.append(f"{solution.seconds:.2g} s" if solution.seconds < 10 else _long(solution))
    if solution.engine:
        words.append(solution.engine)
    return Markup("<div class='pw-quiet pw-facts'>{}</div>").format(" · ".join(words))


def tiles(solution: Solution) -> Markup:
    """Set score, costs, throughput and speed-up against the parent's."""
    cells = Markup("").join(
        Markup(
            "<div class='pw-tile'><dt>{}</dt><dd><b>{}</b><span class='pw-quiet'>{}</span></dd>"
            "</div>"
        ).format(label, _small_unit(value), against)
        for label, value, against in _all_tiles(solution)
    )
    return Markup("<dl class='pw-tiles'>{}</dl>").format(cells)


def _all_tiles(solution: Solution) -> list[Tile]:
    costs = [_cost_tile(solution, key) for key in _cost_keys(solution)]
    return [_score_tile(solution), *costs[:2], *_speed_tiles(solution), *costs[2:]]


def _small_unit(value: str) -> Markup:
    number, space, unit = value.partition(" ")
    return Markup("{}{}<small>{}</small>").format(number, space, unit)


def warnings(solution: Solution) -> Markup:
    """List what a person should know before trusting the answer."""
    line = Markup("<div class='pw-warn pw-note'>{}</div>")
    return Markup("").join(line.format(note) for note in solution.notes)


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
    body = Markup("").join(Markup("<div>{}</div>").format(line) for line in lines)
    return Markup("<div class='pw-quiet'>{}</div>").format(body)


def score_text(solution: Solution, value: float) -> str:
    """Write a value of the objective: scores to six decimals, costs in their unit."""
    key, library = solution.problem.objective, solution.library
    unit = library.quantity(key).unit
    if key in library.scores:
        return f"{format_score(value)} {unit}".rstrip()
    return amount(library, key, value)


def _score_tile(solution: Solution) -> Tile:
    key, library = solution.problem.objective, solution.library
    parent = library.parent_totals[key]
    change = solution.score - parent
    against = f"parent {score_text(solution, parent)}"
    if parent:
        sign = "+" if change >= 0 else "\u2212"
        against = f"{sign}{score_text(solution, abs(change))} against the {against}"
    words = f"{library.quantity(key).label}, summed"
    return words, score_text(solution, solution.score), against


def _speed_tiles(solution: Solution) -> list[Tile]:
    found, library = [], solution.library
    parent = library.throughput(library.parent_totals.get(RUNTIME, 0.0))
    if solution.throughput is not None and parent is not None:
        text = amount(library, THROUGHPUT, solution.throughput)
        found.append(("Throughput", text, f"parent {amount(library, THROUGHPUT, parent)}"))
    if solution.speedup is not None:
        found.append(("Speed-up", f"{solution.speedup:,.2f} x", "against the parent"))
    return found


def _cost_keys(solution: Solution) -> Sequence[str]:
    library, objective = solution.library, solution.problem.objective
    keys = [key for key in _COUNTS if key in library.keys] or list(library.costs[:_MOST_OTHERS])
    keys += [key for key in solution.problem.budgets if key not in keys]
    return [key for key in keys if key != objective]


def _cost_tile(solution: Solution, key: str) -> Tile:
    library = solution.library
    parent = amount(library, key, library.parent_totals[key])
    share = solution.shares.get(key)
    against = f"parent {parent}" if share is None else f"{format_share(share)} of {parent}"
    return library.quantity(key).label, amount(library, key, solution.totals[key]), against


def _gap(solution: Solution) -> str:
    return f"{100 * solution.gap:.2g} %"


def _long(solution: Solution) -> str:
    return f"{format_number(round(solution.seconds))} s"

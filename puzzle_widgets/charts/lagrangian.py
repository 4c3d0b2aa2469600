"""The Lagrangian bound by price: bound, what the layers choose, and the optimum."""

from __future__ import annotations

from collections.abc import Iterable

from puzzle_widgets.charts.figure import (
    PADDING,
    Axis,
    Curve,
    Figure,
    Key,
    Spot,
    Spots,
    around,
    quantity_axis,
    round_ticks,
)
from puzzle_widgets.charts.palette import CURRENT, FRONT, PARENT, SELECTED
from puzzle_widgets.library.quantity import Quantity, format_brief, format_share
from puzzle_widgets.reasons import LagrangianBound, RelaxedAnswer
from puzzle_widgets.reasons.words import score_words
from puzzle_widgets.solution import Solution

_ROOM = 0.7
"""Room above the greatest bound, as a share of what is below it."""


def lagrangian_figure(
    bound: LagrangianBound, now: RelaxedAnswer, solution: Solution | None = None
) -> Figure:
    """Work out the chart.

    Parameters
    ----------
    bound
        Of a problem and one of its budgets.
    now
        The answer at the price that is marked.
    solution
        Of the same problem: its score is drawn across.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
    ... )
    >>> bound = pw.lagrangian_bound(problem)
    >>> figure = lagrangian_figure(bound, bound.greatest, pw.search(problem))
    >>> [curve.name for curve in figure.curves]
    ['bound', 'over', 'within', 'solution']
    """
    score, resource = _quantities(bound)
    y = _score_axis(bound, solution)
    inside = [one for one in bound.curve if y.holds(one.score)]
    curves = [
        Curve("bound", _points(bound.curve, y, of_bound=True), FRONT),
        Curve("over", _points((one for one in inside if not one.within), y), PARENT, "dashed"),
        Curve("within", _points((one for one in inside if one.within), y), CURRENT),
    ]
    if solution is not None and solution.found:
        ends = ((0.0, solution.score), (bound.last, solution.score))
        curves.append(Curve("solution", ends, SELECTED, "dash_dotted"))
    return Figure(
        title=f"Bound by the price of {resource.label}",
        x=_price_axis(bound, score, resource),
        y=y,
        legend=tuple(_legend(solution)),
        curves=tuple(curves),
        spots=(
            Spots("bound", "dot", 90, _spot(now, now.bound, y, f"Bound: {score.text(now.bound)}")),
            Spots("choice", "diamond", 110, _choice(now, y, score, resource)),
        ),
    )


def lagrangian_words(
    bound: LagrangianBound, now: RelaxedAnswer, solution: Solution | None = None
) -> tuple[str, ...]:
    """Say what a price gives, a sentence each.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
    ... )
    >>> bound = pw.lagrangian_bound(problem)
    >>> print(lagrangian_words(bound, bound.at(0.0))[1])
    The bound is 0 nats/byte: nothing within the budgets is better.
    """
    problem, resource = bound.problem, _quantities(bound)[1]
    fits = "within all budgets and rules" if now.within else "not within the budgets"
    amounts = f"{resource.text(now.use)} of {resource.label} (limit: {resource.text(bound.limit)})"
    scored = score_words(problem, now.score)
    said = [
        f"At this price the layers choose {amounts}, {fits}, and score {scored}.",
        f"The bound is {score_words(problem, now.bound)}: nothing within the budgets is better.",
    ]
    known = solution if solution is not None and solution.found else None
    if known is not None:
        proven = "the proven optimum" if known.status == "optimal" else "not proven optimal"
        away = abs(known.score - now.bound) / (abs(known.score) or 1.0)
        said.append(
            f"The best found scores {score_words(problem, known.score)}, {proven}; the bound is "
            f"{format_share(away)} away from it."
        )
    return tuple(said)


def _quantities(bound: LagrangianBound) -> tuple[Quantity, Quantity]:
    library = bound.problem.library
    return library.quantity(bound.problem.objective), library.quantity(bound.resource)


def _score_axis(bound: LagrangianBound, solution: Solution | None) -> Axis:
    """From the least bound to some room beyond the greatest one."""
    sign, bounds = bound.problem.sign, [one.bound for one in bound.curve]
    first, best = bound.curve[0].bound, bound.greatest.bound
    reach = best + _ROOM * ((best - first) or sign * (abs(best) or 1.0))
    known = [solution.score] if solution is not None and solution.found else []
    return quantity_axis(*around([*bounds, reach, *known]), _quantities(bound)[0])


def _price_axis(bound: LagrangianBound, score: Quantity, resource: Quantity) -> Axis:
    ticks = tuple((tick, format_brief(tick)) for tick in round_ticks(0.0, bound.last))
    unit = f"{score.unit or score.label} per {resource.unit or 'unit'}"
    return Axis(-PADDING / 2 * bound.last, bound.last, ticks, f"Price of {resource.label} ({unit})")


def _points(
    answers: Iterable[RelaxedAnswer], y: Axis, *, of_bound: bool = False
) -> tuple[tuple[float, float], ...]:
    return tuple((one.price, y.clip(one.bound if of_bound else one.score)) for one in answers)


def _spot(now: RelaxedAnswer, value: float, y: Axis, words: str) -> tuple[Spot, ...]:
    return (Spot(now.price, y.clip(value), words, FRONT),)


def _choice(now: RelaxedAnswer, y: Axis, score: Quantity, resource: Quantity) -> tuple[Spot, ...]:
    if not y.holds(now.score):
        return ()
    words = f"Score: {score.text(now.score)}\n{resource.label}: {resource.text(now.use)}"
    return (Spot(now.price, now.score, words, CURRENT, hollow=not now.within),)


def _legend(solution: Solution | None) -> Iterable[Key]:
    yield Key("Bound", FRONT, "line")
    yield Key("Score of what the layers choose, over the budgets", PARENT, "line", "dashed")
    yield Key("within the budgets", CURRENT, "line")
    if solution is not None and solution.found:
        proven = "optimum, proven" if solution.status == "optimal" else "best found, not proven"
        yield Key(f"The search: {proven}", SELECTED, "line", "dash_dotted")

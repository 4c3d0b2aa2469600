"""What a notebook shows of libraries, problems and answers: a short table, and a chart.

Names come from files, so all text is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import singledispatch
from typing import Any

from markupsafe import Markup

from puzzle_widgets.charts.about import about
from puzzle_widgets.charts.comparison import comparison_figure, distribution_figure, with_parent
from puzzle_widgets.charts.front import FrontAxes, advice_of, front_figure
from puzzle_widgets.charts.grids import decision_figures, surface_figure
from puzzle_widgets.charts.layers import layers_figure
from puzzle_widgets.charts.svg import Drawing, clean, draw
from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary, Layer
from puzzle_widgets.library.quantity import (
    MEMORY,
    PARAMETERS,
    RUNTIME,
    THROUGHPUT,
    format_number,
    format_score,
    format_share,
)
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.problem.budget_rows import limits_of
from puzzle_widgets.problem.objective import sum_words
from puzzle_widgets.solution import Scenario, Solution
from puzzle_widgets.solution.across import libraries_of
from puzzle_widgets.solution.scenario import budget_words
from puzzle_widgets.solution.side_by_side import (
    changes_table,
    elsewhere_table,
    libraries_table,
    totals_table,
)
from puzzle_widgets.solution.solution import STATUS_WORDS
from puzzle_widgets.sweeps import DecisionGrid, DiverseSolutions, ParetoFront, SurfaceGrid

MOST_ROWS = 12
"""Rows of a table; of more the first and a note."""
_LONGEST, _COLUMNS = 80, 4
_MAIN = (MEMORY, RUNTIME, PARAMETERS)
Rows = Sequence[Sequence[str]]


def bundle(shown: object) -> dict[str, str]:
    """Give what Jupyter asks for: plain text, and HTML of a table and a chart.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> sorted(bundle(pw.load_library("stdlib-2m-measured")))
    ['text/html', 'text/plain']
    """
    return {"text/plain": repr(shown), "text/html": str(html_of(shown))}


def plot_solution(
    solution: Solution, view: str = "Size", reference: Solution | None = None
) -> Drawing:
    """Draw an architecture, layer by layer; see :meth:`puzzle_widgets.Solution.plot`.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> plot_solution(pw.search(problem)).width
    960
    """
    if not solution.found:
        raise ProblemError(f"There is no architecture to draw. {solution.reason}")
    other = None if reference is None else Scenario(_score_words(reference), reference)
    return about(draw(layers_figure(solution, view, reference=other)), solution, reference)


def _score_words(solution: Solution) -> str:
    quantity = solution.library.quantity(solution.problem.objective)
    return f"{quantity.label} {quantity.text(solution.score)}"


def plot_front(
    front: ParetoFront, current: Solution | None = None, scenarios: Sequence[Scenario] = ()
) -> Drawing:
    """Draw a front; see :meth:`puzzle_widgets.ParetoFront.plot`.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> plot_front(pw.pareto_front(problem, "throughput", points=2)).width
    960
    """
    if not front.solutions:
        raise ProblemError("There is no point to draw: nothing was found within the budgets.")
    axes = FrontAxes(front.solutions[0].problem, front.resource)
    limits = [] if current is None else _limits(current.problem)
    advice = advice_of(front)
    knee = None if advice is None else advice.knee_place
    figure = front_figure(
        front, axes, current=current, scenarios=scenarios, limits=limits, knee=knee
    )
    return about(draw(figure), front, current, *scenarios)


def plot_surface(grid: SurfaceGrid) -> Drawing:
    """Draw a budget surface; see :meth:`puzzle_widgets.SurfaceGrid.plot`.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> plot_surface(pw.budget_surface(problem, points=(2, 2))).width
    960
    """
    return about(draw(surface_figure(grid)), grid.problem)


def plot_decisions(grid: DecisionGrid) -> Drawing:
    """Draw a decision map; see :meth:`puzzle_widgets.DecisionGrid.plot`.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> plot_decisions(pw.decision_map(problem, points=2)).width
    960
    """
    return about(draw(*decision_figures(grid), title="Decision map"), grid.problem)


def plot_comparison(scenarios: Sequence[Scenario], key: str, *, ranked: bool = False) -> Drawing:
    """Draw a score or cost of every layer; see :meth:`puzzle_widgets.Comparison.plot`."""
    series = with_parent(scenarios)
    figure = distribution_figure(series, key) if ranked else comparison_figure(series, key)
    return about(draw(figure), *scenarios)


def table(head: Sequence[str], rows: Rows, more: str = "") -> Markup:
    """Write a table in HTML; all but the first column are set to the right.

    Examples
    --------
    >>> "<b>" in table(["Name"], [["<b>"]])
    False
    """
    lines = [_row("th", head), *(_row("td", row) for row in rows[:MOST_ROWS])]
    left = len(rows) - MOST_ROWS
    more = more or (f"and {left:,} more" if left > 0 else "")
    note = Markup("<p>{}</p>").format(more) if more else Markup("")
    return Markup("<table>{}</table>{}").format(Markup("").join(lines), note)


def comparison_html(scenarios: Sequence[Scenario], key: str) -> Markup:
    """The scenarios side by side, with the chart of a score or cost."""
    picture = _picture(plot_comparison(scenarios, key))
    libraries = libraries_of(scenarios)
    if len(libraries) < 2:
        return _answers([(one.name, one.solution) for one in scenarios]) + picture
    tables = [
        libraries_table(libraries),
        totals_table(scenarios),
        changes_table(scenarios),
        elsewhere_table(scenarios),
    ]
    shown = (table(one.head, one.body) for one in tables if one is not None)
    return Markup("").join(shown) + picture


@singledispatch
def html_of(shown: Any) -> Markup:  # noqa: ANN401 - whatever is registered below
    """Write what Jupyter shows of an object; each type registers its own."""
    raise TypeError(f"no display for {type(shown).__name__}")


@html_of.register
def _library_html(library: BlockLibrary) -> Markup:
    costs = [
        (library.quantity(key).label, library.quantity(key).text(library.parent_totals[key]))
        for key in _MAIN
        if key in library.keys
    ]
    return table(["Library", library.name], _library_facts(library)) + table(
        ["The parent", ""], costs
    )


def _library_facts(library: BlockLibrary) -> Rows:
    sizes = [len(layer.variants) for layer in library.layers]
    digits = math.floor(sum(math.log10(size) for size in sizes))
    measured, origin = library.measurement, library.provenance.origin
    facts = [
        ("Layers", f"{len(sizes):,}"),
        ("Variants", f"{sum(sizes):,} ({_span(sizes)} a layer)"),
        ("Architectures", f"about 10^{digits}"),
        ("Figures", origin),
        ("Batch size", _or_unknown(measured.batch_size)),
        ("Sequence length", _or_unknown(measured.sequence_length)),
        ("GPU", measured.gpu),
        ("Number format", measured.dtype),
    ]
    return [(name, words) for name, words in facts if words]


@html_of.register
def _layer_html(layer: Layer) -> Markup:
    keys, left = list(layer.parent_variant.values), len(layer.variants) - MOST_ROWS
    others = len(keys) - _COLUMNS
    keys = keys[:_COLUMNS]
    rows = [
        [
            f"{one.label} (parent)" if one.name == layer.parent else one.label,
            *(format_number(one.values[key]) for key in keys),
        ]
        for one in layer.variants
    ]
    more = [f"{left:,} more variants"] if left > 0 else []
    more += [f"{others:,} more scores and costs"] if others > 0 else []
    return table([f"Layer {layer.name}", *keys], rows, f"and {' and '.join(more)}" if more else "")


@html_of.register
def _problem_html(problem: SearchProblem) -> Markup:
    return table(["Problem", ""], _problem_facts(problem))


def _problem_facts(problem: SearchProblem) -> Rows:
    banned = sum(len(names) for names in problem.banned.values())
    facts = [
        ("Library", problem.library.name),
        (problem.goal.capitalize(), problem.library.quantity(problem.objective).label),
        ("Weighted score", sum_words(problem.library, problem.objective) or "0"),
        ("Budgets", budget_words(problem)),
        ("Fixed layers", f"{len(problem.fixed)}"),
        ("Banned variants", f"{banned}"),
        ("Rules of difference", f"{len(problem.differences)}"),
        *(("Rule", name) for name in problem.rule_names),
    ]
    return [(name, words) for name, words in facts if words != "0"]


@html_of.register
def _solution_html(solution: Solution) -> Markup:
    if not solution.found:
        return table(
            ["Solution", STATUS_WORDS[solution.status]],
            [("Budgets", budget_words(solution.problem)), ("Reason", solution.reason)],
        )
    notes = Markup("").join(Markup("<p>{}</p>").format(str(note)) for note in solution.notes)
    facts = table(["Solution", STATUS_WORDS[solution.status], "of the parent"], _figures(solution))
    return facts + notes + _picture(plot_solution(solution))


def _figures(solution: Solution) -> Rows:
    problem, library = solution.problem, solution.library
    keys = dict.fromkeys((problem.objective, *problem.budgets, *_MAIN))
    rows = [
        (
            f"{library.quantity(key).label}{' (objective)' if key == problem.objective else ''}",
            library.quantity(key).text(solution.totals[key]),
            format_share(solution.shares[key]) if key in solution.shares else "",
        )
        for key in keys
        if key in library.keys
    ]
    if solution.status != "optimal":
        rows.insert(1, ("Gap", solution.gap_text, ""))
    if solution.throughput is not None and solution.speedup is not None:
        speed = library.quantity(THROUGHPUT)
        rows.append((speed.label, speed.text(solution.throughput), format_share(solution.speedup)))
    return rows


@html_of.register
def _scenario_html(scenario: Scenario) -> Markup:
    title = Markup("<p><b>{}</b></p>").format(_short(scenario.name))
    return title + _solution_html(scenario.solution)


@html_of.register
def _front_html(front: ParetoFront) -> Markup:
    if not front.solutions:
        return table(["Pareto front", f"{front.done} of {front.asked} searches"], [])
    named = [(f"Point {place}", one) for place, one in enumerate(front.solutions)]
    return _picture(plot_front(front)) + _answers(named, front.resource)


@html_of.register
def _diverse_html(found: DiverseSolutions) -> Markup:
    named = [(f"Solution {place}", one) for place, one in enumerate(found.solutions)]
    return _answers(named) + table(["", ""], [("Note", found.reason)] if found.reason else [])


@html_of.register
def _surface_html(grid: SurfaceGrid) -> Markup:
    return _picture(plot_surface(grid))


@html_of.register
def _decisions_html(grid: DecisionGrid) -> Markup:
    return _picture(plot_decisions(grid))


def _answers(named: Sequence[tuple[str, Solution]], resource: str = "") -> Markup:
    """Answers side by side: a row each, with score, the resource or all limits' costs, proof."""
    if not named:
        return Markup("")
    library, problem = named[0][1].library, named[0][1].problem
    keys = [resource] if resource else [*problem.budgets] or list(library.costs[:2])
    if THROUGHPUT not in keys and named[0][1].throughput is not None:
        keys.append(THROUGHPUT)
    labels = [library.quantity(key).title for key in (problem.objective, *keys)]
    rows = [
        [name, *(_amount(one, key) for key in (problem.objective, *keys)), STATUS_WORDS[one.status]]
        for name, one in named
    ]
    note = "" if len(rows) > MOST_ROWS else "In brackets: % of the parent's."
    return table(["", *labels, "Status"], rows, note)


def _amount(solution: Solution, key: str) -> str:
    speed = key == THROUGHPUT
    value = solution.throughput if speed else solution.totals.get(key)
    share = solution.speedup if speed else solution.shares.get(key)
    if value is None or key == solution.problem.objective:
        return "" if value is None else format_score(value)
    return format_number(value) + ("" if share is None else f" ({format_share(share)})")


def _limits(problem: SearchProblem) -> Iterable[Any]:
    return [row for one in problem.budgets.values() for row in limits_of(problem.library, one)]


def _picture(drawing: Drawing) -> Markup:
    return Markup("<div style='overflow-x:auto'>{}</div>").format(drawing.to_svg())


def _row(tag: str, cells: Sequence[str]) -> Markup:
    name = Markup(tag)  # noqa: S704 - a tag of ours
    sides = ["left", *["right"] * (len(cells) - 1)]
    return Markup("<tr>{}</tr>").format(
        Markup("").join(
            Markup("<{} style='text-align:{};white-space:nowrap'>{}</{}>").format(
                name, side, _short(words), name
            )
            for side, words in zip(sides, cells, strict=True)
        )
    )


def _short(words: str) -> str:
    line = clean(words)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _span(sizes: Sequence[int]) -> str:
    low, high = min(sizes), max(sizes)
    return f"{low}" if low == high else f"{low} to {high}"


def _or_unknown(number: int | None) -> str:
    return "" if number is None else f"{number:,}"

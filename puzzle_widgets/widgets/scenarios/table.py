"""The table of saved solutions, with the parent as its first row."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from puzzle_widgets.charts.comparison import Series
from puzzle_widgets.charts.palette import PARENT
from puzzle_widgets.charts.svg import DASHES
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.quantity import (
    MEMORY,
    NO_RUNTIME,
    RUNTIME,
    format_brief,
    format_exact,
    format_number,
    format_share,
)
from puzzle_widgets.solution import Solution
from puzzle_widgets.solution.scenario import budget_words, first_alike
from puzzle_widgets.solution.side_by_side import library_mark
from puzzle_widgets.widgets.html import Cell, Line, card_table

NOTHING = "\N{EN DASH}"
"""Stands where a figure is not known or does not apply."""


_LIBRARY = "Library"


@dataclass(frozen=True)
class Column:
    """A column: its title, with the unit, and what it says of a solution."""

    title: str
    cell: Callable[[Solution], Cell]
    of_parent: str = ""
    """Said of the parent instead, which no search found."""
    minor: bool = False
    """Whether a narrow table does without it."""
    brief: str = ""
    """The title where the table is narrow, if it is another: its cells then say less, too."""


def scenario_table(
    parent: Series,
    scenarios: Sequence[Series],
    shown: int | None,
    reference: int | None = None,
    former: Sequence[Series] = (),
) -> Markup:
    """Build the table; the row of the scenario that is shown is marked.

    Parameters
    ----------
    parent
        First row.
    scenarios
        The kept ones.
    shown
        Index of the scenario that is shown, if one is.
    reference
        Index of the scenario that all else is set against, if there is one.
    former
        Parents of the other libraries that scenarios are of, a row each beneath the first.
    """
    columns = _columns([one.solution for one in (parent, *former, *scenarios)], len(former) + 1)
    head = ["Scenario", *(column.title for column in columns)]
    names = _same_names([parent, *scenarios])[1:]
    rows = [
        _row(
            one,
            columns,
            is_shown=place == shown,
            is_reference=place == reference,
            same=names[place],
        )
        for place, one in enumerate(scenarios)
    ]
    lines = [*(_parent_row(one, columns) for one in (parent, *former)), *rows]
    caption = "Saved scenarios and the parent"
    words = (0, 1, len(columns), *((2,) if columns[0].title == _LIBRARY else ()))
    minor = [n for n, column in enumerate(columns, 1) if column.minor]
    brief = {n: column.brief for n, column in enumerate(columns, 1) if column.brief}
    return card_table(head, lines, caption=caption, words=words, minor=minor, brief=brief)


def same_words(series: Sequence[Series]) -> Markup:
    """Say which of some architectures are the same, and whether the same was asked of them."""
    firsts = _firsts(series)
    pairs = ((one, series[n]) for one, n in zip(series, firsts, strict=True) if n is not None)
    return Markup("").join(_same(one, first) for one, first in pairs)


def _same(one: Series, first: Series) -> Markup:
    asked = one.solution.problem == first.solution.problem or first.color == PARENT
    though = "" if asked else ", though they answer different problems"
    words = Markup(
        "<p class='pw-says pw-same'><b>{}</b> is the same architecture as <b>{}</b>{}.</p>"
    )
    return words.format(one.name, first.name, though)


def _firsts(series: Sequence[Series]) -> list[int | None]:
    """The first before each of the same architecture, of the same library."""
    firsts: list[int | None] = [None] * len(series)
    for library in {id(one.solution.library.plain): None for one in series}:
        places = [n for n, s in enumerate(series) if id(s.solution.library.plain) == library]
        found = first_alike([series[n].solution for n in places])
        for place, first in zip(places, found, strict=True):
            firsts[place] = None if first is None else places[first]
    return firsts


def _same_names(series: Sequence[Series]) -> list[str]:
    firsts = _firsts(series)
    return ["" if first is None else series[first].name for first in firsts]


def _row(
    one: Series,
    columns: Sequence[Column],
    *,
    is_shown: bool,
    is_reference: bool,
    same: str,
) -> Line:
    cells = [column.cell(one.solution) for column in columns]
    said = {
        "shown": is_shown,
        "reference": is_reference,
        f"same as {same}": bool(same),
        "not proven": one.solution.status != "optimal",
    }
    tags = [words for words, holds in said.items() if holds]
    return Line([series_title(one, *tags), *cells], "pw-chosen" if is_shown else "")


def _parent_row(parent: Series, columns: Sequence[Column]) -> Line:
    cells = [column.of_parent or column.cell(parent.solution) for column in columns]
    return Line([series_title(parent), *cells], "pw-parent")


def _columns(solutions: Sequence[Solution], parents: int) -> list[Column]:
    """What is told of solutions: of the parents', and of what was kept."""
    libraries = list({id(one.library): one.library for one in solutions}.values())
    several = len({one.plain for one in libraries}) > 1
    columns = [Column(_LIBRARY, lambda s: library_mark(s.library))] if several else []
    columns.append(Column("Status", _status, of_parent=NOTHING, minor=True))
    known = [key for key in (MEMORY, RUNTIME) if any(key in one.keys for one in libraries)]
    fast = any(one.has_throughput for one in libraries)
    columns += [_share_column(libraries, key, minor=fast and key == RUNTIME) for key in known]
    if fast:
        columns.append(Column("Throughput\n(tokens/s)", lambda s: _number(s.throughput)))
    if RUNTIME in known:
        faster = Column("Speedup", lambda s: _number(s.speedup, ".2f", " x"), minor=fast)
        columns.append(faster)
    columns.append(_score_column(libraries, solutions[parents:]))
    columns.append(Column("Budgets", _budgets, of_parent=NOTHING, minor=True))
    return columns


def _share_column(libraries: Sequence[BlockLibrary], key: str, *, minor: bool) -> Column:
    """Totals and their shares of the parent's; a narrow table has no room for the shares."""
    found = [one.quantity(key) for one in libraries if key in one.keys]
    unit = found[0].unit if len({one.unit for one in found}) == 1 else ""
    label = found[0].label
    title = f"{label}\n({', '.join(filter(None, (unit, '% of parent')))})"
    brief = f"{label}\n({unit})" if unit else label
    return Column(title, _total(libraries, key), minor=minor, brief=brief)


def _score_column(libraries: Sequence[BlockLibrary], kept: Sequence[Solution]) -> Column:
    objectives = {solution.problem.objective for solution in kept}
    if len(objectives) == 1:
        key = objectives.pop()
        library = next(one for one in libraries if key in one.keys)
        title = library.quantity(key).title
        return Column(f"Summed\n{title}", _score(key), brief=title)
    return Column("Summed score", _own_score)


def _score(key: str) -> Callable[[Solution], Cell]:
    def cell(solution: Solution) -> Cell:
        total = solution.totals.get(key)
        return NOTHING if total is None else _with_exact(format_brief(total), total)

    return cell


def _budgets(solution: Solution) -> str:
    """Say the budgets, each on one line."""
    words = budget_words(solution.problem).split(", ")
    return ", ".join(limit.replace(" ", "\N{NO-BREAK SPACE}") for limit in words)


def _own_score(solution: Solution) -> Markup:
    """Name the objective, where scenarios were found with different ones."""
    quantity = solution.library.quantity(solution.problem.objective)
    return _with_aside(quantity.text(solution.score), quantity.label)


def _with_exact(text: str, value: float) -> Markup:
    """A figure for reading, in full where it is pointed at."""
    return Markup("<span title='{}'>{}</span>").format(format_exact(value), text)


def _status(solution: Solution) -> str:
    if solution.status == "optimal":
        return "optimal,\N{NO-BREAK SPACE}proven"
    if math.isfinite(solution.gap):
        return f"feasible, gap {solution.gap_text}"
    return "feasible, not proven"


def _total(libraries: Sequence[BlockLibrary], key: str) -> Callable[[Solution], Cell]:
    units = {one.quantity(key).unit for one in libraries if key in one.keys}

    def cell(solution: Solution) -> Cell:
        total = solution.totals.get(key)
        if total is None:
            return NOTHING
        own = solution.library.quantity(key).unit if len(units) > 1 else ""
        text = _with_exact(f"{format_number(total)} {own}".rstrip(), total)
        share = solution.shares.get(key)
        return text if share is None else _with_aside(text, format_share(share))

    return cell


def _with_aside(text: str, aside: str) -> Markup:
    return Markup("{} <span class='pw-quiet'>{}</span>").format(text, aside)


def _number(value: float | None, form: str = "", unit: str = "") -> Cell:
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return NO_RUNTIME
    return _with_exact((format(value, form) if form else format_number(value)) + unit, value)


def series_title(series: Series, *tags: str) -> Markup:
    """The name behind a short piece of its line, with words in tags behind it."""
    tagged = Markup("").join(Markup("<i class='pw-tag'>{}</i>").format(tag) for tag in tags)
    who = Markup("<span class='pw-who'>{}<span>{}</span>{}</span>")
    return who.format(_mark(series), series.name, tagged)


def _mark(series: Series) -> Markup:
    return Markup(
        "<svg class='pw-dash' width='26' height='8' aria-hidden='true'><line x1='1' y1='4' "
        "x2='25' y2='4' stroke='{}' stroke-width='3' stroke-dasharray='{}'/></svg>"
    ).format(series.color, DASHES[series.dash] or "none")

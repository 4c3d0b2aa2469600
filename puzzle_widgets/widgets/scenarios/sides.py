"""What stands side by side: all scenarios with the look of each, and the parents they are of."""

from __future__ import annotations

from dataclasses import replace

from markupsafe import Markup

from puzzle_widgets.charts.comparison import (
    PARENT_NAME,
    Series,
    marked,
    parent_series,
    scenario_series,
)
from puzzle_widgets.charts.palette import PARENT, scenario_dash
from puzzle_widgets.library.matching import library_words
from puzzle_widgets.solution import parent_solution
from puzzle_widgets.solution.across import unmatched
from puzzle_widgets.state.record import Record

_LEFT_OUT = Markup("<p class='pw-says'>{} of {} {} in no chart of layers: {}</p>")


def all_series(record: Record) -> list[Series]:
    """Every scenario, the open library's first; those of former libraries say theirs."""
    own = len(record.scenarios)
    return [
        one if place < own else replace(one, name=marked(one.name, one.solution.library))
        for place, one in enumerate(scenario_series(record.kept))
    ]


def parents(record: Record) -> list[Series]:
    """The open library's parent, and that of each former library with scenarios, once each."""
    found = [parent_series(record.parent)]
    for group in record.former:
        if group.scenarios:
            solution = parent_solution(group.scenarios[0].solution.problem)
            name = marked(PARENT_NAME, solution.library)
            found.append(Series(name, solution, PARENT, scenario_dash(len(found))))
    return found


def matching(record: Record, series: list[Series]) -> list[Series]:
    """Those whose layers match the open library's, which charts of layers can show."""
    return [one for one in series if not unmatched(record.library, one.solution.library)]


def left_out_words(record: Record) -> Markup:
    """Say which scenarios no chart of layers shows, and why; empty where all are shown."""
    lines = []
    for group in record.former:
        if not group.scenarios or group.library is None:
            continue
        library = group.scenarios[0].solution.library
        if reason := unmatched(record.library, library):
            names = ", ".join(one.name for one in group.scenarios)
            verb = "is" if len(group.scenarios) == 1 else "are"
            lines.append(_LEFT_OUT.format(names, library_words(library), verb, reason))
    return Markup("").join(lines)


def waiting_words(record: Record) -> Markup:
    """Say which libraries scenarios wait for; empty where none do."""
    lines = [
        Markup("<li>{} (SHA-256 {})</li>").format(group.of.name, group.of.digest[:12])
        for group in record.former
        if group.missing
    ]
    if not lines:
        return Markup("")
    return Markup(
        "<p class='pw-says'>Scenarios wait for a library that is not here. Choose its files, and "
        "they are compared again:</p><ul class='pw-says'>{}</ul>"
    ).format(Markup("").join(lines))

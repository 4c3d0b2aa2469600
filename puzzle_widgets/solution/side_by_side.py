"""Answers of one library or several side by side, as tables that reports and others show."""

from __future__ import annotations

from collections.abc import Sequence

from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.json_forms import library_digest
from puzzle_widgets.library.matching import measurement_words, short_gpu
from puzzle_widgets.library.quantity import (
    MEMORY,
    RUNTIME,
    THROUGHPUT,
    describe_key,
    format_figure,
)
from puzzle_widgets.solution.across import (
    SPEEDUP,
    FigureChange,
    change_of,
    differing_places,
    elsewhere,
    libraries_of,
    total_of,
)
from puzzle_widgets.solution.scenario import Scenario
from puzzle_widgets.solution.solution import Solution, parent_solution
from puzzle_widgets.solution.words import Table

MISSING = "\N{EN DASH}"
"""Stands where a figure is not known; a figure that is 0 says so."""
_LETTERS = 8


def compared_keys(scenarios: Sequence[Scenario]) -> list[str]:
    """Figures that are set side by side: objectives, memory, runtime, throughput, speedup."""
    libraries = libraries_of(scenarios)
    keys = [one.solution.problem.objective for one in scenarios]
    keys += [key for key in (MEMORY, RUNTIME) if any(key in one.keys for one in libraries)]
    if any(one.has_throughput for one in libraries):
        keys.append(THROUGHPUT)
    if any(RUNTIME in one.keys for one in libraries):
        keys.append(SPEEDUP)
    return list(dict.fromkeys(keys))


def key_title(libraries: Sequence[BlockLibrary], key: str) -> str:
    """Label of a figure with its unit, where all libraries that know it give it in one."""
    if key == SPEEDUP:
        return "Speedup (x)"
    if key == THROUGHPUT:
        return describe_key(THROUGHPUT).title
    known = [one.quantity(key) for one in libraries if key in one.keys]
    titles = {one.title for one in known}
    return titles.pop() if len(titles) == 1 else known[0].label


def libraries_table(libraries: Sequence[BlockLibrary]) -> Table:
    """Name each library by its hash, and say on what and for which workload it was measured."""
    rows = [
        [
            library_mark(one),
            one.name,
            f"{len(one.layers):,}",
            measurement_words(one) or "not known",
            one.provenance.origin,
            library_digest(one),
        ]
        for one in libraries
    ]
    head = ["Library", "Name", "Layers", "Measured at", "Figures", "SHA-256"]
    return Table(head, rows, left=6)


def library_mark(library: BlockLibrary) -> str:
    """A library's short mark: its GPU where that is known, and the first letters of its hash."""
    gpu = short_gpu(library.measurement.gpu)
    return f"{gpu or library.name} {library_digest(library)[:_LETTERS]}"


def totals_table(scenarios: Sequence[Scenario]) -> Table:
    """A row an answer, after those of each library's own parent; what is not known has a dash."""
    libraries, keys = libraries_of(scenarios), compared_keys(scenarios)
    rows = []
    for library in libraries:
        first = next(s.solution for s in scenarios if s.solution.library == library)
        parent = parent_solution(first.problem)
        rows.append(
            ["Parent", library_mark(library), "reference", *_cells(parent, libraries, keys)]
        )
    rows += [
        [
            one.name,
            library_mark(one.solution.library),
            one.solution.status,
            *_cells(one.solution, libraries, keys),
        ]
        for one in scenarios
    ]
    titles = [key_title(libraries, key) for key in keys]
    return Table(["Scenario", "Library", "Status", *titles], rows, left=3)


def _cells(solution: Solution, libraries: Sequence[BlockLibrary], keys: Sequence[str]) -> list[str]:
    return [figure_text(solution, libraries, key) for key in keys]


def figure_text(solution: Solution, libraries: Sequence[BlockLibrary], key: str) -> str:
    """Write a total; with its unit where the libraries give it in several."""
    value = total_of(solution, key)
    if value is None:
        return MISSING
    text = f"{value:.2f}" if key == SPEEDUP else format_figure(key, value)
    if key in (SPEEDUP, THROUGHPUT):
        return text
    units = {one.quantity(key).unit for one in libraries if key in one.keys}
    own = solution.library.quantity(key).unit
    return f"{text} {own}".rstrip() if len(units) > 1 else text


def changes(first: Scenario, other: Scenario, keys: Sequence[str]) -> list[FigureChange]:
    """Set each figure of two answers against each other."""
    return [change_of(first.solution, other.solution, key) for key in keys]


def changes_table(scenarios: Sequence[Scenario]) -> Table:
    """Each answer against the first: layers that differ, and figures where they mean the same."""
    first, *others = scenarios
    keys, count = compared_keys(scenarios), len(first.solution.blocks)
    rows = []
    for one in others:
        differ = len(differing_places(first.solution, one.solution))
        found = changes(first, one, keys)
        said = [change.words for change in found if change.difference is not None]
        not_said = [f"{c.label}: {c.ground.obstacle}" for c in found if c.difference is None]
        rows.append(
            [one.name, f"{differ} of {count}", ". ".join(said), ". ".join(not_said) or MISSING]
        )
    head = [f"Against {first.name}", "Layers that differ", "Difference", "Not compared"]
    return Table(head, rows, left=4)


def elsewhere_table(scenarios: Sequence[Scenario]) -> Table | None:
    """Each architecture summed by the other libraries; ``None`` where there is one library."""
    libraries = libraries_of(scenarios)
    if len(libraries) < 2:
        return None
    keys, rows = compared_keys(scenarios), []
    own = {one.name: one.solution for one in scenarios}
    for found in elsewhere(scenarios):
        mine = library_mark(own[found.name].library)
        figures = [MISSING] * len(keys)
        if found.solution is not None:
            figures = _cells(found.solution, libraries, keys)
        rows.append([found.name, mine, library_mark(found.library), *figures, found.reason])
    head = ["Architecture", "Found on", "Summed on"]
    titles = [key_title(libraries, key) for key in keys]
    if not any(row[-1] for row in rows):  # each is told by each library
        return Table([*head, *titles], [row[:-1] for row in rows], left=3)
    return Table([*head, *titles, "Remark"], rows, left=3)


def layers_table(scenarios: Sequence[Scenario]) -> Table:
    """A row a layer in which any two differ, with the block of each answer."""
    first = scenarios[0].solution
    places = sorted({p for one in scenarios[1:] for p in differing_places(first, one.solution)})
    rows = [
        [
            str(first.library.layers[place].name),
            *(s.solution.blocks[place].label for s in scenarios),
        ]
        for place in places
    ]
    return Table(["Layer", *(one.name for one in scenarios)], rows, left=len(scenarios) + 1)

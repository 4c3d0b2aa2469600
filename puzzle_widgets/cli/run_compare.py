"""``puzzle-widgets compare``: saved scenarios side by side, of one library or of several."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import RenderableType

from puzzle_widgets.charts import compare
from puzzle_widgets.charts.compared import Comparison
from puzzle_widgets.cli import tables
from puzzle_widgets.cli.inputs import open_asked
from puzzle_widgets.cli.output import (
    FOUND,
    check_output,
    chosen_format,
    say,
    write_json,
    write_tables,
    write_text,
)
from puzzle_widgets.errors import ScenarioError
from puzzle_widgets.export import report
from puzzle_widgets.files.scenario_file import (
    NamedLibrary,
    dump_table,
    libraries_named,
    read_scenarios,
    scenarios_content,
)
from puzzle_widgets.library import BlockLibrary, list_datasets, load_dataset
from puzzle_widgets.library.agreements import has_agreed
from puzzle_widgets.library.datasets import is_here
from puzzle_widgets.library.json_forms import library_digest, named_content
from puzzle_widgets.library.quantity import format_share
from puzzle_widgets.reasons.noise import chance_better, read_noise
from puzzle_widgets.solution import Scenario, Solution
from puzzle_widgets.solution.across import FigureChange, pairing
from puzzle_widgets.solution.scenario import free_name
from puzzle_widgets.solution.side_by_side import (
    changes,
    changes_table,
    compared_keys,
    elsewhere_table,
    layers_table,
    libraries_table,
    library_mark,
    totals_table,
)
from puzzle_widgets.solution.words import Table

# How likely scenarios score better than the first, by name; and the noise in words.
_Chances = tuple[dict[str, float], str]
FORMATS = ("table", "json", "csv", "html")


def run(asked: Namespace) -> int:
    """Read each scenario by its own library, and write them side by side."""
    check_output(asked)
    libraries = [open_asked(Namespace(**{**vars(asked), "library": w})) for w in asked.library]
    scenarios = list(_scenarios(asked, libraries))
    found = compare(_chosen(asked, scenarios))
    form = _format(asked)
    if form == "html":
        write_text(report(found.scenarios), asked)
    elif form == "csv":
        write_text(dump_table(found.scenarios), asked)
    elif form == "json":
        write_json(_record(found, _chances(found, asked.noise)), asked)
    else:
        write_tables(_tables(found, _chances(found, asked.noise)), asked)
    return FOUND


def _format(asked: Namespace) -> str:
    ending = Path(asked.output or "").suffix.lower()
    return "html" if not asked.format and ending in (".html", ".htm") else chosen_format(asked)


def _scenarios(asked: Namespace, libraries: list[BlockLibrary]) -> Iterator[Scenario]:
    """Read the files; names that come twice get a number."""
    taken: set[str] = set()
    for word in asked.files:
        path = Path(word).expanduser()
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ScenarioError(f"{word}: cannot be read ({error.strerror}).") from error
        for one in _read(content, path.name, libraries):
            for said in one.notes:
                say(f"note: {one.name}: {said}")
            name = free_name(one.name, taken)
            taken.add(name)
            yield Scenario(name, one.solution, one.notes)


def _read(content: bytes, file: str, libraries: list[BlockLibrary]) -> list[Scenario]:
    """Read a file by the libraries that it names; one that names none, by the first given."""
    for named in libraries_named(content, file):
        if not any(library_digest(one) == named.digest for one in libraries):
            libraries.append(_offered(named, file))
    if not libraries:
        raise ScenarioError(f"{file} names no library. Give it: --library LIBRARY.")
    return read_scenarios(content, file, libraries[0], others=libraries[1:])


def _offered(named: NamedLibrary, file: str) -> BlockLibrary:
    """A dataset that is here, by its name, if it is the one of that hash."""
    for dataset in list_datasets():
        if named.name in (dataset.name, dataset.title) and has_agreed(dataset) and is_here(dataset):
            library = load_dataset(dataset.name)
            if library_digest(library) == named.digest:
                return library
    raise ScenarioError(
        f"{file}: {named.scenario!r} is of the library {named.name!r} (SHA-256 "
        f"{named.digest[:12]}), which is not given. Give it: --library LIBRARY."
    )


def _chosen(asked: Namespace, scenarios: Sequence[Scenario]) -> list[Scenario]:
    if not asked.name:
        return list(scenarios)
    names = [one.name for one in scenarios]
    for name in asked.name:
        if name not in names:
            there = ", ".join(map(repr, names))
            raise ScenarioError(f"No scenario {name!r} in these files. There are: {there}.")
    return [one for one in scenarios if one.name in asked.name]


def _chances(found: Comparison, noise: float | str | None) -> _Chances:
    """How likely each scores better than the first, where they are of one library; and by what."""
    first, *others = found.scenarios
    problem = first.solution.problem
    if noise is None:
        return {}, ""
    model = read_noise(problem, noise)
    same = (one for one in others if pairing(problem.library, one.solution.library).same)
    chances = {
        one.name: chance_better(problem, one.solution, first.solution, model) for one in same
    }
    return chances, model.words(problem)


def _chances_table(chances: dict[str, float], first: str) -> Table | None:
    if not chances:
        return None
    body = [(name, format_share(chance)) for name, chance in chances.items()]
    return Table(("Scenario", f"Scores better than {first}"), body, 1)


def _tables(found: Comparison, chances: _Chances) -> list[RenderableType]:
    scenarios, libraries = found.scenarios, found.libraries
    told: list[tuple[str, Table | None]] = [
        ("Libraries", libraries_table(libraries)),
        ("Side by side", totals_table(scenarios)),
        (f"Against {scenarios[0].name}", changes_table(scenarios) if len(scenarios) > 1 else None),
        ("Each architecture on the other library", elsewhere_table(scenarios)),
        (f"With {chances[1]}", _chances_table(chances[0], scenarios[0].name)),
        ("Layers that differ", layers_table(scenarios) if len(scenarios) > 1 else None),
    ]
    return [
        tables.make_table(title, one.head, one.body, one.left)
        for title, one in told
        if one is not None and one.body
    ]


def _record(found: Comparison, chances: _Chances) -> dict[str, Any]:
    """The scenarios as a file of them, and beside that what was worked out of them."""
    first, *others = found.scenarios
    keys = compared_keys(found.scenarios)
    return {
        **scenarios_content(found.scenarios),
        "libraries": [named_content(one) for one in found.libraries],
        "against": first.name,
        **({"noise": chances[1]} if chances[1] else {}),
        "changes": [
            {
                "scenario": one.name,
                "layers_that_differ": found.differing_layers(one.name),
                "figures": [_change(change) for change in changes(first, one, keys)],
                **({"chance_better": chances[0].get(one.name)} if chances[1] else {}),
            }
            for one in others
        ],
        "elsewhere": [
            {
                "scenario": one.name,
                "library": library_mark(one.library),
                "library_sha256": library_digest(one.library),
                **_sums(one.solution),
                "reason": one.reason,
            }
            for one in found.elsewhere
        ],
    }


def _change(change: FigureChange) -> dict[str, Any]:
    return {
        "key": change.key,
        "unit": change.unit,
        "first": change.first,
        "second": change.second,
        "difference": change.difference,
        "obstacle": change.ground.obstacle,
        "remark": change.ground.remark,
    }


def _sums(solution: Solution | None) -> dict[str, Any]:
    if solution is None:
        return {"totals": None, "throughput_tokens_per_s": None, "speedup": None}
    return {
        "totals": dict(solution.totals),
        "throughput_tokens_per_s": solution.throughput,
        "speedup": solution.speedup,
    }

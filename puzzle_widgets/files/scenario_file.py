"""Scenarios in files: JSON with the whole problem, and CSV of layers for spreadsheets."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from puzzle_widgets.deferred import pd
from puzzle_widgets.errors import LibraryError, PuzzleError, ScenarioError
from puzzle_widgets.files.architecture_file import architecture_of, plain_problem, scenario_of
from puzzle_widgets.files.frames import to_frame
from puzzle_widgets.files.run_reports import solutions_as_scenarios
from puzzle_widgets.library import BlockLibrary, FrozenMapping, LayerName
from puzzle_widgets.library.checks import (
    Location,
    check_bytes,
    mapping,
    parse_json,
    sequence,
    text,
)
from puzzle_widgets.library.json_forms import library_digest, named_content
from puzzle_widgets.library.puzzletron.model_config import is_config, read_blocks
from puzzle_widgets.library.puzzletron.reports import is_solutions
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.library.tables.sheet import SEPARATORS, decode, split
from puzzle_widgets.problem import Budget, Difference, SearchProblem
from puzzle_widgets.problem.budget import BudgetSpec
from puzzle_widgets.problem.distinct import distinct_in, distinct_out
from puzzle_widgets.problem.objective import Objective, weights_in, weights_out
from puzzle_widgets.problem.rows import rows_in, rows_out
from puzzle_widgets.solution.optimum import search_without_reason
from puzzle_widgets.solution.scenario import Scenario
from puzzle_widgets.solution.solution import Solution, evaluate, proven_by

FORMAT = "puzzle-widgets/scenarios"
VERSION = 4
# The first did not say which limits were a throughput, the second no weights, the third no rules
# that count.
_READ = (1, 2, 3, 4)
_RULES = ("fixed", "banned", "differences", "rows", "distinct")
_SECONDS_TO_PROVE = 2.0
ORIGIN = "puzzle_widgets"
"""Key of a configuration or picture that says what it is the answer to; no reader knows it."""
ASKED = "asked"
"""Column of a CSV that says what an answer is to."""
_LONGEST_CELL = 30_000
_Asked = tuple[str, Goal | None]
"""Objective and its sense for what says none."""
_NAMED = ("scenario", "layer", "variant")
# A spreadsheet would run such a cell as a formula; it shows what follows an apostrophe as text.
# The last four are the wide forms of = + - @, which some of them take as well.
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def dump_scenarios(scenarios: Sequence[Scenario]) -> str:
    """Write scenarios as JSON text that :func:`read_scenarios` takes back."""
    return json.dumps(scenarios_content(scenarios), ensure_ascii=False, indent=1)


def scenarios_content(scenarios: Sequence[Scenario]) -> dict[str, Any]:
    """Scenarios as JSON values, a record each."""
    records = [_record(scenario) for scenario in scenarios]
    return {"format": FORMAT, "version": VERSION, "scenarios": records}


def read_scenarios(
    content: bytes,
    file: str,
    library: BlockLibrary,
    *,
    objective: str = "",
    goal: Goal | None = None,
    others: Sequence[BlockLibrary] = (),
) -> list[Scenario]:
    """Read scenarios from JSON or from the CSV of layers.

    A model's ``config.json`` that names its blocks, and a ``solutions.json`` of Puzzletron, are
    taken too; a configuration that this program wrote for one of the libraries states its whole
    problem. Totals come from the library and proofs from a new search, never from the file.
    What says no objective is summed by ``objective``, the library's first score by default. A
    scenario that names one of ``others`` by its hash, and not the library, is read by that.
    """
    place = Location(file)
    try:
        check_bytes(len(content), place)
        if file.lower().endswith(".csv"):
            return _read_csv(content, place, library, (objective, goal))
        return _read_json(content, place, (library, *others), (objective, goal))
    except LibraryError as error:
        raise ScenarioError(str(error)) from error


class NamedLibrary(NamedTuple):
    """The library that a scenario of a file is of: its title and SHA-256."""

    scenario: str
    name: str
    digest: str


def libraries_named(content: bytes, file: str) -> list[NamedLibrary]:
    """Say which libraries a file of scenarios names by their hash, each once.

    Empty for other files, and for scenarios of before hashes were written.
    """
    place = Location(file)
    if file.lower().endswith(".csv"):
        return []
    try:
        check_bytes(len(content), place)
        parsed = parse_json(content, place)
    except LibraryError as error:
        raise ScenarioError(str(error)) from error
    records = parsed.get("scenarios") if isinstance(parsed, dict) else None
    told = [one for one in records or [] if isinstance(one, dict)]
    found = [
        NamedLibrary(str(one.get("name"))[:80], str(one.get("library"))[:80], digest)
        for one in told
        if isinstance(digest := one.get("library_sha256"), str)
    ]
    return list({one.digest: one for one in found}.values())


def _record(scenario: Scenario) -> dict[str, Any]:
    solution = scenario.solution
    return {
        "name": scenario.name,
        **asked_content(solution.problem),
        "status": solution.status,
        "score": solution.score,
        "bound": _open(solution.bound),
        "seconds": solution.seconds,
        "engine": solution.engine,
        "architecture": [[k, v] for k, v in (solution.architecture or {}).items()],
        "totals": dict(solution.totals),
    }


def asked_content(problem: SearchProblem) -> dict[str, Any]:
    """What an answer is to: library by hash, workload, version and whole problem, as JSON values.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> asked = asked_content(problem)
    >>> asked["objective"], len(asked["library_sha256"])
    ('metrics.kl_div', 64)
    """
    rules = problem.differences
    return {
        **named_content(problem.library),
        "objective": problem.objective,
        "goal": problem.goal,
        **weights_out(problem.library, problem.objective),
        "budgets": {k: [_open(b.lower), _open(b.upper)] for k, b in problem.budgets.items()},
        "rates": {k: list(b.rates) for k, b in problem.budgets.items() if any(b.rates)},
        "fixed": [[layer, variant] for layer, variant in problem.fixed.items()],
        "banned": [[layer, sorted(names)] for layer, names in problem.banned.items()],
        "differences": [[list(map(list, d.architecture.items())), d.layers] for d in rules],
        "rows": rows_out(problem.rows),
        "distinct": distinct_out(problem.distinct),
    }


def asked_cell(content: dict[str, Any]) -> str:
    """Write that in a cell; of rules that are too long for a spreadsheet's, names or counts."""
    counts = {key: len(content[key]) for key in _RULES}
    named = {**counts, "rows": [row[0] for row in content["rows"]], "distinct": content["distinct"]}
    texts = (json.dumps({**content, **less}, ensure_ascii=False) for less in ({}, named))
    short = (text for text in texts if len(text) <= _LONGEST_CELL)
    return next(short, json.dumps({**content, **counts}, ensure_ascii=False))


def _open(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _read_json(
    content: bytes, place: Location, libraries: Sequence[BlockLibrary], asked: _Asked
) -> list[Scenario]:
    parsed, library = parse_json(content, place), libraries[0]
    if is_solutions(parsed) and (parsed or "solutions" in place.file):
        return solutions_as_scenarios(parsed, place.file, library)
    if is_config(parsed):
        return [_read_config(parsed, place, libraries, asked)]
    found = mapping(parsed, place, "the file")
    if found.get("format") != FORMAT or found.get("version") not in _READ:
        place.fail(
            "not a scenario file, a solutions.json or a config.json with blocks.",
            f"Give one of these, or a file of format {FORMAT!r}.",
        )
    records = sequence(found.get("scenarios"), place, "'scenarios'")
    told = (mapping(one, place, "a scenario") for one in records)
    return [_read_record(one, place, _named_library(one, libraries)) for one in told]


def _read_config(
    config: Any,  # noqa: ANN401
    place: Location,
    libraries: Sequence[BlockLibrary],
    asked: _Asked,
) -> Scenario:
    """Read a model's blocks; the problem too, where the file names one of the libraries by hash."""
    name, told = _model_name(config, place), config.get(ORIGIN)
    blocks = read_blocks(config, place)
    if not isinstance(told, dict) or "library_sha256" not in told:
        return scenario_of(blocks, libraries[0], name, plain_problem(libraries[0], *asked))
    library = _named_library(told, libraries)
    other = _of_another(told, library)
    if other:
        found = scenario_of(blocks, library, name, plain_problem(library, *asked))
        return replace(found, notes=other)
    record = {**told, "name": name, "engine": "read from a model's configuration"}
    record["architecture"] = list(map(list, architecture_of(blocks, library, name).items()))
    return _read_record(record, place, library)


def _named_library(record: Any, libraries: Sequence[BlockLibrary]) -> BlockLibrary:  # noqa: ANN401
    """The library that a scenario names by its hash; the first one where it names another."""
    if len(libraries) < 2:
        return libraries[0]
    digest = record.get("library_sha256")
    return next((one for one in libraries if library_digest(one) == digest), libraries[0])


def _model_name(config: Any, place: Location) -> str:  # noqa: ANN401
    named = config.get("_name_or_path")
    return named[:80] if isinstance(named, str) and named.strip() else place.file[:80]


def _read_record(record: Any, file: Location, library: BlockLibrary) -> Scenario:  # noqa: ANN401
    name = text(record.get("name"), file, "a scenario's name")
    place = Location(f"{file.file}, scenario {name!r}")
    try:
        problem = _read_problem(record, place, library)
        solution = evaluate(problem, _architecture(record.get("architecture"), place, library))
        return Scenario(name, _proven_again(solution, record), _of_another(record, library))
    except PuzzleError as error:
        raise ScenarioError(f"{place}: {error}") from error
    except (TypeError, ValueError, KeyError, ArithmeticError) as error:
        place.fail(f"broken ({error}).", "Load it into the program that wrote it, and save again.")


def _of_another(record: Any, library: BlockLibrary) -> tuple[str, ...]:  # noqa: ANN401
    """Say where a scenario was made with other figures; earlier files do not tell."""
    digest = record.get("library_sha256")
    if not isinstance(digest, str) or digest == library_digest(library):
        return ()
    measured = record.get("workload")
    same = isinstance(measured, dict) and measured == vars(library.measurement)
    of = "" if same else " or workload"
    return (f"made with another library{of} (SHA-256 {digest[:12]}); summed by the open one",)


def _read_problem(record: Any, place: Location, library: BlockLibrary) -> SearchProblem:  # noqa: ANN401
    given = text(record.get("objective"), place, "the objective")
    weights, by_layer = weights_in(record)
    objective: Objective = weights or given
    minimize = _goal(record, place) == "minimize"
    return SearchProblem(
        library,
        minimize=objective if minimize else None,
        maximize=None if minimize else objective,
        layer_weights=by_layer,
        budgets=_budgets(record),
        fixed=dict(_pairs(record.get("fixed") or [])),
        banned=dict(_pairs(record.get("banned") or [])),
        differences=[
            Difference(FrozenMapping(_pairs(rows)), layers)
            for rows, layers in _pairs(record.get("differences") or [])
        ],
        rows=rows_in(record.get("rows") or []),
        distinct=distinct_in(record.get("distinct") or []),
    )


def _budgets(record: Any) -> dict[str, BudgetSpec | Budget]:  # noqa: ANN401
    """Limits, and which of them were stated as a throughput."""
    rates = dict(record.get("rates") or {})
    return {
        key: _budget(key, pair, rates[key]) if key in rates else tuple(pair)
        for key, pair in dict(record.get("budgets") or {}).items()
    }


def _budget(key: str, pair: Any, rates: Any) -> Budget:  # noqa: ANN401
    (lower, upper), (slow, fast) = pair, rates
    low = -math.inf if lower is None else lower
    return Budget(key, low, math.inf if upper is None else upper, (slow is True, fast is True))


def _goal(record: Any, place: Location) -> str:  # noqa: ANN401
    goal = record.get("goal")
    if goal not in ("minimize", "maximize"):
        place.at(field="goal").fail(f"goal {goal!r}.", "Write minimize or maximize.")
    return str(goal)


def _pairs(rows: list[Any]) -> list[tuple[Any, Any]]:
    return [(key, value) for key, value in rows]


def _architecture(rows: Any, place: Location, library: BlockLibrary) -> dict[LayerName, str]:  # noqa: ANN401
    chosen = dict(_pairs(sequence(rows, place.at(field="architecture"), "it")))
    for layer in library.layers:
        if chosen.get(layer.name) not in layer.positions:
            place.at(layer=layer.name).fail(
                f"{library.name} has no such variant here: {chosen.get(layer.name)!r}.",
                "Open the library that the scenario was made with.",
            )
    return {layer.name: chosen[layer.name] for layer in library.layers}


def _proven_again(solution: Solution, record: Any) -> Solution:  # noqa: ANN401
    """Do not trust a stored proof: search once more, for a short time, and compare."""
    found = search_without_reason(solution.problem, time_limit=_SECONDS_TO_PROVE)
    engine = f"{str(record.get('engine', ''))[:60]}, loaded; bound by {found.engine}"
    return proven_by(solution, found, engine)


def _table_of(content: bytes, place: Location) -> pd.DataFrame:
    """The names in a CSV of layers, also as a spreadsheet saves it; figures are not read."""
    needed, words = list(_NAMED), decode(content, place)
    first = words.partition("\n")[0].strip().replace('"', "")
    mark = max(SEPARATORS, key=lambda mark: len(set(first.split(mark)).intersection(needed)))
    rows = [row for row in split(words, mark, place) if any(row)]
    for column in needed:
        if not rows or column not in rows[0]:
            place.at(field=column).fail("no such column.", "Give the CSV of layers as written.")
    places = [rows[0].index(column) for column in needed]
    cells = [[row[at] if at < len(row) else "" for at in places] for row in rows[1:]]
    return pd.DataFrame(cells, columns=needed)


def _read_csv(
    content: bytes, place: Location, library: BlockLibrary, asked: _Asked
) -> list[Scenario]:
    frame = _table_of(content, place)
    problem = plain_problem(library, *asked)
    names = {str(layer.name): layer.name for layer in library.layers}
    if frame.empty:
        place.fail("no rows.", "Give the CSV of layers that this program writes.")
    frame = frame.map(as_named)
    scenarios = []
    for name, rows in frame.groupby("scenario", sort=False):
        pairs = [[names.get(a, a), b] for a, b in zip(rows["layer"], rows["variant"], strict=True)]
        here = Location(f"{place.file}, scenario {name!r}")
        architecture = _architecture(pairs, here, library)
        scenarios.append(Scenario(str(name), evaluate(problem, FrozenMapping(architecture))))
    return scenarios


def dump_layers(scenarios: Sequence[Scenario]) -> str:
    """Write one line a scenario and layer: its block, and every score and cost.

    Names that a spreadsheet would take for a formula have an apostrophe in front.
    """
    return _csv_of(scenarios, _NAMED, layers=True)


def dump_table(scenarios: Sequence[Scenario]) -> str:
    """Write one line a scenario: its proof, sums, budgets and notes."""
    return _csv_of(scenarios, _NAMED[:1], layers=False)


def _csv_of(scenarios: Sequence[Scenario], named: Sequence[str], *, layers: bool) -> str:
    frame = to_frame(list(scenarios), layers=layers)
    table = frame.rename(columns={"solution": _NAMED[0]})
    asked = {one.name: asked_cell(asked_content(one.solution.problem)) for one in scenarios}
    first = ~table[_NAMED[0]].duplicated()  # once for all layers of a scenario
    table[ASKED] = table[_NAMED[0]].map(asked).where(first, "")
    for column in named:
        table[column] = table[column].map(harmless)
    return str(table.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC))


def harmless(cell: object) -> object:
    """Put an apostrophe before text that begins as a formula does."""
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def as_named(cell: str) -> str:
    """Take the apostrophe away again."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell

"""A record as JSON text or a short code, and back, to save or share what the user decided."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any, get_args

from puzzle_widgets.errors import PuzzleError, ScenarioError
from puzzle_widgets.export import ParentConfig, read_parent_config
from puzzle_widgets.files.ground_truth import embedded_ground_truth
from puzzle_widgets.files.scenario_file import read_scenarios, scenarios_content
from puzzle_widgets.library import BlockLibrary, FrozenMapping, list_datasets, load_dataset
from puzzle_widgets.library.agreements import has_agreed
from puzzle_widgets.library.checks import (
    Location,
    check_bytes,
    long_text,
    mapping,
    number,
    optional_text,
    parse_json,
    short_repr,
    text,
)
from puzzle_widgets.library.datasets import is_here
from puzzle_widgets.library.rescale import AS_MEASURED, serving_in, serving_out
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.library.weighted import with_sums
from puzzle_widgets.problem import Difference
from puzzle_widgets.problem.budget_rows import BudgetSetting, SearchRule
from puzzle_widgets.problem.distinct import distinct_in, distinct_out
from puzzle_widgets.problem.objective import read_sum, sum_out, weights_in
from puzzle_widgets.problem.rows import rows_in, rows_out
from puzzle_widgets.solution import MeasuredPoint
from puzzle_widgets.state import actions, kept_actions, other_actions
from puzzle_widgets.state.former import FormerLibrary, SavedLibrary
from puzzle_widgets.state.former_actions import arrived, library_of
from puzzle_widgets.state.opening import Run, open_any
from puzzle_widgets.state.record import Record, Selection, SweepName
from puzzle_widgets.state.serving import set_serving

FORMAT = "puzzle-widgets/record"
VERSION = 3
_READ = (1, 2, 3)  # the first had no weighted sums, the second no other libraries
MAX_FORMER = 8
MAX_ROWS = 1_000
MOST_LETTERS = 8_000
MOST_BYTES = 2**18
# What the address of a page holds: letters, digits, - and _.
_CODE = re.compile("[A-Za-z0-9_-]+")
_HEAD = 200
_FILE = Location("saved state")


def to_json(record: Record) -> str:
    """Write a record; fronts and maps are searched again, not written."""
    library, shown = record.library, record.awaited or record.selection
    content = {
        "format": FORMAT,
        "version": VERSION,
        "library": library_of(record)._asdict(),
        "objective": record.objective,
        "goal": record.goal,
        "serving": serving_out(record.serving),
        "sums": [sum_out(one) for one in library.sums.values()],
        "said": {key: goal for key, goal in record.said.items() if key in library.keys},
        "budgets": [[row.resource, row.sense, _out(row.value), row.on] for row in record.budgets],
        "rules": [_rule_out(rule) for rule in record.rules],
        "selection": [shown.kind, shown.place, _out(shown.use)],
        "other": scenarios_content([record.other]) if record.other else None,
        "layer": record.layer,
        "front": [record.front_resource, record.front_held, record.front_points],
        "surface": [record.surface_x, record.surface_y, record.cell],
        "decisions": record.decisions_over,
        "asked": sorted(record.asked),
        "scenarios": scenarios_content(record.scenarios) if record.scenarios else None,
        "former": [_former_out(one) for one in record.former],
        "reference": record.reference,
        "measured": _all_measured_out(record),
        "parent_config": _config_out(record.own_config),
        "target": record.target,
        "looks": vars(record.looks),
    }
    return json.dumps(content, ensure_ascii=False, allow_nan=False)


def saved_library(saved: str) -> SavedLibrary:
    """Say which library a saved record is of, to open it first.

    Raises
    ------
    ScenarioError
        If the text is not a saved record.
    """
    try:
        return _saved_library(_parse(saved))
    except PuzzleError as error:
        raise ScenarioError(str(error)) from error


def saved_in(files: Mapping[str, bytes]) -> str | None:
    """Give the saved record that a single file holds; ``None`` where it is something else."""
    if len(files) != 1:
        return None
    (raw,) = files.values()
    return raw.decode("utf-8", "replace") if FORMAT.encode() in raw[:_HEAD] else None


def find_library(of: SavedLibrary, here: Iterable[Record] = ()) -> BlockLibrary | Run:
    """Give what a saved record is of: one of those that are open, or a dataset by its name.

    Raises
    ------
    ScenarioError
        Saying what to open, where it is neither. Nothing is fetched, and no file is opened.
    """
    for record in {id(record.library): record for record in here}.values():
        if record.run is not None and of.workload in record.workloads:
            return record.run
        if record.digest == of.digest:
            return record.opened
        for one in record.former:
            if one.library is not None and one.serving == AS_MEASURED and one.of == of:
                return one.library.plain
    for dataset in list_datasets():
        if dataset.name == of.dataset and has_agreed(dataset) and is_here(dataset):
            return load_dataset(dataset.name)
    known = f"It is the dataset {of.dataset!r}" if of.dataset else "It came from a file"
    raise ScenarioError(
        f"{_FILE}: it is of the library {short_repr(of.name)}, which is not open. {known} "
        f"(SHA-256 {of.digest[:12]}). Open that, and the saved state is taken up."
    )


def from_json(saved: str, source: BlockLibrary | Run, here: Iterable[Record] = ()) -> Record:
    """Read a record again; every figure comes from the library, and proofs from new searches.

    Parameters
    ----------
    saved
        What :func:`to_json` wrote.
    source
        The library that it is of, or the run whose workload it chose.
    here
        Records that are open, for the other libraries that scenarios are of: each is one of
        theirs, or a dataset by its name; scenarios of a library that is neither wait for it.

    Raises
    ------
    ScenarioError
        Saying what is broken, or does not fit this library.
    """
    try:
        content = _parse(saved)
        of = _saved_library(content)
        record = open_any(source, (of.workload or None) if _has_workloads(source) else None)
        if record.digest != of.digest:
            _FILE.fail(
                f"it is of the library {of.name!r}, and {record.library.name!r} is another one.",
                "Open that library first; one that was measured or scored again is another.",
            )
        return _read(content, record.change(workload=of.workload), tuple(here))
    except PuzzleError as error:
        words = str(error).removeprefix(f"{_FILE}: ")
        raise ScenarioError(f"{_FILE}: {words}") from error
    except (TypeError, ValueError, KeyError, AttributeError, ArithmeticError) as error:
        raise ScenarioError(
            f"{_FILE}: broken ({error}). Save it again where it came from."
        ) from error


def _parse(saved: str) -> Any:  # noqa: ANN401
    raw = saved.encode("utf-8", "surrogatepass")
    check_bytes(len(raw), _FILE)
    content = mapping(parse_json(raw, _FILE), _FILE, "it")
    if content.get("format") != FORMAT:
        _FILE.fail("not one of this program.", f"Give one of format {FORMAT!r}.")
    if content.get("version") not in _READ:
        _FILE.fail(
            f"its version is {short_repr(content.get('version'))}, and {VERSION} is read.",
            "Save it again with the version of puzzle-widgets that is to open it.",
        )
    return content


def _saved_library(content: Any) -> SavedLibrary:  # noqa: ANN401
    place = _FILE.at(field="library")
    found = mapping(mapping(content, _FILE, "it").get("library"), place, "the library")
    return SavedLibrary(
        text(found.get("name"), place, "its name"),
        optional_text(found.get("dataset"), place, "the dataset"),
        optional_text(found.get("workload"), place, "the workload"),
        text(found.get("digest"), place, "the digest"),
    )


def _has_workloads(source: BlockLibrary | Run) -> bool:
    return not isinstance(source, BlockLibrary)


def _read(content: Any, record: Record, here: Sequence[Record]) -> Record:  # noqa: ANN401
    """Do to a fresh record what was done to the saved one, by the same actions."""
    record = set_serving(record, serving_in(content.get("serving") or {}))
    sums = (read_sum(record.library, *weights_in(one)) for one in _sums(content))
    record = record.change(library=with_sums(record.library, sums))
    record = actions.set_objective(record, content["objective"], content["goal"])
    record = record.change(said=_said(content["said"], record.library))
    record = actions.set_budgets(record, map(_row, _rows(content, "budgets")))
    record = actions.set_rules(record, map(_rule, _rows(content, "rules")))
    resource, held, points = content["front"]
    record = actions.set_front(record, resource, held=held is True)
    record = actions.set_front_points(record, points)
    x, y, cell = content["surface"]
    record = actions.set_surface(record, x, y)
    record = record if cell is None else actions.choose_cell(record, *cell)
    record = actions.set_decisions(record, content["decisions"])
    record = record.change(asked=_asked(content["asked"], record))
    if content["measured"] is not None:  # else those that come with the library
        record = actions.set_measured(record, map(_measured, content["measured"]))
    if content["parent_config"] is not None:
        file, words = content["parent_config"]
        raw = long_text(words, _FILE.at(field="parent_config")).encode()
        record = record.change(own_config=read_parent_config(raw, text(file, _FILE, "its file")))
    record = actions.set_target(record, content["target"])
    record = actions.open_layer(record.change(scenarios=()), content["layer"])
    # Records of before the open tab was kept show the layer that is open.
    record = actions.set_looks(record, **content["looks"])
    if content["scenarios"] is not None:
        raw = json.dumps(content["scenarios"]).encode()
        record = kept_actions.load_scenarios(record, raw, _FILE.file)
    # Records of before there were other libraries or references say none.
    former = [_former(one, here) for one in (content.get("former") or [])[:MAX_FORMER]]
    record = record.change(former=tuple(former))
    record = _refer(record, content.get("reference") or None)
    return _select(record, content.get("other"), *content["selection"])


def _former_out(one: FormerLibrary) -> dict[str, Any]:
    """Scenarios of another library, which is named as the open one is."""
    written = scenarios_content(one.scenarios) if one.library is not None else json.loads(one.saved)
    serving = serving_out(one.serving)
    return {"library": one.of._asdict(), "serving": serving, "scenarios": written}


def _former(content: Any, here: Sequence[Record]) -> FormerLibrary:  # noqa: ANN401
    """Scenarios of another library: taken up where it is here, else they wait for it."""
    of = _saved_library(content)
    saved = json.dumps(content["scenarios"])
    waiting = FormerLibrary(of, serving_in(content.get("serving") or {}), saved=saved)
    try:
        found = find_library(of, here)
    except ScenarioError:
        return waiting
    opened = open_any(found, (of.workload or None) if _has_workloads(found) else None)
    return arrived(waiting, opened) if opened.digest == of.digest else waiting


def _refer(record: Record, name: str | None) -> Record:
    """Set the reference; one that waits for its library is taken up with it."""
    waits = any(one.missing for one in record.former)
    if name is not None and waits and name not in [one.name for one in record.kept]:
        return record.change(reference=text(name, _FILE.at(field="reference"), "the reference"))
    return kept_actions.set_reference(record, name)


def _select(record: Record, other: Any, kind: str, place: int, use: float) -> Record:  # noqa: ANN401
    """Show what was shown: a point or a row as soon as it is found again."""
    if kind == "scenario":
        return kept_actions.show_scenario(record, int(place))
    if kind == "point":
        return actions.await_selection(record, Selection("point", int(place), float(use)))
    if kind == "other":
        raw = json.dumps(other).encode()
        for held in read_scenarios(raw, _FILE.file, record.library)[:1]:
            return other_actions.hold_other(record, held)
    if kind == "map":
        return actions.await_selection(record, Selection("map", int(place)))
    return record


def _rows(content: Any, name: str) -> list[Any]:  # noqa: ANN401
    rows = content[name]
    if not isinstance(rows, list) or len(rows) > MAX_ROWS:
        _FILE.at(field=name).fail("not rows.", f"Give a JSON array of at most {MAX_ROWS:,}.")
    return rows


def _sums(content: Any) -> list[Any]:  # noqa: ANN401
    return _rows(content, "sums") if "sums" in content else []


def _said(goals: Any, library: BlockLibrary) -> FrozenMapping[str, Goal]:  # noqa: ANN401
    for key, goal in goals.items():
        if key not in library.keys or goal not in get_args(Goal):
            _FILE.at(field="said").fail(
                f"{short_repr(key)}: {short_repr(goal)}.", "Say minimize or maximize of a score."
            )
    return FrozenMapping(goals)


def _asked(names: Any, record: Record) -> frozenset[SweepName]:  # noqa: ANN401
    asked = frozenset(names)
    if asked - set(get_args(SweepName)) or ("surface" in asked and not record.surface_y):
        words = f"Name some of {', '.join(get_args(SweepName))}."
        _FILE.at(field="asked").fail(f"{short_repr(names)}.", words)
    return asked


def _row(row: Any) -> BudgetSetting:  # noqa: ANN401
    resource, sense, value, on = row
    if value not in ("inf", "-inf", "nan") and type(value) not in (int, float):
        place = _FILE.at(field="budgets")
        place.fail(f"{short_repr(value)} is not a number.", "Give a number.")
    return BudgetSetting(resource, sense, float(value), on is True)


def _out(value: float) -> float | str:
    """JSON has no word for what is not finite."""
    return float(value) if math.isfinite(value) else str(float(value))


def _rule_out(rule: SearchRule) -> list[Any]:
    differences = [[list(one.architecture.items()), one.layers] for one in rule.differences]
    banned = [[layer, sorted(names)] for layer, names in rule.banned.items()]
    counts = [distinct_out(rule.distinct)] if rule.distinct else []
    rows = [rows_out(rule.rows)] if rule.rows or counts else []
    return [rule.words, list(rule.fixed.items()), banned, differences, *rows, *counts]


def _rule(row: Any) -> SearchRule:  # noqa: ANN401
    words, fixed, banned, differences, *more = row
    rows, counts = (*more, [], [])[:2]  # these came later
    return SearchRule(
        text(words, _FILE.at(field="rules"), "a rule"),
        FrozenMapping((layer, frozenset(names)) for layer, names in banned),
        FrozenMapping(_pairs(fixed)),
        tuple(Difference(FrozenMapping(_pairs(pairs)), layers) for pairs, layers in differences),
        rows_in(rows),
        distinct_in(counts),
    )


def _pairs(rows: Iterable[Any]) -> list[tuple[Any, Any]]:
    return [(key, value) for key, value in rows]


def _all_measured_out(record: Record) -> list[list[Any]] | None:
    """Measured points; ``None`` for those that come with the library, and need not be said."""
    if record.measured and record.measured == embedded_ground_truth(record.library):
        return None
    return [_measured_out(one) for one in record.measured]


def _measured_out(point: MeasuredPoint) -> list[Any]:
    chosen = None if point.architecture is None else list(point.architecture.items())
    return [point.name, dict(point.values), point.source, chosen]


def _measured(row: Any) -> MeasuredPoint:  # noqa: ANN401
    name, values, source, *more = row  # the blocks came later
    chosen = None if not more or more[0] is None else FrozenMapping(_pairs(more[0]))
    place = _FILE.at(field="measured")
    figures = {text(key, place, "a key"): number(value, place) for key, value in values.items()}
    return MeasuredPoint(
        text(name, place, "a point"),
        FrozenMapping(figures),
        optional_text(source, place, "it"),
        chosen,
    )


def _config_out(config: ParentConfig | None) -> list[str] | None:
    if config is None:
        return None
    return [PurePath(config.source).name, json.dumps(dict(config.content))]


def to_code(saved: str) -> str:
    """Write what :func:`to_json` wrote as a code for a page's address; empty where too long."""
    raw = saved.encode()
    code = base64.urlsafe_b64encode(zlib.compress(raw, 9)).decode("ascii").rstrip("=")
    return code if len(code) <= MOST_LETTERS and len(raw) <= MOST_BYTES else ""


def from_code(code: str) -> str:
    """Read a code again.

    Raises
    ------
    ScenarioError
        If it is none, or holds more than is read.
    """
    try:
        return _unpacked(code).decode("utf-8")
    except (ValueError, binascii.Error, zlib.error) as error:
        raise ScenarioError(
            "The address holds no state that can be read. Copy the whole link again."
        ) from error


def _unpacked(code: str) -> bytes:
    if len(code) > MOST_LETTERS or not _CODE.fullmatch(code):
        raise ValueError("no code")
    unpacking = zlib.decompressobj()
    raw = unpacking.decompress(base64.urlsafe_b64decode(code + "=" * (-len(code) % 4)), MOST_BYTES)
    if not unpacking.eof:
        raise ValueError("cut off, or too long")
    return raw

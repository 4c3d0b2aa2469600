"""Problems and what was found as pandas frames, and budgets and architectures out of them."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from puzzle_widgets.deferred import is_na, pd
from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary, LayerName
from puzzle_widgets.library.checks import short_repr
from puzzle_widgets.library.json_forms import library_digest
from puzzle_widgets.library.quantity import THROUGHPUT, describe_key
from puzzle_widgets.library.tables import to_frame
from puzzle_widgets.library.tables.frame import units_of, write_subblock
from puzzle_widgets.problem.budget import BudgetSpec, Limit
from puzzle_widgets.problem.choices import find_layer, find_variant
from puzzle_widgets.problem.problem import SearchProblem
from puzzle_widgets.solution.across import each_once
from puzzle_widgets.solution.measured import MeasuredPoint
from puzzle_widgets.solution.scenario import Scenario, budget_words
from puzzle_widgets.solution.solution import Solution
from puzzle_widgets.sweeps.decision_map import DecisionGrid
from puzzle_widgets.sweeps.diverse import DiverseSolutions
from puzzle_widgets.sweeps.front import ParetoFront
from puzzle_widgets.sweeps.full_front import FullFront
from puzzle_widgets.sweeps.surface import SurfaceGrid

__all__ = ["read_architecture", "read_budgets", "to_frame"]

Row = dict[str, Any]
Named = tuple[Row, Solution | None]

_BLOCK = ("layer", "variant", "parent", "attention", "ffn")
_PROOF = ("status", "score", "bound", "gap", "seconds")
_RATES = (THROUGHPUT, "speedup")
_WORKLOAD = ("gpu", "dtype", "batch_size", "sequence_length", "prefill_length")


@to_frame.register(Solution)
def _solution_frame(solution: Solution, *, layers: bool = True) -> pd.DataFrame:  # noqa: ARG001
    """Lay an architecture out: one row per layer; empty where there is none."""
    frame = _layer_frame([({}, solution)], solution.library, [])
    frame.attrs |= {name: getattr(solution, name) for name in (*_PROOF, "reason", "engine")}
    frame.attrs["notes"] = tuple(map(str, solution.notes))
    frame.attrs |= {"objective": solution.problem.objective, "goal": solution.problem.goal}
    return frame


@to_frame.register(ParetoFront)
def _front_frame(front: ParetoFront, *, layers: bool = False) -> pd.DataFrame:
    """Lay a front out: ``point`` counts from 0, by rising use of the resource."""
    frame = _several(_counted(front.solutions, "point"), ["point"], layers=layers)
    frame.attrs |= {"resource": front.resource, "done": front.done, "asked": front.asked}
    return frame


@to_frame.register(FullFront)
def _full_front_frame(front: FullFront, *, layers: bool = False) -> pd.DataFrame:
    """Lay every point out: its use and score; the solutions themselves only with ``layers``."""
    if layers:
        return _several(_counted(front, "point"), ["point"], layers=True)
    objective = front.problem.objective
    figures = {"point": np.arange(len(front)), front.resource: front.use, objective: front.score}
    frame = pd.DataFrame(figures)
    frame.attrs = {"units": _units(front.problem.library), "resource": front.resource}
    return frame


@to_frame.register(DiverseSolutions)
def _diverse_frame(found: DiverseSolutions, *, layers: bool = False) -> pd.DataFrame:
    """Lay diverse solutions out: ``solution`` counts from 0, best first."""
    return _several(_counted(found, "solution"), ["solution"], layers=layers)


@to_frame.register(SurfaceGrid)
def _surface_frame(grid: SurfaceGrid, *, layers: bool = False) -> pd.DataFrame:
    """Lay a surface out: a row per cell; ``x_limit`` and ``y_limit`` are in ``attrs['units']``."""
    rows: list[Named] = [
        ({"x_limit": x, "y_limit": y}, cell)
        for y, cells in zip(grid.y.limits, grid.cells, strict=True)
        for x, cell in zip(grid.x.limits, cells, strict=True)
    ]
    frame = _several(rows, ["x_limit", "y_limit"], layers=layers, library=grid.problem.library)
    for name, axis in (("x", grid.x), ("y", grid.y)):
        frame.attrs[name] = axis.resource
        frame.attrs["units"][f"{name}_limit"] = axis.library.quantity(axis.resource).unit
    return frame


@to_frame.register(DecisionGrid)
def _decisions_frame(grid: DecisionGrid, *, layers: bool = True) -> pd.DataFrame:
    """Lay a decision map out: a row a target and layer, or a row a target."""
    axis = grid.targets
    rows: list[Named] = [
        ({"target": target}, found)
        for target, found in zip(axis.limits, grid.solutions, strict=True)
    ]
    frame = _several(rows, ["target"], layers=layers, library=grid.problem.library)
    unit = axis.library.quantity(axis.resource).unit
    frame.attrs["resource"], frame.attrs["units"]["target"] = axis.resource, unit
    return frame


@to_frame.register(list)
@to_frame.register(tuple)
def _list_frame(
    found: Sequence[Solution | Scenario | MeasuredPoint], *, layers: bool = False
) -> pd.DataFrame:
    """Lay solutions, scenarios or measured points out in the order given."""
    points = [one for one in found if isinstance(one, MeasuredPoint)]
    if points and len(points) == len(found):
        return _measured_frame(points)
    rows: list[Named] = []
    name = "scenario" if any(isinstance(one, Scenario) for one in found) else "solution"
    for place, one in enumerate(found):
        if not isinstance(one, Solution | Scenario):
            raise TypeError(
                f"{type(one).__name__} in a list: give solutions or scenarios, or measured points."
            )
        if isinstance(one, Scenario):
            rows.append(({name: one.name}, one.solution))
        else:
            rows.append(({name: place}, one))
    libraries = each_once(one.library for _, one in rows if one is not None)
    if len(libraries) < 2:
        return _several(rows, [name], layers=layers)
    return _of_several_libraries(rows, name, libraries, layers=layers)


@to_frame.register(Scenario)
def _scenario_frame(scenario: Scenario, *, layers: bool = True) -> pd.DataFrame:  # noqa: ARG001
    return to_frame(scenario.solution)


def _measured_frame(points: list[MeasuredPoint]) -> pd.DataFrame:
    """Lay out what was measured of whole models: a column for each key that any of them has."""
    frame = pd.DataFrame([{"name": p.name, "source": p.source, **p.values} for p in points])
    units = {str(key): describe_key(str(key)).unit for key in frame.columns[2:]}
    frame.attrs = {"units": {key: unit for key, unit in units.items() if unit}}
    return frame


def _counted(solutions: Iterable[Solution], name: str) -> list[Named]:
    return [({name: place}, solution) for place, solution in enumerate(solutions)]


def _several(
    rows: list[Named], names: list[str], *, layers: bool, library: BlockLibrary | None = None
) -> pd.DataFrame:
    library = library or next((found.library for _, found in rows if found is not None), None)
    if layers:
        return _layer_frame(rows, library, names)
    keys = list(library.keys) if library else []
    lines = [{**head, **_summary(found)} for head, found in rows]
    columns = [*names, *_PROOF, *_RATES, *keys, "budgets", "notes"]
    return _frame(lines, columns, library)


def _of_several_libraries(
    rows: list[Named], name: str, libraries: list[BlockLibrary], *, layers: bool
) -> pd.DataFrame:
    """Lay out answers of several libraries: a column says which, and one for each unit of a key.

    What a library does not know is missing there, not 0.
    """
    parts = []
    units: dict[str, str] = {}
    for library in libraries:
        own: list[Named] = [
            (head, one) for head, one in rows if one is not None and one.library == library
        ]
        part = _several(own, [name], layers=layers, library=library)
        for place, (column, value) in enumerate(_of_library(library).items(), 1):
            part.insert(place, column, value)
        part = part.rename(columns=_by_unit(part, units))
        units |= {k: v for k, v in _units(library).items() if k not in units}
        part.attrs = {}
        parts.append(part)
    order = {head[name]: place for place, (head, _) in enumerate(rows)}
    frame = pd.concat(parts, ignore_index=True)
    frame = frame.sort_values(name, key=lambda names: names.map(order), kind="stable")
    frame = frame.reset_index(drop=True)
    frame.attrs = {"units": units}
    return frame


def _of_library(library: BlockLibrary) -> Row:
    measured = library.measurement
    workload = {key: getattr(measured, key) for key in _WORKLOAD}
    return {"library": library.name, "library_sha256": library_digest(library), **workload}


def _by_unit(part: pd.DataFrame, units: Mapping[str, str]) -> dict[str, str]:
    """Other names for columns that another library gives in another unit."""
    mine = part.attrs["units"]
    unlike = [key for key in part.columns if key in mine and units.get(key, mine[key]) != mine[key]]
    return {key: f"{key} ({mine[key] or 'no unit'})" for key in unlike}


def _summary(solution: Solution | None) -> Row:
    if solution is None:
        return {"status": "not searched"}
    proof = {name: getattr(solution, name) for name in (*_PROOF, *_RATES)}
    said = {"budgets": budget_words(solution.problem), "notes": " ".join(map(str, solution.notes))}
    return {**proof, **solution.totals, **said}


def _layer_frame(rows: list[Named], library: BlockLibrary | None, names: list[str]) -> pd.DataFrame:
    lines = [
        {
            **head,
            "layer": layer.name,
            "variant": block.name,
            "parent": block.name == layer.parent,
            "attention": write_subblock(block.attention),
            "ffn": write_subblock(block.ffn),
            **block.values,
        }
        for head, found in rows
        if found is not None and found.found
        for layer, block in zip(found.library.layers, found.blocks, strict=True)
    ]
    return _frame(lines, [*names, *_BLOCK, *(library.keys if library else ())], library)


def _frame(lines: list[Row], columns: list[str], library: BlockLibrary | None) -> pd.DataFrame:
    frame = pd.DataFrame(lines, columns=pd.Index(columns))
    frame.attrs = {"units": _units(library) if library else {}}
    return frame


def _units(library: BlockLibrary) -> dict[str, str]:
    rates = {THROUGHPUT: describe_key(THROUGHPUT).unit, "seconds": "s"}
    return {**units_of(library, library.keys), **rates}


@to_frame.register(SearchProblem)
def _problem_frame(problem: SearchProblem, *, layers: bool = False) -> pd.DataFrame:  # noqa: ARG001
    """Lay the budgets out: one row each, with the parent's sum beside the limits."""
    library = problem.library
    rows = [
        {
            "resource": key,
            "label": library.quantity(key).label,
            "unit": library.quantity(key).unit,
            "lower": budget.lower,
            "upper": budget.upper,
            "parent": library.parent_totals[key],
        }
        for key, budget in problem.budgets.items()
    ]
    columns = ["resource", "label", "unit", "lower", "upper", "parent"]
    frame = pd.DataFrame(rows, columns=pd.Index(columns))
    frame.attrs = {"objective": problem.objective, "goal": problem.goal}
    return frame


def read_budgets(frame: pd.DataFrame) -> dict[str, BudgetSpec]:
    """Read budgets from a table, for ``SearchProblem(..., budgets=...)``.

    Parameters
    ----------
    frame
        Column ``resource`` (dotted keys), and ``lower``, ``upper`` or both: numbers in the
        resource's unit, shares such as ``"85 %"``, or nothing for no limit.

    Raises
    ------
    ProblemError
        Naming the column or the row.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"resource": ["stats.memory_mib"], "upper": ["70 %"]})
    >>> budgets = pw.read_budgets(frame)
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets=budgets)
    >>> round(problem.budgets["stats.memory_mib"].upper, 1)
    56.8
    """
    _check_columns(frame, "resource")
    if not {"lower", "upper"} & set(frame.columns):
        raise ProblemError("A table of budgets needs a column 'lower' or 'upper'.")
    found: dict[str, BudgetSpec] = {}
    for place, row in enumerate(frame.to_dict("records")):
        resource = row["resource"]
        if not isinstance(resource, str) or resource in found:
            raise ProblemError(
                f"row {place}: resource {short_repr(resource)}. Name each resource once, in text."
            )
        found[resource] = (_limit(row, "lower"), _limit(row, "upper"))
    return found


def read_architecture(
    frame: pd.DataFrame, library: BlockLibrary, *, partial: bool = False
) -> dict[LayerName, str]:
    """Read one block per layer from a table, such as ``to_frame(solution)``.

    Parameters
    ----------
    frame
        Columns ``layer`` and ``variant``, one row per layer; others are not read.
    library
        Where layers and variants have to be.
    partial
        Whether layers may be missing, as for ``SearchProblem(..., fixed=...)``.

    Raises
    ------
    ProblemError
        Naming the row and what is wrong with it, or the first layer that is missing.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> solution = pw.search(problem)
    >>> pw.read_architecture(pw.to_frame(solution), library) == solution.architecture
    True
    """
    _check_columns(frame, "layer", "variant")
    found: dict[LayerName, str] = {}
    for place, (name, variant) in enumerate(zip(frame["layer"], frame["variant"], strict=True)):
        try:
            layer = find_layer(library, name)
            block = find_variant(library.layer(layer), variant)
        except ProblemError as error:
            raise ProblemError(f"row {place}: {error}") from error
        if layer in found:
            raise ProblemError(f"row {place}: layer {layer!r} appears twice. Give each one row.")
        found[layer] = block
    missing = [layer.name for layer in library.layers if layer.name not in found]
    if missing and not partial:
        raise ProblemError(
            f"{len(missing)} layers are missing, the first is {missing[0]!r}. "
            "Give one row per layer, or say partial=True."
        )
    return found


def _limit(row: Mapping[Hashable, Any], name: str) -> Limit:
    value = row.get(name)
    if value is None or is_na(value) or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, str) and not value.strip():
        return None
    found: Limit = value.item() if isinstance(value, np.generic) else value
    return found


def _check_columns(frame: pd.DataFrame, *names: str) -> None:
    for name in names:
        if list(frame.columns).count(name) != 1:
            have = ", ".join(map(str, frame.columns)) or "none"
            raise ProblemError(f"The table needs one column {name!r}. It has {have}.")

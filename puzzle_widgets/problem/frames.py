"""Problems and architectures as pandas frames, and out of them."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any, NoReturn

import numpy as np

from puzzle_widgets.deferred import is_na, pd
from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary, LayerName, to_frame
from puzzle_widgets.library.checks import short_repr
from puzzle_widgets.problem.budget import BudgetSpec, Limit
from puzzle_widgets.problem.problem import SearchProblem


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
            _refuse(place, f"resource {short_repr(resource)}", "Name each resource once, in text.")
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
        layer = _find_layer(name, library, place)
        if layer in found:
            _refuse(place, f"layer {layer!r} appears twice", "Give one row per layer.")
        if not isinstance(variant, str) or variant not in library.layer(layer).positions:
            known = "the library does not have it in this layer"
            _refuse(
                place,
                f"layer {layer!r}, variant {short_repr(variant)}: {known}",
                "Name one it has.",
            )
        found[layer] = variant
    missing = [layer.name for layer in library.layers if layer.name not in found]
    if missing and not partial:
        raise ProblemError(
            f"{len(missing)} layers are missing, the first is {missing[0]!r}. "
            "Give one row per layer, or say partial=True."
        )
    return found


def _find_layer(name: Any, library: BlockLibrary, place: int) -> LayerName:  # noqa: ANN401
    plain = name.item() if isinstance(name, np.generic) else name
    if isinstance(plain, float) and plain.is_integer():
        plain = int(plain)
    if not isinstance(plain, int | str) or plain not in library.layer_positions:
        _refuse(place, f"no layer {short_repr(plain)} in {library.name}", "Name one it has.")
    return plain


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


def _refuse(place: int, what: str, fix: str) -> NoReturn:
    raise ProblemError(f"row {place}: {what}. {fix}")

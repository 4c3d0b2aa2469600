"""From arguments to a search problem and the solver's options."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary, LayerName
from puzzle_widgets.library.sense import score_sense
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.problem.budget import BudgetSpec
from puzzle_widgets.problem.choices import find_layer, find_variant


def read_problem(asked: Namespace, library: BlockLibrary) -> SearchProblem:
    """Read objective, budgets and rules.

    Raises
    ------
    ProblemError
        If a key, layer or variant is not in the library, or a limit makes no sense.
    """
    minimize, maximize = _objective(asked, library)
    return SearchProblem(
        library,
        minimize=minimize,
        maximize=maximize,
        budgets=_budgets(asked.min, asked.max),
        throughput=asked.throughput,
        latency_ms=asked.latency_ms,
        fixed=_fixed(asked.fix, library),
        banned=_banned(asked.ban, library),
    )


def read_options(asked: Namespace) -> dict[str, Any]:
    """Read what :func:`puzzle_widgets.search` takes besides the problem."""
    return {"solver": asked.solver, "gap": asked.gap, "time_limit": asked.time_limit}


def _objective(asked: Namespace, library: BlockLibrary) -> tuple[str | None, str | None]:
    if asked.minimize or asked.maximize:
        return asked.minimize, asked.maximize
    if not library.scores:
        raise ProblemError(
            f"{library.name} has no score. Say what to optimize: --minimize or --maximize with "
            f"one of {', '.join(library.keys)}."
        )
    score = library.scores[0]
    sense = score_sense(library, score)
    if sense.goal is None:
        raise ProblemError(f"{sense.reason} Say --minimize {score} or --maximize {score}.")
    return (score, None) if sense.goal == "minimize" else (None, score)


def _budgets(lower: list[str], upper: list[str]) -> dict[str, BudgetSpec]:
    least, most = _limits(lower, "--min"), _limits(upper, "--max")
    return {key: (least.get(key), most.get(key)) for key in [*most, *least]}


def _limits(equations: list[str], flag: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for equation in equations:
        key, _, limit = equation.rpartition("=")
        if key.strip() in found:
            raise ProblemError(f"{flag} {key.strip()} is given twice. Give it once.")
        found[key.strip()] = limit
    return found


def _fixed(equations: list[str], library: BlockLibrary) -> dict[LayerName, str]:
    found: dict[LayerName, str] = {}
    for equation in equations:
        layer, variant = _choice(equation, library)
        if found.get(layer, variant) != variant:
            raise ProblemError(f"--fix: layer {layer!r} is given two variants. Give one.")
        found[layer] = variant
    return found


def _banned(equations: list[str], library: BlockLibrary) -> dict[LayerName, set[str]]:
    found: dict[LayerName, set[str]] = {}
    for layer, variant in (_choice(equation, library) for equation in equations):
        found.setdefault(layer, set()).add(variant)
    return found


def _choice(equation: str, library: BlockLibrary) -> tuple[LayerName, str]:
    """Read LAYER=VARIANT; names may hold "=" themselves, so that every split is tried."""
    marks = [place for place, letter in enumerate(equation) if letter == "="]
    found: set[tuple[LayerName, str]] = set()
    errors: dict[bool, ProblemError] = {}
    for mark in marks:
        known = False
        try:
            layer = library.layer(find_layer(library, equation[:mark]))
            known = True
            found.add((layer.name, find_variant(layer, equation[mark + 1 :])))
        except ProblemError as error:
            errors.setdefault(known, error)
    if not found:
        raise errors.get(True) or errors[False]
    if len(found) > 1:
        both = sorted(f"layer {layer!r}, variant {name!r}" for layer, name in found)
        raise ProblemError(f"{equation!r} can be read as {' or '.join(both)}. Rename one of them.")
    return found.pop()

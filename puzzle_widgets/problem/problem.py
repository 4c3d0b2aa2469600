"""The search problem: which sum to make best, within which budgets and rules."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary, FrozenMapping, LayerName
from puzzle_widgets.library.checks import shown
from puzzle_widgets.library.quantity import RUNTIME
from puzzle_widgets.problem.budget import Budget, BudgetSpec, as_number, read_budget

Architecture = Mapping[LayerName, str]
Goal = Literal["minimize", "maximize"]


@dataclass(frozen=True)
class Difference:
    """A rule: differ from ``architecture`` in at least ``layers`` layers."""

    architecture: FrozenMapping[LayerName, str]
    layers: int


@dataclass(frozen=True, init=False)
class SearchProblem:
    """Pick one variant a layer: best summed score within the budgets.

    This is the multiple-choice knapsack problem (MCKP) of the Puzzle paper (ICML 2025, App. B).

    Parameters
    ----------
    library
        The block library to choose from.
    minimize, maximize
        Dotted key of the objective; exactly one of the two.
    budgets
        ``{resource: limit}``; see :func:`puzzle_widgets.problem.budget.read_budget` for the
        forms of a limit.
    throughput
        Least tokens a second (batch size x sequence length / summed runtime); becomes a runtime
        budget.
    latency_ms
        Greatest summed runtime of a batch, in ms; becomes a runtime budget.
    fixed
        ``{layer: variant}`` that must be chosen.
    banned
        ``{layer: variants}`` that must not be chosen.
    differences
        Rules of diversity.

    Raises
    ------
    ProblemError
        If a key, layer or variant is not in the library, or a limit makes no sense.
    """

    library: BlockLibrary
    objective: str
    goal: Goal
    budgets: FrozenMapping[str, Budget]
    fixed: FrozenMapping[LayerName, str]
    banned: FrozenMapping[LayerName, frozenset[str]]
    differences: tuple[Difference, ...]

    def __init__(  # noqa: PLR0913
        self,
        library: BlockLibrary,
        *,
        minimize: str | None = None,
        maximize: str | None = None,
        budgets: Mapping[str, BudgetSpec | Budget] | None = None,
        throughput: float | None = None,
        latency_ms: float | None = None,
        fixed: Architecture | None = None,
        banned: Mapping[LayerName, Iterable[str]] | None = None,
        differences: Iterable[Difference] = (),
    ) -> None:
        objective, goal = _read_goal(library, minimize, maximize)
        limits = _read_budgets(library, budgets or {})
        for runtime in _runtime_budgets(library, throughput, latency_ms):
            if runtime.limits:
                limits[RUNTIME] = limits.get(RUNTIME, runtime).tighten(runtime)
        fields = {
            "library": library,
            "objective": objective,
            "goal": goal,
            "budgets": FrozenMapping({k: b for k, b in limits.items() if b.limits}),
            "fixed": FrozenMapping(_check_choices(library, fixed or {}, "fixed")),
            "banned": _read_banned(library, banned or {}),
            "differences": tuple(_check_difference(library, rule) for rule in differences),
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    @property
    def sign(self) -> int:
        """1 to minimise, -1 to maximise: ``sign * score`` is always minimised."""
        return 1 if self.goal == "minimize" else -1

    def with_budget(
        self, resource: str, lower: float = -math.inf, upper: float = math.inf
    ) -> SearchProblem:
        """Give the same problem with another budget on one resource; infinite limits lift it."""
        _check_key(self.library, resource, "A budget")
        if math.isnan(lower) or math.isnan(upper):
            raise ProblemError(f"Budget on {resource}: NaN is no limit. Give a number.")
        budget = Budget(resource, lower, upper)
        others = {key: kept for key, kept in self.budgets.items() if key != resource}
        if budget.limits:
            others[resource] = budget
        return replace_field(self, "budgets", FrozenMapping(others))

    def with_difference(self, architecture: Architecture, layers: int) -> SearchProblem:
        """Give the same problem, to differ from an architecture in at least ``layers`` layers."""
        rule = _check_difference(self.library, Difference(FrozenMapping(architecture), layers))
        return replace_field(self, "differences", (*self.differences, rule))

    def with_banned(self, banned: Mapping[LayerName, Iterable[str]]) -> SearchProblem:
        """Give the same problem with further variants banned."""
        found = _read_banned(self.library, banned)
        none: frozenset[str] = frozenset()
        joined = {
            layer: self.banned.get(layer, none) | found.get(layer, none)
            for layer in [*self.banned, *found]
        }
        return replace_field(self, "banned", FrozenMapping(joined))


def replace_field(problem: SearchProblem, name: str, value: object) -> SearchProblem:
    """Copy a problem with one field changed; the value is taken as checked."""
    copy = object.__new__(SearchProblem)
    copy.__dict__.update(problem.__dict__)
    copy.__dict__[name] = value
    return copy


def _read_goal(
    library: BlockLibrary, minimize: str | None, maximize: str | None
) -> tuple[str, Goal]:
    if (minimize is None) == (maximize is None):
        raise ProblemError(
            "An objective is needed: give minimize= or maximize=, one of the two, "
            f"such as minimize={library.scores[0] if library.scores else library.keys[0]!r}."
        )
    objective = minimize if minimize is not None else maximize
    return _check_key(library, str(objective), "The objective"), (
        "minimize" if minimize is not None else "maximize"
    )


def _read_budgets(
    library: BlockLibrary, budgets: Mapping[str, BudgetSpec | Budget]
) -> dict[str, Budget]:
    found = {}
    for key, spec in budgets.items():
        _check_key(library, key, "A budget")
        given = (spec.lower, spec.upper) if isinstance(spec, Budget) else spec
        found[key] = read_budget(key, given, library.parent_totals[key])
    return found


def _runtime_budgets(
    library: BlockLibrary, throughput: float | None, latency_ms: float | None
) -> list[Budget]:
    if throughput is None and latency_ms is None:
        return []
    _check_key(library, RUNTIME, "A throughput or latency target")
    return [_throughput_budget(library, throughput), _latency_budget(library, latency_ms)]


def _throughput_budget(library: BlockLibrary, throughput: float | None) -> Budget:
    target = math.inf if throughput is None else as_number(throughput)
    if not target > 0:
        raise ProblemError(f"Throughput {shown(throughput)}: give tokens/s above 0, or None.")
    if math.isinf(target):
        return Budget(RUNTIME)
    tokens = library.measurement.tokens
    if tokens is None:
        raise ProblemError(
            "A throughput target needs batch size and sequence length, which this library does "
            "not say. Give load_library(..., measurement=Measurement(batch_size, "
            "sequence_length)), or a runtime budget in ms."
        )
    return Budget(RUNTIME, upper=1000.0 * tokens / target)


def _latency_budget(library: BlockLibrary, latency_ms: float | None) -> Budget:
    return read_budget(RUNTIME, (None, latency_ms), library.parent_totals[RUNTIME])


def _read_banned(
    library: BlockLibrary, banned: Mapping[LayerName, Iterable[str]]
) -> FrozenMapping[LayerName, frozenset[str]]:
    for layer, names in banned.items():
        if isinstance(names, str):
            raise ProblemError(f"banned: layer {layer!r}: give a list of variants, not {names!r}.")
    found = {layer: frozenset(names) for layer, names in banned.items()}
    for layer, names in found.items():
        for name in names:
            _check_choices(library, {layer: name}, "banned")
    return FrozenMapping(found)


def _check_difference(library: BlockLibrary, rule: Difference) -> Difference:
    _check_choices(library, rule.architecture, "differences")
    whole = isinstance(rule.layers, int | np.integer) and not isinstance(rule.layers, bool)
    if not whole or rule.layers < 0:
        raise ProblemError(
            f"A difference in {rule.layers!r} layers: give a whole number from 0 on."
        )
    return Difference(FrozenMapping(rule.architecture), int(rule.layers))


def _check_choices(
    library: BlockLibrary, choices: Architecture, where: str
) -> dict[LayerName, str]:
    for layer, variant in choices.items():
        if layer not in library.layer_positions:
            raise ProblemError(f"{where}: no layer {layer!r} in {library.name}.")
        if variant not in library.layer(layer).positions:
            raise ProblemError(f"{where}: layer {layer!r} has no variant {variant!r}.")
    return dict(choices)


def _check_key(library: BlockLibrary, key: str, what: str) -> str:
    if key not in library.keys:
        raise ProblemError(
            f"{what} on {key!r}: {library.name} has no such score or cost. "
            f"It has {', '.join(library.keys)}."
        )
    return key

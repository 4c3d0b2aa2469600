"""The search problem: which sum to make best, within which budgets and rules."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary, FrozenMapping, LayerName
from puzzle_widgets.library.checks import short_repr
from puzzle_widgets.library.quantity import RUNTIME
from puzzle_widgets.library.sense import Goal, score_sense
from puzzle_widgets.problem.budget import (
    Budget,
    BudgetSpec,
    Limit,
    as_amount,
    read_budget,
    read_limit,
)
from puzzle_widgets.problem.choices import find_layer, find_variant
from puzzle_widgets.problem.mckp import Mckp, to_mckp

Architecture = Mapping[LayerName, str]


@dataclass(frozen=True)
class Difference:
    """A rule: differ from ``architecture`` in at least ``layers`` layers.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> best = pw.search(problem)
    >>> other = pw.search(problem.with_difference(best.architecture, 3))
    >>> len(best.differing_layers(other))
    3
    """

    architecture: FrozenMapping[LayerName, str]
    layers: int


@dataclass(frozen=True, init=False)
class SearchProblem:
    """Pick one variant per layer: best summed score within the budgets.

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
        Least tokens/s (batch size x sequence length / summed runtime), or a share of the parent's
        throughput, such as ``"150 %"``; becomes a runtime budget.
    latency_ms
        Greatest summed runtime of a batch, in ms; becomes a runtime budget.
    fixed
        ``{layer: variant}`` that must be chosen; the variant by its name, by its label in tables,
        such as ``"8 KV heads, FFN width 7,168"``, or ``"parent"``.
    banned
        ``{layer: variants}`` that must not be chosen, in the same words.
    differences
        Rules of diversity.

    Raises
    ------
    ProblemError
        If a key, layer or variant is not in the library, or a limit makes no sense.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(
    ...     library,
    ...     minimize="metrics.kl_div",
    ...     budgets={"stats.memory_mib": "70 %"},
    ...     throughput=6_000,
    ...     fixed={0: "parent"},
    ... )
    >>> pw.search(problem).status
    'optimal'
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
        throughput: Limit = None,
        latency_ms: Limit = None,
        fixed: Architecture | None = None,
        banned: Mapping[LayerName, Iterable[str]] | None = None,
        differences: Iterable[Difference] = (),
    ) -> None:
        if not isinstance(library, BlockLibrary):
            raise ProblemError(
                f"{short_repr(library)} is not a block library. Open one first: load_library(...)."
            )
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
            "fixed": FrozenMapping(_read_choices(library, fixed or {}, "fixed")),
            "banned": _read_banned(library, banned or {}),
            "differences": tuple(_check_difference(library, rule) for rule in differences),
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    @classmethod
    def of(
        cls,
        library: BlockLibrary,
        goal: Goal,
        objective: str,
        **more: Any,  # noqa: ANN401 - the constructor's own
    ) -> SearchProblem:
        """State a problem by its goal and objective, in place of ``minimize=`` or ``maximize=``."""
        more[goal] = objective
        return cls(library, **more)

    @cached_property
    def mckp(self) -> Mckp:
        """The bare knapsack, arrays only; written once."""
        return to_mckp(self)

    @property
    def bare(self) -> SearchProblem:
        """The same objective of the same library, without budgets and rules."""
        return SearchProblem.of(self.library, self.goal, self.objective)

    @property
    def sign(self) -> int:
        """1 to minimize, -1 to maximize: ``sign * score`` is always minimized."""
        return 1 if self.goal == "minimize" else -1

    def __getstate__(self) -> dict[str, Any]:
        """The fields alone: what was derived from them is derived again elsewhere."""
        return {name: value for name, value in self.__dict__.items() if name != "mckp"}

    def with_budget(self, resource: str, lower: Limit = None, upper: Limit = None) -> SearchProblem:
        """Give the same problem with another budget on one resource; without limits it is lifted.

        Parameters
        ----------
        resource
            Dotted key.
        lower, upper
            Each a number in the resource's unit, ``"85 %"`` or ``Share(0.85)`` of the parent's
            total, or ``None`` or infinite for no limit.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> library = pw.load_library("stdlib-2m-measured")
        >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
        >>> tighter = problem.with_budget("stats.memory_mib", upper="50 %")
        >>> round(tighter.budgets["stats.memory_mib"].upper, 2)  # of the parent's 81.15 MiB
        40.57
        """
        _check_key(self.library, resource, "A budget")
        total = self.library.parent_totals[resource]
        budget = Budget(
            resource,
            read_limit(resource, lower, total, -math.inf),
            read_limit(resource, upper, total, math.inf),
        )
        others = {key: kept for key, kept in self.budgets.items() if key != resource}
        if budget.limits:
            others[resource] = budget
        return replace_field(self, "budgets", FrozenMapping(others))

    def with_difference(self, architecture: Architecture, layers: int) -> SearchProblem:
        """Give the same problem, to differ from an architecture in at least ``layers`` layers."""
        rule = _check_difference(self.library, Difference(FrozenMapping(architecture), layers))
        return replace_field(self, "differences", (*self.differences, rule))

    def with_fixed(self, fixed: Architecture) -> SearchProblem:
        """Give the same problem with further variants fixed."""
        found = _read_choices(self.library, fixed, "fixed")
        return replace_field(self, "fixed", FrozenMapping({**self.fixed, **found}))

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
    copy.__dict__.update(problem.__getstate__())
    copy.__dict__[name] = value
    return copy


def _read_goal(
    library: BlockLibrary, minimize: str | None, maximize: str | None
) -> tuple[str, Goal]:
    if (minimize is None) == (maximize is None):
        key = library.scores[0] if library.scores else library.keys[0]
        sense = score_sense(library, key)
        raise ProblemError(
            "An objective is needed: give minimize= or maximize=, one of the two, such as "
            f"{sense.goal or 'minimize'}={key!r}. {sense.reason}"
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


def _runtime_budgets(library: BlockLibrary, throughput: Limit, latency_ms: Limit) -> list[Budget]:
    if throughput is None and latency_ms is None:
        return []
    _check_key(library, RUNTIME, "A throughput or latency target")
    return [_throughput_budget(library, throughput), _latency_budget(library, latency_ms)]


def _throughput_budget(library: BlockLibrary, throughput: Limit) -> Budget:
    parent = library.throughput(library.parent_totals[RUNTIME]) or 1.0  # 1: refused below
    target = math.inf if throughput is None else as_amount(throughput, parent)
    if not target > 0:
        raise ProblemError(f"Throughput {short_repr(throughput)}: give tokens/s above 0, or None.")
    if math.isinf(target):
        return Budget(RUNTIME)
    if library.measurement.tokens is None:
        raise ProblemError(
            "A throughput target needs batch size and sequence length, which this library does "
            "not say. Give load_library(..., measurement=Measurement(batch_size, "
            "sequence_length)), or a runtime budget in ms."
        )
    return Budget(RUNTIME, upper=library.runtime_at(target))


def _latency_budget(library: BlockLibrary, latency_ms: Limit) -> Budget:
    return read_budget(RUNTIME, (None, latency_ms), library.parent_totals[RUNTIME])


def _read_banned(
    library: BlockLibrary, banned: Mapping[LayerName, Iterable[str]]
) -> FrozenMapping[LayerName, frozenset[str]]:
    found: dict[LayerName, frozenset[str]] = {}
    for word, names in banned.items():
        if isinstance(names, str):
            raise ProblemError(f"banned: layer {word!r}: give a list of variants, not {names!r}.")
        for name in names:
            ((layer, variant),) = _read_choices(library, {word: name}, "banned").items()
            found[layer] = found.get(layer, frozenset()) | {variant}
    return FrozenMapping(found)


def _check_difference(library: BlockLibrary, rule: Difference) -> Difference:
    architecture = _read_choices(library, rule.architecture, "differences")
    whole = isinstance(rule.layers, int | np.integer) and not isinstance(rule.layers, bool)
    if not whole or rule.layers < 0:
        raise ProblemError(
            f"A difference in {rule.layers!r} layers: give a whole number from 0 on."
        )
    return Difference(FrozenMapping(architecture), int(rule.layers))


def _read_choices(library: BlockLibrary, choices: Architecture, where: str) -> dict[LayerName, str]:
    """Read ``{layer: variant}`` in a person's words."""
    found: dict[LayerName, str] = {}
    for word, variant in choices.items():
        try:
            layer = find_layer(library, word)
            name = find_variant(library.layer(layer), variant)
        except ProblemError as error:
            said = str(error)
            raise ProblemError(f"{where}: {said[0].lower()}{said[1:]}") from error
        if found.setdefault(layer, name) != name:
            raise ProblemError(f"{where}: layer {layer!r} is given two variants. Give one.")
    return found


def check_problem(problem: object) -> None:
    """Refuse what is no problem, with how to state one.

    Raises
    ------
    ProblemError
        Such as for a library.
    """
    if isinstance(problem, SearchProblem):
        return
    given = "library" if isinstance(problem, BlockLibrary) else "..."
    raise ProblemError(
        f"A {type(problem).__name__} is not a SearchProblem. State the problem first: "
        f"SearchProblem({given}, minimize=..., budgets=...)."
    )


def _check_key(library: BlockLibrary, key: str, what: str) -> str:
    if key not in library.keys:
        raise ProblemError(
            f"{what} on {key!r}: {library.name} has no such score or cost. "
            f"It has {', '.join(library.keys)}."
        )
    return key

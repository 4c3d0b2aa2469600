"""The search problem: which sum to make best, within which budgets and rules."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary, FrozenMapping, LayerName
from puzzle_widgets.library.checks import short_repr
from puzzle_widgets.library.quantity import RUNTIME
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.problem.budget import (
    Budget,
    BudgetSpec,
    Limit,
    check_key,
    read_limit,
    runtime_budgets,
    to_budgets,
)
from puzzle_widgets.problem.choices import (
    Architecture,
    Difference,
    check_difference,
    read_banned,
    read_choices,
)
from puzzle_widgets.problem.distinct import Distinct, check_distinct, kinds_of
from puzzle_widgets.problem.mckp import TOLERANCE, BoolArray, FloatArray, Mckp, to_architecture
from puzzle_widgets.problem.objective import (
    LayerWeights,
    Objective,
    layer_weights_of,
    read_objective,
    weights_of,
)
from puzzle_widgets.problem.rows import Row, Rule, check_rows, values_of
from puzzle_widgets.problem.ties import tie_levels
from puzzle_widgets.shown import Shown


@dataclass(frozen=True, init=False)
class SearchProblem(Shown):
    """Pick one variant per layer: best summed score within the budgets.

    This is the multiple-choice knapsack problem (MCKP) of the Puzzle paper (ICML 2025, App. B).

    Parameters
    ----------
    library
        The block library to choose from.
    minimize, maximize
        Dotted key of the objective, or a weighted sum of scores such as ``{"metrics.kl_div": 1,
        "metrics.lm_loss": 0.5}``; exactly one of the two. A sum becomes one more score of the
        problem's library, so that all totals hold it.
    layer_weights
        ``{layer: weight}``, how much a layer's score counts; a layer left out counts once.
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
    rows
        Linear rules of one's own: see :class:`puzzle_widgets.Row`.
    distinct
        Rules that count: see :class:`puzzle_widgets.Distinct`.
    rules
        Further rules, such as those of ``pw.rules``: what each fixes, bans and limits holds, too.

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
    rows: tuple[Row, ...]
    distinct: tuple[Distinct, ...]

    def __init__(  # noqa: PLR0913
        self,
        library: BlockLibrary,
        *,
        minimize: Objective | None = None,
        maximize: Objective | None = None,
        layer_weights: LayerWeights | None = None,
        budgets: Mapping[str, BudgetSpec | Budget] | None = None,
        throughput: Limit = None,
        latency_ms: Limit = None,
        fixed: Architecture | None = None,
        banned: Mapping[LayerName, Iterable[str]] | None = None,
        differences: Iterable[Difference] = (),
        rows: Iterable[Row] = (),
        distinct: Iterable[Distinct] = (),
        rules: Iterable[Rule] = (),
    ) -> None:
        if not isinstance(library, BlockLibrary):
            raise ProblemError(
                f"{short_repr(library)} is not a block library. Open one first: load_library(...)."
            )
        library, objective, goal = read_objective(library, minimize, maximize, layer_weights)
        limits = to_budgets(library, budgets or {})
        for runtime in runtime_budgets(library, throughput, latency_ms):
            if runtime.limits:
                limits[RUNTIME] = limits.get(RUNTIME, runtime).tighten(runtime)
        fields = {
            "library": library,
            "objective": objective,
            "goal": goal,
            "budgets": FrozenMapping({k: b for k, b in limits.items() if b.limits}),
            "fixed": FrozenMapping(read_choices(library, fixed or {}, "fixed")),
            "banned": read_banned(library, banned or {}),
            "differences": tuple(check_difference(library, rule) for rule in differences),
            "rows": check_rows(library, rows),
            "distinct": check_distinct(library, distinct),
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)
        self.__dict__.update(_with_rules(self, rules).__getstate__())

    def __repr__(self) -> str:
        counts = {
            "budgets": len(self.budgets),
            "fixed layers": len(self.fixed),
            "layers with banned variants": len(self.banned),
            "rules": len(self.differences) + len(self.rows) + len(self.distinct),
        }
        told = "".join(f", {count} {words}" for words, count in counts.items() if count)
        return f"SearchProblem({self.goal} {self.objective} of {self.library.name!r}{told})"

    @classmethod
    def of(
        cls,
        library: BlockLibrary,
        goal: Goal,
        objective: Objective,
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
    def rule_names(self) -> tuple[str, ...]:
        """Names of its rows and of its rules that count, each once."""
        names = [*(row.name for row in self.rows), *(rule.name for rule in self.distinct)]
        return tuple(dict.fromkeys(names))

    @property
    def bare(self) -> SearchProblem:
        """The same objective of the same library, without budgets and rules."""
        return SearchProblem.of(self.library, self.goal, self.objective)

    @property
    def sign(self) -> int:
        """1 to minimize, -1 to maximize: ``sign * score`` is always minimized."""
        return 1 if self.goal == "minimize" else -1

    def to_pulp(self) -> Any:  # noqa: ANN401 - PuLP has no types
        """State the same problem as a model of PuLP, to print, change and solve.

        Returns
        -------
        pulp.LpProblem
            Variable ``x_3_5`` chooses layer 3's variant 5, both counted from 0; banned ones, and
            those beside a fixed one, are left out. :meth:`read_pulp` reads what it chose.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> library = pw.load_library("stdlib-2m-measured")
        >>> problem = pw.SearchProblem(
        ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
        ... )
        >>> model = problem.to_pulp()
        >>> len(model.variables())  # 54 variants in each of 8 layers
        432
        >>> import pulp
        >>> _ = model.solve(pulp.HiGHS(msg=False))
        >>> problem.read_pulp(model) == pw.search(problem).architecture
        True
        """
        from puzzle_widgets.search.mip import to_pulp  # noqa: PLC0415 - as PuLP is

        outside = self.library.non_block_cost(self.objective)
        return to_pulp(self.mckp, sign=self.sign, outside=outside)

    def read_pulp(self, model: Any) -> dict[LayerName, str]:  # noqa: ANN401
        """Read the architecture that a solved model of :meth:`to_pulp` has chosen."""
        from puzzle_widgets.search.mip import read_pulp  # noqa: PLC0415 - as PuLP is

        return to_architecture(self.library, read_pulp(self.mckp, model))

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
        check_key(self.library, resource, "A budget")
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

    @property
    def weights(self) -> dict[str, float]:
        """The scores of the objective with their weights: one of weight 1 where it is no sum.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> library = pw.load_library("stdlib-2m-measured")
        >>> both = {"metrics.kl_div": 1, "metrics.lm_loss": 0.5}
        >>> problem = pw.SearchProblem(library, minimize=both, layer_weights={0: 2})
        >>> problem.weights, problem.layer_weights
        ({'metrics.kl_div': 1.0, 'metrics.lm_loss': 0.5}, {0: 2.0})
        """
        return weights_of(self.library, self.objective)

    @property
    def layer_weights(self) -> dict[LayerName, float]:
        """Weights of the layers that do not count once."""
        return layer_weights_of(self.library, self.objective)

    def with_objective(
        self,
        *,
        minimize: Objective | None = None,
        maximize: Objective | None = None,
        layer_weights: LayerWeights | None = None,
    ) -> SearchProblem:
        """Give the same budgets and rules with another objective.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> library = pw.load_library("stdlib-2m-measured")
        >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
        >>> problem.with_objective(minimize="metrics.lm_loss").objective
        'metrics.lm_loss'
        """
        library, key, goal = read_objective(self.library, minimize, maximize, layer_weights)
        aimed = replace_field(replace_field(self, "objective", key), "goal", goal)
        return aimed if library is self.library else replace_field(aimed, "library", library)

    def with_difference(self, architecture: Architecture, layers: int) -> SearchProblem:
        """Give the same problem, to differ from an architecture in at least ``layers`` layers."""
        rule = check_difference(self.library, Difference(FrozenMapping(architecture), layers))
        return replace_field(self, "differences", (*self.differences, rule))

    def with_fixed(self, fixed: Architecture) -> SearchProblem:
        """Give the same problem with further variants fixed."""
        found = read_choices(self.library, fixed, "fixed")
        return replace_field(self, "fixed", FrozenMapping({**self.fixed, **found}))

    def with_rows(self, rows: Iterable[Row]) -> SearchProblem:
        """Give the same problem with further linear rules."""
        found = check_rows(self.library, rows, len(self.rows))
        return replace_field(self, "rows", (*self.rows, *found))

    def with_distinct(self, rules: Iterable[Distinct]) -> SearchProblem:
        """Give the same problem with further rules that count."""
        found = check_distinct(self.library, rules, len(self.distinct))
        return replace_field(self, "distinct", (*self.distinct, *found))

    def with_rule(self, rule: Rule) -> SearchProblem:
        """Give the same problem under a further rule, such as one of ``pw.rules``.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> library = pw.load_library("stdlib-2m-measured")
        >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
        >>> len(problem.with_rule(pw.rules.keep_ends(library, 1)).fixed)
        2
        """
        return _with_rules(self, [rule])

    def with_banned(self, banned: Mapping[LayerName, Iterable[str]]) -> SearchProblem:
        """Give the same problem with further variants banned."""
        found = read_banned(self.library, banned)
        none: frozenset[str] = frozenset()
        joined = {
            layer: self.banned.get(layer, none) | found.get(layer, none)
            for layer in [*self.banned, *found]
        }
        return replace_field(self, "banned", FrozenMapping(joined))


def _with_rules(problem: SearchProblem, rules: Iterable[Rule]) -> SearchProblem:
    """Add rules; two that fix one layer to different blocks are refused."""
    for rule in rules:
        for layer, name in read_choices(problem.library, rule.fixed, "rules").items():
            if problem.fixed.get(layer, name) != name:
                raise ProblemError(
                    f"rules: layer {layer!r} is fixed to two blocks. Leave one of the rules out."
                )
        problem = problem.with_fixed(rule.fixed).with_banned(rule.banned)
        problem = problem.with_rows(rule.rows).with_distinct(rule.distinct)
        for other in rule.differences:
            problem = problem.with_difference(other.architecture, other.layers)
    return problem


def replace_field(problem: SearchProblem, name: str, value: object) -> SearchProblem:
    """Copy a problem with one field changed; the value is taken as checked."""
    copy = object.__new__(SearchProblem)
    copy.__dict__.update(problem.__getstate__())
    copy.__dict__[name] = value
    return copy


def check_problem(problem: object) -> None:
    """Refuse what is no problem, with how to state one."""
    if isinstance(problem, SearchProblem):
        return
    given = "library" if isinstance(problem, BlockLibrary) else "..."
    raise ProblemError(
        f"A {type(problem).__name__} is not a SearchProblem. State the problem first: "
        f"SearchProblem({given}, minimize=..., budgets=...)."
    )


def to_mckp(problem: SearchProblem, first: str = "") -> Mckp:
    """Write a problem as arrays; a rule of difference becomes a row of ones on the old variants.

    Differing from an architecture in at least d of L layers means sharing at most L - d of its
    variants (Puzzle, App. B: ``sum x y <= alpha L``). Non-block costs are taken off the
    limits, and left out of the score. Limits are widened by ``TOLERANCE`` of the budget itself,
    whatever the costs are; a budget of 0 is kept exactly.

    Parameters
    ----------
    problem
        The problem.
    first
        A cost that is made least before the others among choices of equal score.
    """
    library = problem.library
    costs = [library.column(key) for key in problem.budgets]
    limits = [row_limits(library, budget) for budget in problem.budgets.values()]
    for rule in problem.differences:
        costs.append(_membership(library, rule.architecture))
        limits.append((-math.inf, float(len(library.layers) - rule.layers)))
    costs += [values_of(library, row) for row in problem.rows]
    limits += [row.limits for row in problem.rows]
    return Mckp(
        problem.sign * library.column(problem.objective),
        library.starts,
        np.array(costs).reshape(len(costs), int(library.starts[-1])),
        np.array([lower for lower, _ in limits], dtype=np.float64),
        np.array([upper for _, upper in limits], dtype=np.float64),
        _allowed(problem),
        row_names(problem),
        tie_levels(library, problem.budgets, first),
        tuple(kinds_of(library, rule) for rule in problem.distinct),
    )


def row_limits(library: BlockLibrary, budget: Budget) -> tuple[float, float]:
    """Limits of a budget's row: widened by the tolerance, less the non-block cost."""
    outside = library.non_block_cost(budget.resource)
    return (
        budget.lower - TOLERANCE * abs(budget.lower) - outside,
        budget.upper + TOLERANCE * abs(budget.upper) - outside,
    )


def row_names(problem: SearchProblem) -> tuple[str, ...]:
    """What each row of the knapsack is: a resource, a rule of difference, or one of one's own."""
    own = (f"rule {place}: {row.name}" for place, row in enumerate(problem.rows, 1))
    return (*problem.budgets, *_difference_names(problem.differences), *own)


def _membership(library: BlockLibrary, architecture: Architecture) -> FloatArray:
    row = np.zeros(int(library.starts[-1]))
    for layer, start in zip(library.layers, library.starts[:-1], strict=True):
        if layer.name in architecture:
            row[start + layer.positions[architecture[layer.name]]] = 1.0
    return row


def _difference_names(differences: Sequence[Difference]) -> list[str]:
    return [
        f"difference {place} (at least {rule.layers} layers)"
        for place, rule in enumerate(differences, 1)
    ]


def _allowed(problem: SearchProblem) -> BoolArray:
    library = problem.library
    allowed = np.ones(int(library.starts[-1]), dtype=np.bool_)
    for name, variant in problem.fixed.items():
        place = library.layer_positions[name]
        start, end = library.starts[place], library.starts[place + 1]
        allowed[start:end] = False
        allowed[start + library.layers[place].positions[variant]] = True
    for name, variants in problem.banned.items():
        place = library.layer_positions[name]
        for variant in variants:
            allowed[library.starts[place] + library.layers[place].positions[variant]] = False
    return allowed

"""The record: all that a user decided, immutable; what follows from it is worked out once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from puzzle_widgets.errors import ExportError
from puzzle_widgets.export import ParentConfig
from puzzle_widgets.export.parent_config import parent_config_of
from puzzle_widgets.export.targets import FIRST_TARGET
from puzzle_widgets.library import (
    BlockLibrary,
    FrozenMapping,
    PuzzletronRun,
    TableRun,
)
from puzzle_widgets.library.json_forms import library_digest
from puzzle_widgets.library.quantity import THROUGHPUT, limited_key, whole_costs
from puzzle_widgets.library.rescale import AS_MEASURED, Serving
from puzzle_widgets.library.sense import Goal, score_sense
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.problem.budget_rows import BudgetSetting, SearchRule, Sense, to_problem
from puzzle_widgets.problem.deployment import RESERVE
from puzzle_widgets.reasons.noise import NOISE
from puzzle_widgets.solution import MeasuredPoint, Scenario, Solution, parent_solution
from puzzle_widgets.state.former import FormerLibrary
from puzzle_widgets.sweeps.front import DEFAULT_POINTS

NEAR = (0.01, 0.02, 0.05, 0.1)
"""How near the optimum others can be sought, as a share of its score."""
SweepName = Literal["front", "surface", "decisions"]
# What is worked out from a record, and the fields that it comes from.
_DERIVED = {
    "problem": {"library", "objective", "goal", "budgets", "rules"},
    "parent": {"library", "objective", "goal"},
    "question": {"library", "objective", "goal"},
    "parent_config": {"library", "own_config"},
    "workloads": {"run"},
    "kept": {"scenarios", "former"},
}


@dataclass(frozen=True)
class Selection:
    """What is shown: the current solution, a point, a scenario, a row, or another architecture.

    A row is one of the decision map, ``"map"``. A point is found again by its ``use`` of the
    front's resource, for its place is another one while the front is searched. Another
    architecture that is nearly as good, ``"other"``, stands in the record itself.
    """

    kind: Literal["current", "point", "scenario", "map", "other"] = "current"
    place: int = 0
    use: float = 0.0


@dataclass(frozen=True)
class Looks:
    """How figures are shown, whatever they are.

    Parameters
    ----------
    layers
        View of the layers, as :func:`puzzle_widgets.charts.layers.views_of` names it.
    table
        Whether the points of the front are listed in place of their chart.
    truth
        Key of the figure that is predicted and measured; empty for the objective.
    compared, log_scale
        View of the comparison, empty for its first; whether its scores are logarithmic.
    share, gib
        Whether budgets are shares of the parent, and memory is in GiB.
    pale
        Whether layers in which another block hardly costs more are drawn pale.
    noise, bootstrap
        How scores are taken to be off, to see how sure an answer is: spread of the factor, and
        whether they are drawn anew from their samples, where there are any, in its place.
    baselines
        Whether what simpler ways find stands beside the front.
    near
        How near the optimum others are sought, one of ``NEAR``, as a share of its score.
    priced, multiplier
        Key of the budget whose price is moved, empty for the first; the price, in the objective's
        unit per unit of the budget.
    tab
        Name of the tab that is open; empty for the first.
    gpu, gpus, reserve
        The deployment target that the memory budget was last taken from, empty for none.
    """

    layers: str = "Size"
    table: bool = False
    truth: str = ""
    compared: str = ""
    log_scale: bool = False
    share: bool = False
    gib: bool = False
    baselines: bool = False
    noise: float = NOISE
    bootstrap: bool = False
    pale: bool = False
    priced: str = ""
    multiplier: float = 0.0
    tab: str = ""
    gpu: str = ""
    gpus: int = 1
    reserve: float = RESERVE
    near: float = 0.01

    @property
    def nearness(self) -> float:
        """How near others are sought: one of ``NEAR``, whatever a file says."""
        return self.near if self.near in NEAR else NEAR[0]


@dataclass(frozen=True)
class Record:
    """What is explored, and how: everything that the answers follow from.

    Parameters
    ----------
    library
        The library that is open.
    objective, goal
        Dotted key of the objective, and its sense; ``None`` while the user is asked for it.
    said
        Senses that the user said, by objective.
    budgets, rules
        Rows of budgets, and the rules beside them.
    selection, layer
        Which architecture is shown; the place of the layer that is open.
    other
        The architecture nearly as good that is shown, with its name; ``None`` for none.
    awaited
        The point or row to show once the front or map has it, in a record that was saved.
    front_resource, front_held, front_points
        What the front is against, whether the other budgets hold along it, limits to try.
    surface_x, surface_y, decisions_over
        What the axes of the maps limit; empty where the library has too few costs.
    cell
        Row and column of the chosen cell of the surface.
    asked
        Which of front and maps were asked for.
    scenarios, measured
        Saved solutions, and measured points beside them.
    former
        Libraries that were open before, the last one first, with the scenarios saved of each.
    reference
        Name of the scenario that all else is set against; empty for none.
    own_config, target
        The parent's configuration, where the user gave one; name of the target to export to.
    looks
        How figures are shown.
    run, workload
        What the library was read from, where that has several workloads, and the chosen one.
    serving, origin
        How the model is served, where that differs from what is open; then the library as it was
        opened, and ``library`` is worked out from it.
    notices
        What was left out of what is open, or set right, a sentence each.
    """

    library: BlockLibrary
    objective: str
    goal: Goal | None
    said: FrozenMapping[str, Goal] = FrozenMapping()
    budgets: tuple[BudgetSetting, ...] = ()
    rules: tuple[SearchRule, ...] = ()
    selection: Selection = Selection()
    other: Scenario | None = None
    awaited: Selection | None = None
    layer: int | None = None
    front_resource: str = ""
    front_held: bool = False
    front_points: int = DEFAULT_POINTS
    surface_x: str = ""
    surface_y: str = ""
    decisions_over: str = ""
    cell: tuple[int, int] | None = None
    asked: frozenset[SweepName] = frozenset()
    scenarios: tuple[Scenario, ...] = ()
    former: tuple[FormerLibrary, ...] = ()
    reference: str = ""
    measured: tuple[MeasuredPoint, ...] = ()
    own_config: ParentConfig | None = None
    target: str = FIRST_TARGET
    looks: Looks = Looks()
    run: PuzzletronRun | TableRun | None = field(default=None, compare=False)
    workload: str = ""
    serving: Serving = AS_MEASURED
    origin: BlockLibrary | None = field(default=None, compare=False)
    notices: tuple[str, ...] = field(default=(), compare=False)

    def change(self, **values: Any) -> Record:  # noqa: ANN401
        """Copy with other values; what was worked out is kept where nothing of it changes."""
        stay = [name for name, needs in _DERIVED.items() if needs.isdisjoint(values)]
        return self._carried_to(replace(self, **values), stay)

    def to_keep(self) -> Record:
        """Copy for the history, without its problem: the arrays of one take some 200 KB."""
        return self._carried_to(replace(self), _DERIVED.keys() - {"problem"})

    def _carried_to(self, copy: Record, names: Iterable[str]) -> Record:
        copy.__dict__.update({name: vars(self)[name] for name in names if name in vars(self)})
        return copy

    @property
    def direction(self) -> Goal:
        """The sense of the objective; to minimize while it is not known."""
        return self.goal or "minimize"

    @cached_property
    def question(self) -> str:
        """Why the sense of the objective is asked; empty where it is known."""
        return "" if self.goal else score_sense(self.library, self.objective).reason

    @cached_property
    def problem(self) -> SearchProblem:
        """The problem that objective, budgets and rules state."""
        return self.problem_within(self.budgets)

    @cached_property
    def parent(self) -> Solution:
        """The parent, summed by the objective."""
        return parent_solution(to_problem(self.library, self.objective, self.direction, ()))

    @cached_property
    def parent_config(self) -> ParentConfig | None:
        """The user's configuration of the parent, else the library's own where it can be read."""
        try:
            return self.own_config or parent_config_of(self.library)
        except ExportError:
            return None

    @cached_property
    def kept(self) -> tuple[Scenario, ...]:
        """All scenarios: those of the open library first, then those of former ones."""
        return (*self.scenarios, *(one for group in self.former for one in group.scenarios))

    @property
    def reference_place(self) -> int | None:
        """Place among all scenarios of the one that is the reference; ``None`` without one."""
        names = [kept.name for kept in self.kept]
        return names.index(self.reference) if self.reference in names else None

    @property
    def reference_scenario(self) -> Scenario | None:
        """The scenario that is the reference."""
        place = self.reference_place
        return None if place is None else self.kept[place]

    @cached_property
    def workloads(self) -> tuple[str, ...]:
        """Names of the workloads to choose from; empty without a run."""
        return () if self.run is None else tuple(one.name for one in self.run.workloads)

    @property
    def digest(self) -> str:
        """SHA-256 of the opened library's layers and figures, whatever its title and origin."""
        return library_digest(self.opened)

    @property
    def opened(self) -> BlockLibrary:
        """The library as it was opened, whatever workload it is worked out for."""
        return self.origin or self.library

    @property
    def held_rows(self) -> tuple[BudgetSetting, ...]:
        """Budgets that hold along the front: those on, but for those on the axis itself."""
        if not self.front_held:
            return ()
        axis = limited_key(self.front_resource)
        return tuple(row for row in self.budgets if row.on and limited_key(row.resource) != axis)

    @property
    def map_resources(self) -> list[str]:
        """Resources that a map can have for an axis, the usual ones first."""
        rows = [row.resource for row in self.budgets]
        fast = [THROUGHPUT] if self.library.has_throughput else []
        chosen = [self.surface_x, self.surface_y, self.decisions_over]
        usual = [*rows, *fast, *whole_costs(self.library.costs)]
        return list(dict.fromkeys([*usual, *filter(None, chosen)]))

    def problem_within(self, rows: tuple[BudgetSetting, ...]) -> SearchProblem:
        """The problem with these rows for budgets."""
        return to_problem(self.library, self.objective, self.direction, rows, self.rules)

    def problem_along(self, *resources: str) -> SearchProblem:
        """The problem of a map along these resources: the budgets that are no axis of it hold."""
        axes = [axis_row(resource) for resource in resources]
        return self.problem_within(
            tuple(row for row in self.budgets if (row.resource, row.sense) not in axes)
        )


def axis_row(resource: str) -> tuple[str, Sense]:
    """The row of budgets that an axis of a map stands for."""
    return resource, "at least" if resource == THROUGHPUT else "at most"

"""Actions: each takes a record, and gives the record that follows; wrong input is an error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, get_args

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.export import Finding, find_target, read_parent_config
from puzzle_widgets.library import FrozenMapping
from puzzle_widgets.library.checks import short_repr
from puzzle_widgets.library.quantity import limited_key
from puzzle_widgets.library.sense import Goal, score_sense
from puzzle_widgets.problem import SearchProblem, check_problem
from puzzle_widgets.problem.budget_rows import (
    Amount,
    BudgetSetting,
    SearchRule,
    Sense,
    check_rows,
    find_row,
    first_settings,
    lifted,
    loosened,
    read_amount,
    rules_of,
    settings_of,
)
from puzzle_widgets.problem.objective import LayerWeights, Objective
from puzzle_widgets.reasons import NextStep
from puzzle_widgets.solution import MeasuredPoint, Solution
from puzzle_widgets.solution.least_change import Change
from puzzle_widgets.state.record import Record, Selection, SweepName, axis_row
from puzzle_widgets.state.weighing import with_objective
from puzzle_widgets.sweeps import DecisionGrid, ParetoFront, SurfaceGrid
from puzzle_widgets.sweeps.budget_axis import check_resource

MOST_POINTS = 10_000


# The problem ----------------------------------------------------------------------------------


def set_objective(
    record: Record,
    objective: Objective,
    goal: Goal | None = None,
    *,
    layer_weights: LayerWeights | None = None,
) -> Record:
    """Choose the score to make best, in the sense that is said, or that the library tells.

    Where nothing tells it, the goal is ``None``, and nothing is searched until one is given. The
    objective is a dotted key, or a weighted sum of scores, ``{key: weight}``; of layers that do
    not count once, ``layer_weights`` holds ``{layer: weight}``.
    """
    if goal is not None:
        _check_goal(goal)
    weighs = isinstance(objective, Mapping) and all(
        k in record.library.plain.keys for k in objective
    )
    bare = record.library.plain if weighs else record.library  # no sum but the new one is made
    asked = SearchProblem(bare, minimize=objective, layer_weights=layer_weights)
    library, key = asked.library, asked.objective  # what the library does not have is refused
    said = record.said if goal is None else FrozenMapping({**record.said, key: goal})
    found = goal or score_sense(library, key).goal or said.get(key)
    return _stated(with_objective(record.change(goal=found, said=said), library, key))


def set_goal(record: Record, goal: Goal) -> Record:
    """Make the objective small or large."""
    _check_goal(goal)
    return record if goal == record.goal else set_objective(record, record.objective, goal)


def set_budget(
    record: Record,
    which: str | int,
    value: Amount | None = None,
    *,
    on: bool | None = None,
    sense: Sense | None = None,
) -> Record:
    """Change one limit; what is left out stays.

    Parameters
    ----------
    record
        To change.
    which
        Key of the resource, such as ``"stats.memory_mib"``, or ``"throughput"``; or the place
        of the row in ``budgets``.
    value
        The limit, in the resource's unit or as a share of the parent's, such as ``"60 %"``;
        giving one turns the limit on.
    on
        Whether the limit holds.
    sense
        ``"at most"`` or ``"at least"``; needed where both are there.
    """
    rows, place = find_row(record.library, record.budgets, which, sense)
    row = rows[place]
    number = row.value if value is None else read_amount(record.library, row.resource, value)
    held = row.on or value is not None if on is None else on
    changed = BudgetSetting(row.resource, sense or row.sense, number, held)
    if changed == row and rows == record.budgets:
        return record
    return set_budgets(record, (*rows[:place], changed, *rows[place + 1 :]))


def set_budgets(record: Record, budgets: Iterable[BudgetSetting]) -> Record:
    """Replace all rows at once."""
    return _stated(record.change(budgets=check_rows(record.library, budgets)))


def set_rules(record: Record, rules: Iterable[SearchRule]) -> Record:
    """Replace all rules at once."""
    given = tuple(rules)
    for rule in given:
        if not isinstance(rule, SearchRule):
            raise ProblemError(f"rules: {short_repr(rule)} is not a SearchRule. Give SearchRules.")
    return _stated(record.change(rules=given))


def drop_rule(record: Record, place: int) -> Record:
    """Take a rule away."""
    return set_rules(record, (*record.rules[:place], *record.rules[place + 1 :]))


def make_change(record: Record, change: Change) -> Record:
    """Make a change that an infeasible answer offers, in the rows and rules that it is about."""
    if change.limit is not None:
        limit = change.limit
        return set_budgets(record, (loosened(record.library, row, limit) for row in record.budgets))
    rules = (lifted(rule, change.lifted) for rule in record.rules)
    return set_rules(record, (rule for rule in rules if rule is not None))


def avoid(record: Record, finding: Finding) -> Record:
    """Make the search avoid a finding, and show the current solution, which does."""
    if not finding.avoidable:
        raise ProblemError("No rule of the search avoids this.")
    rule = SearchRule(finding.rule, finding.banned)
    if rule in record.rules:
        return select(record, Selection())
    return set_rules(record, (*record.rules, rule))


def reset(record: Record) -> Record:
    """Go back to the objective and limits that the library opens with, without rules."""
    library = record.library
    first = record.change(budgets=first_settings(library), rules=())
    return set_objective(first, next(iter(library.scores), library.keys[0]))


def _check_goal(goal: object) -> None:
    if goal not in get_args(Goal):
        raise ProblemError(f"goal={goal!r}: give 'minimize' or 'maximize'.")


def _stated(record: Record) -> Record:
    """Refuse what states no problem; who changes a problem wants to see its answer."""
    check_problem(record.problem)
    return select(record, Selection())


# What is shown --------------------------------------------------------------------------------


def select(record: Record, selection: Selection) -> Record:
    """Choose which architecture is shown."""
    if (selection, None, None) == (record.selection, record.awaited, record.other):
        return record
    return record.change(selection=selection, awaited=None, other=None)


def await_selection(record: Record, selection: Selection) -> Record:
    """Show a point or row as soon as the front or map has it."""
    return record.change(selection=Selection(), awaited=selection)


def open_layer(record: Record, layer: int | None) -> Record:
    """Open the layer at this place of the network, with its tab; or close it."""
    count = len(record.library.layers)
    if layer is not None and not 0 <= layer < count:
        raise ProblemError(f"layer={layer!r}: give the place of a layer, 0 to {count - 1}.")
    opened = record.change(layer=layer)
    return opened if layer is None else set_looks(opened, tab="layer")


def show_point(record: Record, front: ParetoFront | None, place: int) -> Record:
    """Show a point of the front; one that is not there is ignored."""
    if front is None or not 0 <= place < len(front.solutions):
        return record
    return select(record, Selection("point", place, front.use(front.solutions[place])))


def step_point(
    record: Record, front: ParetoFront | None, shown: Solution | None, step: int
) -> Record:
    """Go to the next (1) or previous (-1) point; from elsewhere, to the nearest one."""
    if front is None or not front.solutions:
        return record
    if record.selection.kind != "point":
        return show_point(record, front, _nearest_point(front, shown))
    last = len(front.solutions) - 1
    return show_point(record, front, min(max(record.selection.place + step, 0), last))


def show_row(record: Record, grid: DecisionGrid | None, place: int) -> Record:
    """Show a row of the decision map; one that is not answered is ignored."""
    there = grid is not None and 0 <= place < grid.asked and grid.solutions[place] is not None
    return select(record, Selection("map", place)) if there else record


def step_row(record: Record, grid: DecisionGrid | None, step: int) -> Record:
    """Go to the next (1) or previous (-1) row that is answered; from elsewhere, to one end."""
    if grid is None:
        return record
    known = [place for place, row in enumerate(grid.solutions) if row is not None]
    if record.selection.kind != "map":
        ends = known if step > 0 else known[::-1]
    else:
        here = record.selection.place
        ends = [place for place in known[::step] if (place - here) * step > 0]
    return show_row(record, grid, ends[0]) if ends else record


def _nearest_point(front: ParetoFront, shown: Solution | None) -> int:
    if shown is None or not shown.found:
        return 0
    uses = [abs(front.use(point) - front.use(shown)) for point in front.solutions]
    return uses.index(min(uses))


def set_looks(record: Record, /, **looks: Any) -> Record:  # noqa: ANN401
    """Choose how figures are shown: some fields of :class:`Looks`."""
    for name, value in looks.items():
        if type(value) is not type(getattr(record.looks, name, None)):
            known = ", ".join(vars(record.looks))
            raise ProblemError(f"{name}={short_repr(value)}: not a way to show figures ({known}).")
    return record.change(looks=replace(record.looks, **looks))


def take_step(record: Record, step: NextStep) -> Record:
    """Set the budgets to those of a next step; what it loosens is then just enough."""
    if step.solution is None:
        raise ProblemError("This step leads to no architecture.")
    return ask(record, step.solution.problem, "those of what was shown")


def ask(record: Record, problem: SearchProblem, words: str) -> Record:
    """Ask a problem; ``words`` are for its rules, where they are other ones."""
    rules = record.rules  # the words of these are the user's, where they ask the same
    if rules_of(problem, "") != rules_of(record.problem, ""):
        rules = rules_of(problem, words)
    asked = record.change(budgets=settings_of(problem, record.budgets), rules=rules)
    if (problem.objective, problem.goal) == (record.objective, record.goal):
        return _stated(asked)
    if problem.objective in asked.library.keys:
        return set_objective(asked, problem.objective, problem.goal)
    weights, by_layer = problem.weights, problem.layer_weights
    return set_objective(asked, weights, problem.goal, layer_weights=by_layer)


def set_measured(record: Record, points: Iterable[MeasuredPoint]) -> Record:
    """Show these measured points beside the search's; they replace the ones before."""
    return record.change(measured=tuple(points))


# Front and maps -------------------------------------------------------------------------------


def set_front(record: Record, resource: str | None = None, *, held: bool | None = None) -> Record:
    """Ask for the front against a resource, with or without the other budgets held along it."""
    axis = _checked_axis(record, resource or record.front_resource)
    kept = record.front_held if held is None else held
    return start(record.change(front_resource=axis, front_held=kept), "front")


def set_front_points(record: Record, points: int) -> Record:
    """Choose how many limits to try along the front; one that was there is searched again."""
    if not isinstance(points, int) or not 2 <= points <= MOST_POINTS:
        raise ProblemError(f"points={points!r}: give a whole number from 2 to {MOST_POINTS:,}.")
    return record.change(front_points=points)


def set_surface(record: Record, x: str | None = None, y: str | None = None) -> Record:
    """Choose the resources of the surface; one that is searched or found is searched again."""
    across, up = x or record.surface_x, y or record.surface_y
    if limited_key(across) == limited_key(up):  # the axis that was not chosen makes room
        across, up = (across, record.surface_x) if x else (record.surface_y, up)
    if limited_key(across) == limited_key(up):
        raise ProblemError(f"x={x!r}, y={y!r}: both limit {across!r}. Choose two resources.")
    for axis in filter(None, (across, up)):
        _checked_axis(record, axis)
    cell = record.cell if (across, up) == (record.surface_x, record.surface_y) else None
    return record.change(surface_x=across, surface_y=up, cell=cell)


def choose_cell(record: Record, row: int, column: int) -> Record:
    """Choose a cell of the surface, without its limits."""
    if not all(isinstance(place, int) and place >= 0 for place in (row, column)):
        words = short_repr((row, column))
        raise ProblemError(f"cell={words}: give a row and a column, from 0 on.")
    return record.change(cell=(row, column))


def set_decisions(record: Record, over: str) -> Record:
    """Choose what the rows of the decision map limit."""
    return record.change(decisions_over=_checked_axis(record, over))


def start(record: Record, sweep: SweepName) -> Record:
    """Ask for the front or a map.

    A front waits where the sense of the objective is asked; a map is refused.
    """
    if sweep != "front" and record.question:
        raise ProblemError(record.question)
    if sweep == "surface" and not record.surface_y:
        raise ProblemError("A budget surface needs two costs; this library has fewer.")
    return record if sweep in record.asked else record.change(asked=record.asked | {sweep})


def stop(record: Record, sweep: SweepName) -> Record:
    """Ask no longer for the front or a map."""
    return record.change(asked=record.asked - {sweep}) if sweep in record.asked else record


def use_cell(record: Record, grid: SurfaceGrid | None, row: int, column: int) -> Record:
    """Choose a cell of the surface, and turn on its two limits; one not there is ignored."""
    if grid is None or not (0 <= row < len(grid.y) and 0 <= column < len(grid.x)):
        return record
    budgets = record.budgets
    for axis, place in ((grid.x, column), (grid.y, row)):
        _, sense = axis_row(axis.resource)
        budgets, found = find_row(record.library, budgets, axis.resource, sense)
        limit = BudgetSetting(axis.resource, sense, axis.limits[place], on=True)
        budgets = (*budgets[:found], limit, *budgets[found + 1 :])
    return set_budgets(choose_cell(record, row, column), budgets)


def _checked_axis(record: Record, resource: str) -> str:
    check_resource(record.problem, resource)
    return resource


# Export ---------------------------------------------------------------------------------------


def set_target(record: Record, name: str) -> Record:
    """Choose what to export to, by the name of a target."""
    return record.change(target=find_target(name).name)


def open_parent_config(record: Record, content: bytes, file: str) -> Record:
    """Take the parent's configuration from a file."""
    return record.change(own_config=read_parent_config(content, file))


def forget_parent_config(record: Record) -> Record:
    """Go back to the configuration that the library carries, if it carries one."""
    return record.change(own_config=None)

"""Records to act on, and random actions."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TypeVar, get_args

from hypothesis import strategies as st

import puzzle_widgets as pw
from puzzle_widgets.errors import PuzzleError
from puzzle_widgets.library import FrozenMapping, LayerName
from puzzle_widgets.problem import Difference
from puzzle_widgets.problem.budget_rows import BudgetSetting, SearchRule
from puzzle_widgets.state import Record, actions, kept_actions, opening
from puzzle_widgets.state.record import SweepName
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library

QUALITY = "metrics.quality"
ROWS = [
    [(0.0, 1.0, 10.0, 60.0), (1.0, 2.0, 6.0, 40.0), (2.5, 0.5, 1.0, 20.0)],
    [(0.0, 2.0, 10.0, 60.0), (1.5, 1.0, 7.0, 30.0), (2.0, 3.0, 2.0, 25.0)],
    [(0.0, 1.0, 10.0, 60.0), (0.5, 3.0, 5.0, 50.0), (3.0, 2.0, 1.0, 10.0)],
]
Action = Callable[[Record], Record]
T = TypeVar("T")


def small() -> pw.BlockLibrary:
    """Three layers; which way its quality is better is not told by anything."""
    return make_library(ROWS, keys=(LOSS, QUALITY, MEMORY, RUNTIME))


@cache
def first() -> Record:
    """The record that the small library begins with."""
    return opening.open_library(small())


@cache
def best(budget: int) -> pw.Solution:
    """An answer to keep."""
    problem = pw.SearchProblem(first().library, minimize=LOSS, budgets={MEMORY: budget})
    return pw.search(problem)


def _allowed(action: Action) -> Action:
    """What is refused leaves the record as it was."""

    def act(record: Record) -> Record:
        try:
            return action(record)
        except PuzzleError:
            return record

    return act


def _mapping(layer: LayerName, value: T) -> FrozenMapping[LayerName, T]:
    return FrozenMapping({layer: value})


_resources = st.sampled_from([MEMORY, RUNTIME, "throughput", LOSS, "stats.disk"])
_axes = st.sampled_from([MEMORY, RUNTIME, "throughput", "stats.disk"])
_amounts = st.one_of(st.floats(-5, 1e4), st.sampled_from(["60 %", "much", float("inf")]))
_names = st.text("ab ", max_size=3)
_places = st.integers(-1, 4)
_rules = st.lists(
    st.one_of(
        st.integers(0, 2).map(
            lambda layer: SearchRule("no v1", _mapping(layer, frozenset({"v1"})))
        ),
        st.just(SearchRule("first as it is", fixed=_mapping(0, "parent"))),
        st.integers(0, 2).map(
            lambda layers: SearchRule(
                "other",
                differences=(
                    Difference(FrozenMapping(first().library.parent_architecture), layers),
                ),
            )
        ),
    ),
    max_size=2,
)
_sweeps: st.SearchStrategy[SweepName] = st.sampled_from(get_args(SweepName))

random_actions: st.SearchStrategy[Action] = st.one_of(
    st.builds(
        lambda which, value, on, sense: (
            lambda record: actions.set_budget(record, which, value, on=on, sense=sense)
        ),
        st.one_of(_resources, _places),
        st.one_of(st.none(), _amounts),
        st.one_of(st.none(), st.booleans()),
        st.sampled_from([None, "at most", "at least", "below"]),
    ),
    st.builds(
        lambda key, goal: lambda record: actions.set_objective(record, key, goal),
        st.sampled_from([LOSS, QUALITY, RUNTIME, "metrics.x"]),
        st.sampled_from([None, "minimize", "maximize", "best"]),
    ),
    st.builds(
        lambda value: (
            lambda record: actions.set_budgets(
                record, (BudgetSetting(MEMORY, "at most", value, on=True),)
            )
        ),
        st.floats(),
    ),
    _rules.map(lambda rules: lambda record: actions.set_rules(record, rules)),
    _places.map(lambda place: lambda record: actions.drop_rule(record, place)),
    st.just(actions.reset),
    st.builds(
        lambda name, budget: lambda record: kept_actions.keep(record, name, best(budget)),
        _names,
        st.sampled_from([5, 12, 30]),
    ),
    st.builds(
        lambda place, name: lambda record: kept_actions.rename(record, place, name), _places, _names
    ),
    _places.map(lambda place: lambda record: kept_actions.delete(record, place)),
    st.builds(
        lambda loss, quality, layer, goal: (
            lambda record: actions.set_objective(
                record, {LOSS: loss, QUALITY: quality}, goal, layer_weights={layer: 2}
            )
        ),
        st.sampled_from([1, 0.5]),
        st.sampled_from([0, -0.25, 3]),
        _places,
        st.sampled_from([None, "minimize"]),
    ),
    _places.map(lambda place: lambda record: kept_actions.restore(record, place)),
    _places.map(lambda place: lambda record: kept_actions.show_scenario(record, place)),
    st.one_of(st.none(), _places).map(
        lambda place: lambda record: kept_actions.set_reference(record, place)
    ),
    st.one_of(st.none(), _places).map(
        lambda layer: lambda record: actions.open_layer(record, layer)
    ),
    st.builds(
        lambda axis, held: lambda record: actions.set_front(record, axis, held=held),
        _axes,
        st.booleans(),
    ),
    st.integers(0, 40).map(lambda points: lambda record: actions.set_front_points(record, points)),
    st.builds(
        lambda x, y: lambda record: actions.set_surface(record, x, y),
        st.one_of(st.none(), _axes),
        st.one_of(st.none(), _axes),
    ),
    _axes.map(lambda axis: lambda record: actions.set_decisions(record, axis)),
    st.builds(
        lambda row, column: lambda record: actions.choose_cell(record, row, column),
        _places,
        _places,
    ),
    st.sampled_from([True, 3]).map(lambda gib: lambda record: actions.set_looks(record, gib=gib)),
    st.sampled_from(["report", "paper"]).map(
        lambda name: lambda record: actions.set_target(record, name)
    ),
    _sweeps.map(lambda name: lambda record: actions.start(record, name)),
    _sweeps.map(lambda name: lambda record: actions.stop(record, name)),
).map(_allowed)

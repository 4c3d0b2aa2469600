"""Rows of the budget panel: what they offer, mean, and cannot meet."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping
from puzzle_widgets.library.quantity import (
    KV_HEADS,
    MEMORY,
    PARAMETERS,
    RUNTIME,
    THROUGHPUT,
    limited_key,
)
from puzzle_widgets.problem.budget_rows import (
    BudgetSetting,
    SearchRule,
    budget_range,
    cannot_be_met,
    first_settings,
    lifted,
    loosened,
    settings_of,
    to_problem,
)
from tests.support.libraries import EMBEDDED, make_library


@pytest.fixture(scope="module")
def library() -> pw.BlockLibrary:
    """The embedded library."""
    return pw.load_library(EMBEDDED)


def test_the_first_rows_are_what_the_library_has(library: pw.BlockLibrary) -> None:
    """Memory, runtime, throughput, parameters and KV heads; memory and throughput are on."""
    rows = first_settings(library)
    assert [row.resource for row in rows] == [MEMORY, RUNTIME, THROUGHPUT, PARAMETERS, KV_HEADS]
    assert [row.resource for row in rows if row.on] == [MEMORY, THROUGHPUT]
    assert pw.search(to_problem(library, "metrics.kl_div", "minimize", rows)).status == "optimal"


def test_without_throughput_the_runtime_is_limited() -> None:
    """A library that says no batch size has no throughput row; its runtime row is on."""
    library = replace(make_library([[(0, 4, 8), (1, 2, 3)]]), measurement=pw.Measurement())
    assert {row.resource: row.on for row in first_settings(library)} == {
        MEMORY: True,
        RUNTIME: True,
    }


def test_a_library_of_unknown_costs_offers_those() -> None:
    """Where none of the usual stats is there, the first costs are offered, all off."""
    library = make_library([[(0, 4), (1, 2)]], keys=("metrics.loss", "stats.energy_j"))
    rows = first_settings(library)
    assert [(row.resource, row.sense, row.on) for row in rows] == [
        ("stats.energy_j", "at most", False)
    ]


def test_a_throughput_limit_is_a_runtime_budget(library: pw.BlockLibrary) -> None:
    """At least 6,000 tokens/s is at most batch x sequence length / 6,000 of runtime."""
    rows = (BudgetSetting(THROUGHPUT, "at least", 6000.0, on=True),)
    problem = to_problem(library, "metrics.kl_div", "minimize", rows)
    assert problem == pw.SearchProblem(library, minimize="metrics.kl_div", throughput=6000)


def test_limits_on_one_resource_hold_together(library: pw.BlockLibrary) -> None:
    """Two upper limits give the tighter one; a lower one joins; rows that are off do not count."""
    rows = (
        BudgetSetting(RUNTIME, "at most", 50_000.0, on=True),
        BudgetSetting(THROUGHPUT, "at least", 6000.0, on=True),
        BudgetSetting(RUNTIME, "at least", 20_000.0, on=True),
        BudgetSetting(MEMORY, "at most", 1.0, on=False),
    )
    budgets = to_problem(library, "metrics.kl_div", "minimize", rows).budgets
    assert dict(budgets) == {RUNTIME: pw.Budget(RUNTIME, 20_000.0, 50_000.0)}


def test_the_rows_of_a_problem_state_that_problem(library: pw.BlockLibrary) -> None:
    """Budgets to rows and back is the same problem; rows that it does not limit are off."""
    problem = pw.SearchProblem(
        library,
        maximize="metrics.lm_loss",
        budgets={MEMORY: (10_000, 80_000), KV_HEADS: (None, 300)},
    )
    rows = settings_of(problem, first_settings(library))
    assert to_problem(library, "metrics.lm_loss", "maximize", rows) == problem
    assert not next(row for row in rows if row.resource == THROUGHPUT).on


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (BudgetSetting(MEMORY, "at most", -1.0), "least possible is 0 MiB"),
        (BudgetSetting(KV_HEADS, "at least", 641.0), "most possible is 640"),
        (BudgetSetting(MEMORY, "at most", 10.0), ""),
        (BudgetSetting(THROUGHPUT, "at least", 1e9), ""),
    ],
)
def test_what_no_architecture_meets_is_said(
    library: pw.BlockLibrary, row: BudgetSetting, words: str
) -> None:
    """A limit outside the reach of all architectures is named with what is possible."""
    found = cannot_be_met(library, row)
    assert words in found
    assert bool(found) == bool(words)


def test_an_impossible_throughput_names_the_fastest() -> None:
    """Where every block costs time, the greatest throughput is said in tokens/s."""
    library = make_library([[(0, 4, 8), (1, 2, 4)]], measurement=pw.Measurement(2, 10))
    row = BudgetSetting(THROUGHPUT, "at least", 6000.0)
    assert "5,000 tokens/s" in cannot_be_met(library, row)


def test_ranges_span_what_is_possible(library: pw.BlockLibrary) -> None:
    """A slider spans least to greatest sum; throughput ends at five times the parent."""
    memory = budget_range(library, MEMORY)
    assert (memory.low, memory.high) == library.total_range(MEMORY)
    assert memory.parent == library.parent_totals[MEMORY]
    speed = budget_range(library, THROUGHPUT)
    assert math.isclose(speed.high, 5 * speed.parent)
    assert speed.low <= speed.parent * (1 + 1e-12)


def test_throughput_has_its_own_unit_and_limits_runtime(library: pw.BlockLibrary) -> None:
    """Throughput is in tokens/s, and is a limit on runtime."""
    assert library.quantity(THROUGHPUT).title == "Throughput (tokens/s)"
    assert library.quantity(MEMORY).title == "Memory (MiB)"
    assert limited_key(THROUGHPUT) == RUNTIME
    assert limited_key(MEMORY) == MEMORY


def test_only_a_tighter_row_on_the_same_sum_is_loosened(library: pw.BlockLibrary) -> None:
    """Throughput in its own unit; what is off, of another sum or loose enough stays."""
    runtime = pw.Budget(RUNTIME, upper=50_000.0)
    speed = BudgetSetting(THROUGHPUT, "at least", 1e5, on=True)
    found = loosened(library, speed, runtime)
    assert (found.resource, found.sense) == (THROUGHPUT, "at least")
    assert library.runtime_at(found.value) == pytest.approx(50_000)
    for row in (
        replace(speed, on=False),
        replace(speed, value=1.0),
        BudgetSetting(MEMORY, "at most", 1.0, on=True),
        BudgetSetting(RUNTIME, "at least", 1e9, on=True),
    ):
        assert loosened(library, row, runtime) == row
    low = BudgetSetting(RUNTIME, "at least", 9.0, on=True)
    assert loosened(library, low, pw.Budget(RUNTIME, lower=7.0)).value == 7


def test_a_rule_is_lifted_for_some_variants_only() -> None:
    """What is left of it says so; nothing left is no rule; a rule that is not concerned stays."""
    rule = SearchRule("no big", banned=FrozenMapping([(0, frozenset("ab")), (1, frozenset("a"))]))
    left = lifted(rule, {0: "a"})
    assert left is not None
    assert left.words == "no big, with exceptions"
    assert dict(left.banned) == {0: frozenset("b"), 1: frozenset("a")}
    assert lifted(rule, {5: "a"}) is rule
    assert lifted(SearchRule("keep", fixed=FrozenMapping([(0, "a")])), {0: "b"}) is None


def test_a_throughput_limit_comes_back_as_one(library: pw.BlockLibrary) -> None:
    """Restoring a problem's rows turns on the throughput row, not that of the runtime."""
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", throughput=6_000)
    on = [row for row in settings_of(problem, first_settings(library)) if row.on]
    assert on == [BudgetSetting(THROUGHPUT, "at least", 6_000.0, on=True)]
    again = to_problem(library, "metrics.kl_div", "minimize", on)
    assert again == problem

"""Why nothing is feasible, in words."""

from __future__ import annotations

from typing import Any

import pytest

import puzzle_widgets as pw
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library

RATE = "tokens/s"
LIBRARY = make_library([[(0, 10, 60), (1, 6, 70)], [(0, 20, 40), (2, 5, 90)]])


def reason(**rules: Any) -> str:
    """Give the reason of an infeasible problem."""
    library = rules.pop("library", LIBRARY)
    solution = pw.search(pw.SearchProblem(library, minimize=LOSS, **rules))
    assert solution.status == "infeasible"
    return solution.reason


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (
            {"budgets": {MEMORY: 10}},
            "Memory of at most 10 MiB is asked, but the least possible is 11 MiB.",
        ),
        (
            {"budgets": {RUNTIME: (161, None)}},
            "Runtime of at least 161 ms is asked, but the most possible is 160 ms.",
        ),
        (
            {"throughput": 2000},
            f"Throughput of at least 2,000 {RATE} is asked, but the most possible is 1,000 {RATE}.",
        ),
        (
            {"budgets": {MEMORY: 15}, "fixed": {0: "v0", 1: "v0"}},
            "Memory of at most 15 MiB is asked, but the least possible is 30 MiB.",
        ),
        (
            {"budgets": {MEMORY: (20, 30)}, "banned": {1: ["v0"]}},
            (
                "Memory of at least 20 MiB and at most 30 MiB is asked, "
                "but the most possible is 15 MiB."
            ),
        ),
        (
            {"banned": {0: ["v0", "v1"]}},
            "Layer 0: every variant is banned. Allow one of them.",
        ),
        (
            {"latency_ms": 120, "budgets": {RUNTIME: (130, None)}},
            "Runtime of at least 130 ms and at most 120 ms is asked, which contradict each other.",
        ),
    ],
)
def test_a_rule_that_cannot_be_met_is_named(rules: dict[str, Any], words: str) -> None:
    """The budget is named with its unit and with the least or most that is possible."""
    assert reason(**rules) == words


def test_budgets_that_only_clash_are_told_with_what_they_leave() -> None:
    """Each budget can be met alone; the words say what the others leave possible."""
    text = reason(budgets={MEMORY: 12, RUNTIME: 110})
    assert text == (
        "No architecture meets all limits together: Memory of at most 12 MiB is asked; "
        "Runtime of at most 110 ms is asked. "
        "Under the other limits, Memory is at least 26 MiB. "
        "Under the other limits, Runtime is at least 160 ms."
    )


def test_lower_limits_that_clash_are_told_with_what_they_leave() -> None:
    """For a lower limit the greatest possible sum is told."""
    text = reason(budgets={MEMORY: (27, None), RUNTIME: (105, None)})
    assert text.endswith(
        "Under the other limits, Memory is at most 26 MiB. "
        "Under the other limits, Runtime is at most 100 ms."
    )


def test_negative_costs_keep_their_sign_in_the_words() -> None:
    """Measured by differencing, a cost may be below zero."""
    library = make_library([[(0, -5, 60), (1, -9, 70)], [(0, 2, 40), (2, -3, 90)]])
    text = reason(library=library, budgets={MEMORY: -11, RUNTIME: 110})
    assert "Memory is at least -7 MiB." in text


def test_a_limit_missed_by_little_is_not_told_as_met() -> None:
    """Where rounding would write limit and least alike, the distance is written."""
    library = make_library([[(0, 80_000.3, 1)]])
    assert reason(library=library, budgets={MEMORY: 80_000.1}) == (
        "Memory of at most 80,000 MiB is asked, but the least possible is 0.2 MiB away from that."
    )


def test_a_throughput_that_clashes_keeps_its_name() -> None:
    """It never turns up as a runtime, in what is asked nor in what is left."""
    text = reason(throughput=900, budgets={MEMORY: 12})
    assert "Throughput of at least 900 tokens/s is asked" in text
    assert "Under the other limits, Throughput is at most 625 tokens/s." in text
    assert "Runtime" not in text


def test_integer_budgets_that_no_sum_hits() -> None:
    """A fraction of two blocks would meet them; where no side is to blame, none is named."""
    assert reason(budgets={MEMORY: (16, 25)}) == (
        "No architecture meets all limits together: "
        "Memory of at least 16 MiB and at most 25 MiB is asked."
    )


def test_rules_of_difference_are_named() -> None:
    """To differ in more layers than there are is impossible."""
    problem = pw.SearchProblem(LIBRARY, minimize=LOSS).with_difference({0: "v0", 1: "v0"}, 3)
    solution = pw.search(problem)
    assert solution.status == "infeasible"
    assert "1 rules of difference" in solution.reason

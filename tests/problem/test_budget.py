"""Every form of a budget."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.problem.budget import read_budget

INF = math.inf


@pytest.mark.parametrize(
    ("spec", "lower", "upper"),
    [
        (80_000, -INF, 80_000),
        (np.float32(0.5), -INF, 0.5),
        ("75", -INF, 75),
        ((None, 7), -INF, 7),
        ((3, None), 3, INF),
        ((3, 7), 3, 7),
        ((7, 7), 7, 7),
        ("85 %", -INF, 170),
        (" 12.5% ", -INF, 25),
        (pw.Share(0.5), -INF, 100),
        (("10 %", pw.Share(1)), 20, 200),
        ((-INF, INF), -INF, INF),
        (INF, -INF, INF),
        (None, -INF, INF),
        ((None, None), -INF, INF),
        ("inf", -INF, INF),
        (pw.Share(INF), -INF, INF),
        (10**400, -INF, INF),
        (0, -INF, 0),
        (-5.5, -INF, -5.5),
    ],
)
def test_forms_of_a_limit(spec: Any, lower: float, upper: float) -> None:
    """Upper alone, both, shares of the parent's 200, and None or infinity for no limit."""
    budget = read_budget("stats.m", spec, 200.0)
    assert (budget.resource, budget.lower, budget.upper) == ("stats.m", lower, upper)
    assert budget.limits == (math.isfinite(lower) or math.isfinite(upper))


@pytest.mark.parametrize(
    "spec",
    [
        *["much", "", "85 percent", "1e2 %", math.nan, pw.Share(math.nan), True, np.bool_(1)],
        *[pw.Share("x"), [1, 2], {}, (1, 2, 3), (), (math.nan, 1), ("x", 1), 1j],  # type: ignore[arg-type]
    ],
)
def test_what_is_no_limit_is_refused(spec: Any) -> None:
    """Words, NaN, truth values and odd shapes are told apart from limits."""
    with pytest.raises(pw.ProblemError, match=r"Budget on stats\.m: .*Give "):
        read_budget("stats.m", spec, 200.0)


def test_limits_in_the_wrong_order_are_refused() -> None:
    """The lower limit comes first."""
    with pytest.raises(pw.ProblemError, match=r"lower limit 7 is above upper limit 3\. Give"):
        read_budget("stats.m", (7, 3), 200.0)


def test_two_budgets_at_once_are_the_tighter_limits() -> None:
    """Both hold after they are joined."""
    joined = pw.Budget("stats.m", 1, 9).tighten(pw.Budget("stats.m", 3, INF))
    assert joined == pw.Budget("stats.m", 3, 9)

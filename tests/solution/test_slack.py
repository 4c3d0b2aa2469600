"""What an answer leaves of each limit, and which limits hold it back."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping
from puzzle_widgets.library.quantity import THROUGHPUT
from puzzle_widgets.problem.budget_rows import BudgetSetting, to_problem
from puzzle_widgets.solution.slack import binding, slack_of
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library, random_rows

LIBRARY = make_library([[(0, 10, 60), (1, 6, 50)], [(0, 20, 40), (2, 5, 30)]])


def limit(resource: str, value: float, sense: str = "at most") -> BudgetSetting:
    """Give a row that is on."""
    return BudgetSetting(resource, sense, value, on=True)  # type: ignore[arg-type]


def answer(*rows: BudgetSetting, library: pw.BlockLibrary = LIBRARY) -> pw.Solution:
    """Search within some rows."""
    return pw.search(to_problem(library, LOSS, "minimize", rows))


def test_a_limit_with_room_for_every_better_block_does_not_bind() -> None:
    """The parent fits: what is left is left, and nothing is held back."""
    row = limit(MEMORY, 35)
    slack = slack_of(answer(row), row)
    assert slack is not None
    assert (slack.amount, slack.binds) == (5, False)


def test_of_two_limits_only_the_one_that_holds_back_binds() -> None:
    """Runtime forces the smaller block; memory would allow the parent."""
    memory, runtime = limit(MEMORY, 40), limit(RUNTIME, 95)
    found = answer(memory, runtime)
    assert binding(found, (memory, runtime)) == (runtime,)
    slack = slack_of(found, runtime)
    assert slack is not None
    assert slack.amount == 95 - found.totals[RUNTIME]


def test_throughput_is_told_in_its_own_unit() -> None:
    """Tokens/s above the limit, though the search limits the runtime."""
    row = limit(THROUGHPUT, 1_050, "at least")
    found = answer(row)
    slack = slack_of(found, row)
    assert slack is not None
    assert slack.binds
    assert slack.amount == pytest.approx((found.throughput or 0) - 1_050)


def test_of_two_limits_on_one_sum_the_tighter_binds() -> None:
    """Runtime and throughput limit the same sum; each tells its own distance."""
    rows = (limit(RUNTIME, 95), limit(THROUGHPUT, 100, "at least"))
    assert binding(answer(*rows), rows) == rows[:1]


def test_a_lower_limit_binds_from_below() -> None:
    """Least memory would be best here, but for the limit."""
    library = make_library([[(2, 10, 1), (0, 6, 1)], [(3, 20, 1), (0, 5, 1)]])
    row, low = limit(MEMORY, 14, "at least"), limit(MEMORY, 3, "at least")
    found = answer(row, library=library)
    slack = slack_of(found, row)
    assert slack is not None
    assert slack.binds
    assert slack.amount == found.totals[MEMORY] - 14
    assert binding(answer(low, library=library), (low,)) == ()


def test_without_prices_a_limit_binds_where_no_better_block_fits() -> None:
    """Other solvers give no shadow prices; the blocks tell as much."""
    row, wide = limit(MEMORY, 20), limit(MEMORY, 40)
    bare = replace(answer(row), shadow_prices=FrozenMapping())
    assert binding(bare, (row,)) == (row,)
    assert binding(replace(answer(wide), shadow_prices=FrozenMapping()), (wide,)) == ()


def test_what_does_not_hold_has_no_slack() -> None:
    """A row that is off, a limit that the answer was not held to, and no answer at all."""
    row = limit(MEMORY, 20)
    found = answer(row)
    assert slack_of(found, replace(row, on=False)) is None
    assert slack_of(found, limit(RUNTIME, 95)) is None
    assert slack_of(found, limit(MEMORY, 15)) is None
    assert slack_of(answer(limit(MEMORY, 1)), limit(MEMORY, 1)) is None
    assert slack_of(found, limit(THROUGHPUT, 0, "at least")) is None


@pytest.mark.parametrize("seed", range(40))
def test_without_a_limit_that_does_not_bind_the_lone_answer_stays(seed: int) -> None:
    """By brute force: lifting it betters nothing."""
    rng = np.random.default_rng(seed)
    library = make_library(random_rows(rng, "ties" if seed % 2 else ""))
    low, high = library.total_range(MEMORY)
    row = limit(MEMORY, float(rng.uniform(low, high)))
    found, free = answer(row, library=library), answer(library=library)
    slack = slack_of(found, row)
    assert slack is not None
    assert math.isclose(slack.amount, row.value - found.totals[MEMORY], abs_tol=1e-9)
    assert slack.binds or math.isclose(found.score, free.score, abs_tol=1e-9)

"""What an engine answers, in bare numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from puzzle_widgets.problem.mckp import BoolArray, FloatArray, IntArray

Status = Literal["optimal", "feasible", "infeasible", "no_solution_in_time"]
Ties = Literal["none", "settled", "unproven", "other"]
Cancelled = Callable[[], bool]


def never() -> bool:
    """Stand in for a cancel that nobody gives."""
    return False


@dataclass(frozen=True, eq=False)
class Outcome:
    """Answer to one bare knapsack.

    Parameters
    ----------
    status
        ``"optimal"`` only where the bound proves it.
    choice
        One flat variable index per layer, shape (layers,); ``None`` where there is none.
    score
        The choice's score in the minimized sense; infinite where there is no choice.
    bound
        No choice can score below it; infinite where none is feasible.
    engine
        What proved it, such as ``"PuLP HiGHS"``.
    prices
        Shadow price of each row's limit: score saved per unit of a raised upper limit, negative
        for a lower limit, shape (rows,); ``None`` where the engine gives none.
    open
        Variables that a choice of equal score can have, shape (n,); ``None`` where not known.
    ties
        Of an optimum: ``"none"`` where no other choice scores the same, ``"settled"`` where the
        knapsack's ties are proven to go to this one, ``"unproven"`` before or without that; of
        a given choice ``"other"`` where they are proven to go to another.
    """

    status: Status
    choice: IntArray | None = None
    score: float = math.inf
    bound: float = -math.inf
    engine: str = ""
    prices: FloatArray | None = None
    open: BoolArray | None = None
    ties: Ties = "unproven"


def infeasible(engine: str) -> Outcome:
    """Answer that no choice keeps all rows."""
    return Outcome("infeasible", bound=math.inf, engine=engine)


class TooManyStatesError(Exception):
    """The states of a dynamic program outgrew their cap."""


class StoppedError(Exception):
    """Time ran out, or somebody cancelled."""

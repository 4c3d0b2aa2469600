"""What an engine answers, in bare numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from puzzle_widgets.problem.mckp import BoolArray, FloatArray, IntArray, Mckp

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

    def is_within(self, gap: float) -> bool:
        """Whether a gap is asked for, and reached."""
        return bool(gap) and self.score - self.bound <= gap * max(abs(self.score), 1e-9)


def infeasible(engine: str) -> Outcome:
    """Answer that no choice keeps all rows."""
    return Outcome("infeasible", bound=math.inf, engine=engine)


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Answers to many knapsacks, as far as they were searched.

    Parameters
    ----------
    statuses
        Of each, as for :class:`Outcome`.
    scores, bounds
        In the minimized sense, shape (done,).
    choices
        Flat variable indices, shape (done, layers); -1 where there is none.
    prices
        Shadow price of each row, shape (done, rows).
    ties, engines
        Of each, as for :class:`Outcome`.
    """

    statuses: tuple[Status, ...]
    scores: FloatArray
    bounds: FloatArray
    choices: IntArray
    prices: FloatArray
    ties: tuple[Ties, ...]
    engines: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.scores)

    def __iter__(self) -> Iterator[Outcome]:
        return (self[place] for place in range(len(self)))

    def __getitem__(self, place: int) -> Outcome:
        status, engine = self.statuses[place], self.engines[place]
        if status == "infeasible":
            return infeasible(engine)
        choice = self.choices[place]
        return Outcome(
            status,
            None if choice[0] < 0 else choice,
            float(self.scores[place]),
            float(self.bounds[place]),
            engine,
            self.prices[place],
            ties=self.ties[place],
        )

    @classmethod
    def of(cls, found: Sequence[Outcome], mckp: Mckp) -> Outcomes:
        """Gather answers that came one by one."""
        none, free = np.full(mckp.layers, -1, dtype=np.intp), np.zeros(len(mckp.rows))
        return cls(
            tuple(one.status for one in found),
            np.array([one.score for one in found]),
            np.array([one.bound for one in found]),
            np.array(
                [none if one.choice is None else one.choice for one in found], dtype=np.intp
            ).reshape(len(found), mckp.layers),
            np.array([free if one.prices is None else one.prices for one in found]).reshape(
                len(found), len(mckp.rows)
            ),
            tuple(one.ties for one in found),
            tuple(one.engine for one in found),
        )

    @classmethod
    def joined(cls, parts: Sequence[Outcomes], mckp: Mckp) -> Outcomes:
        """Join answers that came some at a time."""
        parts = [cls.of([], mckp), *parts]
        return cls(
            tuple(status for part in parts for status in part.statuses),
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.bounds for part in parts]),
            np.concatenate([part.choices for part in parts]),
            np.concatenate([part.prices for part in parts]),
            tuple(ties for part in parts for ties in part.ties),
            tuple(engine for part in parts for engine in part.engines),
        )


class TooManyStatesError(Exception):
    """The states of a dynamic program outgrew their cap."""


class StoppedError(Exception):
    """Time ran out, or somebody cancelled."""

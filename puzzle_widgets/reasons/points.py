"""Which point of a front: its knee, what each step along it buys, and its hypervolume."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from puzzle_widgets.deferred import pd
from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library.checks import short_repr
from puzzle_widgets.library.model import FloatArray
from puzzle_widgets.library.quantity import THROUGHPUT, format_share
from puzzle_widgets.library.tables import to_frame
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.reasons.words import Told, label_of, score_words
from puzzle_widgets.solution import Solution
from puzzle_widgets.sweeps import FullFront, ParetoFront

Front = ParetoFront | FullFront
KNEE_SOURCE = (
    "the knee is the point farthest from the straight line between the ends, both axes scaled to "
    "0..1 (I. Das, Structural Optimization 18, 1999)"
)
HYPERVOLUME_SOURCE = (
    "the hypervolume is the area between the front and its worst use and score "
    "(E. Zitzler and L. Thiele, IEEE Trans. Evol. Comput. 3, 1999)"
)


@dataclass(frozen=True, eq=False, repr=False)
class PointAdvice(Told):
    """What a front says about its points.

    Parameters
    ----------
    front
        The front.
    use, score
        Of each point, by rising use of the resource (rising throughput), shape (points,).
    distances
        How far each point is on the better side of the line between the ends, both axes scaled to
        0..1, shape (points,); 0 at the ends.
    rates
        How much better the score gets from each point to the next worse one in use, per unit of
        the resource that this takes, shape (points - 1,).
    hypervolume
        Area that the front dominates, in units of the resource times units of the score.
    hypervolume_share
        The same as a share of the box between the front's ends: 0.5 for a straight line, more
        for a front that bends the good way.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> front = pw.pareto_front(problem, "stats.memory_mib", points=9)
    >>> found = pw.which_point(front)
    >>> found.knee is front.solutions[found.knee_place]
    True
    >>> bool(0.5 < found.hypervolume_share < 1)
    True
    """

    front: Front
    problem: SearchProblem
    use: FloatArray
    score: FloatArray
    distances: FloatArray
    rates: FloatArray
    hypervolume: float
    hypervolume_share: float

    @property
    def knee_place(self) -> int | None:
        """Which point is the knee; ``None`` where the front does not bend the good way."""
        if len(self.distances) < 3 or self.distances.max() <= 1e-9:
            return None
        return int(np.argmax(self.distances))

    @property
    def knee(self) -> Solution | None:
        """The knee itself."""
        place = self.knee_place
        if place is None:
            return None
        if isinstance(self.front, FullFront):
            return self.front[place]
        return self.front.solutions[place]

    @property
    def sentences(self) -> tuple[str, ...]:
        """The knee and what steps beside it buy; the hypervolume; each with its formula."""
        return self.numbered(0)

    def numbered(self, first: int) -> tuple[str, ...]:
        """The sentences, with points numbered from ``first``: 0 as in Python, 1 as on screens."""
        return (*self._knee_words(first), self._volume_words())

    def _knee_words(self, first: int) -> tuple[str, ...]:
        place = self.knee_place
        if place is None:
            return ("No knee: no point is on the better side of the line between the ends.",)
        quantity = self.problem.library.quantity(self.front.resource)
        label = label_of(self.problem.library, self.problem.objective)
        at = (
            f"The knee is point {place + first}: {quantity.label} "
            f"{quantity.text(float(self.use[place]))}, a summed {label} of "
            f"{score_words(self.problem, float(self.score[place]))}; "
            f"{KNEE_SOURCE}."
        )
        before, after = (self._rate_words(n) for n in (place - 1, place))
        return (at, f"Up to it each {before}; beyond it each {after}.")

    def _rate_words(self, step: int) -> str:
        quantity = self.problem.library.quantity(self.front.resource)
        label = label_of(self.problem.library, self.problem.objective)
        unit = quantity.unit or quantity.label
        rate = float(self.rates[step])
        better = self.front.resource != THROUGHPUT
        verb = "lowers" if (self.problem.goal == "minimize") == better else "raises"
        return f"{unit} more {verb} the summed {label} by {score_words(self.problem, rate)}"

    def _volume_words(self) -> str:
        share = format_share(self.hypervolume_share)
        return f"The front's hypervolume is {share} of the box; {HYPERVOLUME_SOURCE}."


def which_point(front: Front) -> PointAdvice:
    """Say which point of a front stands out, and what each step along it buys.

    - knee: with use ``u`` and score ``s`` scaled to 0..1, both better when smaller, a point is
      ``(1 - u - s) / sqrt(2)`` on the better side of the line between the ends (I. Das,
      *Structural Optimization* 18, 1999);
    - rate: ``(score[n] - score[n + 1]) / (use[n + 1] - use[n])``, in the sense in which both are
      better when smaller;
    - hypervolume: ``sum((worst use - use[n]) * (score[n - 1] - score[n]))`` (E. Zitzler and L.
      Thiele, *IEEE Trans. Evol. Comput.* 3, 1999), the reference being the worst use and score of
      the front.

    These are geometry, and know nothing of what a deployment needs.

    Parameters
    ----------
    front
        Of :func:`puzzle_widgets.pareto_front` or :func:`puzzle_widgets.full_front`, with at least
        two points.

    Raises
    ------
    ProblemError
        If it has fewer.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> problem = pw.SearchProblem(pw.random_library(4, 5), minimize="metrics.loss")
    >>> found = pw.which_point(pw.full_front(problem, "stats.memory_mib"))
    >>> len(found.use), len(found.rates), found.knee.status
    (22, 21, 'optimal')
    """
    if not isinstance(front, ParetoFront | FullFront):
        raise ProblemError(
            f"{short_repr(front)} is not a front. Give pareto_front(...) or full_front(...)."
        )
    count = len(front) if isinstance(front, FullFront) else len(front.solutions)
    if count < 2:
        raise ProblemError(f"A front of {count} points has no knee: ask for more points.")
    problem, use, score = _axes(front)
    side = -1.0 if front.resource == THROUGHPUT else 1.0
    spent, harm = side * use, problem.sign * score
    scaled = [(one - one.min()) / max(float(np.ptp(one)), 1e-300) for one in (spent, harm)]
    distances = (1 - scaled[0] - scaled[1]) / math.sqrt(2)
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = -np.diff(harm) / np.diff(spent)
    volume, box = _volume(spent, harm), float(np.ptp(spent) * np.ptp(harm))
    return PointAdvice(
        front,
        problem,
        use,
        score,
        np.where(np.abs(distances) < 1e-12, 0.0, distances),
        rates,
        volume,
        volume / box if box else math.nan,
    )


def _axes(front: Front) -> tuple[SearchProblem, FloatArray, FloatArray]:
    if isinstance(front, FullFront):
        return front.problem, np.asarray(front.use), np.asarray(front.score)
    use = np.array([front.use(point) for point in front.solutions])
    return front.solutions[0].problem, use, np.array([point.score for point in front.solutions])


def _volume(spent: FloatArray, harm: FloatArray) -> float:
    """Area that points dominate up to the worst of each axis."""
    order = np.argsort(spent, kind="stable")
    spent, harm = spent[order], harm[order]
    steps = np.concatenate([[harm.max()], harm])[:-1] - harm
    return math.fsum((np.maximum(steps, 0.0) * (spent.max() - spent)).tolist())


@to_frame.register(PointAdvice)
def _frame(found: PointAdvice, *, layers: bool = False) -> pd.DataFrame:  # noqa: ARG001
    """Lay the points out, with distance from the line and the rate of the next step."""
    objective = found.problem.objective
    frame = pd.DataFrame(
        {
            "point": np.arange(len(found.use)),
            found.front.resource: found.use,
            objective: found.score,
            "distance": found.distances,
            "rate": np.append(found.rates, math.nan),
        }
    )
    frame["knee"] = frame["point"] == found.knee_place
    return frame

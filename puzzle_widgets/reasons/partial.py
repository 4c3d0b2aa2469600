"""Dynamic programming to look at: which partial architectures are kept, layer by layer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import LayerName
from puzzle_widgets.problem import SearchProblem, check_problem
from puzzle_widgets.problem.mckp import FloatArray, IntArray, Mckp, to_architecture

if TYPE_CHECKING:
    from puzzle_widgets.charts import Drawing

MOST_STATES = 200_000
"""Of one layer; more would not be looked at, and :func:`puzzle_widgets.search` needs far fewer."""


@dataclass(frozen=True, eq=False)
class Stage:
    """What is kept after one more layer.

    Parameters
    ----------
    layer
        Its name.
    tried
        Combinations of what was kept before with the variants of this layer.
    use, score
        Sums of each that is kept, by use, shape (kept,); the score in the minimized sense.
    variable, before
        The layer's variable by flat index, and what it was added to, shape (kept,).
    """

    layer: LayerName
    tried: int
    use: FloatArray
    score: FloatArray
    variable: IntArray
    before: IntArray

    @property
    def kept(self) -> int:
        """How many are kept."""
        return len(self.use)


@dataclass(frozen=True, eq=False)
class DynamicProgram:
    """All stages of a dynamic program; :func:`dynamic_program` makes it.

    Parameters
    ----------
    problem
        What is asked.
    resource
        Dotted key of its one budget.
    stages
        One for each layer.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.random_library(3, 4)
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.loss", budgets={"stats.memory_mib": "60 %"}
    ... )
    >>> [stage.tried for stage in pw.dynamic_program(problem).stages][0]
    4
    """

    problem: SearchProblem
    resource: str
    stages: tuple[Stage, ...]

    @property
    def limit(self) -> float:
        """The budget, in the resource's unit."""
        return self.problem.budgets[self.resource].upper

    @cached_property
    def architecture(self) -> dict[LayerName, str]:
        """The best architecture, read off backwards from the last stage."""
        place, choice = int(self.stages[-1].score.argmin()), []
        for stage in reversed(self.stages):
            choice.append(int(stage.variable[place]))
            place = int(stage.before[place])
        return to_architecture(self.problem.library, choice[::-1])

    @property
    def score(self) -> float:
        """Its score."""
        return self.problem.library.totals(self.architecture)[self.problem.objective]

    @property
    def tried(self) -> int:
        """Combinations tried in all."""
        return sum(stage.tried for stage in self.stages)

    def plot(self) -> Drawing:
        """Draw what is kept after each layer, score against use.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> library = pw.random_library(4, 5)
        >>> problem = pw.SearchProblem(
        ...     library, minimize="metrics.loss", budgets={"stats.memory_mib": "60 %"}
        ... )
        >>> pw.dynamic_program(problem).plot().title
        'Partial architectures that are kept'
        """
        from puzzle_widgets.charts import draw, stages_figure  # noqa: PLC0415 - they stand above
        from puzzle_widgets.charts.about import about  # noqa: PLC0415

        return about(draw(stages_figure(self)), self.problem)


def dynamic_program(problem: SearchProblem) -> DynamicProgram:
    """Solve a small problem of one upper budget layer by layer, and keep every stage.

    After each layer, of two partial architectures the one that uses no more and scores no worse
    makes the other needless; what can no longer be completed within the budget is dropped, too.

    Parameters
    ----------
    problem
        With one budget, an upper limit, and no rules that span layers.

    Raises
    ------
    ProblemError
        If it has other limits, nothing is within the budget, or there is too much to keep.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.random_library(4, 5)
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.loss", budgets={"stats.memory_mib": "60 %"}
    ... )
    >>> pw.dynamic_program(problem).score == pw.search(problem).score
    True
    """
    check_problem(problem)
    _check_alone(problem)
    mckp = problem.mckp
    stages: list[Stage] = []
    for layer in range(mckp.layers):
        stages.append(_next_stage(problem, layer, stages[-1] if stages else None))
    return DynamicProgram(problem, mckp.rows[0], tuple(stages))


def _check_alone(problem: SearchProblem) -> None:
    mckp = problem.mckp
    alone = len(mckp.rows) == 1 and not mckp.kinds and mckp.rows[0] in problem.budgets
    if not alone or not _is_upper(mckp):
        raise ProblemError(
            "dynamic_program: needs one budget, an upper limit, and no rows or rules that count "
            "beside it."
        )


def _is_upper(mckp: Mckp) -> bool:
    return math.isfinite(mckp.upper[0]) and not math.isfinite(mckp.lower[0])


def _next_stage(problem: SearchProblem, layer: int, last: Stage | None) -> Stage:
    mckp = problem.mckp
    own = np.arange(mckp.starts[layer], mckp.starts[layer + 1])
    own = own[mckp.allowed[own]]
    use, score = (last.use, last.score) if last is not None else (np.zeros(1), np.zeros(1))
    uses = (use[:, None] + mckp.cost[0, own]).ravel()
    scores = (score[:, None] + mckp.score[own]).ravel()
    room = mckp.upper[0] - _least_after(mckp, layer)
    kept = _nondominated(uses, scores, room)
    name = problem.library.layers[layer].name
    if not 0 < len(kept) <= MOST_STATES:
        why = "nothing is within the budget" if not len(kept) else "too many are worth keeping"
        raise ProblemError(f"dynamic_program: after layer {name} {why}.")
    before, variable = np.divmod(kept, len(own))
    return Stage(name, uses.size, uses[kept], scores[kept], own[variable], before)


def _least_after(mckp: Mckp, layer: int) -> float:
    """Least use of all layers after this one."""
    costs = np.where(mckp.allowed, mckp.cost[0], math.inf)
    return math.fsum(np.minimum.reduceat(costs, mckp.starts[:-1])[layer + 1 :].tolist())


def _nondominated(uses: FloatArray, scores: FloatArray, room: float) -> IntArray:
    """Places of those that nothing makes needless, by use."""
    order = np.lexsort((scores, uses))
    order = order[uses[order] <= room * (1 + 1e-12)]
    best = np.minimum.accumulate(scores[order])
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = best[1:] < best[:-1]
    return np.asarray(order[first], dtype=np.intp)

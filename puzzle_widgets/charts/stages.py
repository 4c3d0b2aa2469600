"""The stages of a dynamic program: score against use of what is kept after each layer."""

from __future__ import annotations

import numpy as np

from puzzle_widgets.charts.figure import BudgetLine, Curve, Figure, Key, around, quantity_axis
from puzzle_widgets.charts.palette import heat_color
from puzzle_widgets.reasons import DynamicProgram, Stage

_MOST_POINTS, _DARKEST = 200, 0.85
_REACH = 3.0
"""How far scores are drawn, in multiples of the optimum's above the least one."""


def stages_figure(program: DynamicProgram) -> Figure:
    """Work out the chart: a curve of steps for each layer, and the budget.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.random_library(4, 5)
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.loss", budgets={"stats.memory_mib": "60 %"}
    ... )
    >>> len(stages_figure(pw.dynamic_program(problem)).curves)
    4
    """
    problem, stages = program.problem, program.stages
    use, score = (problem.library.quantity(key) for key in (program.resource, problem.objective))
    curves, legend = [], []
    for place, stage in enumerate(stages):
        color = heat_color(_DARKEST * place / max(1, len(stages) - 1))
        dash = "solid" if place % 2 == 0 else "dashed"
        curves.append(Curve(f"{stage.layer}", _steps(program, stage), color, dash))
        legend.append(Key(f"after layer {stage.layer}: {_counts(stage)}", color, "line", dash))
    points = [point for curve in curves for point in curve.points]
    limit = program.limit
    return Figure(
        title="Partial architectures that are kept",
        x=quantity_axis(*around([*(x for x, _ in points), limit]), use, f"{use.title}, so far"),
        y=quantity_axis(*around([y for _, y in points]), score, f"{score.title}, so far"),
        legend=tuple(legend),
        limits=(BudgetLine(limit, use.text(limit)),),
        curves=tuple(curves),
    )


def _reach(program: DynamicProgram) -> float:
    """The worst score that is drawn, in the minimized sense: the cheapest score far worse."""
    least = min(float(stage.score.min()) for stage in program.stages)
    best = float(program.stages[-1].score.min())
    worst = max(float(stage.score.max()) for stage in program.stages)
    return least + _REACH * (best - least) if best > least else worst


def _counts(stage: Stage) -> str:
    return f"{stage.kept:,} kept of {stage.tried:,}"


def _steps(program: DynamicProgram, stage: Stage) -> tuple[tuple[float, float], ...]:
    """Best score for any use: a step at each that is kept, some left out where there are many."""
    library, problem = program.problem.library, program.problem
    seen = np.flatnonzero(stage.score <= _reach(program))
    some = seen[np.unique(np.linspace(0, len(seen) - 1, _MOST_POINTS).astype(np.intp))]
    outside = library.non_block_cost(program.resource), library.non_block_cost(problem.objective)
    xs = (stage.use[some] + outside[0]).tolist()
    ys = (problem.sign * stage.score[some] + outside[1]).tolist()
    ends = [*xs[1:], xs[-1]]
    return tuple((x, y) for left, right, y in zip(xs, ends, ys, strict=True) for x in (left, right))

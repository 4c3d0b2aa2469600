"""Many searches over a grid of limits, each made easier by those of looser limits beside it.

Cells that do not wait for each other are one wave, and a wave is one call of the engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, fields
from itertools import pairwise
from typing import Any

from puzzle_widgets.library import FrozenMapping
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.search.outcome import Cancelled
from puzzle_widgets.solution.optimum import search_each
from puzzle_widgets.solution.solution import Solution, same_answer
from puzzle_widgets.sweeps.elsewhere import each_done

_MOST_PARTS, _PART = 32, 4
Cell = tuple[int, ...]
"""Steps from the loosest limit, one number per axis."""


@dataclass(frozen=True)
class Sweep:
    """The problems of a grid, and how to search them.

    Parameters
    ----------
    problems
        One per cell; each limit is at least as tight as that of the cell one step looser.
    free
        Answer to the problem without these limits: the start of the first search.
    cancelled
        Asked between the searches, and within them where they run here.
    options
        As for :func:`puzzle_widgets.search`.
    executor
        Where to search parts of the grid, each as if it were the whole; ``None`` for here.
    """

    problems: Mapping[Cell, SearchProblem]
    free: Solution
    cancelled: Cancelled
    options: Mapping[str, Any]
    executor: Executor | None = None
    _found: dict[Cell, Solution] = field(default_factory=dict)
    _starts: dict[Cell, Solution] = field(default_factory=dict)

    def __iter__(self) -> Iterator[tuple[Cell, Solution]]:
        """Answer the cells, loosest first; ends early where cancelled."""
        return self._here() if self.executor is None else self._elsewhere(self.executor)

    def _here(self) -> Iterator[tuple[Cell, Solution]]:
        for wave in self._waves():
            if self.cancelled():
                return
            for found in self._answers(wave):
                yield found
                if self.cancelled():
                    return
            if any(cell not in self._found for cell in wave):
                return

    def _answers(self, wave: Sequence[Cell]) -> Iterator[tuple[Cell, Solution]]:
        """Answer the cells of a wave, those first that need no search."""
        hard = []
        for cell in wave:
            known = self._known(cell)
            if known is None:
                hard.append(cell)
            else:
                yield self._keep(cell, known, self._start(cell))
        for cell, solution in self._in_turn(hard) if hard else ():
            yield self._keep(cell, solution, solution)

    def _waves(self) -> Sequence[Sequence[Cell]]:
        """Cells by their steps in all: those of one wave do not depend on each other."""
        waves: dict[int, list[Cell]] = {}
        for cell in self.problems:
            waves.setdefault(sum(cell), []).append(cell)
        return [waves[steps] for steps in sorted(waves)]

    def _in_turn(self, cells: Sequence[Cell]) -> Iterator[tuple[Cell, Solution]]:
        problems = [self.problems[cell] for cell in cells]
        starts = [self._start(cell) for cell in cells]
        found = search_each(problems, starts, cancelled=self.cancelled, **self.options)
        for solution, cell in zip(found, cells, strict=False):
            yield cell, solution

    def _elsewhere(self, executor: Executor) -> Iterator[tuple[Cell, Solution]]:
        """Answer parts at a time: a library takes longer on its way than some searches."""
        jobs = (
            (type(self), {cell: self.problems[cell] for cell in part}, self.free, self.options)
            for part in self._parts()
        )
        for _, found in each_done(executor, _answers_of, jobs, self.cancelled):
            for cell, told in found:
                yield cell, Solution(self.problems[cell], **told)
                if self.cancelled():
                    return

    def _parts(self) -> list[list[Cell]]:
        """Lines of the grid, as many as there can be: each cell is next to a looser one."""
        axis = max(range(len(next(iter(self.problems)))), key=self._steps)
        lines: dict[int, list[Cell]] = {}
        for cell in self.problems:
            lines.setdefault(cell[axis], []).append(cell)
        return list(lines.values())

    def _steps(self, axis: int) -> int:
        return max(cell[axis] for cell in self.problems)

    def _keep(self, cell: Cell, solution: Solution, start: Solution) -> tuple[Cell, Solution]:
        self._found[cell], self._starts[cell] = solution, start
        return cell, solution

    def _known(self, cell: Cell) -> Solution | None:
        """The answer, where a looser cell proves it: its optimum keeps, or nothing is feasible.

        Where others tie with that optimum, they go by shares of other limits here, unless least use
        of this axis comes first.
        """
        problem = self.problems[cell]
        same = ("none", "settled") if "prefer" in self.options else ("none",)
        for solution in self._looser(cell, self._found):
            proven = solution.status == "optimal" and solution.ties in same
            if (proven and _keeps(solution, problem)) or solution.status == "infeasible":
                return same_answer(
                    solution, problem=problem, seconds=0.0, shadow_prices=FrozenMapping()
                )
        return None

    def _start(self, cell: Cell) -> Solution:
        return self._looser(cell, self._starts)[0]

    def _looser(self, cell: Cell, known: Mapping[Cell, Solution]) -> list[Solution]:
        """What is known of the cells one step looser; of the problem without limits at first."""
        steps = [(*cell[:n], cell[n] - 1, *cell[n + 1 :]) for n in range(len(cell))]
        return [known[looser] for looser in steps if looser in known] or [self.free]


class AxisSweep(Sweep):
    """A sweep along one axis, coarse first: every part of it is spread over the whole range."""

    def _waves(self) -> Sequence[Sequence[Cell]]:
        """Ever more cells, for each helps those after it."""
        order = self._order()
        ends = [0, 1, *(2**power for power in range(1, 5)), *range(32, len(order) + 16, 16)]
        return [order[begin:end] for begin, end in pairwise(ends)]

    def _parts(self) -> list[list[Cell]]:
        """Every so many-th cell: each part is spread over the whole range."""
        cells = sorted(self.problems)
        count = min(_MOST_PARTS, -(-len(cells) // _PART))
        return [cells[begin::count] for begin in range(count)]

    def _order(self) -> list[Cell]:
        bits = len(self.problems).bit_length()
        return sorted(self.problems, key=lambda cell: int(f"{cell[0]:0{bits}b}"[::-1], 2))

    def _start(self, cell: Cell) -> Solution:
        near = min(self._starts, key=lambda known: abs(known[0] - cell[0]), default=None)
        return self.free if near is None else self._starts[near]

    def _looser(self, cell: Cell, known: Mapping[Cell, Solution]) -> list[Solution]:
        """What is known of any looser limit, and of none."""
        return [self.free, *(known[other] for other in known if other < cell)]


class LooseFirst(AxisSweep):
    """A sweep along one axis, from the loosest limit to the tightest."""

    def _order(self) -> list[Cell]:
        return sorted(self.problems)


def _answers_of(
    kind: type[Sweep],
    problems: Mapping[Cell, SearchProblem],
    free: Solution,
    options: Mapping[str, Any],
    stop: Cancelled,
) -> list[tuple[Cell, dict[str, Any]]]:
    """Answer a part of a grid, wherever that runs; all but the problems, which the asker has."""
    names = [field.name for field in fields(Solution) if field.name != "problem"]
    found = kind(problems, free, stop, options)
    return [(cell, {name: getattr(one, name) for name in names}) for cell, one in found]


def _keeps(solution: Solution, problem: SearchProblem) -> bool:
    totals = solution.totals
    return all(totals[key] <= budget.upper for key, budget in problem.budgets.items())

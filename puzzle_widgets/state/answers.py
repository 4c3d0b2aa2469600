"""Answers, derived in the background from the part of a record that each depends on."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, NamedTuple, TypeVar

from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.problem.budget_rows import BudgetSetting, SearchRule, to_problem
from puzzle_widgets.search.outcome import Cancelled
from puzzle_widgets.solution import Solution, search
from puzzle_widgets.state.background import Emit, Job, LatestWins
from puzzle_widgets.state.record import Record
from puzzle_widgets.sweeps import ParetoFront, iter_pareto_front
from puzzle_widgets.sweeps.decision_map import DecisionGrid, iter_decision_map
from puzzle_widgets.sweeps.surface import SurfaceGrid, iter_budget_surface

_SEARCH_SECONDS, _PATIENCE_SECONDS = 60.0, 0.3
_KEPT_FRONTS = 16
_SECONDS_BETWEEN_PICTURES = 0.15
Key = TypeVar("Key")
Value = TypeVar("Value")
Grid = TypeVar("Grid", SurfaceGrid, DecisionGrid)
Compute = Callable[[Cancelled, Emit], None]


class Heard(NamedTuple):
    """Whom an answer tells: of a newer value, of an error, of the end of a search."""

    arrived: Callable[[Answer[Any, Any], Any], None]
    failed: Callable[[Exception], None]
    finished: Callable[[], None]


class Answer(Generic[Key, Value]):
    """An answer as far as it is known, and the search for it.

    Its key is what it depends on: another key is another answer, which is searched in the
    background; the newest key wins, and no answer to an older one comes after.
    """

    name = ""
    patience = 0.0
    comes_whole = False
    """Whether the first value to arrive is the last: its end is then announced with it."""

    def __init__(self, solver: str, heard: Heard) -> None:
        self.value: Value | None = None
        self.running = False
        self._solver = solver
        self._heard = heard
        self._key: Key | None = None
        self._begun: Job | None = None
        self._runner = LatestWins(self.name, self.patience)

    def key(self, record: Record) -> Key | None:
        """What the answer depends on; ``None`` where none is asked for."""
        raise NotImplementedError

    def recall(self, key: Key) -> tuple[Value | None, bool]:
        """What to show at once for another key, and whether that is the whole answer."""
        raise NotImplementedError

    def compute(self, record: Record, key: Key) -> Compute:
        """Prepare the search."""
        raise NotImplementedError

    def begin(self, record: Record) -> Job | None:
        """Take up another key; what has to be searched for it then waits for :meth:`run`."""
        key = self.key(record)
        if key == self._key:
            return None
        before, self._key = self.value, key
        self.value, whole = (None, True) if key is None else self.recall(key)
        self.running = not whole
        if whole or (before is not None and self.value is None):
            self._runner.cancel()
        self._begun = None
        if key is not None and not whole:
            work = self.compute(record, key)
            self._begun = Job(work, self.arrive, self._heard.failed, self._end)
        return self._begun

    def run(self, job: Job) -> None:
        """Search, unless something else was begun meanwhile."""
        if job is self._begun:
            self._begun = None
            self._runner.request(job)

    def again(self) -> None:
        """Search again at the next :meth:`begin`, even for the same key."""
        self._key = None

    def stop(self) -> None:
        """Stop the search; what was found stays."""
        self._runner.cancel()
        self._begun, self.running = None, False

    def close(self) -> None:
        """Stop, and let the thread go."""
        self.stop()
        self._runner.close()

    def arrive(self, value: Value) -> None:
        """Take a newer value."""
        if self.comes_whole and not self._runner.overtaken:
            self.running = False
        self._heard.arrived(self, value)

    def _end(self) -> None:
        self.running = False
        self._heard.finished()


class SolutionAnswer(Answer[SearchProblem, Solution]):
    """The answer to the problem; that of an earlier one stays until it is there."""

    name = "search"
    patience = _PATIENCE_SECONDS
    comes_whole = True

    def key(self, record: Record) -> SearchProblem | None:
        """The problem, once the sense of its objective is known."""
        return None if record.question else record.problem

    def recall(self, key: SearchProblem) -> tuple[Solution | None, bool]:
        """The last answer, if it is of the same library."""
        last = self.value
        if last is None or last.library is not key.library:
            return None, False
        return last, last.problem == key

    def compute(self, record: Record, key: SearchProblem) -> Compute:
        """Search, beginning with the last answer."""
        del record
        before = self.value

        def work(cancelled: Cancelled, emit: Emit) -> None:
            emit(
                search(
                    key,
                    solver=self._solver,
                    time_limit=_SEARCH_SECONDS,
                    cancelled=cancelled,
                    warm_start=before,
                )
            )

        return work


class FrontKey(NamedTuple):
    """What a front depends on."""

    library: BlockLibrary
    objective: str
    goal: Goal
    rules: tuple[SearchRule, ...]
    resource: str
    points: int
    rows: tuple[BudgetSetting, ...]


class FrontAnswer(Answer[FrontKey, ParetoFront]):
    """The front; those that were found whole are remembered.

    It follows the budgets that hold along it once ``solution`` has answered them, so that it is not
    searched again at every step of a slider.
    """

    name = "front"

    def __init__(self, solver: str, heard: Heard, solution: SolutionAnswer) -> None:
        super().__init__(solver, heard)
        self._solution = solution
        self._known: deque[tuple[FrontKey, ParetoFront]] = deque(maxlen=_KEPT_FRONTS)

    def key(self, record: Record) -> FrontKey | None:
        """What the front is of; it waits while the sense of the objective is asked."""
        if "front" not in record.asked or record.goal is None:
            return None
        last, rows = self._key, record.held_rows
        if last is not None and self._solution.running:
            rows = last.rows
        of = (record.library, record.objective, record.goal, record.rules)
        return FrontKey(*of, record.front_resource, record.front_points, rows)

    def recall(self, key: FrontKey) -> tuple[ParetoFront | None, bool]:
        """The full front, where it is known already."""
        known = next((front for other, front in self._known if other == key), None)
        return known, known is not None

    def compute(self, record: Record, key: FrontKey) -> Compute:
        """Search, and emit the front so far after each point."""
        del record
        problem = to_problem(key.library, key.objective, key.goal, key.rows, key.rules)

        def work(cancelled: Cancelled, emit: Emit) -> None:
            steps = iter_pareto_front(
                problem, key.resource, key.points, cancelled=cancelled, solver=self._solver
            )
            for front in steps:
                emit(front)

        return work

    def arrive(self, value: ParetoFront) -> None:
        """Remember a full front."""
        if value.complete and self._key is not None:
            self._known.append((self._key, value))
        super().arrive(value)


class SurfaceAnswer(Answer[tuple[BlockLibrary, str, str], SurfaceGrid]):
    """The budget surface: it follows its axes; it is searched again for other budgets if asked."""

    name = "surface"

    def key(self, record: Record) -> tuple[BlockLibrary, str, str] | None:
        """Its axes."""
        if "surface" not in record.asked:
            return None
        return record.library, record.surface_x, record.surface_y

    def recall(self, key: tuple[BlockLibrary, str, str]) -> tuple[SurfaceGrid | None, bool]:
        """The last one, until the new one begins to come, where its axes are the same."""
        last = self.value
        if last is None or (last.problem.library, last.x.resource, last.y.resource) != key:
            return None, False
        return last, False

    def compute(self, record: Record, key: tuple[BlockLibrary, str, str]) -> Compute:
        """Search, and emit the surface so far now and then."""
        problem = record.problem_along(*key[1:])

        def work(cancelled: Cancelled, emit: Emit) -> None:
            steps = iter_budget_surface(problem, *key[1:], cancelled=cancelled, solver=self._solver)
            for grid in _paced(steps):
                emit(grid)

        return work


class DecisionsAnswer(Answer[tuple[BlockLibrary, str], DecisionGrid]):
    """The decision map: it follows its axis, as the surface does."""

    name = "decisions"

    def key(self, record: Record) -> tuple[BlockLibrary, str] | None:
        """Its axis."""
        asked = "decisions" in record.asked
        return (record.library, record.decisions_over) if asked else None

    def recall(self, key: tuple[BlockLibrary, str]) -> tuple[DecisionGrid | None, bool]:
        """The last one, until the new one begins to come, where its axis is the same."""
        last = self.value
        if last is None or (last.problem.library, last.targets.resource) != key:
            return None, False
        return last, False

    def compute(self, record: Record, key: tuple[BlockLibrary, str]) -> Compute:
        """Search, and emit the map so far now and then."""
        problem = record.problem_along(key[1])

        def work(cancelled: Cancelled, emit: Emit) -> None:
            steps = iter_decision_map(problem, key[1], cancelled=cancelled, solver=self._solver)
            for grid in _paced(steps):
                emit(grid)

        return work


def _paced(grids: Iterable[Grid]) -> Iterator[Grid]:
    """Leave out pictures that would follow each other too fast to be seen; never the last."""
    shown_at, last, seen = -1.0, None, None
    for grid in grids:
        last = grid
        if time.monotonic() - shown_at >= _SECONDS_BETWEEN_PICTURES:
            seen, shown_at = grid, time.monotonic()
            yield grid
    if last is not None and last is not seen:
        yield last

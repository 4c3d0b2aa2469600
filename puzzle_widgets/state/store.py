"""The store: the current record with its answers, announced as they change; datasets fetched."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from math import isclose
from typing import Any, Concatenate, Literal, ParamSpec

from puzzle_widgets.errors import DatasetError, PuzzleError
from puzzle_widgets.library import BlockLibrary, load_dataset
from puzzle_widgets.library.agreements import has_agreed
from puzzle_widgets.library.datasets import Dataset, find_dataset
from puzzle_widgets.problem.budget_rows import SearchRule
from puzzle_widgets.search.outcome import Cancelled
from puzzle_widgets.solution import Solution
from puzzle_widgets.state.actions import show_point, show_row, stop
from puzzle_widgets.state.answers import (
    Answer,
    DecisionsAnswer,
    FrontAnswer,
    Heard,
    SolutionAnswer,
    SurfaceAnswer,
)
from puzzle_widgets.state.background import Emit, Job, LatestWins
from puzzle_widgets.state.history import History
from puzzle_widgets.state.reason_answers import Reason, Reasons
from puzzle_widgets.state.record import Record, Selection, SweepName

logger = logging.getLogger("puzzle_widgets")
P = ParamSpec("P")
Changes = Mapping[str, tuple[Any, Any]]
"""Old and new value of what changed, by name."""
_DECIDED = tuple(field.name for field in fields(Record))
# What follows from a record, and can be observed as if it stood in it.
_DERIVED = ("question", "problem", "parent", "parent_config", "workloads")


@dataclass(frozen=True)
class Message:
    """What the user has to know: ``level`` is ``"info"`` or ``"error"``; the text is not HTML."""

    text: str
    level: Literal["info", "error"] = "info"


class Store:
    """The current record, its answers, and what the user is told beside them.

    One action is one announcement: who hears of it sees record and answers as they belong
    together, never something half set. Searches begin after it.

    Parameters
    ----------
    record
        To begin with.
    solver
        As for :func:`puzzle_widgets.search`.
    clock
        Seconds, to tell one drag of a slider from the next.
    """

    def __init__(
        self, record: Record, solver: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        heard = Heard(self._arrived, self.fail, self._finished)
        self.record = record
        self.history = History()
        self._clock = clock
        self.solution = SolutionAnswer(solver, heard)
        self.front = FrontAnswer(solver, heard, self.solution)
        self.surface = SurfaceAnswer(solver, heard)
        self.decisions = DecisionsAnswer(solver, heard)
        self.reasons = Reasons(heard, lambda: self.settled)
        self._told: dict[str, Any] = {"message": None, "offered": None, "fetched": None}
        self._known: dict[str, Any] = {}
        self._subscribers: list[Callable[[Changes], None]] = []

    @property
    def answers(self) -> tuple[Answer[Any, Any], ...]:
        """All answers; the solution goes first, for the front follows it."""
        return self.solution, self.front, self.surface, self.decisions

    @property
    def shown(self) -> Solution | None:
        """The architecture that is selected."""
        found, place = self._selectable(self.record), self.record.selection.place
        return found[place] if place < len(found) else self.solution.value

    @property
    def settled(self) -> Solution | None:
        """What is shown, where it answers what is asked now; ``None`` while that is searched."""
        shown, record = self.shown, self.record
        if record.selection.kind != "current" or shown is None:
            return shown
        fresh = not self.solution.running and shown.problem == record.problem
        return shown if fresh else None

    def want(self, *reasons: Reason, on: bool) -> None:
        """Search reasons for what is shown from now on, or no longer."""
        for name in reasons:
            self.reasons[name].want(on=on)
        self._take(self.record)

    def consider(self, rule: SearchRule | None) -> None:
        """Work out what a rule would cost before it is added; ``None`` for none."""
        self.reasons.consider(rule)
        self._take(self.record)

    def stop_reason(self, name: Reason) -> None:
        """Stop the search for a reason; what it found stays."""
        self.reasons[name].stop()
        self._announce()

    def subscribe(self, subscriber: Callable[[Changes], None]) -> None:
        """Call with what changes, once for each action, answer or message."""
        self._subscribers.append(subscriber)

    def apply(
        self, action: Callable[Concatenate[Record, P], Record], *given: P.args, **named: P.kwargs
    ) -> None:
        """Act on the record; an error leaves all as it was."""
        self.put(action(self.record, *given, **named))

    def drag(
        self,
        control: str,
        action: Callable[Concatenate[Record, P], Record],
        *given: P.args,
        **named: P.kwargs,
    ) -> None:
        """Act on the record for a slider that moves; its moves in one drag are undone at once."""
        record = action(self.record, *given, **named)
        self.history = self.history.noted(self.record, record, control, self._clock())
        self._take(record)

    def undo(self) -> str:
        """Go back to the record before the newest change; say what that was."""
        words = self.history.undoable
        self.history, record = self.history.undone(self.record)
        self._take(record)
        return words

    def redo(self) -> str:
        """Make a change again that was undone; say what that was."""
        words = self.history.redoable
        self.history, record = self.history.redone(self.record)
        self._take(record)
        return words

    def start(
        self,
        name: SweepName,
        action: Callable[Concatenate[Record, P], Record],
        *given: P.args,
        **named: P.kwargs,
    ) -> None:
        """Act on the record, and search the front or a map even where it is there already."""
        record = action(self.record, *given, **named)
        self._sweep(name).again()
        self.put(record)

    def stop(self, name: SweepName) -> None:
        """Stop a search; what it found stays."""
        answer = self._sweep(name)
        answer.stop()
        if answer.value is None:
            self.apply(stop, name)
        else:
            self._announce()

    def put(self, record: Record, solution: Solution | None = None) -> None:
        """Take another record; ``solution`` is the answer to its problem, where it is known."""
        self.history = self.history.noted(self.record, record)
        self._take(record, solution)

    def _take(self, record: Record, solution: Solution | None = None) -> None:
        before, shown = self.record, self.shown
        if solution is not None:
            self.solution.value = solution
        begun = self._begin(record)
        self.record = record
        if record.selection == before.selection:
            self._follow_shown(shown)
        self._show_awaited()
        self._go_on(begun)

    def _begin(self, record: Record) -> list[tuple[Answer[Any, Any], Job | None]]:
        return [(answer, answer.begin(record)) for answer in self.answers]

    def _go_on(self, begun: list[tuple[Answer[Any, Any], Job | None]]) -> None:
        """Take up the reasons for what is shown now, announce it all, then search."""
        begun += [(reason, reason.begin(self.record)) for reason in self.reasons]
        self._announce()
        for answer, job in begun:
            if job is not None:
                answer.run(job)

    def tell(self, **values: Any) -> None:  # noqa: ANN401
        """Announce what is neither decided nor an answer: ``message``, ``offered``, ``fetched``."""
        self._told.update(values)
        self._announce()

    def fail(self, error: Exception) -> None:
        """Tell an error: its own words where we wrote them, else its kind and text."""
        if isinstance(error, PuzzleError):
            self.tell(message=Message(str(error), "error"))
            return
        logger.error("unexpected error", exc_info=error)
        words = f"Something went wrong: {type(error).__name__}: {error}"
        self.tell(message=Message(words, "error"))

    def close(self) -> None:
        """End the background work."""
        for answer in (*self.answers, *self.reasons):
            answer.close()

    def _sweep(self, name: SweepName) -> Answer[Any, Any]:
        sweeps: dict[SweepName, Answer[Any, Any]] = {
            "front": self.front,
            "surface": self.surface,
            "decisions": self.decisions,
        }
        return sweeps[name]

    def _arrived(self, answer: Answer[Any, Any], value: object) -> None:
        shown = self.shown
        answer.value = value
        begun = [] if answer.running else self._begin(self.record)
        self._follow_shown(shown)
        self._show_awaited()
        self._go_on(begun)

    def _finished(self) -> None:
        self.put(self.record)

    def _selectable(self, record: Record) -> tuple[Solution | None, ...]:
        """The architectures of the selected kind, by place; none for the current solution."""
        kind = record.selection.kind
        if kind == "scenario":
            return tuple(kept.solution for kept in record.scenarios)
        if kind == "other" and record.other is not None:
            return (record.other.solution,)
        if kind == "point" and self.front.value is not None:
            return self.front.value.solutions
        if kind == "map" and self.decisions.value is not None:
            return self.decisions.value.solutions
        return ()

    def _follow_shown(self, shown: Solution | None) -> None:
        """Select what was shown where it stands now; the current solution, where it is gone."""
        selection = self.record.selection
        if selection.kind in ("current", "scenario", "other") or self.shown is shown:
            return
        found = self._selectable(self.record)
        self.record = self.record.change(selection=Selection())
        if shown in found:
            self._show(selection.kind, found.index(shown))

    def _show_awaited(self) -> None:
        """Show what a saved record showed, once it is found again; let go where it is not."""
        awaited, front = self.record.awaited, self.front.value
        if awaited is None:
            return
        place = awaited.place
        if awaited.kind == "point" and front is not None:
            uses = [isclose(front.use(point), awaited.use) for point in front.solutions]
            place = uses.index(True) if True in uses else -1
        self._show(awaited.kind, place)
        answer = self.front if awaited.kind == "point" else self.decisions
        if answer.value is not None and not answer.running:
            self.record = self.record.change(awaited=None)

    def _show(self, kind: str, place: int) -> None:
        """Select a point or a row by its place, where it is there."""
        if kind == "point":
            self.record = show_point(self.record, self.front.value, place)
        else:
            self.record = show_row(self.record, self.decisions.value, place)

    def _values(self) -> dict[str, Any]:
        """All that can be observed, by name."""
        record = self.record
        return {
            **{name: getattr(record, name) for name in (*_DECIDED, *_DERIVED)},
            "goal": record.direction,
            "solution": self.solution.value,
            "updating": self.solution.running,
            "front": self.front.value,
            "front_running": self.front.running,
            "surface": self.surface.value,
            "surface_running": self.surface.running,
            "decisions": self.decisions.value,
            "decisions_running": self.decisions.running,
            "shown": self.shown,
            "undoable": self.history.undoable,
            "redoable": self.history.redoable,
            **self.reasons.values(),
            **self._told,
        }

    def _announce(self) -> None:
        values, before = self._values(), self._known
        changes = {
            name: (before.get(name), value)
            for name, value in values.items()
            if name not in before or before[name] is not value
        }
        if changes:
            self._known = values
            for subscriber in self._subscribers:
                subscriber(changes)


class DatasetFetch:
    """What is offered and fetched is told by the store.

    Parameters
    ----------
    store
        Tells ``offered``, the dataset whose terms are shown, and ``fetched``, the share of it
        that is here.
    opened
        Called with the library that was fetched.
    """

    def __init__(self, store: Store, opened: Callable[[BlockLibrary], None]) -> None:
        self._store, self._opened = store, opened
        self._runner = LatestWins("fetch")
        self._offered: Dataset | None = None

    def offer(self, name: str) -> None:
        """Open a dataset, or show its terms first where they are not agreed to yet."""
        dataset = find_dataset(name)
        self.withdraw()
        self._offered = None if dataset.embedded else dataset
        self._store.tell(offered=self._offered)
        if has_agreed(dataset):
            self._fetch(dataset, agree=False)

    def accept(self) -> None:
        """Agree to the terms that are shown, and fetch the dataset."""
        if self._offered is not None:
            self._fetch(self._offered, agree=True)

    def withdraw(self) -> None:
        """Take the offer away; a fetch that is under way ends."""
        self._runner.cancel()
        self._offered = None
        self._store.tell(offered=None, fetched=None)

    def close(self) -> None:
        """End a fetch that is under way, and let the thread go."""
        self._runner.close()

    def _fetch(self, dataset: Dataset, *, agree: bool) -> None:
        def work(cancelled: Cancelled, emit: Emit) -> None:
            def progress(done: int, total: int) -> None:
                if cancelled():
                    raise DatasetError("The download was canceled.")
                emit(done / total)

            emit(load_dataset(dataset.name, agree=agree, progress=progress))

        self._store.tell(message=None, fetched=0.0)
        self._runner.request(Job(work, self._arrived, self._store.fail, self._finished))

    def _arrived(self, answer: Any) -> None:  # noqa: ANN401
        if isinstance(answer, BlockLibrary):
            self._opened(answer)
        else:
            self._store.tell(fetched=float(answer))

    def _finished(self) -> None:
        self._store.tell(fetched=None)

"""The history: records to go back to and forward to, with words for what each step changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from sys import intern

from puzzle_widgets.state.record import Looks, Record, Selection

MOST_STEPS = 200
MOST_LIBRARIES = 4
DRAG_SECONDS = 1.0
"""Moves of one slider that follow each other within this time are one drag."""
_PROBLEM = ("objective", "goal", "budgets", "rules")
# What a step is called, by the first field of these that it changed. Other fields make none:
# who looks at something else, or waits for a search, has changed nothing.
_WORDS = {
    "library": "library",
    "serving": "workload",
    "objective": "objective",
    "goal": "objective",
    "rules": "rules",
    "budgets": "budgets",
    "scenarios": "scenarios",
    "former": "scenarios",
    "reference": "reference",
    "measured": "measured points",
    "own_config": "parent's configuration",
    "target": "export target",
    "front_resource": "axis of the front",
    "front_held": "budgets held along the front",
    "front_points": "points of the front",
    "surface_x": "axes of the budget surface",
    "surface_y": "axes of the budget surface",
    "decisions_over": "rows of the decision map",
    "looks": "view",
}


@dataclass(frozen=True)
class Step:
    """A record to return to, and what changes by that, in words."""

    record: Record
    words: str


@dataclass(frozen=True)
class History:
    """What can be undone and redone, oldest first; bounded in steps and in libraries.

    Parameters
    ----------
    past, future
        Steps back, the next one last; steps forward, the next one last.
    control, moved_at
        The slider that made the newest step, and when; empty where no slider did.
    """

    past: tuple[Step, ...] = ()
    future: tuple[Step, ...] = ()
    control: str = ""
    moved_at: float = 0.0

    def noted(self, before: Record, after: Record, control: str = "", now: float = 0.0) -> History:
        """Add the step between two records; moves of a slider in one drag are one step."""
        words = change_in_words(before, after)
        if not words:
            return self
        dragged = bool(control) and control == self.control
        if dragged and self.past and now - self.moved_at <= DRAG_SECONDS:
            return replace(self, future=(), moved_at=now)
        return History(_bounded((*self.past, Step(before.to_keep(), words))), (), control, now)

    def undone(self, current: Record) -> tuple[History, Record]:
        """Go a step back, where there is one."""
        if not self.past:
            return self, current
        *past, step = self.past
        forward = (*self.future, Step(current.to_keep(), step.words))
        return History(tuple(past), forward), _returned(current, step.record)

    def redone(self, current: Record) -> tuple[History, Record]:
        """Go a step forward, where there is one."""
        if not self.future:
            return self, current
        *future, step = self.future
        back = (*self.past, Step(current.to_keep(), step.words))
        return History(_bounded(back), tuple(future)), _returned(current, step.record)

    @property
    def undoable(self) -> str:
        """What the next step back changes; empty where there is none."""
        return self.past[-1].words if self.past else ""

    @property
    def redoable(self) -> str:
        """What the next step forward changes; empty where there is none."""
        return self.future[-1].words if self.future else ""


def change_in_words(before: Record, after: Record) -> str:
    """Say what differs between two records; empty where it is nothing to undo."""
    if before is after:
        return ""
    names = (name for name in _WORDS if _differs(before, after, name))
    name = next(names, "")
    if name == "library":
        return intern(f"library, {before.library.name} to {after.library.name}")
    words = _budget_words(before, after) if name == "budgets" else ""
    return intern(words or _WORDS.get(name, ""))


def _differs(before: Record, after: Record, name: str) -> bool:
    old, new = getattr(before, name), getattr(after, name)
    if name == "looks":  # the open tab is no view, and a target is told by its budget
        return _view(old) != _view(new)
    if name == "library":  # weighted sums are part of the objective, and serving is its own step
        return before.opened.plain is not after.opened.plain
    return old is not new and old != new


def _view(looks: Looks) -> Looks:
    plain = Looks()
    return replace(looks, tab="", gpu=plain.gpu, gpus=plain.gpus, reserve=plain.reserve)


def _budget_words(before: Record, after: Record) -> str:
    """Name the budget that changed, where it is one only."""
    old, new = set(before.budgets), set(after.budgets)
    changed = {row.resource for row in old ^ new}
    return f"{after.library.quantity(changed.pop()).label} budget" if len(changed) == 1 else ""


def _bounded(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Keep the newest steps, and no more libraries in memory than a few."""
    if len(steps) > 1 and steps[-1].record.opened.plain is steps[-2].record.opened.plain:
        return tuple(steps[-MOST_STEPS:])  # the others were few enough before
    kept: list[Step] = []
    libraries: set[int] = set()
    for step in reversed(steps[-MOST_STEPS:]):
        libraries.add(id(step.record.opened.plain))
        if len(libraries) > MOST_LIBRARIES:
            break
        kept.append(step)
    return tuple(reversed(kept))


def _returned(current: Record, past: Record) -> Record:
    """A record of the past, looked at as now: what is selected or open is no step of its own."""
    if past.looks.tab != current.looks.tab:
        past = past.change(looks=replace(past.looks, tab=current.looks.tab))
    if current.library.plain is not past.library.plain:
        keep = past.selection if past.selection.kind == "scenario" else Selection()
        return past.change(selection=keep, awaited=None, other=None)
    seen = past.change(layer=current.layer, asked=current.asked)
    if _can_stay(current, past):
        stay = {"selection": current.selection, "awaited": current.awaited, "other": current.other}
        return seen.change(**stay)
    return seen.change(selection=Selection(), awaited=None, other=None)


def _can_stay(current: Record, past: Record) -> bool:
    """Whether what is shown now can be shown in the past: its problem and scenario are there."""
    if any(_differs(current, past, name) for name in _PROBLEM):
        return False
    if current.selection.kind != "scenario":
        return True
    place = current.selection.place
    there = place < len(past.scenarios) and place < len(current.scenarios)
    return there and past.scenarios[place].solution is current.scenarios[place].solution

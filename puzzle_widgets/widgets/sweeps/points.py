"""The table of the points of the front: sorted, filtered and picked on the page, read here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anywidget
from traitlets import Int, List, Unicode

from puzzle_widgets.errors import PuzzleError, ScenarioError
from puzzle_widgets.files.front_file import FrontColumn, dump_front, front_columns
from puzzle_widgets.library.quantity import format_brief, format_exact
from puzzle_widgets.solution import Solution
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.state.kept_actions import MOST_KEPT
from puzzle_widgets.sweeps import ParetoFront
from puzzle_widgets.widgets.budgets.amounts import Units, scale_of
from puzzle_widgets.widgets.closing import discard
from puzzle_widgets.widgets.files import FileSaver
from puzzle_widgets.widgets.panel import Following, guard

MOST_ROWS, MOST_COSTS = 2_000, 5
MOST_WHILE_SEARCHED = 200
"""More points than this are listed when the search has ended, not while it goes."""
_ID_BYTES = 8
_NEW = "The front has other points now. Choose again."


@dataclass(frozen=True)
class ShownColumn:
    """A column on the screen: its own unit may be another than the library's."""

    column: FrontColumn
    title: str
    factor: float = 1.0

    def cell(self, point: Solution) -> tuple[str, float | None, str]:
        """What it says to a reader, its number to sort and compare by, and it in full."""
        value = self.column.value(point)
        if value is None:
            return "\N{EN DASH}", None, "not known"
        if isinstance(value, str):
            return value, None, value
        shown = value / self.factor
        return format_brief(shown), shown, format_exact(shown)


def shown_columns(state: ExplorerState) -> list[ShownColumn]:
    """The columns in the units that the budgets are in; costs of no usual kind only so many."""
    library, objective = state.library, state.objective
    units, found = Units(gib=state.looks.gib), []
    costs = 0
    for column in front_columns(library, objective):
        if not column.key or column.key == objective:
            found.append(ShownColumn(column, column.title))
            continue
        costs += column.key in library.costs
        if costs <= MOST_COSTS:
            scale = scale_of(library, column.key, units)
            unit = f" ({scale.unit})" if scale.unit else ""
            title = f"{library.quantity(column.key).label}{unit}"
            found.append(ShownColumn(column, title, scale.factor))
    return found


class PointTable(Following, anywidget.AnyWidget):
    """The table itself; it is as long as the front, and takes no room without one.

    The page sorts, filters and picks, and says which points it means by what they are made of, so
    that a front which is searched meanwhile mixes nothing up. What it says is untrusted.

    Parameters
    ----------
    state
        Whose front to list.
    """

    _esm = Path(__file__).parents[1] / "static" / "front_table.js"
    columns: List[list[Any]] = List().tag(sync=True)
    rows: List[list[Any]] = List().tag(sync=True)
    chosen = Unicode().tag(sync=True)
    left_out = Int().tag(sync=True)

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self.state = state
        self.saver = FileSaver(state)
        self._ids: dict[str, int] = {}
        self.add_class("pw-points")
        self.on_msg(guard(state, self._heard))
        self.when("front", "front_running", "front_resource", "looks", "objective", do=self._fill)
        self.when("front", "selection", do=self._mark)

    def close(self) -> None:
        """Let go of the state, then close."""
        super().close()
        discard(self.saver)

    @property
    def front(self) -> ParetoFront | None:
        """The front, unless it is against another resource than the one that is asked."""
        front = self.state.front
        return front if front is not None and front.resource == self.state.front_resource else None

    def _fill(self) -> None:
        front = self.front
        points = front.solutions if front is not None else ()
        if self.state.front_running and len(points) > MOST_WHILE_SEARCHED:
            return
        columns = shown_columns(self.state)
        self._ids = {_id_of(point): place for place, point in enumerate(points)}
        listed = list(zip(self._ids, points, strict=False))[:MOST_ROWS]
        titles = [[one.title, one.column.title.startswith("Status")] for one in columns]
        rows = [[key, *(one.cell(point) for one in columns)] for key, point in listed]
        with self.hold_sync():
            self.columns, self.rows = titles, rows
            self.left_out = len(points) - len(listed)
        self._mark()

    def _mark(self) -> None:
        """Say which row is the point that is shown."""
        selection = self.state.selection
        keys = list(self._ids)
        shown = selection.kind == "point" and selection.place < len(keys)
        self.chosen = keys[selection.place] if shown else ""

    def _heard(self, _: object, content: object, __: object) -> None:
        """Do what the page asks for, once it names points that are there."""
        said: Mapping[str, Any] = content if isinstance(content, Mapping) else {}
        if "show" in said:
            self.state.show_point(self._places([said["show"]])[0])
        elif "keep" in said:
            keys = said["keep"]
            if isinstance(keys, Sequence) and len(keys) > MOST_KEPT:
                raise ScenarioError(f"{len(keys):,} points: choose 1 to {MOST_KEPT} to save.")
            self.state.keep_points(self._places(keys))
        elif "download" in said:
            self._download(self._places(said["download"]))

    def _places(self, keys: object) -> list[int]:
        """Places of the points that these name, each once.

        Raises
        ------
        PuzzleError
            If there are none, or one is not there.
        """
        named = keys if isinstance(keys, list) and 0 < len(keys) <= len(self._ids) else [None]
        places = [self._ids.get(key) if isinstance(key, str) else None for key in named]
        known = list(dict.fromkeys(place for place in places if place is not None))
        if None in places or self.front is None:
            raise PuzzleError(_NEW)
        return known

    def _download(self, places: Sequence[int]) -> None:
        front = self.front
        if front is not None:
            self.saver.save("pareto-front.csv", dump_front(front, places), "text/csv")


def _id_of(point: Solution) -> str:
    """What an architecture is known by on the page."""
    names = "\n".join(block.name for block in point.blocks)
    return hashlib.blake2b(names.encode(), digest_size=_ID_BYTES).hexdigest()

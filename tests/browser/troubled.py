"""Notebook cell: an explorer whose front halts after five searches, and that keeps nothing."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from typing import Any

import puzzle_widgets as pw
from puzzle_widgets.search.outcome import Cancelled
from puzzle_widgets.state import ExplorerState, answers
from puzzle_widgets.sweeps import ParetoFront, iter_pareto_front

full_front = iter_pareto_front


def halting_front(*args: Any, cancelled: Cancelled, **options: Any) -> Iterator[ParetoFront]:
    """Search as ever, up to the fifth; then wait to be stopped."""
    for front in full_front(*args, cancelled=cancelled, **options):
        yield front
        while front.done == 5 and not cancelled():
            Event().wait(0.05)


def broken_shelf(_state: ExplorerState, _name: str) -> None:
    """Fail as an oversight of ours would."""
    raise RuntimeError("the <b>shelf</b> broke")


setattr(answers, "iter_pareto_front", halting_front)  # noqa: B010 - both are not ours to set
setattr(ExplorerState, "keep", broken_shelf)  # noqa: B010
pw.PuzzleExplorer(pw.load_library("llama-3.3-70b-modeled"))

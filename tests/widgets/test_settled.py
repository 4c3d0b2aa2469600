"""What a settled answer costs a session, counted: no widget, few messages, each search once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

import comm
import pytest
from comm.base_comm import BaseComm
from ipywidgets.widgets.widget import _instances

from puzzle_widgets.state import ExplorerState, answers, reason_answers
from puzzle_widgets.widgets.explorer import PuzzleExplorer
from puzzle_widgets.widgets.sweeps import front

MOVES = 4
MOST_MESSAGES = 24
"""An answer: what the chart, the tiles, the rows and the reasons say of it, each once."""


class Line(BaseComm):
    """A line to a page that counts what is said."""

    said: ClassVar[Counter[str]] = Counter()

    def publish_msg(self, msg_type: str, *_: Any, **__: Any) -> None:
        """Count a message."""
        self.said[msg_type] += 1


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Messages by their kind."""
    monkeypatch.setattr(comm, "create_comm", Line)
    Line.said.clear()
    return Line.said


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each search and drawing is asked for."""
    counted: Counter[str] = Counter()

    def count(owner: Any, name: str) -> None:
        before: Callable[..., Any] = getattr(owner, name)

        def call(*given: Any, **named: Any) -> Any:
            counted[name] += 1
            return before(*given, **named)

        monkeypatch.setattr(owner, name, call)

    count(answers, "search")
    count(answers, "iter_pareto_front")
    count(reason_answers, "explain")
    count(reason_answers, "baselines")
    count(front, "front_figure")
    return counted


async def settled(state: ExplorerState) -> None:
    """Wait until nothing is searched any more."""
    there = asyncio.Event()

    def look(_change: object = None) -> None:
        if not (state.updating or state.front_running or state.searching):
            there.set()

    names = ["updating", "front_running", "searching"]
    state.observe(look, names)
    look()
    await asyncio.wait_for(there.wait(), 60)
    state.unobserve(look, names)


def test_a_settled_answer_makes_no_widget_and_says_each_thing_once(
    said: Counter[str], calls: Counter[str]
) -> None:
    """Lines, steps and charts are changed in place; what the next word replaces is not said."""

    async def main() -> None:
        explorer = PuzzleExplorer("llama-3.3-70b-modeled", own_page=True)
        state = explorer.state
        place = next(n for n, one in enumerate(state.budgets) if one.resource == "throughput")
        value = float(state.budgets[place].value)
        await settled(state)
        for number in range(2):  # what is made when it is first needed
            state.drag_budget(place, value + 60 * (number + 1))
            await settled(state)
        before = set(_instances)
        for number in range(MOVES):
            said.clear()
            calls.clear()
            state.drag_budget(place, value - 170 * (number + 1))
            await settled(state)
            assert set(said) == {"comm_msg"}
            assert said["comm_msg"] <= MOST_MESSAGES
            assert calls["search"] == calls["baselines"] == calls["front_figure"] == 1
            assert calls["explain"] <= 2  # once more where a next step was not proven at once
            assert calls["iter_pareto_front"] == 0  # the axis is what moved
        assert set(_instances) == before
        explorer.close()

    asyncio.run(main())

"""What is shown of a wait: nothing, unless it lasts."""

from __future__ import annotations

import asyncio

import pytest

import puzzle_widgets as pw
from puzzle_widgets.widgets import moment
from puzzle_widgets.widgets.moment import Moment
from puzzle_widgets.widgets.status import StatusPanel
from tests.support.libraries import LOSS, MEMORY, make_library

LIBRARY = make_library([[(0, 5), (1, 2)], [(0, 6), (2, 1)]], (LOSS, MEMORY))


async def answered(state: pw.ExplorerState) -> None:
    """Wait for the answer."""
    there = asyncio.Event()
    state.observe(lambda change: None if change["new"] else there.set(), "updating")
    if state.updating:
        await there.wait()


def test_a_wait_that_lasts_is_shown_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a moment; one that ends before is not."""
    monkeypatch.setattr(moment, "SOON_SECONDS", 0.02)
    shown: list[str] = []

    async def main() -> None:
        wait = Moment(pw.ExplorerState(LIBRARY), lambda: shown.append("waits"))
        wait.begin()
        wait.end()
        await asyncio.sleep(0.05)
        assert shown == []
        wait.begin()
        wait.begin()
        await asyncio.sleep(0.05)
        wait.begin()
        await asyncio.sleep(0.05)
        assert shown == ["waits"]
        assert wait.lasts
        wait.end()
        assert not wait.lasts

    asyncio.run(main())


def test_without_a_loop_it_is_shown_at_once() -> None:
    """Nothing could come later."""
    shown: list[str] = []
    Moment(pw.ExplorerState(LIBRARY), lambda: shown.append("waits")).begin()
    assert shown == ["waits"]


def test_an_answer_at_once_is_shown_without_a_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line says what holds before and after, and nothing in between."""
    monkeypatch.setattr(moment, "SOON_SECONDS", 60.0)

    async def main() -> None:
        state = pw.ExplorerState(LIBRARY)
        panel = StatusPanel(state)
        await answered(state)
        lines: list[str] = []
        panel.line.observe(lambda change: lines.append(change["new"]), "value")
        panel.figures.observe(lambda _: lines.append("dimmed"), "_dom_classes")
        for amount in (9.0, 8.0, 7.0):
            state.set_budget(MEMORY, amount)
            await answered(state)
        assert lines == []
        assert "Optimal, proven" in panel.line.value
        panel.close()
        state.close()

    asyncio.run(main())

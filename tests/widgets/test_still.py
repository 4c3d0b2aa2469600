"""The picture of a saved notebook: what it shows, when it is renewed, and whose PNG it takes."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.charts import Drawing
from puzzle_widgets.widgets import still
from puzzle_widgets.widgets.still import StillPicture, answer_picture, is_notebook
from tests.support.libraries import MEMORY
from tests.support.records import small

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"


class Output:
    """A display handle that keeps what it is given."""

    made: list[Output] = []  # noqa: RUF012 - emptied by the fixture

    def __init__(self) -> None:
        self.shown: list[dict[str, str]] = []
        self.made.append(self)

    def display(self, data: dict[str, str], **_named: object) -> None:
        """Keep the first."""
        self.shown.append(dict(data))

    update = display


@pytest.fixture
def outputs(monkeypatch: pytest.MonkeyPatch) -> list[Output]:
    """Every output that is made, in a kernel that writes nowhere."""
    Output.made = []
    monkeypatch.setattr(still, "DisplayHandle", Output)
    monkeypatch.setattr(still, "is_notebook", lambda: True)
    monkeypatch.setattr(still, "publish_display_data", lambda _data: None)
    return Output.made


def test_the_answer_with_its_figures(outputs: list[Output]) -> None:
    """An explorer's picture says how far the answer is proven, its figures and what limits it."""
    explorer = pw.PuzzleExplorer(small())
    explorer._ipython_display_()
    (shown,) = outputs[0].shown
    solution = explorer.solution
    assert solution is not None
    words = shown["text/plain"]
    assert "Optimal, proven" in words
    assert words.startswith(f"{solution.library.name}: Current solution")
    assert shown["image/svg+xml"].startswith("<svg id='pw-still' xmlns=")
    assert shown["image/svg+xml"].count("translate(0 ") == 1  # the layers; no front was asked for
    explorer.close()


def test_it_is_renewed_once_settled(outputs: list[Output], monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten moves of a slider are one picture, and each place that shows it has it."""
    monkeypatch.setattr(still, "SETTLED_SECONDS", 0.05)

    async def play() -> None:
        explorer = pw.PuzzleExplorer(small(), find_front=False)
        for _ in range(2):
            explorer._ipython_display_()
        assert sum(isinstance(one, StillPicture) for one in explorer.children) == 1
        for budget in range(20, 10, -1):
            explorer.state.set_budget(MEMORY, budget)
            await asyncio.sleep(0)
        for _ in range(100):
            await asyncio.sleep(0.02)
            if all(len(output.shown) > 1 for output in outputs):
                break
        assert [len(output.shown) for output in outputs] == [2, 2]
        assert explorer.solution is not None
        figures = explorer.solution.library.quantity(MEMORY).text(explorer.solution.totals[MEMORY])
        assert figures in outputs[1].shown[-1]["text/plain"]
        explorer.close()

    asyncio.run(play())


def test_the_png_of_the_page(outputs: list[Output]) -> None:
    """It is kept beside the SVG; one of an older picture, or that is no PNG, is not."""
    plot = pw.LayerView(small())
    plot._ipython_display_()
    picture = next(one for one in plot.children if isinstance(one, StillPicture))
    for said, buffers in [
        ({"of": picture.number + 1}, [PNG]),
        ({"of": picture.number}, [b"<script>"]),
        ({"of": picture.number}, [PNG + bytes(still.MAX_PNG_BYTES)]),
        ({"of": picture.number}, []),
        ({}, [PNG]),
        ("png", [PNG]),
    ]:
        hear(picture, said, buffers)
        assert len(outputs[0].shown) == 1
    hear(picture, {"of": picture.number}, [PNG])
    assert base64.b64decode(outputs[0].shown[-1]["image/png"]) == PNG
    plot.state.set_budget(MEMORY, 12)
    picture._renew()
    assert "image/png" not in outputs[0].shown[-1]
    plot.close()


def hear(picture: StillPicture, said: Any, buffers: list[bytes]) -> None:
    """Send a message as a page does."""
    picture._handle_custom_msg(said, [memoryview(one) for one in buffers])


def test_a_panel_shows_its_own_chart(outputs: list[Output]) -> None:
    """A chart is its picture; a panel without one has the answer's."""
    for panel, words in [
        (pw.LayerView(small()), "Blocks by layer"),
        (pw.BudgetPanel(small()), "Loss"),
    ]:
        panel._ipython_display_()
        assert words in outputs[-1].shown[0]["text/plain"]
        panel.close()


def test_what_cannot_be_drawn(outputs: list[Output]) -> None:
    """An infeasible problem says its reason; a score whose sense is asked has nothing to draw."""
    state = pw.ExplorerState(small())
    state.set_budget(MEMORY, 0.001)
    drawing = answer_picture(state)
    assert isinstance(drawing, Drawing)
    assert "Infeasible" in drawing.title
    assert outputs == []


def test_names_are_escaped(outputs: list[Output]) -> None:
    """Those of files, in words and in SVG."""
    library = small()
    state = pw.ExplorerState(library)
    state.keep("<script>alert(1)</script>")
    state.show_scenario(0)
    drawing = answer_picture(state)
    assert drawing is not None
    assert "<script>" not in drawing.to_svg()
    assert outputs == []


def test_pages_of_voila_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """They cannot be saved; nor can a plain interpreter show one."""
    assert not is_notebook()
    monkeypatch.setattr(still, "get_ipython", type("Shell", (), {"kernel": 1}))
    assert is_notebook()
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5.11")
    assert not is_notebook()

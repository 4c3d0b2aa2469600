"""What a page sends through its link, and what it hears back."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import pytest

from puzzle_widgets.widgets import page
from puzzle_widgets.widgets.page import PageLink

HERE = "this page"


class Line:
    """A link and what it has said, among the changes of a slider and the clicks on a button."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.heard: list[Any] = []
        self.link = PageLink()
        monkeypatch.setattr(self.link, "send", self.heard.append)
        self.slider, self.button = widgets.FloatSlider(max=1e6), widgets.Button()
        self.slider.observe(lambda change: self.heard.append(change["new"]), "value")
        self.button.on_click(lambda _: self.heard.append("click"))

    def say(self, content: object, buffers: tuple[memoryview, ...] = ()) -> None:
        """Send a message as a page does."""
        self.link._handle_custom_msg(content, list(buffers))

    def slide(self, number: int, value: object) -> dict[str, Any]:
        """Build the act of moving the slider."""
        data = {"method": "update", "state": {"value": value}, "buffer_paths": []}
        return {"id": self.slider.model_id, "number": number, "data": data}

    def click(self, number: int) -> dict[str, Any]:
        """Build the act of pressing the button."""
        data = {"method": "custom", "content": {"event": "click"}}
        return {"id": self.button.model_id, "number": number, "data": data}

    @property
    def effects(self) -> list[Any]:
        """What the widgets did."""
        return [one for one in self.heard if not isinstance(one, dict)]


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    """A link with two widgets."""
    return Line(monkeypatch)


def taken(number: int) -> dict[str, Any]:
    """Say that an act is about to be done."""
    return {"page": HERE, "taken": number}


def done(number: int, *, again: bool = False) -> dict[str, Any]:
    """Say that all acts up to a number are done."""
    return {"page": HERE, "done": number, "again": again}


def test_each_act_is_told_of_before_it_is_done(line: Line) -> None:
    """The page hears that an act is taken, then of its effects, then that all is done."""
    line.say({"page": HERE, "acts": [line.slide(1, 5.0), line.click(2), line.slide(3, 7.0)]})
    assert line.heard == [taken(1), 5.0, taken(2), "click", taken(3), 7.0, done(3)]


def test_what_comes_twice_is_done_once(line: Line) -> None:
    """An act whose word was lost is sent again, with a newer one: only that is done."""
    line.say({"page": HERE, "acts": [line.slide(1, 5.0), line.click(2)]})
    line.heard.clear()
    line.say({"page": HERE, "acts": [line.slide(1, 5.0), line.click(2), line.click(3)]})
    assert line.heard == [taken(3), "click", done(3, again=True)]


def test_pages_count_for_themselves(line: Line) -> None:
    """Two pages on one kernel number their acts each from one."""
    line.say({"page": "one", "acts": [line.click(1)]})
    line.say({"page": "two", "acts": [line.click(1)]})
    assert line.effects == ["click", "click"]


def test_a_gap_is_refused(line: Line) -> None:
    """What cannot follow on what was done is not done, and the page is told."""
    line.say({"page": HERE, "acts": [line.click(1)]})
    line.heard.clear()
    line.say({"page": HERE, "acts": [line.click(3)]})
    assert line.heard == [{"page": HERE, "refused": 3}]


def test_buffers_go_to_their_acts(line: Line) -> None:
    """Files of an upload arrive whole, behind an act that has none."""
    upload = widgets.FileUpload()
    file = {"name": "a.csv", "type": "", "size": 3, "last_modified": 0, "content": None}
    data = {
        "method": "update",
        "state": {"value": [file]},
        "buffer_paths": [["value", 0, "content"]],
    }
    act = {"id": upload.model_id, "number": 2, "data": data, "buffers": 1}
    line.say({"page": HERE, "acts": [line.click(1), act]}, (memoryview(b"a,b"),))
    assert bytes(upload.value[0]["content"]) == b"a,b"


def test_one_act_that_fails_does_not_stop_the_next(line: Line) -> None:
    """A widget that has gone, or that takes no such value, hinders no other."""
    gone = {**line.click(1), "id": "gone"}
    line.say({"page": HERE, "acts": [gone, line.slide(2, "wide"), line.click(3)]})
    assert line.effects == ["click"]
    assert line.heard[-1] == done(3)


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        "acts",
        {"page": HERE, "acts": 3},
        {"page": HERE, "acts": [3]},
        {"page": HERE, "acts": [{"number": "one"}]},
        {"page": HERE, "acts": [{"number": 1}]},
        {"page": HERE, "ask": 3},
        {"acts": []},
    ],
)
def test_what_is_no_message_is_passed_over(line: Line, content: object) -> None:
    """A page may send anything; the link works on."""
    line.say(content)
    line.say({"page": "another", "acts": [line.click(1)]})
    assert line.effects == ["click"]


def test_a_page_that_asks_is_told_all(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every widget asked for sends its state; those that have gone are named."""
    monkeypatch.setattr(line.slider, "send_state", lambda: line.heard.append("state"))
    line.say({"page": HERE, "ask": [line.slider.model_id, "gone"]})
    assert line.heard == [
        {"page": HERE, "telling": True},
        "state",
        {"page": HERE, "told": True, "gone": ["gone"]},
    ]


def test_aids_are_made_anew_where_they_were_closed() -> None:
    """Closing all widgets of a notebook closes the aids, too; the next panel brings new ones."""
    before = page.page_aids()
    assert page.page_aids() is before
    before.close()
    assert page.page_aids() is not before

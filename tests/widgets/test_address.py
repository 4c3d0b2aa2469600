"""The state in the page's address: written once it has settled, read with suspicion."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.hosted import VARIABLE, Hosted
from puzzle_widgets.library import agreements
from puzzle_widgets.library.datasets import find_dataset
from puzzle_widgets.state import from_code, to_code
from puzzle_widgets.widgets import address
from puzzle_widgets.widgets.address import PageAddress
from puzzle_widgets.widgets.explorer import PuzzleExplorer
from tests.support.libraries import MEMORY
from tests.support.records import small


class Page:
    """An address on a state, what it told the page, and words of the page."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.state = pw.ExplorerState(small())
        self.address = PageAddress(self.state)
        self.told: list[Any] = []
        monkeypatch.setattr(self.address, "send", self.told.append)

    def say(self, content: object) -> None:
        """Send a message as a page does."""
        self.address._handle_custom_msg(content, [])


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    """A page that has said nothing yet."""
    return Page(monkeypatch)


def test_the_visitors_agreement_goes_with_the_browser(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is handed to the page, and taken from it before the address is read."""
    monkeypatch.setattr(agreements, "_of_visitor", {})
    monkeypatch.setenv(VARIABLE, Hosted(by_visitor=True).text())
    dataset = find_dataset("llama-3.3-70b-instruct")
    agreements.remember(dataset)
    page.say({"open": ""})
    page.state.set_budget(MEMORY, 14)
    kept = page.address.agreed
    assert list(kept) == [dataset.name]
    agreements._of_visitor.clear()
    assert not agreements.has_agreed(dataset)
    page.say({"open": "", "agreed": kept})
    assert agreements.has_agreed(dataset)


def code_of(budget: float) -> str:
    """The code of a state with this limit on memory."""
    state = pw.ExplorerState(small())
    state.set_budget(MEMORY, budget)
    return to_code(state.to_json())


def test_nothing_is_written_before_the_page_was_read(page: Page) -> None:
    """Else what its address held would be gone."""
    page.state.set_budget(MEMORY, 14)
    assert page.address.code == ""
    page.say({"open": code_of(12)})
    assert page.state.problem.budgets[MEMORY].upper == 12
    page.state.set_budget(MEMORY, 13)
    assert from_code(page.address.code) == page.state.to_json()


def test_what_was_decided_before_the_page_was_read_is_written(page: Page) -> None:
    """A visitor is quicker than the page's own word, which comes once all is drawn."""
    page.state.set_budget(MEMORY, 14)
    page.say({"open": ""})
    assert from_code(page.address.code) == page.state.to_json()


def test_a_page_without_a_state_stays_as_it_is(page: Page) -> None:
    """Its address is written with the first decision, whatever that is about."""
    before = page.state.record
    page.say({"open": ""})
    assert page.state.record is before
    assert page.address.code == ""
    page.state.set_looks(gib=True)
    assert from_code(page.address.code) == page.state.to_json()


def test_a_link_is_of_what_is_decided_now(page: Page) -> None:
    """The page asks for it before it copies."""
    page.say({"open": ""})
    page.say({"settle": True})
    code = to_code(page.state.to_json())
    assert page.told == [{"settled": True, "code": code, "file": ""}]


def test_a_drag_is_written_once(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """When it has settled."""
    written: list[str] = []
    page.address.observe(lambda change: written.append(change["new"]), "code")
    page.say({"open": ""})
    monkeypatch.setattr(address, "SETTLED_SECONDS", 0.05)

    async def drag() -> None:
        settled = asyncio.Event()
        page.address.observe(lambda _: settled.set(), "code")
        for limit in (14, 13, 12):
            page.state.set_budget(MEMORY, limit)
        await settled.wait()

    asyncio.run(drag())
    assert written == [to_code(page.state.to_json())]


def test_what_is_too_long_is_a_file(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address holds nothing then, rather than what is not so any more."""
    page.say({"open": ""})
    page.state.set_budget(MEMORY, 12)
    monkeypatch.setattr(address, "to_code", lambda _: "")
    page.state.set_budget(MEMORY, 13)
    assert (page.address.code, page.address.file) == ("", page.state.to_json())


@pytest.mark.parametrize(
    "content",
    [
        {"open": "<script>"},
        {"open": 3},
        {"open": None},
        {"open": to_code("{}")},
        {"open": to_code('{"format": "puzzle-widgets/record", "version": 7}')},
    ],
)
def test_what_cannot_be_read_changes_nothing(
    page: Page, content: object, no_silent_errors: list[Exception]
) -> None:
    """One message; what was on screen stays, and so does the address."""
    before = page.state.record
    page.say(content)
    assert page.state.record is before
    assert page.state.message is not None
    assert page.state.message.level == "error"
    assert (page.address.code, page.address.file) == ("", "")
    no_silent_errors.clear()


@pytest.mark.parametrize("content", [None, "open", [], {"other": 1}])
def test_what_is_no_message_is_ignored(page: Page, content: object) -> None:
    """Nothing happens, and nothing is said."""
    page.say(content)
    assert (page.state.message, page.told) == (None, [])


def test_only_an_explorer_on_its_own_page_has_one() -> None:
    """In a notebook the address is the notebook's; closing ends it."""
    there = PuzzleExplorer(small(), own_page=True)
    assert any(isinstance(aid, PageAddress) for aid in there.aids)
    assert set(there.aids) <= set(there.library_bar.line.children)
    there.close()
    assert all(aid.comm is None for aid in there.aids)
    alone = PuzzleExplorer(small())
    assert not any(isinstance(aid, PageAddress) for aid in alone.aids)
    alone.close()

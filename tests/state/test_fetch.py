"""Datasets in the state: offered, agreed to, fetched, given up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library.agreements import has_agreed
from puzzle_widgets.library.datasets import Dataset
from puzzle_widgets.state import ExplorerState
from tests.support.datasets import NAME, cache, mirror, small
from tests.support.libraries import EMBEDDED, make_library, published_files
from tests.support.mirror import Mirror

__all__ = ["cache", "mirror", "small"]


@pytest.fixture
def state() -> ExplorerState:
    """A state on a library of one layer."""
    return ExplorerState(make_library([[(0, 4, 8), (1, 2, 3)]]))


def is_offered(state: ExplorerState) -> bool:
    """Whether the terms of a dataset are shown."""
    return state.offered is not None


def is_fetching(state: ExplorerState) -> bool:
    """Whether a fetch is under way."""
    return state.fetched is not None


def said(state: ExplorerState) -> str:
    """What the user is told, its level before it."""
    return "" if state.message is None else f"{state.message.level}: {state.message.text}"


def test_an_offer_shows_its_terms_and_fetches_nothing(state: ExplorerState, mirror: Mirror) -> None:
    """What was open stays open, also when the offer is withdrawn."""
    state.offer_dataset(NAME)
    assert is_offered(state)
    assert (state.fetched, mirror.asked) == (None, [])
    state.withdraw_offer()
    assert not is_offered(state)
    state.accept_offer()
    assert mirror.asked == []
    assert state.library.name == "small"


def test_an_accepted_offer_is_fetched_and_opened(
    state: ExplorerState, mirror: Mirror, small: Dataset
) -> None:
    """With progress on the way; the next time it opens without a question."""
    shares: list[float | None] = []
    state.observe(lambda change: shares.append(change["new"]), "fetched")
    state.offer_dataset(NAME)
    state.accept_offer()
    assert state.library.layers == pw.load_files(published_files()).layers
    assert not is_offered(state)
    assert (state.fetched, state.message) == (None, None)
    assert 1.0 in shares
    assert has_agreed(small)
    state.open_library(make_library([[(0, 1, 1)]]))
    state.offer_dataset(NAME)
    assert state.library.name == small.title
    assert len(mirror.asked) == 3


def test_a_failed_fetch_is_told_and_the_offer_stays(state: ExplorerState, mirror: Mirror) -> None:
    """So that it can be tried again."""
    mirror.trouble = "wrong"
    state.offer_dataset(NAME)
    state.accept_offer()
    assert said(state).startswith("error: ")
    assert "SHA-256 differs" in said(state)
    assert state.library.name == "small"
    assert is_offered(state)
    assert state.fetched is None
    mirror.trouble = ""
    state.accept_offer()
    assert said(state) == ""
    assert len(state.library.layers) == 3


def test_an_embedded_library_opens_at_once(state: ExplorerState) -> None:
    """Without an offer."""
    state.offer_dataset(EMBEDDED)
    assert state.library == pw.load_library(EMBEDDED)
    assert not is_offered(state)


async def until(true: Callable[[], bool]) -> None:
    """Wait for the background to bring something about."""
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came about")


def test_a_fetch_can_be_given_up_on_the_way(mirror: Mirror) -> None:
    """In the background the page answers meanwhile; what was open stays, nothing is said."""

    async def journey() -> ExplorerState:
        state = ExplorerState(make_library([[(0, 4, 8), (1, 2, 3)]]))
        mirror.gate.clear()
        state.offer_dataset(NAME)
        state.accept_offer()
        assert is_fetching(state)
        await until(lambda: bool(mirror.asked))
        state.withdraw_offer()
        assert not is_offered(state)
        assert not is_fetching(state)
        mirror.gate.set()
        await asyncio.sleep(0.3)
        state.close()
        return state

    state = asyncio.run(journey())
    assert (state.library.name, said(state), is_offered(state)) == ("small", "", False)


def test_another_library_ends_the_offer(state: ExplorerState, mirror: Mirror) -> None:
    """An upload meanwhile is what the user wants."""
    state.offer_dataset(NAME)
    state.open_files(published_files())
    assert not is_offered(state)
    assert mirror.asked == []

"""The offer of a published dataset: terms, agreement, progress."""

from __future__ import annotations

from dataclasses import replace

import pytest

from puzzle_widgets.library.datasets import Dataset
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.library_bar import (
    DatasetOffer,
    LibraryBar,
    describe_terms,
    template_links,
)
from tests.support.datasets import NAME, cache, mirror, small
from tests.support.libraries import make_library
from tests.support.mirror import Mirror

__all__ = ["cache", "mirror", "small"]
LABEL = "Llama-3.3-70B-Instruct (published, non-commercial)"


@pytest.fixture
def state() -> ExplorerState:
    """A state on a library of one layer."""
    return ExplorerState(make_library([[(0, 4, 8), (1, 2, 3)]]))


def test_the_picker_offers_it_and_stays_on_what_is_open(
    state: ExplorerState, mirror: Mirror
) -> None:
    """Picking shows the terms; the picker goes back to the library that is open."""
    bar, offer = LibraryBar(state), DatasetOffer(state)
    assert offer.layout.display == "none"
    bar.picker.value = LABEL
    assert bar.picker.value == "small"
    assert offer.layout.display == ""
    for words in ("License-NC", "on-commercial", "LICENSE.txt", "0.1 MiB", "NVlabs/puzzle at 19f3"):
        assert words in offer.terms.value
    assert mirror.asked == []


def test_nothing_is_fetched_without_the_agreement(state: ExplorerState, mirror: Mirror) -> None:
    """The button waits for the box; then it fetches and opens."""
    bar, offer = LibraryBar(state), DatasetOffer(state)
    state.offer_dataset(NAME)
    assert (offer.fetch.disabled, mirror.asked) == (True, [])
    offer.agree.value = True
    assert (offer.fetch.disabled, mirror.asked) == (False, [])
    assert mirror.asked == []
    offer.fetch.click()
    assert bar.picker.value == "Llama-3.3-70B-Instruct"
    assert LABEL not in bar.picker.options
    assert offer.layout.display == "none"
    assert "3 variants per layer" in bar.facts.value


def test_a_fetch_shows_how_far_it_is(state: ExplorerState, small: Dataset) -> None:
    """In words and as a bar; the button to leave stops it."""
    offer = DatasetOffer(state)
    state._store.tell(offered=small, fetched=0.4)
    assert (offer.progress.value, offer.share.value) == (0.4, "Fetching: 40 %")
    assert (offer.leave.description, offer.agree.disabled) == ("Stop", True)
    offer.leave.click()
    assert offer.layout.display == "none"


def test_an_offer_that_is_left_forgets_the_tick(state: ExplorerState, small: Dataset) -> None:
    """Whoever comes back is asked again."""
    offer = DatasetOffer(state)
    state.offer_dataset(small.name)
    offer.agree.value = True
    offer.leave.click()
    state.offer_dataset(small.name)
    assert offer.agree.value is False


def test_words_of_a_data_set_are_escaped(small: Dataset) -> None:
    """As all that is shown."""
    terms = describe_terms(replace(small, about="<img src=x>"))
    assert "<img" not in terms
    assert "&lt;img" in terms


def test_templates_are_links_that_hold_their_files() -> None:
    """Three of them, where Excel's can be written."""
    links = template_links()
    assert links.count("download='template.csv'") == 2
    assert links.count("download='template.xlsx'") == 1
    assert links.count("base64,") == 3

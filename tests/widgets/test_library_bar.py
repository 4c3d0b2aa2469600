"""The head of the explorer: facts and notes of the open library, and how another is opened."""

from __future__ import annotations

from dataclasses import replace

import pytest

import puzzle_widgets as pw
from puzzle_widgets.files import architecture_file
from puzzle_widgets.library import dump_library
from puzzle_widgets.library.datasets import Dataset
from puzzle_widgets.library.puzzletron.blocks import NO_OP, Block, RunSubblock
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.html import folded_list
from puzzle_widgets.widgets.library_bar import (
    DatasetOffer,
    LibraryBar,
    describe_library,
    describe_terms,
    template_links,
)
from puzzle_widgets.widgets.scenarios.panel import ScenarioPanel
from tests.support.datasets import NAME, cache, mirror, small
from tests.support.libraries import EMBEDDED, make_library, published_folder
from tests.support.mirror import Mirror
from tests.support.puzzletron_run import small_run

__all__ = ["cache", "mirror", "small"]


def one_layer(name: str = "small") -> pw.BlockLibrary:
    """One layer of two variants."""
    return replace(make_library([[(0, 4, 8), (1, 2, 3)]]), name=name)


def test_modeled_figures_are_called_so() -> None:
    """The embedded library's line says that nothing in it was measured."""
    assert "modeled, not measured" in describe_library(pw.load_library(EMBEDDED))


def test_names_are_escaped() -> None:
    """A GPU's name from a file cannot bring markup."""
    library = replace(one_layer(), measurement=pw.Measurement(gpu="<img src=x>"))
    assert "<img" not in describe_library(library)
    assert "&lt;img" in describe_library(library)


def test_the_picker_opens_an_embedded_library() -> None:
    """The open library is the one picked; picking another opens it."""
    state = ExplorerState(one_layer())
    bar = LibraryBar(state)
    assert bar.picker.value == "small"
    bar.picker.value = pw.load_library(EMBEDDED).name
    assert state.library == pw.load_library(EMBEDDED)


def test_the_page_keeps_what_was_uploaded_and_is_asked_for_it() -> None:
    """By the digest of the library: of a visitor's own file, not of what was picked."""
    state = ExplorerState(one_layer())
    bar = LibraryBar(state)
    bar.picker.value = pw.load_library(EMBEDDED).name
    assert bar.upload.kept == ""
    own = make_library([[(0, 4, 8), (1, 2, 3)], [(0, 4, 8), (2, 1, 3)]])
    bar._open_files({"own.json": dump_library(own).encode()})
    assert bar.upload.kept == state.record.digest
    saved = state.to_json()
    other = ExplorerState(one_layer())
    elsewhere = LibraryBar(other)
    assert not other.open_saved(saved)
    assert elsewhere.upload.wanted == bar.upload.kept
    elsewhere._open_files({"own.json": dump_library(own).encode()})
    assert other.library == state.library
    assert elsewhere.upload.wanted == ""


def test_an_upload_opens_and_a_bad_one_leaves_what_was_there() -> None:
    """A good file is opened and the control emptied; a bad one gives a message only."""
    state = ExplorerState(one_layer())
    bar = LibraryBar(state)
    text = dump_library(one_layer("other")).encode()
    state.open_files({"other.json": text})
    assert bar.picker.value == "other"
    state.open_files({"bad.json": b"{"})
    assert state.library.name == "other"
    assert state.message is not None
    assert "bad.json" in state.message.text


def test_every_librarys_notes_are_listed_and_escaped() -> None:
    """How a library was read is told whatever it was read from, until another is open."""
    state = ExplorerState(one_layer())
    bar = LibraryBar(state)
    state.open_library(replace(one_layer(), notes=("Sheet <b>two</b> was ignored.",)))
    assert "Sheet &lt;b&gt;two&lt;/b&gt; was ignored." in bar.notes.value
    assert bar.notes.layout.display == ""
    assert state.message is not None
    assert "with 1 note" in state.message.text
    state.open_library(one_layer())
    assert bar.notes.layout.display == "none"


def test_listing_the_libraries_anew_picks_none_of_them() -> None:
    """A library that stands further down in the list stays open, and is opened once."""
    state = ExplorerState(one_layer())
    bar = LibraryBar(state)
    opened: list[str] = []
    state.observe(lambda change: opened.append(change["new"].name), "library")
    state.open_library(one_layer("Llama-3.3-70B-Instruct"))
    assert opened == ["Llama-3.3-70B-Instruct"]
    assert bar.picker.options.index(bar.picker.value) > 0


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


SECOND = "batch_size 32, runtime_stats False"


def test_the_chooser_of_costs_appears_with_a_run() -> None:
    """Hidden without one; choosing opens the other costs."""
    state = ExplorerState(pw.random_library(2, 2))
    bar = LibraryBar(state)
    assert bar.workload.layout.display == "none"
    state.open_files(small_run().encoded())
    assert bar.workload.layout.display == ""
    assert bar.costs.value == "batch_size 96, runtime_stats True"
    bar.costs.value = SECOND
    assert state.workload == SECOND
    assert state.library.measurement.batch_size == 32
    assert bar.costs.value == SECOND
    state.open_library(pw.random_library(2, 2))
    assert bar.workload.layout.display == "none"


def test_notes_are_listed_and_escaped() -> None:
    """All of them, beneath a line that opens by key."""
    state = ExplorerState(pw.random_library(2, 2))
    bar = LibraryBar(state)
    assert bar.notes.layout.display == "none"
    run = small_run()
    del run.files[run.report_of(0, run.blocks[1])]
    state.open_files(run.encoded())
    assert "Library notes (1)" in bar.notes.value
    assert folded_list("Notes", []) == ""
    assert "<b>" not in folded_list("Notes", ["<b>"])


def test_a_preset_is_offered_where_its_blocks_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A button adds it as a scenario; libraries without its blocks have none."""
    wide = RunSubblock("ffn", (("intermediate", 14336),))
    blocks = [Block((("attention", NO_OP), ("ffn", wide)))] * 2
    monkeypatch.setattr(architecture_file, "_presets", lambda: {"Small": blocks})
    state = ExplorerState(pw.random_library(2, 2))
    panel = ScenarioPanel(state)
    assert panel.presets.children == ()
    state.open_files(small_run().encoded())
    (offer,) = panel.presets.children
    assert offer.description == "Add Small"
    offer.click()
    assert [scenario.name for scenario in state.scenarios] == ["Small"]


def test_the_published_49b_model_is_offered_for_the_published_library() -> None:
    """One press adds it, with its figures in the table."""
    state = ExplorerState(pw.load_library(published_folder()))
    panel = ScenarioPanel(state)
    (offer,) = panel.presets.children
    offer.click()
    (scenario,) = state.scenarios
    assert scenario.name == "Nemotron-Super-49B"
    assert "Nemotron-Super-49B" in panel.table.value

"""The head of the explorer: facts of the open library, and how another is opened."""

from __future__ import annotations

from dataclasses import replace

import puzzle_widgets as pw
from puzzle_widgets.library import dump_library
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.library_bar import LibraryBar, describe_library
from tests.support.libraries import EMBEDDED, make_library


def small(name: str = "small") -> pw.BlockLibrary:
    """One layer of two variants."""
    return replace(make_library([[(0, 4, 8), (1, 2, 3)]]), name=name)


def test_modeled_figures_are_called_so() -> None:
    """The embedded library's line says that nothing in it was measured."""
    assert "modeled, not measured" in describe_library(pw.load_library(EMBEDDED))


def test_names_are_escaped() -> None:
    """A GPU's name from a file cannot bring markup."""
    library = replace(small(), measurement=pw.Measurement(gpu="<img src=x>"))
    assert "<img" not in describe_library(library)
    assert "&lt;img" in describe_library(library)


def test_the_picker_opens_an_embedded_library() -> None:
    """The open library is the one picked; picking another opens it."""
    state = ExplorerState(small())
    bar = LibraryBar(state)
    assert bar.picker.value == "small"
    bar.picker.value = pw.load_library(EMBEDDED).name
    assert state.library == pw.load_library(EMBEDDED)


def test_an_upload_opens_and_a_bad_one_leaves_what_was_there() -> None:
    """A good file is opened and the control emptied; a bad one gives a message only."""
    state = ExplorerState(small())
    bar = LibraryBar(state)
    text = dump_library(small("other")).encode()
    state.open_files({"other.json": text})
    assert bar.picker.value == "other"
    state.open_files({"bad.json": b"{"})
    assert state.library.name == "other"
    assert state.message is not None
    assert "bad.json" in state.message.text


def test_every_librarys_notes_are_listed_and_escaped() -> None:
    """How a library was read is told whatever it was read from, until another is open."""
    state = ExplorerState(small())
    bar = LibraryBar(state)
    state.open_library(replace(small(), notes=("Sheet <b>two</b> was ignored.",)))
    assert "Sheet &lt;b&gt;two&lt;/b&gt; was ignored." in bar.notes.value
    assert bar.notes.layout.display == ""
    assert state.message is not None
    assert "with 1 note" in state.message.text
    state.open_library(small())
    assert bar.notes.layout.display == "none"


def test_listing_the_libraries_anew_picks_none_of_them() -> None:
    """A library that stands further down in the list stays open, and is opened once."""
    state = ExplorerState(small())
    bar = LibraryBar(state)
    opened: list[str] = []
    state.observe(lambda change: opened.append(change["new"].name), "library")
    state.open_library(small("Llama-3.3-70B-Instruct"))
    assert opened == ["Llama-3.3-70B-Instruct"]
    assert bar.picker.options.index(bar.picker.value) > 0

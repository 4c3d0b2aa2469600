"""Layers are in the order of their numbers; missing ones are reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import dump_library
from puzzle_widgets.library.order import layer_numbers, layers_words, missing_words
from puzzle_widgets.library.tables.frame import dump_csv, dump_parquet
from tests.support.libraries import make_library, published_content, published_files

NAMES: list[list[int | str]] = [
    [10, 0, 2],
    ["10", "00", "2"],
    ["layer_10", "layer_0", "Layer 2"],
    ["model.layers.10", "model.layers.0", "model.layers.2"],
    ["llama3.block10 (of 80)", "llama3.block0 (of 80)", "llama3.block2 (of 80)"],
    ["h10.mlp10", "h0.mlp0", "h2.mlp2"],
]


@pytest.mark.parametrize("names", NAMES)
def test_the_number_may_stand_in_any_name(names: list[int | str]) -> None:
    """One number tells the layers apart; what is the same in all does not count."""
    assert layer_numbers(names) == (10, 0, 2)


@pytest.mark.parametrize(
    "names",
    [["first", "second"], ["first", 1], ["encoder.0", "decoder.0"], ["1.2", "2.1"], [-1, 0]],
)
def test_other_names_carry_no_number(names: list[int | str]) -> None:
    """Words, two numbers that differ, or none of a layer."""
    assert layer_numbers(names) is None


def test_missing_layers_are_named_shortly() -> None:
    """Counted from 0 or 1; a run of any length in two words."""
    assert missing_words([0, 1, 2]) == missing_words([2, 1]) == ""
    assert missing_words([0, 1, 3]) == "layer 2"
    assert missing_words([4, 7, 8, 10**12]) == "layers 0 to 3, 5, 6, 9 to 999999999999"


def library(names: Sequence[int | str]) -> pw.BlockLibrary:
    """A library of these layers, the score of each its place."""
    plain = make_library([[(place, 1, 1)] for place in range(len(names))])
    layers = zip(plain.layers, names, strict=True)
    return replace(plain, layers=tuple(replace(layer, name=name) for layer, name in layers))


@pytest.mark.parametrize("names", [["l2", "l0", "l1"], [3, 1, 2]])
@pytest.mark.parametrize("form", ["json", "csv", "parquet", "frame"])
def test_every_form_gives_the_order_of_the_numbers(names: list[int | str], form: str) -> None:
    """However the rows are sorted, scores stand with their layers."""
    shuffled = library(names)
    texts = {"json": dump_library(shuffled), "csv": dump_csv(shuffled)}
    if form == "frame":
        found = pw.load_library(pw.to_frame(shuffled))
    else:
        raw = texts[form].encode() if form in texts else dump_parquet(shuffled)
        found = pw.load_files({f"x.{form}": raw})
    assert [layer.name for layer in found.layers] == sorted(names, key=str)
    assert list(found.column("metrics.loss")) == [1, 2, 0]


def test_the_published_form_gives_the_order_of_the_numbers() -> None:
    """Its layers may be named in any way."""
    content = published_content()
    shuffled = {f"model.layers.{n}": content[f"layer_{n}"] for n in (2, 0, 1)}
    found = pw.load_files(published_files(shuffled))
    assert [layer.name for layer in found.layers] == [f"model.layers.{n}" for n in range(3)]


def test_names_without_numbers_keep_the_order_of_the_file() -> None:
    """Nothing tells another."""
    names = ["top", "bottom", "middle"]
    found = pw.load_files({"x.json": dump_library(library(names)).encode()})
    assert [layer.name for layer in found.layers] == names


def test_a_gap_is_refused_unless_it_is_meant() -> None:
    """The message names what is missing and both ways to allow it; the note stays."""
    frame = pw.to_frame(library([3, 0, 1]))
    with pytest.raises(pw.LibraryError, match=r"layer 2 missing.*allow_gaps=True.*--allow-gaps"):
        pw.load_library(frame)
    found = pw.load_library(frame, allow_gaps=True)
    assert [layer.name for layer in found.layers] == [0, 1, 3]
    assert found.notes == ("Layer 2 missing from the library.",)


def test_a_gap_is_noted_once_however_often_it_is_saved() -> None:
    """The note travels with the library, and no file's name with the note."""
    gappy = pw.load_library(pw.to_frame(library([0, 2])), allow_gaps=True)
    files = {"\x1b[31mmine.json": dump_library(gappy).encode()}
    again = pw.load_files(files, allow_gaps=True)
    assert again.notes == gappy.notes == ("Layer 1 missing from the library.",)


def test_one_number_twice_is_refused() -> None:
    """Text and number may be the same layer: which is which is not guessed."""
    text = dump_library(library([5, "05"])).encode()
    with pytest.raises(pw.LibraryError, match=r"layer '05': it has the number of layer 5"):
        pw.load_files({"x.json": text}, allow_gaps=True)


def test_a_library_of_another_order_in_memory_is_read_sorted_from_a_frame() -> None:
    """Rows sorted by a cost, as people leave their tables."""
    frame = pw.to_frame(pw.random_library(12, 3)).sort_values("stats.memory_mib")
    assert isinstance(frame, pd.DataFrame)
    names = [layer.name for layer in pw.load_library(frame).layers]
    assert names == list(range(12))


def test_layers_are_named_in_runs() -> None:
    """Single layers and runs each have their words; very many are counted."""
    assert layers_words([3]) == "layer 3"
    assert layers_words([0, 2, 3, 7, 8, 9]) == "layers 0, 2, 3, 7 to 9"
    assert layers_words(range(0, 60, 2)).endswith("22 and 18 more")
    assert layers_words([0, 1, 4], "abcde".__getitem__) == "layers a, b, e"

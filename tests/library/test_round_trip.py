"""What is written reads back equal, whatever the names hold."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping, SubBlock, dump_library
from puzzle_widgets.library.order import layer_numbers, missing_words
from tests.support.libraries import EMBEDDED, published_files

ODD_NAMES = [
    "tab\there",
    "<script>alert(1)</script>",
    "&amp; \"quoted\" 'twice'",
    "ünï 漢字 🧩 \u202eright to left",
    "new\nline\r\nand return\r",
    ", ; |",
    "  spaces  ",
    "NaN",
    "true",
    "=1+1",
    "\x00\x1b[31m",
    "e\u0301 é",
]

names = st.one_of(st.sampled_from(ODD_NAMES), st.text(min_size=1, max_size=12)).filter(str.strip)
remarks = st.one_of(st.just(""), names)
numbers = st.floats(min_value=-1e18, max_value=1e18)
costs = st.just(0.0) | st.floats(min_value=1, max_value=1e3)  # none stands for an unknown one
subblocks = st.one_of(
    st.sampled_from([SubBlock("linear"), SubBlock("no_op"), SubBlock("other")]),
    st.integers(1, 10**6).map(lambda size: SubBlock("sized", size)),
)
counts = st.none() | st.integers(1, 10**9)


@st.composite
def libraries(
    draw: st.DrawFn, *, layer_names: st.SearchStrategy[int | str], configs: bool = False
) -> pw.BlockLibrary:
    """Draw a library whose layers differ in their variants, with configs and files if wanted."""
    groups = st.sampled_from(["metrics.", "stats."])
    keys = draw(
        st.lists(st.builds(str.__add__, groups, names), min_size=1, max_size=3, unique=True)
    )

    def figures(key: str) -> st.SearchStrategy[float]:
        return costs if key.startswith("stats.") else numbers

    def layer(name: int | str) -> pw.Layer:
        found = draw(st.lists(names, min_size=1, max_size=3, unique=True))
        variants = tuple(
            pw.BlockVariant(
                variant,
                draw(subblocks),
                draw(subblocks),
                FrozenMapping({key: draw(figures(key)) for key in keys}),
                tuple(draw(st.lists(names, max_size=2))) if configs else (),
                draw(remarks) if configs else "",
            )
            for variant in found
        )
        return pw.Layer(name, variants, draw(st.sampled_from(found)))

    layers = _in_order(draw(st.lists(layer_names, min_size=1, max_size=3, unique=True)))
    return pw.BlockLibrary(
        draw(names),
        tuple(layer(name) for name in layers),
        pw.Measurement(draw(counts), draw(counts), draw(remarks), draw(remarks)),
        FrozenMapping(draw(st.dictionaries(names, remarks, max_size=2))),
        pw.Provenance(draw(st.sampled_from(["measured", "modeled"])), draw(remarks), draw(remarks)),
        FrozenMapping(draw(st.dictionaries(st.sampled_from(keys), costs))),
        draw(remarks),
    )


def _in_order(layers: list[int | str]) -> list[int | str]:
    """Names as they are, unless their numbers are no network's."""
    numbers = layer_numbers(layers)
    whole = numbers is None or not missing_words(numbers)
    sorted_once = numbers is None or list(numbers) == sorted(set(numbers))
    return layers if whole and sorted_once else list(range(len(layers)))


common = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@common
@given(libraries(layer_names=st.one_of(st.integers(-(10**20), 10**20), names), configs=True))
def test_our_own_form_gives_back_an_equal_library(library: pw.BlockLibrary) -> None:
    """Names with tabs, HTML and any Unicode, units, facts and subblocks all survive."""
    twin = pw.load_files({"any.json": dump_library(library).encode()})
    assert twin == library
    assert twin.keys == library.keys


@common
@given(libraries(layer_names=st.integers(0, 999_999_999)))
def test_a_table_gives_back_equal_layers(library: pw.BlockLibrary) -> None:
    """A tidy table holds layers, parents, subblocks and numbers, as a frame and as CSV."""
    frame = pw.to_frame(library)
    facts: dict[str, Any] = {"name": library.name, "measurement": library.measurement}
    assert pw.load_library(frame, **facts).layers == library.layers
    assume(not any(key.endswith((")", "]")) for key in library.keys))  # a unit, in a file
    text = frame.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC)  # pandas leaves a lone \\r bare
    assert pw.load_files({"t.csv": text.encode()}, **facts).layers == library.layers


def test_a_library_is_written_to_a_file_and_read_again(tmp_path: Path) -> None:
    """The file's own title stays, unless another is given."""
    library = pw.load_files(published_files(), name="Title inside")
    pw.write_library(library, tmp_path / "copy.json")
    assert pw.load_library(tmp_path / "copy.json") == library
    renamed = pw.load_library(tmp_path / "copy.json", name="Mine", measurement=pw.Measurement(1, 2))
    assert (renamed.name, renamed.measurement.tokens) == ("Mine", 2)
    assert renamed.layers == library.layers


def test_a_csv_file_is_read_from_disk(tmp_path: Path) -> None:
    """The file's name is the library's, in any case of the ending."""
    library = pw.load_files(published_files())
    pw.to_frame(library).to_csv(tmp_path / "Mine.CSV", index=False, encoding="utf-8-sig")
    found = pw.load_library(tmp_path / "Mine.CSV")
    assert (found.name, found.layers) == ("Mine", library.layers)


def test_a_frame_of_other_types_is_read() -> None:
    """Layers as floats or text, parents as 0 and 1, whole numbers as costs, subblocks left out."""
    library = pw.load_files(published_files())
    frame = pw.to_frame(library).drop(columns=["attention"])
    frame["layer"] = frame["layer"].astype(float)
    frame["parent"] = frame["parent"].astype(int)
    frame["ffn"] = frame["ffn"].replace("linear", None)
    found = pw.load_library(frame)
    assert found.layers == library.layers
    again = pd.read_csv(io.StringIO(frame.to_csv(index=False)))
    assert pw.load_library(again).layers == library.layers


def test_the_embedded_library_opens_by_name_and_survives() -> None:
    """80 layers of 6 x 9 variants, called modeled; written and read again it is equal."""
    assert EMBEDDED in pw.embedded_libraries()
    library = pw.load_library(EMBEDDED)
    assert {len(layer.variants) for layer in library.layers} == {54}
    assert (len(library.layers), library.provenance.origin) == (80, "modeled")
    assert pw.load_files({"x.json": dump_library(library).encode()}) == library


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_do_not_break_the_words(name: str) -> None:
    """A name that is shown stays on one line in a label and in an error."""
    values = FrozenMapping({"stats.m": 1.0})
    other = SubBlock("other")
    library = pw.BlockLibrary(
        "x", (pw.Layer(name, (pw.BlockVariant(name, other, other, values),), name),)
    )
    assert "\n" not in library.layers[0].variants[0].label
    text = dump_library(library).replace("[1.0]", '["1"]')
    with pytest.raises(pw.LibraryError) as caught:
        pw.load_files({"x.json": text.encode()})
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)

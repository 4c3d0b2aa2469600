"""What is written in each form reads back equal, as far as the form goes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping, checks
from puzzle_widgets.library.tables import dump_csv, dump_parquet, dump_xlsx
from puzzle_widgets.library.tables import frame as frames
from tests.library.test_round_trip import common, libraries
from tests.support.libraries import EMBEDDED, published_files, published_folder
from tests.support.puzzletron_run import small_run

CONFIG = '{"attention": {"no_op": false}, "ffn": {"intermediate_size": 64}}'


def full_library() -> pw.BlockLibrary:
    """A library with all there may be: units, non-block costs, configs, weight files, a note."""
    library = pw.load_files(published_files())
    layers = []
    for layer in library.layers:
        first, *others = layer.variants
        first = replace(first, weight_paths=("/a/b.st", "/a/c d.st"), block_config=CONFIG)
        layers.append(replace(layer, variants=(first, *others)))
    return replace(
        library,
        layers=tuple(layers),
        units=FrozenMapping({"metrics.kl_div": "nats", "stats.memory_mib": "MiB"}),
        provenance=pw.Provenance("modeled", "here; there", 'a "note"\nof two lines'),
        non_block_costs=FrozenMapping({"stats.memory_mib": 2004.5, "stats.runtime_ms": 0.0}),
        parent_config='{"model_type": "llama"}',
    )


def of_columns_only(library: pw.BlockLibrary) -> pw.BlockLibrary:
    """Leave out what a sheet has no column for: units of other keys than the library's."""
    units = {key: unit for key, unit in library.units.items() if key in library.keys}
    return replace(library, units=FrozenMapping(units))


@pytest.mark.parametrize("ending", ["json", "csv", "parquet", "xlsx"])
@pytest.mark.parametrize("name", ["full", "embedded"])
def test_every_form_gives_back_an_equal_library(name: str, ending: str, tmp_path: Path) -> None:
    """All: figures, subblocks, parents, facts, units, non-block costs, configs and weights."""
    library = full_library() if name == "full" else pw.load_library(EMBEDDED)
    pw.write_library(library, tmp_path / f"any.{ending.upper()}")
    found = pw.load_library(tmp_path / f"any.{ending.upper()}")
    assert found == library
    assert found.keys == library.keys


@pytest.mark.parametrize("ending", ["csv", "parquet", "xlsx"])
def test_a_puzzletron_run_survives(ending: str, tmp_path: Path) -> None:
    """Block configs, weight files, non-block costs: all that an export needs."""
    small_run().write(tmp_path / "run")
    library = pw.load_library(tmp_path / "run")
    assert library.non_block_costs
    assert library.layers[0].variants[0].block_config
    assert library.layers[0].variants[0].weight_paths
    pw.write_library(library, tmp_path / f"run.{ending}")
    found = pw.load_library(tmp_path / f"run.{ending}")
    assert found.name == library.name
    if ending != "xlsx":
        assert found == library
        return
    rounded = pytest.approx(dict(library.parent_totals), rel=1e-14)
    assert dict(found.parent_totals) == rounded
    for ours, theirs in zip(found.layers, library.layers, strict=True):
        for one, other in zip(ours.variants, theirs.variants, strict=True):
            assert replace(one, values=other.values) == other


@pytest.mark.published
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_published_library_survives(ending: str, tmp_path: Path) -> None:
    """Every figure of it to the last bit."""
    library = pw.load_library(published_folder())
    pw.write_library(library, tmp_path / f"p.{ending}")
    assert pw.load_library(tmp_path / f"p.{ending}") == library


def test_a_workbook_keeps_fifteen_digits() -> None:
    """Excel's figures are a little shorter than ours; what is chosen does not change by it."""
    library = pw.random_library(3, 4, seed=5)
    found = pw.load_files({"x.xlsx": dump_xlsx(library)})
    for key in library.keys:
        assert found.column(key) == pytest.approx(library.column(key), rel=1e-14)
    assert [layer.parent for layer in found.layers] == [layer.parent for layer in library.layers]


def test_a_frame_gives_back_an_equal_library() -> None:
    """What is known of the library as a whole travels in the frame's attrs."""
    library = full_library()
    frame = pw.to_frame(library)
    assert pw.load_library(frame) == library
    assert frame.attrs["units"] == {
        "metrics.kl_div": "nats",
        "stats.memory_mib": "MiB",
        "stats.runtime_ms": "ms",
    }
    assert (
        pw.load_library(frame[frame["layer"] > 0]).parent_totals["stats.memory_mib"]
        < (library.parent_totals["stats.memory_mib"])
    )
    frame.attrs["library"] = {"other": "words"}
    assert pw.load_library(frame).layers == library.layers


@common
@given(libraries(layer_names=st.integers(0, 999_999_999), configs=True))
def test_csv_holds_any_names(library: pw.BlockLibrary) -> None:
    """Tabs, quotes, line ends, HTML, any Unicode, in names, keys, units and remarks."""
    library = of_columns_only(library)
    if library.parent_config.strip() == "":
        library = replace(library, parent_config="")
    assert pw.load_files({"t.csv": dump_csv(library).encode()}) == library


@settings(common, max_examples=60)
@given(libraries(layer_names=st.integers(-(2**63), 2**63 - 1), configs=True))
def test_parquet_holds_everything(library: pw.BlockLibrary) -> None:
    """Units of foreign keys and negative layers as well."""
    assert pw.load_files({"t.parquet": dump_parquet(library)}) == library


def test_layers_of_numbers_and_of_names_are_kept_in_one_file() -> None:
    """Parquet's columns have one type: the layers are text there, and digits numbers again."""
    library = pw.load_files(published_files())
    mixed = replace(library, layers=(replace(library.layers[0], name="first"), *library.layers[1:]))
    assert pw.load_files({"m.parquet": dump_parquet(mixed)}) == mixed


def test_a_parquet_file_of_pandas_own_is_read(tmp_path: Path) -> None:
    """Written by to_parquet, with small types and an index of its own."""
    library = full_library()
    frame = pw.to_frame(library)
    frame.set_index("layer", drop=False, append=False).rename_axis("place").to_parquet(
        tmp_path / "x.parquet"
    )
    assert pw.load_library(tmp_path / "x.parquet") == library
    small = frame.astype({"stats.num_kv_heads": np.int16, "variant": "category"})
    small.attrs = {}
    small.to_parquet(tmp_path / "y.parquet")
    assert pw.load_library(tmp_path / "y.parquet").layers == library.layers


def table_of(rows: int, **columns: object) -> bytes:
    """Write a Parquet file of equal rows, packed small: each value is there once."""
    places = pa.array(np.zeros(rows, dtype=np.int32))
    repeated = {
        name: pa.DictionaryArray.from_arrays(places, pa.array([value]))
        for name, value in columns.items()
    }
    content = pa.BufferOutputStream()
    pq.write_table(pa.table(repeated), content)
    return bytes(content.getvalue().to_pybytes())


def complaint(content: bytes, file: str = "p.parquet") -> str:
    """Give the text of the error that a file must raise."""
    with pytest.raises(pw.LibraryError) as caught:
        pw.load_files({file: content})
    return str(caught.value)


def test_a_parquet_file_that_would_fill_the_memory_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rows and columns are counted, and sizes summed, before anything is read."""
    many = table_of(300_000, layer=1)
    assert len(many) < 10_000
    assert "300,000 rows and 1 columns. At most 200,000" in complaint(many)
    assert frames.MAX_UNPACKED_BYTES == 256 * 2**20
    monkeypatch.setattr(frames, "MAX_UNPACKED_BYTES", 2**20)
    assert "At most 1 MiB are read; split it" in complaint(table_of(3, layer="x" * 2**20))


def test_a_long_text_in_every_row_is_kept_once() -> None:
    """A file of 100,000 rows of one long text would take 100 GB if each row had its own."""
    content = table_of(100_000, layer=0, variant="v" * 2**20, parent=True)
    assert "a variant's name 'vvv" in complaint(content)


def test_a_fault_in_parquet_is_named() -> None:
    """By row and column; what is no Parquet is told as well."""
    frame = pw.to_frame(full_library()).astype({"stats.memory_mib": str})
    frame.loc[3, "stats.memory_mib"] = "much"
    assert "p.parquet, row 0, column 'stats.memory_mib', layer 0" in complaint(frame.to_parquet())
    assert "broken Parquet" in complaint(b"PAR1 or not")
    assert "broken Parquet" in complaint(b"")


@pytest.mark.parametrize(
    ("module", "ending", "extra"),
    [("pyarrow", "parquet", "parquet"), ("openpyxl", "xlsx", "excel")],
)
def test_what_is_not_installed_is_named_with_how_to_get_it(
    module: str, ending: str, extra: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Reading and writing say which extra brings the library that is missing."""
    library = pw.load_files(published_files())
    content = {"parquet": dump_parquet, "xlsx": dump_xlsx}[ending](library)

    def missing(name: str) -> None:
        assert name == module
        raise ImportError(name)

    monkeypatch.setattr(checks, "import_module", missing)
    needs = f"{module} is needed.*puzzle-widgets.{extra}"
    with pytest.raises(pw.LibraryError, match=needs):
        pw.load_files({f"x.{ending}": content})
    with pytest.raises(pw.LibraryError, match=needs):
        pw.write_library(library, tmp_path / f"x.{ending}")
    assert not (tmp_path / f"x.{ending}").exists()


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """An unknown ending, or a folder that is not there."""
    library = pw.load_files(published_files())
    with pytest.raises(pw.LibraryError, match=r"x\.txt: no known form\. End it in \.json, \.csv"):
        pw.write_library(library, tmp_path / "x.txt")
    with pytest.raises(pw.LibraryError, match=r"no.x\.csv: cannot be written \(No such file"):
        pw.write_library(library, tmp_path / "no" / "x.csv")


def test_a_workbook_holds_what_excel_can() -> None:
    """Control characters are no part of a workbook: they are replaced, the rest stays."""
    library = pw.load_files({"t.csv": b"layer,variant,parent,memory\n0,a\x07b,yes,1\n"})
    found = pw.load_files({"x.xlsx": dump_xlsx(library)})
    assert found.layers[0].parent == "a\N{REPLACEMENT CHARACTER}b"


def test_a_template_opens_as_it_is(tmp_path: Path) -> None:
    """In every form it says the same library, with subblocks, facts and no remark left over."""
    found = []
    for name, how in (("a.csv", {}), ("b.csv", {"decimal": ","}), ("c.xlsx", {})):
        pw.write_template(tmp_path / name, layers=3, **how)  # type: ignore[arg-type]
        found.append(pw.load_library(tmp_path / name))
    assert found[0] == found[1] == found[2]
    assert found[0].name == "My library"
    assert found[0].measurement.tokens == 64 * 2048
    assert len(found[0].layers) == 3
    assert {v.label for v in found[0].layers[2].variants} >= {"8 KV heads, FFN width 14,336"}
    problem = pw.SearchProblem(
        found[0], minimize="metrics.kl_div", budgets={"stats.memory_mib": "90 %"}
    )
    assert pw.search(problem).status == "optimal"
    assert (tmp_path / "b.csv").read_text().splitlines()[2].startswith("0;half the KV heads;no;4;")
    with pytest.raises(pw.LibraryError, match=r"ends in \.csv or \.xlsx"):
        pw.write_template(tmp_path / "x.parquet")
    assert isinstance(pd.read_csv(tmp_path / "a.csv"), pd.DataFrame)


@pytest.mark.parametrize("name", ["mine.csv", "mine.xlsx"])
def test_a_template_replaces_no_file_unasked(tmp_path: Path, name: str) -> None:
    """What is there stays, byte for byte, until it is said that it may go."""
    path = tmp_path / name
    path.write_bytes(b"mine")
    with pytest.raises(pw.LibraryError, match="this file exists and was not overwritten"):
        pw.write_template(path)
    assert path.read_bytes() == b"mine"
    pw.write_template(path, overwrite=True)
    assert len(pw.load_library(path).layers) == 2


@pytest.mark.parametrize("layers", [0, -1])
def test_a_template_has_a_layer(tmp_path: Path, layers: int) -> None:
    """A sheet of headings alone would not open."""
    with pytest.raises(pw.LibraryError, match="1 layer or more"):
        pw.write_template(tmp_path / "x.csv", layers=layers)
    assert not (tmp_path / "x.csv").exists()

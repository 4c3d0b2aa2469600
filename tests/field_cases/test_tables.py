"""Tables as people brought them, and once more in documented headings and plain figures.

As it stands each opens with the right value, or is refused in words that fit it.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

import puzzle_widgets as pw
from puzzle_widgets.files.scenario_file import dump_layers, read_scenarios
from tests.support.libraries import PARENT_NAME, published_content, published_files

HEAD = ["layer", "variant", "parent", "kl", "memory (MiB)"]
ROWS: list[list[Any]] = [[0, "full", "x", 0, 1416], [0, "thin", None, 0.5, 672]]
TABLE = "layer,variant,parent,metrics.kl_div,stats.memory_mib\n0,full,True,0.0,1416.0\n"
MEMORY, RUNTIME = "stats.memory_mib", "stats.runtime_ms"


def opened(text: str, **how: Any) -> pw.BlockLibrary:
    """Open CSV text."""
    return pw.load_files({"sheet.csv": text.encode()}, **how)


def refused(files: dict[str, bytes], **how: Any) -> str:
    """Give the words in which files are refused."""
    with pytest.raises(pw.LibraryError) as caught:
        pw.load_files(files, **how)
    return str(caught.value)


def best(library: pw.BlockLibrary, **budgets: float) -> pw.Solution:
    """Search for the least KL divergence within upper budgets."""
    limits = {f"stats.{name}": (None, most) for name, most in budgets.items()}
    return pw.search(pw.SearchProblem(library, minimize="metrics.kl_div", budgets=limits))


def chosen(solution: pw.Solution) -> dict[Any, str]:
    """The architecture of a solution."""
    return dict(solution.architecture or {})


def workbook(fill: Callable[[openpyxl.Workbook], object]) -> dict[str, bytes]:
    """Make a workbook by hand, without any sheet to begin with."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    fill(book)
    content = io.BytesIO()
    book.save(content)
    return {"book.xlsx": content.getvalue()}


def add(book: openpyxl.Workbook, title: str, rows: list[list[Any]]) -> Any:
    """Add a sheet of rows."""
    sheet = book.create_sheet(title)
    for row in rows:
        sheet.append(row)
    return sheet


def is_the_table(library: pw.BlockLibrary) -> bool:
    """Whether it is the one of ``ROWS``."""
    (layer,) = library.layers
    return {v.name: v.values[MEMORY] for v in layer.variants} == {"full": 1416, "thin": 672}


def test_unit_1_a_unit_in_brackets_that_is_not_the_names() -> None:
    """Seconds behind a name in ms are seconds: 40 tokens/s, not 40,000."""
    text = (
        "layer,variant,parent,kl,{},batch size,sequence length\n0,full,x,0,{},4,100\n"
        "0,thin,,.1,{},,\n"
    )
    for heading, full, thin in (("stats.runtime_ms (s)", 10, 5), (RUNTIME, 10_000, 5_000)):
        library = opened(text.format(heading, full, thin))
        assert library.throughput(library.parent_totals[RUNTIME]) == 40
        problem = pw.SearchProblem(library, minimize="metrics.kl_div", throughput=60)
        assert chosen(pw.search(problem)) == {0: "thin"}


def test_num_1_thousands_between_semicolons() -> None:
    """Its headings are not read; with those that are, 1.416 is not guessed at."""
    german = "Layer;Block;Parent;memory (MiB);KL divergence\n0;full;WAHR;1.416;0\n"
    assert "'variant': no such column. Needed are layer" in refused({"s.csv": german.encode()})
    text = "layer;variant;parent;memory (MiB);kl\n0;full;x;1.416;0\n0;thin;;672;1\n"
    said = refused({"s.csv": text.encode()})
    assert "row 2, column D 'memory (MiB)'" in said
    assert "as 1.416 and as 1416" in said
    assert opened(text, thousands=".").parent_totals[MEMORY] == 1416
    assert opened(text, decimal=".").parent_totals[MEMORY] == 1.416
    assert opened(text.replace("672", "672,5")).parent_totals[MEMORY] == 1416
    assert opened(text.replace("1.416", "1416")).parent_totals[MEMORY] == 1416


def test_num_3_thousands_as_text_in_a_workbook() -> None:
    """Refused by its cell; a number in the cell is what it is."""
    rows = [[0, "full", "x", 0, "1.416"], [0, "thin", "", 1, "900"]]
    files = workbook(lambda book: add(book, "s", [HEAD, *rows]))
    assert "row 2, column E 'memory (MiB)'" in refused(files)
    assert "in two ways" in refused(files)
    assert pw.load_files(files, thousands=".").parent_totals[MEMORY] == 1416
    rows[0][4] = 1416
    files = workbook(lambda book: add(book, "s", [HEAD, *rows]))
    assert pw.load_files(files).parent_totals[MEMORY] == 1416
    words = workbook(lambda book: add(book, "s", [HEAD, [0, "full", "WAHR", 0, 1]]))
    assert "'WAHR' is neither true nor false. Write TRUE" in refused(words)


def test_num_quoted_thousands_in_a_comma_file() -> None:
    """A quoted 1,125 alone is refused; a plain 1.416 is what it says."""
    text = 'layer,variant,parent,kl,memory (MiB)\n0,full,x,0,"1,125"\n'
    assert "'1,125' can be read in two ways" in refused({"s.csv": text.encode()})
    assert opened(text.replace('"1,125"', "1.416")).parent_totals[MEMORY] == 1.416
    assert opened(text + "0,thin,,0.5,672.5\n").parent_totals[MEMORY] == 1125


def test_xl_1_a_hidden_sheet_first() -> None:
    """The visible one is read, and a note says what was ignored."""

    def fill(book: openpyxl.Workbook) -> None:
        old = [[*row[:4], 1] for row in ROWS]
        add(book, "old run", [HEAD, *old]).sheet_state = "hidden"
        add(book, "measured", [HEAD, *ROWS])

    library = pw.load_files(workbook(fill))
    assert is_the_table(library)
    assert "'measured' was read; 'old run' (hidden) was ignored" in library.notes[0]

    def hide(book: openpyxl.Workbook) -> None:
        add(book, "s", [HEAD, *ROWS]).sheet_state = "hidden"
        add(book, "words", [["nothing here"]])

    assert "no visible sheet has the headings" in refused(workbook(hide))


@pytest.mark.parametrize("empty", [False, True])
def test_xl_2_a_chart_sheet_first(*, empty: bool) -> None:
    """It has no cells, and may have no chart yet."""

    def fill(book: openpyxl.Workbook) -> None:
        chart = openpyxl.chart.BarChart()
        sheet = book.create_chartsheet("chart")
        data = add(book, "data", [HEAD, *ROWS])
        if empty:
            return
        chart.add_data(openpyxl.chart.Reference(data, min_col=5, min_row=1, max_row=3))
        sheet.add_chart(chart)

    assert is_the_table(pw.load_files(workbook(fill)))


def test_xl_3_notes_first() -> None:
    """The first sheet that has the headings is read."""

    def fill(book: openpyxl.Workbook) -> None:
        add(book, "README", [["Measured on Monday"], ["by hand"]])
        add(book, "data", [HEAD, *ROWS])
        add(book, "more", [HEAD, [0, "full", "x", 0, 1]])

    library = pw.load_files(workbook(fill))
    assert is_the_table(library)
    assert "'README', 'more' were ignored" in library.notes[0]


def test_xl_4_a_title_above() -> None:
    """The headings are looked for; rows are named as the sheet shows them."""
    head = ["layer", "variant", "parent", "KL divergence", "memory (MiB)"]

    def fill(book: openpyxl.Workbook) -> None:
        add(book, "s", [["Block measurements"], head, *ROWS]).merge_cells("A1:H1")

    library = pw.load_files(workbook(fill))
    assert is_the_table(library)
    assert "Row 1 above the headings was ignored." in library.notes
    wrong = workbook(lambda book: add(book, "s", [["T"], head, [0, "a", "x", 0, "much"]]))
    assert "book.xlsx, row 3, column E 'memory (MiB)'" in refused(wrong)


def test_xl_5_a_table_that_begins_further_in() -> None:
    """At B2, and beneath a title or a remark in CSV."""
    inner = [["", *row] for row in [HEAD, *ROWS]]
    assert is_the_table(pw.load_files(workbook(lambda book: add(book, "s", [[], *inner]))))
    kinds: list[Any] = ["layer", "variant", "parent", "kl", "memory"]
    assert is_the_table(pw.load_files(workbook(lambda b: add(b, "s", [[], kinds, *ROWS]))))
    body = "layer,variant,parent,kl,memory (MiB)\n0,full,x,0,1416\n0,thin,,0.5,672\n"
    for above in ("Block measurements\n", "# measured on Monday\n", "Blocks,,,,\n\n"):
        assert is_the_table(opened(above + body))


def test_xl_6_a_layer_merged_over_its_variants() -> None:
    """Also as pandas writes a MultiIndex."""

    def fill(book: openpyxl.Workbook) -> None:
        rows: list[list[Any]] = [HEAD, ROWS[0], [None, *ROWS[1][1:]]]
        add(book, "s", rows).merge_cells("A2:A3")

    assert is_the_table(pw.load_files(workbook(fill)))
    content = io.BytesIO()
    pd.DataFrame(ROWS, columns=HEAD).set_index(["layer", "variant"]).to_excel(content)
    assert is_the_table(pw.load_files({"book.xlsx": content.getvalue()}))
    assert is_the_table(pw.load_files(workbook(lambda book: add(book, "s", [HEAD, *ROWS]))))


def test_xl_7_a_formula_without_its_value() -> None:
    """Said by its cell, with what to do."""
    rows: list[list[Any]] = [HEAD, [0, "full", "x", 0, "=1400+16"], ROWS[1]]
    said = refused(workbook(lambda book: add(book, "s", rows)))
    assert "row 2, column E: the formula '=1400+16' was saved without a value" in said
    assert "Open the file in a spreadsheet program and save it" in said


def test_hidden_rows_are_passed_by() -> None:
    """With a note that says which."""

    def fill(book: openpyxl.Workbook) -> None:
        rows = [HEAD, ROWS[0], [0, "old", None, 9, 9], ROWS[1]]
        add(book, "s", rows).row_dimensions[3].hidden = True

    library = pw.load_files(workbook(fill))
    assert is_the_table(library)
    assert "Row 3 is hidden, and was ignored." in library.notes

    def without_parent(book: openpyxl.Workbook) -> None:
        add(book, "s", [HEAD, *ROWS]).row_dimensions[2].hidden = True

    said = refused(workbook(without_parent))
    assert "no parent here" in said
    assert "Row 2 is hidden, and was ignored." in said


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("b.xlsm", b"PK\x03\x04", "a workbook of a kind that is not read. Save it as .xlsx"),
        ("b.ods", b"PK\x03\x04", "a workbook of a kind that is not read. Save it as .xlsx"),
        ("b.xls", b"\xd0\xcf\x11\xe0", "a workbook of a kind that is not read"),
        (
            "b.csv.gz",
            gzip.compress(b"layer", mtime=0),
            "packed in a way that is not read. Unpack it",
        ),
        ("b.tar", b"", "packed in a way that is not read"),
        ("b.pq", b"PAR1", "Rename it to end in .parquet"),
        ("b.txt", b"layer,variant", "name it .csv"),
        ("b.jsonl", b"{}\n{}", "lines=True"),
        ("b.png", b"\x89PNG", "a picture"),
        ("b.json", b"\x89PNG\r\n", "a picture"),
        ("b.csv", b"PK\x03\x04", "Rename it to end in .zip or .xlsx"),
        ("b.safetensors", b"", "weights"),
        ("b.odd", b"", "'.odd' is not an ending that is read"),
    ],
)
def test_end_1_other_endings(file: str, content: bytes, words: str, tmp_path: Path) -> None:
    """Refused in words that fit them, which say what is read."""
    said = refused({file: content})
    assert words in said
    assert "Files that are read end in .json, .csv, .tsv, .xlsx, .parquet, .zip" in said
    (tmp_path / file).write_bytes(content)
    with pytest.raises(pw.LibraryError, match=r"Files that are read end in"):
        pw.load_library(tmp_path / file)


@pytest.mark.parametrize("heading", ["", "Unnamed: 0"])
def test_idx_1_and_3_labels_of_rows(heading: str) -> None:
    """A first column that only counts is passed by; one of figures is not."""
    text = (
        f"{heading},layer,variant,parent,metrics.kl_div,stats.memory_mib\n"
        "0,0,full,True,0.0,1416.0\n1,0,thin,False,0.3,672\n"
    )
    library = opened(text)
    assert is_the_table(library)
    assert "numbers the rows" in library.notes[0]
    assert "is in a column without a heading" in refused(
        {"s.csv": text.replace("\n0,0", "\n0.5,0").encode()}
    )
    assert is_the_table(opened(text.replace(f"{heading},layer", "comment,layer")))


def test_idx_2_named_indexes_of_frames() -> None:
    """A level of the index that is named as a heading is a column, in Parquet too."""
    frame = pw.to_frame(pw.load_files(published_files()))
    sound = pw.load_library(frame)
    indexed = frame.set_index(["layer", "variant"])
    assert pw.load_library(indexed) == sound
    content = io.BytesIO()
    indexed.to_parquet(content)
    assert pw.load_files({"p.parquet": content.getvalue()}).layers == sound.layers


def test_decimal_columns() -> None:
    """Figures of exact decimals, as databases give them."""
    pyarrow = pytest.importorskip("pyarrow")
    frame = pd.DataFrame(ROWS, columns=HEAD)
    frame["kl"] = pd.Series(["0", "0.5"], dtype=pd.ArrowDtype(pyarrow.string())).astype(
        pd.ArrowDtype(pyarrow.decimal128(10, 4))
    )
    assert is_the_table(pw.load_library(frame))
    content = io.BytesIO()
    frame.to_parquet(content)
    found = pw.load_files({"p.parquet": content.getvalue()})
    assert found.layers[0].variants[1].values["metrics.kl_div"] == 0.5


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, bytes]:
    """Give the three files with the stats of every variant changed."""
    content: Any = published_content()
    for variants in content.values():
        for groups in variants.values():
            change(groups["stats"])
    return {**published_files(), "block_library.json": json.dumps(content).encode()}


def test_pub_1_a_stat_of_the_parents_file_alone() -> None:
    """The others tell which block is the parent's."""
    library = pw.load_files(changed(lambda stats: stats.pop("runtime_ms")))
    assert library.parent_architecture == dict.fromkeys(range(3), PARENT_NAME)
    assert RUNTIME in library.notes[0]
    assert pw.load_files(published_files()).parent_architecture == library.parent_architecture


def test_pub_3_a_cost_that_was_never_measured() -> None:
    """Left out with a note."""
    library = pw.load_files(changed(lambda stats: stats.update(runtime_ms=None)))
    assert RUNTIME not in library.keys
    assert f"{RUNTIME} is null in every variant" in library.notes[0]


BATCHES = (
    "layer,variant,parent,batch size,kl,latency (ms)\n0,full,x,1,0,10\n0,full,x,8,0,40\n"
    "0,thin,,1,.3,7\n0,thin,,8,.3,30\n"
)


def test_batch_1_rows_for_several_batch_sizes() -> None:
    """They are workloads, the first by default, with a note of the others."""
    first = opened(BATCHES)
    assert (first.measurement.batch_size, first.parent_totals[RUNTIME]) == (1, 10)
    assert "batch_size 8" in first.notes[0]
    for wanted in ("batch_size 8", {"batch_size": 8}):
        eight = opened(BATCHES, workload=wanted)
        assert (eight.measurement.batch_size, eight.parent_totals[RUNTIME]) == (8, 40)
        assert eight.name == "sheet (batch_size 8)"
    said = refused({"s.csv": BATCHES.encode()}, workload="batch_size 4")
    assert "There are: batch_size 1; batch_size 8" in said
    blank = refused({"s.csv": BATCHES.replace("thin,,8", "thin,,").encode()})
    assert "row 5, column D 'batch size'" in blank
    assert "rename" not in blank
    plain = "layer,variant,parent,batch size,metrics.kl_div,stats.runtime_ms\n0,full,1,8,0,40\n"
    assert opened(plain).measurement.batch_size == 8


def test_batch_1_blocks_without_a_row() -> None:
    """A block that one batch size lacks is named there; a layer that it lacks is refused."""
    head = "layer,variant,parent,batch size,kl,latency (ms)\n"
    rows = "a,full,x,1,0,10\na,full,x,8,0,40\na,thin,,1,.3,7\nb,full,x,1,0,10\n"
    files = {"s.csv": (head + rows).encode()}
    assert len(pw.load_files(files).layers) == 2
    with pytest.raises(pw.LibraryError, match="layer 'b': no row for batch_size 8"):
        pw.load_files(files, workload="batch_size 8")
    files = {"s.csv": (head + rows + "b,full,x,8,0,40\n").encode()}
    said = pw.load_files(files, workload="batch_size 8").notes
    assert "Without a row for batch_size 8, and left out: layer 'a' 'thin'." in said


def test_batch_1_in_the_state(tmp_path: Path) -> None:
    """The explorer offers the choice, as for a Puzzletron run."""
    state = pw.ExplorerState(pw.random_library(2, 2, seed=1))
    state.open_files({"s.csv": BATCHES.encode()})
    assert state.workloads == ("batch_size 1", "batch_size 8")
    assert state.library.parent_totals[RUNTIME] == 10
    state.choose_workload("batch_size 8")
    assert state.library.parent_totals[RUNTIME] == 40
    (tmp_path / "s.csv").write_text(BATCHES)
    run = pw.open_run(tmp_path / "s.csv")
    assert run is not None
    assert [workload.name for workload in run.workloads] == ["batch_size 1", "batch_size 8"]


def test_batch_2_columns_for_several_batch_sizes() -> None:
    """The message names both documented ways; these open."""
    text = "layer,variant,parent,kl,latency bs1 (ms),latency bs8 (ms)\n0,full,x,0,10,40\n"
    said = refused({"s.csv": text.encode()})
    for words in ("cost: latency bs1 (ms)", "stats.runtime_ms@bs1", "a column 'batch size'"):
        assert words in said
    wide = text.replace("latency bs1 (ms)", "stats.runtime_ms@bs1")
    library = opened(wide.replace("latency bs8 (ms)", "cost: latency bs8 (ms)"))
    assert library.parent_totals["stats.runtime_ms@bs1"] == 10
    assert library.quantity("stats.latency_bs8").unit == "ms"


@pytest.mark.parametrize("heading", ["MMLU", "Perplexity", "acc", "peak memory (MiB)"])
def test_head_1_headings_that_are_not_known(heading: str) -> None:
    """The message writes them as they can be read."""
    text = "layer,variant,parent,{}\n0,full,x,64\n"
    said = refused({"s.csv": text.format(heading).encode()})
    assert f"'score: {heading}' or 'cost: {heading}'" in said
    for group in ("score", "cost"):
        library = opened(text.format(f"{group}: {heading}"))
        assert list(library.parent_totals.values()) == [64]


def test_scn_1_layers_saved_again_by_a_spreadsheet() -> None:
    """Semicolons and decimal commas: the names count, the figures come from the library."""
    library = opened(TABLE + "0,thin,False,0.3,672.5\n")
    kept = pw.Scenario("kept, too", best(library, memory_mib=1000))
    text = dump_layers([kept])
    rows = [
        [cell.replace(".", ",") if cell[:1].isdigit() else cell for cell in row]
        for row in csv.reader(io.StringIO(text))
    ]
    again = io.StringIO()
    csv.writer(again, delimiter=";").writerows(rows)
    assert "672,5" in again.getvalue()
    for content in (again.getvalue().encode("utf-8-sig"), text.encode()):
        (found,) = read_scenarios(content, "layers.csv", library)
        assert found.name == "kept, too"
        assert found.solution.totals == kept.solution.totals
        assert chosen(found.solution) == {0: "thin"}


SENTINEL = (
    "layer,variant,parent,kl,{}\n0,full,x,0,10.0\n0,thin,,1,4.0\n0,wide,,0.5,{}\n"
    "1,full,x,0,10.05\n1,thin,,1,5.0\n"
)


@pytest.mark.parametrize("cost", ["1e13", "-1e13", "-1", "1e18", "1e12"])
@pytest.mark.parametrize("heading", ["runtime (ms)", RUNTIME])
def test_sent_1_sent_4_and_neg_1_costs_that_stand_for_no_cost(cost: str, heading: str) -> None:
    """The variant is left out with a note that names it, and the optimum is that of the rest."""
    library = opened(SENTINEL.format(heading, cost))
    (note,) = library.notes
    assert all(words in note for words in ("layer 0 'wide'", RUNTIME, f"{float(cost):g}")), note
    found = best(library, runtime_ms=14.9)
    assert found.score == 1.0
    assert found.totals[RUNTIME] == pytest.approx(14.05)
    assert chosen(found) == {0: "thin", 1: "full"}
    assert found.status == "optimal"

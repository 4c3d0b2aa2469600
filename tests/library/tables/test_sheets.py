"""Sheets as people make them: headings with units, marks of their country, errors by cell."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import openpyxl
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import SubBlock
from puzzle_widgets.library.tables import sheet as limits
from puzzle_widgets.library.tables import xlsx

Rows = list[list[Any]]

ENGLISH = """Layer,Variant,Parent,attention,ffn,KL,Memory (GiB),Runtime (ms)
0,full,yes,8,28672,0,1.5,20
0,thin,no,4,no-op,0.25,0.5,10
"""
GERMAN = """layer;variant;parent;attention;ffn;kl;memory (GiB);runtime (ms)
0;full;x;8;28.672;0;1,5;20,0
0;thin;;4;no-op;0,25;0,5;10,0
"""
HEAD = ["layer", "variant", "parent", "memory (MiB)", "runtime (ms)", "kl divergence"]


def read_csv(text: str, encoding: str = "utf-8") -> pw.BlockLibrary:
    """Read a CSV file of a fixed name."""
    return pw.load_files({"sheet.csv": text.encode(encoding)})


def workbook(*sheets: Rows) -> bytes:
    """Make a workbook of sheets."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def complaint(files: dict[str, bytes]) -> str:
    """Give the text of the error that files must raise."""
    with pytest.raises(pw.LibraryError) as caught:
        pw.load_files(files)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (ENGLISH, "utf-8"),
        (ENGLISH, "utf-8-sig"),
        (ENGLISH, "utf-16"),
        (ENGLISH.replace(",", "\t"), "utf-16"),
        (ENGLISH.replace("\n", "\r\n"), "utf-8"),
        (ENGLISH.replace("\n0", "\n,,,,,,,\n\n0"), "utf-8"),
        (GERMAN, "utf-8"),
        ("sep=;\r\n" + GERMAN, "utf-8-sig"),
        (GERMAN.replace("\n", ";;\n"), "utf-8"),
    ],
)
def test_headings_and_marks_of_spreadsheets_are_understood(text: str, encoding: str) -> None:
    """Comma, semicolon or tab; BOM or not; words and units of people; blank lines and columns."""
    library = read_csv(text, encoding)
    assert library.keys == ("metrics.kl_div", "stats.memory_mib", "stats.runtime_ms")
    full, thin = library.layers[0].variants
    assert (full.attention, full.ffn) == (SubBlock("sized", 8), SubBlock("sized", 28672))
    assert (thin.attention, thin.ffn) == (SubBlock("sized", 4), SubBlock("no_op"))
    assert dict(thin.values) == {
        "metrics.kl_div": 0.25,
        "stats.memory_mib": 512.0,
        "stats.runtime_ms": 10.0,
    }
    assert library.layers[0].parent == "full"


@pytest.mark.parametrize(
    ("heading", "key", "factor"),
    [
        ("Memory", "stats.memory_mib", 1),
        ("memory [MiB]", "stats.memory_mib", 1),
        ("memory (GB)", "stats.memory_mib", 1e9 / 2**20),
        ("stats.memory_gib (MiB)", "stats.memory_gib", 1 / 1024),
        ("Latency in seconds (s)", None, 0),
        ("latency (s)", "stats.runtime_ms", 1000),
        ("runtime (µs)", "stats.runtime_ms", 0.001),
        ("Parameters (M)", "stats.num_params", 1e6),
        ("parameters (B)", "stats.num_params", 1e9),
        ("KV cache (GiB)", "stats.kv_cache_memory_mib", 1024),
        ("LM loss", "metrics.lm_loss", 1),
        ("score: HumanEval pass@1", "metrics.humaneval_pass_1", 1),
        ("cost: Energy (J)", "stats.energy", 1),
        ("stats.energy (J)", "stats.energy", 1),
        ("metrics.my_score", "metrics.my_score", 1),
        (" stats.runtime_ms ", "stats.runtime_ms", 1.0),
    ],
)
def test_a_heading_is_mapped_to_its_key(heading: str, key: str | None, factor: float) -> None:
    """Units that are known are converted, others are kept."""
    text = f"layer,variant,parent,{heading}\n0,a,yes,2\n"
    if key is None:
        assert "column D" in complaint({"s.csv": text.encode()})
        return
    library = read_csv(text)
    assert library.keys == (key,)
    assert library.parent_totals[key] == pytest.approx(2 * factor, rel=1e-15)
    if "(J)" in heading:
        assert library.units == {key: "J"}


def test_a_sheet_says_what_holds_for_the_whole_library() -> None:
    """Columns of facts, filled in once, in all rows, or not; non-block costs as a row."""
    text = (
        "layer,variant,parent,memory (GiB),latency,"
        "library,batch size,sequence length,GPU,origin,note\n"
        '0,a,yes,1,5,Mine,64,"2,048",H100,Measured,by hand\n'
        "0,b,no,0.5,4,,64,,,,\n"
        "non-block costs,,,2,,,,,,,\n"
    )
    library = read_csv(text)
    assert library.name == "Mine"
    assert library.measurement == pw.Measurement(64, 2048, "H100")
    assert library.provenance == pw.Provenance("measured", "", "by hand")
    assert library.non_block_costs == {"stats.memory_mib": 2048.0}
    assert library.parent_totals == {"stats.memory_mib": 3072.0, "stats.runtime_ms": 5.0}
    named = pw.load_files({"x.csv": text.encode()}, name="Yours", measurement=pw.Measurement(1, 2))
    assert (named.name, named.measurement.tokens) == ("Yours", 2)


def test_text_and_numbers_of_a_workbook_are_read() -> None:
    """The first sheet that holds anything; numbers as numbers or as text; blank rows between."""
    rows: Rows = [HEAD, [0, "a", True, 10, 5.5, 0], [], [0, "b", None, "7,5", "4,25", "0,5"]]
    library = pw.load_files({"book.xlsx": workbook([], rows, [["else"]])})
    assert dict(library.layers[0].variants[1].values) == {
        "stats.memory_mib": 7.5,
        "stats.runtime_ms": 4.25,
        "metrics.kl_div": 0.5,
    }
    assert library.name == "book"


def change(row: int, column: int, value: object) -> Callable[[Rows], None]:
    """Give a change of one cell, counted from 0, the headings included."""

    def apply(rows: Rows) -> None:
        rows[row][column] = value

    return apply


@pytest.mark.parametrize(
    ("spoil", "parts"),
    [
        (change(3, 4, "abc"), ["row 4, column E 'runtime (ms)', layer 1, variant 'a': 'abc'"]),
        (
            change(2, 3, ""),
            ["row 3, column D 'memory (MiB)', layer 0, variant 'b': '' is not a number"],
        ),
        (change(2, 3, "nan"), ["row 3, column D", "nan cannot be summed"]),
        (change(4, 5, "1e19"), ["row 5, column F 'kl divergence'", "cannot be summed"]),
        (change(2, 0, ""), ["row 3, column A 'layer': a layer's name is ''"]),
        (change(2, 1, ""), ["row 3, column B 'variant', layer 0: a variant's name is ''"]),
        (change(2, 1, "a"), ["row 3, column B", "'a' appears twice, first in row 2"]),
        (change(2, 2, "perhaps"), ["row 3, column C 'parent'", "neither true nor false"]),
        (change(2, 2, "yes"), ["row 3, column C 'parent', layer 0: several parents", "row 2"]),
        (change(1, 2, "no"), ["layer 0", "no parent here"]),
        (change(0, 4, "flavour"), ["row 1, column E 'flavour': neither a score nor a cost"]),
        (
            change(0, 4, "stats.runtime_ms (MiB)"),
            ["row 1, column E", "the unit 'MiB' is not supported"],
        ),
        (change(0, 3, "memory (acres)"), ["row 1, column D", "the unit 'acres' is not supported"]),
        (change(0, 4, "memory"), ["column D 'memory (MiB)' and column E 'memory' both mean"]),
        (change(0, 4, "memory (MiB)"), ["two columns have the same name"]),
        (change(0, 4, ""), ["row 2, column E '': '5' is in a column without a heading"]),
        (change(0, 2, "comment"), ["field 'parent': no such column", "Needed are layer"]),
        (lambda rows: rows[2].append("more"), ["row 3, column G: 'more'", "without a heading"]),
    ],
)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_fault_is_named_by_row_and_column(
    spoil: Callable[[Rows], None], parts: list[str], form: str
) -> None:
    """As the sheet itself shows them, in CSV and in a workbook."""
    rows: Rows = [list(HEAD)]
    rows += [[f"{n}", name, mark, "10", "5", "0"] for n in (0, 1) for name, mark in MARKS]
    spoil(rows)
    if form == "csv":
        content = "\n".join(",".join(row) for row in rows).encode()
    else:
        content = workbook([[cell or None for cell in row] for row in rows])
    text = complaint({f"sheet.{form}": content})
    assert all(part in text for part in [f"sheet.{form}, ", *parts][1:]), text
    assert text.startswith(f"sheet.{form}")


MARKS = (("a", "yes"), ("b", "no"))


@pytest.mark.parametrize(
    ("head", "cells", "parts"),
    [
        ("batch size", ["64", "32"], ["row 3, column E", "'32', but '64' in row 2", "once"]),
        ("batch size", ["2.5", ""], ["row 2, column E 'batch size': 2.5 is not a count"]),
        ("batch size", ["many", ""], ["row 2, column E", "'many'"]),
        ("origin", ["guessed", ""], ["row 2, column E 'origin': 'guessed'", "measured"]),
        ("weight_paths", ["[1]", ""], ["row 2, column E 'weight_paths'", "a path is 1"]),
        ("weight_paths", ["{", ""], ["row 2, column E", "broken JSON"]),
    ],
)
def test_a_fault_beside_the_figures_is_named(head: str, cells: list[str], parts: list[str]) -> None:
    """Facts of the whole library, and what goes with a block."""
    rows = [
        f"layer,variant,parent,memory,{head}",
        *(f'0,{v},{p},1,"{c}"' for (v, p), c in zip(MARKS, cells, strict=True)),
    ]
    text = complaint({"s.csv": "\n".join(rows).encode()})
    assert all(part in text for part in parts), text


def test_a_date_is_told_as_one() -> None:
    """A spreadsheet turns 8-1 into a date; the message says so."""
    rows: Rows = [HEAD, [0, "a", True, date(2026, 8, 1), 5, 0]]
    assert "row 2, column D 'memory (MiB)'" in (text := complaint({"b.xlsx": workbook(rows)}))
    assert "the date '2026-08-01" in text


def test_a_formula_counts_with_its_saved_value_only() -> None:
    """Nothing is computed here: a formula that was never saved with its value says so."""
    rows: Rows = [HEAD, [0, "a", True, "=1+1", 5, 0]]
    text = complaint({"b.xlsx": workbook(rows)})
    assert "b.xlsx, row 2, column D: the formula '=1+1' was saved without a value" in text
    assert "spreadsheet program" in text


def test_a_name_that_looks_like_a_formula_stays_a_name(tmp_path: Any) -> None:
    """What is written never runs in the spreadsheet that opens it."""
    library = read_csv("layer,variant,parent,memory\n0,=1+1,yes,1\n")
    pw.write_library(library, tmp_path / "x.xlsx")
    cell = openpyxl.load_workbook(tmp_path / "x.xlsx").worksheets[0]["B2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def bomb(size: int, parts: int = 1) -> bytes:
    """Pack zeros: a small file that would unpack to a large one."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for part in range(parts):
            packed.writestr(f"xl/{part}.xml", b"0" * size)
    return content.getvalue()


def test_a_workbook_that_would_fill_the_memory_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By what its parts unpack to, by their number, and by rows and columns of its sheet."""
    assert xlsx.MAX_UNPACKED_BYTES == 64 * 2**20
    monkeypatch.setattr(xlsx, "MAX_UNPACKED_BYTES", 2**20)
    assert "1 parts, 2.0 MiB when unpacked" in complaint({"b.xlsx": bomb(2**21)})
    assert "1,001 parts" in complaint({"b.xlsx": bomb(1, 1001)})
    far: Rows = [HEAD, [0, "a", True, 1, 2, 3]]
    book = openpyxl.load_workbook(io.BytesIO(workbook(far)))
    book.worksheets[0].cell(1_048_576, 16_384, "far away")
    content = io.BytesIO()
    book.save(content)
    # Rows and columns beyond the limit are not even walked through.
    assert len(pw.load_files({"b.xlsx": content.getvalue()}).layers) == 1


def test_more_rows_than_are_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is cut off in silence."""
    monkeypatch.setattr(limits, "MAX_ROWS", 3)
    rows = "".join(f"0,v{n},{'yes' if n == 0 else 'no'},1\n" for n in range(4))
    text = complaint({"s.csv": f"layer,variant,parent,memory\n{rows}".encode()})
    assert "4 rows and 4 columns. At most 3 rows" in text
    wide = ",".join(f"metrics.m{n}" for n in range(limits.MAX_COLUMNS))
    assert "403 columns" in complaint({"s.csv": f"layer,variant,parent,{wide}\n".encode()})


def test_what_is_no_workbook_is_told() -> None:
    """A CSV file of the wrong ending, an empty one, one without any cell."""
    for content in (ENGLISH.encode(), b"", bomb(10)):
        assert "b.xlsx: broken xlsx" in complaint({"b.xlsx": content})
    assert "every visible sheet is empty" in complaint({"b.xlsx": workbook([])})
    assert "not UTF-8 text (byte 0)" in complaint({"s.csv": b"\xe4\xf6"})

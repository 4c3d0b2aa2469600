"""Every kind of wrong input gives one error that names the place and the fix."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import checks, dump_library
from tests.support.libraries import HALF_NAME, PARENT_NAME, published_content, published_files

Content = dict[str, Any]


def with_value(value: Any) -> Content:
    """Put a value where layer 1's second variant has its memory."""
    content: Content = published_content()
    content["layer_1"][HALF_NAME]["stats"]["memory_mib"] = value
    return content


def without(*path: str) -> Content:
    """Take something out of a sound library."""
    content: Content = published_content()
    inner = content
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return content


def changed(change: Callable[[Content], object]) -> Content:
    """Change a sound library."""
    content: Content = published_content()
    change(content)
    return content


def complaint(files: dict[str, bytes]) -> str:
    """Read files that cannot be read and give the one error's text."""
    with pytest.raises(pw.LibraryError) as caught:
        pw.load_files(files)
    return str(caught.value)


PLACE = ["block_library.json", "layer 1", "variant 'attention = 4 kv heads", "stats.memory_mib"]


@pytest.mark.parametrize(
    "value",
    [
        *[float("nan"), float("inf"), -float("inf"), "12", None, True, [], {}, [1.0], {"a": 1}],
        *[1e19, -1e300, 10**400, int("9" * 4000), "\ud800"],
    ],
)
def test_what_is_no_finite_number_is_named_with_its_place(value: Any) -> None:
    """File, layer, variant and field are named, with what stands there and what to give."""
    text = complaint(published_files(with_value(value)))
    assert all(part in text for part in PLACE), text
    assert "Give a finite number" in text
    assert "\n" not in text
    text.encode()


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (
            without("layer_2", HALF_NAME, "stats", "runtime_ms"),
            ["layer 2", "4 kv heads", "'stats.runtime_ms'", "Give it in every variant or in none"],
        ),
        (
            without("layer_2", PARENT_NAME, "metrics", "kl_div"),
            ["layer 2", "'metrics'", "at least one entry is needed"],
        ),
        (
            changed(lambda c: c["layer_1"][HALF_NAME]["stats"].update(disk_mib=3)),
            ["layer 1", "4 kv heads", "'stats.disk_mib'", "missing in the first variant"],
        ),
        (
            changed(lambda c: c.update(layer_1={})),
            ["layer 1", "the layer is {}", "at least one entry"],
        ),
        (changed(lambda c: c.update(layer_1=[1])), ["layer 1", "[1]", "A JSON object"]),
        (
            changed(lambda c: c.update(block_2=c["layer_0"])),
            ["the layer 2 appears twice", "rename"],
        ),
        (
            changed(lambda c: c["layer_1"].pop(PARENT_NAME)),
            ["layer 1", "0 variants have the stats of parent_block_stats.json", "Exactly one"],
        ),
        (
            changed(lambda c: c["layer_1"].update(twin=c["layer_1"][PARENT_NAME])),
            ["layer 1", "2 variants have the stats"],
        ),
        (
            changed(lambda c: c["layer_0"][PARENT_NAME].update(quality={"x": 1})),
            ["'quality.x'", "neither a score nor a cost", "metrics.…"],
        ),
        (
            changed(lambda c: c["layer_1"].update({" ": c["layer_1"].pop(HALF_NAME)})),
            ["layer 1", "a variant's name is ' '", "Give it a name"],
        ),
        (
            changed(lambda c: c["layer_1"].update({"\udfff": c["layer_1"].pop(HALF_NAME)})),
            ["layer 1", "'\\udfff'", "complete Unicode"],
        ),
        (
            changed(lambda c: c["layer_1"].update({"n" * 3000: c["layer_1"].pop(HALF_NAME)})),
            ["layer 1", "nnn…", "at most 2,000"],
        ),
        ({"": published_content()["layer_0"]}, ["a layer's name is ''", "Give it a name"]),
    ],
)
def test_a_broken_library_is_named_with_its_place(content: Content, parts: list[str]) -> None:
    """Missing, surplus, empty, doubled and nameless entries each say where and what to do."""
    text = complaint(published_files(content))
    assert all(part in text for part in ["block_library.json", *parts]), text


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        (b"", ["broken JSON", "Write or download it again"]),
        (b'{"layer_0": {', ["broken JSON", "Is it complete?"]),
        (b"\xef\xbb\xbf", ["broken JSON"]),
        (b'{"layer_0": "\xff"}', ["not UTF-8 text (byte 13)", "Save it as UTF-8"]),
        ('{"layer_0": 1}'.encode("utf-16"), ["not UTF-8 text", "Save it as UTF-8"]),
        (b"[1, 2]", ["the file is [1, 2]", "A JSON object"]),
        (b"null", ["the file is None"]),
        (b"{}", ["the file is {}"]),
        (b"[" * 100_000, ["nested too deeply"]),
        (b'{"a":' * 100_000, ["nested too deeply"]),
        (b'{"layer_0": ' + b"[" * 800 + b"]" * 800 + b"}", ["layer 0", "A JSON object"]),
        (b'{"layer_0": {"a": 1, "a": 2}}', ["the name 'a' is given twice", "Keep one"]),
        (b'{"layer_0": {"a": {"stats": {"m": ' + b"9" * 9000 + b"}}}}", ["broken JSON"]),
    ],
)
def test_a_broken_file_is_named(raw: bytes, parts: list[str]) -> None:
    """Text that is no JSON object says what it is instead."""
    text = complaint({"block_library.json": raw})
    assert all(part in text for part in ["block_library.json", *parts]), text


def test_a_byte_order_mark_is_no_fault() -> None:
    """Editors on Windows put one at the front of a file."""
    files = published_files()
    files["block_library.json"] = b"\xef\xbb\xbf" + files["block_library.json"]
    assert len(pw.load_files(files).layers) == 3


@pytest.mark.parametrize(
    ("sidecars", "parts"),
    [
        ({"measurement_info": [1]}, ["measurement_info.json", "[1]", "A JSON object"]),
        ({"measurement_info": {"batch_size": 2.5}}, ["'batch_size'", "2.5 is not a count"]),
        ({"measurement_info": {"batch_size": 0}}, ["'batch_size'", "at least 1"]),
        ({"measurement_info": {"batch_size": True}}, ["'batch_size'", "True"]),
        ({"measurement_info": {"gpu": 7}}, ["'gpu'", "the GPU is 7", "in text"]),
        ({"parent_block_stats": {"x": 1}}, ["parent_block_stats.json", "'stats'", "None"]),
        ({"parent_block_stats": {"stats": {"m": "1"}}}, ["'stats.m'", "'1'", "finite number"]),
    ],
)
def test_a_broken_file_beside_it_is_named(sidecars: Content, parts: list[str]) -> None:
    """The fault is sought where it lies: in the measurement or in the parent's file."""
    text = complaint(published_files(**sidecars))
    assert all(part in text for part in parts), text


def test_without_a_parent_the_fix_is_told() -> None:
    """A library file alone whose names do not tell the parent says what to put beside it."""
    content = {"layer_0": {"a": {"stats": {"m": 1}}, "b": {"stats": {"m": 2}}}}
    text = complaint({"block_library.json": json.dumps(content).encode()})
    assert "layer 0: no parent here: 0 variants" in text
    assert "Put parent_block_stats.json beside the file" in text


def own(change: Callable[[Content], object]) -> dict[str, bytes]:
    """Change a sound library in the project's own form."""
    content = json.loads(dump_library(pw.load_files(published_files())))
    change(content)
    return {"own.json": json.dumps(content).encode()}


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (
            lambda c: c.update(version=2),
            ["'version'", "version 2 is not supported", "newer program"],
        ),
        (lambda c: c.update(keys=[]), ["'keys'", "at least one entry"]),
        (lambda c: c.update(keys=["stats.a", "stats.a"]), ["'keys'", "given twice"]),
        (lambda c: c.update(keys=[1]), ["'keys'", "a key is 1"]),
        (lambda c: c.update(layers={}), ["'layers'", "A JSON array"]),
        (lambda c: c.update(name=""), ["'name'", "the library's name is ''"]),
        (lambda c: c.update(units={"stats.a": 3}), ["'units'", "a unit is 3"]),
        (lambda c: c["provenance"].update(origin="guess"), ["'provenance'", "'guess'", "measured"]),
        (lambda c: c["layers"][1].update(layer=None), ["a layer's name is None"]),
        (lambda c: c["layers"][1].update(layer=0), ["the layer 0 appears twice"]),
        (lambda c: c["layers"][1].update(parent=None), ["layer 1", "no parent here"]),
        (lambda c: c["layers"][1].update(parent="x"), ["layer 1", "'x' is not one of the layer's"]),
        (lambda c: c["layers"][1].update(variants=[]), ["layer 1", "'variants'"]),
        (
            lambda c: c["layers"][1]["variants"][1].update(name=PARENT_NAME),
            ["layer 1", "appears twice"],
        ),
        (
            lambda c: c["layers"][1]["variants"][1]["values"].pop(),
            ["layer 1", "4 kv heads", "4 values for 5 keys"],
        ),
        (
            lambda c: c["layers"][1]["variants"][1].update(ffn={"kind": "odd"}),
            ["layer 1", "4 kv heads", "'ffn'", "is not a subblock of a block", "'kind' is one of"],
        ),
        (
            lambda c: c["layers"][1]["variants"][1].update(ffn={"kind": "linear", "size": 3}),
            ["'ffn'", "only a sized one has a 'size'"],
        ),
    ],
)
def test_a_fault_in_our_own_form_is_named(
    change: Callable[[Content], object], parts: list[str]
) -> None:
    """Files of the project's own form may have been edited by hand."""
    text = complaint(own(change))
    assert all(part in text for part in ["own.json", *parts]), text


HEAD = "layer,variant,parent,stats.m\n"


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        ("", ["broken CSV", "One line of headings"]),
        ("layer,variant\n0,a\n", ["'parent'", "no such column", "Needed are layer"]),
        (HEAD, ["no layers here"]),
        (HEAD + "0,a,true,x\n", ["layer 0", "variant 'a'", "'stats.m'", "'x' is not a number"]),
        (HEAD + "0,a,true,\n0,b,,1\n", ["variant 'a'", "'stats.m'", "'' is not a number"]),
        (HEAD + "0,a,true,\n", ["variant 'a'", "no scores and no costs"]),
        (HEAD + "0,a,true,nan\n", ["'stats.m'", "nan cannot be summed"]),
        (HEAD + "0,a,true,1\n0,a,false,1\n", ["layer 0", "'a' appears twice"]),
        (HEAD + "0,a,false,1\n", ["layer 0", "no parent here", "Mark the variant"]),
        (HEAD + "0,a,true,1\n0,b,true,1\n", ["layer 0", "several parents"]),
        (HEAD + "0,a,maybe,1\n", ["'parent'", "'maybe' is neither true nor false"]),
        (HEAD + "0,,true,1\n", ["layer 0", "a variant's name is ''"]),
        (HEAD + ",a,true,1\n", ["a layer's name is ''"]),
        ("layer,variant,parent,size\n0,a,true,1\n", ["'size'", "'cost: size'", "metrics.…"]),
        ("layer,variant,parent\n0,a,true\n", ["layer 0", "no scores and no costs"]),
        (
            "layer,variant,parent,ffn,stats.m\n0,a,true,thick,1\n",
            ["'ffn'", "'thick' is not a subblock", "Write a size"],
        ),
        (
            "layer,variant,parent,ffn,stats.m\n0,a,true,1234567890123456,1\n",
            ["'ffn'", "not a subblock"],
        ),
        (HEAD + '0,"a,true,1\n', ["broken CSV"]),
    ],
)
def test_a_fault_in_a_table_is_named(raw: str, parts: list[str]) -> None:
    """CSV files name file, layer, variant and column."""
    text = complaint({"table.csv": raw.encode()})
    assert all(part in text for part in ["table.csv", *parts]), text


def test_a_fault_in_a_frame_is_named() -> None:
    """Cells of a DataFrame may hold anything."""
    good = {"layer": [0], "variant": ["a"], "parent": [True], "stats.m": [1.0]}
    assert pw.load_library(pd.DataFrame(good)).parent_totals == {"stats.m": 1.0}
    for column, value in [
        ("layer", None),
        ("layer", 1.5),
        ("variant", pd.NA),
        ("variant", 3),
        ("parent", pd.NA),
        ("stats.m", pd.NA),
        ("stats.m", "1"),
        ("stats.m", 10**400),
        ("stats.m", [1.0, 2.0]),
        ("stats.m", pd.Series([1.0, 2.0])),
        ("stats.m", 1j),
    ]:
        frame = pd.DataFrame({**good, column: pd.Series([value], dtype=object)})
        with pytest.raises(pw.LibraryError, match=r"DataFrame"):
            pw.load_library(frame)
    twins = pd.DataFrame([[0, "a", True, 1.0, 2.0]], columns=[*good, "stats.m"])
    with pytest.raises(pw.LibraryError, match="same name"):
        pw.load_library(twins)


def test_what_is_not_there_is_named_with_what_is(tmp_path: Path) -> None:
    """A missing path names the embedded libraries; a folder without a library its file."""
    for name in ("no/such/folder", "~nobody-of-this-name/x", "a\0b", "x" * 5000, "\ud800"):
        with pytest.raises(pw.LibraryError, match=r"no such file.*llama-3\.3-70b-modeled"):
            pw.load_library(name)
    with pytest.raises(pw.LibraryError, match=r"block_library\.json: missing in the folder"):
        pw.load_library(tmp_path)
    (tmp_path / "block_library.json").mkdir()
    with pytest.raises(pw.LibraryError, match="not a regular file"):
        pw.load_library(tmp_path)


@pytest.mark.parametrize("source", [3, None, {"mine.csv": b""}, pw.random_library(2, 2)])
def test_what_is_no_source_is_told_what_is(source: Any) -> None:
    """One sentence, not an error of Python's."""
    with pytest.raises(pw.LibraryError, match=r"A \w+ cannot be opened. Give a folder, a file"):
        pw.load_library(source)


def test_one_library_file_is_needed() -> None:
    """No file, two, or only companions of a library are distinguished from one."""
    files = published_files()
    two = {**files, "more.json": b"{}"}
    sidecar = {"measurement_info.json": files["measurement_info.json"]}
    for given, count in ((two, 2), (sidecar, 0), ({}, 0)):
        assert f"{count} library files where one is needed" in complaint(given)


def test_too_large_a_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stated size is kept for files on disk and for uploads."""
    assert checks.MAX_FILE_BYTES == 64 * 2**20
    monkeypatch.setattr(checks, "MAX_FILE_BYTES", 2**20)
    (tmp_path / "big.json").write_bytes(b" " * (2**20 + 1))
    with pytest.raises(pw.LibraryError, match=r"big\.json: 1\.0 MiB\. At most 1 MiB are read"):
        pw.load_library(tmp_path / "big.json")
    assert "big.csv: 2.0 MiB" in complaint({"big.csv": b" " * 2**21})

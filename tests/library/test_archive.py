"""Zip and tar.gz archives: what is read, and everything that is refused."""

from __future__ import annotations

import gzip
import io
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import archive as archive_module
from puzzle_widgets.library import dump_library, open_source, source
from puzzle_widgets.library.archive import Archive
from tests.support.libraries import published_files

Write = Callable[[zipfile.ZipFile], None]


def packed(write: Write, how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Pack what a function writes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", how) as archive:
        write(archive)
    return content.getvalue()


def with_entry(name: str, data: bytes = b"{}", mode: int = 0) -> bytes:
    """Pack one entry of any name and mode."""

    def write(archive: zipfile.ZipFile) -> None:
        info = zipfile.ZipInfo("placeholder.json")
        info.filename = name
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = mode << 16
        archive.writestr(info, data)

    return packed(write)


def test_files_are_read_by_path() -> None:
    """Folders, other kinds of files and a Mac's own entries are ignored."""

    def write(archive: zipfile.ZipFile) -> None:
        archive.mkdir("run")
        archive.writestr("run/a.json", "[1]")
        archive.writestr("run/weights.safetensors", "x")
        archive.writestr("__MACOSX/run/a.json", "x")

    found = Archive(packed(write), "x.zip")
    assert dict(found) == {"run/a.json": b"[1]"}


@pytest.mark.parametrize(
    "name",
    [
        "/etc/a.json",
        "../a.json",
        "run/../../a.json",
        "C:/a.json",
        "..\\a.json",
        "\\\\host\\a.json",
        "\\a.json",
        "run\\..\\..\\a.json",
        "C:\\a.json",
        "run/..\\../a.json",
    ],
)
def test_paths_that_lead_out_are_refused(name: str) -> None:
    """Nothing is written to disk, and such an archive is not read either."""
    with pytest.raises(pw.LibraryError, match="leads out of it"):
        Archive(with_entry(name), "x.zip")


def test_backslashes_are_separators() -> None:
    """As some programs on Windows pack; what then appears twice is refused."""

    def write(archive: zipfile.ZipFile) -> None:
        for name in ("Model\\", "Model\\a.json", "Model\\x\\b.json"):
            archive.writestr(name, "" if name.endswith("\\") else f'"{name[-6]}"')

    found = Archive(packed(write), "x.zip")
    assert dict(found) == {"Model/a.json": b'"a"', "Model/x/b.json": b'"b"'}

    def twice(archive: zipfile.ZipFile) -> None:
        archive.writestr("Model\\a.json", "[1]")
        archive.writestr("Model/a.json", "[2]")

    with pytest.raises(pw.LibraryError, match="appears twice"):
        Archive(packed(twice), "x.zip")


def test_links_are_passed_by() -> None:
    """A link's text is never taken for a file; where links stand is known."""
    found = Archive(with_entry("ckpts/a.json", b"/etc/passwd", stat.S_IFLNK | 0o777), "x.zip")
    assert (dict(found), found.links) == ({}, ("ckpts/a.json",))


def test_devices_are_refused() -> None:
    """As a device of a tar is."""
    with pytest.raises(pw.LibraryError, match="neither a file nor a folder"):
        Archive(with_entry("a.json", b"", stat.S_IFCHR | 0o666), "x.zip")


def test_bombs_are_refused() -> None:
    """A file that unpacks to more than 400 times its size, before it is unpacked."""
    with pytest.raises(pw.LibraryError, match="more than 400 times"):
        Archive(with_entry("a.json", b" " * (8 * 2**20)), "x.zip")


def test_a_file_larger_than_it_says_is_refused() -> None:
    """A size that lies in the archive's list ends the reading at that size."""
    sound = with_entry("a.json", b"[1, 2, 3, 4, 5, 6, 7, 8, 9]")
    at = sound.rindex(b"PK\x01\x02") + 24
    lying = sound[:at] + struct.pack("<I", 5) + sound[at + 4 :]
    with pytest.raises(pw.LibraryError, match=r"not as large|cannot be unpacked"):
        Archive(lying, "x.zip")["a.json"]


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        ("MAX_ENTRIES", 1, "2 entries"),
        ("MAX_TOTAL_BYTES", 5, "in all are read"),
        ("MAX_FILE_BYTES", 5, "b.json. unpacks to"),
    ],
)
def test_sizes_and_counts_are_bounded(
    monkeypatch: pytest.MonkeyPatch, limit: str, value: int, words: str
) -> None:
    """Entries, bytes in all, and bytes of one file."""

    def write(archive: zipfile.ZipFile) -> None:
        archive.writestr("a.json", "[1]")
        archive.writestr("b.json", "[1, 2]")

    monkeypatch.setattr(archive_module, limit, value)
    with pytest.raises(pw.LibraryError, match=words):
        Archive(packed(write), "x.zip")


def test_two_files_of_one_name_are_refused() -> None:
    """Which is meant cannot be known."""

    def write(archive: zipfile.ZipFile) -> None:
        archive.writestr("a.json", "[1]")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.json", "[2]")

    with pytest.raises(pw.LibraryError, match="appears twice"):
        Archive(packed(write), "x.zip")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04" + b"\x00" * 40])
def test_what_is_no_archive_is_refused(content: bytes) -> None:
    """One clear error."""
    with pytest.raises(pw.LibraryError, match="not a readable zip archive"):
        pw.load_files({"x.zip": content})


def test_encrypted_archives_are_refused() -> None:
    """There is nobody to ask for a password."""
    sound = bytearray(with_entry("a.json", b"[1]"))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        sound[sound.index(mark) + at] |= 1
    with pytest.raises(pw.LibraryError, match="cannot be unpacked"):
        Archive(bytes(sound), "x.zip")["a.json"]


def test_a_published_library_may_come_in_an_archive() -> None:
    """Its three files in a folder; other folders beside it do not matter."""

    def write(archive: zipfile.ZipFile) -> None:
        for name, content in published_files().items():
            archive.writestr(f"Model/{name}", content)
        archive.writestr("Model/other/notes.json", "{}")

    library = pw.load_files({"Model.zip": packed(write)})
    assert library.layers == pw.load_files(published_files()).layers
    assert library.name == "Model"


def test_an_archive_without_a_library_says_so() -> None:
    """Nothing to open."""
    inner = packed(lambda archive: archive.writestr("a.json", "[1]"))
    for content in (
        packed(lambda archive: archive.writestr("a.txt", "x")),
        packed(lambda archive: archive.writestr("inner.zip", inner)),
        packed(lambda _: None),
    ):
        with pytest.raises(pw.LibraryError, match=r"x\.zip: 0 library files in the archive"):
            pw.load_files({"x.zip": content})


def tarred(*entries: tuple[str, bytes] | tarfile.TarInfo) -> bytes:
    """Pack files, and entries of other kinds as they are."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                archive.addfile(entry)
                continue
            info = tarfile.TarInfo(entry[0])
            info.size = len(entry[1])
            archive.addfile(info, io.BytesIO(entry[1]))
    return content.getvalue()


def of_kind(kind: bytes, name: str = "ckpts/a.json") -> tarfile.TarInfo:
    """An entry without content."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "/etc/passwd"
    return info


def test_a_tar_gz_is_read_as_a_zip_is() -> None:
    """Files by path; folders, links, and other kinds of files are ignored."""
    content = tarred(
        of_kind(tarfile.DIRTYPE, "run"),
        ("run/a.json", b"[1]"),
        ("run/weights.safetensors", b"x" * 3000),
        of_kind(tarfile.SYMTYPE, "run/ckpts/ffn_512"),
        of_kind(tarfile.LNKTYPE, "run/b.json"),
        ("./run/c.json", b"[3]"),
    )
    for name in ("x.tar.gz", "x.TGZ"):
        found = Archive(content, name)
        assert dict(found) == {"run/a.json": b"[1]", "run/c.json": b"[3]"}
        assert found.links == ("run/ckpts/ffn_512", "run/b.json")


@pytest.mark.parametrize("name", ["/etc/a.json", "../a.json", "run/../../a.json", "C:\\a.json"])
def test_paths_that_lead_out_of_a_tar_are_refused(name: str) -> None:
    """Those of links too."""
    for content in (tarred((name, b"{}")), tarred(of_kind(tarfile.SYMTYPE, name))):
        with pytest.raises(pw.LibraryError, match="leads out of it"):
            Archive(content, "x.tar.gz")


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices_of_a_tar_are_refused(kind: bytes) -> None:
    """Whatever they are called."""
    with pytest.raises(pw.LibraryError, match="neither a file nor a folder"):
        Archive(tarred(of_kind(kind)), "x.tar.gz")


def test_tars_that_are_broken_or_no_tars_are_refused() -> None:
    """Cut short, damaged within, or something else: one clear error."""
    sound = tarred(("a.json", bytes(range(256)) * 40))
    damaged = bytearray(sound)
    damaged[-6] ^= 1  # the check sum
    for content in (b"", b"no archive", sound[:-30], bytes(damaged), gzip.compress(b"no tar")):
        with pytest.raises(pw.LibraryError, match=r"not a readable tar\.gz archive"):
            pw.load_files({"x.tar.gz": content})


def test_what_a_tar_passes_by_is_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights that unpack beyond all measure are not unpacked to their end."""
    bomb = tarred(("weights.bin", b"\0" * (9 * 2**20)), ("a.json", b"[1]"))
    with pytest.raises(pw.LibraryError, match="more than 400 times its size"):
        Archive(bomb, "x.tgz")
    monkeypatch.setattr(archive_module, "MAX_RATIO", 10_000)
    monkeypatch.setattr(archive_module, "MAX_TOTAL_BYTES", 2**20)
    with pytest.raises(pw.LibraryError, match="unpacks to more than 1 MiB"):
        Archive(bomb, "x.tgz")


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [("MAX_ENTRIES", 1, "2 entries"), ("MAX_TOTAL_BYTES", 5, "in all are read")],
)
def test_counts_and_sizes_of_a_tar_are_bounded(
    monkeypatch: pytest.MonkeyPatch, limit: str, value: int, words: str
) -> None:
    """As those of a zip; twice the same path is refused as well."""
    twice = tarred(("a.json", b"[1]"), ("a.json", b"[1, 2]"))
    with pytest.raises(pw.LibraryError, match="appears twice"):
        Archive(twice, "x.tar.gz")
    monkeypatch.setattr(archive_module, limit, value)
    with pytest.raises(pw.LibraryError, match=words):
        Archive(tarred(("a.json", b"[1]"), ("b.json", b"[1, 2]")), "x.tar.gz")


def test_a_library_in_a_tar_gz_has_its_name() -> None:
    """Without either of its endings."""
    files = [(f"Model/{name}", content) for name, content in published_files().items()]
    library = pw.load_files({"Model.tar.gz": tarred(*files)})
    assert library.layers == pw.load_files(published_files()).layers
    assert library.name == "Model"


def test_an_archive_is_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it holds: first it is asked whether that is a run."""
    opened: list[str] = []

    class Counted(Archive):
        def __init__(self, content: bytes, file: str) -> None:
            opened.append(file)
            super().__init__(content, file)

    monkeypatch.setattr(source, "Archive", Counted)
    path = tmp_path / "library.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("library.json", dump_library(pw.random_library(2, 3)))
    assert pw.load_library(path) == open_source(path)
    assert opened == ["library.zip"] * 2

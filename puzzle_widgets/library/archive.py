"""Zip archives from outside: read in memory, bounded, and never written to disk."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from puzzle_widgets.library.checks import MAX_FILE_BYTES, Place, shown

MAX_ENTRIES = 20_000
MAX_TOTAL_BYTES = 512 * 2**20
MAX_RATIO = 400
_SMALL = 2**20
_IGNORED = ("__MACOSX", ".DS_Store")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,  # encrypted
    NotImplementedError,  # an unknown way to compress
)


class Archive(Mapping[str, bytes]):
    """Files of a zip archive by path; each is unpacked when it is read.

    Parameters
    ----------
    content
        The archive's bytes.
    file
        Its name, for messages.

    Raises
    ------
    LibraryError
        For an archive that is broken, encrypted, too large, expands beyond all measure, has two
        files of one name, a symbolic link, or a path that leads out of it.
    """

    def __init__(self, content: bytes, file: str) -> None:
        self._place = Place(file)
        if len(content) > MAX_FILE_BYTES:
            self._place.fail(
                f"{len(content) / 2**20:,.1f} MiB.",
                f"At most {MAX_FILE_BYTES // 2**20} MiB are read; leave out weights.",
            )
        self._entries = self._checked(self._listed(content))

    def __getitem__(self, path: str) -> bytes:
        info = self._entries[path]
        try:
            with self._archive.open(info) as file:
                found = file.read(info.file_size + 1)
        except _BROKEN as error:
            self._place.fail(f"{shown(path)} cannot be unpacked ({error}).", "Pack it again.")
        if len(found) != info.file_size:
            self._place.fail(f"{shown(path)} is not as large as it says.", "Pack it again.")
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def _listed(self, content: bytes) -> list[zipfile.ZipInfo]:
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(content))
            entries = self._archive.infolist()
        except _BROKEN as error:
            self._place.fail(f"no zip archive that can be read ({error}).", "Pack it again.")
        if len(entries) > MAX_ENTRIES:
            self._place.fail(
                f"{len(entries):,} entries.",
                f"At most {MAX_ENTRIES:,} are read; leave out weights.",
            )
        return entries

    def _checked(self, entries: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
        found: dict[str, zipfile.ZipInfo] = {}
        total = 0
        for info in entries:
            self._check_path(info)
            path = PurePosixPath(info.filename)
            if info.is_dir() or any(part in _IGNORED for part in path.parts):
                continue
            if str(path) in found:
                self._place.fail(f"{shown(str(path))} is there twice.", "Pack it again.")
            if path.suffix.lower() in (".json", ".csv", ".tsv", ".xlsx", ".parquet"):
                total += info.file_size
                self._check_size(info, total)
                found[str(path)] = info
        return found

    def _check_path(self, info: zipfile.ZipInfo) -> None:
        name = info.filename
        parts = PurePosixPath(name).parts
        leads_out = name.startswith(("/", "\\")) or ".." in parts or "\\" in name
        if leads_out or ":" in name or "\x00" in info.orig_filename:
            self._place.fail(f"the path {shown(name)} leads out of it.", "Pack plain folders.")
        if stat.S_ISLNK(info.external_attr >> 16):
            self._place.fail(f"{shown(name)} is a symbolic link.", "Pack the file itself.")

    def _check_size(self, info: zipfile.ZipInfo, total: int) -> None:
        name, size = shown(info.filename), info.file_size
        if size > MAX_FILE_BYTES or total > MAX_TOTAL_BYTES:
            self._place.fail(
                f"{name} unpacks to {size / 2**20:,.1f} MiB, all to {total / 2**20:,.1f} or more.",
                f"At most {MAX_FILE_BYTES // 2**20} MiB a file and {MAX_TOTAL_BYTES // 2**20} MiB "
                "in all are read.",
            )
        if size > _SMALL and size > MAX_RATIO * max(info.compress_size, 1):
            self._place.fail(
                f"{name} unpacks to more than {MAX_RATIO} times its size.", "Is it a real file?"
            )


def is_archive(name: str) -> bool:
    """Whether a file is a zip archive by its name."""
    return name.lower().endswith(".zip")

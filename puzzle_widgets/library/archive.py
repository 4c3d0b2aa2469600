"""Archives from outside, zip or tar.gz: read in memory, bounded, and never written to disk."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath

from puzzle_widgets.library.archive_checks import MAX_ENTRIES, MAX_TOTAL_BYTES, Checks, Entry, Kind
from puzzle_widgets.library.checks import MAX_FILE_BYTES, Location, short_repr
from puzzle_widgets.library.tar_archive import read_tar

_ZIP, _TARS = ".zip", (".tar.gz", ".tgz")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,  # encrypted
    NotImplementedError,  # an unknown way to compress
)
Read = Callable[[], bytes]

__all__ = ["MAX_ENTRIES", "MAX_TOTAL_BYTES", "Archive", "archive_stem", "is_archive"]


class Archive(Mapping[str, bytes]):
    """Files of an archive by path; each is unpacked when it is read.

    Parameters
    ----------
    content
        The archive's bytes.
    file
        Its name, for messages; its ending tells a zip from a tar.gz.

    Attributes
    ----------
    links
        Paths of its links. They are passed by, and what they lead to is never read.

    Raises
    ------
    LibraryError
        For an archive that is broken, encrypted, too large, expands beyond all measure, has two
        files of one name, a device, or a path that leads out of it.
    """

    def __init__(self, content: bytes, file: str) -> None:
        place = Location(file)
        if len(content) > MAX_FILE_BYTES:
            place.fail(
                f"{len(content) / 2**20:,.1f} MiB.",
                f"At most {MAX_FILE_BYTES // 2**20} MiB are read; leave out weights.",
            )
        checks = Checks(place)
        read = _read_zip if file.lower().endswith(_ZIP) else read_tar
        self._files: dict[str, Read] = read(content, checks, place)
        self.links = tuple(checks.links)

    def __getitem__(self, path: str) -> bytes:
        return self._files[path]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def is_archive(name: str) -> bool:
    """Whether a file is an archive by its name."""
    return name.lower().endswith((_ZIP, *_TARS))


def archive_stem(name: str) -> str:
    """Name of a file without its ending, also where that is ``.tar.gz``."""
    ending = next((end for end in _TARS if name.lower().endswith(end)), "")
    return name[: -len(ending)] if ending else PurePosixPath(name).stem


def _read_zip(content: bytes, checks: Checks, place: Location) -> dict[str, Read]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        entries = archive.infolist()
    except _BROKEN as error:
        place.fail(f"no zip archive that can be read ({error}).", "Pack it again.")
    checks.count(len(entries))
    found: dict[str, Read] = {}
    for info in entries:
        checks.check_name(info.orig_filename)
        entry = Entry(info.filename, _kind(info), info.file_size, info.compress_size)
        if path := checks.path_of(entry):
            found[path] = _reader(archive, info, place)
    return found


def _kind(info: zipfile.ZipInfo) -> Kind:
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        return "link"
    if info.filename.replace("\\", "/").endswith("/"):
        return "folder"
    return "file" if stat.S_IFMT(mode) in (0, stat.S_IFREG) else "device"


def _reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo, place: Location) -> Read:
    def read() -> bytes:
        name = short_repr(info.filename)
        try:
            with archive.open(info) as file:
                found = file.read(info.file_size + 1)
        except _BROKEN as error:
            place.fail(f"{name} cannot be unpacked ({error}).", "Pack it again.")
        if len(found) != info.file_size:
            place.fail(f"{name} is not as large as it says.", "Pack it again.")
        return found

    return read

"""Archives from outside, zip or tar.gz: read in memory, bounded, and never written to disk."""

from __future__ import annotations

import functools
import gzip
import io
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from puzzle_widgets.library.checks import (
    MAX_FILE_BYTES,
    Location,
    check_bytes,
    format_size,
    short_repr,
)

MAX_ENTRIES = 20_000
MAX_TOTAL_BYTES = 512 * 2**20
MAX_RATIO = 400
SMALL = 2**20
_IGNORED = ("__MACOSX", ".DS_Store")
_READ = (".json", ".csv", ".tsv", ".xlsx", ".parquet")
Kind = Literal["file", "folder", "link", "device"]
_ZIP, _TARS = ".zip", (".tar.gz", ".tgz")
_BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,  # encrypted
    NotImplementedError,  # an unknown way to compress
)
Read = Callable[[], bytes]
_CHUNK = 2**20
_BROKEN_TAR = (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, OverflowError)


@dataclass(frozen=True)
class Entry:
    """One entry as the archive's list has it; ``packed`` bytes where they are known."""

    name: str
    kind: Kind
    size: int
    packed: int | None = None


class Checks:
    """The checks of one archive, entry by entry; ``links`` are those that were ignored."""

    def __init__(self, place: Location) -> None:
        self.links: list[str] = []
        self._place = place
        self._paths: set[str] = set()
        self._total = 0

    def count(self, entries: int) -> None:
        """Refuse too many entries."""
        if entries > MAX_ENTRIES:
            self._place.fail(
                f"{entries:,} entries.", f"At most {MAX_ENTRIES:,} are read; leave out weights."
            )

    def check_name(self, name: str) -> None:
        """Refuse a name that leads out of the archive."""
        path = name.replace("\\", "/")  # as some programs on Windows write it
        leads_out = path.startswith("/") or ".." in PurePosixPath(path).parts
        if leads_out or ":" in path or "\x00" in path:
            self._place.fail(f"the path {short_repr(path)} leads out of it.", "Pack plain folders.")

    def path_of(self, entry: Entry) -> str:
        """Path of an entry that is to be read; ``""`` where it is ignored."""
        self.check_name(entry.name)
        path = PurePosixPath(entry.name.replace("\\", "/"))
        if entry.kind == "device":
            self._place.fail(
                f"{short_repr(entry.name)} is neither a file nor a folder.", "Pack plain files."
            )
        if entry.kind == "link":
            self.links.append(str(path))
        if entry.kind != "file" or any(part in _IGNORED for part in path.parts):
            return ""
        if path.suffix.lower() not in _READ:
            return ""
        if str(path) in self._paths:
            self._place.fail(f"{short_repr(str(path))} appears twice.", "Pack it again.")
        self._paths.add(str(path))
        self._check_size(entry)
        return str(path)

    def _check_size(self, entry: Entry) -> None:
        name, size = short_repr(entry.name), entry.size
        self._total += size
        if size > MAX_FILE_BYTES or self._total > MAX_TOTAL_BYTES:
            self._place.fail(
                f"{name} unpacks to {format_size(size)}, all to {format_size(self._total)} "
                "or more.",
                f"At most {MAX_FILE_BYTES // 2**20} MiB a file and {MAX_TOTAL_BYTES // 2**20} MiB "
                "in all are read.",
            )
        if entry.packed is not None and size > SMALL and size > MAX_RATIO * max(entry.packed, 1):
            self._place.fail(
                f"{name} unpacks to more than {MAX_RATIO} times its size.", "Is it a real file?"
            )


class LazyFiles(Mapping[str, bytes]):
    """Files by path; each is read when it is asked for."""

    def __init__(self, files: Mapping[str, Read]) -> None:
        self._files = files

    def __getitem__(self, path: str) -> bytes:
        return self._files[path]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


class Archive(LazyFiles):
    """Files of an archive by path; each is unpacked when it is read.

    Parameters
    ----------
    content
        The archive's bytes.
    file
        Its name, for messages; its ending tells a zip from a tar.gz.

    Attributes
    ----------
    name
        That of its file.
    links
        Paths of its links. They are ignored, and what they lead to is never read.
    """

    def __init__(self, content: bytes, file: str) -> None:
        place = Location(file)
        check_bytes(len(content), place, fix="leave out weights")
        checks = Checks(place)
        read = _read_zip if file.lower().endswith(_ZIP) else read_tar
        super().__init__(read(content, checks, place))
        self.name, self.links = file, tuple(checks.links)


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
    except _BROKEN_ZIP as error:
        place.fail(f"not a readable zip archive ({error}).", "Pack it again.")
    checks.count(len(entries))
    found: dict[str, Read] = {}
    for info in entries:
        checks.check_name(info.orig_filename)
        entry = Entry(info.filename, _kind_in_zip(info), info.file_size, info.compress_size)
        if path := checks.path_of(entry):
            found[path] = _reader(archive, info, place)
    return found


def _kind_in_zip(info: zipfile.ZipInfo) -> Kind:
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
        except _BROKEN_ZIP as error:
            place.fail(f"{name} cannot be unpacked ({error}).", "Pack it again.")
        if len(found) != info.file_size:
            place.fail(f"{name} is not as large as it says.", "Pack it again.")
        return found

    return read


def read_tar(content: bytes, checks: Checks, place: Location) -> dict[str, Callable[[], bytes]]:
    """Read the files that are wanted; each is kept packed until it is asked for."""
    stream = _Unpacked(content, place)
    found: dict[str, Callable[[], bytes]] = {}
    try:
        with tarfile.open(fileobj=stream, mode="r:") as archive:
            for number, member in enumerate(_members(archive), 1):
                checks.count(number)
                entry = Entry(member.name, _kind_in_tar(member), member.size)
                if path := checks.path_of(entry):
                    packed = zlib.compress(_content(archive, member, place), 1)
                    found[path] = functools.partial(zlib.decompress, packed)
        while stream.read(_CHUNK):  # to the end, where gzip's check sum is
            pass
    except _BROKEN_TAR as error:
        place.fail(f"not a readable tar.gz archive ({error}).", "Pack it again.")
    return found


def _members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Go through the entries without keeping them."""
    while (member := archive.next()) is not None:
        archive.members = []  # type: ignore[attr-defined]
        yield member


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo, place: Location) -> bytes:
    file = archive.extractfile(member)
    found = file.read() if file else b""
    if len(found) != member.size:
        place.fail(f"{short_repr(member.name)} is not as large as it says.", "Pack it again.")
    return found


def _kind_in_tar(member: tarfile.TarInfo) -> Kind:
    if member.issym() or member.islnk():
        return "link"
    if member.isdir():
        return "folder"
    return "file" if member.isfile() else "device"


class _Unpacked(io.RawIOBase):
    """What gzip unpacks, for reading forward; it ends at the bounds, also of what is ignored."""

    def __init__(self, content: bytes, place: Location) -> None:
        super().__init__()
        self._file = gzip.GzipFile(fileobj=io.BytesIO(content))
        self._packed, self._place = len(content), place

    def read(self, size: int | None = -1) -> bytes:
        """Read some bytes; never all that there are."""
        count = -1 if size is None else size
        if not 0 <= count <= MAX_FILE_BYTES:
            self._refuse(f"an entry of {count:,} bytes")
        self._check(self._file.tell() + count)
        return self._file.read(count)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go on to a place."""
        self._check(offset)
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Bytes so far."""
        return self._file.tell()

    def seekable(self) -> bool:
        """Forward at least."""
        return True

    def readable(self) -> bool:
        """Always."""
        return True

    def _check(self, end: int) -> None:
        if end > MAX_TOTAL_BYTES + _CHUNK:
            self._refuse(f"unpacks to more than {MAX_TOTAL_BYTES // 2**20} MiB")
        if self._file.tell() > max(SMALL, MAX_RATIO * self._packed):
            self._refuse(f"unpacks to more than {MAX_RATIO} times its size")

    def _refuse(self, what: str) -> None:
        self._place.fail(f"{what}.", "Leave out weights, and pack it again.")

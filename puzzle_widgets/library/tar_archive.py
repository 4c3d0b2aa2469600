"""Archives of ``tar`` packed by gzip: read once from front to end, within bounds."""

from __future__ import annotations

import functools
import gzip
import io
import tarfile
import zlib
from collections.abc import Callable, Iterator

from puzzle_widgets.library import archive_checks
from puzzle_widgets.library.archive_checks import SMALL, Checks, Entry, Kind
from puzzle_widgets.library.checks import MAX_FILE_BYTES, Location, short_repr

_CHUNK = 2**20
_BROKEN = (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, OverflowError)


def read_tar(content: bytes, checks: Checks, place: Location) -> dict[str, Callable[[], bytes]]:
    """Read the files that are wanted; each is kept packed until it is asked for.

    Raises
    ------
    LibraryError
        For what is broken, too large or refused.
    """
    stream = _Unpacked(content, place)
    found: dict[str, Callable[[], bytes]] = {}
    try:
        with tarfile.open(fileobj=stream, mode="r:") as archive:
            for number, member in enumerate(_members(archive), 1):
                checks.count(number)
                entry = Entry(member.name, _kind(member), member.size)
                if path := checks.path_of(entry):
                    packed = zlib.compress(_content(archive, member, place), 1)
                    found[path] = functools.partial(zlib.decompress, packed)
        while stream.read(_CHUNK):  # to the end, where gzip's check sum is
            pass
    except _BROKEN as error:
        place.fail(f"no tar.gz archive that can be read ({error}).", "Pack it again.")
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


def _kind(member: tarfile.TarInfo) -> Kind:
    if member.issym() or member.islnk():
        return "link"
    if member.isdir():
        return "folder"
    return "file" if member.isfile() else "device"


class _Unpacked(io.RawIOBase):
    """What gzip unpacks, for reading forward; it ends at the bounds, also of what is passed by."""

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
        if end > archive_checks.MAX_TOTAL_BYTES + _CHUNK:
            self._refuse(f"unpacks to more than {archive_checks.MAX_TOTAL_BYTES // 2**20} MiB")
        if self._file.tell() > max(SMALL, archive_checks.MAX_RATIO * self._packed):
            self._refuse(f"unpacks to more than {archive_checks.MAX_RATIO} times its size")

    def _refuse(self, what: str) -> None:
        self._place.fail(f"{what}.", "Leave out weights, and pack it again.")

"""Files that arrive from a page piece by piece; every message is untrusted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeGuard

from puzzle_widgets.errors import PuzzleError
from puzzle_widgets.library.checks import MAX_FILE_BYTES, short_repr

MAX_UPLOAD_BYTES = 2 * MAX_FILE_BYTES
MAX_PIECE_BYTES = 2 * 2**20
_MOST_FILES, _LONGEST_NAME, _LONGEST_ID = 20_000, 1_000, 100


@dataclass
class Upload:
    """Files on their way.

    Parameters
    ----------
    key
        The page's own word for this upload.
    sizes
        Bytes of each file as announced, by name.
    """

    key: str
    sizes: dict[str, int]
    received: dict[str, bytearray] = field(default_factory=dict)

    def take(self, content: Mapping[str, Any], piece: bytes | memoryview) -> None:
        """Add a piece where it belongs; one that is here already may come again."""
        name, offset = content.get("name"), content.get("offset")
        if not isinstance(name, str) or name not in self.sizes or not _is_count(offset):
            _refuse("a piece of no file that was announced")
        here = self.received.setdefault(name, bytearray())
        end = offset + len(piece)
        if len(piece) > MAX_PIECE_BYTES or end > self.sizes[name] or offset > len(here):
            _refuse(f"{short_repr(name)} has a piece that does not fit")
        if end > len(here):
            del here[offset:]
            here += piece

    def finish(self, digests: object) -> dict[str, bytes]:
        """Give the files, once all their bytes are here and are those that were sent.

        Parameters
        ----------
        digests
            SHA-256 in hexadecimal by name; missing where the page cannot compute them.
        """
        known = digests if isinstance(digests, Mapping) else {}
        files = {name: bytes(self.received.get(name, b"")) for name in self.sizes}
        for name, content in files.items():
            if len(content) != self.sizes[name]:
                _refuse(f"{short_repr(name)} has {len(content):,} of {self.sizes[name]:,} bytes")
            if known.get(name) and known[name] != hashlib.sha256(content).hexdigest():
                _refuse(f"{short_repr(name)} has other bytes than were sent")
        return files


def read_upload(content: Mapping[str, Any]) -> Upload:
    """Read what a page announces: a word of its own, and name and size of each file.

    Raises
    ------
    PuzzleError
        If it is no such announcement, or more than is read.
    """
    key, files = content.get("id"), content.get("files")
    if not isinstance(key, str) or len(key) > _LONGEST_ID or not isinstance(files, Sequence):
        _refuse("no announcement of files")
    if not 0 < len(files) <= _MOST_FILES:
        raise PuzzleError(f"{len(files):,} files: choose 1 to {_MOST_FILES:,}.")
    sizes: dict[str, int] = {}
    for name, size in map(_read_file, files):
        if name in sizes:
            raise PuzzleError(f"{short_repr(name)} is there twice. Choose one of them.")
        sizes[name] = size
    if sum(sizes.values()) > MAX_UPLOAD_BYTES:
        most = MAX_UPLOAD_BYTES // 2**20
        raise PuzzleError(f"{sum(sizes.values()) / 2**20:,.1f} MiB: at most {most} MiB are read.")
    return Upload(key, sizes)


def _read_file(record: object) -> tuple[str, int]:
    name = record.get("name") if isinstance(record, Mapping) else None
    size = record.get("size") if isinstance(record, Mapping) else None
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME or not _is_count(size):
        _refuse("a file without a name or a size")
    if size > MAX_FILE_BYTES:
        most = MAX_FILE_BYTES // 2**20
        raise PuzzleError(
            f"{short_repr(name)}: {size / 2**20:,.1f} MiB. At most {most} MiB are read."
        )
    return name, size


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _refuse(why: str) -> NoReturn:
    raise PuzzleError(f"The upload broke off: {why}. Choose the files again.")

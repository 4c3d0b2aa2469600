"""What of an archive is read, what is passed by, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from puzzle_widgets.library.checks import MAX_FILE_BYTES, Location, short_repr

MAX_ENTRIES = 20_000
MAX_TOTAL_BYTES = 512 * 2**20
MAX_RATIO = 400
SMALL = 2**20
_IGNORED = ("__MACOSX", ".DS_Store")
_READ = (".json", ".csv", ".tsv", ".xlsx", ".parquet")
Kind = Literal["file", "folder", "link", "device"]


@dataclass(frozen=True)
class Entry:
    """One entry as the archive's list has it; ``packed`` bytes where they are known."""

    name: str
    kind: Kind
    size: int
    packed: int | None = None


class Checks:
    """The checks of one archive, entry by entry; ``links`` are those that were passed by."""

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
        """Path of an entry that is to be read; ``""`` where it is passed by."""
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
            self._place.fail(f"{short_repr(str(path))} is there twice.", "Pack it again.")
        self._paths.add(str(path))
        self._check_size(entry)
        return str(path)

    def _check_size(self, entry: Entry) -> None:
        name, size = short_repr(entry.name), entry.size
        self._total += size
        if size > MAX_FILE_BYTES or self._total > MAX_TOTAL_BYTES:
            self._place.fail(
                f"{name} unpacks to {size / 2**20:,.1f} MiB, all to "
                f"{self._total / 2**20:,.1f} or more.",
                f"At most {MAX_FILE_BYTES // 2**20} MiB a file and {MAX_TOTAL_BYTES // 2**20} MiB "
                "in all are read.",
            )
        if entry.packed is not None and size > SMALL and size > MAX_RATIO * max(entry.packed, 1):
            self._place.fail(
                f"{name} unpacks to more than {MAX_RATIO} times its size.", "Is it a real file?"
            )

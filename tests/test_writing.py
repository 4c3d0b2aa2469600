"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from puzzle_widgets.writing import atomic_file, atomic_write


def test_text_and_bytes_are_written(tmp_path: Path) -> None:
    """As UTF-8, without changed line ends, over what was there, and with nothing left beside."""
    target = tmp_path / "a.txt"
    atomic_write(target, b"old")
    target.chmod(0o640)
    atomic_write(str(target), "\u00e9\r\n")
    assert target.read_bytes() == b"\xc3\xa9\r\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["a.txt"]  # noqa: PTH208


def test_an_interruption_leaves_what_was_there(tmp_path: Path) -> None:
    """Half of a file takes nobody's place and does not stay."""
    target = tmp_path / "a.txt"
    target.write_text("old")

    def write() -> None:
        with atomic_file(target) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_links_and_devices_stay(tmp_path: Path) -> None:
    """A link goes on to lead to its file; a device is written to, never replaced."""
    link, target = tmp_path / "link", tmp_path / "target"
    target.write_text("old")
    link.symlink_to(target)
    atomic_write(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    atomic_write(os.devnull, "lost")
    assert not Path(os.devnull).is_file()


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    """A folder, and a file in none."""
    with pytest.raises(IsADirectoryError):
        atomic_write(tmp_path, "x")
    with pytest.raises(FileNotFoundError):
        atomic_write(tmp_path / "none" / "x", "x")

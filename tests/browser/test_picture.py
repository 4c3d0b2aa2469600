"""The picture of the README can be taken anew, and shows what it is said to show."""

from __future__ import annotations

import struct
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.picture import SIZE, take
from tests.support.app import CHECKOUT


def size_of(file: Path) -> tuple[int, int]:
    """Width and height that a PNG tells in its first chunk."""
    width, height = struct.unpack(">II", file.read_bytes()[16:24])
    return width, height


def test_it_is_taken_anew(watched_page: Page, app_url: str, tmp_path: Path) -> None:
    """Once every part has its answer, at the size of the one that is kept."""
    file = tmp_path / "explorer.png"
    take(watched_page, app_url, file)
    assert size_of(file) == size_of(CHECKOUT / "docs" / "explorer.png") == SIZE

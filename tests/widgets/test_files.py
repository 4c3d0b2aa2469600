"""Files arrive in pieces, whole or not at all, whatever a page sends."""

from __future__ import annotations

from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import dump_library
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets import files as upload
from puzzle_widgets.widgets.files import FilePicker
from puzzle_widgets.widgets.library_bar import LibraryBar
from tests.support.libraries import make_library
from tests.support.upload import give_files, say

FILES = {"a.bin": bytes(range(256)) * 4, "empty": b"", "\u00fc.txt": b"x" * 700}


class Page:
    """A picker with what it took and what it answered."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.state = ExplorerState(make_library([[(0, 1, 1)]]))
        self.taken: list[dict[str, bytes]] = []
        self.answers: list[dict[str, Any]] = []
        self.picker = FilePicker(
            self.state, "Open", "any", accept="", take=self.taken.append, multiple=True
        )

        def answer(content: dict[str, Any], _: object = None) -> None:
            self.answers.append(content)

        monkeypatch.setattr(self.picker, "send", answer)

    def begin(self, **sizes: int) -> None:
        """Announce files."""
        files = [{"name": name, "size": size} for name, size in sizes.items()]
        say(self.picker, {"event": "begin", "id": "k", "step": 1, "files": files})

    def piece(self, content: bytes, offset: int = 0, name: str = "f") -> None:
        """Send a piece."""
        message = {"event": "piece", "id": "k", "step": 2, "name": name, "offset": offset}
        say(self.picker, message, content)

    @property
    def error(self) -> str:
        """What the user is told."""
        return "" if self.state.message is None else self.state.message.text


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    """A page with a picker."""
    return Page(monkeypatch)


@pytest.mark.parametrize("piece", [1, 100, 2**20])
def test_files_arrive_as_they_were(page: Page, piece: int) -> None:
    """In pieces of any size; each is answered."""
    give_files(page.picker, FILES, piece)
    assert page.taken == [FILES]
    assert all(answer["id"] == "a" and "refused" not in answer for answer in page.answers)
    assert page.answers[0]["step"] == 1


def test_pieces_that_come_again_are_taken_once(page: Page) -> None:
    """The page sends again what was not answered in time."""
    page.begin(f=4)
    page.piece(b"ab")
    page.piece(b"ab")
    page.piece(b"cd", 2)
    end = {"event": "end", "id": "k", "step": 3}
    say(page.picker, end)
    say(page.picker, end)
    assert page.taken == [{"f": b"abcd"}]
    assert page.answers[-1] == {"id": "k", "step": 3}
    assert page.error == ""


def test_a_library_opens_through_the_bar() -> None:
    """Of several pieces."""
    state = ExplorerState(make_library([[(0, 1, 1)]]))
    library = pw.random_library(20, 20)
    give_files(LibraryBar(state).upload, {"x.json": dump_library(library).encode()}, 10_000)
    assert state.library == library


def test_what_is_missing_or_changed_is_refused(page: Page) -> None:
    """Nothing is opened, the page is told to stop, and the user why."""
    page.begin(f=4)
    page.piece(b"ab")
    say(page.picker, {"event": "end", "id": "k"})
    assert "'f' has 2 of 4 bytes" in page.error
    page.begin(f=2)
    page.piece(b"ab")
    say(page.picker, {"event": "end", "id": "k", "digests": {"f": "0" * 64}})
    assert "other bytes than were sent" in page.error
    assert page.answers[-1] == {"id": "k", "refused": True}
    assert page.taken == []


@pytest.mark.parametrize(
    "message",
    [
        *(None, 3, [], {}, {"event": "begin"}, {"event": "begin", "id": "k", "files": "ab"}),
        {"event": "begin", "id": "k", "files": []},
        {"event": "begin", "id": "k", "files": [3]},
        {"event": "begin", "id": "k", "files": [{}]},
        {"event": "begin", "id": "k", "files": [{"name": "", "size": 1}]},
        {"event": "begin", "id": "k", "files": [{"name": "a", "size": True}]},
        {"event": "begin", "id": "k", "files": [{"name": "a", "size": -1}]},
        {"event": "begin", "id": "k", "files": [{"name": "a", "size": 1}] * 2},
        {"event": "piece", "id": "other", "name": "f", "offset": 0},
        {"event": "piece", "id": "k", "name": "g", "offset": 0},
        {"event": "piece", "id": "k", "name": ["f"], "offset": 0},
        {"event": "piece", "id": "k", "name": "f", "offset": 1},
        {"event": "piece", "id": "k", "name": "f", "offset": 0.0},
        {"event": "end", "id": "k", "digests": 3},
        {"event": {}, "id": ["k"] * 1000},
    ],
)
def test_made_up_messages_are_refused(page: Page, message: object) -> None:
    """With a word to the user, never with a crash; the next upload works."""
    page.begin(f=4)
    say(page.picker, message, b"abc")
    assert page.error
    assert page.answers[-1]["refused"]
    give_files(page.picker, FILES)
    assert page.taken == [FILES]


def test_sizes_are_bounded(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a file, of all files, of a piece, and of what was announced."""
    page.begin(big=64 * 2**20 + 1)
    assert "big: 64.0 MiB. At most 64 MiB" in page.error
    page.begin(a=50 * 2**20, b=50 * 2**20, c=50 * 2**20)
    assert "150.0 MiB. At most 128 MiB" in page.error
    page.begin(f=2)
    page.piece(b"abc")
    assert "does not fit" in page.error
    monkeypatch.setattr(upload, "MAX_PIECE_BYTES", 2)
    page.begin(f=4)
    page.piece(b"abc")
    assert "does not fit" in page.error

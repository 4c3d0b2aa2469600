"""Files to and from the page: a picker, whose files come in small pieces, and a saver."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeGuard

import anywidget
import ipywidgets as widgets
from traitlets import Bool, Dict, Int, Unicode

from puzzle_widgets.charts import Drawing
from puzzle_widgets.errors import PuzzleError
from puzzle_widgets.library.checks import MAX_FILE_BYTES, Location, check_bytes, short_repr
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.page import joined
from puzzle_widgets.widgets.panel import button, guard, row

MAX_UPLOAD_BYTES = 2 * MAX_FILE_BYTES
MAX_PIECE_BYTES = 2 * 2**20
_MOST_FILES, _LONGEST_NAME, _LONGEST_ID = 20_000, 1_000, 100
_SVG = "image/svg+xml"
Draw = Callable[[], Drawing | None]


class FilePicker(anywidget.AnyWidget):
    """A button that lets files be chosen and hands them over when all have arrived.

    JupyterLab's server drops a message of more than 10 MiB in silence, and a file of ipywidgets'
    own upload is one message. The page of the app keeps the last files in the visitor's browser,
    by the digest that ``kept`` gives them, and sends those that are ``wanted``.

    Parameters
    ----------
    state
        Hears of what goes wrong.
    words
        What the button says.
    hint
        What may be chosen.
    accept
        Endings of the files that are offered, such as ``".json,.csv"``.
    take
        Called with the content of the files, by name.
    multiple
        Whether several files may be chosen at once.
    """

    _esm = joined("own_page.js", "uploads.js", "picker.js")
    kept = Unicode(help="digest of the library that was opened by it").tag(sync=True)
    wanted = Unicode(help="digest of a library that the page may have kept").tag(sync=True)
    words = Unicode().tag(sync=True)
    hint = Unicode().tag(sync=True)
    accept = Unicode().tag(sync=True)
    multiple = Bool(False).tag(sync=True)  # noqa: FBT003
    most = Int(MAX_FILE_BYTES).tag(sync=True)
    most_in_all = Int(MAX_UPLOAD_BYTES).tag(sync=True)

    def __init__(
        self,
        state: ExplorerState,
        words: str,
        hint: str,
        *,
        accept: str,
        take: Callable[[dict[str, bytes]], None],
        multiple: bool = False,
    ) -> None:
        super().__init__(words=words, hint=hint, accept=accept, multiple=multiple)
        self._told, self._take = state, take
        self._upload: Upload | None = None
        self._finished = ""
        self._hear = guard(state, self._heard)
        self.add_class("pw-picker")
        self.on_msg(self._hear)

    def _heard(self, _: object, content: object, buffers: list[memoryview]) -> None:
        """Take a message of the page, and say that it arrived, or that no more is wanted."""
        said = content if isinstance(content, Mapping) else {}
        key, files = str(said.get("id"))[:_LONGEST_ID], None
        try:
            files = self._next(key, said, buffers)
        except PuzzleError as error:
            self._upload = None
            self.send({"id": key, "refused": True})
            self._told.fail(error)
            return
        self.send({"id": key, "step": said.get("step")})
        if files is not None:
            self._take(files)

    def _next(
        self, key: str, content: Mapping[str, Any], buffers: list[memoryview]
    ) -> dict[str, bytes] | None:
        event = content.get("event")
        if event == "begin":
            self._upload, self._finished = read_upload(content), ""
            return None
        if event == "end" and key == self._finished:  # said twice, as the answer was lost
            return None
        if self._upload is None or self._upload.key != key:
            raise PuzzleError("The upload was interrupted. Choose the files again.")
        if event == "piece":
            self._upload.take(content, buffers[0] if buffers else b"")
            return None
        files = self._upload.finish(content.get("digests"))
        self._upload, self._finished = None, key
        return files


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
            raise PuzzleError(f"{short_repr(name)} appears twice. Choose one of them.")
        sizes[name] = size
    check_bytes(sum(sizes.values()), Location("all files"), MAX_UPLOAD_BYTES)
    return Upload(key, sizes)


def _read_file(record: object) -> tuple[str, int]:
    name = record.get("name") if isinstance(record, Mapping) else None
    size = record.get("size") if isinstance(record, Mapping) else None
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME or not _is_count(size):
        _refuse("a file without a name or a size")
    check_bytes(size, Location(name))
    return name, size


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _refuse(why: str) -> NoReturn:
    raise PuzzleError(f"The upload was interrupted: {why}. Choose the files again.")


class FileSaver(anywidget.AnyWidget):
    """Invisible: hands files to the browser.

    Parameters
    ----------
    state
        Hears of what cannot be saved.
    """

    _esm = joined("png.js", "saver.js")
    file = Dict().tag(sync=True)

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self._count = 0
        self._tell = guard(state, self._failed)
        self.add_class("pw-aids")
        self.on_msg(self._tell)

    def save(self, name: str, text: str, kind: str, *, png: bool = False) -> None:
        """Save text under a name; an SVG as PNG where that is asked."""
        self._count += 1  # so that the same file can be saved twice
        self.file = {"name": name, "text": text, "kind": kind, "png": png, "count": self._count}

    def save_picture(self, drawing: Drawing, stem: str, *, png: bool) -> None:
        """Save a picture as SVG, or as PNG, which is always light."""
        svg = str(drawing.to_svg(adaptive=not png))
        self.save(f"{stem}.{'png' if png else 'svg'}", svg, _SVG, png=png)

    def _failed(self, _: object, content: dict[str, Any], __: object) -> None:
        raise PuzzleError(f"The file could not be saved: {content.get('failed')}. Try SVG instead.")


def picture_buttons(state: ExplorerState, what: str, stem: str, draw: Draw) -> widgets.HBox:
    """Make the buttons.

    Parameters
    ----------
    state
        Hears of what cannot be drawn.
    what
        What is saved, such as ``"the front"``; read out with each button.
    stem
        Name of the file without its ending.
    draw
        Draws it again when a button is pressed; ``None`` where there is nothing yet.
    """
    saver = FileSaver(state)

    def save(*, png: bool) -> None:
        drawing = draw()
        if drawing is None:
            state.say("There is no picture to save yet. Search first.", "error")
        else:
            saver.save_picture(drawing, stem, png=png)

    svg = button("Save SVG", f"Save a picture of {what} as SVG")
    png = button("Save PNG", f"Save a picture of {what} as PNG")
    svg.on_click(guard(state, lambda *_: save(png=False)))
    png.on_click(guard(state, lambda *_: save(png=True)))
    return row(svg, png, saver, css="pw-save")

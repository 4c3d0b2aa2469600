"""A button that opens files: they come in small pieces, which every server lets through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
from traitlets import Bool, Int, Unicode

from puzzle_widgets.errors import PuzzleError
from puzzle_widgets.library.checks import MAX_FILE_BYTES
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.guard import guard
from puzzle_widgets.widgets.upload import MAX_UPLOAD_BYTES, Upload, read_upload

_LONGEST_ID = 100


class FilePicker(anywidget.AnyWidget):
    """A button that lets files be chosen and hands them over when all have arrived.

    JupyterLab's server drops a message of more than 10 MiB in silence, and a file of ipywidgets'
    own upload is one message.

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

    _esm = Path(__file__).parent / "static" / "picker.js"
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
            raise PuzzleError("The upload broke off. Choose the files again.")
        if event == "piece":
            self._upload.take(content, buffers[0] if buffers else b"")
            return None
        files = self._upload.finish(content.get("digests"))
        self._upload, self._finished = None, key
        return files

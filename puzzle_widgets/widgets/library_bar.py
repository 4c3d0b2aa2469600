"""The head of the explorer: which library is open, and how to open another."""

from __future__ import annotations

import functools
from typing import Any

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.library import BlockLibrary, embedded_libraries, load_library
from puzzle_widgets.widgets.panel import Panel, row

_UPLOAD = "Open a file or the three files of a folder: .json or .csv, at most 64 MiB"
_ORIGINS = {
    "measured": "",
    "modelled": "modelled, not measured",
    "generated": "random, not measured",
    "unknown": "",
}


class LibraryBar(Panel):
    """Name and facts of the open library, a picker of embedded ones, and an upload."""

    css_class = "pw-library"

    def build(self) -> list[widgets.Widget]:
        """Make the picker and the upload."""
        self.picker = widgets.Dropdown(layout=widgets.Layout(width="min(300px, 100%)"))
        self.upload = widgets.FileUpload(
            accept=".json,.csv", multiple=True, description="Open file", tooltip=_UPLOAD
        )
        self.upload.layout.width = "auto"
        self.upload.add_class("pw-btn")
        label = widgets.HTML("<span class='pw-name'>Block library</span>")
        self.facts = widgets.HTML()
        return [row(label, self.picker, self.upload), self.facts]

    def bind(self) -> None:
        """Follow the state's library, and open what is picked."""
        self.when("library", do=self._show_library)
        self.changed(self.picker, self._pick)
        self.changed(self.upload, self._open)

    def _show_library(self) -> None:
        library = self.state.library
        self._names = {load_title(name): name for name in embedded_libraries()}
        options = list(self._names)
        if library.name not in options:
            options = [library.name, *options]
        self.picker.options = options
        self.picker.value = library.name
        self.facts.value = describe_library(library)
        self.head.value = Markup("<h1 class='pw-brand'>puzzle-widgets</h1>{}").format(
            Markup("<span class='pw-remark'>the best architecture for every budget</span>")
        )

    def _pick(self, title: str) -> None:
        if title != self.state.library.name and title in self._names:
            self.state.open_library(load_library(self._names[title]))

    def _open(self, files: tuple[dict[str, Any], ...]) -> None:
        if files:
            self.state.open_files({file["name"]: bytes(file["content"]) for file in files})
            self.upload.value = ()


@functools.cache
def load_title(name: str) -> str:
    """Title of an embedded library; its file is read once in a process, for it is large."""
    return load_library(name).name


def describe_library(library: BlockLibrary) -> Markup:
    """Say in one line what a library holds and where its figures come from."""
    counts = sorted({len(layer.variants) for layer in library.layers})
    span = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    measured = library.measurement
    facts = [f"{len(library.layers)} layers", f"{span} variants a layer"]
    if measured.tokens:
        facts.append(f"batch {measured.batch_size} x {measured.sequence_length:,} tokens")
    facts += [fact for fact in (measured.gpu, measured.dtype) if fact]
    origin = _ORIGINS[library.provenance.origin]
    badge = Markup("<span class='pw-badge'>{}</span> ").format(origin) if origin else ""
    return Markup("<div class='pw-quiet' title='{}'>{}{}</div>").format(
        library.provenance.note, badge, " · ".join(facts)
    )

"""The head of the explorer: which library is open, and how to open another."""

from __future__ import annotations

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.datasets import Dataset, list_datasets
from puzzle_widgets.widgets.file_picker import FilePicker
from puzzle_widgets.widgets.notes_list import notes_list
from puzzle_widgets.widgets.panel import Panel, row
from puzzle_widgets.widgets.template_links import template_links

_KINDS = ".json,.csv,.tsv,.xlsx,.parquet,.zip,.tar.gz,.tgz,.gz"
_UPLOAD = (
    "Open a file (JSON, CSV, Excel, Parquet), the files of a folder, or a zip or tar.gz of a "
    "folder such as a Puzzletron run's; at most 64 MiB"
)
_ORIGINS = {
    "measured": "",
    "modeled": "modeled, not measured",
    "generated": "random, not measured",
    "unknown": "",
}


class LibraryBar(Panel):
    """Name and facts of the open library, a picker of datasets, an upload, and templates."""

    css_class = "pw-library"

    def build(self) -> list[widgets.Widget]:
        """Make the picker and the upload."""
        self.picker = widgets.Dropdown(layout=widgets.Layout(width="min(300px, 100%)"))
        self.upload = FilePicker(
            self.state,
            "Open file",
            _UPLOAD,
            accept=_KINDS,
            take=self.state.open_files,
            multiple=True,
        )
        label = widgets.HTML("<span class='pw-name'>Block library</span>")
        self.facts = widgets.HTML()
        self.templates = widgets.HTML(template_links())
        self.costs = widgets.Dropdown(layout=widgets.Layout(width="min(340px, 100%)"))
        self.workload = row(widgets.HTML("<span class='pw-name'>Workload</span>"), self.costs)
        self.notes = widgets.HTML()
        line = row(label, self.picker, self.upload, self.templates)
        return [line, self.workload, self.facts, self.notes]

    def bind(self) -> None:
        """Follow the state's library, and open what is picked."""
        self.when("library", do=self._show_library)
        self.changed(self.picker, self._pick)
        self.when("costs", "costs_chosen", do=self._show_costs)
        self.when("notices", do=self._show_notes)
        self.changed(self.costs, self._choose_costs)

    def _show_library(self) -> None:
        library = self.state.library
        names = {self._offer_words(dataset): dataset.name for dataset in list_datasets()}
        titles = list(names)
        self._names = {}  # nobody picks while the options change
        self.picker.options = titles if library.name in names else [library.name, *titles]
        self.picker.value = library.name
        self._names = names
        self.facts.value = describe_library(library)
        self.head.value = Markup("<h1 class='pw-brand'>puzzle-widgets</h1>{}").format(
            Markup("<span class='pw-remark'>the best architecture for every budget</span>")
        )

    def _show_costs(self) -> None:
        names, chosen = self.state.costs, self.state.costs_chosen
        self.workload.layout.display = "" if len(names) > 1 else "none"
        if chosen in names:
            with self.costs.hold_sync():
                self.costs.options = names
                self.costs.value = chosen

    def _choose_costs(self, name: str | None) -> None:
        if name in self.state.costs:
            self.state.choose_costs(str(name))
            self._show_costs()

    def _show_notes(self) -> None:
        listed = notes_list(self.state.notices)
        self.notes.value = listed
        self.notes.layout.display = "" if listed else "none"

    def _offer_words(self, dataset: Dataset) -> str:
        """Title of a dataset, with what is to be known before it is picked."""
        if dataset.embedded or dataset.title == self.state.library.name:
            return dataset.title
        return f"{dataset.title} (published, non-commercial)"

    def _pick(self, title: str) -> None:
        if title != self.state.library.name and title in self._names:
            self.state.offer_dataset(self._names[title])
            self.picker.value = self.state.library.name


def describe_library(library: BlockLibrary) -> Markup:
    """Say in one line what a library holds and where its figures come from."""
    counts = sorted({len(layer.variants) for layer in library.layers})
    span = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    measured = library.measurement
    facts = [f"{len(library.layers)} layers", f"{span} variants per layer"]
    if measured.tokens:
        facts.append(f"batch {measured.batch_size} x {measured.sequence_length:,} tokens")
    facts += [fact for fact in (measured.gpu, measured.dtype) if fact]
    origin = _ORIGINS[library.provenance.origin]
    badge = Markup("<span class='pw-badge'>{}</span> ").format(origin) if origin else ""
    return Markup("<div class='pw-quiet' title='{}'>{}{}</div>").format(
        library.provenance.note, badge, " · ".join(facts)
    )

"""The head of the explorer: the open library, and how to open, fetch or begin another."""

from __future__ import annotations

import contextlib
import functools

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.errors import LibraryError
from puzzle_widgets.library import BlockLibrary, dump_template
from puzzle_widgets.library.agreements import has_agreed
from puzzle_widgets.library.datasets import Dataset, can_open, list_datasets
from puzzle_widgets.library.model import ORIGIN_WORDS
from puzzle_widgets.widgets.files import FilePicker
from puzzle_widgets.widgets.guide import guide_button
from puzzle_widgets.widgets.history import HistoryButtons
from puzzle_widgets.widgets.html import download_link, folded_list, heading
from puzzle_widgets.widgets.panel import Panel, button, row

_KINDS = ".json,.csv,.tsv,.xlsx,.parquet,.zip,.tar.gz,.tgz,.gz"
_UPLOAD = (
    "Open a file (JSON, CSV, Excel, Parquet), the files of a folder, or a zip or tar.gz of a "
    "folder such as a Puzzletron run's; at most 64 MiB"
)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WORDS = (
    "A library of your own from one sheet: replace the example, then open the file. "
    "Errors name row and column."
)
_TERMS = Markup(
    "<p>{about}</p><dl class='pw-terms'>"
    "<dt>Size</dt><dd>{size} to fetch once, then kept on the machine that runs the app</dd>"
    "<dt>Source</dt><dd>{source}</dd>"
    "<dt>License</dt><dd><b>{license}</b>. {summary} {text}</dd></dl>"
)
_LINK = Markup("<a href='{}' target='_blank' rel='noopener noreferrer'>{}</a>")


class LibraryBar(Panel):
    """Name and facts of the open library, how to open another one, undo and redo."""

    css_class = "pw-library"

    def build(self) -> list[widgets.Widget]:
        """Make the picker and the upload."""
        self.picker = widgets.Dropdown(layout=widgets.Layout(width="min(230px, 100%)"))
        self.upload = FilePicker(
            self.state,
            "Open file",
            _UPLOAD,
            accept=_KINDS,
            take=self._open_files,
            multiple=True,
        )
        label = widgets.HTML("<span class='pw-name pw-aside'>Block library</span>")
        self.facts = widgets.HTML()
        self.templates = widgets.HTML(template_links())
        self.costs = widgets.Dropdown(layout=widgets.Layout(width="min(300px, 100%)"))
        self.workload = row(widgets.HTML("<span class='pw-name'>Workload</span>"), self.costs)
        self.notes = widgets.HTML()
        self.history = self.own(HistoryButtons(self.state))
        self.line = row(label, self.picker, self.upload, self.templates, self.history)
        self.line.add_class("pw-library-line")
        self.facts.add_class("pw-library-facts")
        return [self.line, self.workload, self.facts, self.notes]

    def bind(self) -> None:
        """Follow the state's library, and open what is picked."""
        self._uploaded: BlockLibrary | None = None
        self.when("library", do=self._show_library)
        self.when("message", do=self._ask_for_wanted)
        self.changed(self.picker, self._pick)
        self.when("workloads", "workload", do=self._show_workloads)
        self.when("notices", do=self._show_notes)
        self.changed(self.costs, self._choose_workload)

    def _open_files(self, files: dict[str, bytes]) -> None:
        """Open a visitor's files, and let the visitor's browser keep those of a library."""
        before = self.state.library
        self.state.open_files(files)
        if self.state.library is not before:
            self._uploaded = self.state.library
            self.upload.kept = self.state.record.digest

    def _ask_for_wanted(self) -> None:
        """Ask the visitor's browser for the library that a saved state needs."""
        self.upload.wanted = self.state.wanted_digest

    def _show_library(self) -> None:
        library = self.state.library
        there = [dataset for dataset in list_datasets() if can_open(dataset)]
        names = {self._offer_words(dataset): dataset.name for dataset in there}
        titles = list(names)
        self._names = {}  # no choice of the user while the options change
        self.picker.options = titles if library.name in names else [library.name, *titles]
        self.picker.value = library.name
        self._names = names
        self.facts.value = describe_library(library)
        self.head.value = Markup("<h1 class='pw-brand'>puzzle-widgets</h1>{}").format(
            Markup("<span class='pw-remark'>the best architecture for every budget</span>")
        )

    def _show_workloads(self) -> None:
        names, chosen = self.state.workloads, self.state.workload
        self.workload.layout.display = "" if len(names) > 1 else "none"
        if chosen in names:
            with self.costs.hold_sync():
                self.costs.options = names
                self.costs.value = chosen

    def _choose_workload(self, name: str | None) -> None:
        if name in self.state.workloads:
            own = self._uploaded is self.state.library
            self.state.choose_workload(str(name))
            self._show_workloads()
            if own:
                self._uploaded = self.state.library
                self.upload.kept = self.state.record.digest

    def _show_notes(self) -> None:
        listed = folded_list("Library notes", self.state.notices)
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
    origin, badge = library.provenance.origin, ""
    if origin not in ("measured", "unknown"):
        badge = Markup("<span class='pw-badge'>{}</span> ").format(ORIGIN_WORDS[origin])
    words = " · ".join(facts)
    return Markup(
        "<div class='pw-quiet' title='{}'>{}<span class='pw-facts-words'>{}</span></div>"
    ).format(" ".join(filter(None, (f"{words}.", library.provenance.note))), badge, words)


@functools.cache
def template_links() -> Markup:
    """Build the links behind a word that opens them; they hold the files themselves."""
    links = [
        download_link("CSV", "template.csv", dump_template(), "text/csv"),
        download_link(
            "CSV, decimal commas", "template.csv", dump_template(decimal=","), "text/csv"
        ),
    ]
    with contextlib.suppress(LibraryError):  # what writes workbooks is not installed
        links.append(download_link("Excel", "template.xlsx", dump_template("t.xlsx"), _XLSX))
    return Markup(
        "<details class='pw-template'>"
        "<summary title='Start from a sheet: files to fill in'>Templates</summary>"
        "<div class='pw-links'><span class='pw-quiet'>{} {}</span>{}</div></details>"
    ).format(
        _WORDS, guide_button("open-a-library", "Files that can be opened"), Markup("").join(links)
    )


class DatasetOffer(Panel):
    """Shows the dataset that is offered until it is open or given up; takes no room without."""

    title = "Published data"
    css_class = "pw-offer"

    def build(self) -> list[widgets.Widget]:
        """Make the terms, the agreement, the buttons and the progress."""
        self.terms = widgets.HTML()
        self.agree = widgets.Checkbox(description="I accept this license", indent=False)
        self.agree.layout.width = "auto"
        self.fetch = button("Fetch and open", "Fetch the dataset and explore it", css="pw-primary")
        self.leave = button("Not now", "Dismiss the offer; what is open stays open")
        self.progress = widgets.FloatProgress(min=0, max=1, layout=widgets.Layout(width="160px"))
        self.share = widgets.HTML()
        self.share.add_class("pw-live")
        return [self.terms, row(self.agree, self.fetch, self.leave, self.progress, self.share)]

    def bind(self) -> None:
        """Follow the offer and its fetch."""
        self.when("offered", do=self._show_offer)
        self.when("fetched", "offered", do=self._show_progress)
        self.changed(self.agree, lambda _: self._show_progress())
        self.clicked(self.fetch, self.state.accept_offer)
        self.clicked(self.leave, self.state.withdraw_offer)

    def _show_offer(self) -> None:
        dataset = self.state.offered
        self.layout.display = "none" if dataset is None else ""
        if dataset is None:
            return
        self.head.value = heading(dataset.title, "published with the Puzzle demo")
        self.terms.value = describe_terms(dataset)
        self.agree.value = has_agreed(dataset)

    def _show_progress(self) -> None:
        share = self.state.fetched
        self.fetch.disabled = share is not None or not self.agree.value
        self.agree.disabled = share is not None
        self.leave.description = "Not now" if share is None else "Stop"
        self.progress.layout.visibility = "hidden" if share is None else "visible"
        self.progress.value = share or 0.0
        self.share.value = "" if share is None else f"Fetching: {100 * share:.0f} %"


def describe_terms(dataset: Dataset) -> Markup:
    """Say what a dataset is, where it comes from and on which terms, with links."""
    terms = dataset.license
    return _TERMS.format(
        about=dataset.about,
        size=dataset.size_text,
        source=_LINK.format(dataset.source, dataset.source_words),
        license=terms.name,
        summary=terms.summary,
        text=_LINK.format(terms.address, "Read the license"),
    )

"""The offer of a published dataset: what it is, its terms, an agreement, and the fetch."""

from __future__ import annotations

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.library.datasets import Dataset, cache_folder, has_agreed
from puzzle_widgets.widgets.html import heading
from puzzle_widgets.widgets.panel import Panel, button, row

_TERMS = Markup(
    "<p>{about}</p><dl class='pw-terms'>"
    "<dt>Size</dt><dd>{size} to fetch once, then kept on the machine that runs the app</dd>"
    "<dt>Source</dt><dd>{source}</dd>"
    "<dt>License</dt><dd><b>{license}</b>. {summary} {text}</dd></dl>"
)
_LINK = Markup("<a href='{}' target='_blank' rel='noopener noreferrer'>{}</a>")


class DatasetOffer(Panel):
    """Shows the dataset that is offered until it is open or given up; takes no room without."""

    title = "Published data"
    css_class = "pw-offer"

    def build(self) -> list[widgets.Widget]:
        """Make the terms, the agreement, the buttons and the progress."""
        self.terms = widgets.HTML()
        self.agree = widgets.Checkbox(description="I agree to this license", indent=False)
        self.agree.layout.width = "auto"
        self.fetch = button("Fetch and open", "Fetch the dataset and explore it", css="pw-primary")
        self.leave = button("Not now", "Take the offer away; what is open stays open")
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
        self.agree.value = has_agreed(dataset, cache_folder())

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

"""Actions on datasets: offer one with its terms, fetch it in the background, give it up."""

from __future__ import annotations

from typing import Any

from traitlets import Float, Instance

from puzzle_widgets.errors import DatasetError
from puzzle_widgets.library import BlockLibrary, load_dataset
from puzzle_widgets.library.datasets import (
    Dataset,
    cache_folder,
    find_dataset,
    has_agreed,
)
from puzzle_widgets.search.outcome import Cancelled
from puzzle_widgets.state.background import Emit, Job, LatestWins
from puzzle_widgets.state.map_actions import MapActions


class DatasetActions(MapActions):
    """The dataset that is offered, and its fetch."""

    offered = Instance(Dataset, allow_none=True, help="the dataset whose terms are shown")
    fetched = Float(None, allow_none=True, help="share of it that is here; None without a fetch")

    def __init__(self, solver: str) -> None:
        super().__init__(solver)
        self._fetches = LatestWins("fetch")

    def open_library(self, library: BlockLibrary) -> None:
        """Explore another library from the start."""
        raise NotImplementedError

    def offer_dataset(self, name: str) -> None:
        """Open a dataset, or show its terms first where they are not agreed to yet."""
        dataset = find_dataset(name)
        self.withdraw_offer()
        self._put(offered=None if dataset.embedded else dataset)
        if has_agreed(dataset, cache_folder()):
            self._fetch(dataset, agree=False)

    def accept_offer(self) -> None:
        """Agree to the terms that are shown, and fetch the dataset."""
        if self.offered is not None:
            self._fetch(self.offered, agree=True)

    def withdraw_offer(self) -> None:
        """Take the offer away; a fetch that is under way ends."""
        self._fetches.cancel()
        self._put(offered=None, fetched=None)

    def _fetch(self, dataset: Dataset, *, agree: bool) -> None:
        def work(cancelled: Cancelled, emit: Emit) -> None:
            def progress(done: int, total: int) -> None:
                if cancelled():
                    raise DatasetError("The fetch was given up.")
                emit(done / total)

            emit(load_dataset(dataset.name, agree=agree, progress=progress))

        self.dismiss()
        self._put(fetched=0.0)
        self._fetches.request(Job(work, self._fetched_more, self.fail, self._fetch_done))

    def _fetched_more(self, answer: Any) -> None:  # noqa: ANN401
        if isinstance(answer, BlockLibrary):
            self.open_library(answer)
        else:
            self._put(fetched=float(answer))

    def _fetch_done(self) -> None:
        self._put(fetched=None)

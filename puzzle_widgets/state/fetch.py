"""A dataset that is offered with its terms, and its fetch in the background."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from puzzle_widgets.errors import DatasetError
from puzzle_widgets.library import BlockLibrary, load_dataset
from puzzle_widgets.library.datasets import Dataset, cache_folder, find_dataset, has_agreed
from puzzle_widgets.search.outcome import Cancelled
from puzzle_widgets.state.background import Emit, Job, LatestWins
from puzzle_widgets.state.store import Store


class DatasetFetch:
    """What is offered and fetched is told by the store.

    Parameters
    ----------
    store
        Tells ``offered``, the dataset whose terms are shown, and ``fetched``, the share of it
        that is here.
    opened
        Called with the library that was fetched.
    """

    def __init__(self, store: Store, opened: Callable[[BlockLibrary], None]) -> None:
        self._store, self._opened = store, opened
        self._runner = LatestWins("fetch")
        self._offered: Dataset | None = None

    def offer(self, name: str) -> None:
        """Open a dataset, or show its terms first where they are not agreed to yet."""
        dataset = find_dataset(name)
        self.withdraw()
        self._offered = None if dataset.embedded else dataset
        self._store.tell(offered=self._offered)
        if has_agreed(dataset, cache_folder()):
            self._fetch(dataset, agree=False)

    def accept(self) -> None:
        """Agree to the terms that are shown, and fetch the dataset."""
        if self._offered is not None:
            self._fetch(self._offered, agree=True)

    def withdraw(self) -> None:
        """Take the offer away; a fetch that is under way ends."""
        self._runner.cancel()
        self._offered = None
        self._store.tell(offered=None, fetched=None)

    def close(self) -> None:
        """End a fetch that is under way, and let the thread go."""
        self._runner.close()

    def _fetch(self, dataset: Dataset, *, agree: bool) -> None:
        def work(cancelled: Cancelled, emit: Emit) -> None:
            def progress(done: int, total: int) -> None:
                if cancelled():
                    raise DatasetError("The download was canceled.")
                emit(done / total)

            emit(load_dataset(dataset.name, agree=agree, progress=progress))

        self._store.tell(message=None, fetched=0.0)
        self._runner.request(Job(work, self._arrived, self._store.fail, self._finished))

    def _arrived(self, answer: Any) -> None:  # noqa: ANN401
        if isinstance(answer, BlockLibrary):
            self._opened(answer)
        else:
            self._store.tell(fetched=float(answer))

    def _finished(self) -> None:
        self._store.tell(fetched=None)

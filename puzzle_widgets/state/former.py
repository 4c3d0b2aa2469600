"""Libraries that were open before: their scenarios stay, to compare with what is open now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.rescale import AS_MEASURED, Serving
from puzzle_widgets.solution import Scenario

MOST_FORMER = 3
"""Libraries beside the open one whose scenarios are kept: each stays in memory."""


class SavedLibrary(NamedTuple):
    """Which library a saved record is of: its title, what opens it again, and what it has to be.

    Parameters
    ----------
    name
        Title for people.
    dataset
        Name to open it by; empty where it came from a file.
    workload
        The workload that is chosen; empty where there are none.
    digest
        SHA-256 of its layers and figures.
    """

    name: str
    dataset: str
    workload: str
    digest: str


@dataclass(frozen=True)
class FormerLibrary:
    """Scenarios of a library that is not the open one.

    Parameters
    ----------
    of
        Which library that is, as it was opened.
    serving
        How it was served.
    library
        The library that the scenarios are of; ``None`` while it is not here, after a state was
        opened on a server that does not offer it.
    scenarios
        What was saved of it; empty while the library is not here.
    saved
        The scenarios as JSON text while it is not.
    """

    of: SavedLibrary
    serving: Serving = AS_MEASURED
    library: BlockLibrary | None = None
    scenarios: tuple[Scenario, ...] = ()
    saved: str = ""

    @property
    def missing(self) -> bool:
        """Whether its library has to be opened first."""
        return self.library is None

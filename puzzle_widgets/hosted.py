"""What a server's host lets its visitors do with published datasets; the server alone sets it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass

VARIABLE = "PUZZLE_WIDGETS_HOSTED"


@dataclass(frozen=True)
class Hosted:
    """A host's rules.

    Parameters
    ----------
    by_visitor
        Whether an agreement counts for the visitor who gives it; else for this machine's user.
    offered
        Names of datasets whose license the host has accepted for all visitors.
    fetch
        Whether datasets may be fetched over the network.

    Examples
    --------
    >>> from puzzle_widgets.hosted import Hosted, hosted
    >>> hosted() == Hosted(by_visitor=False, offered=(), fetch=True)
    True
    """

    by_visitor: bool = False
    offered: tuple[str, ...] = ()
    fetch: bool = True

    def text(self) -> str:
        """Write the rules as kernels read them."""
        return json.dumps(asdict(self))


def hosted() -> Hosted:
    """Give the rules that hold for this process; those of one's own machine where none are set."""
    told = json.loads(os.environ.get(VARIABLE) or "{}")
    return Hosted(**{**told, "offered": tuple(told.get("offered", ()))})

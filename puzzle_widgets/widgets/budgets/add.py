"""The list of resources that can be limited, too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import anywidget
from traitlets import List, Unicode

from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.panel import guard


class AddBudget(anywidget.AnyWidget):
    """A list whose every choice counts, however quickly the next one follows.

    Parameters
    ----------
    state
        Hears of what goes wrong.
    add
        Called with the resource that is chosen, one of those that are offered.
    """

    _esm = Path(__file__).parents[1] / "static" / "add.js"
    invitation = Unicode("+ Add a budget").tag(sync=True)
    hint = Unicode("Limit one more resource").tag(sync=True)
    entries: List[list[object]] = List(
        help="words, resource, and whether it is limited already, of each"
    ).tag(sync=True)

    def __init__(self, state: ExplorerState, add: Callable[[str], None]) -> None:
        super().__init__()
        self._add = add
        self.add_class("pw-add")
        self.on_msg(guard(state, self._heard))

    @property
    def offered(self) -> list[str]:
        """The words of what can be chosen."""
        return [str(words) for words, _, used in self.entries if not used]

    def _heard(self, _: object, content: object, __: object) -> None:
        """Take a choice of the page, which may not have seen yet what was added before."""
        said = content.get("add") if isinstance(content, Mapping) else None
        if any(said == resource for _, resource, _ in self.entries):
            self._add(str(said))

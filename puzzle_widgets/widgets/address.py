"""The state in the page's address: written when it has settled, read when the page opens."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import anywidget
from traitlets import Dict, Unicode

from puzzle_widgets.errors import ScenarioError
from puzzle_widgets.library.agreements import of_visitor, take_back
from puzzle_widgets.state import ExplorerState, from_code, to_code
from puzzle_widgets.state.background import running_loop
from puzzle_widgets.widgets.page import joined
from puzzle_widgets.widgets.panel import Following, guard

SETTLED_SECONDS = 0.5
# What a saved state holds, by the trait that tells of its change.
DECIDED = (
    *("library", "workload", "objective", "goal", "budgets", "rules", "selection", "layer"),
    *("front_resource", "front_held", "front_points", "surface_x", "surface_y", "decisions_over"),
    *("cell", "scenarios", "former", "reference", "measured", "parent_config", "target", "looks"),
)


class PageAddress(Following, anywidget.AnyWidget):
    """Keeps the state in the fragment of the page's address, and copies that as a link.

    A reload, a restored tab and a link from somebody else go on from there. Whatever the address
    holds is untrusted: what cannot be read gives a message, and what is shown stays. A state
    that is too long for an address is offered as a file.

    Parameters
    ----------
    state
        To keep; the app's, for a notebook's address is its own.
    """

    _esm = joined("own_page.js", "address.js")
    agreed = Dict().tag(sync=True)  # kept by the browser, for the session that goes on from here
    code = Unicode().tag(sync=True)
    file = Unicode().tag(sync=True)

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self.state = state
        self._begun = False
        self._unwritten = False
        self._settling: asyncio.TimerHandle | None = None
        self.add_class("pw-address")
        self.on_msg(guard(state, self._heard))
        self.when(*DECIDED, do=self._later, now=False)

    def close(self) -> None:
        """Write nothing more."""
        if self._settling is not None:
            self._settling.cancel()
        super().close()

    def _heard(self, _: object, content: object, __: object) -> None:
        said = content if isinstance(content, Mapping) else {}
        if "open" in said:
            self._begun = True
            take_back(said.get("agreed"))
            if self._open(said["open"]) and self._unwritten:
                self._later()
        elif "settle" in said:
            self._settle()
            self.send({"settled": True, "code": self.code, "file": self.file})

    def _open(self, code: object) -> bool:
        """Go on from what the address holds, or from the start; say whether that can be done."""
        if not isinstance(code, str):
            raise ScenarioError("The address holds no state that can be read.")
        return not code or code == self.code or self.state.open_saved(from_code(code))

    def _later(self) -> None:
        """Write the state once nothing has changed for a moment, not at every move of a slider."""
        if self._settling is not None:
            self._settling.cancel()
        loop = running_loop()
        if not self._begun:  # the page has not said yet what its address holds
            self._unwritten = True
            return
        if loop is None:
            self._settle()
        else:
            self._settling = loop.call_later(SETTLED_SECONDS, guard(self.state, self._settle))

    def _settle(self) -> None:
        saved = self.state.to_json()
        code = to_code(saved)
        with self.hold_sync():
            self.code, self.file = code, "" if code else saved
            self.agreed = of_visitor()

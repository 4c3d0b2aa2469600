"""What is shown of a wait only once it has lasted: an answer that comes at once needs none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from puzzle_widgets.state import ExplorerState
from puzzle_widgets.state.background import running_loop
from puzzle_widgets.widgets.panel import guard

SOON_SECONDS = 0.15  # the page adds a tenth of a second before it dims


class Moment:
    """Does something once a wait has lasted a moment; at once where no loop runs.

    Parameters
    ----------
    state
        Told of what goes wrong.
    do
        Called once for each wait that lasts.

    Attributes
    ----------
    lasts
        Whether a wait goes on that has lasted a moment.
    """

    def __init__(self, state: ExplorerState, do: Callable[[], None]) -> None:
        self._do = guard(state, do)
        self._begun = self.lasts = False
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Begin to wait; nothing happens where a wait goes on."""
        if self._begun:
            return
        self._begun = True
        loop = running_loop()
        if loop is None:
            self._late()
        else:
            self._timer = loop.call_later(SOON_SECONDS, self._late)

    def end(self) -> None:
        """End the wait: what was not done by now is not done."""
        self._begun = self.lasts = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        self.lasts = True
        self._do()

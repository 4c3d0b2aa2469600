"""What shows reasons: they are searched while it is awake, and not while it sleeps."""

from __future__ import annotations

from puzzle_widgets.state.reason_answers import Reason
from puzzle_widgets.widgets.panel import Following


class Wanting(Following):
    """Wants reasons of the state while it can be seen; mixed in before what it shows them on."""

    _wants: frozenset[Reason] = frozenset()
    _told: frozenset[Reason] = frozenset()

    def wants(self, *reasons: Reason) -> None:
        """Have these reasons searched from now on, and no others."""
        self._wants = frozenset(reasons)
        self._tell()

    def sleep(self) -> None:
        """Want nothing until :meth:`wake`."""
        super().sleep()
        self._tell()

    def wake(self) -> None:
        """Want again what was wanted, and show what the state is now."""
        super().wake()
        self._tell()

    def close(self) -> None:
        """Let go of the state, and want no more: what is told of that is not heard."""
        super().close()
        self.wants()

    def _tell(self) -> None:
        """Tell the state what has changed of what is wanted."""
        now = frozenset() if self._asleep else self._wants
        begun, ended, self._told = now - self._told, self._told - now, now
        if begun:
            self.state.want(*sorted(begun))
        if ended:
            self.state.want(*sorted(ended), on=False)

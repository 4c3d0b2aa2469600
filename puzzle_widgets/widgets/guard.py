"""No callback fails in silence: its error reaches the user, the log and whoever watches."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from puzzle_widgets.state import ExplorerState

watchers: list[Callable[[Exception], None]] = []
"""Told of every error that a callback raised; tests listen here."""


def guard(state: ExplorerState, action: Callable[..., None]) -> Callable[..., None]:
    """Wrap a callback so that what it raises becomes a message on the page."""

    @functools.wraps(action)
    def guarded(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        try:
            action(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - whatever it is, the user has to see it
            state.fail(error)
            for watcher in watchers:
                watcher(error)

    return guarded

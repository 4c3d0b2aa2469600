"""What the faces of a store share: methods made of actions, and words to the user."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Literal, ParamSpec

from traitlets import HasTraits, Instance

from puzzle_widgets.errors import PuzzleError
from puzzle_widgets.state.record import Record
from puzzle_widgets.state.store import Message, Store

P = ParamSpec("P")


def acts(
    action: Callable[Concatenate[Record, P], Record],
) -> Callable[Concatenate[Acting, P], None]:
    """Make a method that acts on the state's record, with the action's own docstring."""

    @wraps(action)
    def act(state: Acting, /, *given: P.args, **named: P.kwargs) -> None:
        state._store.apply(action, *given, **named)  # noqa: SLF001 - it is a method

    return act


class Acting(HasTraits):
    """Acts on a store, and tells what became of it."""

    message = Instance(Message, allow_none=True, help="newest word to the user")
    _store: Store

    @property
    def record(self) -> Record:
        """All that was decided, to keep or to open another state with."""
        return self._store.record

    def say(self, text: str, level: Literal["info", "error"] = "info") -> None:
        """Tell the user something."""
        self._store.tell(message=Message(text, level))

    def fail(self, error: Exception) -> None:
        """Show an error: its own words where we wrote them, else its kind and text."""
        self._store.fail(error)

    def dismiss(self) -> None:
        """Take the message away."""
        self._store.tell(message=None)

    def _attempt(self, do: Callable[P, None], *given: P.args, **named: P.kwargs) -> bool:
        """Do something; an error of the user's is told, and leaves all as it was."""
        try:
            do(*given, **named)
        except PuzzleError as error:
            self.fail(error)
            return False
        return True

"""What was made last is remembered, and no more of it than somebody goes back to."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Made = TypeVar("Made")
_KEPT = 8


class Newest(Generic[Key, Made]):
    """The last few things that were made, by what they were made for.

    Who tries weights or workloads makes a library at each step, and goes back a few of them.

    Parameters
    ----------
    kept
        How many are remembered.

    Examples
    --------
    >>> from puzzle_widgets.library.newest import Newest
    >>> squares, made = Newest(2), []
    >>> def square(number):
    ...     made.append(number)
    ...     return number**2
    >>> [squares.get(number, lambda: square(number)) for number in (1, 2, 1, 3, 1, 2)]
    [1, 4, 1, 9, 1, 4]
    >>> made
    [1, 2, 3, 2]
    """

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._made: OrderedDict[Key, Made] = OrderedDict()

    def get(self, key: Key, make: Callable[[], Made]) -> Made:
        """Give what was made for a key, or make it and forget what was asked for longest ago."""
        if key not in self._made:
            self._made[key] = make()
        self._made.move_to_end(key)
        while len(self._made) > self._kept:
            self._made.popitem(last=False)
        return self._made[key]

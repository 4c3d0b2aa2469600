"""The order of layers: by the numbers in their names, not the file's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from puzzle_widgets.library.checks import Location, short_repr
from puzzle_widgets.library.model import BlockLibrary, LayerName

_DIGITS = re.compile(r"([0-9]+)")
_BETWEEN = re.compile(r"[\s_.\-]+")
_LISTED = 12
Run = tuple[int, int]


def layer_numbers(names: Sequence[LayerName]) -> tuple[int, ...] | None:
    """Find the number of each layer in its name.

    Names carry numbers where all have one pattern, such as ``model.layers.12``, ``layer_3`` or
    ``"05"``, in which one number tells them apart.

    Examples
    --------
    >>> layer_numbers(["model.layers.10", "model.layers.2"])
    (10, 2)
    >>> layer_numbers([7, "08"])
    (7, 8)
    >>> layer_numbers(["first", "second"]) is None
    True
    """
    if any(str(name).lstrip().startswith("-") for name in names):  # no place in a network
        return None
    split = [_DIGITS.split(str(name)) for name in names]
    patterns = {tuple(_plain(words) for words in parts[::2]) for parts in split}
    if len(patterns) != 1:
        return None
    columns = set(zip(*([int(digits) for digits in parts[1::2]] for parts in split), strict=True))
    telling = {column for column in columns if len(set(column)) > 1} or columns
    return telling.pop() if len(telling) == 1 else None


def missing_words(numbers: Sequence[int]) -> str:
    """Name the layers between or before these, counted from 0 or 1: ``"layers 2, 5 to 7"``."""
    known = sorted(set(numbers))
    before = [] if known[0] <= 1 else [(0, known[0] - 1)]
    between = [(low + 1, high - 1) for low, high in pairwise(known) if high > low + 1]
    return _runs_words([*before, *between], str)


def layers_words(numbers: Iterable[int], name: Callable[[int], str] = str) -> str:
    """Name layers by their numbers, runs in short; ``name`` gives what each is called.

    Examples
    --------
    >>> layers_words([3]), layers_words([3, 7, 8, 9])
    ('layer 3', 'layers 3, 7 to 9')
    """
    runs: list[Run] = []
    for number in sorted(set(numbers)):
        if runs and runs[-1][1] == number - 1:
            runs[-1] = runs[-1][0], number
        else:
            runs.append((number, number))
    return _runs_words(runs, name)


def _runs_words(runs: Sequence[Run], name: Callable[[int], str]) -> str:
    if not runs:
        return ""
    words = [_run_words(run, name) for run in runs[:_LISTED]]
    rest = sum(high - low + 1 for low, high in runs[_LISTED:])
    more = f" and {rest:,} more" if rest else ""
    one = len(runs) == 1 and runs[0][0] == runs[0][1]
    return f"{'layer' if one else 'layers'} {', '.join(words)}{more}"


def _run_words(run: Run, name: Callable[[int], str]) -> str:
    low, high = map(name, run)
    count = run[1] - run[0] + 1
    return low if count == 1 else f"{low}, {high}" if count == 2 else f"{low} to {high}"


def in_order(library: BlockLibrary, file: str, *, allow_gaps: bool = False) -> BlockLibrary:
    """Put numbered layers in the order of their numbers; others stay as the file has them.

    Where gaps are allowed a note names the missing ones.
    """
    numbers = layer_numbers([layer.name for layer in library.layers])
    if numbers is None:
        return library
    _refuse_twins(library, numbers, Location(file))
    missing = missing_words(numbers)
    if missing and not allow_gaps:
        Location(file).fail(
            f"{missing} missing: the layers here are {min(numbers)} to {max(numbers)}.",
            "Add what is missing; or say load_library(..., allow_gaps=True) or --allow-gaps, "
            "if the library is to be without.",
        )
    said = f"{missing[:1].upper()}{missing[1:]} missing from the library."
    notes = [said] if missing and said not in library.notes else []
    places = sorted(range(len(numbers)), key=numbers.__getitem__)
    layers = tuple(library.layers[place] for place in places)
    return replace(library, layers=layers, notes=(*library.notes, *notes))


def _refuse_twins(library: BlockLibrary, numbers: Sequence[int], place: Location) -> None:
    first: dict[int, LayerName] = {}
    for layer, number in zip(library.layers, numbers, strict=True):
        other = first.setdefault(number, layer.name)
        if other != layer.name:
            place.at(layer=layer.name).fail(
                f"it has the number of layer {short_repr(other)}.",
                "Give each its own.",
            )


def _plain(words: str) -> str:
    return _BETWEEN.sub("", words).casefold()

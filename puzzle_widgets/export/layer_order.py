"""Whether the order of a library's layers can be taken for that of the network."""

from __future__ import annotations

from puzzle_widgets.export.findings import Finding
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.order import layer_numbers, missing_words

NAMES_LAYERS = ("layers-csv", "layers-json", "report", "layers-svg", "comparison-svg")
"""Targets that name each layer; all others take the blocks by their order."""

_UNNUMBERED = (
    "The names of the layers carry no numbers: the order of the library is taken for that of the "
    "network. Check it."
)


def check_layer_order(library: BlockLibrary, target: str) -> list[Finding]:
    """Warn where nothing tells the order of layers; refuse missing ones, and another order."""
    if target in NAMES_LAYERS:
        return []
    numbers = layer_numbers([layer.name for layer in library.layers])
    if numbers is None:
        return [Finding("warning", _UNNUMBERED)]
    if missing := missing_words(numbers):
        words = f"The library is without {missing}: blocks would stand in the wrong layers."
        return [Finding("error", words)]
    if list(numbers) != sorted(numbers):
        words = "The layers of the library do not stand in the order of their numbers. Sort them."
        return [Finding("error", words)]
    return []

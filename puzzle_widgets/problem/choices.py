"""From what a person calls a layer or a block to the names that the library has for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from difflib import get_close_matches

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary, Layer, LayerName
from puzzle_widgets.library.checks import short_repr

PARENT = "parent"
_LISTED = 6


def find_layer(library: BlockLibrary, word: object) -> LayerName:
    """Find a layer by its name, or by that name as text.

    Raises
    ------
    ProblemError
        If there is none, with the layers that there are.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> find_layer(pw.random_library(3, 2), "1")
    1
    """
    if isinstance(word, Hashable) and word in library.layer_positions:
        return library.layers[library.layer_positions[word]].name  # type: ignore[index]
    for layer in library.layers:
        if str(layer.name) == str(word).strip():
            return layer.name
    first, last = library.layers[0].name, library.layers[-1].name
    raise ProblemError(
        f"No layer {short_repr(word)} in {library.name}: its layers run from {first!r} to {last!r}."
    )


def find_variant(layer: Layer, word: object) -> str:
    """Find a variant by its name, by its label in tables, or by ``"parent"``.

    Raises
    ------
    ProblemError
        If there is none, or several have that label, with variants that there are.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> layer = pw.load_library("llama-3.3-70b-modeled").layer(0)
    >>> find_variant(layer, "parent") == layer.parent
    True
    >>> find_variant(layer, "8 KV heads, FFN width 28,672") == layer.parent
    True
    """
    if isinstance(word, str) and word in layer.positions:
        return word
    text = word.strip() if isinstance(word, str) else ""
    if text.lower() == PARENT:
        return layer.parent
    labeled = [variant.name for variant in layer.variants if variant.label == text]
    if len(labeled) == 1:
        return labeled[0]
    if labeled:
        raise ProblemError(
            f"Layer {layer.name!r} has {len(labeled)} variants that read {text!r}. Give one by "
            f"its name: {_listed(labeled)}."
        )
    words = [*_words(layer), PARENT]
    close = get_close_matches(text, [*words, *layer.positions], _LISTED - 2)
    raise ProblemError(
        f"Layer {layer.name!r} has no variant {short_repr(word)}. "
        f"It has {_listed([*close, *(other for other in words if other not in close)])}."
    )


def _words(layer: Layer) -> list[str]:
    """What each variant can be asked for by: its label where only it has that, else its name."""
    counts = Counter(variant.label for variant in layer.variants)
    return [
        variant.label if counts[variant.label] == 1 else variant.name for variant in layer.variants
    ]


def _listed(words: list[str]) -> str:
    more = len(words) - _LISTED
    tail = f" and {more} more" if more > 0 else ""
    return ", ".join(short_repr(word) for word in words[:_LISTED]) + tail

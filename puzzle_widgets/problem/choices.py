"""Rules on single layers: fixed, banned and different variants, from a caller's words to names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary, FrozenMapping, Layer, LayerName
from puzzle_widgets.library.checks import short_repr

Architecture = Mapping[LayerName, str]
PARENT = "parent"
_LISTED = 6
_MOST_NAME = 200


@dataclass(frozen=True)
class Difference:
    """A rule: differ from ``architecture`` in at least ``layers`` layers.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> best = pw.search(problem)
    >>> other = pw.search(problem.with_difference(best.architecture, 3))
    >>> len(best.differing_layers(other))
    3
    """

    architecture: FrozenMapping[LayerName, str]
    layers: int


def check_rule_name(name: object, what: str) -> None:
    """Refuse words for people that are none, or too many."""
    if not isinstance(name, str) or not name.strip() or len(name) > _MOST_NAME:
        raise ProblemError(f"{what}: give a name of 1 to {_MOST_NAME} letters.")


def find_layer(library: BlockLibrary, word: object) -> LayerName:
    """Find a layer by its name, or by that name as text.

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


def read_banned(
    library: BlockLibrary, banned: Mapping[LayerName, Iterable[str]]
) -> FrozenMapping[LayerName, frozenset[str]]:
    """Read ``{layer: variants}`` that must not be chosen."""
    found: dict[LayerName, frozenset[str]] = {}
    for word, names in banned.items():
        if isinstance(names, str):
            raise ProblemError(f"banned: layer {word!r}: give a list of variants, not {names!r}.")
        for name in names:
            ((layer, variant),) = read_choices(library, {word: name}, "banned").items()
            found[layer] = found.get(layer, frozenset()) | {variant}
    return FrozenMapping(found)


def check_difference(library: BlockLibrary, rule: Difference) -> Difference:
    """Read a rule of difference, its layers and variants as in :func:`read_choices`."""
    architecture = read_choices(library, rule.architecture, "differences")
    whole = isinstance(rule.layers, int | np.integer) and not isinstance(rule.layers, bool)
    if not whole or rule.layers < 0:
        raise ProblemError(
            f"A difference in {rule.layers!r} layers: give a whole number from 0 on."
        )
    return Difference(FrozenMapping(architecture), int(rule.layers))


def read_choices(library: BlockLibrary, choices: Architecture, where: str) -> dict[LayerName, str]:
    """Read ``{layer: variant}`` in a person's words."""
    found: dict[LayerName, str] = {}
    for word, variant in choices.items():
        try:
            layer = find_layer(library, word)
            name = find_variant(library.layer(layer), variant)
        except ProblemError as error:
            said = str(error)
            raise ProblemError(f"{where}: {said[0].lower()}{said[1:]}") from error
        if found.setdefault(layer, name) != name:
            raise ProblemError(f"{where}: layer {layer!r} is given two variants. Give one.")
    return found

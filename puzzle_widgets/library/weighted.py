"""Weighted sums of scores as further scores of a library."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace

from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.model import BlockLibrary, BlockVariant, Layer, once_per_library
from puzzle_widgets.library.score_sum import ScoreSum

_KEPT = 8
"""Libraries with sums that are remembered for each: who tries weights makes many."""


def with_sums(library: BlockLibrary, sums: Iterable[ScoreSum]) -> BlockLibrary:
    """Give a library exactly these weighted sums as further scores; equal ones are one object.

    Their scores and layers have to be the library's: ``puzzle_widgets.problem.objective`` checks.

    Examples
    --------
    >>> from puzzle_widgets.library import random_library
    >>> one = ScoreSum(FrozenMapping({"metrics.loss": 2.0}), FrozenMapping({1: 0.5}))
    >>> library = with_sums(random_library(2, 3), [one])
    >>> loss, weighted = library.column("metrics.loss"), library.column(one.key)
    >>> bool(weighted[0] == 2 * loss[0]), bool(weighted[3] == loss[3])
    (True, True)
    """
    plain, wanted = library.plain, {one.key: one for one in sums}
    if wanted == dict(library.sums):
        return library
    if not wanted:
        return plain
    made, of = _made(plain), frozenset(wanted)
    if of not in made:
        made[of] = _make(plain, wanted)
    made.move_to_end(of)
    while len(made) > _KEPT:
        made.popitem(last=False)
    return made[of]


def with_sum(library: BlockLibrary, one: ScoreSum) -> BlockLibrary:
    """Give a library one more weighted sum; the library itself where it has it."""
    return with_sums(library, [*library.sums.values(), one])


@once_per_library
def _made(plain: BlockLibrary) -> OrderedDict[frozenset[str], BlockLibrary]:
    """The libraries that were made of this one, the oldest first."""
    assert not plain.sums  # noqa: S101 - of the plain library alone
    return OrderedDict()


def _make(plain: BlockLibrary, sums: dict[str, ScoreSum]) -> BlockLibrary:
    layers = tuple(_weighted_layer(layer, sums) for layer in plain.layers)
    outside = {
        key: sum(weight * plain.non_block_cost(name) for name, weight in one.weights.items())
        for key, one in sums.items()
    }
    costs = FrozenMapping({**plain.non_block_costs, **{k: v for k, v in outside.items() if v}})
    made = replace(plain, layers=layers, non_block_costs=costs, sums=FrozenMapping(sums))
    made.__dict__["plain"] = plain
    return made


def _weighted_layer(layer: Layer, sums: dict[str, ScoreSum]) -> Layer:
    variants = tuple(_weighted_variant(layer, variant, sums) for variant in layer.variants)
    return replace(layer, variants=variants)


def _weighted_variant(
    layer: Layer, variant: BlockVariant, sums: dict[str, ScoreSum]
) -> BlockVariant:
    values = dict(variant.values)
    for key, one in sums.items():
        total = sum(weight * variant.values[name] for name, weight in one.weights.items())
        values[key] = one.layer_weights.get(layer.name, 1.0) * total
    return replace(variant, values=FrozenMapping(values))

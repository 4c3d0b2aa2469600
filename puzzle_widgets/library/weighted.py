"""Weighted sums of scores as further scores of a library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import replace

import numpy as np

from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.model import (
    BlockLibrary,
    BlockVariant,
    FloatArray,
    Layer,
    once_per_library,
)
from puzzle_widgets.library.newest import Newest
from puzzle_widgets.library.score_sum import ScoreSum


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
    return _made(plain).get(frozenset(wanted), lambda: _make(plain, wanted))


def with_sum(library: BlockLibrary, one: ScoreSum) -> BlockLibrary:
    """Give a library one more weighted sum; the library itself where it has it."""
    return with_sums(library, [*library.sums.values(), one])


@once_per_library
def _made(plain: BlockLibrary) -> Newest[frozenset[str], BlockLibrary]:
    """The libraries that were made of this one."""
    assert not plain.sums  # noqa: S101 - of the plain library alone
    return Newest()


def _make(plain: BlockLibrary, sums: dict[str, ScoreSum]) -> BlockLibrary:
    columns = {key: _column(plain, one) for key, one in sums.items()}
    rows = iter(zip(*(column.tolist() for column in columns.values()), strict=True))
    layers = tuple(_weighted_layer(layer, tuple(sums), rows) for layer in plain.layers)
    outside = {
        key: sum(weight * plain.non_block_cost(name) for name, weight in one.weights.items())
        for key, one in sums.items()
    }
    costs = FrozenMapping({**plain.non_block_costs, **{k: v for k, v in outside.items() if v}})
    made = replace(plain, layers=layers, non_block_costs=costs, sums=FrozenMapping(sums))
    made.__dict__["plain"] = plain
    # Worked out once for the plain one; another set of weights is a library of the same variants.
    table = np.array([*map(plain.column, plain.keys), *columns.values()])
    table.flags.writeable = False
    made.__dict__.update(_table=table, starts=plain.starts, variant_names=plain.variant_names)
    return made


def _column(plain: BlockLibrary, one: ScoreSum) -> FloatArray:
    """The sum of every variant, shape (variants in all,)."""
    by_layer = [one.layer_weights.get(layer.name, 1.0) for layer in plain.layers]
    with np.errstate(over="ignore", invalid="ignore"):  # out of all proportion: infinite
        total = sum(weight * plain.column(name) for name, weight in one.weights.items())
        return np.asarray(np.repeat(by_layer, np.diff(plain.starts)) * total)


def _weighted_layer(layer: Layer, keys: tuple[str, ...], rows: Iterator[Sequence[float]]) -> Layer:
    variants = tuple(
        _with_values(variant, dict(zip(keys, next(rows), strict=True)))
        for variant in layer.variants
    )
    return replace(layer, variants=variants)


def _with_values(variant: BlockVariant, more: dict[str, float]) -> BlockVariant:
    """A variant with further values; a copy, as all else of it was checked when it was made."""
    made = copy(variant)
    made.__dict__["values"] = FrozenMapping({**variant.values, **more})
    return made

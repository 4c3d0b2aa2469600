"""Random libraries, for examples and tests."""

from __future__ import annotations

import numpy as np

from puzzle_widgets.errors import LibraryError
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.model import (
    OTHER,
    BlockLibrary,
    BlockVariant,
    Layer,
    Measurement,
    Provenance,
)
from puzzle_widgets.library.quantity import MEMORY, RUNTIME


def random_library(layers: int = 32, variants: int = 100, seed: int = 0) -> BlockLibrary:
    """Draw a library with independent uniform scores and costs.

    Parameters
    ----------
    layers, variants
        Size: 32 layers of 100 variants by default.
    seed
        Same seed, same library.

    Returns
    -------
    BlockLibrary
        ``metrics.loss`` in [0, 1), ``stats.memory_mib`` and ``stats.runtime_ms`` in [1, 100);
        variant 0 is the parent of every layer, with loss 0 and costs of 100.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> pw.random_library(4, 10)
    BlockLibrary('Random 4 x 10 (seed 0)': 4 layers, 40 variants, 3 scores and costs)
    """
    if layers < 1 or variants < 1:
        raise LibraryError(f"{layers} x {variants}: a library needs a layer and a variant.")
    rng = np.random.default_rng(seed)
    table = rng.uniform((0.0, 1.0, 1.0), (1.0, 100.0, 100.0), size=(layers, variants, 3))
    table[:, 0] = (0.0, 100.0, 100.0)
    keys = ("metrics.loss", MEMORY, RUNTIME)
    return BlockLibrary(
        f"Random {layers} x {variants} (seed {seed})",
        tuple(
            Layer(place, tuple(_variant(j, keys, row) for j, row in enumerate(rows)), "variant 0")
            for place, rows in enumerate(table.tolist())
        ),
        Measurement(batch_size=1, sequence_length=1024),
        provenance=Provenance("generated", "random_library", f"uniform, seed {seed}"),
    )


def _variant(number: int, keys: tuple[str, ...], row: list[float]) -> BlockVariant:
    values = FrozenMapping(zip(keys, row, strict=True))
    return BlockVariant(f"variant {number}", OTHER, OTHER, values)

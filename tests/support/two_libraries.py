"""Two libraries of one parent, as measured on two GPUs, and a search on each."""

from __future__ import annotations

from dataclasses import replace

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping
from tests.support.libraries import EMBEDDED, LOSS, RUNTIME, make_library, scaled_library

LAYERS = [[(0, 4, 4), (1, 3, 2), (2, 2, 1)], [(0, 4, 4), (3, 3, 2), (4, 2, 1)]]


def small(gpu: str = "NVIDIA H100", factor: float = 1.0) -> pw.BlockLibrary:
    """A library of two layers; runtimes are those of another GPU times a factor."""
    measured = pw.Measurement(2, 50, gpu, "fp8")
    library = make_library(LAYERS, measurement=measured)
    return scaled_library(library, RUNTIME, factor)


def embedded_on(gpu: str = "NVIDIA H200", factor: float = 0.6) -> pw.BlockLibrary:
    """The embedded library with other runtimes, as of another GPU."""
    library = pw.load_library(EMBEDDED)
    measured = replace(library.measurement, gpu=gpu)
    return replace(scaled_library(library, RUNTIME, factor), measurement=measured)


def without(library: pw.BlockLibrary, key: str) -> pw.BlockLibrary:
    """A library that does not know one of the figures."""

    def less(variant: pw.BlockVariant) -> pw.BlockVariant:
        values = {name: value for name, value in variant.values.items() if name != key}
        return replace(variant, values=FrozenMapping(values))

    layers = (replace(la, variants=tuple(map(less, la.variants))) for la in library.layers)
    return replace(library, layers=tuple(layers))


def best(library: pw.BlockLibrary, runtime: str | float = "60 %") -> pw.Solution:
    """The optimum within a share of the library's own runtime."""
    problem = pw.SearchProblem(library, minimize=LOSS, budgets={RUNTIME: runtime})
    return pw.search(problem)

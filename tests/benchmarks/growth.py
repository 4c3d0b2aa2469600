"""How the time of a search of ours grows with layers, variants and budgets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

import puzzle_widgets as pw
from tests.benchmarks.instances import COSTS, SHARED, Instance, by_shares, random_published_like

_SHARES = (0.5, 0.6, 0.7)
_MOST_SECONDS = 5.0


@dataclass(frozen=True)
class Growth:
    """Times of like searches of one size, in s.

    ``fell_back`` counts the searches that the MIP solver had to finish.
    """

    layers: int
    variants: int
    budgets: int
    median: float
    slowest: float
    fell_back: int


def measure_growth(*, quick: bool = False) -> Iterator[Growth]:
    """Grow one of the three at a time, from 80 layers of 54 variants and three budgets."""
    layers = (20, 80) if quick else (20, 40, 80, 160, 320, 500)
    variants = ((3, 3), (6, 9)) if quick else ((3, 3), (4, 4), (6, 9), (10, 15), (15, 20))
    budgets = (1, 3) if quick else (1, 2, 3, 4, 5, 6)
    repeats = 1 if quick else 5
    yield from (_measure(count, (6, 9), 3, repeats) for count in layers)
    yield from (_measure(80, grid, 3, repeats) for grid in variants)
    yield from (_measure(80, (6, 9), count, repeats) for count in budgets)


def _measure(layers: int, grid: tuple[int, int], budgets: int, repeats: int) -> Growth:
    times, handed = [], 0
    for seed, share in enumerate(_SHARES):
        instance = _instance(layers, grid, budgets, seed, share)
        seconds, engine = _timed(instance, repeats)
        times.append(seconds)
        handed += "then" in engine
    return Growth(layers, grid[0] * grid[1], budgets, median(times), max(times), handed)


def _instance(
    layers: int, grid: tuple[int, int], budgets: int, seed: int, share: float
) -> Instance:
    library = random_published_like(
        layers, *grid, seed, kind=SHARED, more_costs=max(0, budgets - len(COSTS))
    )
    keys = library.keys[1 : 1 + budgets]
    return by_shares(f"{layers} x {grid}", library, dict.fromkeys(keys, share))


def _timed(instance: Instance, repeats: int) -> tuple[float, str]:
    pw.search(instance.problem, time_limit=_MOST_SECONDS)
    seconds: list[float] = []
    engine = ""
    for _ in range(repeats):
        begin = time.perf_counter()
        engine = pw.search(instance.problem, time_limit=_MOST_SECONDS).engine
        seconds.append(time.perf_counter() - begin)
    return median(seconds), engine

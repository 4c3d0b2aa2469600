"""Hard classes of the knapsack, from the literature and of our own, as bare seeded instances.

The literature maximizes profits; here scores are minimized. A variant's score is therefore what it
lacks of its layer's greatest profit, which changes no choice, only the sign and a constant.

``python -m tests.benchmarks.classes FOLDER`` writes each instance as an ``.npz`` file.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

import puzzle_widgets as pw
from puzzle_widgets.problem.mckp import FloatArray, Mckp
from tests.benchmarks.instances import (
    KL,
    OWN,
    SHARED,
    published_library,
    published_like_rows,
    strongly_correlated,
)
from tests.support.libraries import EMBEDDED, MEMORY, RUNTIME

# Whole numbers where a class has them.
_Numbers = npt.NDArray[np.float64] | npt.NDArray[np.int64]

_SEEDS = (0, 1, 2)
_FEW_SEEDS = (0, 1)
_DISTANCE = 40
# Shares of the parent that bands lie about: memory's and runtime's.
_BANDS = ((0.4, 0.42), (0.5, 0.53), (0.65, 0.68))


@dataclass(frozen=True, eq=False)
class ClassInstance:
    """One knapsack of a class."""

    name: str
    mckp: Mckp


@dataclass(frozen=True, eq=False)
class ClassFamily:
    """The instances of a class; it can be pickled."""

    name: str
    instances: tuple[ClassInstance, ...]

    def first(self) -> ClassFamily:
        """The first instance alone."""
        return ClassFamily(self.name, self.instances[:1])


def class_instances(words: Sequence[str] = ()) -> list[ClassFamily]:
    """Draw all classes, or those whose names hold one of some words.

    The classes on the published library are left out where it is missing.

    Examples
    --------
    >>> [family] = class_instances(["subset-sum 100x10, R 1e3"])
    >>> len(family.instances), family.instances[0].mckp.layers
    (3, 100)
    """
    asked = [word.lower() for word in words or [""]]
    found = [
        ClassFamily(name, tuple(make()))
        for name, make in _classes().items()
        if any(word in name.lower() for word in asked)
    ]
    return [family for family in found if family.instances]


def save_classes(families: Iterable[ClassFamily], folder: Path) -> list[Path]:
    """Write each instance's arrays as a file of :func:`numpy.savez_compressed`."""
    files = []
    for family in families:
        for instance in family.instances:
            plain = re.sub(r"[^a-z0-9.]+", "-", f"{family.name} {instance.name}".lower())
            files.append(folder / f"{plain}.npz")
            mckp = instance.mckp
            np.savez_compressed(
                files[-1],
                score=mckp.score,
                starts=mckp.starts,
                cost=mckp.cost,
                lower=mckp.lower,
                upper=mckp.upper,
            )
    return files


def knapsack(
    score: FloatArray, cost: _Numbers, upper: FloatArray, lower: FloatArray | None = None
) -> Mckp:
    """Put numbers into a knapsack whose ties go to the least use of what is limited.

    Parameters
    ----------
    score
        Shape (layers, variants).
    cost
        Shape (budgets, layers, variants).
    upper, lower
        Limits, shape (budgets,).
    """
    budgets, layers, variants = cost.shape
    flat = np.ascontiguousarray(cost.reshape(budgets, -1), dtype=np.float64)
    share = (flat / upper[:, None]).sum(axis=0, keepdims=True)
    return Mckp(
        score=np.asarray(score, dtype=np.float64).ravel(),
        starts=np.arange(layers + 1, dtype=np.intp) * variants,
        cost=flat,
        lower=np.full(budgets, -np.inf) if lower is None else np.asarray(lower, dtype=np.float64),
        upper=np.asarray(upper, dtype=np.float64),
        allowed=np.ones(layers * variants, dtype=np.bool_),
        rows=tuple(f"cost {number}" for number in range(1, budgets + 1)),
        ties=np.concatenate([share, flat]) if budgets > 1 else share,
    )


def pisinger(kind: str, reach: int, seed: int, layers: int = 100, variants: int = 10) -> Mckp:
    """Draw an instance as Pisinger does, with one budget and whole numbers.

    D. Pisinger, "A minimal algorithm for the multiple-choice knapsack problem", European Journal
    of Operational Research 83 (1995) 394-410, section 8, and his program ``mcknap``. With weights
    w and profits p of the variants j of layer i, and R the ``reach``:

    - ``uncorrelated``: w_ij and p_ij uniform in [1, R];
    - ``weakly correlated``: w_ij uniform in [1, R], p_ij uniform in [w_ij - 10, w_ij + 10], at
      least 1;
    - ``strongly correlated``: w'_ih uniform in [1, 2 R / n] and sorted, n variants a layer,
      p'_ih = w'_ih + 10; w_ij and p_ij are the sums of w'_ih and p'_ih over h <= j;
    - ``subset-sum``: w_ij uniform in [1, R], p_ij = w_ij;
    - ``zig-zag`` (Sinha and Zoltners): w_ij and p_ij uniform in [1, R], each sorted in its layer.

    The capacity is half of the sum over layers of the least weight and of the weight of the most
    profitable variant (the lightest such).
    """
    rng = np.random.default_rng([seed, reach, layers, variants])
    shape = (layers, variants)
    top = 2 * reach // variants if kind == "strongly correlated" else reach
    weight = rng.integers(1, top, shape, endpoint=True)
    profit = rng.integers(1, top, shape, endpoint=True)
    if kind in {"strongly correlated", "zig-zag"}:
        weight, profit = np.sort(weight, axis=1), np.sort(profit, axis=1)
    if kind == "weakly correlated":
        profit = np.maximum(weight + rng.integers(-10, 10, shape, endpoint=True), 1)
    elif kind == "strongly correlated":
        weight, profit = weight.cumsum(axis=1), (weight + 10).cumsum(axis=1)
    elif kind == "subset-sum":
        profit = weight
    best = np.where(profit == profit.max(axis=1, keepdims=True), weight, np.inf).min(axis=1)
    capacity = (int(weight.min(axis=1).sum()) + int(best.sum())) // 2
    return knapsack(lacking(profit), weight[None], np.array([float(capacity)]))


def lacking(profit: _Numbers) -> FloatArray:
    """Scores to minimize for profits to maximize, shape (layers, variants)."""
    return np.asarray(profit.max(axis=1, keepdims=True) - profit, dtype=np.float64)


def mmkp(seed: int, layers: int, variants: int, budgets: int, *, correlated: bool = False) -> Mckp:
    """Draw a multidimensional instance of the shapes that the MMKP's literature uses.

    After S. Khan, K. F. Li, E. G. Manning, M. M. Akbar, "Solving the knapsack problem for adaptive
    multimedia systems", Studia Informatica Universalis 2 (2002) 157-178: costs r_ijk whole,
    uniform in [1, 100]; profits uniform in [1, 50 m] with m budgets, or correlated:
    p_ij = sum_k r_ijk c_k / 10 + a whole number uniform in [0, 3 m], prices c_k whole in [1, 10],
    rounded down. Limits lie 80 % (correlated: 50 %) of the way from a frugal choice's use to the
    mean, so that choice is feasible.
    """
    rng = np.random.default_rng([seed, layers, variants, budgets, int(correlated)])
    cost = rng.integers(1, 100, (budgets, layers, variants), endpoint=True)
    if correlated:
        price = rng.integers(1, 10, budgets, endpoint=True)
        noise = rng.integers(0, 3 * budgets, (layers, variants), endpoint=True)
        profit = np.tensordot(price, cost, 1) // 10 + noise
    else:
        profit = rng.integers(1, 50 * budgets, (layers, variants), endpoint=True)
    return knapsack(lacking(profit), cost, feasible_limits(cost, 0.5 if correlated else 0.8))


def score_levels(seed: int, levels: int = 4, layers: int = 80, variants: int = 16) -> Mckp:
    """Draw whole scores of few levels, 0 to ``levels`` - 1, so that very many choices tie.

    Two costs, the same in all layers, are uniform in [1, 100).
    """
    rng = np.random.default_rng([seed, levels, layers, variants])
    score = rng.integers(0, levels, (layers, variants)).astype(np.float64)
    cost = np.repeat(rng.uniform(1.0, 100.0, (2, 1, variants)), layers, axis=1)
    return knapsack(score, cost, feasible_limits(cost, 0.05))


def layers_alike(seed: int, layers: int = 80, variants: int = 16) -> Mckp:
    """Draw one layer with two costs, and repeat it: any order of the layers scores the same.

    Scores fall with the costs, with noise: (2 - c_1 - c_2) / 2 times a log-normal factor of 50 %,
    costs uniform in [0.01, 1).
    """
    rng = np.random.default_rng([seed, layers, variants])
    cost = rng.uniform(0.01, 1.0, (2, 1, variants))
    score = (2.0 - cost.sum(axis=0)) / 2 * rng.lognormal(0.0, 0.5, (1, variants))
    cost = np.repeat(cost, layers, axis=1)
    return knapsack(np.repeat(score, layers, axis=0), cost, feasible_limits(cost, 0.6))


def weakly_correlated(seed: int, layers: int = 80, variants: int = 16, budgets: int = 2) -> Mckp:
    """Draw profits near the mean cost: costs whole in [1, 1000], profits within 10 of their mean.

    It is Pisinger's weakly correlated class with more budgets.
    """
    rng = np.random.default_rng([seed, layers, variants, budgets])
    cost = rng.integers(1, 1000, (budgets, layers, variants), endpoint=True)
    noise = rng.integers(-10, 10, (layers, variants), endpoint=True)
    profit = np.maximum(cost.sum(axis=0) // budgets + noise, 1)
    return knapsack(lacking(profit), cost, feasible_limits(cost, 0.6))


def cost_law(seed: int, noise: float, budgets: int, layers: int = 80, variants: int = 16) -> Mckp:
    """Draw scores by a law of the costs: a layer's weight, times (1 - mean cost)^1.5, with noise.

    Costs are each layer's own, uniform in [0.05, 1); weights are log-normal (0.6), and the noise is
    a log-normal factor. The limits lie 90 % of the way from a
    frugal choice's use to the mean.
    """
    rng = np.random.default_rng([seed, round(1000 * noise), budgets, layers, variants])
    cost = rng.uniform(0.05, 1.0, (budgets, layers, variants))
    weight = rng.lognormal(0.0, 0.6, (layers, 1))
    score = weight * (1.0 - cost.mean(axis=0)) ** 1.5
    score *= rng.lognormal(0.0, noise, score.shape)
    return knapsack(score, cost, feasible_limits(cost, 0.9))


def huge_costs(seed: int, layers: int = 80, variants: int = 16) -> Mckp:
    """Draw two whole costs up to 1e12, whose sums still are exact; scores uniform in [0, 1)."""
    rng = np.random.default_rng([seed, layers, variants])
    cost = rng.integers(1, 10**12, (2, layers, variants), endpoint=True)
    return knapsack(rng.random((layers, variants)), cost, feasible_limits(cost, 0.3))


def uniform(seed: int, budgets: int, layers: int = 80, variants: int = 16) -> Mckp:
    """Draw scores and costs uniform in [0, 100)."""
    rng = np.random.default_rng([seed, budgets, layers, variants])
    cost = rng.uniform(0.0, 100.0, (budgets, layers, variants))
    score = rng.uniform(0.0, 100.0, (layers, variants))
    return knapsack(score, cost, feasible_limits(cost, 0.3))


def published_like(
    seed: int,
    layers: int,
    grid: tuple[int, int],
    budgets: int,
    kind: str,
    band: float = 1.0,
) -> Mckp:
    """Draw a library as the published one, each budget at 45, 60 or 75 % of the parent, by seed.

    A ``band`` below 1 adds lower limits: that share of the upper ones.
    """
    rows = published_like_rows(layers, *grid, seed, kind=kind, more_costs=max(0, budgets - 3))
    score, cost = rows[..., 0], np.moveaxis(rows[..., 1 : 1 + budgets], -1, 0)
    jitter = np.random.default_rng(seed).uniform(-0.02, 0.02, budgets)
    upper = cost[:, :, 0].sum(axis=1) * ((0.45, 0.6, 0.75)[seed] + jitter)
    return knapsack(score, cost, upper, band * upper if band < 1.0 else None)


def feasible_limits(cost: _Numbers, share: float) -> FloatArray:
    """Limits that a choice surely keeps: its use, and a share of what the mean is beyond it.

    The choice takes each layer's variant of the least summed costs, each over its mean.
    """
    mean = cost.mean(axis=(1, 2))
    frugal = np.argmin((cost / mean[:, None, None]).sum(axis=0), axis=1)
    used = cost[:, np.arange(cost.shape[1]), frugal].sum(axis=1)
    limits = used + share * np.maximum(mean * cost.shape[1] - used, 0.0)
    return np.ceil(limits) if np.issubdtype(cost.dtype, np.integer) else np.asarray(limits)


def banded(width: float, keys: Sequence[str]) -> list[ClassInstance]:
    """Ask of the published library that sums lie in bands of a relative width about targets."""
    library = published_library()
    return [] if library is None else [_banded(library, width, keys, target) for target in _BANDS]


def _banded(
    library: pw.BlockLibrary, width: float, keys: Sequence[str], target: tuple[float, float]
) -> ClassInstance:
    problem = pw.SearchProblem(library, minimize=KL)
    for key, share in zip(keys, target, strict=False):
        total = share * library.parent_totals[key]
        low, high = total * (1 - width / 2), total * (1 + width / 2)
        problem = problem.with_budget(key, lower=low, upper=high)
    return ClassInstance(f"about {target[0]:.0%}", problem.mckp)


def diverse(
    source: Callable[[], pw.BlockLibrary | None], share: float, steps: Sequence[int]
) -> list[ClassInstance]:
    """Ask for the next best that differs in at least 40 layers from each of some before.

    Parameters
    ----------
    source
        Gives the library, or nothing where it is missing.
    share
        Memory and runtime allowed, of the parent's.
    steps
        How many are before, for each instance. They are those of ``search_diverse``, which
        are proven quickly.
    """
    library = source()
    if library is None:
        return []
    budgets = {MEMORY: pw.Share(share), RUNTIME: pw.Share(share)}
    problem = pw.SearchProblem(library, minimize=KL, budgets=budgets)
    found = []
    for step, solution in enumerate(pw.search_diverse(problem, max(steps), _DISTANCE), 1):
        if solution.architecture is not None:
            problem = problem.with_difference(solution.architecture, _DISTANCE)
        if step in steps:
            found.append(ClassInstance(f"apart from {step}", problem.mckp))
    return found


@cache
def _embedded() -> pw.BlockLibrary:
    return pw.load_library(EMBEDDED)


def _project_strong(seed: int) -> Mckp:
    return strongly_correlated(60, 33, seed).mckp


def _seeded(draw: Callable[[int], Mckp], seeds: Sequence[int] = _SEEDS) -> list[ClassInstance]:
    return [ClassInstance(f"seed {seed}", draw(seed)) for seed in seeds]


_Classes = dict[str, Callable[[], list[ClassInstance]]]


def _classes() -> _Classes:
    """Each class by name, to be drawn when asked for."""
    return {**_literature(), **_random(), **_of_libraries(), **_large()}


def _literature() -> _Classes:
    kinds = ("uncorrelated", "weakly correlated", "strongly correlated", "subset-sum", "zig-zag")
    found: _Classes = {
        f"{kind} 100x10, R {label}": partial(_seeded, partial(pisinger, kind, reach))
        for kind in kinds
        for label, reach in (("1e3", 10**3), ("1e6", 10**6))
    }
    for shape in ((10, 5, 5), (15, 10, 10), (30, 10, 10), (100, 10, 10)):
        name = "MMKP uncorrelated {}x{}x{}".format(*shape)
        found[name] = partial(_seeded, _mmkp(shape, correlated=False))
    for shape in ((20, 10, 5), (30, 10, 10)):
        name = "MMKP correlated {}x{}x{}".format(*shape)
        found[name] = partial(_seeded, _mmkp(shape, correlated=True))
    return found


def _mmkp(shape: tuple[int, int, int], *, correlated: bool) -> Callable[[int], Mckp]:
    return lambda seed: mmkp(seed, *shape, correlated=correlated)


def _random() -> _Classes:
    laws = [(noise, budgets) for noise in (0.15, 0.02) for budgets in (2, 3)]
    return {
        "4 score levels, shared costs 80x16, 2 budgets": partial(_seeded, score_levels),
        "all layers alike 80x16, 2 budgets": partial(_seeded, layers_alike),
        "weakly correlated 80x16, 2 budgets": partial(_seeded, weakly_correlated),
        "strongly correlated 60x33, 3 budgets": partial(_seeded, _project_strong),
        **{
            f"cost law with {noise:.0%} noise 80x16, {budgets} budgets": partial(
                _seeded, partial(cost_law, noise=noise, budgets=budgets)
            )
            for noise, budgets in laws
        },
        "lower and upper limits on 3 costs, own 80x16": partial(
            _seeded, lambda seed: published_like(seed, 80, (4, 4), 3, OWN, band=0.9)
        ),
        "costs to 1e12 80x16, 2 budgets": partial(_seeded, huge_costs),
        "uniform 80x16, 5 budgets": partial(_seeded, partial(uniform, budgets=5)),
    }


def _of_libraries() -> _Classes:
    both = (MEMORY, RUNTIME)
    return {
        "published, bands of 0.1 % on memory and runtime": partial(banded, 1e-3, both),
        "published, bands of 0.01 % on memory and runtime": partial(banded, 1e-4, both),
        "published, band of 0.1 % on memory": partial(banded, 1e-3, (MEMORY,)),
        "published, band of 0.01 % on memory": partial(banded, 1e-4, (MEMORY,)),
        "published, 40 layers apart": partial(diverse, published_library, 0.5, (3, 4, 5)),
        "embedded, 40 layers apart": partial(diverse, _embedded, 0.7, (2, 3, 4)),
    }


def _large() -> _Classes:
    sizes = (
        (126, (6, 9), 5, _SEEDS),
        (500, (10, 10), 3, _FEW_SEEDS),
        (200, (15, 20), 5, _FEW_SEEDS),
    )
    return {
        f"published-like {word} {layers}x{grid[0] * grid[1]}, {budgets} budgets": partial(
            _seeded, _published_like(layers, grid, budgets, kind), seeds
        )
        for layers, grid, budgets, seeds in sizes
        for word, kind in (("shared", SHARED), ("own", OWN))
    }


def _published_like(
    layers: int, grid: tuple[int, int], budgets: int, kind: str
) -> Callable[[int], Mckp]:
    return lambda seed: published_like(seed, layers, grid, budgets, kind)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    sys.stdout.write(f"{len(save_classes(class_instances(), target))} files in {target}\n")

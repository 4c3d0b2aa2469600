"""What the searches are measured on: the published library, and random ones of stated kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.problem.mckp import FloatArray, Mckp
from tests.benchmarks.peers import Program
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library, published_folder

KL = "metrics.kl_div"
PARAMETERS = "stats.num_params"
COSTS = (MEMORY, RUNTIME, PARAMETERS)
SHARED, OWN = "costs shared by all layers", "costs of each layer's own"
# Shares of the parent: memory, and what the runtime's share is beyond the memory's.
_MEMORY_SHARES = (0.35, 0.45, 0.55, 0.65, 0.75, 0.85)
_RUNTIME_BEYOND = (0.0, 0.02, 0.04)
_SHARES = (0.45, 0.6, 0.75)
_JITTER = 0.02
# The parent's attention and FFN in a layer: memory in MiB, runtime in ms, parameters.
_ATTENTION = np.array([765.0, 354.0, 151e6])
_FFN = np.array([672.0, 463.0, 705e6])


@dataclass(frozen=True, eq=False)
class Instance:
    """One search to measure."""

    name: str
    problem: pw.SearchProblem

    @cached_property
    def mckp(self) -> Mckp:
        """The bare knapsack."""
        return self.problem.mckp

    @cached_property
    def program(self) -> Program:
        """The same, as the other solvers are given it."""
        mckp = self.mckp
        return Program(mckp.score, mckp.starts, mckp.cost, mckp.lower, mckp.upper)


@dataclass(frozen=True, eq=False)
class Family:
    """Searches whose times are summed up together."""

    name: str
    instances: tuple[Instance, ...]


def families(*, quick: bool = False) -> list[Family]:
    """All families; the published one only where its library is. ``quick`` keeps a few."""
    library = published_library()
    found = [] if library is None else [_published(library)]
    sizes = (80,) if quick else (80, 126, 200)
    found += [_published_like(layers, kind) for layers in sizes for kind in (SHARED, OWN)]
    found.append(_uniform())
    return [_few(family) for family in found] if quick else found


def published_library() -> pw.BlockLibrary | None:
    """The published library, or ``None`` where there is none."""
    try:
        return pw.load_library(str(published_folder()))
    except pytest.skip.Exception:
        return None


def by_shares(
    name: str, library: pw.BlockLibrary, shares: Mapping[str, float], minimize: str = LOSS
) -> Instance:
    """State a search by budgets as shares of the parent."""
    budgets = {key: pw.Share(share) for key, share in shares.items()}
    return Instance(name, pw.SearchProblem(library, minimize=minimize, budgets=budgets))


def random_published_like(
    layers: int,
    attention: int = 6,
    ffn: int = 9,
    seed: int = 0,
    *,
    kind: str = SHARED,
    more_costs: int = 0,
) -> pw.BlockLibrary:
    """Draw a library with the published one's traits.

    A variant is one of ``attention`` sizes (halved each time, the last one none) with one of
    ``ffn`` sizes (evenly down to none). Each subblock's loss rises with what is cut, along a curve
    of the layer's own, with a heavy tail over layers and over variants; memory, runtime and
    parameters are the same in all layers (``SHARED``), or scattered by 20 % (``OWN``).

    Parameters
    ----------
    layers, attention, ffn, seed
        Size, and the seed.
    kind
        ``SHARED`` or ``OWN``.
    more_costs
        Further costs, random mixtures of the two subblocks.
    """
    rows = published_like_rows(layers, attention, ffn, seed, kind=kind, more_costs=more_costs)
    keys = (LOSS, *COSTS, *(f"stats.cost_{number}" for number in range(4, 4 + more_costs)))
    return make_library(rows.tolist(), keys)


def published_like_rows(
    layers: int, attention: int, ffn: int, seed: int, *, kind: str, more_costs: int = 0
) -> FloatArray:
    """The bare numbers of :func:`random_published_like`, shape (layers, variants, 1 + costs).

    The loss is first, and the parent is each layer's first variant.
    """
    rng = np.random.default_rng([seed, layers, attention, ffn])
    sizes = _sizes(attention, ffn)
    loss = _losses(rng, layers, sizes)
    costs = np.broadcast_to(_costs(rng, sizes, more_costs), (layers, len(sizes), 3 + more_costs))
    if kind == OWN:
        costs = costs * rng.lognormal(0.0, 0.2, costs.shape)
    return np.concatenate([loss[:, :, None], costs], axis=2)


def strongly_correlated(layers: int = 60, variants: int = 40, seed: int = 0) -> Instance:
    """State a search that no bound decides: what a variant saves is what it loses, nearly.

    Such scores make reduced-cost fixing useless, so the exact search gives up.
    """
    rng = np.random.default_rng(seed)
    costs = rng.integers(1, 1000, size=(layers, variants, 3)).astype(np.float64)
    costs[:, 0] = 1000.0
    loss = 3000.0 - costs.sum(axis=2) + rng.integers(0, 3, size=(layers, variants))
    loss[:, 0] = 0.0
    rows = np.concatenate([loss[:, :, None], costs], axis=2)
    library = make_library(rows.tolist(), (LOSS, *COSTS))
    shares = dict(zip(COSTS, (0.45, 0.5, 0.55), strict=True))
    return by_shares("strongly correlated", library, shares)


def _few(family: Family) -> Family:
    step = max(1, len(family.instances) // 3)
    return Family(family.name, family.instances[::step][:3])


def _published(library: pw.BlockLibrary) -> Family:
    return Family(
        "Published library, 80 x 16, memory and runtime budgets",
        tuple(
            by_shares(
                f"memory {share:.0%}, runtime {share + beyond:.0%}",
                library,
                {MEMORY: share, RUNTIME: share + beyond},
                KL,
            )
            for share in _MEMORY_SHARES
            for beyond in _RUNTIME_BEYOND
        ),
    )


def _published_like(layers: int, kind: str) -> Family:
    return Family(
        f"Published-like, {layers} x 54, {kind}, three budgets",
        tuple(
            by_shares(
                f"{share:.0%}",
                random_published_like(layers, seed=seed, kind=kind),
                _shares_about(share, seed),
            )
            for seed, share in enumerate(_SHARES)
        ),
    )


def _shares_about(share: float, seed: int) -> dict[str, float]:
    """Give each cost nearly the same share, so that each may bind."""
    jitter = np.random.default_rng(seed).uniform(-_JITTER, _JITTER, len(COSTS))
    return dict(zip(COSTS, (share + jitter).tolist(), strict=True))


def _uniform() -> Family:
    return Family(
        "Uniform random, 32 x 100, three budgets",
        tuple(
            by_shares(f"{share:.0%}", _uniform_library(seed), dict.fromkeys(COSTS, share))
            for seed, share in enumerate((0.2, 0.3, 0.4))
        ),
    )


def _uniform_library(seed: int) -> pw.BlockLibrary:
    rows = np.random.default_rng(seed).uniform(
        (0.0, 1.0, 1.0, 1.0), (1.0, 100.0, 100.0, 100.0), size=(32, 100, 4)
    )
    rows[:, 0] = (0.0, 100.0, 100.0, 100.0)
    return make_library(rows.tolist(), (LOSS, *COSTS))


def _sizes(attention: int, ffn: int) -> FloatArray:
    """Size of both subblocks of each variant, 1 for the parent's, shape (variants, 2)."""
    halving = [0.5**step for step in range(attention - 1)] + [0.0]
    falling = np.linspace(1.0, 0.0, ffn)
    return np.array([(one, two) for one in halving for two in falling])


def _losses(rng: np.random.Generator, layers: int, sizes: FloatArray) -> FloatArray:
    """Loss of each variant of each layer; none for the parent, shape (layers, variants)."""
    weight = rng.lognormal(np.log(0.2), 0.6, (layers, 2))
    weight *= 1.0 + rng.pareto(2.0, (layers, 2))
    bend = rng.uniform(0.4, 2.0, (layers, 2))
    cut = 1.0 - sizes
    smooth = (weight[:, None, :] * cut ** bend[:, None, :]).sum(axis=2)
    rare = np.where(rng.random(smooth.shape) < 0.02, rng.pareto(1.0, smooth.shape), 0.0)
    return np.asarray(smooth * rng.lognormal(0.0, 0.15, smooth.shape) * (1.0 + rare))


def _costs(rng: np.random.Generator, sizes: FloatArray, more: int) -> FloatArray:
    """Costs of variants: by the sizes of subblocks, with overheads; shape (variants, 3 + more)."""
    there = sizes > 0
    used = np.where(there, 0.08 + 0.92 * sizes, 0.0)
    costs = used[:, :1] * _ATTENTION + used[:, 1:] * _FFN
    costs[:, 1] *= rng.lognormal(0.0, 0.03, len(sizes))
    mixtures = rng.uniform(0.1, 1.0, (2, more))
    return np.concatenate([costs, used @ mixtures], axis=1)

"""Random knapsacks of many kinds, each from a seed, and their truth by trying every choice."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from puzzle_widgets.problem.mckp import TOLERANCE, FloatArray, IntArray, Mckp
from puzzle_widgets.search.options import WarmStart

Rng = np.random.Generator
BRUTE_FORCE = 20_000
# Kinds that no solver knows how to solve in short time when they are larger.
_HARD = ("correlated", "strongly correlated", "whole steps", "equality", "jointly infeasible")


@dataclass
class Draft:
    """A knapsack being drawn: scores (n,), costs (rows, n), and a choice that limits refer to."""

    rng: Rng
    starts: IntArray
    score: FloatArray
    cost: FloatArray
    allowed: npt.NDArray[np.bool_]
    lower: FloatArray
    upper: FloatArray

    @property
    def layers(self) -> list[slice]:
        """Where each layer's variants stand."""
        pairs = zip(self.starts[:-1], self.starts[1:], strict=True)
        return [slice(int(start), int(end)) for start, end in pairs]

    def some_choice(self) -> IntArray:
        """One allowed variant of each layer by chance."""
        spans = self.layers
        picks = [self.rng.choice(np.flatnonzero(self.allowed[span])) + span.start for span in spans]
        return np.array(picks, dtype=np.intp)

    def total_range(self) -> tuple[FloatArray, FloatArray]:
        """Least and greatest sum of each row."""
        firsts = self.starts[:-1]
        least = np.where(self.allowed, self.cost, np.inf)
        most = np.where(self.allowed, self.cost, -np.inf)
        return (
            np.minimum.reduceat(least, firsts, axis=1).sum(axis=1),
            np.maximum.reduceat(most, firsts, axis=1).sum(axis=1),
        )

    def finish(self) -> Mckp:
        """The knapsack; its ties go to the least use as shares of the limits, then row by row."""
        shares = [
            costs / (abs(limit) or 1.0)
            for side in (self.lower, self.upper)
            for costs, limit in zip(self.cost, side, strict=True)
            if np.isfinite(limit)
        ]
        ties = [np.sum(shares, axis=0), *self.cost] if shares else []
        return Mckp(
            self.score,
            self.starts,
            self.cost,
            self.lower - TOLERANCE * np.abs(self.lower),
            self.upper + TOLERANCE * np.abs(self.upper),
            self.allowed,
            tuple(f"row {row}" for row in range(len(self.cost))),
            np.array(ties).reshape(len(ties), len(self.score)),
        )


def instance(kind: str, seed: int) -> Mckp:
    """Draw the knapsack of a kind with this seed; two of three are small enough to try all."""
    rng = np.random.default_rng([seed, sorted(KINDS).index(kind)])
    counts = _counts(rng, kind)
    rows = int(rng.integers(1, 4))
    draft = _uniform(rng, counts, rows)
    KINDS[kind](draft)
    return draft.finish()


def _counts(rng: Rng, kind: str) -> IntArray:
    if kind == "500 layers":
        return np.asarray(rng.integers(2, 5, size=500))
    if kind == "one layer":
        return np.asarray(rng.integers(1, 60, size=1))
    if kind == "one variant":
        return np.ones(int(rng.integers(1, 30)), dtype=np.intp)
    if kind == "alike layers":
        few = rng.random() < 2 / 3
        count = int(rng.integers(3, 7) if few else rng.integers(10, 30))
        return np.full(count, int(rng.integers(2, 5)), dtype=np.intp)
    if rng.random() < 2 / 3:
        return np.asarray(rng.integers(1, 6, size=int(rng.integers(2, 6))))
    layers, width = int(rng.integers(8, 25)), int(rng.integers(2, 12))
    if kind in _HARD:
        layers, width = int(rng.integers(5, 9)), int(rng.integers(2, 8))
    least = 1 if kind == "ragged" else width
    return np.asarray(rng.integers(least, width + 1, size=layers))


def _uniform(rng: Rng, counts: IntArray, rows: int) -> Draft:
    n = int(counts.sum())
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.intp)
    draft = Draft(
        rng,
        starts,
        rng.uniform(0, 1, n),
        rng.uniform(0, 10, (rows, n)),
        np.ones(n, dtype=np.bool_),
        np.full(rows, -np.inf),
        np.full(rows, np.inf),
    )
    _upper(draft)
    return draft


def _upper(draft: Draft) -> None:
    """Upper limits somewhere in reach; one in four at just what some choice uses."""
    least, most = draft.total_range()
    share = draft.rng.uniform(0.1, 0.9, len(least))
    draft.lower = np.full(len(least), -np.inf)
    draft.upper = least + share * (most - least)
    if draft.rng.random() < 0.25:
        draft.upper = draft.cost[:, draft.some_choice()].sum(axis=1)


def _correlated(draft: Draft) -> None:
    spread = draft.rng.normal(0, 0.1, draft.score.shape)
    draft.score = 10 - draft.cost.mean(axis=0) + spread


def _strongly_correlated(draft: Draft) -> None:
    draft.cost = draft.rng.integers(1, 100, draft.cost.shape).astype(float)
    draft.score = -(draft.cost.sum(axis=0) + 10.0)
    _upper(draft)


def _whole_steps(draft: Draft) -> None:
    """Scores and costs in ones; scores and whole multiples of costs sum to coarser steps."""
    draft.cost = draft.rng.integers(1, 100, draft.cost.shape).astype(float)
    times = draft.rng.integers(0, 3, len(draft.cost)).astype(float)
    steps = draft.rng.choice([3, 10, 200]) * draft.rng.integers(0, 5, draft.score.shape)
    draft.score = steps - times @ draft.cost
    _upper(draft)


def _published_like(draft: Draft) -> None:
    """Layers share a table of costs; scores fall with cost and differ by layer."""
    counts = np.diff(draft.starts)
    table = draft.rng.uniform(0, 1, (len(draft.cost), int(counts.max())))
    places = np.concatenate([np.arange(count) for count in counts])
    draft.cost = table[:, places] * np.array([1000.0, 700.0, 3.0])[: len(draft.cost), None]
    weight = np.repeat(draft.rng.lognormal(0, 1, len(counts)), counts)
    draft.score = (
        weight * (1 - table.mean(axis=0)[places]) * draft.rng.uniform(0.8, 1.2, len(places))
    )
    _upper(draft)


def _ties(draft: Draft) -> None:
    draft.score = draft.rng.integers(0, 4, draft.score.shape).astype(float)
    draft.cost = draft.rng.integers(0, 4, draft.cost.shape).astype(float)
    _upper(draft)


def _decimal_ties(draft: Draft) -> None:
    """Sums that are equal on paper and differ in the last bits."""
    _ties(draft)
    draft.score, draft.cost, draft.upper = draft.score / 10, draft.cost / 10, draft.upper / 10


def _equal_scores(draft: Draft) -> None:
    draft.score = np.full_like(draft.score, 0.7)


def _lower(draft: Draft) -> None:
    draft.score = draft.cost.mean(axis=0) + draft.rng.uniform(0, 2, draft.score.shape)
    draft.lower, draft.upper = draft.upper, np.full_like(draft.upper, np.inf)


def _bands(draft: Draft) -> None:
    """Both sides, tight around what some choice uses."""
    totals = draft.cost[:, draft.some_choice()].sum(axis=1)
    least, most = draft.total_range()
    width = draft.rng.choice([0.001, 0.01, 0.1]) * (most - least)
    draft.lower, draft.upper = totals - width, totals + width


def _equality(draft: Draft) -> None:
    if draft.rng.random() < 0.7:
        draft.cost = draft.rng.integers(0, 20, draft.cost.shape).astype(float)
    totals = draft.cost[:, draft.some_choice()].sum(axis=1)
    draft.lower, draft.upper = totals.copy(), totals.copy()


def _diversity(draft: Draft) -> None:
    """Rows of ones on the variants of choices to differ from."""
    count = int(draft.rng.integers(1, 4))
    member = np.zeros((count, len(draft.score)))
    layers = len(draft.starts) - 1
    for row in member:
        row[draft.some_choice()] = 1.0
    shared = draft.rng.integers(0, layers + 1, count).astype(float)
    draft.cost = np.concatenate([draft.cost, member])
    draft.lower = np.concatenate([draft.lower, np.full(count, -np.inf)])
    draft.upper = np.concatenate([draft.upper, shared])


def _masked(draft: Draft) -> None:
    """Fixed and banned variants; now and then a layer without any."""
    draft.allowed = draft.rng.random(len(draft.score)) < 0.6
    for span in draft.layers:
        if not draft.allowed[span].any() and draft.rng.random() < 0.95:
            draft.allowed[draft.rng.integers(span.start, span.stop)] = True


def _negative(draft: Draft) -> None:
    draft.cost -= 5.0
    draft.score -= 0.5
    _upper(draft)


def _zero_costs(draft: Draft) -> None:
    draft.cost *= draft.rng.random(draft.cost.shape) < 0.4
    if draft.rng.random() < 0.3:
        draft.cost[0] = 0.0
    _upper(draft)


def _no_rows(draft: Draft) -> None:
    draft.cost = np.zeros((0, len(draft.score)))
    draft.lower, draft.upper = np.zeros(0), np.zeros(0)


def _refuted_by_a_row(draft: Draft) -> None:
    least, most = draft.total_range()
    row = int(draft.rng.integers(len(least)))
    gap = draft.rng.choice([1e-6, 1e-3, 1.0]) * max(1.0, most[row] - least[row])
    draft.upper[row] = least[row] - gap


def _jointly_infeasible(draft: Draft) -> None:
    """Two rows that pull apart: what spares one costs the other."""
    one = draft.rng.uniform(0, 10, len(draft.score))
    draft.cost = np.array([one, 10 - one])
    layers = len(draft.starts) - 1
    half = one[draft.some_choice()].sum()
    slack = draft.rng.choice([-1e-6, -1e-3, -0.1, 0.0, 0.1]) * layers
    draft.lower = np.full(2, -np.inf)
    draft.upper = np.array([half, 10 * layers - half + slack])


def _scales(draft: Draft) -> None:
    """Parameters beside milliseconds: each row and the score in a unit of its own."""
    factors = 10.0 ** draft.rng.integers(-9, 12, len(draft.cost))
    draft.cost *= factors[:, None]
    draft.score *= 10.0 ** float(draft.rng.integers(-9, 12))
    _upper(draft)


def _offsets(draft: Draft) -> None:
    """Small differences on large numbers that all variants of a layer share."""
    counts = np.diff(draft.starts)
    for row in range(len(draft.cost)):
        draft.cost[row] += np.repeat(np.round(draft.rng.uniform(0, 1e6, len(counts))), counts)
    draft.score += np.repeat(np.round(draft.rng.uniform(-1e4, 1e4, len(counts))), counts)
    _upper(draft)


def _maximize(draft: Draft) -> None:
    draft.score = -(draft.cost.mean(axis=0) + draft.rng.uniform(0, 3, draft.score.shape))


def _heavy_tailed(draft: Draft) -> None:
    bad = draft.rng.random(len(draft.score)) < 0.3
    draft.score = draft.rng.lognormal(-2, 1.5, len(draft.score))
    draft.score[bad] = draft.rng.uniform(100, 457, int(bad.sum()))


def _heavy_tailed_costs(draft: Draft) -> None:
    """A few variants cost a million times what the others do."""
    dear = draft.rng.random(draft.cost.shape) < 0.15
    draft.cost = np.where(dear, draft.cost * 1e6, draft.cost)
    spare = np.where(dear, np.inf, draft.cost)
    least = np.minimum.reduceat(spare, draft.starts[:-1], axis=1)
    finite = np.where(np.isfinite(least), least, 1e7).sum(axis=1)
    draft.upper = finite * draft.rng.uniform(1.0, 3.0, len(finite))


def _duplicates(draft: Draft) -> None:
    """Variants that repeat others of their layer, in score and costs."""
    for span in draft.layers:
        source = draft.rng.integers(span.start, span.stop, span.stop - span.start)
        draft.score[span], draft.cost[:, span] = draft.score[source], draft.cost[:, source]
    _upper(draft)


def _alike_layers(draft: Draft) -> None:
    """Layers that repeat one or two others; sometimes alike in all but a row that is loose."""
    spans, rng = draft.layers, draft.rng
    own = draft.cost[-1].copy() if len(draft.cost) > 1 and rng.random() < 0.5 else None
    for span in spans[2:]:
        source = spans[int(rng.integers(2))]
        draft.score[span], draft.cost[:, span] = draft.score[source], draft.cost[:, source]
    if own is not None:
        draft.cost[-1] = own
    _upper(draft)
    if own is not None:
        draft.upper[-1] = own.sum()


def _plain(_draft: Draft) -> None:
    return


KINDS: dict[str, Callable[[Draft], None]] = {
    "uniform": _plain,
    "correlated": _correlated,
    "strongly correlated": _strongly_correlated,
    "published-like": _published_like,
    "ties": _ties,
    "decimal ties": _decimal_ties,
    "equal scores": _equal_scores,
    "lower budgets": _lower,
    "bands": _bands,
    "equality": _equality,
    "diversity": _diversity,
    "masked": _masked,
    "negative": _negative,
    "zero costs": _zero_costs,
    "no rows": _no_rows,
    "refuted by a row": _refuted_by_a_row,
    "jointly infeasible": _jointly_infeasible,
    "scales": _scales,
    "offsets": _offsets,
    "one variant": _plain,
    "one layer": _plain,
    "500 layers": _plain,
    "ragged": _plain,
    "maximize": _maximize,
    "heavy-tailed scores": _heavy_tailed,
    "heavy-tailed costs": _heavy_tailed_costs,
    "duplicates": _duplicates,
    "alike layers": _alike_layers,
    "whole steps": _whole_steps,
}
TIED = (
    "alike layers",
    "ties",
    "decimal ties",
    "equal scores",
    "duplicates",
    "strongly correlated",
    "zero costs",
)


def combinations(mckp: Mckp) -> int:
    """Number of choices."""
    return math.prod(int(count) for count in np.diff(mckp.starts))


def all_choices(mckp: Mckp) -> IntArray:
    """Every choice within the rows, in lexicographic order, shape (choices, layers)."""
    spans = zip(mckp.starts[:-1], mckp.starts[1:], strict=True)
    grid = np.meshgrid(*[np.arange(start, end) for start, end in spans], indexing="ij")
    choices = np.stack([axis.ravel() for axis in grid], axis=1).astype(np.intp)
    within = mckp.allowed[choices].all(axis=1)
    for costs, lower, upper in zip(mckp.cost, mckp.lower, mckp.upper, strict=True):
        totals = exact_sums(costs, choices)
        within &= (totals <= upper) & (totals >= lower)
    return np.asarray(choices[within])


def exact_sums(values: FloatArray, choices: IntArray) -> FloatArray:
    """Sum values over each choice without rounding on the way, shape (choices,)."""
    return np.array([math.fsum(line) for line in values[choices].tolist()])


def brute_force(mckp: Mckp) -> IntArray | None:
    """The optimum that ties go to: least in each sum of ``ties``, then the first; or ``None``."""
    choices = all_choices(mckp)
    if not len(choices):
        return None
    scores = exact_sums(mckp.score, choices)
    spread = float(np.abs(mckp.score).max())
    choices = choices[scores <= scores.min() + 1e-13 * spread]
    for level in mckp.ties if mckp.ties is not None else ():
        sums = exact_sums(level, choices)
        choices = choices[sums <= sums.min() + TOLERANCE * abs(sums.min())]
    return np.asarray(choices[0])


def tightened(mckp: Mckp, rng: Rng) -> Mckp:
    """The same knapsack with limits that leave less."""
    finite = np.where(np.isfinite(mckp.upper), mckp.upper, 0.0)
    return replace(mckp, upper=mckp.upper - rng.uniform(0, 0.3, finite.shape) * np.abs(finite))


def some_start(mckp: Mckp, rng: Rng) -> WarmStart:
    """Prices without sense, and any choice: maybe banned, maybe beyond the budgets."""
    rows = len(mckp.rows)
    prices = 10.0 ** rng.uniform(-9, 9, rows) * rng.choice([-1.0, 0.0, 1.0], rows)
    spans = zip(mckp.starts[:-1], mckp.starts[1:], strict=True)
    choice = np.array([rng.integers(start, end) for start, end in spans], dtype=np.intp)
    return WarmStart(prices, choice if rng.random() < 0.8 else None)


def knapsack(scores: list[list[float]], costs: list[list[list[float]]], upper: list[float]) -> Mckp:
    """Write a knapsack by hand: scores by layer, costs by row and layer, upper limits."""
    counts = [len(layer) for layer in scores]
    rows = [np.concatenate(row) for row in costs]
    return Mckp(
        np.concatenate(scores).astype(float),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.intp),
        np.array(rows, dtype=float).reshape(len(rows), sum(counts)),
        np.full(len(rows), -np.inf),
        np.array(upper, dtype=float),
        np.ones(sum(counts), dtype=np.bool_),
        tuple(f"row {row}" for row in range(len(rows))),
    )


def strongly_correlated(layers: int, width: int, rows: int) -> Mckp:
    """Whole costs, and scores that follow their sum: the kind that bounds tell least of."""
    rng = np.random.default_rng(0)
    cost = rng.integers(1, 1000, (rows, layers * width)).astype(float)
    scores = (-cost.sum(axis=0) - 10).reshape(layers, width).tolist()
    costs = cost.reshape(rows, layers, width)
    return knapsack(scores, costs.tolist(), list(0.5 * costs.mean(axis=2).sum(axis=1)))

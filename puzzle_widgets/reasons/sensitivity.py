"""Sensitivity: which choices of the optimum survive if the scores were a little different."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from puzzle_widgets.deferred import pd
from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library.model import FloatArray, IntArray
from puzzle_widgets.library.quantity import format_share
from puzzle_widgets.library.tables import to_frame
from puzzle_widgets.library.tables.frame import write_subblock
from puzzle_widgets.problem import Architecture, SearchProblem, check_problem
from puzzle_widgets.problem.mckp import Mckp, to_choice
from puzzle_widgets.reasons.noise import (
    BOOTSTRAP,
    NOISE,
    Bootstrap,
    Given,
    Noise,
    chance_better,
    check_samples,
    read_noise,
)
from puzzle_widgets.reasons.words import Told, label_of, score_words
from puzzle_widgets.search.engine import solve_many
from puzzle_widgets.search.options import Changes, SearchOptions
from puzzle_widgets.search.outcome import Cancelled, Outcomes, never
from puzzle_widgets.solution import Solution, search
from puzzle_widgets.sweeps.elsewhere import each_done

# Samples that are searched in one call.
_PART = 50
SURE = 0.95
"""Share of the samples in which a layer that is decided keeps its block."""
_NO_GUARANTEE = (
    "This is sensitivity to noise of this kind, not a guarantee: the noise is assumed, for the "
    "library holds averages and no scores of single samples."
)
_NO_GUARANTEE_EITHER = (
    "This is sensitivity to which samples scores were measured on, not a guarantee: it knows "
    "nothing of other text, nor of what sums over the blocks leave out."
)


@dataclass(frozen=True, eq=False, repr=False)
class Sensitivity(Told):
    """How the optimum fares when scores are drawn anew by a noise model.

    Parameters
    ----------
    solution
        The optimum at the library's own scores.
    noise
        The model.
    asked
        Samples asked for; fewer are done where time or a cancel ended it.
    choices
        Location of each layer's variant in the library's columns, of the optimum of each sample,
        shape (samples, layers).
    scores
        Score of each sample's optimum at its own scores, shape (samples,).
    own
        Score of ``solution``'s architecture at each sample's scores, shape (samples,).
    proven
        Share of the samples whose optimum is proven.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
    ... )
    >>> found = pw.sensitivity(problem, noise=0.05, samples=200)
    >>> found.survival.shape, bool((found.regrets >= 0).all())
    ((8,), True)
    >>> bool(0 <= found.unchanged <= found.survival.min() <= 1)
    True
    """

    solution: Solution
    noise: Noise | Bootstrap
    asked: int
    choices: IntArray
    scores: FloatArray
    own: FloatArray
    proven: float

    @property
    def problem(self) -> SearchProblem:
        """What was asked."""
        return self.solution.problem

    @property
    def samples(self) -> int:
        """Samples that were searched."""
        return len(self.scores)

    @cached_property
    def shares(self) -> FloatArray:
        """In what share of the samples each variant is chosen, shape (variants in all,)."""
        size = int(self.problem.library.starts[-1])
        counts = np.bincount(self.choices.ravel(), minlength=size)
        return counts / max(self.samples, 1)

    @cached_property
    def survival(self) -> FloatArray:
        """In what share of the samples each layer keeps the optimum's block, shape (layers,)."""
        return self.shares[self._chosen]

    @property
    def unchanged(self) -> float:
        """In what share of the samples the whole architecture stays the optimum."""
        if not self.samples:
            return float("nan")
        return float((self.choices == self._chosen).all(axis=1).mean())

    @property
    def regrets(self) -> FloatArray:
        """How much worse than each sample's optimum the architecture is, shape (samples,)."""
        return np.maximum(self.problem.sign * (self.own - self.scores), 0.0)

    @property
    def spread(self) -> tuple[float, float]:
        """5th and 95th percentile of the architecture's score."""
        low, high = np.percentile(self.own, [5, 95])
        return float(low), float(high)

    def chance(
        self, one: Solution | Architecture, other: Solution | Architecture, samples: int = 10_000
    ) -> float:
        """Chance that one architecture scores better than another under this noise.

        Parameters
        ----------
        one, other
            Solutions, or ``{layer: variant}``, of the same library; budgets play no part.
        samples
            Drawn with the same seed.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> library = pw.load_library("stdlib-2m-measured")
        >>> problem = pw.SearchProblem(
        ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
        ... )
        >>> found = pw.sensitivity(problem, samples=50)
        >>> best, second = pw.search_diverse(problem, 2, minimal_diversity=1)
        >>> 0.5 < found.chance(best, second) < 1
        True
        """
        return chance_better(self.problem, one, other, self.noise, samples)

    @property
    def _chosen(self) -> IntArray:
        return to_choice(self.problem.library, self.solution.architecture or {})

    @property
    def sentences(self) -> tuple[str, ...]:
        """The model, what survives, the spread, and what it is not."""
        problem, count = self.problem, f"{self.samples:,}"
        done = count if self.samples == self.asked else f"{count} of {self.asked:,}"
        model = f"With {self.noise.words(problem)} ({done} samples, seed {self.noise.seed})"
        if not self.samples:
            return (f"{model}, nothing was searched in time.",)
        best = (
            f"this very architecture is the best in {format_share(self.unchanged)} of the samples"
        )
        return (
            f"{model}, {best}.",
            self._survival_words(),
            self._spread_words(),
            *self._proof_words(),
            _NO_GUARANTEE if isinstance(self.noise, Noise) else _NO_GUARANTEE_EITHER,
        )

    def _survival_words(self) -> str:
        layers, survival = self.problem.library.layers, self.survival
        sure, low = int((survival >= SURE).sum()), int(np.argmin(survival))
        return (
            f"{sure} of {len(layers)} layers keep their block in {format_share(SURE)} or more of "
            f"the samples; the least certain is layer {layers[low].name}, with "
            f"{format_share(float(survival[low]))}."
        )

    def _spread_words(self) -> str:
        problem = self.problem
        label = label_of(problem.library, problem.objective)
        low, high = (score_words(problem, one) for one in self.spread)
        half, most = np.percentile(self.regrets, [50, 95])
        return (
            f"Its summed {label} is between {low} and {high} in 90 % of the samples, and "
            f"{score_words(problem, float(half))} worse than the best of the sample in the median, "
            f"{score_words(problem, float(most))} in the 95th percentile."
        )

    def _proof_words(self) -> tuple[str, ...]:
        if self.proven == 1:
            return ()
        return (f"{format_share(1 - self.proven)} of the optima are not proven.",)


def sensitivity(  # noqa: PLR0913 - what is drawn, and how it is searched, each by its name
    problem: SearchProblem,
    noise: Given = NOISE,
    samples: int = 1000,
    *,
    added: float | None = None,
    seed: int = 0,
    time_limit: float | None = None,
    cancelled: Cancelled = never,
    progress: Callable[[int], None] | None = None,
    executor: Executor | None = None,
) -> Sensitivity:
    """Search again with scores that are off by chance, to see which choices survive.

    The noise model is :class:`puzzle_widgets.reasons.Noise`: a factor on each block's difference
    from the parent's score. It is an assumption: the result says how much the answer depends on the
    scores, and guarantees nothing. Where a library has scores by sample, ``"bootstrap"`` assumes
    no more than that the samples are like others: see :class:`puzzle_widgets.reasons.Bootstrap`.

    Parameters
    ----------
    problem
        What is asked.
    noise
        Spread of the factor: 0.05 is about 5 %. Or ``"bootstrap"``, or what
        :func:`puzzle_widgets.load_sample_scores` reads: scores are then averaged over the
        samples that they were measured on, drawn anew.
    samples
        Number of searches.
    added
        Spread of what is added to blocks that score the same as the parent's, in the score's unit;
        by default ``noise`` times the median difference of all other blocks.
    seed
        Of the random numbers.
    time_limit
        Seconds for all searches together.
    cancelled
        Asked now and then; true stops, and keeps what is done.
    progress
        Called with the number of samples that are done.
    executor
        Where to search in parallel; any ``concurrent.futures.Executor``. The result is the same.

    Raises
    ------
    ProblemError
        If nothing is feasible, the noise or number of samples makes no sense, or the library has
        no scores by sample to bootstrap.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
    ... )
    >>> found = pw.sensitivity(problem, noise=0.1, samples=100)
    >>> print(found.sentences[-1][:50])
    This is sensitivity to noise of this kind, not a g
    >>> pw.to_frame(found)[["layer", "chosen", "share"]].shape
    (432, 3)
    >>> measured = pw.sensitivity(problem, noise="bootstrap", samples=100)
    >>> print(measured.sentences[0][:60])
    With a bootstrap over 32 samples of stdlib-2m-measured's sco
    """
    check_problem(problem)
    check_samples(samples)
    model = read_noise(problem, noise, added, seed)
    solution = search(problem, time_limit=time_limit, cancelled=cancelled)
    if solution.architecture is None:
        raise ProblemError(f"Sensitivity needs a feasible problem. {solution.reason}")
    options = SearchOptions(time_limit=time_limit, cancelled=cancelled)
    parts, tell = _parts(model, problem, samples), progress or _nobody
    if executor is None:
        answers = _here(problem, parts, options, tell)
    else:
        answers = _elsewhere(executor, problem, parts, options, tell)
    return _gathered(solution, model, samples, answers)


def _gathered(
    solution: Solution,
    model: Noise | Bootstrap,
    samples: int,
    answers: Iterator[tuple[FloatArray, Outcomes]],
) -> Sensitivity:
    problem, chosen = solution.problem, to_choice(solution.library, solution.architecture or {})
    outside = problem.library.non_block_cost(problem.objective)
    choices, scores, own = [np.empty((0, len(chosen)), np.intp)], [np.empty(0)], [np.empty(0)]
    done = proven = 0
    for drawn, found in answers:
        done += len(found)
        proven += found.statuses.count("optimal")
        kept = np.isfinite(found.scores)
        choices.append(found.choices[kept])
        scores.append(problem.sign * found.scores[kept] + outside)
        own.append(drawn[: len(found)][kept][:, chosen].sum(axis=1) + outside)
    best, kept_own = np.concatenate(scores), np.concatenate(own)
    share = proven / max(done, 1)
    return Sensitivity(solution, model, samples, np.concatenate(choices), best, kept_own, share)


def _parts(model: Noise | Bootstrap, problem: SearchProblem, samples: int) -> Iterator[FloatArray]:
    for drawn in model.scores(problem, samples):
        yield from (drawn[begin : begin + _PART] for begin in range(0, len(drawn), _PART))


def _here(
    problem: SearchProblem,
    parts: Iterator[FloatArray],
    options: SearchOptions,
    tell: Callable[[int], None],
) -> Iterator[tuple[FloatArray, Outcomes]]:
    """Search each part in turn: its scores and its answers, fewer where it was stopped."""
    deadline, done = options.deadline(), 0
    for drawn in parts:
        changes = Changes(scores=problem.sign * drawn)
        found = solve_many(problem.mckp, changes, options.until(deadline), _counting(tell, done))
        done += len(found)
        yield drawn, found
        if len(found) < len(drawn):
            return


def _elsewhere(
    executor: Executor,
    problem: SearchProblem,
    parts: Iterator[FloatArray],
    options: SearchOptions,
    tell: Callable[[int], None],
) -> Iterator[tuple[FloatArray, Outcomes]]:
    """Search the parts as jobs, and give them in their order: the result is that of ``_here``."""
    deadline, done, following = options.deadline(), 0, 0
    sent: dict[int, FloatArray] = {}
    ready: dict[int, Outcomes] = {}

    def jobs() -> Iterator[tuple[Mckp, FloatArray, float | None]]:
        for place, drawn in enumerate(parts):
            sent[place] = drawn
            yield problem.mckp, problem.sign * drawn, options.until(deadline).time_limit

    def stopped() -> bool:
        return options.cancelled() or time.monotonic() > deadline

    for place, found in each_done(executor, _search_part, jobs(), stopped):
        done += len(found)
        tell(done)
        ready[place] = found
        while following in ready:
            drawn, answers = sent.pop(following), ready.pop(following)
            yield drawn, answers
            if len(answers) < len(drawn):
                return
            following += 1


def _search_part(
    mckp: Mckp, scores: FloatArray, time_limit: float | None, stop: Cancelled
) -> Outcomes:
    """Search for each row of scores, wherever that runs."""
    options = SearchOptions(time_limit=time_limit, cancelled=stop)
    return solve_many(mckp, Changes(scores=scores), options)


def _counting(tell: Callable[[int], None], before: int) -> Callable[[int], None]:
    return lambda count: tell(before + count)


def _nobody(_: int) -> None:
    """Nobody is told."""


@to_frame.register(Sensitivity)
def _frame(found: Sensitivity, *, layers: bool = True) -> pd.DataFrame:  # noqa: ARG001
    """Lay out how often each variant is chosen: a row for each layer and variant."""
    library = found.problem.library
    chosen = np.zeros(int(library.starts[-1]), dtype=np.bool_)
    chosen[to_choice(library, found.solution.architecture or {})] = True
    names = [(layer, variant) for layer in library.layers for variant in layer.variants]
    frame = pd.DataFrame(
        {
            "layer": [layer.name for layer, _ in names],
            "variant": [variant.name for _, variant in names],
            "attention": [write_subblock(variant.attention) for _, variant in names],
            "ffn": [write_subblock(variant.ffn) for _, variant in names],
            "chosen": chosen,
            "share": found.shares,
        }
    )
    frame.attrs = {"objective": found.problem.objective, "samples": found.samples}
    noise = found.noise
    frame.attrs |= {"noise": BOOTSTRAP, "seed": noise.seed}
    if isinstance(noise, Noise):
        frame.attrs |= {"noise": noise.noise, "added": noise.added}
    return frame

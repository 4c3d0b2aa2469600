"""Noise: a model of how far scores may be off, and which of two architectures it favors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.files import SampleScores, load_sample_scores
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.model import FloatArray, IntArray
from puzzle_widgets.library.quantity import format_share
from puzzle_widgets.problem import Architecture, SearchProblem
from puzzle_widgets.problem.choices import read_choices
from puzzle_widgets.problem.mckp import to_choice
from puzzle_widgets.reasons.words import score_words
from puzzle_widgets.solution import Solution

# Samples that are drawn at a time, so that memory does not grow with their number.
_AT_A_TIME = 500
BOOTSTRAP = "bootstrap"
NOISE = 0.05
"""Spread where none is named; the command line says it again, for it loads no search to say so."""


@dataclass(frozen=True)
class Noise:
    """A model of how far scores may be off.

    A variant that scores ``d`` more than its layer's parent block gets the score
    ``parent + d * exp(noise * z) + added * y`` with ``z`` and ``y`` of the standard normal
    distribution, each variant its own; ``y`` counts only where ``d`` is 0. The parent's own block
    is what scores are measured from, and keeps its score.

    Parameters
    ----------
    noise
        Spread of the factor: 0.05 is about 5 %.
    added
        Spread of what is added to differences of 0, in the score's unit.
    seed
        Of the random numbers.
    """

    noise: float
    added: float
    seed: int

    @classmethod
    def of(
        cls, problem: SearchProblem, noise: float, added: float | None = None, seed: int = 0
    ) -> Noise:
        """The usual one: by default differences of 0 get as much as the median of all others."""
        return cls(noise, _added(problem, noise) if added is None else added, seed)

    def scores(
        self, problem: SearchProblem, samples: int, variables: IntArray | None = None
    ) -> Iterator[FloatArray]:
        """Draw scores of every variant, or of some by their location, some samples at a time.

        Each array has the shape (some samples, variants).
        """
        column, parents, own = _column(problem)
        some = np.arange(len(column)) if variables is None else variables
        difference, base = (column - parents)[some], parents[some]
        flat = (difference == 0) & ~own[some]
        rng = np.random.default_rng(self.seed)
        for begin in range(0, samples, _AT_A_TIME):
            shape = (min(_AT_A_TIME, samples - begin), len(some))
            drawn = base + difference * np.exp(self.noise * rng.standard_normal(shape))
            drawn[:, flat] += self.added * rng.standard_normal((shape[0], int(flat.sum())))
            yield drawn

    @property
    def brief(self) -> str:
        """Say the model in a few words, after what was found."""
        return f"at {format_share(self.noise)} noise"

    def words(self, problem: SearchProblem) -> str:
        """Say the model."""
        said = (
            f"{format_share(self.noise)} noise on each block's difference from the parent's score"
        )
        if not self.added:
            return said
        return f"{said}, and {score_words(problem, self.added)} on differences of 0"


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Scores averaged over samples that are drawn anew, with replacement (the bootstrap).

    All blocks are averaged over the same draw, so that what one sample does to all of them stays
    together. A block's score is the library's, plus how far its average over the draw is from that
    over all samples (B. Efron, *Annals of Statistics* 7, 1979).

    Parameters
    ----------
    scores_by_sample
        What is drawn from.
    seed
        Of the random numbers.
    """

    scores_by_sample: SampleScores
    seed: int

    def scores(
        self, problem: SearchProblem, samples: int, variables: IntArray | None = None
    ) -> Iterator[FloatArray]:
        """Draw scores, as :meth:`Noise.scores` does."""
        values, column = self.scores_by_sample.of(problem), _column(problem)[0]
        some = slice(None) if variables is None else variables
        away, base = (values - values.mean(axis=0))[:, some], column[some]
        count = len(values)
        rng = np.random.default_rng(self.seed)
        for begin in range(0, samples, _AT_A_TIME):
            size = min(_AT_A_TIME, samples - begin)
            drawn = rng.multinomial(count, np.full(count, 1 / count), size)
            yield base + drawn @ away / count

    @property
    def brief(self) -> str:
        """Say the model in a few words, after what was found."""
        return f"by bootstrap over {self.scores_by_sample.samples} samples"

    def words(self, problem: SearchProblem) -> str:
        """Say the model."""
        count, name = self.scores_by_sample.samples, problem.library.name
        return f"a bootstrap over {count} samples of {name}'s scores"


Given = float | str | SampleScores
"""How noise is asked for: a share, ``"bootstrap"``, or scores by sample."""


def read_noise(
    problem: SearchProblem, noise: Given, added: float | None = None, seed: int = 0
) -> Noise | Bootstrap:
    """Make the model that is asked for.

    Raises
    ------
    ProblemError
        If it makes no sense, or the library has no scores by sample.
    """
    if noise == BOOTSTRAP:
        noise = load_sample_scores(problem.library)
    if isinstance(noise, SampleScores):
        if added is not None:
            raise ProblemError("added= belongs to assumed noise. Leave it out with a bootstrap.")
        noise.of(problem)
        return Bootstrap(noise, seed)
    if isinstance(noise, str):
        raise ProblemError(f"noise={noise!r}: give a share, such as 0.05, or {BOOTSTRAP!r}.")
    check_noise(noise, 1, added)
    return Noise.of(problem, noise, added, seed)


def chance_better(
    problem: SearchProblem,
    one: Solution | Architecture,
    other: Solution | Architecture,
    noise: Noise | Bootstrap | Given = 0.05,
    samples: int = 10_000,
) -> float:
    """Give the chance that one architecture scores better than another if scores are off.

    An assumption about the scores, and no guarantee: see :class:`puzzle_widgets.reasons.Noise`.

    Parameters
    ----------
    problem
        Whose objective counts; its budgets and rules play no part.
    one, other
        Solutions, or ``{layer: variant}``, of its library. Equal scores count half.
    noise
        The model; or the spread of its factor, such as 0.05 for about 5 %; or ``"bootstrap"`` or
        scores by sample, as for :func:`puzzle_widgets.sensitivity`.
    samples
        How many are drawn.

    Raises
    ------
    ProblemError
        If a layer is missing, or noise or samples make no sense.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
    ... )
    >>> best, second = pw.search_diverse(problem, 2, minimal_diversity=1)
    >>> 0.5 < pw.chance_better(problem, best, second) < 1
    True
    """
    model = noise if isinstance(noise, Noise | Bootstrap) else read_noise(problem, noise)
    if isinstance(model, Noise):
        check_noise(model.noise, 1, model.added)
    check_samples(samples)
    mine, theirs = (_choice_of(problem.library, a) for a in (one, other))
    differ = mine != theirs
    variables = np.concatenate([theirs[differ], mine[differ]])
    signs = problem.sign * np.repeat([1.0, -1.0], int(differ.sum()))
    ahead = 0.0
    for drawn in model.scores(problem, samples, variables):
        gaps = (drawn * signs).sum(axis=1)
        ahead += float((gaps > 0).sum() + 0.5 * (gaps == 0).sum())
    return ahead / samples


def check_noise(noise: float, samples: int, added: float | None) -> None:
    """Refuse what makes no sense."""
    if not 0 <= noise <= 10:
        raise ProblemError(f"noise={noise!r}: give a share from 0 on, such as 0.05 for 5 %.")
    check_samples(samples)
    if added is not None and not 0 <= added < float("inf"):
        raise ProblemError(f"added={added!r}: give an amount of the score from 0 on.")


def check_samples(samples: object) -> None:
    """Refuse what is no number of samples."""
    if isinstance(samples, bool) or not isinstance(samples, int) or samples < 1:
        raise ProblemError(f"samples={samples!r}: give a whole number of at least 1.")


def _column(problem: SearchProblem) -> tuple[FloatArray, FloatArray, np.ndarray]:
    """Score of each variant, of its layer's parent, and which are the parents."""
    library = problem.library
    column = library.column(problem.objective)
    places = to_choice(library, library.parent_architecture)
    own = np.zeros(column.shape, dtype=np.bool_)
    own[places] = True
    return column, np.repeat(column[places], np.diff(library.starts)), own


def _added(problem: SearchProblem, noise: float) -> float:
    """A share of the median difference, where any block scores the same as the parent's."""
    column, parents, own = _column(problem)
    differences = np.abs(column - parents)[~own]
    if not (differences == 0).any() or not (differences > 0).any():
        return 0.0
    return noise * float(np.median(differences[differences > 0]))


def _choice_of(library: BlockLibrary, one: Solution | Architecture) -> IntArray:
    architecture = one.architecture if isinstance(one, Solution) else one
    if architecture is None:
        raise ProblemError("A solution without architecture cannot be compared.")
    named = read_choices(library, architecture, "chance")
    missing = [layer.name for layer in library.layers if layer.name not in named]
    if missing:
        raise ProblemError(f"chance: layer {missing[0]!r} is missing. Give every layer a variant.")
    return to_choice(library, named)

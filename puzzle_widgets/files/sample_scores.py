"""Scores of single samples: what a library's averages are the averages of."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.checks import Location, check_bytes
from puzzle_widgets.library.model import FloatArray, once_per_library
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.resources import data_folder

SAMPLES_FILE = "scores_by_sample.csv"
_HEAD = ("layer", "variant", "metric")
_PREFIX = "metrics."
# The library's averages were rounded, and so were the samples.
_NEAR, _SMALL = 1e-3, 1e-5
_LEAST = 2


@dataclass(frozen=True, eq=False)
class SampleScores:
    """Scores of every block, sample by sample; :func:`load_sample_scores` reads them.

    Parameters
    ----------
    library
        The library that they are of.
    source
        Where they were read.
    keys
        Dotted keys of the scores.
    values
        Each score of each sample and variant, shape (keys, samples, variants in all).

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> scores = pw.load_sample_scores(pw.load_library("stdlib-2m-measured"))
    >>> scores.samples, scores.values.shape
    (32, (4, 32, 432))
    """

    library: BlockLibrary
    source: str
    keys: tuple[str, ...]
    values: FloatArray

    @property
    def samples(self) -> int:
        """How many samples there are."""
        return int(self.values.shape[1])

    def of(self, problem: SearchProblem) -> FloatArray:
        """The problem's objective by sample, weighted as it is, shape (samples, variants in all).

        Raises
        ------
        ProblemError
            If the problem is of another library, or its objective has no scores by sample.
        """
        library = problem.library
        missing = [key for key in problem.weights if key not in self.keys]
        if missing:
            raise ProblemError(
                f"{self.source}: no scores by sample for {missing[0]}. It has "
                f"{', '.join(self.keys)}."
            )
        if not all(_same_scores(library, self.library, key) for key in problem.weights):
            raise ProblemError(f"{self.source}: these samples are not of {library.name}'s scores.")
        summed = sum(
            weight * self.values[self.keys.index(key)] for key, weight in problem.weights.items()
        )
        counts = [problem.layer_weights.get(layer.name, 1.0) for layer in library.layers]
        return np.asarray(summed * np.repeat(counts, np.diff(library.starts)))


def _same_scores(one: BlockLibrary, other: BlockLibrary, key: str) -> bool:
    """Whether two libraries have the same blocks with the same score, whatever their workload."""
    same = one.variant_names == other.variant_names and np.array_equal(one.starts, other.starts)
    return same and np.array_equal(one.column(key), other.column(key))


def load_sample_scores(library: BlockLibrary, source: str | Path | None = None) -> SampleScores:
    """Read the scores of single samples of a library.

    Parameters
    ----------
    library
        Whose scores these are: their averages must be the library's.
    source
        A CSV of ``layer``, ``variant``, ``metric`` and one column a sample, as ``puzzle-widgets
        build`` writes; by default the one that comes with an embedded library.

    Raises
    ------
    ProblemError
        If the library comes with none, or the file does not fit it.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> pw.load_sample_scores(library).keys[0]
    'metrics.kl_div'
    """
    library = library.plain
    path = Path(source) if source is not None else embedded_samples(library)
    if path is None:
        raise ProblemError(
            f"{library.name} comes with no scores by sample: libraries hold averages. Give the "
            f"file, such as {SAMPLES_FILE} of puzzle-widgets build."
        )
    found = _read(path, library)
    _check_means(found)
    return found


def has_samples(library: BlockLibrary) -> bool:
    """Whether a library comes with scores by sample, and has these scores."""
    return _known_samples(library.plain)


@once_per_library
def _known_samples(library: BlockLibrary) -> bool:
    try:
        return bool(load_sample_scores(library).samples)
    except ProblemError:
        return False


def embedded_samples(library: BlockLibrary) -> Path | None:
    """Find the file of an embedded library; ``None`` for any other."""
    if library.provenance.origin != "measured":
        return None
    names = (path.parent for path in data_folder().glob(f"*/{SAMPLES_FILE}"))
    return next((one / SAMPLES_FILE for one in names if one.name == library.name), None)


def _read(path: Path, library: BlockLibrary) -> SampleScores:
    place = Location(path.name)
    try:
        check_bytes(path.stat().st_size, place)
        with path.open(encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file)
    except (OSError, ValueError, csv.Error) as error:
        raise ProblemError(f"{path.name} cannot be read ({error}).") from error
    count = len(head) - len(_HEAD)
    if tuple(head[: len(_HEAD)]) != _HEAD or count < _LEAST:
        raise ProblemError(f"{path.name}: give columns {', '.join(_HEAD)}, and at least 2 samples.")
    keys = tuple(dict.fromkeys(_key(row[2]) for row in rows if len(row) == len(head)))
    values = np.full((len(keys), count, int(library.starts[-1])), math.nan)
    places = _places(library)
    for line, row in enumerate(rows, 2):
        at = places.get((row[0], row[1])) if len(row) == len(head) else None
        if at is None:
            raise ProblemError(f"{path.name}, line {line}: no such block in {library.name}.")
        values[keys.index(_key(row[2])), :, at] = [_number(path, line, cell) for cell in row[3:]]
    if np.isnan(values).any():
        raise ProblemError(f"{path.name}: some of {library.name}'s blocks are missing.")
    return SampleScores(library, path.name, keys, values)


def _key(metric: str) -> str:
    return metric if metric.startswith(_PREFIX) else _PREFIX + metric


def _number(path: Path, line: int, cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ProblemError(f"{path.name}, line {line}: {cell[:40]!r} is not a finite number.")
    return value


def _places(library: BlockLibrary) -> dict[tuple[str, str], int]:
    """Location of each variant in the library's columns, by the words of a file."""
    return {
        (str(layer.name), name): int(start) + place
        for layer, start in zip(library.layers, library.starts[:-1], strict=True)
        for name, place in layer.positions.items()
    }


def _check_means(found: SampleScores) -> None:
    """Refuse samples whose averages are not the library's scores."""
    for key, values in zip(found.keys, found.values, strict=True):
        if key in found.library.keys:
            means, column = values.mean(axis=0), found.library.column(key)
            if not np.allclose(means, column, rtol=_NEAR, atol=_SMALL):
                raise ProblemError(
                    f"{found.source}: the averages of {key} are not {found.library.name}'s scores."
                )

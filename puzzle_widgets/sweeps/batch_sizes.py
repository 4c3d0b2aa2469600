"""The best architecture of several batch sizes, each searched on its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from puzzle_widgets.errors import LibraryError, ProblemError
from puzzle_widgets.library import BlockLibrary, PuzzletronRun, TableRun, Workload
from puzzle_widgets.library.checks import short_repr
from puzzle_widgets.library.quantity import format_figure
from puzzle_widgets.library.rescale import known_sizes, with_workload
from puzzle_widgets.problem import SearchProblem, check_problem
from puzzle_widgets.problem.restated import restated
from puzzle_widgets.shown import Shown
from puzzle_widgets.solution.optimum import search
from puzzle_widgets.solution.solution import Solution

Run = PuzzletronRun | TableRun
MOST_SIZES = 100


@dataclass(frozen=True)
class BatchSize:
    """What was found for one batch size.

    Parameters
    ----------
    batch_size
        Sequences a batch.
    solution
        The answer, infeasible ones too; ``None`` where the problem cannot be asked.
    reason
        Why there is no architecture; empty where there is one.
    """

    batch_size: int
    solution: Solution | None
    reason: str = ""

    @property
    def found(self) -> bool:
        """Whether there is an architecture."""
        return self.solution is not None and self.solution.found


@dataclass(frozen=True)
class BatchSizes(Shown, Sequence[BatchSize]):
    """What was found for several batch sizes, in the order asked.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("llama-3.3-70b-modeled")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": 72_000}
    ... )
    >>> found = pw.search_batch_sizes(problem, [64, 128, 256])
    >>> found.best.batch_size, [one.solution.status for one in found]
    (64, ['optimal', 'optimal', 'optimal'])
    """

    tried: tuple[BatchSize, ...]

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401 - one, or a slice of them
        return self.tried[place]

    def __len__(self) -> int:
        return len(self.tried)

    @property
    def best(self) -> BatchSize | None:
        """The size of the best score, of equal ones the largest; ``None`` where all fail."""
        found = [one for one in self.tried if one.solution is not None and one.found]
        return min(found, key=_rank, default=None)

    @property
    def sentences(self) -> tuple[str, ...]:
        """A line for each size, and which is the best."""
        best = self.best
        lines = [f"Batch {one.batch_size:,}: {_words(one)}" for one in self.tried]
        said = "No batch size has an architecture within the limits."
        if best is not None:
            proven = all(one.solution is None or one.solution.status in _SURE for one in self.tried)
            sure = "" if proven else " found so far; not all of them are proven"
            said = f"Best batch size: {best.batch_size:,}{sure}."
        return (*lines, said)


_SURE = ("optimal", "infeasible")


def _rank(one: BatchSize) -> tuple[float, int]:
    assert one.solution is not None  # noqa: S101 - only what was found is ranked
    return one.solution.problem.sign * one.solution.score, -one.batch_size


def _words(one: BatchSize) -> str:
    if one.solution is None or not one.found:
        return one.reason
    solution = one.solution
    score = format_figure(solution.problem.objective, solution.score)
    words = f"{solution.library.quantity(solution.problem.objective).label} {score}"
    words += ", optimal, proven" if solution.status == "optimal" else f", gap {solution.gap_text}"
    if solution.throughput is None:
        return f"{words}; throughput not known for this batch size."
    return f"{words}; {solution.throughput:,.0f} tokens/s."


def search_batch_sizes(
    problem: SearchProblem,
    sizes: Iterable[int] | None = None,
    *,
    run: Run | None = None,
    **options: Any,  # noqa: ANN401
) -> BatchSizes:
    """Search each batch size on its own, and tell the best, as the Puzzle paper does.

    Memory follows the batch size exactly where the library tells weights and KV cache apart; the
    runtime is that measured for the size, in a workload of ``run`` or in a column such as
    ``stats.runtime_ms@batch 8``. A size whose runtime is limited but not known is not searched.

    Parameters
    ----------
    problem
        What is asked; its limits hold for each size, in MiB, ms and tokens/s.
    sizes
        Batch sizes; by default those of the run's workloads, without a run those whose runtimes
        the library has.
    run
        The run that the problem's library is a workload of, where it has several.
    **options
        As for :func:`search`.

    Raises
    ------
    ProblemError
        If there are no sizes, too many, or one is no whole number from 1 on.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> budgets = {"stats.memory_mib": 40}
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets=budgets)
    >>> print(search_batch_sizes(problem, [16, 32]).sentences[-1])
    Best batch size: 16.
    """
    check_problem(problem)
    asked = _sizes(problem.library, sizes, run)
    return BatchSizes(tuple(iter_batch_sizes(problem, asked, run=run, **options)))


def iter_batch_sizes(
    problem: SearchProblem,
    sizes: Iterable[int],
    *,
    run: Run | None = None,
    **options: Any,  # noqa: ANN401
) -> Iterator[BatchSize]:
    """Search as :func:`search_batch_sizes` does, and give each size as it is found."""
    for size in sizes:
        try:
            asked = restated(problem, library_at(problem.library, size, run))
        except (LibraryError, ProblemError) as error:
            yield BatchSize(size, None, str(error))
            continue
        found = search(asked, **options)
        yield BatchSize(size, found, "" if found.found else found.reason)


def library_at(library: BlockLibrary, size: int, run: Run | None = None) -> BlockLibrary:
    """Give a library for another batch size: as the run measured it, else by its memory split."""
    measured = {} if size == library.measurement.batch_size else measured_sizes(library, run)
    if run is not None and size in measured:
        return run.library(measured[size])
    return with_workload(library, batch_size=size)


def measured_sizes(library: BlockLibrary, run: Run | None) -> dict[int, str]:
    """Workloads that differ from the library's own in their batch size alone, by that size."""
    if run is None:
        return {}
    mine = [one for one in run.workloads if _may_be(one, library)]
    own = next((one for one in mine if run.library(one.name) == library.plain), None)
    if own is None:
        return {}
    alike = [one for one in run.workloads if _but_batch(one) == _but_batch(own)]
    sizes = {one.args.get("batch_size"): one.name for one in alike}
    return {size: name for size, name in sizes.items() if isinstance(size, int)}


def usual_sizes(library: BlockLibrary, run: Run | None = None) -> list[int]:
    """Batch sizes whose runtimes are known: by the run, else by the library itself."""
    return sorted(measured_sizes(library, run)) if run is not None else known_sizes(library)


def _may_be(workload: Workload, library: BlockLibrary) -> bool:
    return workload.args.get("batch_size") == library.measurement.batch_size


def _but_batch(workload: Workload) -> dict[str, Any]:
    return {name: value for name, value in workload.args.items() if name != "batch_size"}


def _sizes(library: BlockLibrary, sizes: Iterable[int] | None, run: Run | None) -> list[int]:
    given = usual_sizes(library, run) if sizes is None else list(sizes)
    if not 0 < len(given) <= MOST_SIZES:
        raise ProblemError(f"sizes: {len(given)} of them. Give 1 to {MOST_SIZES} batch sizes.")
    for size in given:
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise ProblemError(f"sizes: {short_repr(size)} is no whole number from 1 on.")
    return list(dict.fromkeys(given))

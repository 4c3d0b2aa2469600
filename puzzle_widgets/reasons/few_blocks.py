"""Few blocks: the best architecture of at most so many distinct blocks, or sizes over a range."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from puzzle_widgets.deferred import pd
from puzzle_widgets.library import LayerName
from puzzle_widgets.library.model import Part
from puzzle_widgets.library.tables import to_frame
from puzzle_widgets.problem import Distinct, SearchProblem, check_problem
from puzzle_widgets.problem.distinct import counted_words, kind_label
from puzzle_widgets.problem.rules import few_blocks
from puzzle_widgets.reasons.words import Told, label_of, score_words
from puzzle_widgets.search.outcome import Cancelled, Status, never
from puzzle_widgets.solution import Solution, search
from puzzle_widgets.solution.optimum import search_without_reason

_SECONDS = 5.0


@dataclass(frozen=True, eq=False, repr=False)
class FewBlocks(Told):
    """The best architecture of at most so many distinct blocks, or subblocks over some layers.

    Parameters
    ----------
    rule
        What is counted, in which layers, and how many there may be.
    solution
        The answer to the problem under that rule.
    free
        The optimum with as many blocks as it likes; ``None`` where nothing is feasible.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
    ... )
    >>> found = pw.search_few_blocks(problem, 2)
    >>> found.status, len(found.blocks), found.gap
    ('optimal', 2, 0.0)
    """

    rule: Distinct
    solution: Solution
    free: Solution | None

    @property
    def most(self) -> int:
        """How many distinct ones there may be."""
        return self.rule.most

    @property
    def status(self) -> Status:
        """Status of the solution."""
        return self.solution.status

    @property
    def gap(self) -> float:
        """Optimality gap of the solution."""
        return self.solution.gap

    @property
    def blocks(self) -> tuple[str, ...]:
        """Labels of the distinct ones, in the order of the network."""
        if not self.solution.found:
            return ()
        solution, rule = self.solution, self.rule
        places = solution.library.layer_positions
        counted = [solution.blocks[places[name]] for name in rule.layers]
        return tuple(dict.fromkeys(kind_label(block, rule.part) for block in counted))

    @property
    def counted(self) -> str:
        """What is counted, and where, such as ``"FFNs in layers 10 to 19"``."""
        return counted_words(self.solution.library, self.rule.part, self.rule.layers)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What it scores, beside the optimum of any blocks, and which blocks these are."""
        problem = self.solution.problem
        if not self.solution.found:
            return (
                f"No architecture of at most {self.most} distinct {self.counted}: {self.status}.",
            )
        label = label_of(problem.library, problem.objective)
        score = score_words(problem, self.solution.score)
        proof = "proven" if self.status == "optimal" else f"gap {100 * self.gap:.2g} %"
        of = f"at most {self.most} distinct {self.counted}"
        said = f"The best of {of} has a summed {label} of {score}"
        if self.free is not None:
            worse = abs(self.solution.score - self.free.score)
            said += f", {score_words(problem, worse)} worse than with any"
        return (f"{said} ({proof}).", f"These are: {'; '.join(self.blocks)}.")


def search_few_blocks(
    problem: SearchProblem,
    most: int,
    *,
    part: Part | None = None,
    layers: tuple[LayerName | str, LayerName | str] | None = None,
    time_limit: float | None = None,
    cancelled: Cancelled = never,
    progress: Callable[[Solution], None] | None = None,
) -> FewBlocks:
    """Find the best architecture of at most so many distinct blocks, beside that of any number.

    A search under the rule ``pw.rules.few_blocks``, which any problem can have, and one without.

    Parameters
    ----------
    problem
        What is asked.
    most
        Greatest number of distinct blocks.
    part
        Count distinct ``"attention"`` or ``"ffn"`` in place of whole blocks.
    layers
        Count in the layers from one to another, both included; by default in all. With ``part``
        and ``most=1`` that is the same size over a range.
    time_limit
        Seconds, after which the best so far is given with its gap.
    cancelled
        Asked between and within the searches; true stops as a time limit does.
    progress
        Called with the best so far and its bound, about twice a second in a long search.

    Raises
    ------
    ProblemError
        If ``most`` makes no sense.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
    ... )
    >>> scores = [pw.search_few_blocks(problem, most).solution.score for most in (1, 2, 3)]
    >>> scores == sorted(scores, reverse=True)
    True
    >>> same = pw.search_few_blocks(problem, 1, part="ffn", layers=(2, 6))
    >>> same.status, len({block.ffn for block in same.solution.blocks[2:7]})
    ('optimal', 1)
    """
    check_problem(problem)
    (rule,) = few_blocks(problem.library, most, part=part, layers=layers).distinct
    solution = search(
        problem.with_distinct([rule]),
        time_limit=time_limit,
        cancelled=cancelled,
        progress=progress,
    )
    if not solution.found:
        return FewBlocks(rule, solution, None)
    free = search_without_reason(problem, time_limit=_SECONDS, cancelled=cancelled)
    return FewBlocks(rule, solution, free if free.status == "optimal" else None)


@to_frame.register(FewBlocks)
def _frame(found: FewBlocks, *, layers: bool = True) -> pd.DataFrame:  # noqa: ARG001
    """Lay the architecture out: one row per layer."""
    frame: pd.DataFrame = to_frame(found.solution)
    return frame

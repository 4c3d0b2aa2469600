"""Few blocks: the best architecture of at most so many distinct blocks, or sizes over a range."""

from __future__ import annotations

import heapq
import itertools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from puzzle_widgets.deferred import pd
from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary, BlockVariant, LayerName, SubBlock
from puzzle_widgets.library.model import PARTS, IntArray, Part
from puzzle_widgets.library.tables import to_frame
from puzzle_widgets.problem import SearchProblem, check_problem
from puzzle_widgets.problem.choices import find_layer
from puzzle_widgets.problem.mckp import Mckp, to_architecture
from puzzle_widgets.reasons.recipes import kind_of
from puzzle_widgets.reasons.words import Told, label_of, score_words
from puzzle_widgets.search.engine import solve
from puzzle_widgets.search.options import SearchOptions, WarmStart
from puzzle_widgets.search.outcome import Cancelled, Outcome, Status, never
from puzzle_widgets.solution import Solution
from puzzle_widgets.solution.optimum import search_without_reason
from puzzle_widgets.solution.solution import evaluate

_SAME, _EQUAL = 1e-12, 1e-9
_SECONDS = 5.0
_FREE = -1
"""Group of the variants that do not count."""


@dataclass(frozen=True, eq=False, repr=False)
class FewBlocks(Told):
    """The best architecture of at most so many distinct blocks, or subblocks over some layers.

    Parameters
    ----------
    most
        How many distinct ones it may have.
    solution
        The architecture; it answers the problem with all other blocks banned, which files keep.
    status, bound
        Of the whole question, over all choices of blocks: as for :class:`puzzle_widgets.Solution`.
    free
        The optimum with as many blocks as it likes; ``None`` where nothing is feasible.
    searches
        Searches that it took.
    part, layers
        What is counted: whole blocks, or ``"attention"`` or ``"ffn"``; in which layers.

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

    most: int
    solution: Solution
    status: Status
    bound: float
    free: Solution | None
    searches: int
    part: Part | None = None
    layers: tuple[LayerName, ...] = ()

    @property
    def blocks(self) -> tuple[str, ...]:
        """Labels of the distinct ones, in the order of the network."""
        if not self.solution.found:
            return ()
        solution = self.solution
        library = solution.library
        counted = [solution.blocks[library.layer_positions[name]] for name in self.layers]
        return tuple(dict.fromkeys(_label(block, self.part) for block in counted))

    @property
    def counted(self) -> str:
        """What is counted, and where, such as ``"FFNs in layers 10 to 19"``."""
        noun = {"attention": "attentions", "ffn": "FFNs", None: "blocks"}[self.part]
        if len(self.layers) == len(self.solution.library.layers):
            return noun
        return f"{noun} in layers {self.layers[0]} to {self.layers[-1]}"

    @property
    def gap(self) -> float:
        """Optimality gap of the whole question, as for :class:`puzzle_widgets.Solution`."""
        if self.status == "optimal":
            return 0.0
        return abs(self.solution.score - self.bound) / max(abs(self.solution.score), 1e-9)

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


@dataclass(frozen=True, eq=False)
class _Node:
    """Sets of blocks: those that are required, those that are banned, and the best without them."""

    required: frozenset[int]
    banned: frozenset[int]
    outcome: Outcome


def search_few_blocks(
    problem: SearchProblem,
    most: int,
    *,
    part: Part | None = None,
    layers: tuple[LayerName | str, LayerName | str] | None = None,
    time_limit: float | None = None,
    cancelled: Cancelled = never,
    progress: Callable[[int], None] | None = None,
) -> FewBlocks:
    """Find the best architecture of at most so many distinct blocks: each is a kernel to tune.

    Blocks are the same where attention and FFN are (where these are not known, where the names
    are). Branch and bound over the sets of blocks: the relaxation lets any number be used, and is
    an exact search of its own; a block that it uses is then required, or banned (A. H. Land and
    A. G. Doig, *Econometrica* 28, 1960).

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
        Called with the number of searches so far.

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
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise ProblemError(f"most={most!r}: give a whole number of at least 1.")
    if part not in (None, *PARTS):
        raise ProblemError(f"part={part!r}: give 'attention', 'ffn', or None for whole blocks.")
    places = _places(problem.library, layers)
    tree = _Tree(problem.mckp, _groups(problem.library, part, places), most)
    tree.grow(time_limit, cancelled, progress)
    names = tuple(problem.library.layers[place].name for place in places)
    return replace(_told(problem, tree), part=part, layers=names)


class _Tree:
    """The open nodes, best bound first, and the best architecture so far."""

    def __init__(self, mckp: Mckp, groups: IntArray, most: int) -> None:
        self._mckp, self.groups, self.most = mckp, groups, most
        self._open: list[tuple[float, int, _Node]] = []
        self._count = itertools.count()
        self.best: Outcome | None = None
        self.root: Outcome | None = None
        self.searches = 0
        self.bound, self.closed = -math.inf, False

    def grow(
        self,
        time_limit: float | None,
        cancelled: Cancelled,
        progress: Callable[[int], None] | None,
    ) -> None:
        """Branch until the best is proven, or time is up."""
        options = SearchOptions(time_limit=time_limit, cancelled=cancelled)
        deadline = options.deadline()
        none: frozenset[int] = frozenset()
        self._search(none, none, options)
        while self._open:
            bound, _, node = heapq.heappop(self._open)
            self.bound = bound
            if not self._beats(bound):
                break
            if time.monotonic() > deadline or cancelled():
                return
            if not self._take(node):
                self._branch(node, options.until(deadline))
            if progress is not None:
                progress(self.searches)
        self.closed = True

    def _beats(self, bound: float) -> bool:
        return self.best is None or bound < self.best.score - _SAME * abs(self.best.score)

    def _take(self, node: _Node) -> bool:
        """Keep a node's own answer, where it has few enough blocks; whether that closes it."""
        outcome = node.outcome
        if outcome.choice is None:
            return False
        few = len(set(self.groups[outcome.choice].tolist()) - {_FREE}) <= self.most
        if few and self._beats(outcome.score):
            self.best = outcome
        return few and outcome.status == "optimal"

    def _branch(self, node: _Node, options: SearchOptions) -> None:
        choice = node.outcome.choice
        names, counts = np.unique(self.groups[choice], return_counts=True)
        open_ = [int(g) for g in names[np.argsort(-counts)] if g not in {*node.required, _FREE}]
        if choice is None or not open_:
            return
        block = open_[0]
        required = node.required | {block}
        if len(required) < self.most:
            self._push(_Node(required, node.banned, node.outcome))
        else:
            others = frozenset(range(int(self.groups.max()) + 1)) - required
            self._search(required, others, options, node.outcome)
        self._search(node.required, node.banned | {block}, options, node.outcome)

    def _search(
        self,
        required: frozenset[int],
        banned: frozenset[int],
        options: SearchOptions,
        before: Outcome | None = None,
    ) -> None:
        allowed = self._mckp.allowed & ~np.isin(self.groups, list(banned))
        warm = None if before is None or before.prices is None else WarmStart(before.prices)
        mckp = replace(self._mckp, allowed=allowed)
        outcome = solve(mckp, replace(options, warm_start=warm))
        self.searches += 1
        self.root = self.root or outcome
        node = _Node(required, banned, outcome)
        self._take(node)
        if outcome.status != "infeasible" and self._beats(outcome.bound):
            self._push(node)

    def _push(self, node: _Node) -> None:
        heapq.heappush(self._open, (node.outcome.bound, next(self._count), node))


def _told(problem: SearchProblem, tree: _Tree) -> FewBlocks:
    outside = problem.library.non_block_cost(problem.objective)
    free = None
    if tree.root is not None and tree.root.choice is not None:
        free = search_without_reason(problem, time_limit=_SECONDS)
        free = free if free.status == "optimal" else None
    best = tree.best
    if best is None or best.choice is None:
        status: Status = "infeasible" if tree.closed else "no_solution_in_time"
        nothing = Solution(problem, status, engine="exact search")
        return FewBlocks(tree.most, nothing, status, math.nan, free, tree.searches)
    kept = {*tree.groups[best.choice].tolist(), _FREE}
    limited = problem.with_banned(_others(problem.library, tree.groups, kept))
    solution = search_without_reason(limited, time_limit=_SECONDS)
    if not solution.found or _bare(problem, solution) > best.score + _EQUAL * abs(best.score):
        architecture = to_architecture(problem.library, best.choice)
        solution = evaluate(limited, architecture, "exact search")
    bound = solution.score if tree.closed else problem.sign * tree.bound + outside
    status = "optimal" if tree.closed else "feasible"
    return FewBlocks(tree.most, solution, status, bound, free, tree.searches)


def _bare(problem: SearchProblem, solution: Solution) -> float:
    """A score as the bare knapsack counts it."""
    return problem.sign * (solution.score - problem.library.non_block_cost(problem.objective))


@to_frame.register(FewBlocks)
def _frame(found: FewBlocks, *, layers: bool = True) -> pd.DataFrame:  # noqa: ARG001
    """Lay the architecture out: one row per layer."""
    frame: pd.DataFrame = to_frame(found.solution)
    return frame


def _others(
    library: BlockLibrary, groups: IntArray, kept: set[int]
) -> dict[LayerName, frozenset[str]]:
    """All variants of other blocks."""
    found = {}
    for layer, start in zip(library.layers, library.starts[:-1].tolist(), strict=True):
        names = [v.name for n, v in enumerate(layer.variants) if int(groups[start + n]) not in kept]
        if names:
            found[layer.name] = frozenset(names)
    return found


def _places(library: BlockLibrary, layers: tuple[LayerName | str, LayerName | str] | None) -> range:
    """Places of the layers that count."""
    if layers is None:
        return range(len(library.layers))
    first, last = (library.layer_positions[find_layer(library, name)] for name in layers)
    if last < first:
        raise ProblemError(f"layers={layers!r}: give two, the earlier one first.")
    return range(first, last + 1)


def _groups(library: BlockLibrary, part: Part | None, places: range) -> IntArray:
    """Number of each variant's block or subblock, the same for the same, shape (variants in all,).

    Those of layers that do not count have the number ``_FREE``.
    """
    known: dict[object, int] = {}
    return np.array(
        [
            known.setdefault(_kind(variant, part), len(known)) if place in places else _FREE
            for place, layer in enumerate(library.layers)
            for variant in layer.variants
        ],
        dtype=np.intp,
    )


def _kind(variant: BlockVariant, part: Part | None) -> object:
    """What makes two the same: what is known of them, else their names."""
    if part is None:
        return kind_of(variant)
    subblock: SubBlock = getattr(variant, part)
    return variant.name if subblock.kind == "other" else subblock


def _label(variant: BlockVariant, part: Part | None) -> str:
    if part is None:
        return variant.label
    subblock: SubBlock = getattr(variant, part)
    return variant.name if subblock.kind == "other" else subblock.describe(part)

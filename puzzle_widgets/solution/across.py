"""Architectures of two libraries of one parent: what of them can be compared, and what cannot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from math import isclose

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary, LayerName
from puzzle_widgets.library.matching import (
    LayerMatch,
    counterpart,
    library_words,
    match_layers,
    same_block,
    short_gpu,
)
from puzzle_widgets.library.model import Measurement
from puzzle_widgets.library.quantity import (
    BYTES,
    COST_GROUP,
    FFN_SIZE,
    KV_HEADS,
    PARAMETERS,
    RUNTIME,
    SCORE_GROUP,
    THROUGHPUT,
    describe_key,
    format_figure,
)
from puzzle_widgets.library.weighted import with_sums
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.problem.objective import Objective
from puzzle_widgets.solution.scenario import Scenario, on_library
from puzzle_widgets.solution.solution import Solution, evaluate

SPEEDUP = "speedup"
_LISTED = 3
# Of a block itself, whatever workload it serves and on what.
_OF_BLOCKS = (PARAMETERS, KV_HEADS, FFN_SIZE)
_SAME, _DUST = 1e-9, 1e-13


@dataclass(frozen=True)
class Ground:
    """Whether one figure of two libraries is of the same unit and meaning.

    Parameters
    ----------
    key
        Dotted key, ``"throughput"`` or ``"speedup"``.
    obstacle
        Why there is no difference; empty where there is one.
    remark
        What to know of the difference, such as that the GPUs are not the same; empty for nothing.
    """

    key: str
    obstacle: str = ""
    remark: str = ""


@dataclass(frozen=True)
class Pairing:
    """Two libraries, set against each other; what was asked of them is remembered."""

    first: BlockLibrary
    second: BlockLibrary
    _grounds: dict[str, Ground] = field(default_factory=dict, compare=False)

    @cached_property
    def same(self) -> bool:
        """Whether they are one library."""
        return self.first is self.second or self.first == self.second

    @cached_property
    def match(self) -> LayerMatch:
        """Whether their layers match."""
        return match_layers(self.first, self.second)

    def ground(self, key: str) -> Ground:
        """Say whether a figure of both can be subtracted."""
        if key not in self._grounds:
            self._grounds[key] = Ground(key) if self.same else self._find(key)
        return self._grounds[key]

    def _find(self, key: str) -> Ground:
        for library in (self.first, self.second):
            if not _has(library, key):
                return Ground(key, f"not known of {library.name}")
        units = [_unit(library, key) for library in (self.first, self.second)]
        if units[0] != units[1]:
            named = " and in ".join(unit or "no unit" for unit in units)
            return Ground(key, f"given in {named}")
        if key.startswith(SCORE_GROUP):
            return Ground(key, remark=self._scored(key))
        return self._of_workload(key)

    def _of_workload(self, key: str) -> Ground:
        """Costs are of one workload; GPU and number format may differ, and are said."""
        if _is_of_blocks(key):
            return Ground(key)
        mine, theirs = self.first.measurement, self.second.measurement
        if key == SPEEDUP:
            return Ground(key, remark="each over its own parent")
        if _workload(mine, key) != _workload(theirs, key):
            return Ground(key, f"for {_said(mine, key)} and for {_said(theirs, key)}")
        named = [(mine.dtype, theirs.dtype)]
        if not _is_memory(self.first, key):  # which is the same on any GPU
            named.insert(0, _gpus(mine, theirs))
        differs = [f"{a or 'unknown'} against {b or 'unknown'}" for a, b in named if a != b]
        if key == THROUGHPUT and mine.batch_size != theirs.batch_size:
            differs.append(f"batch size {mine.batch_size} against {theirs.batch_size}")
        if _workload(mine, key)[0] is None:
            differs.append("workload not known")
        return Ground(key, remark=", ".join(differs))

    def _scored(self, key: str) -> str:
        """Say where the same blocks have other scores: then the sums are of other measurements."""
        unlike = 0
        for mine, theirs in zip(self.first.layers, self.second.layers, strict=False):
            for variant in mine.variants:
                other = theirs.positions.get(variant.name)
                if other is None or not same_block(variant, theirs.variants[other]):
                    continue
                a, b = variant.values[key], theirs.variants[other].values[key]
                unlike += abs(a - b) > _SAME * max(1.0, abs(a), abs(b))
        return f"{unlike:,} of the same blocks are scored differently" if unlike else ""


@lru_cache(maxsize=4)
def pairing(first: BlockLibrary, second: BlockLibrary) -> Pairing:
    """Set two libraries against each other; the last few are remembered."""
    return Pairing(first, second)


def _has(library: BlockLibrary, key: str) -> bool:
    if key == THROUGHPUT:
        return library.has_throughput
    return (RUNTIME if key == SPEEDUP else key) in library.keys


def _unit(library: BlockLibrary, key: str) -> str:
    if key in (THROUGHPUT, SPEEDUP):
        return describe_key(THROUGHPUT).unit
    return library.quantity(key).unit


def _is_of_blocks(key: str) -> bool:
    bare = key.removeprefix(COST_GROUP).removeprefix("attention_").removeprefix("ffn_")
    return key in _OF_BLOCKS or f"{COST_GROUP}{bare}" in _OF_BLOCKS


def _is_memory(library: BlockLibrary, key: str) -> bool:
    return key in library.keys and library.quantity(key).unit in BYTES


def _gpus(mine: Measurement, theirs: Measurement) -> tuple[str, str]:
    """Both GPUs by their short names, where these tell them apart."""
    short = short_gpu(mine.gpu), short_gpu(theirs.gpu)
    return (mine.gpu, theirs.gpu) if short[0] == short[1] else short


def _workload(measured: Measurement, key: str) -> tuple[object, ...]:
    """What has to be the same of two costs; a throughput is of tokens, whatever the batch size."""
    lengths = (measured.sequence_length, measured.prefill_length, measured.prefill_queue)
    return lengths if key == THROUGHPUT else (measured.batch_size, *lengths)


def _said(measured: Measurement, key: str) -> str:
    batch, length = measured.batch_size, measured.sequence_length
    given, queue = measured.prefill_length, measured.prefill_queue
    parts = [
        "" if batch is None or key == THROUGHPUT else f"batch size {batch:,}",
        "" if length is None else f"{length:,} tokens",
        "" if given is None else f"{given:,} of them prefill",
        f"{queue:,} in the queue" if queue else "",
    ]
    return ", ".join(filter(None, parts)) or "a workload that is not known"


@dataclass(frozen=True)
class FigureChange:
    """One figure of two answers: both, and the second less the first where that means something.

    Parameters
    ----------
    key, label, unit
        Which figure.
    first, second
        Its totals; ``None`` where it is not known.
    ground
        Whether they can be subtracted.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> half = pw.search(problem.with_budget("stats.memory_mib", upper="50 %"))
    >>> both = pw.compare({"free": pw.search(problem), "half": half})
    >>> change = both.changes("half")[1]
    >>> change.label, round(change.difference, 1)
    ('Memory', -40.6)
    """

    key: str
    label: str
    unit: str
    first: float | None
    second: float | None
    ground: Ground

    @property
    def difference(self) -> float | None:
        """Second less first; ``None`` where the figure is missing or means something else."""
        if self.first is None or self.second is None or self.ground.obstacle:
            return None
        if isclose(self.first, self.second, rel_tol=_DUST):  # sums of one amount, added otherwise
            return 0.0
        return self.second - self.first

    @property
    def words(self) -> str:
        """Say the difference, or why there is none.

        Such as ``"Runtime +12.5 ms (H100 against H200)"``.
        """
        if self.difference is None:
            return f"{self.label}: not compared, {self.ground.obstacle or 'not known'}"
        sign = "+" if self.difference > 0 else "\N{MINUS SIGN}" if self.difference < 0 else ""
        text = format_figure(self.key, abs(self.difference))
        said = f"{self.label} {sign}{text} {self.unit}".rstrip()
        return f"{said} ({self.ground.remark})" if self.ground.remark else said


def total_of(solution: Solution, key: str) -> float | None:
    """Give a figure of an answer by its key; ``None`` where its library does not know it."""
    if key == THROUGHPUT:
        return solution.throughput
    return solution.speedup if key == SPEEDUP else solution.totals.get(key)


def change_of(first: Solution, second: Solution, key: str) -> FigureChange:
    """Set one figure of two answers against each other."""
    ground = pairing(first.library, second.library).ground(key)
    library = first.library if _has(first.library, key) else second.library
    quantity = describe_key(THROUGHPUT) if key == THROUGHPUT else library.quantity(key)
    label, unit = ("Speedup", "x") if key == SPEEDUP else (quantity.label, quantity.unit)
    return FigureChange(key, label, unit, total_of(first, key), total_of(second, key), ground)


def differing_places(first: Solution, second: Solution) -> list[int]:
    """Places of the layers in which two architectures have other blocks.

    Of one library other variants; of two libraries, whose layers have to match, other blocks.
    """
    if first.library is second.library:
        names = first.differing_layers(second)
        return [first.library.layer_positions[name] for name in names]
    pairs = zip(first.blocks, second.blocks, strict=True)
    return [place for place, (a, b) in enumerate(pairs) if not same_block(a, b)]


def unmatched(first: BlockLibrary, second: BlockLibrary) -> str:
    """Say why architectures of two libraries are not compared; empty where they can be."""
    match = pairing(first, second).match
    if match:
        return ""
    return f"its layers are not those of {first.name}: {match.words}"


def missing_here(solution: Solution, library: BlockLibrary) -> list[LayerName]:
    """Layers of an architecture of another library whose block this library does not have."""
    pairs = zip(library.layers, solution.blocks, strict=True)
    return [layer.name for layer, block in pairs if counterpart(block, layer) is None]


def carried(solution: Solution, library: BlockLibrary) -> dict[LayerName, str]:
    """Find an architecture's blocks in another library of the same parent, ``{layer: variant}``.

    Raises
    ------
    ProblemError
        If the layers do not match, or the other library lacks a block: naming the layers.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> solution = pw.search(pw.SearchProblem(library, minimize="metrics.kl_div"))
    >>> carried(solution, library) == solution.architecture
    True
    """
    if not solution.found:
        raise ProblemError(f"There is no architecture to sum. {solution.reason}".strip())
    if reason := unmatched(solution.library, library):
        raise ProblemError(f"{library.name} cannot sum this architecture: {reason}")
    if missing := missing_here(solution, library):
        named = ", ".join(map(repr, missing[:_LISTED]))
        more = f" and {len(missing) - _LISTED:,} more" if len(missing) > _LISTED else ""
        raise ProblemError(
            f"{library.name} does not have the blocks of layers {named}{more} of this "
            "architecture, or has several that are the same. It cannot sum it."
        )
    found: dict[LayerName, str] = {}
    for layer, block in zip(library.layers, solution.blocks, strict=True):
        same = counterpart(block, layer)
        assert same is not None  # noqa: S101 - else it is among the missing
        found[layer.name] = same.name
    return found


def sharing_sums(scenarios: Sequence[Scenario]) -> tuple[Scenario, ...]:
    """Give libraries that have the scores of a weighted sum that sum, too, so that it compares."""
    sums = {key: one for s in scenarios for key, one in s.solution.library.sums.items()}
    if not sums:
        return tuple(scenarios)
    made = {}
    for scenario in scenarios:
        library = scenario.solution.library
        if id(library) not in made:
            names = {layer.name for layer in library.layers}
            known = (s for s in sums.values() if names.issuperset(s.layer_weights))
            own = [s for s in known if set(s.weights) <= set(library.plain.keys)]
            made[id(library)] = with_sums(library, own)
    return tuple(
        replace(one, solution=on_library(one.solution, made[id(one.solution.library)]))
        for one in scenarios
    )


def libraries_of(scenarios: Sequence[Scenario]) -> list[BlockLibrary]:
    """The libraries that scenarios are of, each once, in their order."""
    return each_once(one.solution.library for one in scenarios)


def each_once(libraries: Iterable[BlockLibrary]) -> list[BlockLibrary]:
    """Give each library once, in their order; two that are equal are one."""
    found: list[BlockLibrary] = []
    for library in libraries:
        if not any(library is one or library == one for one in found):
            found.append(library)
    return found


def check_matching(scenarios: Sequence[Scenario]) -> None:
    """Refuse scenarios that are not of libraries of one parent.

    Raises
    ------
    ProblemError
        Naming the scenario, its library and what differs.
    """
    first = scenarios[0]
    for one in scenarios[1:]:
        if reason := unmatched(first.solution.library, one.solution.library):
            raise ProblemError(
                f"{one.name!r} of {library_words(one.solution.library)} cannot be compared with "
                f"{first.name!r}: {reason} Leave it out."
            )


def summed_by(solution: Solution, library: BlockLibrary) -> Solution:
    """Sum an architecture by another library of the same parent, without budgets and rules.

    The objective stays where the other library has it; else it is that library's first score.

    Raises
    ------
    ProblemError
        If the layers do not match, or the other library lacks a block.
    """
    chosen = carried(solution, library)
    problem = solution.problem
    known = all(key in library.keys for key in problem.weights)
    objective: Objective = problem.weights if known else library.keys[0]
    by_layer = problem.layer_weights if known else {}
    bare = SearchProblem.of(library, problem.goal, objective, layer_weights=by_layer)
    return evaluate(bare, chosen)


@dataclass(frozen=True)
class Elsewhere:
    """One architecture summed by another library than its own.

    Parameters
    ----------
    name
        Of the scenario.
    library
        The other library.
    solution
        Its sums there; ``None`` where the library lacks a block.
    reason
        Why there are none; empty where there are.
    """

    name: str
    library: BlockLibrary
    solution: Solution | None = None
    reason: str = ""


def elsewhere(scenarios: Sequence[Scenario]) -> list[Elsewhere]:
    """Sum each architecture by each of the others' libraries, exactly, as far as they have it."""
    libraries = libraries_of(scenarios)
    found = []
    for scenario in scenarios:
        for library in libraries:
            if pairing(scenario.solution.library, library).same:
                continue
            try:
                found.append(
                    Elsewhere(scenario.name, library, summed_by(scenario.solution, library))
                )
            except ProblemError as error:
                found.append(Elsewhere(scenario.name, library, reason=str(error)))
    return found

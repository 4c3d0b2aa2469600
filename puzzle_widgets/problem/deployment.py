"""What an architecture is to run on: GPUs, and the memory that they leave for it.

GB of a data sheet are read as 10^9 bytes, the least that the word means; devices report a little
more. The reserve is what serving takes beside weights and KV cache.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary, BlockVariant, LayerName
from puzzle_widgets.library.checks import short_repr
from puzzle_widgets.library.quantity import BYTES, MEMORY, format_number, format_share
from puzzle_widgets.library.rescale import KV_CACHE
from puzzle_widgets.problem.budget import as_number, check_key
from puzzle_widgets.problem.budget_rows import SearchRule
from puzzle_widgets.problem.choices import Architecture
from puzzle_widgets.problem.rows import Row
from puzzle_widgets.problem.rules import heads_divisible_by

MOST_GPUS = 8
RESERVE = 0.1
RESERVE_WORDS = "kept free for activations, GPU context and fragments"
_IGNORED = re.compile(r"[\s_-]|nvidia|amd|gb")


@dataclass(frozen=True)
class Gpu:
    """A GPU by its data sheet.

    Parameters
    ----------
    name
        As the menu shows it.
    gigabytes
        Memory in GB, as the data sheet says.
    source
        The data sheet.
    """

    name: str
    gigabytes: float
    source: str

    @property
    def memory_mib(self) -> float:
        """All of its memory, GB read as 10^9 bytes."""
        return self.gigabytes * BYTES["GB"]


GPUS: tuple[Gpu, ...] = (
    Gpu("H100 80 GB", 80, "NVIDIA H100 Tensor Core GPU data sheet (SXM)"),
    Gpu("H200 141 GB", 141, "NVIDIA H200 Tensor Core GPU data sheet"),
    Gpu("B200 180 GB", 180, "NVIDIA DGX B200 user guide (1,440 GB in eight)"),
    Gpu("A100 40 GB", 40, "NVIDIA A100 Tensor Core GPU data sheet (40 GB)"),
    Gpu("A100 80 GB", 80, "NVIDIA A100 Tensor Core GPU data sheet (80 GB)"),
    Gpu("L40S 48 GB", 48, "NVIDIA L40S data sheet"),
    Gpu("L4 24 GB", 24, "NVIDIA L4 Tensor Core GPU data sheet"),
    Gpu("RTX 4090 24 GB", 24, "NVIDIA GeForce RTX 4090 specifications"),
    Gpu("MI300X 192 GB", 192, "AMD Instinct MI300X data sheet"),
)
"""What the menu offers."""


@dataclass(frozen=True)
class GpuLoad:
    """What one of several tensor-parallel GPUs holds of an architecture.

    Parameters
    ----------
    memory_mib
        Weights split evenly, and KV cache as its heads divide, where the library tells it.
    uneven
        Layers whose KV heads do not divide among the GPUs.
    split
        Whether the library tells the KV cache apart; if not, all is taken to split evenly, and
        ``memory_mib`` is the least that a GPU can hold where there are uneven layers.
    """

    memory_mib: float
    uneven: tuple[LayerName, ...]
    split: bool


@dataclass(frozen=True)
class DeploymentTarget:
    """One GPU, or several that share each layer (tensor parallelism).

    Parameters
    ----------
    gpu
        The GPU.
    gpus
        How many.
    reserve
        Share of each GPU's memory that the architecture must leave free.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> pw.deployment_target("L40S", gpus=2).words
    '2 x L40S 48 GB, 10 % reserve: 41,199 MiB on each'
    """

    gpu: Gpu
    gpus: int = 1
    reserve: float = RESERVE

    @property
    def each_mib(self) -> float:
        """What an architecture may take of each GPU."""
        return self.gpu.memory_mib * (1 - self.reserve)

    @property
    def memory_mib(self) -> float:
        """Limit on the summed memory by which no GPU is overfull, if all splits evenly."""
        return self.gpus * self.each_mib

    @property
    def budgets(self) -> dict[str, float]:
        """The budget for a problem: of memory, and of nothing else."""
        return {MEMORY: self.memory_mib}

    @property
    def words(self) -> str:
        """The target in a line."""
        where = " on each" if self.gpus > 1 else ""
        return (
            f"{self.gpus} x {self.gpu.name}, {format_share(self.reserve)} reserve: "
            f"{format_number(self.each_mib)} MiB{where}"
        )

    def load(self, library: BlockLibrary, architecture: Architecture) -> GpuLoad:
        """Count what each GPU holds of an architecture.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> library = pw.load_library("stdlib-2m-measured")
        >>> target = pw.deployment_target("L4", gpus=2)
        >>> load = target.load(library, library.parent_architecture)
        >>> round(load.memory_mib, 2), load.uneven
        (40.57, ())
        """
        check_key(library, MEMORY, "A deployment target")
        chosen = {name: library.layer(name).variant(one) for name, one in architecture.items()}
        uneven = tuple(name for name, block in chosen.items() if _copies(block, self.gpus) > 1)
        held = [_held(block, self.gpus) for block in chosen.values()]
        rest = library.non_block_cost(MEMORY) / self.gpus
        return GpuLoad(math.fsum([*held, rest]), uneven, KV_CACHE in library.keys)

    def rule(self, library: BlockLibrary) -> SearchRule | None:
        """The rule under which no GPU is overfull, where an even split does not already say so.

        Where the library tells the KV cache apart, a row limits what each GPU holds, copies of KV
        heads included. Elsewhere, KV heads have to divide among the GPUs. ``None`` for one GPU,
        where all heads divide, or where some layer has no block whose heads do.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> library = pw.load_library("llama-3.3-70b-modeled")
        >>> pw.deployment_target("H100", gpus=4).rule(library).words
        'each of 4 GPUs holds at most 68,665 MiB, copied KV heads counted'
        """
        check_key(library, MEMORY, "A deployment target")
        even = heads_divisible_by(library, self.gpus)
        if not even.banned:
            return None
        if KV_CACHE in library.keys:
            return self._row_rule(library)
        left = (len(one.variants) > len(even.banned.get(one.name, ())) for one in library.layers)
        return even if all(left) else None

    def _row_rule(self, library: BlockLibrary) -> SearchRule:
        row = held_row(library, self.gpus, self.each_mib)
        return SearchRule(row.name, rows=(row,))


def held_row(library: BlockLibrary, gpus: int, each_mib: float) -> Row:
    """Limit what each of several GPUs holds, copied KV heads counted."""
    words = f"each of {gpus} GPUs holds at most {format_number(each_mib)} MiB"
    upper = each_mib - library.non_block_cost(MEMORY) / gpus
    name = f"{words}, copied KV heads counted"
    return Row.of(library, name, lambda _, block: _held(block, gpus), upper=upper)


def _held(block: BlockVariant, gpus: int) -> float:
    cache = block.values.get(KV_CACHE, 0.0)
    return (block.values[MEMORY] + cache * (_copies(block, gpus) - 1)) / gpus


def _copies(block: BlockVariant, gpus: int) -> float:
    """How often the KV cache is kept in all: once, or more where heads do not divide."""
    heads = block.attention.size
    return math.ceil(heads / gpus) * gpus / heads if heads else 1.0


def deployment_target(gpu: str, *, gpus: int = 1, reserve: float = RESERVE) -> DeploymentTarget:
    """Choose what an architecture is to run on.

    Parameters
    ----------
    gpu
        ``"H100"``, ``"H200"``, ``"B200"``, ``"A100 40 GB"``, ``"A100 80 GB"``, ``"L40S"``,
        ``"L4"``, ``"RTX 4090"`` or ``"MI300X"``.
    gpus
        How many share each layer by tensor parallelism, 1 to 8. Memory is counted on each.
    reserve
        Share of each GPU's memory to leave free for what a library does not count: activations,
        the GPU's own context, and fragments.

    Raises
    ------
    ProblemError
        If there is no such GPU, or number of them, or reserve.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("llama-3.3-70b-modeled")
    >>> target = pw.deployment_target("H100", reserve=0.1)
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets=target.budgets)
    >>> pw.search(problem).totals["stats.memory_mib"] <= 0.9 * 80e9 / 2**20
    True
    """
    whole = isinstance(gpus, int) and not isinstance(gpus, bool)
    if not whole or not 1 <= gpus <= MOST_GPUS:
        raise ProblemError(f"gpus={short_repr(gpus)}: give a whole number from 1 to {MOST_GPUS}.")
    share = as_number(reserve)
    if not 0 <= share < 1:
        raise ProblemError(f"reserve={short_repr(reserve)}: give a share from 0 to below 1.")
    return DeploymentTarget(_find(gpu), gpus, share)


def recognize(
    limit: float, like: DeploymentTarget | None = None, reserve: float = RESERVE
) -> DeploymentTarget | None:
    """Find the target that gives a memory limit; the one it was, if it still is."""
    if like is not None and like.memory_mib == limit:
        return like
    return _by_limit(reserve).get(limit)


@lru_cache(maxsize=16)
def _by_limit(reserve: float) -> dict[float, DeploymentTarget]:
    """The targets by their limits; of equal ones the first, with the fewest GPUs."""
    found: dict[float, DeploymentTarget] = {}
    for count in range(1, MOST_GPUS + 1):
        for gpu in GPUS:
            target = DeploymentTarget(gpu, count, reserve)
            found.setdefault(target.memory_mib, target)
    return found


def runtime_words(target: DeploymentTarget, measured_on: str) -> str:
    """Say whose runtimes they stay, where the target is not the one GPU that was measured."""
    if target.gpus == 1 and _plain(target.gpu.name.split(" ")[0]) in _plain(measured_on):
        return ""
    whose = measured_on or "the device that was measured, which the library does not name"
    return f"Limits memory only; runtimes stay those of {whose}."


@lru_cache(maxsize=64)
def _find(name: str) -> Gpu:
    asked = _plain(str(name))
    by_name: Mapping[str, Gpu] = {_plain(gpu.name): gpu for gpu in GPUS}
    found = [gpu for gpu in GPUS if _plain(gpu.name.rsplit(" ", 2)[0]) == asked]
    if asked in by_name:
        return by_name[asked]
    if len(found) == 1:
        return found[0]
    names = ", ".join(gpu.name for gpu in found or GPUS)
    raise ProblemError(f"gpu={short_repr(name)}: give one of {names}.")


def _plain(name: str) -> str:
    return _IGNORED.sub("", name.lower())

"""What is built: the decoder's shape, its block variants, and how long each stage trains."""

from __future__ import annotations

from dataclasses import dataclass

from puzzle_widgets.errors import BuildError
from puzzle_widgets.library.model import SubBlock

FFN_SHARES = (1.0, 0.875, 0.75, 0.5, 0.25, 0.2, 0.1)
"""Widths of the Puzzle paper's search space; its 87 % is 7/8."""
KV_HEADS = (8, 4, 2, 1)
"""KV heads of the paper's search space."""
LINEAR, NO_OP = SubBlock("linear"), SubBlock("no_op")

Subblocks = tuple[SubBlock, SubBlock]
"""Attention and FFN of one layer."""


@dataclass(frozen=True)
class ModelShape:
    """Sizes of a decoder; every layer of the parent has the same.

    Parameters
    ----------
    layers
        Decoder layers.
    width
        Hidden size.
    heads, kv_heads
        Query heads and KV heads; ``width / heads`` is the head size, an even number.
    ffn
        Intermediate size of the gated FFN.
    context
        Most tokens of a sequence.
    vocabulary
        Tokens there are: 256 for bytes.
    """

    layers: int
    width: int
    heads: int
    kv_heads: int
    ffn: int
    context: int
    vocabulary: int = 256

    @property
    def head_size(self) -> int:
        """Width of one head."""
        return self.width // self.heads

    @property
    def parent_block(self) -> Subblocks:
        """The block that every layer of the parent has."""
        return SubBlock("sized", self.kv_heads), SubBlock("sized", self.ffn)

    @property
    def attention_variants(self) -> tuple[SubBlock, ...]:
        """The parent's attention first, then fewer KV heads, linear, no-op."""
        sizes = [heads for heads in KV_HEADS if heads <= self.kv_heads]
        return (*(SubBlock("sized", heads) for heads in sizes), LINEAR, NO_OP)

    @property
    def ffn_variants(self) -> tuple[SubBlock, ...]:
        """The parent's FFN first, then narrower ones, linear, no-op."""
        sizes = [round(share * self.ffn) for share in FFN_SHARES]
        return (*(SubBlock("sized", size) for size in sizes), LINEAR, NO_OP)

    @property
    def blocks(self) -> tuple[Subblocks, ...]:
        """Every pair of an attention and an FFN variant, the parent's first."""
        return tuple((a, f) for a in self.attention_variants for f in self.ffn_variants)


def block_name(attention: SubBlock, ffn: SubBlock) -> str:
    """Name of a variant in the library, such as ``"attention 4 KV heads | FFN 320"``."""
    return f"{attention_name(attention)} | {ffn_name(ffn)}"


def attention_name(attention: SubBlock) -> str:
    """Name of an attention variant."""
    return f"attention {attention.describe('attention')}"


def ffn_name(ffn: SubBlock) -> str:
    """Name of an FFN variant."""
    return f"FFN {ffn.size}" if ffn.kind == "sized" else f"FFN {ffn.describe('ffn')}"


@dataclass(frozen=True)
class Schedule:
    """A training: its steps, and how the learning rate runs.

    Parameters
    ----------
    steps, batch
        Steps, and windows of the model's context in each.
    rate
        Greatest learning rate; it rises over the first 5 % of steps, then falls to a tenth of
        itself along a cosine.
    checkpoint
        Steps between two checkpoints.
    """

    steps: int
    batch: int
    rate: float
    checkpoint: int = 100


@dataclass(frozen=True)
class Workload:
    """What costs are measured on.

    Parameters
    ----------
    batch
        Sequences of the library's figures.
    other_batches
        Further batch sizes that runtimes are measured at.
    prefill, decode
        Tokens of the prompt, and tokens generated, of each sequence.
    repeats
        Rounds of measurement; each measures every subblock once.
    """

    batch: int
    other_batches: tuple[int, ...]
    prefill: int
    decode: int
    repeats: int

    @property
    def tokens(self) -> int:
        """Tokens of a sequence."""
        return self.prefill + self.decode


@dataclass(frozen=True)
class Truths:
    """Which architectures are assembled and measured.

    Parameters
    ----------
    shares
        Runtime budgets, as shares of the parent's: a MIP, a greedy and random ones at each.
    random
        Random feasible architectures at each budget.
    memory_shares
        Memory budgets of further MIP architectures.
    homogeneous
        Homogeneous architectures: one block in every layer.
    rounds
        Rounds of runtime measurement over all of them.
    """

    shares: tuple[float, ...]
    random: int
    memory_shares: tuple[float, ...]
    homogeneous: int
    rounds: int


@dataclass(frozen=True)
class Preset:
    """Everything that decides a build's result.

    Parameters
    ----------
    name, title
        Word on the command line, and the library's name.
    shape
        Sizes of the parent.
    parent
        Training of the parent.
    block_windows, block
        Windows of training text that blocks are distilled on, and how.
    score_windows
        Windows of validation text that blocks are scored on, and of test text for the truth.
    workload, truths
        Costs and truth.
    child
        Global distillation.
    child_share
        Runtime budget of the children that are distilled, as a share of the parent's; among
        the truth's.
    seed
        Of every draw.
    """

    name: str
    title: str
    shape: ModelShape
    parent: Schedule
    block_windows: int
    block: Schedule
    score_windows: int
    workload: Workload
    child: Schedule
    child_share: float
    truths: Truths
    seed: int = 20250713


PRESETS = {
    "tiny": Preset(
        name="tiny",
        title="stdlib-tiny-measured",
        shape=ModelShape(layers=4, width=64, heads=8, kv_heads=8, ffn=160, context=128),
        parent=Schedule(steps=700, batch=16, rate=6e-3),
        block_windows=480,
        block=Schedule(steps=60, batch=8, rate=3e-3),
        score_windows=16,
        workload=Workload(batch=16, other_batches=(1,), prefill=64, decode=64, repeats=9),
        child=Schedule(steps=60, batch=16, rate=2e-3),
        child_share=0.6,
        truths=Truths((0.5, 0.6, 0.7, 0.8), 2, (0.5, 0.7), 6, 5),
    ),
    "small": Preset(
        name="small",
        title="stdlib-2m-measured",
        shape=ModelShape(layers=8, width=144, heads=8, kv_heads=8, ffn=480, context=256),
        parent=Schedule(steps=1200, batch=16, rate=4e-3),
        block_windows=1024,
        block=Schedule(steps=128, batch=8, rate=1e-3),
        score_windows=32,
        workload=Workload(batch=32, other_batches=(1, 8), prefill=128, decode=128, repeats=31),
        child=Schedule(steps=150, batch=16, rate=1e-3, checkpoint=50),
        child_share=0.5,
        truths=Truths((0.4, 0.5, 0.6, 0.7, 0.8, 0.9), 2, (0.4, 0.55, 0.7, 0.85), 8, 3),
    ),
}


def preset_of(name: str) -> Preset:
    """Find a preset.

    Raises
    ------
    BuildError
        If no preset has this name.
    """
    if name not in PRESETS:
        raise BuildError(f"--preset {name!r}: choose one of {', '.join(PRESETS)}.")
    return PRESETS[name]

"""Words for reasons: what changes between two architectures, and amounts in round steps."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import escape

from puzzle_widgets.library import BlockLibrary, BlockVariant, LayerName
from puzzle_widgets.library.model import PARTS, Part
from puzzle_widgets.library.quantity import BYTES, format_number, format_score
from puzzle_widgets.problem import Architecture, SearchProblem

_GIB = BYTES["GiB"]
_PART_WORDS = {"attention": "attention", "ffn": "FFN"}


class Told:
    """Something that says itself in sentences, in a notebook as in a terminal."""

    @property
    @abstractmethod
    def sentences(self) -> tuple[str, ...]:
        """What is found, a sentence each."""

    @property
    def text(self) -> str:
        """All sentences."""
        return " ".join(self.sentences)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.sentences[0] if self.sentences else ''})"

    def _repr_html_(self) -> str:
        return "".join(f"<p>{escape(sentence)}</p>" for sentence in self.sentences)


@dataclass(frozen=True)
class BlockChange:
    """One layer's block in two architectures.

    Parameters
    ----------
    layer
        Its name.
    before, after
        Names of the variants.
    words
        What changes, such as ``"attention from 8 KV heads to no-op"``.
    """

    layer: LayerName
    before: str
    after: str
    words: str


def changes_between(
    library: BlockLibrary, before: Architecture, after: Architecture
) -> tuple[BlockChange, ...]:
    """Find the layers in which two architectures differ, in the order of the network.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> parent = library.parent_architecture
    >>> other = parent | {2: library.layer(2).variants[1].name}
    >>> [(one.layer, one.words) for one in changes_between(library, parent, other)]
    [(2, 'FFN from width 480 to width 420')]
    """
    return tuple(
        BlockChange(
            layer.name,
            before[layer.name],
            after[layer.name],
            _block_words(layer.variant(before[layer.name]), layer.variant(after[layer.name])),
        )
        for layer in library.layers
        if before[layer.name] != after[layer.name]
    )


def _block_words(before: BlockVariant, after: BlockVariant) -> str:
    parts = [words for part in PARTS if (words := _part_words(part, before, after))]
    return ", ".join(parts) or f"block from {before.label!r} to {after.label!r}"


def _part_words(part: Part, before: BlockVariant, after: BlockVariant) -> str:
    one, other = getattr(before, part), getattr(after, part)
    if one == other or "other" in (one.kind, other.kind):
        return ""
    return f"{_PART_WORDS[part]} from {one.describe(part)} to {other.describe(part)}"


def change_words(library: BlockLibrary, changes: Sequence[BlockChange]) -> str:
    """Say changes layer by layer, those of neighbors that are alike together.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> parent = library.parent_architecture
    >>> other = parent | {n: library.layer(n).variants[1].name for n in (2, 3, 4, 6)}
    >>> change_words(library, changes_between(library, parent, other))
    'layers 2 to 4: FFN from width 480 to width 420; layer 6: FFN from width 480 to width 420'
    """
    places = library.layer_positions
    alike = groupby(
        enumerate(changes), key=lambda pair: (places[pair[1].layer] - pair[0], pair[1].words)
    )
    runs = [(words, [change for _, change in run]) for (_, words), run in alike]
    return "; ".join(f"{_run_words(run)}: {words}" for words, run in runs) or "nothing"


def _run_words(run: Sequence[BlockChange]) -> str:
    first, last = run[0].layer, run[-1].layer
    if len(run) == 1:
        return f"layer {first}"
    return f"layers {first} {'and' if len(run) == 2 else 'to'} {last}"


def round_step(library: BlockLibrary, key: str) -> tuple[float, str]:
    """A round amount of a resource, about a hundredth of what the parent uses, and its words.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("llama-3.3-70b-modeled")
    >>> round_step(library, "stats.memory_mib"), round_step(library, "stats.runtime_ms")
    ((1024.0, '1 GiB'), (1000.0, '1,000 ms'))
    """
    quantity, parent = library.quantity(key), abs(library.parent_totals[key])
    if quantity.unit == "MiB" and parent >= 20 * _GIB:
        return _GIB, "1 GiB"
    step = 10.0 ** math.floor(math.log10(parent / 50)) if parent > 0 else 1.0
    if not quantity.unit:
        return step, f"{quantity.text(step)} {_lower(quantity.label)}"
    return step, quantity.text(step)


def _lower(label: str) -> str:
    """A label within a sentence; initials stay."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def label_of(library: BlockLibrary, key: str) -> str:
    """A key's label as it stands within a sentence."""
    return _lower(library.quantity(key).label)


def score_words(problem: SearchProblem, amount: float) -> str:
    """Write an amount of the objective with its unit, to four digits where it is small."""
    quantity = problem.library.quantity(problem.objective)
    if quantity.unit:
        return quantity.text(amount)
    return format_number(amount) if abs(amount) < 1e4 else format_score(amount)


def listed(words: Sequence[str], most: int = 6) -> str:
    """Join words by commas; of many only the first."""
    more = len(words) - most
    return ", ".join(words[:most]) + (f" and {more} more" if more > 0 else "")

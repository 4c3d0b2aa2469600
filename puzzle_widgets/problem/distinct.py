"""Rules that count: at most so many distinct blocks, attentions or FFNs in some layers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary, BlockVariant, LayerName, SubBlock
from puzzle_widgets.library.checks import short_repr
from puzzle_widgets.library.model import PARTS, Part
from puzzle_widgets.problem.choices import check_rule_name, find_layer
from puzzle_widgets.problem.mckp import FREE, Kinds

_MOST_RULES = 100
_NOUNS = {"attention": "attentions", "ffn": "FFNs", None: "blocks"}


@dataclass(frozen=True)
class Distinct:
    """A rule: some layers have at most so many distinct blocks, or attentions, or FFNs.

    Two are the same where attention and FFN are; where these are not known, where the names are.

    Parameters
    ----------
    name
        Words for people.
    most
        Greatest number of distinct ones.
    part
        What is counted: ``"attention"``, ``"ffn"``, or ``None`` for whole blocks.
    layers
        Names of the layers that are counted; empty for all.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> rule = pw.Distinct("two FFNs in all", 2, part="ffn")
    >>> problem = pw.SearchProblem(
    ...     library,
    ...     minimize="metrics.kl_div",
    ...     budgets={"stats.memory_mib": "50 %"},
    ...     distinct=[rule],
    ... )
    >>> len({block.ffn for block in pw.search(problem).blocks})
    2
    """

    name: str
    most: int
    part: Part | None = None
    layers: tuple[LayerName, ...] = ()


def check_distinct(
    library: BlockLibrary, rules: Iterable[Distinct], held: int = 0
) -> tuple[Distinct, ...]:
    """Read rules, their layers in a person's words; ``held`` there are already."""
    found = tuple(_checked(library, rule) for rule in rules)
    if held + len(found) > _MOST_RULES:
        raise ProblemError(f"distinct: {held + len(found):,} rules. Give at most {_MOST_RULES}.")
    return found


def _checked(library: BlockLibrary, rule: object) -> Distinct:
    if not isinstance(rule, Distinct):
        raise ProblemError(f"distinct: {short_repr(rule)} is no rule. Give Distinct(name, most).")
    check_rule_name(rule.name, "distinct")
    whole = isinstance(rule.most, int) and not isinstance(rule.most, bool)
    if not whole or rule.most < 1:
        raise ProblemError(f"most={short_repr(rule.most)}: give a whole number of at least 1.")
    check_part(rule.part)
    names = dict.fromkeys(find_layer(library, word) for word in rule.layers)
    return replace(rule, layers=tuple(names or library.layer_positions))


def check_part(part: object) -> None:
    """Refuse what is no part of a block."""
    if part not in (None, *PARTS):
        given = short_repr(part)
        raise ProblemError(f"part={given}: give 'attention', 'ffn', or None for whole blocks.")


def counted_words(library: BlockLibrary, part: Part | None, layers: Sequence[LayerName]) -> str:
    """Say what is counted, and where, such as ``"FFNs in layers 10 to 19"``."""
    if len(layers) == len(library.layers):
        return _NOUNS[part]
    if len(layers) == 1:
        return f"{_NOUNS[part]} in layer {layers[0]}"
    return f"{_NOUNS[part]} in layers {layers[0]} to {layers[-1]}"


def kind_of(variant: BlockVariant, part: Part | None = None) -> object:
    """What makes two blocks, or parts of them, the same: what is known of them, else their names.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> first, last = pw.load_library("stdlib-2m-measured").layers[::7]
    >>> kind_of(first.variants[0]) == kind_of(last.variants[0])
    True
    """
    if part is None:
        known = "other" not in (variant.attention.kind, variant.ffn.kind)
        return (variant.attention, variant.ffn) if known else variant.name
    subblock: SubBlock = getattr(variant, part)
    return variant.name if subblock.kind == "other" else subblock


def kind_label(variant: BlockVariant, part: Part | None = None) -> str:
    """Words for what :func:`kind_of` tells apart."""
    if part is None:
        return variant.label
    subblock: SubBlock = getattr(variant, part)
    return variant.name if subblock.kind == "other" else subblock.describe(part)


def kinds_of(library: BlockLibrary, rule: Distinct) -> Kinds:
    """Write a rule by numbers, one for each kind of block that it counts."""
    known: dict[object, int] = {}
    counted = set(rule.layers)
    kinds = [
        known.setdefault(kind_of(variant, rule.part), len(known)) if layer.name in counted else FREE
        for layer in library.layers
        for variant in layer.variants
    ]
    return Kinds(rule.name, np.array(kinds, dtype=np.intp), rule.most)


def distinct_out(rules: Sequence[Distinct]) -> list[Any]:
    """Write rules for JSON."""
    return [[rule.name, rule.most, rule.part, list(rule.layers)] for rule in rules]


def distinct_in(found: Iterable[Any]) -> tuple[Distinct, ...]:
    """Read what :func:`distinct_out` wrote; what makes no sense raises ``ValueError`` or so."""
    return tuple(Distinct(name, most, part, tuple(layers)) for name, most, part, layers in found)

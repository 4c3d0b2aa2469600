"""Actions on rules: add one; of one layer, keep a variant there, forbid one, or let it go free."""

from __future__ import annotations

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import FrozenMapping, Layer
from puzzle_widgets.problem.budget_rows import SearchRule
from puzzle_widgets.state.actions import set_rules
from puzzle_widgets.state.record import Record


def add_rule(record: Record, rule: SearchRule) -> Record:
    """Add a rule; one that is there already is not added again."""
    return record if rule in record.rules else set_rules(record, (*record.rules, rule))


def pin(record: Record, place: int, variant: str) -> Record:
    """Keep a variant of a layer; what other clicks asked of this layer makes way."""
    layer = _layer(record, place, variant)
    words = f"{_named(layer)}: keep {_label(layer, variant)}"
    rule = SearchRule(words, fixed=FrozenMapping({layer.name: variant}))
    return set_rules(free(record, place), (*_others(record, layer), rule))


def forbid(record: Record, place: int, variant: str) -> Record:
    """Never choose a variant of a layer; where it was kept, it is not any more."""
    layer = _layer(record, place, variant)
    words = f"{_named(layer)}: never {_label(layer, variant)}"
    rule = SearchRule(words, FrozenMapping({layer.name: frozenset([variant])}))
    kept = tuple(one for one in record.rules if not _keeps(one, layer) and one != rule)
    asked = set_rules(record, (*kept, rule))
    if not _allowed(asked, place):
        raise ProblemError(f"{_named(layer)} has no other block left. Drop one of its rules first.")
    return asked


def free(record: Record, place: int) -> Record:
    """Drop the rules that are about one layer alone."""
    layer = _layer(record, place)
    others = _others(record, layer)
    return record if others == record.rules else set_rules(record, others)


def pinned_places(record: Record) -> tuple[int, ...]:
    """Places of the layers that a rule leaves one variant, from the first on."""
    if not record.rules:
        return ()
    layers = record.library.layers
    return tuple(
        place
        for place in range(len(layers))
        if len(layers[place].variants) > 1 and _allowed(record, place) == 1
    )


def _layer(record: Record, place: int, variant: str | None = None) -> Layer:
    layers = record.library.layers
    if not 0 <= place < len(layers):
        raise ProblemError(f"layer={place!r}: give the place of a layer, 0 to {len(layers) - 1}.")
    layer = layers[place]
    if variant is not None and variant not in layer.positions:
        raise ProblemError(f"Layer {layer.name} has no variant {variant!r}.")
    return layer


def _allowed(record: Record, place: int) -> int:
    """How many variants of a layer the rules leave."""
    starts = record.library.starts
    return int(record.problem.mckp.allowed[starts[place] : starts[place + 1]].sum())


def _others(record: Record, layer: Layer) -> tuple[SearchRule, ...]:
    return tuple(one for one in record.rules if not _is_about(one, layer))


def _is_about(rule: SearchRule, layer: Layer) -> bool:
    """Whether a rule fixes or bans in this layer, and asks nothing else."""
    if rule.differences or rule.rows or rule.distinct:
        return False
    return {*rule.fixed, *rule.banned} == {layer.name}


def _keeps(rule: SearchRule, layer: Layer) -> bool:
    return _is_about(rule, layer) and bool(rule.fixed)


def _named(layer: Layer) -> str:
    words = " ".join(str(layer.name).split())
    return f"Layer {words}" if isinstance(layer.name, int) or words.isdigit() else words


def _label(layer: Layer, variant: str) -> str:
    if variant == layer.parent:
        return "the parent's block"
    return layer.variant(variant).label

"""Rules that deployments ask for, made of fixed and banned variants, of rows and of counts.

Each gives a rule for ``SearchProblem(..., rules=[...])`` or ``problem.with_rule(...)``.

Examples
--------
>>> import puzzle_widgets as pw
>>> library = pw.load_library("stdlib-2m-measured")
>>> rules = [pw.rules.keep_ends(library, 1), pw.rules.no_linear_attention(library)]
>>> problem = pw.SearchProblem(
...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}, rules=rules
... )
>>> solution = pw.search(problem)
>>> solution.status, solution.architecture[0] == library.layers[0].parent
('optimal', True)
"""

from __future__ import annotations

from collections.abc import Callable

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary, BlockVariant, FrozenMapping, Layer, LayerName
from puzzle_widgets.library.model import Part
from puzzle_widgets.problem.budget_rows import SearchRule
from puzzle_widgets.problem.choices import find_layer
from puzzle_widgets.problem.distinct import Distinct, check_distinct, check_part, counted_words
from puzzle_widgets.problem.rows import Row

__all__ = [
    "attention_free_in_a_row",
    "ban",
    "few_blocks",
    "heads_divisible_by",
    "keep_ends",
    "no_linear_attention",
    "same_attention",
    "same_ffn",
]


def keep_ends(library: BlockLibrary, layers: int) -> SearchRule:
    """Keep the first and the last so many layers as the parent has them.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> sorted(keep_ends(library, 2).fixed)
    [0, 1, 6, 7]
    """
    _check_count(layers, "layers", 0)
    kept = [*library.layers[:layers], *library.layers[max(len(library.layers) - layers, 0) :]]
    fixed = FrozenMapping({layer.name: layer.parent for layer in kept})
    return SearchRule(f"first and last {layers} layers as the parent's", fixed=fixed)


def ban(library: BlockLibrary, words: str, unwanted: Callable[[BlockVariant], bool]) -> SearchRule:
    """Ban every variant of which a function says that it is unwanted.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> rule = ban(library, "no FFN left out", lambda block: block.ffn.kind == "no_op")
    >>> len(rule.banned[0])
    6
    """
    banned = {
        layer.name: frozenset(v.name for v in layer.variants if unwanted(v))
        for layer in library.layers
    }
    return SearchRule(words, FrozenMapping({name: some for name, some in banned.items() if some}))


def no_linear_attention(library: BlockLibrary) -> SearchRule:
    """Ban linear attention everywhere; most runtimes cannot serve it.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> len(no_linear_attention(library).banned[0])
    9
    """
    return ban(library, "no linear attention", lambda block: block.attention.kind == "linear")


def heads_divisible_by(library: BlockLibrary, degree: int) -> SearchRule:
    """Ban KV heads that a tensor-parallel degree does not divide: each GPU holds as many.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> rule = heads_divisible_by(library, 4)  # bans 1 and 2 KV heads
    >>> len(rule.banned[0])
    18
    """
    _check_count(degree, "degree", 1)

    def uneven(block: BlockVariant) -> bool:
        return block.attention.size is not None and block.attention.size % degree != 0

    return ban(library, f"KV heads divisible by {degree}", uneven)


def few_blocks(
    library: BlockLibrary,
    most: int,
    *,
    part: Part | None = None,
    layers: tuple[LayerName | str, LayerName | str] | None = None,
) -> SearchRule:
    """Allow at most so many distinct blocks: each is one more kernel shape to tune and to test.

    Parameters
    ----------
    library
        Whose blocks are counted; see :class:`puzzle_widgets.Distinct` for which are the same.
    most
        Greatest number of distinct ones.
    part
        Count distinct ``"attention"`` or ``"ffn"`` in place of whole blocks.
    layers
        Count in the layers from one to another, both included; by default in all.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(
    ...     library,
    ...     minimize="metrics.kl_div",
    ...     budgets={"stats.memory_mib": "50 %"},
    ...     rules=[pw.rules.few_blocks(library, 2)],
    ... )
    >>> len(set(pw.search(problem).architecture.values()))
    2
    """
    check_part(part)
    _check_count(most, "most", 1)
    names = tuple(layer.name for layer in _range(library, *layers)) if layers else ()
    counted = counted_words(library, part, names or tuple(library.layer_positions))
    noun, _, where = counted.partition(" ")
    noun = noun.removesuffix("s") if most == 1 else noun
    words = f"at most {most:,} distinct {noun} {where}".strip()
    return _counting(library, Distinct(words, most, part, names))


def same_ffn(library: BlockLibrary, first: object, last: object) -> SearchRule:
    """Make the FFN the same in all layers from one to another.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
    ... )
    >>> solution = pw.search(problem.with_rule(same_ffn(library, 2, 5)))
    >>> len({block.ffn for block in solution.blocks[2:6]})
    1
    """
    return _same(library, "ffn", "FFN", first, last)


def same_attention(library: BlockLibrary, first: object, last: object) -> SearchRule:
    """Make attention the same in all layers from one to another, as :func:`same_ffn` does the FFN.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
    ... )
    >>> solution = pw.search(problem.with_rule(same_attention(library, 2, 5)))
    >>> len({block.attention for block in solution.blocks[2:6]})
    1
    """
    return _same(library, "attention", "attention", first, last)


def _same(library: BlockLibrary, part: Part, noun: str, first: object, last: object) -> SearchRule:
    names = tuple(layer.name for layer in _range(library, first, last))
    if len(names) == 1:
        raise ProblemError(f"layers {first!r} to {last!r}: give two, the earlier one first.")
    words = f"the same {noun} in layers {names[0]} to {names[-1]}"
    return _counting(library, Distinct(words, 1, part, names))


def _counting(library: BlockLibrary, rule: Distinct) -> SearchRule:
    return SearchRule(rule.name, distinct=check_distinct(library, [rule]))


def attention_free_in_a_row(library: BlockLibrary, most: int) -> SearchRule:
    """Allow at most so many neighboring layers without attention.

    Every run of one layer more has a row that counts its layers without attention. The exact search
    reads such rows, also one's own, as a limit on runs.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "8 %"}
    ... )
    >>> solution = pw.search(problem.with_rule(attention_free_in_a_row(library, 1)))
    >>> free = [block.attention.kind == "no_op" for block in solution.blocks]
    >>> any(one and other for one, other in zip(free, free[1:]))
    False
    """
    _check_count(most, "most", 0)
    words = f"at most {most} layers without attention in a row"

    def free(_: Layer, block: BlockVariant) -> float:
        return float(block.attention.kind == "no_op")

    names = [layer.name for layer in library.layers]
    runs = [names[at : at + most + 1] for at in range(len(names) - most)]
    rows = [Row.of(library, words, free, upper=most, layers=run) for run in runs]
    return SearchRule(words, rows=tuple(row for row in rows if row.coefficients))


def _range(library: BlockLibrary, first: object, last: object) -> list[Layer]:
    begin, end = (library.layer_positions[find_layer(library, word)] for word in (first, last))
    if end < begin:
        raise ProblemError(f"layers {first!r} to {last!r}: give two, the earlier one first.")
    return list(library.layers[begin : end + 1])


def _check_count(value: object, name: str, least: int) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or value < least:  # type: ignore[operator]
        raise ProblemError(f"{name}={value!r}: give a whole number of at least {least}.")

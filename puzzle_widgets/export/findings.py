"""What a target cannot take: said with the layers named, and with a rule that avoids it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Literal

from puzzle_widgets.errors import ExportError
from puzzle_widgets.library import BlockLibrary, FrozenMapping, LayerName
from puzzle_widgets.library.checks import short_repr
from puzzle_widgets.library.model import once_per_library
from puzzle_widgets.library.order import layers_words
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.solution import Solution

Severity = Literal["error", "warning", "note"]
Unfit = Callable[..., bool]
"""Whether a target cannot take a variant: of the variant, its layer's index, and what was given."""


@dataclass(frozen=True)
class Finding:
    """One thing that a check found.

    Parameters
    ----------
    severity
        ``"error"``: the file would be wrong, and is refused; ``"warning"``: it is written, but
        something does not fit; ``"note"``: good to know.
    text
        What, where and what to do; names in it come from files and are not HTML.
    layers
        Names of the layers that it is about; empty where it is about the whole.
    rule
        The rule that makes the search avoid it, in words; empty where there is none.
    banned
        ``{layer: variants}`` that the rule bans, in every layer of the library.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> pw.export.Finding("note", "Costs are modeled, not measured.").avoidable
    False
    """

    severity: Severity
    text: str
    layers: tuple[LayerName, ...] = ()
    rule: str = ""
    banned: FrozenMapping[LayerName, frozenset[str]] = FrozenMapping()

    @property
    def avoidable(self) -> bool:
        """Whether there is a rule that makes the search avoid it."""
        return bool(self.rule)


def avoid(problem: SearchProblem, finding: Finding) -> SearchProblem:
    """Give the problem with a finding's rule, so that its search avoids it.

    Raises
    ------
    ExportError
        If the finding has no rule.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> pw.export.avoid(problem, pw.export.Finding("note", "Costs are modeled."))
    Traceback (most recent call last):
    puzzle_widgets.errors.ExportError: No rule of the search avoids this: Costs are modeled.
    """
    if not finding.avoidable:
        raise ExportError(f"No rule of the search avoids this: {finding.text}")
    return problem.with_banned(finding.banned)


def blocks_found(
    solution: Solution,
    unfit: Unfit,
    text: str,
    rule: str = "",
    severity: Severity = "error",
    given: tuple[Hashable, ...] = (),
) -> list[Finding]:
    """Find the layers whose chosen block is unfit, as one finding or none.

    ``text`` says what it is and what to do, ``rule`` what keeps the search from it. ``unfit`` is a
    function of a module, with further arguments ``given``: its answers are remembered.
    """
    places = [n for n, block in enumerate(solution.blocks) if unfit(block, n, *given)]
    if not places:
        return []
    library = solution.library
    names = tuple(library.layers[place].name for place in places)
    banned = _banned(library, unfit, given) if rule else FrozenMapping[LayerName, frozenset[str]]()
    said = layers_words(places, lambda place: _name(library.layers[place].name))
    words = f"{said[0].upper()}{said[1:]}: {text}"
    return [Finding(severity, words, names, rule if banned else "", banned)]


def _name(name: LayerName) -> str:
    return str(name) if isinstance(name, int) else short_repr(" ".join(name.split()))


@once_per_library
def _banned(
    library: BlockLibrary, unfit: Unfit, given: tuple[Hashable, ...]
) -> FrozenMapping[LayerName, frozenset[str]]:
    """All unfit variants of every layer; nothing where a layer would have none left."""
    banned = {}
    for place, layer in enumerate(library.layers):
        names = frozenset(v.name for v in layer.variants if unfit(v, place, *given))
        if len(names) == len(layer.variants):
            return FrozenMapping()
        if names:
            banned[layer.name] = names
    return FrozenMapping(banned)

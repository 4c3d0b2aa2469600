"""What is exported, and what several targets cannot take: asked before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from puzzle_widgets.errors import ExportError, ProblemError
from puzzle_widgets.export.blocks import LINEAR_IN_PUZZLETRON, extras, is_linear, known, lost
from puzzle_widgets.export.findings import Finding, blocks_found
from puzzle_widgets.export.parent_config import NO_PARENT, ParentConfig, check_fit
from puzzle_widgets.library import BlockLibrary, BlockVariant
from puzzle_widgets.library.model import once_per_library
from puzzle_widgets.library.order import layer_numbers, missing_words
from puzzle_widgets.solution import Scenario, Solution
from puzzle_widgets.solution.across import check_matching
from puzzle_widgets.solution.solution import STATUS_WORDS
from puzzle_widgets.sweeps import ParetoFront

Given = Solution | Scenario | Sequence[Solution | Scenario]
UNKNOWN = (
    "neither the variant's name nor its file says what block it is. Give KV heads and FFN "
    "intermediate size in the library."
)
_UNNUMBERED = (
    "The names of the layers carry no numbers: the order of the library is assumed to be that of "
    "the network. Check it."
)


@dataclass(frozen=True)
class ExportRequest:
    """What is to be written: architectures, and what some targets need or take besides."""

    scenarios: Sequence[Scenario]
    parent: ParentConfig | None = None
    front: ParetoFront | None = None


@dataclass(frozen=True)
class ExportContext:
    """What is checked: an architecture, and its parent's configuration if known."""

    solution: Solution
    parent: ParentConfig | None = None


Check = Callable[[ExportContext], list[Finding]]


def as_scenarios(given: Given) -> list[Scenario]:
    """Give scenarios; solutions are named ``"solution"``, or by their place where several are."""
    if isinstance(given, Solution | Scenario):
        return [_named(given, "solution")]
    if not isinstance(given, Iterable):
        _refuse(given)
    several = list(given)
    stem = "solution {}" if len(several) > 1 else "solution"
    return [_named(one, stem.format(place)) for place, one in enumerate(several, 1)]


def _named(one: object, name: str) -> Scenario:
    if isinstance(one, Solution):
        return Scenario(name, one)
    return one if isinstance(one, Scenario) else _refuse(one)


def _refuse(given: object) -> NoReturn:
    raise ExportError(
        f"{type(given).__name__} cannot be exported. Give a Solution, a Scenario, or a list "
        "of either."
    )


_INVENTED = {
    "modeled": "figures are modeled",
    "scores modeled": "scores are modeled",
    "generated": "figures are generated",
}
"""What was never measured, by origin."""


def require_one_parent(scenarios: Sequence[Scenario]) -> None:
    """Refuse to compare scenarios whose libraries' layers do not match."""
    try:
        check_matching(scenarios)
    except ProblemError as error:
        raise ExportError(f"Scenario {error}") from error


def check_figures(context: ExportContext) -> list[Finding]:
    """Say what is not proven, and what was never measured."""
    solution, found = context.solution, []
    if solution.status != "optimal" and solution.engine != "parent":
        words = f"The architecture is {STATUS_WORDS[solution.status]}; gap {solution.gap_text}."
        found.append(Finding("warning", words))
    origin = solution.library.provenance.origin
    if origin in _INVENTED:
        said = _INVENTED[origin]
        words = f"The library's {said}, not measured: check before you rely on them."
        found.append(Finding("note", words))
    return found


def check_known_blocks(context: ExportContext) -> list[Finding]:
    """Refuse blocks that too little is known of, or that have more than this form can say."""
    beyond = sorted({name for block in context.solution.blocks for name in lost(block)})
    more = f"it has {', '.join(beyond)}, which this format cannot express; or " if beyond else ""
    return blocks_found(
        context.solution,
        _unknown,
        f"{more}{UNKNOWN}",
        "no blocks of unknown kind",
    )


def check_sized_blocks(context: ExportContext) -> list[Finding]:
    """Refuse blocks that have more than kind and size of attention and FFN."""
    found = check_known_blocks(context)
    beyond = sorted({name for block in context.solution.blocks for name in extras(block)})
    words = f"this format cannot express {', '.join(beyond)}. Export as AnyModel instead."
    return found + blocks_found(
        context.solution,
        _with_extras,
        words,
        "attention and FFN by kind and size only",
    )


def check_parent(context: ExportContext) -> list[Finding]:
    """Refuse a missing parent's configuration, one of a child, and one of another model."""
    parent = context.parent
    if parent is None:
        return [Finding("error", NO_PARENT)]
    found = check_fit(parent, context.solution.library)
    if any(one.severity == "error" for one in found):
        return found
    return [*found, *_check_heads(context, parent), *_warn_of_quantization(parent)]


def check_no_linear(context: ExportContext) -> list[Finding]:
    """Refuse linear subblocks."""
    return blocks_found(
        context.solution,
        _linear,
        "this target has no linear blocks.",
        "no linear blocks",
    )


def check_no_linear_in_puzzletron(context: ExportContext) -> list[Finding]:
    """Refuse linear subblocks, at which NVIDIA's own block configuration stops."""
    return blocks_found(
        context.solution,
        _linear,
        LINEAR_IN_PUZZLETRON,
        "no linear blocks",
    )


def check_layer_order(context: ExportContext) -> list[Finding]:
    """Warn where nothing tells the order of layers; refuse missing ones, and another order."""
    return [*layer_order_findings(context.solution.library)]


@once_per_library
def layer_order_findings(library: BlockLibrary) -> tuple[Finding, ...]:
    """Check a library's order, as :func:`check_layer_order` does for a solution's."""
    numbers = layer_numbers([layer.name for layer in library.layers])
    if numbers is None:
        return (Finding("warning", _UNNUMBERED),)
    if missing := missing_words(numbers):
        words = f"The library is without {missing}: blocks would be in the wrong layers."
        return (Finding("error", words),)
    if list(numbers) != sorted(numbers):
        words = "The layers of the library are not in the order of their numbers. Sort them."
        return (Finding("error", words),)
    return ()


def _check_heads(context: ExportContext, parent: ParentConfig) -> list[Finding]:
    return blocks_found(
        context.solution,
        _not_dividing,
        f"its KV heads do not divide the parent's {parent.heads} attention heads. Is this the "
        "library's own parent?",
        "KV heads that divide the attention heads",
        given=(parent.heads,),
    )


def _unknown(block: BlockVariant, _: int) -> bool:
    return not known(block)


def _with_extras(block: BlockVariant, _: int) -> bool:
    return known(block) and bool(extras(block))


def _linear(block: BlockVariant, _: int) -> bool:
    return is_linear(block)


def _not_dividing(block: BlockVariant, _: int, heads: int) -> bool:
    return bool(block.attention.size) and heads % (block.attention.size or 1) > 0


def _warn_of_quantization(parent: ParentConfig) -> list[Finding]:
    if not parent.content.get("quantization_config"):
        return []
    words = (
        f"{parent.source} says how its weights are quantized (quantization_config), and so does "
        "the file: quantize the new weights the same way, or take the field out."
    )
    return [Finding("warning", words)]

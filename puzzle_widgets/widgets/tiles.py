"""The figures of an answer, a tile each: what it comes to, against the parent and a reference."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from markupsafe import Markup

from puzzle_widgets.library.quantity import (
    KV_HEADS,
    MEMORY,
    NO_RUNTIME,
    PARAMETERS,
    RUNTIME,
    THROUGHPUT,
    format_brief,
    format_exact,
    format_share,
)
from puzzle_widgets.solution import Scenario, Solution
from puzzle_widgets.solution.across import SPEEDUP, FigureChange, change_of
from puzzle_widgets.widgets.budgets.amounts import amount
from puzzle_widgets.widgets.html import render

_COUNTS = (MEMORY, RUNTIME, PARAMETERS, KV_HEADS)
_MOST_OTHERS = 4
_LONGEST_NAME, _SHORT_NAME = 18, 8
_REFERENCE = "ref."  # the legends of the charts have its name in full
_MINUS = "\N{MINUS SIGN}"
_TILES = """
<dl class='pw-tiles'>{% for tile in tiles -%}
<div class='pw-tile'><dt>{{ tile.label }}</dt><dd title='{{ tile.exact }}'>
{#- -#}<b{% if tile.odd %} class='pw-warn'{% endif %}>{{ tile.number }}
{%- if tile.unit %} <small>{{ tile.unit }}</small>{% endif %}</b>
{#- -#}{% if tile.against %}<span class='pw-quiet'>{{ tile.against }}</span>{% endif %}
{%- if tile.versus %}<span class='pw-versus' title='{{ name }}'>{{ tile.versus }}</span>{% endif -%}
</dd></div>
{%- endfor %}</dl>
"""


@dataclass(frozen=True)
class Tile:
    """One figure of an answer.

    Parameters
    ----------
    label
        What it is.
    number, unit
        How much of it, for reading.
    exact
        The same in full, to point at.
    against
        How that stands to the parent's.
    versus
        How it stands to the reference's; empty without one.
    odd
        Whether the number is a warning.
    """

    label: str
    number: str
    unit: str
    exact: str
    against: str
    versus: str = ""
    odd: bool = False


def tiles(solution: Solution, reference: Scenario | None = None, *, brief: bool = False) -> Markup:
    """Set score, costs, throughput and speedup over the parent's.

    Parameters
    ----------
    solution
        With an architecture.
    reference
        The scenario that each figure is set against as well, if there is one.
    brief
        Whether to leave out what a narrow tile has no room for: the parent's own amounts, and
        with a reference the parent.
    """
    if reference is None:
        found, name = tiles_of(solution), ""
    else:
        name = reference.name
        called = _cut(name, _LONGEST_NAME)
        if brief and len(name) > _SHORT_NAME:
            called = _REFERENCE
        found = tiles_of(solution, replace(reference, name=called))
    if brief:
        found = [_brief(solution, tile) for tile in found]
    return render(_TILES, tiles=found, name=name)


def _cut(name: str, most: int) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}\u2026"


def _brief(solution: Solution, tile: Tile) -> Tile:
    share, is_share, _ = tile.against.partition(" % of ")
    against = tile.against.replace("against the", "vs")
    if is_share:
        against = f"{share} % of parent"
    elif tile.label == "Throughput" and solution.speedup is not None and not tile.odd:
        against = f"{format_share(solution.speedup)} of parent"
    if tile.versus:
        against = ""  # so that a strip of tiles is as high as without a reference
    return replace(tile, label=tile.label.removesuffix(", summed"), against=against)


def tiles_of(solution: Solution, reference: Scenario | None = None) -> list[Tile]:
    """The tiles, in their order."""
    costs = [_cost_tile(solution, key, reference) for key in _cost_keys(solution)]
    speed = _speed_tiles(solution, reference)
    return [_score_tile(solution, reference), *costs[:2], *speed, *costs[2:]]


def difference_words(text: str, change: float, name: str) -> str:
    """Say by how much a figure differs from a reference's, such as ``"+3.14 vs A"``.

    Parameters
    ----------
    text
        The size of the change, for reading.
    change
        The change itself; nothing is said of one that is not finite.
    name
        The reference's name.
    """
    if not math.isfinite(change):
        return ""
    if change == 0:
        return f"same as {name}"
    return f"{'+' if change > 0 else _MINUS}{text} vs {name}"


def score_words(solution: Solution, value: float) -> str:
    """Write a value of the objective for reading, with its unit."""
    key, library = solution.problem.objective, solution.library
    if key not in library.scores:
        return amount(library, key, value)
    return f"{format_brief(value)} {library.quantity(key).unit}".rstrip()


def _score_tile(solution: Solution, reference: Scenario | None) -> Tile:
    key, library = solution.problem.objective, solution.library
    parent = library.parent_totals[key]
    change = solution.score - parent
    against = f"parent {score_words(solution, parent)}"
    if parent:
        sign = "+" if change >= 0 else _MINUS
        against = f"{sign}{score_words(solution, abs(change))} against the {against}"
    label = f"{library.quantity(key).label}, summed"
    tile = _tile(solution, label, score_words(solution, solution.score), key, against)
    if reference is None:
        return tile
    against_it = change_of(reference.solution, solution, key)
    text = partial(score_words, solution)
    return replace(tile, versus=_versus(against_it, reference.name, text))


def _tile(solution: Solution, label: str, text: str, key: str, against: str) -> Tile:
    number, _, unit = text.partition(" ")
    own = f"{format_exact(solution.totals[key])} {solution.library.quantity(key).unit}"
    return Tile(label, number, unit, own.rstrip(), against)


def _cost_keys(solution: Solution) -> Sequence[str]:
    library, objective = solution.library, solution.problem.objective
    keys = [key for key in _COUNTS if key in library.keys] or list(library.costs[:_MOST_OTHERS])
    keys += [key for key in solution.problem.budgets if key not in keys]
    return [key for key in keys if key != objective]


def _cost_tile(solution: Solution, key: str, reference: Scenario | None) -> Tile:
    library, total = solution.library, solution.totals[key]
    parent = amount(library, key, library.parent_totals[key])
    share = solution.shares.get(key)
    against = f"parent {parent}" if share is None else f"{format_share(share)} of {parent}"
    tile = _tile(solution, library.quantity(key).label, amount(library, key, total), key, against)
    if reference is None:
        return tile
    change = change_of(reference.solution, solution, key)
    return replace(tile, versus=_versus(change, reference.name, partial(amount, library, key)))


def _speed_tiles(solution: Solution, reference: Scenario | None) -> list[Tile]:
    """Throughput and speedup; of an answer that takes no time, words instead."""
    if solution.speedup is None:
        return []
    if math.isinf(solution.speedup):
        words = "Throughput" if solution.throughput is not None else "Speedup"
        return [Tile(words, NO_RUNTIME, "", "", "a sum of 0 ms has no throughput", odd=True)]
    return [*_throughput_tiles(solution, reference), _speedup_tile(solution, reference)]


def _throughput_tiles(solution: Solution, reference: Scenario | None) -> list[Tile]:
    library, speed = solution.library, solution.throughput
    parent = library.throughput(library.parent_totals.get(RUNTIME, 0.0))
    if speed is None or parent is None:
        return []
    number, _, unit = amount(library, THROUGHPUT, speed).partition(" ")
    against = f"parent {amount(library, THROUGHPUT, parent)}"
    tile = Tile("Throughput", number, unit, f"{format_exact(speed)} {unit}", against)
    if reference is None:
        return [tile]
    change = change_of(reference.solution, solution, THROUGHPUT)
    words = _versus(change, reference.name, partial(amount, library, THROUGHPUT))
    return [replace(tile, versus=words)]


def _speedup_tile(solution: Solution, reference: Scenario | None) -> Tile:
    speed = solution.speedup or 0.0
    exact = f"{format_exact(speed)} x"
    tile = Tile("Speedup", f"{speed:,.2f}", "x", exact, "against the parent")
    if reference is None:
        return tile
    change = change_of(reference.solution, solution, SPEEDUP)
    return replace(tile, versus=_versus(change, reference.name, _speedup_size))


def _speedup_size(size: float) -> str:
    return f"{size:,.2f}" if size >= 0.01 else format_brief(size)


def _versus(change: FigureChange, name: str, text: Callable[[float], str]) -> str:
    """Say a difference without its unit, or that a reference of another library has none."""
    if change.ground.obstacle:
        return f"not comparable with {name}"
    if change.difference is None:
        return ""
    size = text(abs(change.difference)).partition(" ")[0]
    return difference_words(size, change.difference, name)

"""What a column's heading means: ``memory (GiB)``, ``metrics.kl_div`` and ``score: MMLU`` alike."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from puzzle_widgets.library.checks import Location, short_repr
from puzzle_widgets.library.model import Part
from puzzle_widgets.library.quantity import (
    COST_GROUP,
    MEMORY,
    PARAMETERS,
    RUNTIME,
    SCORE_GROUP,
    conversion,
    is_unit,
    parted,
)

NON_BLOCK = "non-block costs"
NON_BLOCK_NAMES = {NON_BLOCK, "non-block"}
NEEDED = ("layer", "variant", "parent")
HALVES: tuple[Part, ...] = ("attention", "ffn")
BLOCK = ("weight_paths", "block_config")
WORKLOAD = ("batch_size", "sequence_length", "gpu", "dtype")
FACTS = ("library", *WORKLOAD, "origin", "source", "note", "parent_config")
GROUPS = (SCORE_GROUP, COST_GROUP)

_KEYS = {
    "memory": MEMORY,
    "kv cache": "stats.kv_cache_memory_mib",
    "runtime": RUNTIME,
    "latency": RUNTIME,
    "parameters": PARAMETERS,
    "kl": "metrics.kl_div",
    "kl divergence": "metrics.kl_div",
    "lm loss": "metrics.lm_loss",
}
_NAMES = {name.replace("_", " "): name for name in (*NEEDED, *HALVES, *BLOCK, *FACTS)}
_NAMES |= {**_KEYS, "comment": ""}
_NO_UNIT = "[]"
_OWN_GROUP = re.compile(r"(score|cost)\s*:\s*(.+)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class ColumnSpec:
    """What a column holds.

    Parameters
    ----------
    name
        ``layer``, ``variant``, ``parent``, one of ``HALVES``, ``BLOCK`` or ``FACTS``, or a
        dotted key; ``""`` for remarks, which are not read.
    unit
        Unit of a dotted key where the heading says one.
    """

    name: str
    unit: str | None = None


def read_heading(heading: str, place: Location, *, literal: bool = False) -> ColumnSpec:
    """Find what a column's heading means.

    Where ``literal``, a dotted key is taken as is, without a unit in brackets behind it.
    """
    if not literal and parted(heading.strip())[0] in _KEYS.values():
        heading = heading.strip()  # a blank beside a usual key is no part of its name
    if heading.startswith(GROUPS):
        return ColumnSpec(heading) if literal else _dotted(heading, place)
    words, unit = parted(heading.strip())
    name = _NAMES.get(_plain(words))
    if name is not None:
        return _with_unit(name, unit, place)
    if match := _OWN_GROUP.fullmatch(heading.strip()):
        return _own(match[1], match[2])
    place.fail("neither a score nor a cost that is recognized.", _fix_of(heading.strip()))


def is_known(heading: str) -> bool:
    """Whether a heading says something here, whatever its unit."""
    return heading.strip().startswith(GROUPS) or _plain(parted(heading.strip())[0]) in _NAMES


def needed_in(headings: Iterable[str], needed: Iterable[str] = NEEDED) -> int:
    """How many of the columns that every table has are among these headings."""
    return len({_plain(heading) for heading in headings}.intersection(needed))


def write_heading(key: str, unit: str | None) -> str:
    """Give the heading of a dotted key's column: its own unit is in brackets."""
    if unit is not None:
        return f"{key} ({unit})"
    return f"{key} {_NO_UNIT}" if key.endswith((")", "]")) else key


def _dotted(heading: str, place: Location) -> ColumnSpec:
    key, unit = parted(heading)
    if key == heading or heading.endswith(_NO_UNIT):
        return ColumnSpec(key)
    return _with_unit(key, unit, place) if unit else ColumnSpec(key, unit)


def _with_unit(name: str, unit: str, place: Location) -> ColumnSpec:
    if not unit or not name.startswith(GROUPS):
        return ColumnSpec(name)
    conversion(name, unit, place)  # what cannot be true is refused here, by its column
    return ColumnSpec(name, unit)


def _own(group: str, words: str) -> ColumnSpec:
    name, unit = parted(words)
    prefix = SCORE_GROUP if group.lower() == "score" else COST_GROUP
    letters = "".join(letter if letter.isalnum() else " " for letter in name.lower())
    return ColumnSpec(prefix + "_".join(letters.split()), unit or None)


def _fix_of(heading: str) -> str:
    """Say how a heading is written; one of several workloads or batch sizes has ways of its own."""
    plain = _plain(parted(heading)[0])
    known = next((word for word in _KEYS if plain.startswith(f"{word} ")), "")
    rest = plain.removeprefix(known).strip()
    if known and is_unit(rest):
        return f"Write the unit in brackets: {short_repr(f'{known} ({rest})')}."
    fix = (
        f"Write {short_repr(f'score: {heading}')} or {short_repr(f'cost: {heading}')}, "
        "metrics.… or stats.…; or 'comment' if it is neither."
    )
    if not known:
        return fix
    workload = f"{_KEYS[known]}@{rest.replace(' ', '_')}"
    return (
        f"{fix} Of several workloads, write {short_repr(workload)}; of several batch sizes, one "
        "row for each, with a column 'batch size'."
    )


def _plain(words: str) -> str:
    return " ".join(words.lower().replace("_", " ").split())

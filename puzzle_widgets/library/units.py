"""Units: what a key's name says of them, and figures converted where another unit was given."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from puzzle_widgets.library.checks import Location, short_repr
from puzzle_widgets.library.quantity import unit_of_key

BYTES = {
    "B": 2.0**-20,
    "bytes": 2.0**-20,
    "KiB": 2.0**-10,
    "MiB": 1.0,
    "GiB": 2.0**10,
    "TiB": 2.0**20,
    "kB": 1e3 / 2**20,
    "MB": 1e6 / 2**20,
    "GB": 1e9 / 2**20,
    "TB": 1e12 / 2**20,
}
TIMES = {
    "ns": 1e-6,
    "us": 1e-3,
    "µs": 1e-3,
    "\N{GREEK SMALL LETTER MU}s": 1e-3,
    "ms": 1.0,
    "s": 1e3,
    "sec": 1e3,
    "seconds": 1e3,
}
COUNTS = {"k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12, "million": 1e6, "billion": 1e9}
_COUNTED = re.compile(r"(?:^|[._])(?:params|parameters)(?:@.*)?$")


def conversion(key: str, unit: str, place: Location) -> float | None:
    """Factor from a unit that is given to the one that a key's name says.

    Parameters
    ----------
    key
        Such as ``stats.runtime_ms``.
    unit
        As given beside the name.
    place
        For messages.

    Returns
    -------
    float or None
        ``None`` where the name says no unit, so that the one given holds.

    Raises
    ------
    LibraryError
        If the two cannot both be true.

    Examples
    --------
    >>> conversion("stats.runtime_ms", "s", Location("x.csv"))
    1000.0
    >>> conversion("stats.energy", "J", Location("x.csv"))
    """
    own = unit_of_key(key)
    if not own:
        return _factor(unit, COUNTS) if _COUNTED.search(key) else None
    known = BYTES if own in BYTES else TIMES
    given, mine = _factor(unit, known), _factor(own, known)
    if given is None or mine is None:
        place.fail(
            f"the unit {short_repr(unit)} is not known here, and the name {key} says {own}.",
            f"Use one of {', '.join(known)}.",
        )
    return given / mine


def is_unit(word: str) -> bool:
    """Whether a word is a unit that is converted."""
    return any(_factor(word, known) for known in (BYTES, TIMES, COUNTS))


def parted(text: str) -> tuple[str, str]:
    """Part a key or a heading from what stands in brackets at its end, ``""`` without any.

    Examples
    --------
    >>> parted("stats.runtime_ms (s)")
    ('stats.runtime_ms', 's')
    """
    if not text.endswith((")", "]")):
        return text, ""
    depth, opening, closing = 0, {")": "(", "]": "["}[text[-1]], text[-1]
    for place in range(len(text) - 1, 0, -1):
        depth += (text[place] == closing) - (text[place] == opening)
        if depth == 0:
            return text[:place].removesuffix(" "), text[place + 1 : -1]
    return text, ""


@dataclass(frozen=True)
class Settled:
    """One key as its figures count: its name, the factor to it, and the unit that it keeps."""

    key: str
    factor: float = 1.0
    unit: str | None = None
    note: str = ""


def settle(key: str, unit: str | None, place: Location) -> Settled:
    """Bring together what a key's name, brackets behind it and a unit beside it say."""
    here = place.at(field=key)
    base, bracket = parted(key)
    if not bracket or conversion(base, bracket, here) is None:
        base, bracket = key, ""
    given = [word for word in (bracket, unit) if word]
    factors = {conversion(base, word, here) for word in given} - {None}
    if len(factors) > 1:
        here.fail(f"two units are given, {' and '.join(given)}.", "Give one.")
    own, factor = unit_of_key(base), next(iter(factors), None)
    settled = bool(own or factor) and unit != own
    words = f"{base}: figures in {' or '.join(given)} were converted to {own or 'plain numbers'}."
    note = words if factor not in (None, 1.0) else ""
    return Settled(base, factor or 1.0, None if settled else unit, note)


def settle_all(
    keys: Sequence[str], units: Mapping[str, str], place: Location
) -> tuple[dict[str, Settled], dict[str, str]]:
    """Settle every key of a library; also gives the units to keep, foreign keys' as they are."""
    found = {key: settle(key, units.get(key), place) for key in keys}
    names = [settled.key for settled in found.values()]
    for key, settled in found.items():
        if names.count(settled.key) > 1:
            place.at(field=key).fail(f"given twice, also as {settled.key}.", "Keep one.")
    kept = {key: unit for key, unit in units.items() if key not in found}
    return found, kept | {s.key: s.unit for s in found.values() if s.unit is not None}


def converted(values: Mapping[str, float], settled: Mapping[str, Settled]) -> dict[str, float]:
    """Figures under the settled keys."""
    found = {key: settled.get(key, Settled(key)) for key in values}
    return {found[key].key: value * found[key].factor for key, value in values.items()}


def _factor(unit: str, known: Mapping[str, float]) -> float | None:
    """Factor of a unit; any case will do but that of bits, such as Mb."""
    word = unit.strip()
    if word in known:
        return known[word]
    if not (word.islower() or word.isupper()):
        return None
    return next((factor for name, factor in known.items() if name.lower() == word.lower()), None)

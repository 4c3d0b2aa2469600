"""Quantities: the dotted keys of a library, their labels and units, and figures in words."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from puzzle_widgets.library.checks import Location, short_repr

SCORE_GROUP = "metrics."
COST_GROUP = "stats."
MEMORY = "stats.memory_mib"
RUNTIME = "stats.runtime_ms"
PARAMETERS = "stats.num_params"
KV_HEADS = "stats.num_kv_heads"
FFN_SIZE = "stats.ffn_intermediate_size"
THROUGHPUT = "throughput"
NO_RUNTIME = "no runtime left"
"""Said in place of an infinite throughput."""

_UNIT_SUFFIXES = {
    "_bytes": "B",
    "_kib": "KiB",
    "_mib": "MiB",
    "_gib": "GiB",
    "_tib": "TiB",
    "_mb": "MB",
    "_gb": "GB",
    "_ns": "ns",
    "_us": "µs",
    "_ms": "ms",
    "_s": "s",
    "_seconds": "s",
}
_LABELS = {
    MEMORY: "Memory",
    RUNTIME: "Runtime",
    PARAMETERS: "Parameters",
    KV_HEADS: "KV heads",
    FFN_SIZE: "FFN intermediate size",
    THROUGHPUT: "Throughput",
    "metrics.kl_div": "KL divergence",
    "metrics.lm_loss": "LM loss",
}
# Costs of one workload among several are named "stats.runtime_ms@chat".
_WORKLOAD = "@"
_BATCH = re.compile(r"batch(?:[ _]size)?[ _](\d{1,9})")
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
BIG_COUNTS = ((1e9, "billion"), (1e6, "million"))
_SUBBLOCKS = (f"{COST_GROUP}attention_", f"{COST_GROUP}ffn_")
COUNTS = {"k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12, "million": 1e6, "billion": 1e9}
_COUNTED = re.compile(r"(?:^|[._])(?:params|parameters)(?:@.*)?$")


def limited_key(resource: str) -> str:
    """Key of the sum that a limit on a resource applies to: the runtime for throughput."""
    return RUNTIME if resource == THROUGHPUT else resource


@dataclass(frozen=True)
class Quantity:
    """What a dotted key means to a reader: its label and its unit (``""`` for a pure number)."""

    key: str
    label: str
    unit: str

    @property
    def title(self) -> str:
        """Label with the unit behind it, as on an axis."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    @property
    def is_whole(self) -> bool:
        """Whether a column is of whole blocks at the library's own workload.

        A cost of one subblock, or at another batch size, is a part or a copy of one.

        Examples
        --------
        >>> keys = "stats.runtime_ms", "stats.runtime_ms@batch 8", "stats.ffn_runtime_ms"
        >>> [describe_key(key).is_whole for key in keys]
        [True, False, False]
        """
        return self.batch is None and not self.key.startswith(_SUBBLOCKS)

    @property
    def batch(self) -> int | None:
        """Batch size of a column that holds a cost at another one; ``None`` for any other key.

        Examples
        --------
        >>> describe_key("stats.runtime_ms@batch 8").batch, describe_key("stats.runtime_ms").batch
        (8, None)
        """
        base, _, workload = self.key.partition(_WORKLOAD)
        match = _BATCH.fullmatch(workload) if base.startswith(COST_GROUP) else None
        return int(match[1]) if match else None

    def text(self, value: float) -> str:
        """Write a value of this quantity with its unit."""
        if self.key == THROUGHPUT and math.isinf(value):
            return NO_RUNTIME
        if _COUNTED.search(self.key) and not self.unit:
            return format_count(value)
        return f"{format_number(value)} {self.unit}".rstrip()

    def limit(self, sense: str, value: float) -> str:
        """Say a limit, ``"at most"`` or ``"at least"``, such as ``"Memory ≤ 80,000 MiB"``."""
        return f"{self.label} {'≥' if sense == 'at least' else '≤'} {self.text(value)}"


@lru_cache(maxsize=4096)
def describe_key(key: str, unit: str | None = None) -> Quantity:
    """Find label and unit of a dotted key; ``unit`` overrides the one that its suffix tells."""
    base, _, workload = key.partition(_WORKLOAD)
    found = ("tokens/s" if key == THROUGHPUT else unit_of_key(base)) if unit is None else unit
    label = _LABELS.get(base) or _plain_label(base)
    return Quantity(key, f"{label}, {workload}" if workload else label, found)


def whole_costs(costs: Sequence[str]) -> tuple[str, ...]:
    """Those of some costs that are of whole blocks at one workload; all, where none is.

    Examples
    --------
    >>> whole_costs(["stats.memory_mib", "stats.ffn_memory_mib", "stats.runtime_ms@batch 8"])
    ('stats.memory_mib',)
    """
    return tuple(key for key in costs if describe_key(key).is_whole) or tuple(costs)


def format_number(value: float) -> str:
    """Write a number for reading: thousands separated, small ones with four digits."""
    if not math.isfinite(value):
        return "unknown" if math.isnan(value) else ("∞" if value > 0 else "-∞")
    if value == 0 or abs(value) >= 1000 or (abs(value) >= 100 and value == round(value)):
        return f"{value:,.0f}"
    if value == round(value):
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.4g}"


def format_count(value: float) -> str:
    """Write a count for reading, a big one in words.

    Examples
    --------
    >>> format_count(64_442_597_376), format_count(2_400_000), format_count(4_096)
    ('64.44 billion', '2.4 million', '4,096')
    """
    for size, word in BIG_COUNTS:
        if size <= abs(value) < math.inf:
            return f"{format_number(value / size)} {word}"
    return format_number(value)


def format_brief(value: float) -> str:
    """Write a number at a glance: three digits, or whole thousands separated.

    Examples
    --------
    >>> format_brief(7.533610), format_brief(6.7), format_brief(0.04), format_brief(84_961.2)
    ('7.53', '6.70', '0.04', '84,961')
    """
    if not math.isfinite(value) or abs(value) >= 999.5 or value == round(value):
        return format_number(value)
    return f"{value:#.3g}".rstrip(".") if abs(value) >= 1 else f"{value:.3g}"


def format_exact(value: float) -> str:
    """Write a number in full, but for the last bits of a sum.

    Examples
    --------
    >>> format_exact(7.533610), format_exact(84_960.9375), format_exact(0.1 + 0.2)
    ('7.53361', '84,960.9375', '0.3')
    """
    return f"{value:,.12g}" if math.isfinite(value) else format_number(value)


def format_score(value: float) -> str:
    """Write a score: to six decimals, so that close ones differ; small ones in full."""
    size = abs(value)
    if not math.isfinite(value) or value == 0:
        return format_number(value)
    if size >= 1e4:
        return f"{value:,.2f}"
    return f"{value:,.6f}" if size >= 1e-3 else f"{value:.7g}"


def format_figure(key: str, value: float) -> str:
    """Write a value of a dotted key: a score or a cost."""
    return format_score(value) if key.startswith(SCORE_GROUP) else format_number(value)


def format_share(share: float) -> str:
    """Write a share in percent, to a tenth where that says more, and never as 0 if it is not."""
    percent = 100 * share
    if not math.isfinite(percent):
        return format_number(percent)
    if percent and abs(percent) < 0.05:
        return f"{percent:.2g} %"
    return f"{percent:,.0f} %" if abs(percent) >= 1000 else f"{round(percent, 1):g} %"


def unit_of_key(key: str) -> str:
    """Unit that a key's ending says; ``tokens_per_s`` and the like are rates, and say none."""
    return _UNIT_SUFFIXES.get(_unit_suffix(key.partition(_WORKLOAD)[0]), "")


def _unit_suffix(base: str) -> str:
    found = next((end for end in _UNIT_SUFFIXES if base.endswith(end)), "")
    return "" if base.removesuffix(found).endswith("_per") else found


def _plain_label(key: str) -> str:
    words = key.removesuffix(_unit_suffix(key)).split(".", 1)[-1]
    words = " ".join(words.replace("_", " ").split()).removeprefix("num ")
    words = words.replace(" num params", " parameters").replace(" num ", " ")
    words = words.replace("ffn", "FFN").replace("kv ", "KV ").replace("kl ", "KL ")
    return words[:1].upper() + words[1:] or key


def conversion(key: str, unit: str, place: Location) -> float | None:
    """Factor from a unit that is given to the one that a key's name says; ``None`` without one.

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
            f"the unit {short_repr(unit)} is not supported, and the name {key} says {own}.",
            f"Use one of {', '.join(known)}.",
        )
    return given / mine


def is_unit(word: str) -> bool:
    """Whether a word is a unit that is converted."""
    return any(_factor(word, known) for known in (BYTES, TIMES, COUNTS))


def parted(text: str) -> tuple[str, str]:
    """Split a key or a heading from the brackets at its end, ``""`` without any.

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
    """Settle every key of a library; also gives the units to keep, unknown keys' unchanged."""
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

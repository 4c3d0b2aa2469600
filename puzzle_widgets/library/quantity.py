"""Words and units for the dotted keys of a library: ``stats.memory_mib`` is memory in MiB."""

from __future__ import annotations

import math
from dataclasses import dataclass

SCORE_GROUP = "metrics."
COST_GROUP = "stats."
MEMORY = "stats.memory_mib"
RUNTIME = "stats.runtime_ms"
PARAMETERS = "stats.num_params"
KV_HEADS = "stats.num_kv_heads"
FFN_SIZE = "stats.ffn_intermediate_size"
THROUGHPUT = "throughput"

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


def limited_key(resource: str) -> str:
    """Key of the sum that a limit on a resource bears on: the runtime for throughput."""
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

    def text(self, value: float) -> str:
        """Write a value of this quantity with its unit."""
        return f"{format_number(value)} {self.unit}".rstrip()


def describe_key(key: str, unit: str | None = None) -> Quantity:
    """Find label and unit of a dotted key; ``unit`` overrides the one that its suffix tells."""
    base, _, workload = key.partition(_WORKLOAD)
    found = ("tokens/s" if key == THROUGHPUT else unit_of_key(base)) if unit is None else unit
    label = _LABELS.get(base) or _plain_label(base)
    return Quantity(key, f"{label}, {workload}" if workload else label, found)


def format_number(value: float) -> str:
    """Write a number for reading: thousands separated, small ones with four digits."""
    if not math.isfinite(value):
        return "unknown" if math.isnan(value) else ("∞" if value > 0 else "-∞")
    if value == 0 or abs(value) >= 1000 or (abs(value) >= 100 and value == round(value)):
        return f"{value:,.0f}"
    if value == round(value):
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 100 else f"{value:.4g}"


def format_score(value: float) -> str:
    """Write a score: to six decimals, so that close ones can be told apart; small ones in full."""
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
    words = words.replace("ffn", "FFN").replace("kv ", "KV ").replace("kl ", "KL ")
    return words[:1].upper() + words[1:] or key

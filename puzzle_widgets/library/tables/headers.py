"""What a column's heading means: ``KV heads``, ``memory (GiB)`` and ``metrics.kl_div`` alike."""

from __future__ import annotations

import re
from dataclasses import dataclass

from puzzle_widgets.library.block import Part
from puzzle_widgets.library.checks import Place, shown
from puzzle_widgets.library.quantity import (
    COST_GROUP,
    MEMORY,
    PARAMETERS,
    RUNTIME,
    SCORE_GROUP,
)

NEEDED = ("layer", "variant", "parent")
HALVES: tuple[Part, ...] = ("attention", "ffn")
BLOCK = ("weight_paths", "block_config")
FACTS = (
    *("library", "batch_size", "sequence_length", "gpu", "dtype", "origin", "source", "note"),
    "parent_config",
)
GROUPS = (SCORE_GROUP, COST_GROUP)

_KV_CACHE, _ACTIVE = "stats.kv_cache_memory_mib", "stats.active_params"
_WORDS: dict[str, str] = {
    "layer": "layer index, layer number, layer name, layer id, block index, block number",
    "variant": "block, block variant, variant name, alternative, name",
    "parent": "is parent, teacher, is teacher, original, parent block",
    "attention": "kv heads, num kv heads, number of kv heads, key value heads, num key value heads",
    "ffn": "ffn size, ffn width, intermediate size, ffn intermediate size, mlp, mlp size",
    "library": "library name, model, title",
    "batch_size": "batch, sequences",
    "sequence_length": "seq len, seq length, tokens a sequence, context length",
    "gpu": "device, hardware",
    "dtype": "number format, precision, data type",
    "origin": "figures, measured or modelled",
    "source": "",
    "note": "notes",
    "parent_config": "",
    "weight_paths": "",
    "block_config": "",
    "": "comment, comments, remark, remarks",
    MEMORY: "memory, mem, vram, gpu memory",
    RUNTIME: "runtime, run time, latency, time",
    PARAMETERS: "parameters, params, num params, number of parameters, parameter count",
    _KV_CACHE: "kv cache, kv cache memory",
    _ACTIVE: "active parameters, active params, num active params",
    "metrics.kl_div": "kl divergence, kl div, kl, kld, kl loss",
    "metrics.lm_loss": "lm loss, loss, language modelling loss, language modeling loss",
    "metrics.cosine_embedding_loss_hidden_states": "cosine loss, cosine embedding loss",
    "metrics.token_accuracy_top_1": "accuracy, token accuracy, top 1 accuracy",
}
_BYTES = {
    "mib": 1.0,
    "gib": 1024.0,
    "kib": 2.0**-10,
    "byte": 2.0**-20,
    "bytes": 2.0**-20,
    "b": 2.0**-20,
    "mb": 1e6 / 2**20,
    "gb": 1e9 / 2**20,
}
_TIMES = {"ms": 1.0, "s": 1e3, "sec": 1e3, "seconds": 1e3, "us": 1e-3, "µs": 1e-3, "μs": 1e-3}
_COUNTS = {"k": 1e3, "m": 1e6, "b": 1e9, "million": 1e6, "millions": 1e6, "billions": 1e9}
_FACTORS = {MEMORY: _BYTES, _KV_CACHE: _BYTES, RUNTIME: _TIMES, PARAMETERS: _COUNTS}
_FACTORS[_ACTIVE] = _COUNTS
_NO_UNIT = "[]"
_OWN_GROUP = re.compile(r"(score|metric|cost|stat)\s*:\s*(.+)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Meaning:
    """What a column holds.

    Parameters
    ----------
    name
        ``layer``, ``variant``, ``parent``, one of ``HALVES``, ``BLOCK`` or ``FACTS``, or a
        dotted key; ``""`` for remarks, which are not read.
    unit
        Unit of a dotted key where the heading says one.
    factor
        What the column's figures are multiplied by, such as 1024 for memory in GiB.
    """

    name: str
    unit: str | None = None
    factor: float = 1.0


def read_heading(heading: str, place: Place, *, literal: bool) -> Meaning:
    """Find what a column's heading means.

    Parameters
    ----------
    heading
        As the table has it.
    place
        For messages.
    literal
        Whether a dotted key is taken as it stands, without a unit in brackets behind it.
    """
    if heading.startswith(GROUPS):
        return Meaning(heading) if literal else _dotted(heading)
    words, unit = _split(heading)
    name = _NAMES.get(_plain(words))
    if name is None and not unit:
        words, _, unit = _plain(words).rpartition(" ")
        name = _NAMES.get(words) if unit in _FACTORS.get(_NAMES.get(words, ""), ()) else None
    if name is not None:
        return Meaning(name, factor=_factor(name, unit, place))
    if match := _OWN_GROUP.fullmatch(heading.strip()):
        return _own(match[1], match[2])
    place.fail(
        "neither a score nor a cost that is known here.",
        f"Name the column {SCORE_GROUP}… or {COST_GROUP}…, or 'comment' if it is none.",
    )


def is_known(heading: str) -> bool:
    """Whether a heading says something here, whatever its unit."""
    return heading.startswith(GROUPS) or _plain(_split(heading)[0]) in _NAMES


def write_heading(key: str, unit: str | None) -> str:
    """Give the heading of a dotted key's column: a unit of its own stands in brackets."""
    if unit is not None:
        return f"{key} ({unit})"
    return f"{key} {_NO_UNIT}" if key.endswith((")", "]")) else key


def _dotted(heading: str) -> Meaning:
    key, unit = _split(heading)
    stated = key != heading and not heading.endswith(_NO_UNIT)
    return Meaning(key, unit if stated else None)


def _own(group: str, words: str) -> Meaning:
    name, unit = _split(words)
    prefix = SCORE_GROUP if group.lower() in ("score", "metric") else COST_GROUP
    return Meaning(prefix + _plain(name).replace(" ", "_"), unit or None)


def _factor(name: str, unit: str, place: Place) -> float:
    known = _FACTORS.get(name)
    word = unit.strip().lower()
    if known is None or not word:
        return 1.0
    if word not in known:
        place.fail(f"the unit {shown(unit)} is not known here.", f"Use one of {', '.join(known)}.")
    return known[word]


def _split(heading: str) -> tuple[str, str]:
    """Part a heading from the unit in brackets behind it."""
    text = heading.rstrip() if not heading.startswith(GROUPS) else heading
    if not text.endswith((")", "]")):
        return text, ""
    depth, opening, closing = 0, {")": "(", "]": "["}[text[-1]], text[-1]
    for place in range(len(text) - 1, 0, -1):
        depth += (text[place] == closing) - (text[place] == opening)
        if depth == 0:
            before = text[:place]
            return before.removesuffix(" ") if before.endswith(" ") else before, text[
                place + 1 : -1
            ]
    return text, ""


def _plain(words: str) -> str:
    spaced = "".join(letter if letter.isalnum() else " " for letter in words.lower())
    return " ".join(spaced.split())


_NAMES: dict[str, str] = {
    word: name
    for name, words in _WORDS.items()
    for word in (_plain(name.split(".", 1)[-1]), *map(_plain, words.split(",")))
    if word
}

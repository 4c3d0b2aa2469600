"""Blocks of a model as values, read from block configs of any schema.

Read are DeciLM (``n_heads_in_group``, ``ffn_mult``), early ModelOpt (``n_heads_in_group`` with
``intermediate_size``), ModelOpt (``num_key_value_heads``), its second version
(``subblock_configs``) and ``per_layer_config``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from puzzle_widgets.library.checks import (
    Location,
    mapping,
    number,
    optional_count,
    sequence,
    short_repr,
)
from puzzle_widgets.library.model import Part, SubBlock

Facts = tuple[tuple[str, Any], ...]
_MOE_NAMES = {
    "num_local_experts": "experts",
    "num_experts": "experts",
    "n_routed_experts": "experts",
    "num_experts_per_tok": "top",
    "top_k": "top",
    "expert_intermediate_dim": "width",
    "expert_intermediate_size": "width",
    "moe_intermediate_size": "width",
    "shared_expert_intermediate_dim": "shared",
    "shared_expert_intermediate_size": "shared",
    "latent_dim": "latent",
}
_MAMBA_NAMES = {
    "num_heads": "heads",
    "head_dim": "head_dim",
    "state_dim": "state",
    "num_groups": "groups",
    "n_groups": "groups",
}
_WINDOW_NAMES = ("window_length", "sliding_window_size", "sliding_window", "window_size")
_KV_NAMES = ("num_key_value_heads", "num_kv_heads")
_FIRST_KINDS = ("attention", "mla", "mamba")
_SECOND_KINDS = ("ffn", "moe")
_READ = {
    *("no_op", "replace_with_linear", "kind", "name", "mamba", "moe", "llama4", "mla"),
    *("n_heads_in_group", "ffn_mult", "intermediate_size", "num_query_heads"),
    *_WINDOW_NAMES,
    *_KV_NAMES,
}
_ROUND_FFN_TO = 256
_MOST_FFN_MULT = 1e4
_USUAL_PRECISION = ("weights_precision", "bf16")


@dataclass(frozen=True)
class Shape:
    """What a block config takes from the model: its width, its query heads; ``None`` unknown."""

    hidden_size: int | None = None
    attention_heads: int | None = None


@dataclass(frozen=True)
class RunSubblock:
    """One part of a block, identified by its kind and facts.

    Parameters
    ----------
    kind
        ``no_op``, ``linear``, ``attention``, ``ffn``, ``moe``, ``mamba`` or another name.
    facts
        Sizes that make it what it is, by name.
    extra
        Fields that rarely differ, such as the number format of the weights.
    """

    kind: str
    facts: Facts = ()
    extra: Facts = ()

    @property
    def words(self) -> str:
        """Short name, such as ``"kv_heads_8"`` or ``"moe experts_24 top_2"``."""
        sizes = " ".join(f"{name}_{value}" for name, value in self.facts)
        head = "" if self.kind in ("attention", "ffn") else self.kind
        return " ".join(filter(None, [head, sizes]))

    @property
    def subblock(self) -> SubBlock:
        """The subblock as the library knows it; ``other`` where its size is not enough."""
        if self.kind in ("no_op", "linear"):
            return SubBlock("no_op" if self.kind == "no_op" else "linear")
        if self.kind in ("attention", "ffn") and len(self.facts) == 1:
            return SubBlock("sized", int(self.facts[0][1]))
        return SubBlock("other")


NO_OP = RunSubblock("no_op")
LINEAR = RunSubblock("linear")


@dataclass(frozen=True)
class Block:
    """A block of a layer: its parts in order, each in the attention's or the FFN's place."""

    parts: tuple[tuple[Part, RunSubblock], ...]

    @property
    def attention(self) -> RunSubblock:
        """What the layer has for attention."""
        return self._joined("attention")

    @property
    def ffn(self) -> RunSubblock:
        """What the layer has for an FFN."""
        return self._joined("ffn")

    @property
    def name(self) -> str:
        """Name of the variant, such as ``"attention kv_heads_8, ffn intermediate_14336"``."""
        return f"attention {self.attention.words}, ffn {self.ffn.words}"

    @property
    def extra(self) -> Facts:
        """Fields of all parts that the name leaves out."""
        return tuple(
            (f"{part}.{key}", v) for part, subblock in self.parts for key, v in subblock.extra
        )

    def fits(self, other: Block) -> bool:
        """Whether two blocks are the same but for what rarely differs."""
        mine, theirs = ([(h.kind, h.facts) for h in (b.attention, b.ffn)] for b in (self, other))
        return mine == theirs

    def _joined(self, part: Part) -> RunSubblock:
        subblocks = [subblock for place, subblock in self.parts if place == part]
        if len(subblocks) < 2:
            return subblocks[0] if subblocks else NO_OP
        facts = tuple((subblock.kind, subblock.words) for subblock in subblocks)
        return RunSubblock(
            "several", facts, tuple(extra for subblock in subblocks for extra in subblock.extra)
        )


def read_block(config: object, shape: Shape, place: Location) -> Block:
    """Read one block config of any schema."""
    found = mapping(config, place, "the block config")
    if found.get("parallel_blocks"):
        place.at(field="parallel_blocks").fail(
            "parallel blocks are not supported.", "Leave this block out."
        )
    if "subblock_configs" in found:
        return _read_subblocks(found["subblock_configs"], shape, place)
    if not isinstance(found.get("attention"), Mapping) and not isinstance(
        found.get("ffn"), Mapping
    ):
        place.fail(
            f"{short_repr(dict(found))} is not a block config.",
            "It needs 'attention' and 'ffn' parts.",
        )
    return Block(
        (
            ("attention", _optional_part("attention", found, shape, place)),
            ("ffn", _optional_part("ffn", found, shape, place)),
        )
    )


def read_part(part: Part, config: object, shape: Shape, place: Location) -> RunSubblock:
    """Read the config of one part, the attention or the FFN."""
    found = mapping(config, place, "the part's config")
    no_op, linear = _flag(found, "no_op", place), _flag(found, "replace_with_linear", place)
    if no_op and linear:
        place.fail("both no_op and replace_with_linear.", "Only one can be true.")
    if no_op or linear:
        return NO_OP if no_op else LINEAR
    extra = _extra(found)
    if part == "attention":
        return _read_attention(found, shape, extra, place)
    return _read_ffn(found, shape, extra, place)


def part_of_kind(kind: object, place: Location) -> Part:
    """The place in the block of a part of the second version's schema."""
    if kind in _FIRST_KINDS:
        return "attention"
    if kind in _SECOND_KINDS:
        return "ffn"
    known = ", ".join((*_FIRST_KINDS, *_SECOND_KINDS))
    place.at(field="kind").fail(
        f"the kind {short_repr(kind)} is not supported.", f"Supported are {known}."
    )


def canonical(config: object) -> str:
    """JSON text of a config, the same for the same content."""
    return json.dumps(config, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def deci_width(ffn_mult: float, hidden_size: int) -> int:
    """Intermediate size of DeciLM: ``2 / 3 x ffn_mult x hidden size``, up to a multiple of 256."""
    width = int(2 * ffn_mult * hidden_size / 3)
    return -(-width // _ROUND_FFN_TO) * _ROUND_FFN_TO


def _read_subblocks(content: object, shape: Shape, place: Location) -> Block:
    here = place.at(field="subblock_configs")
    parts: list[tuple[Part, RunSubblock]] = []
    for config in sequence(content, here, "it"):
        found = mapping(config, here, "a part's config")
        part = part_of_kind(found.get("kind"), here)
        parts.append((part, read_part(part, found, shape, here)))
    return Block(tuple(parts))


def _optional_part(
    part: Part, block: Mapping[str, Any], shape: Shape, place: Location
) -> RunSubblock:
    config = block.get(part)
    return NO_OP if config is None else read_part(part, config, shape, place.at(field=part))


def _read_attention(
    found: Mapping[str, Any], shape: Shape, extra: Facts, place: Location
) -> RunSubblock:
    if found.get("kind") == "mla" or found.get("mla"):
        return RunSubblock("mla", _sizes(found.get("mla") or found, {}, place), ())
    if found.get("kind") == "mamba" or found.get("mamba"):
        return _renamed("mamba", found.get("mamba") or found, _MAMBA_NAMES, place)
    heads = next((found[name] for name in _KV_NAMES if found.get(name) is not None), None)
    if heads is None:
        heads = _deci_heads(found.get("n_heads_in_group"), shape, place)
    facts = [("kv_heads", optional_count(heads, place.at(field="num_key_value_heads")))]
    window = next((found[name] for name in _WINDOW_NAMES if found.get(name)), None)
    if window not in (None, "full"):
        facts.append(("window", optional_count(window, place.at(field="window"))))
    queries = optional_count(found.get("num_query_heads"), place.at(field="num_query_heads"))
    if queries is not None and shape.attention_heads not in (None, queries):
        facts.append(("query_heads", queries))
    llama4 = _sizes(found.get("llama4") or {}, {}, place)
    return RunSubblock("attention", (*facts, *llama4), extra)


def _read_ffn(found: Mapping[str, Any], shape: Shape, extra: Facts, place: Location) -> RunSubblock:
    if found.get("kind") == "moe" or found.get("moe"):
        return _renamed("moe", found.get("moe") or found, _MOE_NAMES, place)
    width = found.get("intermediate_size")
    if width is None and found.get("ffn_mult") is not None:
        here = place.at(field="ffn_mult")
        if shape.hidden_size is None:
            here.fail("an FFN's share of an unknown width.", "Give hidden_size in the config.")
        width = deci_width(_ffn_mult(found["ffn_mult"], here), shape.hidden_size)
    here = place.at(field="intermediate_size")
    size = optional_count(width, here)
    if size is None:
        here.fail("missing.", "An FFN that is not a no-op needs its intermediate size.")
    return RunSubblock("ffn", (("intermediate", size),), extra)


def _ffn_mult(value: object, place: Location) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return number(value, place)  # which refuses it
    if not 0 < value <= _MOST_FFN_MULT:
        place.fail(
            f"{short_repr(value)} is not an FFN multiple.",
            f"Give a number above 0 and at most {_MOST_FFN_MULT:,.0f}, such as 5.25.",
        )
    return float(value)


def _deci_heads(group: object, shape: Shape, place: Location) -> int:
    here = place.at(field="n_heads_in_group")
    size = optional_count(group, here)
    if size is None:
        place.at(field="num_key_value_heads").fail(
            "missing.", "Attention that is not a no-op needs its number of KV heads."
        )
    if shape.attention_heads is None:
        here.fail(
            f"groups of {size} of an unknown number of attention heads.",
            "Give num_attention_heads in the config.",
        )
    if shape.attention_heads % size:
        here.fail(
            f"groups of {size} do not divide {shape.attention_heads} attention heads.",
            f"Give groups of a size that divides {shape.attention_heads}.",
        )
    return shape.attention_heads // size


def _renamed(kind: str, config: object, names: Mapping[str, str], place: Location) -> RunSubblock:
    found = mapping(config, place.at(field=kind), "it")
    facts = _sizes({key: found[key] for key in names if found.get(key)}, names, place)
    return RunSubblock(kind, facts, _extra({k: v for k, v in found.items() if k not in names}))


def _sizes(config: object, names: Mapping[str, str], place: Location) -> Facts:
    """Numbers and flags of a config under their short names; what is not set is left out."""
    found = config if isinstance(config, Mapping) else {}
    facts: dict[str, Any] = {}
    for key, value in found.items():
        if value in (None, False, "", [], {}) or key in ("kind", "name", "no_op"):
            continue
        if isinstance(value, float | int) and not isinstance(value, bool):
            number(value, place.at(field=str(key)))
        facts[names.get(key, key)] = value if isinstance(value, str | int) else canonical(value)
    return tuple(sorted(facts.items()))


def _extra(found: Mapping[str, Any]) -> Facts:
    """Fields that are set and that no size covers; lists as text, so that they can be keys."""
    pairs = (
        (str(key), value if isinstance(value, str | int | float) else canonical(value))
        for key, value in found.items()
        if key not in _READ and value not in (None, False, "", [], {})
    )
    return tuple(sorted(pair for pair in pairs if pair != _USUAL_PRECISION))


def _flag(found: Mapping[str, Any], name: str, place: Location) -> bool:
    value = found.get(name)
    if value not in (None, True, False):
        place.at(field=name).fail(
            f"{short_repr(value)} is neither true nor false.", "Write one of them."
        )
    return bool(value)

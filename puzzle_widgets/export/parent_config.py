"""The parent's config.json: read, checked against the library, its RoPE in every form."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from puzzle_widgets.errors import ExportError, LibraryError
from puzzle_widgets.export.blocks import SIZE_FIELD
from puzzle_widgets.export.findings import Finding
from puzzle_widgets.library import BlockLibrary, BlockVariant, FrozenMapping
from puzzle_widgets.library.checks import (
    MAX_NAME,
    Location,
    check_bytes,
    mapping,
    optional_count,
    optional_text,
    parse_json,
    short_repr,
)
from puzzle_widgets.library.model import PARTS, Part, once_per_library
from puzzle_widgets.library.quantity import COST_GROUP

MAX_CONFIG_BYTES = 4 * 2**20
ConfigSource = str | Path | bytes | Mapping[str, Any]

NO_PARENT = (
    "The parent's Hugging Face config.json is needed: everything outside the blocks comes from "
    "it. Give it, or open a library that carries it."
)

# Of one child or of one machine: never carried over.
_NOT_CARRIED = ("_name_or_path", "block_configs", "per_layer_config", "base_architecture")
_FIGURES = {"hidden": "hidden_size", "heads": "num_attention_heads"}
# What hybrids tell each layer's kind by, and their number of layers.
_PATTERNS = ("layers_block_type", "hybrid_override_pattern")
# Without an upper end, which is every reader's default and which strict JSON cannot say.
_ENDLESS: tuple[object, ...] = ([0.0, math.inf], [0.0, {"__float__": "Infinity"}])
USUAL_THETA = 10_000.0
_NEW, _OLD, _THETA = "rope_parameters", "rope_scaling", "rope_theta"
# Some readers look for these at the top level only.
_AT_TOP = ("original_max_position_embeddings", "partial_rotary_factor")
_CHILDREN = ("nemotron-nas", "deci", "nemotron_h_puzzle")
# Norms and biases are small beside the matrices; another hidden size is not.
_CLOSE = 0.05
_OWN = "Give the configuration of the library's own parent."


@dataclass(frozen=True)
class ParentConfig:
    """What a parent's ``config.json`` says.

    Parameters
    ----------
    source
        File or other origin, for messages.
    content
        All of it, as read.
    model_type, architecture
        Such as ``"llama"`` and ``"LlamaForCausalLM"``; empty where it does not say.
    hidden, heads, layers
        Hidden size, attention (query) heads, hidden layers.
    kv_heads, width, head_size
        KV heads, FFN intermediate size and head size of every layer; ``None`` where it does not
        say.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> config = {"model_type": "llama", "hidden_size": 8192, "num_attention_heads": 64}
    >>> config |= {"num_hidden_layers": 80}
    >>> parent = pw.export.read_parent_config(config)
    >>> parent.model_type, parent.layers, parent.hidden
    ('llama', 80, 8192)
    """

    source: str
    content: FrozenMapping[str, Any]
    model_type: str
    architecture: str
    hidden: int
    heads: int
    layers: int
    kv_heads: int | None = None
    width: int | None = None
    head_size: int | None = None

    def to_child(self) -> dict[str, Any]:
        """Copy what a child's configuration takes over.

        ``torch.bfloat16`` becomes ``bfloat16``, which every reader takes; RoPE is said in the form
        of transformers 5 and in the one before it.
        """
        content = {k: v for k, v in self.content.items() if k not in _NOT_CARRIED}
        content |= rope_forms(content)
        for key in ("dtype", "torch_dtype"):
            if isinstance(content.get(key), str):
                content[key] = content[key].removeprefix("torch.")
        return content

    def __hash__(self) -> int:
        return hash((self.source, json.dumps(dict(self.content), sort_keys=True)))


def read_parent_config(source: ConfigSource, name: str = "config.json") -> ParentConfig:
    """Read a parent's configuration.

    Parameters
    ----------
    source
        Path of the file (or of the folder that it is in), its text, its bytes, or its content.
    name
        What to call it in messages where no path is given.

    Raises
    ------
    ExportError
        Naming file, field and the fix.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> pw.export.read_parent_config("no-such-folder")
    Traceback (most recent call last):
    puzzle_widgets.errors.ExportError: ...
    """
    try:
        if isinstance(source, Mapping):
            return _read(source, Location(name))
        place, content = _open(source, name)
        return _read(parse_json(content, place), place)
    except LibraryError as error:
        raise ExportError(str(error)) from error


@once_per_library
def parent_config_of(library: BlockLibrary) -> ParentConfig | None:
    """Read the configuration that a library carries, if it carries one."""
    if not library.parent_config:
        return None
    text = library.parent_config.encode("utf-8", "surrogatepass")
    return read_parent_config(text, f"parent configuration of {library.name}")


def _open(source: str | Path | bytes, name: str) -> tuple[Location, bytes]:
    if isinstance(source, str) and source.lstrip("\ufeff \t\r\n").startswith("{"):
        source = source.encode("utf-8", "surrogatepass")
    if isinstance(source, bytes):
        place, size, content = Location(name), len(source), source
    else:
        place = Location(str(source) if len(str(source)) <= MAX_NAME else short_repr(source))
        size, content = _read_file(source, place)
    check_bytes(size, place, MAX_CONFIG_BYTES)
    return place, content


def _read_file(source: str | Path, place: Location) -> tuple[int, bytes]:
    """Size and content of a file; no content where it is too large."""
    try:
        path = Path(source).expanduser()
        path = path / "config.json" if path.is_dir() else path
        size = path.stat().st_size
        return size, path.read_bytes() if size <= MAX_CONFIG_BYTES else b""
    except (OSError, ValueError, RuntimeError, TypeError) as error:  # such as a null byte
        why = getattr(error, "strerror", None) or error
        place.fail(f"cannot be read ({why}).", "Name the parent's config.json, or give its text.")


def _read(content: object, place: Location) -> ParentConfig:
    record = _finite(mapping(content, place, "the configuration"))
    _check_json(record, place)
    check_rope(record, place)
    nested = record.get("text_config")
    flat = record if "hidden_size" in record or not isinstance(nested, Mapping) else nested
    architectures = record.get("architectures")
    first = architectures[0] if isinstance(architectures, list) and architectures else ""
    by_layer = isinstance(flat.get("intermediate_size"), list)  # in hybrids
    return ParentConfig(
        source=place.file,
        content=FrozenMapping(record),
        model_type=optional_text(record.get("model_type"), place.at(field="model_type"), "it"),
        architecture=optional_text(first, place.at(field="architectures"), "it"),
        **{name: _needed(flat, key, place) for name, key in _FIGURES.items()},
        layers=_layers(flat, place),
        kv_heads=_count(flat, "num_key_value_heads", place),
        width=None if by_layer else _count(flat, "intermediate_size", place),
        head_size=_count(flat, "head_dim", place),
    )


def _finite(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out a Mamba time step's limits where there are none."""
    if record.get("time_step_limit") not in _ENDLESS:
        return record
    return {key: value for key, value in record.items() if key != "time_step_limit"}


def _layers(record: Mapping[str, Any], place: Location) -> int:
    patterns = (record.get(key) for key in _PATTERNS)
    given = next((len(one) for one in patterns if isinstance(one, list | str) and one), None)
    key = "num_hidden_layers"
    return given if record.get(key) is None and given else _needed(record, key, place)


def _check_json(record: Mapping[str, Any], place: Location) -> None:
    """Refuse what could not be written again as strict JSON."""
    try:
        json.dumps(dict(record), allow_nan=False).encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        place.fail(f"not strict JSON ({error}).", "Give the parent's own config.json.")


def _needed(record: Mapping[str, Any], key: str, place: Location) -> int:
    value = _count(record, key, place)
    if value is None:
        place.at(field=key).fail("missing.", "Give the parent's own Hugging Face config.json.")
    return value


def _count(record: Mapping[str, Any], key: str, place: Location) -> int | None:
    return optional_count(record.get(key), place.at(field=key))


def rope_forms(content: Mapping[str, Any], theta: float | None = None) -> dict[str, Any]:
    """Say a configuration's RoPE in both forms; empty without one, or with one per kind of layer.

    ``theta`` is the base where the configuration gives none.

    Examples
    --------
    >>> rope_forms({"rope_parameters": {"rope_type": "default", "rope_theta": 1e6}})["rope_theta"]
    1000000.0
    """
    if _by_layer(content):
        return {}
    scaling = _scaling(content)
    base = scaling.pop(_THETA, None) or content.get(_THETA) or theta
    if base is None:
        return {}
    kind = {"rope_type": rope_type(content)}
    old = None if kind["rope_type"] == "default" else kind | scaling
    top = {key: scaling[key] for key in _AT_TOP if key in scaling}
    return top | {_THETA: base, _OLD: old, _NEW: kind | scaling | {_THETA: base}}


def rope_type(content: Mapping[str, Any]) -> str:
    """Name the kind of RoPE, such as ``"llama3"``; ``"default"`` is plain."""
    found = _form(content)
    return str(found.get("rope_type") or found.get("type") or "default")


def check_rope(content: Mapping[str, Any], place: Location) -> None:
    """Refuse two bases that contradict each other."""
    bases = [content.get(_THETA), _form(content).get(_THETA)]
    given = [base for base in bases if base is not None]
    if not _by_layer(content) and len(given) == 2 and given[0] != given[1]:
        place.at(field=_THETA).fail(
            f"{short_repr(given[0])}, and {short_repr(given[1])} in {_NEW}.",
            "Keep the correct one.",
        )


def _form(content: Mapping[str, Any]) -> Mapping[str, Any]:
    found = content.get(_NEW) or content.get(_OLD)
    return found if isinstance(found, Mapping) else {}


def _scaling(content: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in _form(content).items() if key not in ("type", "rope_type")}


def _by_layer(content: Mapping[str, Any]) -> bool:
    return any(isinstance(value, Mapping) for value in _form(content).values())


def check_fit(parent: ParentConfig, library: BlockLibrary) -> list[Finding]:
    """Refuse a child's configuration, and sizes unlike the parent's; warn of unlike parameters."""
    why = _child_signs(parent, library)
    if why:
        words = f"{parent.source} is a child's configuration: {why}. Give the parent's config.json."
        return [Finding("error", words)]
    errors = [*_layers_unlike(parent, library), *_sizes_unlike(parent, library)]
    if errors:
        return [Finding("error", words) for words in errors]
    return [Finding("warning", words) for words in _parameters_unlike(parent, library)]


def _child_signs(parent: ParentConfig, library: BlockLibrary) -> str:
    """Say by what a configuration is a compressed child's; empty where it is a parent's.

    ModelOpt's teachers have block configurations too: equal ones, unless the parent's own layers
    are unlike each other.
    """
    if parent.model_type in _CHILDREN:
        return f"its type is {parent.model_type!r}"
    if parent.content.get("per_layer_config"):
        return "its per_layer_config tells layers apart"
    configs = parent.content.get("block_configs")
    unlike = isinstance(configs, list) and len({_text(config) for config in configs}) > 1
    own = {(v.attention, v.ffn, v.block_config) for v in _parents(library)}
    return "its block_configs differ between layers" if unlike and len(own) == 1 else ""


def _text(config: object) -> str:
    return json.dumps(config, sort_keys=True)


def _parents(library: BlockLibrary) -> list[BlockVariant]:
    return [layer.parent_variant for layer in library.layers]


def _layers_unlike(parent: ParentConfig, library: BlockLibrary) -> Iterator[str]:
    if parent.layers != len(library.layers):
        yield (
            f"{parent.source} has {parent.layers} layers, {library.name} has "
            f"{len(library.layers)}. {_OWN}"
        )


def _sizes_unlike(parent: ParentConfig, library: BlockLibrary) -> Iterator[str]:
    given = {"attention": parent.kv_heads, "ffn": parent.width}
    for part in PARTS:
        own = _size(library, part)
        if own is not None and given[part] not in (None, own):
            yield (
                f"{parent.source} says {SIZE_FIELD[part]} {given[part]:,}, the parent's blocks in "
                f"{library.name} have {own:,}. {_OWN}"
            )


def _size(library: BlockLibrary, part: Part) -> int | None:
    """Size of the parent's subblock where it is the same in every layer."""
    sizes = {getattr(block, part).size for block in _parents(library)}
    return next(iter(sizes)) if len(sizes) == 1 else None


def _parameters_unlike(parent: ParentConfig, library: BlockLibrary) -> Iterator[str]:
    expected: dict[Part, Callable[[ParentConfig, int], list[int]]] = {
        "attention": _attention_parameters,
        "ffn": _ffn_parameters,
    }
    for part in PARTS:
        size, own = _size(library, part), _parents(library)[0]
        known = own.values.get(f"{COST_GROUP}{part}_num_params", 0.0)
        if size is None or known <= 0:
            continue
        usual = expected[part](parent, size)
        if all(abs(known - one) > _CLOSE * known for one in usual):
            yield (
                f"By {parent.source} the parent's {part} has about {usual[0]:,} parameters, in "
                f"{library.name} it has {known:,.0f}: hidden size {parent.hidden:,} or "
                f"{parent.heads} attention heads may be another model's."
            )


def _attention_parameters(parent: ParentConfig, kv_heads: int) -> list[int]:
    """Four matrices: queries and output of all heads, keys and values of the KV heads."""
    head = parent.head_size or parent.hidden // max(parent.heads, 1)
    return [2 * parent.hidden * head * (parent.heads + kv_heads)]


def _ffn_parameters(parent: ParentConfig, width: int) -> list[int]:
    """Three matrices with a gate, two without."""
    return [matrices * parent.hidden * width for matrices in (3, 2)]

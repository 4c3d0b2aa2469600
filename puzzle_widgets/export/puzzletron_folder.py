"""A block library as a Puzzletron directory: blocks, costs by subblock, scores, parent config.

No weights are written. Where the library names none, their paths are those that a run would have.
"""

from __future__ import annotations

import json
import math
import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from puzzle_widgets.errors import ExportError
from puzzle_widgets.export.blocks import required_config
from puzzle_widgets.export.checks import layer_order_findings
from puzzle_widgets.export.nemotron_h import PARENT_TYPE
from puzzle_widgets.export.parent_config import (
    NO_PARENT,
    ConfigSource,
    ParentConfig,
    check_fit,
    parent_config_of,
    read_parent_config,
)
from puzzle_widgets.export.puzzletron import parent_index
from puzzle_widgets.library import BlockLibrary, BlockVariant
from puzzle_widgets.library.json_forms import named_content
from puzzle_widgets.library.model import PARTS
from puzzle_widgets.library.quantity import COST_GROUP, SCORE_GROUP
from puzzle_widgets.writing import atomic_write

SCORES = "single_sequence_replacement_solutions--validation"
TEACHER = "ckpts/teacher"
ORIGIN_FILE = "puzzle_widgets_library.json"
"""Names the library by its hash; Puzzletron asks for its files by name, and reads no other."""
# Families that Puzzletron can open, and its names for them.
_DESCRIPTORS = {
    "llama": "llama",
    "qwen2": "qwen2",
    "qwen3": "qwen3",
    "qwen3_vl_moe": "qwen3_vl",
    "mistral": "mistral_small",
    "gpt_oss": "gpt_oss",
}
_HYBRIDS = {False: "nemotron_h", True: "nemotron_h_v2"}
_MEASURED_OF_PARENT = ("lm_loss", "token_accuracy")
_CLASSES = {"attention": "AttentionConfig", "ffn": "FFNConfig"}
_DTYPES = ("weights_dtype", "activations_dtype", "kv_cache_dtype")
_USUAL = ("runtime_ms", "memory_mib", "num_params")
# Of the same subblock beside others, and of a sum: published runtimes are rounded (3e-5 apart).
_CLOSE, _CLOSE_SUM = 1e-6, 1e-3


def write_puzzletron(
    library: BlockLibrary,
    folder: str | Path,
    *,
    parent_config: ConfigSource | None = None,
    descriptor: str = "",
    generated: int | None = None,
) -> Path:
    """Write a library as the directory of a Puzzletron run, version 1.

    Beside it stands ``puzzle_widgets_library.json``, which names the library by its hash.

    Parameters
    ----------
    library
        Every block known by kind and size; costs of attention and FFN apart, as
        ``stats.attention_memory_mib`` and ``stats.ffn_memory_mib``.
    folder
        Made if it is not there; must be empty.
    parent_config
        The parent's Hugging Face ``config.json``; by default the one that the library carries.
    descriptor
        Puzzletron's name for the parent's family; by default told by its type.
    generated
        Tokens of a sequence that are generated, which Puzzletron's throughput counts; by default
        all, so that its throughput is that of the library.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ExportError
        If a block is not known, two blocks of a layer are the same, costs are not given by
        subblocks, the configuration is missing or not the parent's, its family is unknown to
        Puzzletron, layers are missing or out of order, or the folder is not empty.

    Warns
    -----
    UserWarning
        If the layers' names carry no numbers: their order is then taken for the network's.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> pw.export.write_puzzletron(library, "run")  # linear blocks are not for Puzzletron
    Traceback (most recent call last):
    puzzle_widgets.errors.ExportError: ...
    """
    target, library = Path(folder).expanduser(), library.plain
    _check_order(library)
    entries = list(_entries(library, target))
    stats = _subblock_stats(library, generated)
    parent = _parent(library, parent_config)
    family = descriptor or _descriptor(parent)
    _make(target)
    _write(target / ORIGIN_FILE, named_content(library))
    _write(target / "replacement_library.json", [entry for _, _, entry in entries])
    _write(target / "subblock_stats.json", [stats])
    _write(target / TEACHER / "config.json", _teacher_config(library, parent))
    scores = target / SCORES
    _write(scores / "teacher.json", _teacher_scores(library, target, family))
    scored = [(variant, entry) for variant, is_parent, entry in entries if not is_parent]
    for number, (variant, entry) in enumerate(scored):
        _write(scores / f"solution_{number}.json", _scores(variant, entry, number))
    return target


def _check_order(library: BlockLibrary) -> None:
    for finding in layer_order_findings(library):
        if finding.severity == "error":
            raise ExportError(finding.text)
        warnings.warn(finding.text, UserWarning, stacklevel=3)


def _entries(
    library: BlockLibrary, folder: Path
) -> Iterator[tuple[BlockVariant, bool, dict[str, Any]]]:
    """Each variant, whether it is the parent's, and its entry in the replacement library."""
    for place, layer in enumerate(library.layers):
        index = parent_index(library, place)
        seen: dict[str, str] = {}
        for variant in layer.variants:
            config = required_config(variant)
            twin = seen.setdefault(json.dumps(config, sort_keys=True), variant.name)
            if twin is not variant.name:
                raise ExportError(
                    f"Layer {layer.name!r}: {twin!r} and {variant.name!r} are the same block. "
                    "Puzzletron identifies blocks by their configuration; leave one out."
                )
            is_parent = variant.name == layer.parent
            paths = variant.weight_paths or _usual_paths(folder, index, variant, is_parent)
            entry = {
                "parent_layer_indices": [index],
                "child_block_configs": [config],
                "weight_paths": list(paths),
            }
            yield variant, is_parent, entry


def _usual_paths(
    folder: Path,
    index: int,
    variant: BlockVariant,
    is_parent: bool,  # noqa: FBT001 - one of a row of plain facts
) -> tuple[str, ...]:
    run = TEACHER if is_parent else f"ckpts/{_slug(variant.name)}"
    return tuple(
        str(folder.absolute() / run / "subblocks_safetensors" / f"block_{index}_{part}.safetensors")
        for part in PARTS
        if getattr(variant, part).kind != "no_op"
    )


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")[:80] or "block"


def _parent(library: BlockLibrary, given: ConfigSource | None) -> ParentConfig:
    parent = parent_config_of(library) if given is None else read_parent_config(given)
    if parent is None:
        raise ExportError(NO_PARENT)
    errors = [one.text for one in check_fit(parent, library) if one.severity == "error"]
    if errors:
        raise ExportError(" ".join(errors))
    return parent


def _descriptor(parent: ParentConfig) -> str:
    if parent.model_type == PARENT_TYPE:
        return _HYBRIDS[bool(parent.content.get("n_routed_experts"))]
    found = _DESCRIPTORS.get(parent.model_type)
    if found is None:
        raise ExportError(
            f"{parent.source} is of type {parent.model_type or 'unknown'!r}, which Puzzletron "
            "does not know. Name its family there with descriptor=."
        )
    return found


def _teacher_config(library: BlockLibrary, parent: ParentConfig) -> dict[str, Any]:
    blocks = [required_config(layer.parent_variant) for layer in library.layers]
    return parent.to_child() | {"num_hidden_layers": len(blocks), "block_configs": blocks}


def _teacher_scores(library: BlockLibrary, folder: Path, descriptor: str) -> dict[str, Any]:
    """Ground truth of the parent only: a similarity to itself is not measured."""
    own = library.layers[0].parent_variant.values
    measured = {
        key: own[key]
        for key in library.scores
        if key.removeprefix(SCORE_GROUP).startswith(_MEASURED_OF_PARENT)
    }
    args = {"teacher_dir": str(folder.absolute() / TEACHER), "descriptor": descriptor}
    return _averages(measured) | {"args": args}


def _scores(variant: BlockVariant, entry: Mapping[str, Any], number: int) -> dict[str, Any]:
    values = {key: v for key, v in variant.values.items() if key.startswith(SCORE_GROUP)}
    solution = {"single_sequence_replacement": entry}
    return _averages(values) | {"i_solution": number, "puzzle_solution": solution}


def _averages(values: Mapping[str, float]) -> dict[str, Any]:
    return {
        key.removeprefix(SCORE_GROUP): {"avg": value, "per_sample": [value]}
        for key, value in values.items()
        if not key.removeprefix(SCORE_GROUP).startswith("one_minus_")
    }


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(folder.iterdir())
    except OSError as error:
        raise ExportError(
            f"{folder} cannot be written ({error.strerror}). Name another folder."
        ) from error
    if taken:
        raise ExportError(f"{folder} is not empty. Name a new folder.")


def _write(path: Path, content: Any) -> None:  # noqa: ANN401
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, json.dumps(content, ensure_ascii=False, allow_nan=False))


def _subblock_stats(library: BlockLibrary, generated: int | None = None) -> dict[str, Any]:
    """Give the one workload of a library: arguments, non-block costs, costs of subblocks.

    Of a sequence ``generated`` tokens are generated, all of them by default.
    """
    keys = _keys(library)
    outside = {key: library.non_block_cost(f"{COST_GROUP}{key}") for key in keys}
    return {
        "args": _args(library, generated),
        "non_block": outside,
        "subblocks": _rows(library, keys),
    }


def _keys(library: BlockLibrary) -> list[str]:
    """Costs that both subblocks have of their own."""
    bare = [key.removeprefix(COST_GROUP) for key in library.costs]
    keys = [k for k in bare if all(f"{part}_{k}" in bare for part in PARTS)]
    if not keys:
        raise ExportError(
            f"{library.name}: no cost is given for attention and FFN separately. Puzzletron needs "
            "columns such as stats.attention_memory_mib and stats.ffn_memory_mib."
        )
    return keys


def _args(library: BlockLibrary, generated: int | None) -> dict[str, Any]:
    """Puzzletron's throughput counts generated tokens only: by default it is the library's."""
    measured = library.measurement
    whole = measured.sequence_length or 0
    if generated is not None and not 0 < generated <= whole:
        raise ExportError(
            f"{generated} generated tokens: sequences of {library.name} have {whole:,} in all."
        )
    after = whole if generated is None else generated
    return {
        "gpu": measured.gpu,
        "batch_size": measured.batch_size,
        "prefill_seq_len": whole - after,
        "generation_seq_len": after,
        **dict.fromkeys(_DTYPES, measured.dtype),
    }


def _rows(library: BlockLibrary, keys: list[str]) -> list[dict[str, Any]]:
    rows: dict[tuple[int, str, str], dict[str, Any]] = {}
    for place, layer in enumerate(library.layers):
        for variant in layer.variants:
            _check_sums(layer.name, variant, keys)
            config = required_config(variant)
            for part in PARTS:
                index = parent_index(library, place)
                row = _row(variant, part, keys, config[part], index)
                known = rows.setdefault((index, part, repr(config[part])), row)
                _check_same(known, row, layer.name, variant, keys)
    return list(rows.values())


def _row(
    variant: BlockVariant, part: str, keys: list[str], config: dict[str, Any], index: int
) -> dict[str, Any]:
    costs = {key: variant.values[f"{COST_GROUP}{part}_{key}"] for key in keys}
    return {
        "subblock_config": config,
        "subblock_config_class": _CLASSES[part],
        **dict.fromkeys(_USUAL),
        **costs,
        "parent_layer_index": index,
    }


def _check_sums(layer: object, variant: BlockVariant, keys: list[str]) -> None:
    for key in keys:
        whole = variant.values[f"{COST_GROUP}{key}"]
        subblocks = sum(variant.values[f"{COST_GROUP}{part}_{key}"] for part in PARTS)
        if not math.isclose(whole, subblocks, rel_tol=_CLOSE_SUM, abs_tol=_CLOSE):
            raise ExportError(
                f"Layer {layer!r}, variant {variant.name!r}: {key} is {whole:g}, attention and "
                f"FFN together {subblocks:g}. Puzzletron adds subblocks up; fix the library."
            )


def _check_same(
    known: dict[str, Any],
    row: dict[str, Any],
    layer: object,
    variant: BlockVariant,
    keys: list[str],
) -> None:
    for key in keys:
        if not math.isclose(known[key], row[key], rel_tol=_CLOSE, abs_tol=_CLOSE):
            raise ExportError(
                f"Layer {layer!r}, variant {variant.name!r}: {key} of one subblock is {row[key]:g} "
                f"here and {known[key]:g} with another subblock beside it. Puzzletron knows one "
                "cost for each subblock of a layer."
            )

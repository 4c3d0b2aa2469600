"""What a run says of whole architectures: solutions, their measured scores, sweeps.

The limits of a search are numbers, shares of the parent, or words.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from puzzle_widgets.library.checks import (
    Location,
    check_bytes,
    mapping,
    number,
    sequence,
    short_repr,
)
from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.puzzletron.blocks import Block, Shape, read_block
from puzzle_widgets.library.puzzletron.candidates import (
    averages,
    known,
    layers_of,
    one_config,
    value_of,
)
from puzzle_widgets.library.puzzletron.layout import SOLUTIONS, search_name
from puzzle_widgets.library.quantity import COST_GROUP, SCORE_GROUP

_SHARE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?%")
_BILLIONS = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?B")
_WORDS = {
    "target_memory": ("stats.memory_mib", 1.0),
    "target_latency_seconds": ("stats.runtime_ms", 1000.0),
    "target_latency": ("stats.runtime_ms", 1000.0),
    "target_num_kv_heads": ("stats.num_kv_heads", 1.0),
    "num_params": ("stats.num_params", 1.0),
}
_RATIO = "_ratio"
_SWEEP_COLUMNS = {"actual_memory_mib": "stats.memory_mib", "num_params": "stats.num_params"}
_SWEEP_SCORES = ("lm_loss", "token_accuracy_top_1", "token_accuracy_top_5", "token_accuracy_top_10")
_RATE = "compression_rate"
_SENSE = "bigger_is_better"
_MOST_ROWS = 10_000


@dataclass(frozen=True)
class End:
    """One end of a limit: a number, or a share of the parent's total."""

    value: float
    is_share: bool = False

    def of(self, parent: float) -> float:
        """The number, with the parent's total."""
        return self.value * parent if self.is_share else self.value


Limits = dict[str, tuple[End | None, End | None]]


@dataclass(frozen=True)
class FoundSolution:
    """One architecture of a ``solutions.json``.

    Parameters
    ----------
    name
        Number in the file, with the folder where there is one.
    blocks
        One per layer, in order.
    objective
        Dotted key that was made best, ``""`` where the file does not say it.
    maximize
        Whether it was made large; ``None`` where the file does not say it.
    value
        What the file says of the score, where it does.
    limits
        ``(lower, upper)`` by dotted key; ends may be shares of the parent.
    totals
        What the file says of its sums, by dotted key.
    args
        Arguments of its workload.
    """

    name: str
    blocks: tuple[Block, ...]
    objective: str = ""
    maximize: bool | None = None
    value: float | None = None
    limits: Limits = field(default_factory=dict)
    totals: Mapping[str, float] = field(default_factory=dict)
    args: Mapping[str, Any] = field(default_factory=dict)


def is_solutions(content: object) -> bool:
    """Whether parsed JSON is a list of solutions; an empty one says that nothing was found."""
    if not isinstance(content, list):
        return False
    return all(isinstance(one, Mapping) and "chosen_replacements" in one for one in content)


def read_solutions(content: object, shape: Shape, place: Location) -> list[FoundSolution]:
    """Read all architectures of the file; none from an empty one."""
    records = sequence(content, place, "the file") if content != [] else []
    alike = "homogeneous " if PurePosixPath(place.file).name == SOLUTIONS[1] else ""
    stem = search_name(place.file)
    return [
        _read_solution(record, f"{stem} {alike}solution {n}".strip(), shape, place)
        for n, record in enumerate(records)
    ]


def read_sweep(content: bytes, place: Location) -> list[tuple[str, FrozenMapping[str, float]]]:
    """Read the table of a sweep: name and measured values of each row."""
    check_bytes(len(content), place)
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        place.fail(f"broken CSV ({error}).", "Give the file as the sweep wrote it.")
    if not rows or _RATE not in rows[0] or len(rows) > _MOST_ROWS:
        place.fail("not a sweep table.", f"It needs a column {_RATE} and some rows.")
    return [
        _sweep_row(row, place.at(layer=None, variant=f"row {n}")) for n, row in enumerate(rows, 1)
    ]


def read_measured(content: object, place: Location) -> FrozenMapping[str, float]:
    """Read the measured scores of one architecture, by dotted key."""
    found = averages(mapping(content, place, "the file"), place)
    return FrozenMapping({f"{SCORE_GROUP}{key}": value for key, value in known(found)})


def _read_solution(record: Any, name: str, shape: Shape, file: Location) -> FoundSolution:  # noqa: ANN401
    found = mapping(record, file, "a solution")
    place = file.at(variant=name)
    chosen = sequence(found.get("chosen_replacements"), place, "chosen_replacements")
    blocks: dict[int, Block] = {}
    for entry in chosen:
        one = mapping(entry, place, "a replacement")
        layers = layers_of(one, place)
        here = place.at(layer=layers[0])
        if len(layers) > 1 or layers[0] in blocks:
            here.fail("no block of one layer, or the second.", "Each layer has exactly one.")
        blocks[layers[0]] = read_block(one_config(one, here), shape, here)
    missing = [layer for layer in range(len(blocks)) if layer not in blocks]
    if missing:
        place.fail(f"layer {missing[0]} has no block.", "Each layer has exactly one.")
    key, value = _score(found.get("total_value"), place)
    args = found.get("puzzle_args")
    args = args if isinstance(args, Mapping) else {}
    stats = found.get("subblock_stats")
    return FoundSolution(
        name,
        tuple(blocks[layer] for layer in range(len(blocks))),
        key,
        bool(args[_SENSE]) if _SENSE in args else None,
        value,
        read_limits(args, place),
        _totals(found.get("total_costs"), place),
        stats if isinstance(stats, Mapping) else {},
    )


def _score(content: object, place: Location) -> tuple[str, float | None]:
    """Name and sum of the score that was made best; ``""`` where the file does not say it."""
    if not isinstance(content, Mapping) or not content:
        return "", None
    key, value = next(iter(content.items()))
    return str(key), value_of(value, place.at(field=str(key)))


def _totals(content: object, place: Location) -> dict[str, float]:
    if not isinstance(content, Mapping):
        return {}
    pairs = ((str(key), value_of(v, place.at(field=str(key)))) for key, v in content.items())
    return {key: v for key, v in pairs if v is not None and key.startswith(COST_GROUP)}


def _sweep_row(row: Mapping[str, Any], place: Location) -> tuple[str, FrozenMapping[str, float]]:
    keys = {**_SWEEP_COLUMNS, **{name: f"{SCORE_GROUP}{name}" for name in _SWEEP_SCORES}}
    values = {}
    for column, key in keys.items():
        value = _cell(row.get(column), place.at(field=column))
        if value is not None:
            values[key] = value
    return f"sweep, compression {short_repr(row[_RATE]).strip(chr(39))}", FrozenMapping(values)


def _cell(text: object, place: Location) -> float | None:
    if text in (None, ""):
        return None
    try:
        return value_of(float(str(text)), place)
    except ValueError:
        place.fail(
            f"{short_repr(text)} is not a number.", "Give a number, or leave the cell empty."
        )


def read_limits(args: Mapping[str, Any], place: Location) -> Limits:
    """Read the limits of a search by dotted key: its ``mip_constraints``, else people's words."""
    content = args.get("mip_constraints")
    if isinstance(content, Mapping):
        return {str(key): _pair(limit, place.at(field=str(key))) for key, limit in content.items()}
    words = args.get("human_constraints")
    if not isinstance(words, Mapping):
        return {}
    return dict(
        _of_words(str(key), limit, place.at(field=str(key))) for key, limit in words.items()
    )


def _of_words(
    word: str, limit: object, place: Location
) -> tuple[str, tuple[End | None, End | None]]:
    is_ratio = word.endswith(_RATIO)
    key, factor = _WORDS.get(word.removesuffix(_RATIO), (word, 1.0))
    lower, upper = (_scaled(end, factor, is_ratio=is_ratio) for end in _pair(limit, place))
    return key, (lower, upper)


def _scaled(end: End | None, factor: float, *, is_ratio: bool) -> End | None:
    if end is None or end.is_share:
        return end
    return End(end.value, is_share=True) if is_ratio else End(end.value * factor)


def _pair(limit: object, place: Location) -> tuple[End | None, End | None]:
    ends = limit if isinstance(limit, list) else [None, limit]
    if len(ends) != 2:
        place.fail(
            f"{short_repr(limit)} is not a limit.", "Give an upper limit, or [lower, upper]."
        )
    return _end(ends[0], place), _end(ends[1], place)


def _end(value: object, place: Location) -> End | None:
    if not isinstance(value, str):
        found = value_of(value, place)
        return None if found is None else End(found)
    if share := _SHARE.fullmatch(value.strip()):
        return End(float(share.group(1)) / 100, is_share=True)
    if billions := _BILLIONS.fullmatch(value.strip()):
        return End(float(billions.group(1)) * 1e9)
    return End(number(value, place))  # which refuses it

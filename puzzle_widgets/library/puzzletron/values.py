"""Numbers of Puzzletron's files, and the limits that its searches had."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from puzzle_widgets.library.checks import Location, number, short_repr

Values = dict[str, float | None]
_NO_COSTS = ("parent_layer_index", "latency_difference_negative")  # of the block or of a subblock
_AVERAGE = "avg"


def value_of(found: object, place: Location) -> float | None:
    """Read a number; ``None`` where it is not known."""
    if found is None or (isinstance(found, float) and not math.isfinite(found)):
        return None
    return number(found, place)


def costs_of(record: Mapping[str, Any], place: Location) -> Values:
    """Read every cost of a record by its name; texts, configs and places are none."""
    return {
        key: value_of(value, place.at(field=key))
        for key, value in record.items()
        if not key.endswith(_NO_COSTS) and not isinstance(value, str | Mapping | list)
    }


def averages(content: Mapping[str, Any], place: Location) -> Values:
    """Read the averages of all metrics in a validation file."""
    return {
        key: value_of(metric[_AVERAGE], place.at(field=key))
        for key, metric in content.items()
        if isinstance(metric, Mapping) and _AVERAGE in metric
    }


def known(values: Mapping[str, float | None]) -> Iterator[tuple[str, float]]:
    """Go through what is known."""
    return ((key, value) for key, value in values.items() if value is not None)


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


@dataclass(frozen=True)
class End:
    """One end of a limit: a number, or a share of the parent's total."""

    value: float
    is_share: bool = False

    def of(self, parent: float) -> float:
        """The number, with the parent's total."""
        return self.value * parent if self.is_share else self.value


Limits = dict[str, tuple[End | None, End | None]]


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

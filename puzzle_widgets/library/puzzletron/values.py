"""Numbers of Puzzletron's files, in which ``null``, NaN and infinity all mean: not known."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from puzzle_widgets.library.checks import Location, number

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

"""Layers as CSV for people's spreadsheets, which :func:`read_scenarios` takes back."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from puzzle_widgets.deferred import pd
from puzzle_widgets.solution.scenario import Scenario, layer_table

_HEAD = ("scenario", "layer", "variant", "block")
# A spreadsheet would run such a cell as a formula; it shows what follows an apostrophe as text.
# The last four are the wide forms of = + - @, which some of them take as well.
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def dump_layers(scenarios: Sequence[Scenario]) -> str:
    """Write one line a scenario and layer: names, block, and every score and cost.

    Names that a spreadsheet would take for a formula have an apostrophe in front.
    """
    table = layer_table(scenarios)
    if table.empty:
        table = pd.DataFrame(columns=list(_HEAD))
    for column in _HEAD:
        table[column] = table[column].map(harmless)
    return str(table.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC))


def harmless(cell: object) -> object:
    """Put an apostrophe before text that begins as a formula does."""
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def as_named(cell: str) -> str:
    """Take the apostrophe away again."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell

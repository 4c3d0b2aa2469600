"""Actions that show an architecture which is nearly as good as an optimum."""

from __future__ import annotations

from puzzle_widgets.reasons import Alternatives
from puzzle_widgets.solution import Scenario
from puzzle_widgets.state.actions import select
from puzzle_widgets.state.record import Record, Selection


def show_other(record: Record, others: Alternatives | None, place: int) -> Record:
    """Show one of the diverse ones that are nearly as good; the optimum where it is the first."""
    if others is None or not 0 <= place < len(others.diverse):
        return record
    if place == 0 and others.problem == record.problem:
        return select(record, Selection())
    return hold_other(record, Scenario(f"Other {place}", others.diverse[place]))


def hold_other(record: Record, other: Scenario) -> Record:
    """Show an architecture that is neither found for the problem nor saved."""
    return select(record, Selection("other")).change(other=other)

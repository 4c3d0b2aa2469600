"""The explorer's state: one record that actions change, its answers, and a face for widgets."""

from puzzle_widgets.problem.budget_rows import BudgetSetting
from puzzle_widgets.state.explorer import ExplorerState, Source
from puzzle_widgets.state.record import Record, Selection
from puzzle_widgets.state.record_file import (
    from_code,
    from_json,
    saved_library,
    to_code,
    to_json,
)
from puzzle_widgets.state.store import Message

__all__ = [
    "BudgetSetting",
    "ExplorerState",
    "Message",
    "Record",
    "Selection",
    "Source",
    "from_code",
    "from_json",
    "saved_library",
    "to_code",
    "to_json",
]

"""The explorer's state: one object that widgets read and act upon."""

from puzzle_widgets.problem.budget_rows import BudgetSetting
from puzzle_widgets.state.explorer import ExplorerState, Source
from puzzle_widgets.state.record import Record, Selection
from puzzle_widgets.state.store import Message

__all__ = ["BudgetSetting", "ExplorerState", "Message", "Record", "Selection", "Source"]

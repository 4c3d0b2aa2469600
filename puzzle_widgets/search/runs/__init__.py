"""Rows that limit runs, such as of layers without attention, searched as runs and not as rows.

A row for every window of the network says little by itself, and states of a dynamic program that
keep the use of each are many. But to keep all windows it is enough to know how many marked layers
came last. The steps are those of the reference, with that length beside them:

1. ``windows``: find the rows that say where a run is too long.
2. ``path``: at given multipliers of the other rows, the best choice that keeps all runs is a
   shortest path over layers and lengths.
3. ``climb``: multipliers that make this bound the best. Windows of an interval matrix have no gap
   of their own (A. J. Hoffman, J. B. Kruskal, 1956): it is the LP bound of all rows.
4. ``states``: dynamic programming over length, use and score proves the optimum.
5. ``search``: the steps in turn.
6. ``engine``: before them a search without these rows, after them one with all rows; and ties.
"""

from puzzle_widgets.search.runs.engine import settle_runs, solve_runs
from puzzle_widgets.search.runs.windows import Runs, find_runs

__all__ = ["Runs", "find_runs", "settle_runs", "solve_runs"]

"""Exit codes of the command line."""

from __future__ import annotations

from puzzle_widgets.search.outcome import Status

FOUND = 0
WRONG_INPUT = 1
INFEASIBLE = 2
NO_SOLUTION_IN_TIME = 3
USAGE = 64
"""As in BSD's sysexits; argparse's own 2 would read as "infeasible"."""
INTERRUPTED = 130

EXIT_CODES: dict[Status, int] = {
    "optimal": FOUND,
    "feasible": FOUND,
    "infeasible": INFEASIBLE,
    "no_solution_in_time": NO_SOLUTION_IN_TIME,
}

EXPLAINED = (
    "exit codes: 0 found; 1 wrong input, with a message on stderr; 2 infeasible; "
    "3 no solution in time; 64 wrong usage; 130 interrupted"
)

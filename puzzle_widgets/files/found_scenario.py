"""An architecture that Puzzletron found, as a scenario: summed by the library, and proven anew."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

from puzzle_widgets.errors import ProblemError, ScenarioError, SolverError
from puzzle_widgets.files.architecture_file import architecture_of, plain_problem
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.puzzletron.reports import FoundSolution
from puzzle_widgets.library.puzzletron.values import End
from puzzle_widgets.library.sense import Goal, score_sense
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.search.outcome import Status
from puzzle_widgets.solution.optimum import search_without_reason
from puzzle_widgets.solution.scenario import Scenario
from puzzle_widgets.solution.solution import Solution, evaluate

_SAME = 1e-9
_SECONDS_TO_PROVE, _SECONDS_FOR_ALL = 2.0, 16.0
_ENGINE = "found by Puzzletron"
_NO_PROOF = "no proof was tried"
NO_TIME = f"{_NO_PROOF}: those before it took the time for all of them."
_Bounds = tuple[tuple[str, float, float], ...]


class Prover:
    """Proves how good found architectures are, within a time for all of them together."""

    def __init__(self) -> None:
        self._end = time.monotonic() + _SECONDS_FOR_ALL
        self._known: dict[tuple[str, str, _Bounds], Solution] = {}

    def proven(self, solution: Solution) -> tuple[Solution, str]:
        """Set the bound of a new search beside a score, or say that there was no time for one."""
        found = self._search(solution.problem)
        if found is None:
            engine = f"{solution.engine}; {_NO_PROOF}"
            return replace(solution, engine=engine), NO_TIME
        worse = solution.problem.sign * (solution.score - found.bound)
        optimal = found.status == "optimal" and worse <= _SAME * max(1.0, abs(solution.score))
        status: Status = "optimal" if optimal else "feasible"
        bound = solution.score if optimal else found.bound
        engine = f"{solution.engine}; bound by {found.engine}"
        return replace(solution, status=status, bound=bound, engine=engine), ""

    def _search(self, problem: SearchProblem) -> Solution | None:
        limits = tuple((key, b.lower, b.upper) for key, b in sorted(problem.budgets.items()))
        key = (problem.goal, problem.objective, limits)
        left = self._end - time.monotonic()
        if key not in self._known and left > 0:
            limit = min(_SECONDS_TO_PROVE, left)
            self._known[key] = search_without_reason(problem, time_limit=limit)
        return self._known.get(key)


def to_scenario(found: FoundSolution, library: BlockLibrary, prover: Prover) -> Scenario:
    """Sum up a found architecture by the library, and prove how good it is by a new search.

    Its limits are kept where the library has their costs and its own sums keep them. What could
    not be kept, and where the file's own sum differs, is said in the scenario's notes.

    Raises
    ------
    ScenarioError
        Naming the blocks that the library does not have; or where neither the file nor the library
        tells the sense of its score.
    """
    architecture = architecture_of(found.blocks, library, found.name)
    if found.objective not in library.keys:
        problem = plain_problem(library)
        solution = evaluate(problem, architecture, f"{_ENGINE}; {_NO_PROOF}")
        return Scenario(found.name, solution, (_other_score(found, problem),))
    problem, notes = _problem(found, library)
    try:
        solution = evaluate(problem, architecture, _ENGINE)
    except SolverError:
        solution = evaluate(problem.bare, architecture, _ENGINE)
        notes.append("its limits are left out: by this library's sums it breaks them.")
    solution, unproven = prover.proven(solution)
    said = (*notes, *_difference(found, solution), unproven)
    return Scenario(found.name, solution, tuple(filter(None, said)))


def _problem(found: FoundSolution, library: BlockLibrary) -> tuple[SearchProblem, list[str]]:
    """The search that found it, as far as it can be asked of this library."""
    asked = partial(SearchProblem.of, library, _goal(found, library), found.objective)
    parent = library.parent_totals
    limits = {
        key: (_of(lower, parent[key]), _of(upper, parent[key]))
        for key, (lower, upper) in found.limits.items()
        if key in library.keys
    }
    unknown = [key for key, pair in found.limits.items() if any(pair) and key not in library.keys]
    notes = [f"the limit on {key} is left out, which this library has not." for key in unknown]
    try:
        return asked(budgets=limits), notes
    except ProblemError as error:
        notes.append(f"its limits are left out: {error}")
        return asked(), notes


def _goal(found: FoundSolution, library: BlockLibrary) -> Goal:
    """The sense of its score: as the file says it, else as the library tells it."""
    if found.maximize is not None:
        return "maximize" if found.maximize else "minimize"
    sense = score_sense(library, found.objective)
    if sense.goal is None:
        raise ScenarioError(f"{found.name}: {sense.reason}")
    return sense.goal


def _of(end: End | None, parent: float) -> float | None:
    return None if end is None else end.of(parent)


def _other_score(found: FoundSolution, problem: SearchProblem) -> str:
    by = f"by {found.objective}, which {problem.library.name} has not" if found.objective else ""
    return (
        f"it was found {by or 'by a score that the file does not say'}; it is summed here by "
        f"{problem.objective}, without its limits, and {_NO_PROOF}."
    )


def _difference(found: FoundSolution, solution: Solution) -> list[str]:
    """Say where the file's own sum is another: on purpose where it counts parent's blocks as 0."""
    theirs, mine, library = found.value, solution.score, solution.library
    if theirs is None or _same(theirs, mine):
        return []
    key = found.objective
    pairs = zip(library.layers, solution.blocks, strict=True)
    own = [block.values[key] for layer, block in pairs if block.name == layer.parent]
    said = f"Puzzletron's file sums {key} to {theirs:.10g}, this library to {mine:.10g}"
    if own and _same(theirs, mine - sum(own)):
        count = "1 block" if len(own) == 1 else f"{len(own)} blocks"
        return [
            f"{said}: it counts the {count} of the parent's as 0, which would be right for a loss."
        ]
    return [f"{said}."]


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= _SAME * max(1.0, abs(one), abs(other))

"""Baselines: what simpler ways find within the same budgets, each checked like any answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import overload

import numpy as np

from puzzle_widgets.deferred import pd
from puzzle_widgets.errors import ProblemError
from puzzle_widgets.files import preset, preset_names
from puzzle_widgets.library.model import IntArray
from puzzle_widgets.library.quantity import PARAMETERS, format_share
from puzzle_widgets.library.tables import to_frame
from puzzle_widgets.problem import Architecture, SearchProblem, check_problem
from puzzle_widgets.problem.mckp import to_architecture, to_choice
from puzzle_widgets.problem.problem import replace_field
from puzzle_widgets.reasons.recipes import greedy, homogeneous, random_feasible
from puzzle_widgets.reasons.words import Told, label_of, listed, score_words
from puzzle_widgets.search.outcome import Cancelled, never
from puzzle_widgets.solution import Solution, search
from puzzle_widgets.solution.optimum import search_without_reason
from puzzle_widgets.solution.solution import evaluate

GREEDY, HOMOGENEOUS, RANDOM = "greedy", "best homogeneous", "random feasible"
MOST_PARAMETERS, PARENT = "most parameters", "parent"
_SECONDS = 3.0


@dataclass(frozen=True, repr=False)
class Baseline(Told):
    """One simpler way to choose an architecture, and what it finds.

    Parameters
    ----------
    name
        Such as ``"greedy"``.
    how
        What it does, in a sentence, with its source.
    solution
        The architecture with its totals, without proof; ``None`` where it finds none.
    broken
        Limits and rules that it breaks; empty where all hold.
    reason
        Why there is none.
    optimum
        What it is compared with.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> parent = pw.baselines(problem)["parent"]
    >>> parent.keeps, parent.score, parent.excess
    (True, 0.0, 0.0)
    """

    name: str
    how: str
    solution: Solution | None
    broken: tuple[str, ...]
    reason: str
    optimum: Solution = field(repr=False)

    @property
    def keeps(self) -> bool:
        """Whether there is an architecture and every budget and rule holds."""
        return self.solution is not None and not self.broken

    @property
    def score(self) -> float:
        """Its summed objective; NaN without an architecture."""
        return math.nan if self.solution is None else self.solution.score

    @property
    def excess(self) -> float:
        """How much worse than the optimum it scores, in the objective's unit; NaN without both."""
        return self.optimum.problem.sign * (self.score - self.optimum.score)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What it scores, beside the optimum, and what it breaks."""
        name = self.name[:1].upper() + self.name[1:]
        if self.solution is None:
            return (f"{name}: none. {self.reason}",)
        problem = self.optimum.problem
        label = label_of(problem.library, problem.objective)
        said = f"{name}: a summed {label} of {score_words(problem, self.score)}"
        return (f"{said}{self._beside()}; {self._kept()}.",)

    def _beside(self) -> str:
        if math.isnan(self.excess):
            return ""
        amount = score_words(self.optimum.problem, abs(self.excess))
        share = self.excess / abs(self.optimum.score) if self.optimum.score else math.nan
        percent = f" ({format_share(abs(share))})" if math.isfinite(share) else ""
        if self.excess == 0:
            return ", that of the optimum"
        return f", {amount}{percent} {'worse' if self.excess > 0 else 'better'} than the optimum"

    def _kept(self) -> str:
        return f"breaks {listed(self.broken)}" if self.broken else "keeps every budget and rule"


@dataclass(frozen=True, repr=False)
class Baselines(Sequence[Baseline], Told):
    """What simpler ways find within the same budgets.

    Parameters
    ----------
    optimum
        What search finds.
    found
        The baselines, in their order.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
    ... )
    >>> found = pw.baselines(problem)
    >>> [one.name for one in found]
    ['greedy', 'best homogeneous', 'random feasible', 'most parameters', 'parent']
    >>> print(found["parent"].sentences[0].partition("; ")[2])
    breaks Memory ≤ 40.57 MiB.
    """

    optimum: Solution
    found: tuple[Baseline, ...]

    @overload
    def __getitem__(self, place: int | str) -> Baseline: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Baseline, ...]: ...
    def __getitem__(self, place: int | str | slice) -> Baseline | tuple[Baseline, ...]:
        if not isinstance(place, str):
            return self.found[place]
        for one in self.found:
            if one.name == place:
                return one
        names = ", ".join(repr(one.name) for one in self.found)
        raise KeyError(f"No baseline {place!r}. There are {names}.")

    def __len__(self) -> int:
        return len(self.found)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The optimum, then each baseline."""
        problem = self.optimum.problem
        label = label_of(problem.library, problem.objective)
        if not self.optimum.found:
            first = f"No architecture was found: {self.optimum.reason}"
        else:
            score = score_words(problem, self.optimum.score)
            first = f"Search: a summed {label} of {score}, {self.optimum.status}."
        return (first, *(said for one in self.found for said in one.sentences))


def baselines(
    problem: SearchProblem, *, seed: int = 0, draws: int = 51, cancelled: Cancelled = never
) -> Baselines:
    """Choose architectures by simpler ways, to see what the search is worth.

    - **greedy** is the recipe of the paper (Puzzle, App. F.2.2): each upper budget is split
      equally over the layers; layers are visited by rising mean score of their variants; each takes
      the best variant that fits, and leaves the rest of its share to the next.
    - **best homogeneous** is the best of all architectures with the same block in every layer.
    - **random feasible** draws a variant in every layer at random, layers in random order, among
      those with which each limit can still be met; the median of many such draws.
    - **most parameters** keeps as many parameters as the budgets allow (Puzzle, App. F.2.2).
    - **parent** is the model itself, and published architectures are added where the library has
      their blocks (Nemotron-Super-49B).

    Parameters
    ----------
    problem
        What is asked.
    seed
        Of the random draws.
    draws
        Number of random draws.
    cancelled
        Asked now and then; true stops the searches.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("llama-3.3-70b-modeled")
    >>> problem = pw.SearchProblem(
    ...     library, minimize="metrics.kl_div", budgets={"stats.runtime_ms": "60 %"}
    ... )
    >>> found = pw.baselines(problem)
    >>> found["greedy"].keeps, found["greedy"].excess > 0
    (True, True)
    >>> found["parent"].broken
    ('Runtime ≤ 37,259 ms',)
    >>> pw.to_frame(found)["baseline"].tolist()[:3]
    ['search', 'greedy', 'best homogeneous']
    """
    check_problem(problem)
    if draws < 1:
        raise ProblemError(f"draws={draws!r}: give at least 1.")
    optimum = search(problem, cancelled=cancelled)
    ways: list[tuple[str, str, Callable[[], IntArray | Architecture | str]]] = [
        (GREEDY, "budgets split by layer (Puzzle, App. F.2.2)", lambda: greedy(problem)),
        (HOMOGENEOUS, "the same block in every layer", lambda: homogeneous(problem)),
        (
            RANDOM,
            f"the median of {draws} random draws within the budgets, seed {seed}",
            lambda: random_feasible(problem, seed, draws),
        ),
        (
            MOST_PARAMETERS,
            f"as many parameters as the budgets allow, as far as {_SECONDS:.0f} s of search find",
            lambda: _most_parameters(problem, cancelled),
        ),
        (PARENT, "no block replaced", lambda: problem.library.parent_architecture),
    ]
    found = [_baseline(optimum, name, how, choose()) for name, how, choose in ways]
    return Baselines(optimum, (*found, *_published(optimum)))


def _baseline(
    optimum: Solution, name: str, how: str, chosen: IntArray | Architecture | str
) -> Baseline:
    if isinstance(chosen, str):
        return Baseline(name, how, None, (), chosen, optimum)
    problem = optimum.problem
    if isinstance(chosen, np.ndarray):
        chosen = to_architecture(problem.library, chosen)
    broken = broken_words(problem, chosen)
    solution = evaluate(problem.bare if broken else problem, chosen, name)
    return Baseline(name, how, solution, broken, "", optimum)


def broken_words(problem: SearchProblem, architecture: Architecture) -> tuple[str, ...]:
    """Say which limits and rules of a problem an architecture breaks."""
    mckp, library = problem.mckp, problem.library
    choice = to_choice(library, architecture)
    totals, words = mckp.totals(choice), []
    for row in mckp.broken_rows(choice):
        key, above = mckp.rows[row], bool(totals[row] > mckp.upper[row])
        budget = problem.budgets.get(key)
        if budget is None:
            words.append(key.partition(": ")[2] if key.startswith("rule ") else key)
            continue
        sense, limit = ("at most", budget.upper) if above else ("at least", budget.lower)
        words.append(library.quantity(key).limit(sense, limit))
    words += [rule.name for rule in mckp.kinds if not rule.holds(choice)]
    against = int((~mckp.allowed[choice]).sum())
    if against:
        words.append(f"rules in {against} {'layer' if against == 1 else 'layers'}")
    return tuple(dict.fromkeys(words))


def _most_parameters(problem: SearchProblem, cancelled: Cancelled) -> Architecture | str:
    if PARAMETERS not in problem.library.keys:
        return "The library has no counts of parameters."
    asked = replace_field(replace_field(problem, "objective", PARAMETERS), "goal", "maximize")
    # Of as many parameters any will do: to settle which one takes ten times as long as to find one.
    found = search_without_reason(asked, time_limit=_SECONDS, cancelled=cancelled, ties=False)
    if found.status == "no_solution_in_time":
        return f"None was found in {_SECONDS:.0f} s."
    return found.architecture or "No architecture keeps all budgets and rules."


def _published(optimum: Solution) -> Iterator[Baseline]:
    problem = optimum.problem
    library = problem.library
    for name in preset_names(library):
        scenario = preset(name, library, objective=problem.objective, goal=problem.goal)
        how = "a published architecture of the same parent"
        yield _baseline(optimum, name, how, scenario.solution.architecture or {})


@to_frame.register(Baselines)
def _frame(found: Baselines, *, layers: bool = False) -> pd.DataFrame:  # noqa: ARG001
    """Lay the optimum and the baselines out, one row each."""
    library = found.optimum.library
    names: list[tuple[str, str, Solution | None, float, tuple[str, ...], str]] = [
        ("search", "exact search", found.optimum, 0.0, (), found.optimum.reason),
        *((b.name, b.how, b.solution, b.excess, b.broken, b.reason) for b in found),
    ]
    rows = [
        {
            "baseline": name,
            "how": how,
            "score": math.nan if solution is None else solution.score,
            "excess": excess,
            "keeps": solution is not None and solution.found and not broken,
            "broken": "; ".join(broken),
            "reason": reason,
            **({} if solution is None else solution.totals),
            "throughput": None if solution is None else solution.throughput,
            "speedup": None if solution is None else solution.speedup,
        }
        for name, how, solution, excess, broken, reason in names
    ]
    frame = pd.DataFrame(rows)
    frame.attrs = {
        "units": {key: unit for key in library.keys if (unit := library.quantity(key).unit)}
    }
    frame.attrs |= {"objective": found.optimum.problem.objective}
    return frame

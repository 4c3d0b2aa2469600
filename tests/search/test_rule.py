"""Which architecture is the answer: within exact budgets, best, and beaten by none that ties."""

from __future__ import annotations

import math
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.problem.mckp import to_choice
from puzzle_widgets.search.mip import available_solvers
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library

HAS_CBC = any(name in available_solvers() for name in ("PULP_CBC_CMD", "COIN_CMD"))
SOLVERS = ["exact", "HiGHS", pytest.param("CBC", marks=pytest.mark.skipif(not HAS_CBC, reason=""))]
COLUMNS = ("plain", "whole", "decimal", "wide", "sentinel", "negative", "zero", "alike", "both")
Rng = np.random.Generator


def wide_problem(seed: int) -> pw.SearchProblem:
    """Draw a small problem: scores that tie, columns of any width, budgets on any side of 0."""
    rng = np.random.default_rng([seed, 7])
    shape = (int(rng.integers(2, 6)), int(rng.integers(2, 5)))
    kinds = [str(rng.choice(COLUMNS)) for _ in range(2)]
    columns = [_scores(rng, shape), *(_column(rng, shape, kind) for kind in kinds)]
    library = make_library(np.stack(columns, axis=2).tolist())
    goal: Any = {"maximize" if rng.random() < 0.3 else "minimize": LOSS}
    budgets = {key: _limits(rng, library, key) for key in (MEMORY, RUNTIME) if rng.random() < 0.85}
    return pw.SearchProblem(library, budgets=budgets, **goal)


def _scores(rng: Rng, shape: tuple[int, int]) -> Any:
    draw = rng.random()
    if draw < 0.4:  # bfloat16: eight bits of a number
        scores = rng.lognormal(-2, 2, shape)
        size = 2.0 ** np.floor(np.log2(scores))
        return np.round(scores / size * 2**7) / 2**7 * size
    if draw < 0.8:
        return rng.integers(0, 4, shape) / 4
    scores = rng.uniform(0, 1, shape)
    if draw > 0.95:
        scores[rng.random(shape) < 0.2] = rng.choice([1e13, -1e13])
    return scores


def _column(rng: Rng, shape: tuple[int, int], kind: str) -> Any:
    costs = rng.uniform(0, 10, shape)
    marked = rng.random(shape) < 0.2
    return {
        "plain": costs,
        "whole": np.floor(costs / 2),
        "decimal": np.round(costs, 1),
        "wide": costs * 10.0 ** rng.integers(-6, 13, shape),
        "sentinel": np.where(marked, 10.0 ** rng.integers(6, 19), costs),
        "negative": np.where(marked, -(10.0 ** rng.integers(0, 19)), costs - 2),
        "zero": costs * (rng.random(shape) < 0.5),
        "alike": np.tile(np.round(costs[0], 2), (shape[0], 1)),
        "both": np.where(marked, rng.choice([-1e13, 1e13], shape), costs),
    }[kind]


def _limits(rng: Rng, library: pw.BlockLibrary, key: str) -> Any:
    """Limits just at, or a little beside, what some architecture uses; some of 0."""

    def some() -> float:
        names = {la.name: str(rng.choice(list(la.positions))) for la in library.layers}
        total = library.totals(names)[key]
        return float(rng.choice([total, total * (1 + 1e-7), total * (1 - 1e-7), total + 0.1, 0.0]))

    draw = rng.random()
    if draw < 0.6:
        return some()
    if draw < 0.8:
        return (some(), None)
    low, high = sorted((some(), some()))
    return (low, high)


class Truth:
    """Every architecture of a problem, summed exactly."""

    def __init__(self, problem: pw.SearchProblem) -> None:
        self.problem = problem
        starts = problem.library.starts.tolist()
        self._choices = list(product(*(range(a, b) for a, b in pairwise(starts))))
        self.score = problem.sign * self.sums(problem.objective)
        self.use = {key: self.sums(key) for key in problem.budgets}
        within = self._apart()
        for key, budget in problem.budgets.items():
            within &= (self.use[key] >= budget.lower) & (self.use[key] <= budget.upper)
        self.within = within

    def sums(self, key: str) -> Any:
        """Exact sum of a key over each architecture."""
        column = self.problem.library.column(key).tolist()
        return np.array([math.fsum(column[place] for place in choice) for choice in self._choices])

    def _apart(self) -> Any:
        """Which architectures keep the rules of difference."""
        within = np.ones(len(self._choices), dtype=bool)
        for rule in self.problem.differences:
            other = to_choice(self.problem.library, rule.architecture)
            within &= (np.array(self._choices) != other).sum(axis=1) >= rule.layers
        return within

    def wrong(self, found: pw.Solution) -> str:
        """What is wrong with an answer; empty if nothing."""
        if not found.found:
            ok = found.status == "infeasible" and not self.within.any()
            return "" if ok else f"{found.status}, where {self.within.sum()} keep the budgets"
        for key, budget in self.problem.budgets.items():
            total, slack = found.totals[key], 1e-9
            over = total > budget.upper + slack * abs(budget.upper)
            if over or total < budget.lower - slack * abs(budget.lower):
                return f"{key} {total!r} breaks {budget}"
        if found.status != "optimal":
            return found.status
        score = self.problem.sign * found.score
        best = float(self.score[self.within].min(initial=np.inf))
        if score > best + 1e-12 * max(1.0, abs(best)):
            return f"{score!r}, where {best!r} is possible"
        return self._beaten(found)

    def _beaten(self, found: pw.Solution) -> str:
        """Whether one of equal score uses no more of anything limited, and less of something."""
        if found.ties == "unproven":  # rightly so only where scores have no digits left
            return "" if abs(found.score) > 1e12 else "ties unproven"
        rivals = self.within & (self.score <= self.problem.sign * found.score)
        less = np.zeros_like(rivals)
        for key, use in self.use.items():
            mine = found.totals[key]
            rivals &= use <= mine
            less |= use < mine - 1e-9 * abs(mine)
        return "beaten in what is limited" if (rivals & less).any() else ""


@pytest.mark.parametrize("solver", SOLVERS)
def test_answers_are_within_best_and_unbeaten(solver: str) -> None:
    """Of ties, wide columns, sentinels, lower limits and budgets of 0."""
    wrong = {}
    for seed in range(120 if solver == "exact" else 25):
        problem = wide_problem(seed)
        if said := Truth(problem).wrong(pw.search(problem, solver=solver)):
            wrong[seed] = said
    assert wrong == {}


@pytest.mark.parametrize("solver", SOLVERS[1:])
def test_every_solver_gives_the_same_architecture(solver: str) -> None:
    """The rule for ties does not depend on who found the score."""
    for seed in range(100, 120):
        problem = wide_problem(seed)
        ours, theirs = pw.search(problem), pw.search(problem, solver=solver)
        if abs(ours.score) < 1e12:
            assert ours.architecture == theirs.architecture


@pytest.mark.slow
@pytest.mark.parametrize("solver", SOLVERS)
def test_many_answers_are_within_best_and_unbeaten(solver: str) -> None:
    """The same for 2,000 problems, of a solver's for 300."""
    wrong = {}
    for seed in range(1_000, 3_000 if solver == "exact" else 1_300):
        problem = wide_problem(seed)
        if said := Truth(problem).wrong(pw.search(problem, solver=solver)):
            wrong[seed] = said
    assert wrong == {}


def beaten(truth: Truth, found: pw.Solution, keys: tuple[str, ...]) -> bool:
    """Whether some architecture scores no worse and uses no more of all keys, one of them less."""
    score = truth.problem.sign * found.score
    rivals, better = truth.score <= score, truth.score < score - 1e-9 * abs(score)
    for key in keys:
        use, mine = truth.sums(key), found.totals[key]
        rivals &= use <= mine
        better |= use < mine - 1e-9 * abs(mine)
    return bool((rivals & better & truth.within).any())


@pytest.mark.parametrize("seed", range(40))
def test_front_points_are_unbeaten_in_score_and_resource(seed: int) -> None:
    """Every point, also the first one, which no limit holds, and those of the full front."""
    problem = wide_problem(seed)
    front = pw.pareto_front(problem, MEMORY, 6)
    truth = Truth(problem)
    assert not [point for point in front.solutions if beaten(truth, point, (MEMORY,))]
    bare = pw.SearchProblem(problem.library, minimize=LOSS)
    whole, every = pw.full_front(bare, MEMORY), Truth(bare)
    assert not [point for point in whole if beaten(every, point, (MEMORY,))]
    reached = min(every.score)
    assert whole[-1].score <= reached + 1e-12 * abs(reached)


@pytest.mark.parametrize("seed", range(20))
def test_maps_surfaces_and_diverse_ones_give_what_a_search_gives(seed: int) -> None:
    """A cell reused from looser limits, and a solution among several, go by the same rule."""
    problem = wide_problem(seed)
    cells = [
        cell for row in pw.budget_surface(problem, MEMORY, RUNTIME, (4, 4)).cells for cell in row
    ]
    rows = pw.decision_map(problem, RUNTIME, points=4).solutions
    several = pw.search_diverse(problem, 3, 1)
    for found in (*cells, *rows, *several):
        assert found is not None
        assert found.architecture == pw.search(found.problem).architecture
        assert not found.found or not Truth(found.problem).wrong(found)

"""Many searches in one call give what as many single searches give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.problem.mckp import Mckp
from puzzle_widgets.search import engine as engines
from puzzle_widgets.search.engine import changed, iter_many, solve, solve_many, with_forced
from puzzle_widgets.search.options import Changes, SearchOptions
from puzzle_widgets.search.outcome import Outcomes
from tests.support.instances import KINDS, instance, some_start, tightened
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library

BUDGETS: dict[str, Any] = {MEMORY: 20, RUNTIME: (8, 26)}


def some_problem(goal: Goal = "minimize") -> pw.SearchProblem:
    """Six layers of four variants under two budgets."""
    rows = np.random.default_rng(0).uniform(0, 8, (6, 4, 3)).tolist()
    return pw.SearchProblem.of(make_library(rows), goal, LOSS, budgets=BUDGETS)


def test_forced_variants_as_with_fixed_ones() -> None:
    """Each variant in turn: status, score and architecture as by a search that fixes it."""
    problem = some_problem()
    names = [(la.name, v.name) for la in problem.library.layers for v in la.variants]
    found = pw.search_many(problem, forced=names)
    assert len(found) == len(names) == 24
    for place, (layer, variant) in enumerate(names):
        alone = pw.search(problem.with_fixed({layer: variant}))
        assert found.statuses[place] == alone.status
        if alone.found:
            assert found.scores[place] == pytest.approx(alone.score, rel=1e-12)
            assert found.architecture(place) == alone.architecture
        else:
            assert found.architecture(place) is None


@pytest.mark.parametrize("goal", ["minimize", "maximize"])
def test_scores_as_with_libraries_of_their_own(goal: Goal) -> None:
    """Other scores, everything else the same; in the sense of the goal, and with their bound."""
    rng = np.random.default_rng(1)
    problem = some_problem(goal)
    library = problem.library
    scores = library.column(LOSS) * rng.lognormal(0, 0.3, (12, int(library.starts[-1])))
    found = pw.search_many(problem, scores=scores)
    for row, score, bound in zip(scores, found.scores, found.bounds, strict=True):
        rows = [
            [
                (row[start + place], v.values[MEMORY], v.values[RUNTIME])
                for place, v in enumerate(la.variants)
            ]
            for la, start in zip(library.layers, library.starts, strict=False)
        ]
        other = pw.SearchProblem.of(make_library(rows), goal, LOSS, budgets=BUDGETS)
        assert score == pytest.approx(pw.search(other).score, rel=1e-12)
        assert bound == score


def test_budgets_as_with_problems_of_their_own() -> None:
    """Moved, lifted, infeasible and further budgets, beside a rule of difference."""
    problem = some_problem().with_difference(pw.search(some_problem()).architecture or {}, 2)
    budgets: list[dict[str, Any]] = [
        {},
        {MEMORY: 18.5},
        {MEMORY: (None, None)},
        {RUNTIME: (0, 21)},
        {MEMORY: 0},
        {LOSS: (5, 30)},
    ]
    found = pw.search_many(problem, budgets=budgets)
    for place, own in enumerate(budgets):
        alone = problem
        for key, limit in own.items():
            lower, upper = limit if isinstance(limit, tuple) else (None, limit)
            alone = alone.with_budget(key, lower, upper)
        solution = pw.search(alone)
        assert found.statuses[place] == solution.status
        if solution.found:
            assert found.scores[place] == pytest.approx(solution.score, rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_the_engines_agree_on_many(kind: str) -> None:
    """Forced variables and moved limits: the kernel's batch, its single searches, the reference."""
    rng = np.random.default_rng(2)
    for seed in range(4):
        mckp = instance(kind, seed)
        some = rng.choice(mckp.score.size, min(6, mckp.score.size), replace=False)
        changes = [Changes(forced=some), Changes(scores=mckp.score * rng.lognormal(0, 0.1, (3, 1)))]
        for one in changes:
            options = SearchOptions(time_limit=20)
            batch = solve_many(mckp, one, options, engine="kernel")
            other = solve_many(mckp, one, options, engine="reference")
            assert len(batch) == len(other) == len(one)
            assert batch.statuses == other.statuses
            found = np.isfinite(batch.scores)
            np.testing.assert_allclose(batch.scores[found], other.scores[found], rtol=1e-9)


@pytest.mark.parametrize("engine", ["kernel", "reference"])
@pytest.mark.parametrize("kind", KINDS)
def test_ties_of_many_are_settled_as_of_one(kind: str, engine: engines.Engine) -> None:
    """Limits, a level of the ties and a start of its own: each as by a search alone."""
    rng = np.random.default_rng(4)
    for mckp in (instance(kind, seed) for seed in range(6)):
        levels = 0 if mckp.ties is None else len(mckp.ties)
        if not levels:
            continue
        own = [tightened(mckp, rng) for _ in range(4)]
        changes = Changes(
            lower=np.array([one.lower for one in own]),
            upper=np.array([one.upper for one in own]),
            weights=rng.choice([0.0, 0.5, 2.0], (4, len(mckp.rows))),
            level=int(rng.integers(levels)),
            starts=[None, some_start(mckp, rng), None, some_start(mckp, rng)],
        )
        options = SearchOptions(time_limit=20, settle=True)
        found = solve_many(mckp, changes, options, engine=engine)
        assert len(found) == 4
        for place in range(4):
            alone = solve(changed(mckp, changes, place), options, "kernel")
            assert found.statuses[place] == alone.status
            if alone.choice is not None:
                assert "unproven" not in (alone.ties, found.ties[place])
                assert found.choices[place].tolist() == alone.choice.tolist()


def test_no_search_has_more_than_its_time() -> None:
    """One that takes long is left with its best so far, and the next ones are searched."""
    rng = np.random.default_rng(0)
    cost, starts = rng.uniform(0, 1, (5, 80 * 16)), np.arange(0, 80 * 16 + 1, 16)
    tight, free = np.full(5, 80 * 0.4), np.full(5, np.inf)
    score, allowed = rng.uniform(0, 1, 80 * 16), np.ones(80 * 16, dtype=np.bool_)
    mckp = Mckp(score, starts, cost, -free, tight, allowed, tuple("abcde"))
    changes = Changes(lower=np.array([-free, -free, -free]), upper=np.array([free, tight, free]))
    found = Outcomes.joined(list(iter_many(mckp, changes, SearchOptions(time_limit=1e-9))), mckp)
    assert found.statuses == ("optimal", "feasible", "optimal")
    assert found.bounds[1] < found.scores[1]
    assert found.scores[0] == found.scores[2] == pytest.approx(score.reshape(80, 16).min(1).sum())


def test_progress_and_cancel() -> None:
    """The count rises to the end; a cancel leaves the answers that are done, in their order."""
    problem = some_problem()
    scores = problem.library.column(LOSS) * np.random.default_rng(3).lognormal(0, 0.2, (40_000, 24))
    told: list[int] = []
    stopped = pw.search_many(
        problem, scores=scores, progress=told.append, cancelled=lambda: len(told) >= 2
    )
    assert told == sorted(set(told))
    assert 0 < len(stopped) < len(scores)
    first = pw.search_many(problem, scores=scores[: len(stopped)])
    np.testing.assert_array_equal(first.choices, stopped.choices)


@pytest.mark.parametrize("engine", ["kernel", "reference"])
def test_no_searches_give_no_answers(engine: engines.Engine) -> None:
    """An empty list is no error, and the arrays have their usual shapes."""
    mckp = some_problem().mckp
    changes = Changes(forced=np.zeros(0, dtype=np.intp))
    none = solve_many(mckp, changes, SearchOptions(), engine=engine)
    assert (len(none), none.choices.shape, none.prices.shape) == (0, (0, 6), (0, 2))
    empty: list[dict[str, Any]] = [
        {"forced": []},
        {"budgets": []},
        {"scores": np.zeros((0, 24))},
    ]
    assert [len(pw.search_many(some_problem(), **given)) for given in empty] == [0, 0, 0]


def test_a_banned_variable_cannot_be_forced() -> None:
    """Then there is no architecture, as with a search that fixes and bans it."""
    problem = some_problem()
    layer = problem.library.layers[0]
    name = layer.variants[1].name
    banned = problem.with_banned({layer.name: [name]})
    assert not with_forced(banned.mckp, 1)[: len(layer.variants)].any()
    assert pw.search_many(banned, forced=[(layer.name, name)]).statuses == ("infeasible",)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "give one of"),
        ({"forced": [], "budgets": []}, "give one of"),
        ({"scores": np.zeros((2, 3))}, r"shape \(2, 3\)"),
        ({"scores": np.full((1, 24), np.nan)}, "finite"),
        ({"forced": [(99, "parent")]}, "no layer 99"),
        ({"forced": [(0, "nothing")]}, "no variant 'nothing'"),
        ({"budgets": [{"stats.nothing": 1}]}, "no score or cost 'stats.nothing'"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, Any], said: str) -> None:
    """Each message says what was given and what there is."""
    with pytest.raises(pw.ProblemError, match=said):
        pw.search_many(some_problem(), **given)


def test_the_kernel_is_what_searches() -> None:
    """Where it runs; no quiet fall back to the slow way."""
    assert engines.usual_engine() == "kernel"

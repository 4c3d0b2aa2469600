"""At most so many distinct blocks, as a rule: everything that searches keeps it, exactly."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.files.scenario_file import dump_scenarios, read_scenarios
from puzzle_widgets.library.model import Part
from puzzle_widgets.search.mip import available_solvers
from puzzle_widgets.state.record_file import from_json, to_json
from tests.support.libraries import (
    LOSS,
    MEMORY,
    RUNTIME,
    architectures,
    best_score,
    keeps,
    make_library,
    published_folder,
)

FFNS = pw.Distinct("two FFNs", 2, "ffn")


def small(seed: int = 0, **more: Any) -> pw.SearchProblem:
    """Four layers of three blocks of unknown kind, and at most two distinct ones."""
    library = make_library(np.random.default_rng(seed).uniform(0, 9, (4, 3, 3)).tolist())
    least, most = library.total_range(MEMORY)
    budgets = {MEMORY: least + 0.6 * (most - least)}
    more = {"distinct": [pw.Distinct("two blocks", 2)], "budgets": budgets, **more}
    return pw.SearchProblem(library, minimize=LOSS, **more)


def measured(**more: Any) -> pw.SearchProblem:
    """The embedded library, with at most two distinct FFNs."""
    library = pw.load_library("stdlib-2m-measured")
    more = {"budgets": {MEMORY: "50 %"}, "distinct": [FFNS], **more}
    return pw.SearchProblem(library, minimize="metrics.kl_div", **more)


def ffns(solution: pw.Solution) -> int:
    """How many distinct FFNs it has."""
    return len({block.ffn for block in solution.blocks})


@pytest.mark.parametrize("seed", range(6))
def test_it_holds_beside_all_other_rules(seed: int) -> None:
    """Fixed and banned blocks, differences, rows and a second count: as by brute force."""
    base = small(seed)
    library = base.library
    first = next(a for a in architectures(library) if keeps(base, a))
    row = pw.Row("at most two v0", {layer.name: {"v0": 1.0} for layer in library.layers}, upper=2)
    problem = small(
        seed,
        fixed={0: "v1"},
        banned={3: ["v2"]},
        differences=[pw.Difference(first, 2)],  # type: ignore[arg-type]
        rows=[row],
        distinct=[pw.Distinct("two", 2), pw.Distinct("one", 1, layers=(1, 2))],
    )
    best, found = best_score(problem), pw.search(problem)
    assert found.found != math.isnan(best)
    if found.found:
        assert (found.status, found.gap) == ("optimal", 0)
        assert found.score == pytest.approx(best)
        assert keeps(problem, found.architecture or {})


HAS_CBC = any(name in available_solvers() for name in ("PULP_CBC_CMD", "COIN_CMD"))
NEEDS_CBC = pytest.mark.skipif(not HAS_CBC, reason="PuLP finds no CBC here")


@pytest.mark.parametrize(
    "solver", ["exact", "reference", "HiGHS", pytest.param("CBC", marks=NEEDS_CBC)]
)
def test_every_solver_keeps_it(solver: str) -> None:
    """The same architecture, whoever finds it."""
    found, other = pw.search(measured()), pw.search(measured(), solver=solver)
    assert (other.status, other.architecture) == ("optimal", found.architecture)
    assert ffns(found) == 2


def test_a_model_of_pulp_has_it() -> None:
    """A variable for each FFN says whether any layer has it."""
    pulp = pytest.importorskip("pulp")
    problem = measured()
    model = problem.to_pulp()
    model.solve(pulp.HiGHS(msg=False))
    assert problem.read_pulp(model) == pw.search(problem).architecture
    kinds = {variant.ffn for layer in problem.library.layers for variant in layer.variants}
    assert sum(one.name.startswith("kind_0_") for one in model.variables()) == len(kinds)


def test_fronts_maps_and_many_searches_keep_it() -> None:
    """Each point is as by a search of its own; the full front refuses what it cannot count."""
    problem = small()
    front = pw.pareto_front(problem, RUNTIME, points=6)
    assert all(keeps(problem, point.architecture or {}) for point in front.solutions)
    for point in front.solutions:
        assert point.score == pytest.approx(best_score(point.problem))
    grid = pw.decision_map(problem, RUNTIME, points=4)
    found = [one for one in grid.solutions if one is not None and one.found]
    assert len(found) > 1
    assert all(keeps(problem, one.architecture or {}) for one in found)
    diverse = pw.search_diverse(problem, 3, minimal_diversity=1)
    assert len(diverse) > 1
    assert all(keeps(problem, one.architecture or {}) for one in diverse)
    with pytest.raises(pw.ProblemError, match="rules that count"):
        pw.full_front(problem.with_budget(MEMORY), RUNTIME)
    with pytest.raises(pw.ProblemError, match="no rows or rules that count beside it"):
        pw.dynamic_program(problem)


def test_reasons_keep_it() -> None:
    """Costs of blocks, what is decided, alternatives, noise and simpler ways."""
    problem, library = small(), small().library
    best = best_score(problem)
    costs = pw.inclusion_costs(problem)
    for layer, variant in itertools.product(library.layers, ("v0", "v1", "v2")):
        forced = best_score(problem.with_fixed({layer.name: variant}))
        cost = costs.cost(layer.name, variant)
        assert cost == (math.inf if math.isnan(forced) else pytest.approx(forced - best, abs=1e-9))
    assert pw.decidedness(problem).margins == pytest.approx(costs.decidedness)
    within = 0.5
    others = pw.alternatives(problem, within=within)
    near = [
        a
        for a in architectures(library)
        if keeps(problem, a) and library.totals(a)[LOSS] <= best * (1 + within) + 1e-9
    ]
    assert (others.exact, others.least) == (True, len(near))
    noisy = pw.sensitivity(problem, samples=20, seed=1)
    assert noisy.proven == 1
    for choice in noisy.choices:
        names = {library.variant_names[place] for place in choice.tolist()}
        assert len(names) <= 2
    for one in pw.baselines(problem):
        many = one.solution is not None and len(set((one.solution.architecture or {}).values())) > 2
        assert many == ("two blocks" in one.broken)
    assert pw.lp_bound(problem) <= best + 1e-9


def test_an_architecture_that_breaks_it_says_so() -> None:
    """By the rule's own name."""
    problem = small()
    found = pw.evaluate(problem, {0: "v0", 1: "v1", 2: "v2", 3: "v0"})
    assert "two blocks" in found.reason
    mixed = pw.SearchProblem(problem.library, minimize=LOSS, distinct=problem.distinct)
    assert pw.evaluate(mixed, {0: "v0", 1: "v1", 2: "v2", 3: "v0"}).reason == "Breaks two blocks."


def test_what_cannot_hold_with_it_is_said() -> None:
    """The conflict names both."""
    problem = small(fixed={0: "v0", 1: "v1", 2: "v2"}, budgets={})
    solution = pw.search(problem)
    assert solution.status == "infeasible"
    assert "two blocks" in solution.reason
    conflict = pw.explain(solution).conflict
    assert conflict is not None
    assert conflict.demands == ("two blocks", "the blocks fixed in layers 0, 1, 2")


def test_next_steps_are_those_of_the_rule() -> None:
    """The least budget with a better architecture among those that keep it."""
    problem = small(2)
    solution = pw.search(problem)
    step = pw.explain(solution, exact=True).budgets[0].more
    library = problem.library
    free = problem.with_budget(MEMORY)
    better = [
        library.totals(a)[MEMORY]
        for a in architectures(library)
        if keeps(free, a) and library.totals(a)[LOSS] < solution.score - 1e-9
    ]
    assert step is not None
    assert step.limits == ((pytest.approx(min(better)),) * 2 if better else ())


def test_scenarios_and_records_keep_it() -> None:
    """As it was stated; the proof is found again."""
    problem = measured(distinct=[FFNS, pw.Distinct("ends", 1, "attention", (0, "7"))])
    text = dump_scenarios([pw.Scenario("few", pw.search(problem))])
    (again,) = read_scenarios(text.encode(), "few.json", problem.library)
    assert again.solution.problem == problem
    assert again.solution.status == "optimal"
    state = pw.ExplorerState("stdlib-2m-measured")
    state.set_rules(
        [pw.rules.few_blocks(problem.library, 2), pw.rules.no_linear_attention(problem.library)]
    )
    record = state.record
    assert from_json(to_json(record), record.library).rules == record.rules
    assert state.solution is not None
    assert state.solution.problem.distinct == pw.rules.few_blocks(problem.library, 2).distinct
    assert len(set((state.solution.architecture or {}).values())) <= 2


def test_another_workload_keeps_it() -> None:
    """The blocks are the same."""
    library = pw.load_library("llama-3.3-70b-modeled")
    problem = pw.SearchProblem(
        library, minimize="metrics.kl_div", budgets={MEMORY: "60 %"}, distinct=[FFNS]
    )
    found = pw.search_batch_sizes(problem, [128, 256])
    assert [one.solution is not None and ffns(one.solution) for one in found] == [2, 2]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("rule", "is no rule"),
        (pw.Distinct(" ", 1), "a name of 1 to 200 letters"),
        (pw.Distinct("a", 0), "a whole number of at least 1"),
        (pw.Distinct("a", 1.5), "a whole number of at least 1"),  # type: ignore[arg-type]
        (pw.Distinct("a", 1, "mlp"), "give 'attention', 'ffn'"),  # type: ignore[arg-type]
        (pw.Distinct("a", 1, layers=(9,)), "No layer 9"),
    ],
)
def test_what_makes_no_sense_is_refused(rule: Any, said: str) -> None:
    """With what to give."""
    with pytest.raises(pw.ProblemError, match=said):
        small(distinct=[rule])


def test_there_may_be_too_many() -> None:
    """A file cannot fill the memory."""
    with pytest.raises(pw.ProblemError, match="101 rules"):
        small().with_distinct([FFNS] * 100)


@pytest.mark.published
@pytest.mark.parametrize(
    ("part", "scores"),
    [
        (None, [20.832638, 10.944965, 10.466976, 10.379309, 10.361920]),
        ("ffn", [14.747121, 10.727935, 10.379309, 10.361920]),
        ("attention", [18.518521, 10.361557]),
    ],
)
def test_the_published_library_is_proven(part: Part | None, scores: list[float]) -> None:
    """For every number of blocks, with ten seconds for each."""
    library = pw.load_library(published_folder())
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets={RUNTIME: "60 %"})
    for most, score in enumerate(scores, 1):
        rule = pw.rules.few_blocks(library, most, part=part)
        found = pw.search(problem.with_rule(rule), time_limit=10)
        assert found.status == "optimal"
        assert found.score == pytest.approx(score, abs=1e-4)


@pytest.mark.published
@pytest.mark.slow
def test_a_mip_solver_agrees_on_the_published_library() -> None:
    """HiGHS states it by variables of use."""
    library = pw.load_library(published_folder())
    problem = pw.SearchProblem(
        library,
        minimize="metrics.kl_div",
        budgets={RUNTIME: "60 %"},
        rules=[pw.rules.few_blocks(library, 2, part="ffn")],
    )
    by_mip = pw.search(problem, solver="HiGHS", time_limit=120)
    assert by_mip.found
    assert pw.search(problem).score <= by_mip.score + 1e-9
    assert by_mip.bound <= pw.search(problem).score + 1e-6

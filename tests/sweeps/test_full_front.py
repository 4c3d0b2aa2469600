"""The full exact front against brute force and against single searches."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library.quantity import MEMORY, RUNTIME, THROUGHPUT
from tests.support.libraries import EMBEDDED, LOSS, make_library


def random_small(seed: int, *, whole: bool) -> pw.BlockLibrary:
    """Five layers of two to four variants; whole numbers make many ties."""
    rng = np.random.default_rng(seed)
    draws = rng.uniform(0, 5, (5, 4, 3))
    table = np.floor(draws) if whole else draws
    return make_library([rows[: rng.integers(2, 5)].tolist() for rows in table])


def truth(library: pw.BlockLibrary, key: str) -> list[tuple[float, float]]:
    """Every nondominated (use, score), by looking at all architectures."""
    totals = [
        (sum(v.values[key] for v in chosen), sum(v.values[LOSS] for v in chosen))
        for chosen in product(*(layer.variants for layer in library.layers))
    ]
    kept: list[tuple[float, float]] = []
    for use, score in sorted(totals):
        if not kept or score < kept[-1][1] - 1e-9:
            if kept and use - kept[-1][0] < 1e-9:
                kept.pop()
            kept.append((use, score))
    return kept


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("seed", range(40))
def test_all_points_and_no_others(seed: int, whole: bool) -> None:  # noqa: FBT001
    """Uses and scores are those of brute force, also where ties abound."""
    library = random_small(seed, whole=whole)
    front = pw.full_front(pw.SearchProblem(library, minimize=LOSS), MEMORY)
    assert np.allclose(np.column_stack([front.use, front.score]), truth(library, MEMORY))


def test_each_point_has_its_architecture() -> None:
    """A point's solution sums to its use and score, and says that it is proven."""
    library = random_small(3, whole=False)
    front = pw.full_front(pw.SearchProblem(library, minimize=LOSS), MEMORY)
    for place, solution in enumerate(front):
        assert solution.status == "optimal"
        assert np.isclose(solution.totals[MEMORY], front.use[place])
        assert np.isclose(solution.score, front.score[place])
    assert front[-1].score == pytest.approx(front.score[-1])


def test_maximized_scores_and_fixed_variants_count() -> None:
    """Gains are made large; what is fixed or banned holds at every point."""
    library = random_small(5, whole=False)
    problem = pw.SearchProblem(
        library, maximize=LOSS, fixed={0: "v1"}, banned={1: [library.layers[1].variants[0].name]}
    )
    front = pw.full_front(problem, RUNTIME)
    assert (np.diff(front.score) > 0).all()
    assert all(solution.blocks[0].name == "v1" for solution in front)
    assert all(solution.blocks[1].name != "v0" for solution in front)


def test_throughput_turns_the_axis() -> None:
    """Over throughput the uses are tokens/s of the runtimes."""
    library = random_small(7, whole=False)
    problem = pw.SearchProblem(library, minimize=LOSS)
    runtime, speed = pw.full_front(problem, RUNTIME), pw.full_front(problem, THROUGHPUT)
    assert np.allclose(speed.use, 1000 * (library.measurement.tokens or 0) / runtime.use)


def test_single_searches_lie_on_it() -> None:
    """On the embedded library, the optimum of any one budget is a point of the front."""
    library = pw.load_library(EMBEDDED)
    short = pw.BlockLibrary("short", library.layers[30:50], library.measurement)
    front = pw.full_front(pw.SearchProblem(short, minimize="metrics.kl_div"), MEMORY)
    for share in (0.2, 0.5, 0.8):
        limit = share * short.parent_totals[MEMORY]
        problem = pw.SearchProblem(short, minimize="metrics.kl_div", budgets={MEMORY: limit})
        place = int(np.searchsorted(front.use, limit * (1 + 1e-12), side="right")) - 1
        assert pw.search(problem).score == pytest.approx(front.score[place], abs=1e-9)


def test_a_layer_without_variants_leaves_no_points() -> None:
    """Infeasible is a result: a front without points."""
    library = random_small(1, whole=False)
    everything = [variant.name for variant in library.layers[2].variants]
    problem = pw.SearchProblem(library, minimize=LOSS, banned={2: everything})
    assert len(pw.full_front(problem, MEMORY)) == 0


def test_budgets_and_cancels_are_refused_in_words() -> None:
    """A problem with budgets is wrong input; a cancel says so."""
    library = random_small(1, whole=False)
    with pytest.raises(pw.ProblemError, match="pareto_front"):
        pw.full_front(pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: 3}), RUNTIME)
    with pytest.raises(pw.SolverError, match="Canceled"):
        pw.full_front(pw.SearchProblem(library, minimize=LOSS), MEMORY, cancelled=lambda: True)

"""Sensitivity: the noise model as it is stated, and each sample as a search of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import puzzle_widgets as pw
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.reasons import Noise
from tests.support.libraries import (
    LOSS,
    MEMORY,
    architectures,
    keeps,
    make_library,
    published_folder,
    random_rows,
)
from tests.support.pools import pool_of


def some_problem(goal: Goal = "minimize") -> pw.SearchProblem:
    """Four layers of four variants; the second variant scores the same as the parent's."""
    rows = np.random.default_rng(0).uniform(1, 8, (4, 4, 3))
    rows[:, 1, 0] = rows[:, 0, 0]
    return pw.SearchProblem.of(make_library(rows.tolist()), goal, LOSS, budgets={MEMORY: 14})


def test_the_noise_is_as_stated() -> None:
    """A factor on differences, an added part on those of 0, nothing on the parent."""
    problem = some_problem()
    (drawn,) = Noise(0.1, 0.5, 1).scores(problem, 500)
    library = problem.library
    column = library.column(LOSS).reshape(4, 4)
    drawn = drawn.reshape(500, 4, 4)
    assert (drawn[:, :, 0] == column[:, 0]).all()
    added = drawn[:, :, 1] - column[:, 1]
    assert 0.4 < added.std() < 0.6
    factors = (drawn[:, :, 2:] - column[:, :1]) / (column[:, 2:] - column[:, :1])
    assert (factors > 0).all()
    assert np.log(factors).std() == pytest.approx(0.1, rel=0.1)
    assert np.log(factors).mean() == pytest.approx(0, abs=0.01)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), goal=st.sampled_from(["minimize", "maximize"]))
def test_each_sample_is_a_search_of_its_own(seed: int, goal: Goal) -> None:
    """Best score, the architecture's own score and its regret, by trying every architecture."""
    library = make_library(random_rows(np.random.default_rng(seed), "uniform"))
    least, most = library.total_range(MEMORY)
    problem = pw.SearchProblem.of(library, goal, LOSS, budgets={MEMORY: (least + most) / 2})
    found = pw.sensitivity(problem, noise=0.3, samples=6, seed=seed)
    feasible = [a for a in architectures(library) if keeps(problem, a)]
    chosen = dict(found.solution.architecture or {})
    (drawn,) = found.noise.scores(problem, 6)
    for row, score, own in zip(drawn, found.scores, found.own, strict=True):
        starts = zip(library.layers, library.starts[:-1], strict=True)
        named = {
            (la.name, v.name): row[s + n] for la, s in starts for n, v in enumerate(la.variants)
        }
        sums = [sum(named[pair] for pair in a.items()) for a in feasible]
        assert score == pytest.approx(min(sums) if goal == "minimize" else max(sums))
        assert own == pytest.approx(sum(named[pair] for pair in chosen.items()))
    assert (found.regrets >= 0).all()
    assert found.proven == 1
    assert found.shares.sum() == pytest.approx(len(library.layers))


def test_without_noise_nothing_changes() -> None:
    """Every sample is the optimum, and it never regrets."""
    rows = np.random.default_rng(1).uniform(1, 8, (4, 4, 3)).tolist()
    problem = pw.SearchProblem(make_library(rows), minimize=LOSS, budgets={MEMORY: 16})
    found = pw.sensitivity(problem, noise=0, samples=5)
    assert found.unchanged == 1
    assert found.survival.tolist() == [1] * 4
    assert found.regrets.max() == pytest.approx(0, abs=1e-12)
    assert "the best in 100 % of the samples" in found.text
    assert found.text.endswith("no scores of single samples.")


def test_the_seed_decides() -> None:
    """The same one gives the same, however the samples are cut; another one something else."""
    first, again, other = (pw.sensitivity(some_problem(), 0.5, 40, seed=s) for s in (0, 0, 1))
    np.testing.assert_array_equal(first.choices, again.choices)
    assert (first.scores != other.scores).any()


def test_chances_are_those_of_the_noise() -> None:
    """One half against itself, near one against what is far worse, and their sum is one."""
    library = pw.load_library("stdlib-2m-measured")
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets={MEMORY: "50 %"})
    found = pw.sensitivity(problem, 0.2, 10)
    best = found.solution
    worst = pw.search(pw.SearchProblem(library, maximize="metrics.kl_div"))
    assert found.chance(best, best) == 0.5
    assert found.chance(best, worst) > 0.99
    near = pw.search(problem.with_difference(best.architecture or {}, 4))
    assert 0.5 < found.chance(best, near) < 1
    both = found.chance(best, near) + found.chance(near, best)
    assert both == pytest.approx(1, abs=0.05)
    assert found.chance(best, dict(near.architecture or {})) == found.chance(best, near)


def test_chances_follow_the_goal() -> None:
    """More is better where it is maximized."""
    problem = some_problem("maximize")
    found = pw.sensitivity(problem, 0.1, 5)
    worst = pw.search(pw.SearchProblem(problem.library, minimize=LOSS))
    assert found.chance(found.solution, worst) > 0.99


def test_parts_of_an_architecture_cannot_be_compared() -> None:
    """Nor a solution without one."""
    found = pw.sensitivity(some_problem(), 0.1, 5)
    with pytest.raises(pw.ProblemError, match="layer 1 is missing"):
        found.chance(found.solution, {0: "v0"})
    none = pw.search(some_problem().with_budget(MEMORY, upper=0))
    with pytest.raises(pw.ProblemError, match="without architecture"):
        found.chance(none, found.solution)


def test_progress_and_cancel() -> None:
    """The count rises over the whole; a cancel keeps what is done, and says so."""
    told: list[int] = []
    found = pw.sensitivity(some_problem(), 0.1, 1200, progress=told.append)
    assert told == sorted(set(told))
    assert told[-1] == 1200 == found.samples
    told.clear()
    part = pw.sensitivity(
        some_problem(), 0.1, 100_000, cancelled=lambda: len(told) > 3, progress=told.append
    )
    assert 0 < part.samples < 100_000
    assert f"{part.samples:,} of 100,000 samples" in part.text


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_executors_give_the_same_samples(kind: str) -> None:
    """To the last bit, whichever part is done first; the count rises over the whole."""
    problem, told = some_problem(), list[int]()
    alone = pw.sensitivity(problem, 0.1, 620)
    with pool_of(kind) as executor:
        found = pw.sensitivity(problem, 0.1, 620, executor=executor, progress=told.append)
    np.testing.assert_array_equal(found.choices, alone.choices)
    np.testing.assert_array_equal(found.scores, alone.scores)
    np.testing.assert_array_equal(found.own, alone.own)
    assert (found.samples, found.proven) == (620, 1)
    assert told == sorted(set(told))
    assert told[-1] == 620


def test_a_cancel_reaches_an_executor() -> None:
    """It keeps the samples that are done, from the first on; so does a time limit."""
    problem, told = some_problem(), list[int]()
    alone = pw.sensitivity(problem, 0.1, 620)
    with pool_of("threads") as executor:
        part = pw.sensitivity(
            problem,
            0.1,
            100_000,
            executor=executor,
            cancelled=lambda: len(told) > 3,
            progress=told.append,
        )
        late = pw.sensitivity(problem, 0.1, 1_000_000, executor=executor, time_limit=0.5)
    assert 0 < part.samples < 100_000
    count = min(part.samples, 500)
    np.testing.assert_array_equal(part.choices[:count], alone.choices[:count])
    assert 0 < late.samples < 1_000_000


def test_the_added_part_is_a_share_of_the_median() -> None:
    """Where some block scores as the parent's does; else there is none."""
    found = pw.sensitivity(some_problem(), 0.1, 5)
    column = some_problem().library.column(LOSS).reshape(4, 4)
    differences = np.abs(column[:, 2:] - column[:, :1])
    assert isinstance(found.noise, Noise)
    assert found.noise.added == pytest.approx(0.1 * np.median(differences))
    assert "on differences of 0" in found.text
    assert pw.sensitivity(some_problem(), 0.1, 5, added=0).noise == Noise(0.1, 0, 0)


def test_the_frame_has_a_share_for_each_variant() -> None:
    """With the model beside it."""
    found = pw.sensitivity(some_problem(), 0.3, 20, seed=3)
    frame = pw.to_frame(found)
    assert frame.groupby("layer")["share"].sum().tolist() == pytest.approx([1] * 4)
    assert frame["chosen"].sum() == 4
    assert (frame.attrs["noise"], frame.attrs["seed"], frame.attrs["samples"]) == (0.3, 3, 20)


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"noise": -1}, "noise=-1"),
        ({"noise": float("nan")}, "noise=nan"),
        ({"samples": 0}, "samples=0"),
        ({"samples": 2.5}, "samples=2.5"),
        ({"added": -1}, "added=-1"),
    ],
)
def test_what_makes_no_sense_is_refused(given_: dict[str, Any], said: str) -> None:
    """With what to give."""
    with pytest.raises(pw.ProblemError, match=said):
        pw.sensitivity(some_problem(), **given_)


def test_an_infeasible_problem_is_refused() -> None:
    """With the reason."""
    with pytest.raises(pw.ProblemError, match="feasible problem"):
        pw.sensitivity(some_problem().with_budget(MEMORY, upper=0))


@pytest.mark.published
def test_the_published_library() -> None:
    """At 60 % of the runtime no noisy sample has the very same optimum, but many layers hold."""
    library = pw.load_library(published_folder())
    budgets = {"stats.runtime_ms": "60 %"}
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets=budgets)
    found = pw.sensitivity(problem, noise=0.05, samples=200)
    assert found.samples == 200
    assert found.proven == 1
    assert 20 < (found.survival > 0.95).sum() < 60


def bootstrapped(seed: int, samples: int) -> tuple[pw.SearchProblem, np.ndarray]:
    """The embedded library at half the memory, and its scores averaged over drawn samples."""
    library = pw.load_library("stdlib-2m-measured")
    problem = pw.SearchProblem(
        library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "50 %"}
    )
    values = pw.load_sample_scores(library).values[0]
    counts = np.random.default_rng(seed).multinomial(32, [1 / 32] * 32, samples)
    means = np.array([np.repeat(values, count, axis=0).mean(axis=0) for count in counts])
    return problem, library.column("metrics.kl_div") + means - values.mean(axis=0)


def test_a_bootstrap_searches_with_averages_over_drawn_samples() -> None:
    """Each draw: as by drawing, averaging and searching by hand; all blocks by the same draw."""
    problem, drawn = bootstrapped(3, 12)
    found = pw.sensitivity(problem, noise="bootstrap", samples=12, seed=3)
    many = pw.search_many(problem, scores=drawn)
    assert found.scores == pytest.approx(many.scores)
    own = drawn[:, found.solution.choice].sum(axis=1)
    assert found.own == pytest.approx(own)
    assert (found.regrets >= 0).all()
    assert found.sentences[0].startswith(
        "With a bootstrap over 32 samples of stdlib-2m-measured's scores (12 samples, seed 3)"
    )
    assert "not a guarantee" in found.sentences[-1]
    assert "assumed" not in found.sentences[-1]
    again = pw.sensitivity(
        problem, noise=pw.load_sample_scores(problem.library), samples=12, seed=3
    )
    assert np.array_equal(found.choices, again.choices)
    frame = pw.to_frame(found)
    assert (frame.attrs["noise"], frame.attrs["seed"]) == ("bootstrap", 3)


def test_a_chance_by_bootstrap_is_that_of_the_draws() -> None:
    """How often one sum is less than the other over the same samples."""
    problem, drawn = bootstrapped(0, 10_000)
    one, other = pw.search_diverse(problem, 2, minimal_diversity=2)
    gaps = drawn[:, other.choice].sum(axis=1) - drawn[:, one.choice].sum(axis=1)
    chance = pw.chance_better(problem, one, other, noise="bootstrap")
    assert chance == pytest.approx((gaps > 0).mean() + 0.5 * (gaps == 0).mean(), abs=2e-3)
    assert 0 < chance < 1


def test_a_bootstrap_stops_and_tells() -> None:
    """As any sensitivity does."""
    problem, _ = bootstrapped(0, 2)
    told: list[int] = []
    found = pw.sensitivity(
        problem,
        noise="bootstrap",
        samples=500,
        cancelled=lambda: bool(told),
        progress=told.append,
    )
    assert told
    assert found.samples < 500


@pytest.mark.parametrize("noise", ["boot", ""])
def test_words_that_are_no_noise_are_refused(noise: str) -> None:
    """With what to give."""
    with pytest.raises(pw.ProblemError, match=r"give a share, such as 0\.05, or 'bootstrap'"):
        pw.sensitivity(some_problem(), noise=noise)
    with pytest.raises(pw.ProblemError, match="comes with no scores by sample"):
        pw.sensitivity(some_problem(), noise="bootstrap")
    with pytest.raises(pw.ProblemError, match="added="):
        pw.sensitivity(bootstrapped(0, 1)[0], noise="bootstrap", added=1.0)

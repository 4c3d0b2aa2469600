"""The hard classes are what they are called, and their race holds every answer against ours."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from puzzle_widgets.problem.mckp import FloatArray, IntArray, Mckp
from tests.benchmarks import classes, compare, report
from tests.benchmarks.class_answers import (
    Known,
    contradictions,
    improved,
    read_answers,
    write_answers,
)
from tests.benchmarks.class_race import (
    BETTER,
    MISSES,
    PROVEN,
    ClassEffort,
    Result,
    Run,
    exact_score,
    is_feasible,
    race_class,
    solve_ours,
    wrongs,
)
from tests.benchmarks.classes import (
    class_instances,
    feasible_limits,
    knapsack,
    pisinger,
    published_like,
    save_classes,
)
from tests.benchmarks.instances import OWN
from tests.benchmarks.peers import Answer, Found, Peer, Program, Terms, installed_peers
from tests.benchmarks.workers import Workers

_QUICK_CLASSES = ["100x10, R", "MMKP", "80x16", "60x33", "126x54"]


def test_classes_are_drawn_by_their_seeds() -> None:
    """Drawn again, each instance is the same; with another seed, another."""
    first, again = class_instances(_QUICK_CLASSES), class_instances(_QUICK_CLASSES)
    assert len(first) > 25
    for family, same in zip(first, again, strict=True):
        scores = [each.mckp.score.tolist() for each in family.instances]
        assert scores == [each.mckp.score.tolist() for each in same.instances]
        assert scores[0] != scores[1]


def test_classes_have_the_sizes_that_they_are_named_by() -> None:
    """Layers, variants and budgets stand in the names, and scores are what is lacking."""
    for family in class_instances(_QUICK_CLASSES):
        layers, variants = map(int, re.findall(r"(\d+)x(\d+)", family.name)[0])
        for mckp in (each.mckp for each in family.instances):
            assert (mckp.layers, len(mckp.score)) == (layers, layers * variants), family.name
            assert mckp.cost.shape == (len(mckp.rows), len(mckp.score))
            assert mckp.score.min() >= 0
            budgets = re.search(r"(\d) budgets|x\d+x(\d+)$", family.name)
            assert budgets is None or len(mckp.rows) == int(budgets[1] or budgets[2])


def test_frugal_choices_keep_the_limits_of_the_classes() -> None:
    """Each class whose budgets are upper limits has a choice within them."""
    for family in class_instances(["80x16", "MMKP"]):
        for mckp in (each.mckp for each in family.instances if not np.isfinite(each.mckp.lower[0])):
            cost = mckp.cost.reshape(len(mckp.rows), mckp.layers, -1)
            mean = cost.mean(axis=(1, 2))[:, None, None]
            frugal = np.argmin((cost / mean).sum(axis=0), axis=1)
            choice = np.asarray(mckp.starts[:-1] + frugal, dtype=np.intp)
            assert not mckp.broken_rows(choice), family.name


def test_limits_lie_between_the_frugal_choice_and_the_mean() -> None:
    """A share of nothing allows the frugal choice only; a whole one the mean."""
    cost = np.array([[[1.0, 3.0], [2.0, 6.0]]])
    assert feasible_limits(cost, 0.0).tolist() == [3.0]
    assert feasible_limits(cost, 1.0).tolist() == [6.0]


@pytest.mark.parametrize("reach", [1_000, 1_000_000])
def test_pisinger_draws_his_classes(reach: int) -> None:
    """Profits are weights, near them, sums of them, or sorted with them, in [1, R]."""
    weight, lack = _layers(pisinger("subset-sum", reach, 0))
    assert (weight + lack == weight.max(axis=1, keepdims=True)).all()
    assert 1 <= weight.min() <= weight.max() <= reach
    weight, lack = _layers(pisinger("weakly correlated", reach, 0))
    assert np.ptp(weight + lack, axis=1).max() <= 20
    weight, lack = _layers(pisinger("strongly correlated", reach, 0))
    assert (-np.diff(lack, axis=1) == np.diff(weight, axis=1) + 10).all()
    weight, lack = _layers(pisinger("zig-zag", reach, 0))
    assert (np.diff(weight, axis=1) >= 0).all()
    assert (np.diff(lack, axis=1) <= 0).all()


def test_pisingers_capacity_is_half_of_the_extremes() -> None:
    """Half of the least weights and of the most profitable variants' weights, rounded down."""
    mckp = pisinger("zig-zag", 1_000, 0)
    weight, lack = _layers(mckp)
    extremes = weight.min(axis=1) + np.where(lack == 0, weight, np.inf).min(axis=1)
    assert mckp.upper.tolist() == [extremes.sum() // 2]


def test_lower_limits_are_a_share_of_the_upper_ones() -> None:
    """A band has both limits; without one there is only the upper."""
    banded, free = (published_like(0, 5, (2, 2), 3, OWN, band=band) for band in (0.9, 1.0))
    assert np.allclose(banded.lower, 0.9 * banded.upper)
    assert np.isneginf(free.lower).all()


def test_diverse_steps_have_a_row_for_each_architecture_before() -> None:
    """Memory, runtime, and at most half of each earlier one's variants."""
    [family] = class_instances(["embedded, 40 layers apart"])
    assert [len(each.mckp.rows) for each in family.instances] == [4, 5, 6]
    assert all(each.mckp.upper[-1] == 80 - 40 for each in family.instances)
    assert all(each.mckp.cost[-1].sum() == 80 for each in family.instances)


def test_classes_of_a_missing_library_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the published library nothing of it is there."""
    monkeypatch.setattr(classes, "published_library", lambda: None)
    assert not class_instances(["published, "])


def test_classes_are_saved_and_read_again(tmp_path: Path) -> None:
    """A file holds an instance's arrays."""
    families = class_instances(["MMKP uncorrelated 10x5x5"])
    files = save_classes(families, tmp_path)
    assert [file.name for file in files] == [
        f"mmkp-uncorrelated-10x5x5-seed-{seed}.npz" for seed in range(3)
    ]
    with np.load(files[1]) as read:
        assert read["cost"].tolist() == families[0].instances[1].mckp.cost.tolist()


def _layers(mckp: Mckp) -> tuple[FloatArray, FloatArray]:
    """Weights and scores of one budget, shape (layers, variants)."""
    return mckp.cost[0].reshape(mckp.layers, -1), mckp.score.reshape(mckp.layers, -1)


@pytest.fixture
def tiny() -> Mckp:
    """Two layers of two variants: scores 0 and 1, costs 1 and 0, of which one is allowed."""
    score, cost = np.array([[0.0, 1.0]] * 2), np.array([[[1.0, 0.0]] * 2])
    return knapsack(score, cost, np.array([1.0]))


def answer(*choice: int, proven: bool = True, bound: float = 1.0) -> Answer:
    """An answer in no time."""
    return Answer(np.array(choice, dtype=np.intp), 0.0, 0.0, proven, bound)


def run(score: float, *, cpu: float = 1.0, bound: float | None = None) -> Run:
    """A run that is proven unless it has a bound."""
    return Run(cpu, score, score if bound is None else bound, bound is None)


def test_ours_gives_score_bound_and_cpu_time(tiny: Mckp) -> None:
    """One layer keeps its variant; the rule for equal scores is timed apart."""
    found, ties = solve_ours(tiny, 5.0)
    assert (exact_score(tiny, found), found.bound, found.proven) == (1.0, 1.0, True)
    assert found.cpu > 0
    assert ties > 0


def test_choices_are_held_against_layers_and_limits(tiny: Mckp) -> None:
    """A choice has one variant of each layer, allowed and within the limits."""
    assert is_feasible(tiny, choice(0, 3))
    assert not is_feasible(tiny, choice(0, 2))
    assert not is_feasible(tiny, choice(0, 1))
    assert not is_feasible(replace(tiny, allowed=np.arange(4) > 0), choice(0, 3))
    assert exact_score(tiny, answer(0, 2)) == math.inf


def choice(*variables: int) -> IntArray:
    """Flat variable indices."""
    return np.array(variables, dtype=np.intp)


@pytest.mark.parametrize(
    ("found", "mine", "theirs", "said"),
    [
        (answer(0, 3), run(1.0), run(1.0), ""),
        (answer(0, 2), run(math.inf, bound=0.0), run(1.0, bound=0.0), "breaks a limit"),
        (answer(1, 3), run(2.0, bound=3.0), run(4.0, bound=0.0), "above its own score"),
        (answer(1, 3), run(2.0), run(1.0, bound=0.0), "below the bound of ours"),
        (answer(1, 3), run(2.0, bound=0.0), run(1.0), "better than ours"),
        (answer(1, 3), run(2.0, bound=0.0), run(1.0, bound=0.0), ""),
    ],
)
def test_what_cannot_be_is_told(
    tiny: Mckp, found: Answer, mine: Run, theirs: Run, said: str
) -> None:
    """Broken limits, false bounds, and better proven answers of a peer."""
    told = list(wrongs(tiny, found, mine, {"peer": theirs}))
    assert len(told) == bool(said)
    assert all(said in words for words in told)


@pytest.mark.parametrize(
    ("mine", "theirs", "verdict"),
    [
        (run(1.0, cpu=1.0), [run(1.0, cpu=1.0)], (PROVEN, "")),
        (run(1.0, cpu=1.0), [run(1.0, bound=0.0)], (PROVEN, "")),
        (run(1.0, cpu=1.0), [run(1.0, cpu=0.5)], (MISSES, "slower")),
        (run(1.0, bound=0.0), [run(1.0)], (MISSES, "unproven")),
        (run(2.0, bound=0.0), [run(1.0, bound=0.0)], (MISSES, "worse answer")),
        (run(1.0, bound=0.0), [run(1.0, bound=0.5)], (MISSES, "worse bound")),
        (run(1.0, bound=0.0), [run(1.0, bound=0.0)], (BETTER, "")),
        (run(math.inf, bound=0.0), [run(1.0, bound=0.0)], (MISSES, "worse answer")),
        (run(1.0, bound=0.0), [], (BETTER, "")),
    ],
)
def test_verdict_compares_with_the_best_of_all_peers(
    mine: Run, theirs: list[Run], verdict: tuple[str, str]
) -> None:
    """Time counts where somebody proves; else answer and bound."""
    peers = {f"peer {place}": each for place, each in enumerate(theirs)}
    assert Result("", mine, peers, ()).verdict == verdict


def test_false_proof_is_no_win() -> None:
    """However quick it was."""
    assert Result("", run(1.0), {}, ("told",)).verdict == (MISSES, "wrong")


def test_best_peer_is_the_quickest_to_prove() -> None:
    """Else the one with the best score, then the best bound."""
    quick, slow = run(1.0, cpu=1.0), run(1.0, cpu=2.0)
    open_, wide = run(0.5, bound=0.4), run(0.5, bound=0.1)

    def best(**peers: Run) -> str:
        found = Result("", quick, peers, ()).best_peer
        return "" if found is None else found[0]

    assert best(slow=slow, quick=quick, open=open_) == "quick"
    assert best(wide=wide, open=open_) == "open"
    assert best() == ""


def test_race_of_a_class_makes_a_table() -> None:
    """The peers that are here solve the class in their own processes, within a thread."""
    [family] = class_instances(["MMKP uncorrelated 10x5x5"])
    peers = [peer for peer in installed_peers() if peer.name == "PuLP + HiGHS, gap 0"]
    with Workers(threads=1) as workers:
        results = race_class(family.first(), peers, workers, ClassEffort(10.0, 1))
    [result] = results
    assert not result.wrong
    assert result.ours.proven
    assert result.peers[peers[0].name].bound == pytest.approx(result.ours.score)
    table = report.class_table({family.name: results})
    assert f"| {family.name} |" in table
    assert "(1 of 1)" in table


def test_models_beyond_a_license_are_not_asked() -> None:
    """A peer with a limit of variables is left out of larger instances."""
    peer = Peer("small", "numpy", 0.0, _never, most_variables=10)
    [family] = class_instances(["MMKP uncorrelated 10x5x5"])
    with Workers() as workers:
        [result] = race_class(family.first(), [peer], workers, ClassEffort(10.0, 1))
    assert not result.peers


def _never(_program: Program, _terms: Terms) -> Callable[[], Found]:
    raise NotImplementedError


def test_command_fails_after_the_table_where_something_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table is written first, to its own place in the page."""
    result = Result("seed 0", run(2.0), {}, ("ours breaks a limit",))
    monkeypatch.setattr(compare, "race_class", lambda *_: [result])
    file = tmp_path / "page.md"
    arguments = ["--only", "classes", "--families", "MMKP uncorrelated 10x5x5"]
    with pytest.raises(SystemExit, match="10x5x5: seed 0: ours breaks a limit"):
        compare.main([*arguments, "--markdown", str(file)])
    assert "<!-- classes: begin -->" in file.read_text(encoding="utf-8")


def test_answers_known_get_better_only(tmp_path: Path) -> None:
    """The least score and the highest bound stay, and survive the file."""
    results = [
        Result("seed 0", run(2.0, bound=0.0), {"peer": run(1.5, bound=0.5)}, ()),
        Result("seed 1", run(math.inf, bound=0.0), {}, ()),
    ]
    known = improved({}, {"class": results, "published, band": results})
    assert known == {"class": {"seed 0": Known(1.5, 0.5)}}
    assert improved(known, {"class": [Result("seed 0", run(3.0, bound=1.0), {}, ())]}) == {
        "class": {"seed 0": Known(1.5, 1.0)}
    }
    write_answers(known, tmp_path / "answers.json")
    assert read_answers(tmp_path / "answers.json") == known


def test_contradictions_with_known_answers_are_told() -> None:
    """Ours may prove nothing worse, and have no bound above, what is known."""
    answers = {"class": {"seed 0": Known(1.0, 0.5)}}

    def told(mine: Run) -> list[str]:
        return list(contradictions(answers, {"class": [Result("seed 0", mine, {}, ())]}))

    assert not told(run(1.0))
    assert not told(run(2.0, bound=1.0))
    assert ["proves" in words for words in told(run(2.0))] == [True, False]
    assert "bound" in told(run(2.0, bound=1.5))[0]


def test_quick_classes_have_their_known_answers() -> None:
    """Ours proves again what is kept of the quick classes; so the draws are the same, too."""
    answers = read_answers()
    for family in class_instances(["R 1e3", "zig-zag", "4 score levels", "to 1e12"]):
        for instance in family.instances:
            found, _ = solve_ours(instance.mckp, 20.0)
            known = answers[family.name][instance.name]
            assert exact_score(instance.mckp, found) == pytest.approx(known.score, rel=1e-9)
            assert known.bound == pytest.approx(known.score, rel=1e-6)

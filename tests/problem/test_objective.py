"""Weighted objectives: sums by hand, optima by brute force, and what is refused."""

from __future__ import annotations

import pickle
from itertools import product
from typing import Any

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import dump_library, load_files
from puzzle_widgets.library.json_forms import library_digest
from puzzle_widgets.library.sense import score_sense
from puzzle_widgets.problem.objective import parse_layer_weights, pulled_together
from tests.support.libraries import MEMORY, make_library

KL, ACCURACY, ODD = "metrics.kl_div", "metrics.accuracy", "metrics.odd"
BOTH = {KL: 1.0, "metrics.lm_loss": 0.5}
KEYS = (KL, "metrics.lm_loss", ACCURACY, ODD, MEMORY)
LAYERS: dict[int | str, float] = {0: 2.0, 2: 0.25}


def random_one(seed: int) -> pw.BlockLibrary:
    """A library of four layers of three variants; the parent has the best score of all three."""
    random = np.random.default_rng(seed)
    rows = [
        [
            [0, 1.5, 0.9, 0.5, 10],
            *(
                [random.random(), 1.5 + random.random(), 0.5 * random.random(), n, 9 - 4 * n]
                for n in range(2)
            ),
        ]
        for _ in range(4)
    ]
    return make_library(rows, KEYS)


def test_a_sum_is_what_the_hand_adds_up() -> None:
    """Weights times scores, times the layer's weight; the non-block part is weighted once."""
    library = make_library([[[0, 1, 5], [2, 3, 4]], [[0, 1, 5], [4, 8, 3]]], (*BOTH, MEMORY))
    problem = pw.SearchProblem(library, minimize=BOTH, layer_weights={1: 3})
    totals = problem.library.totals({0: "v1", 1: "v1"})
    assert totals[problem.objective] == (2 + 1.5) + 3 * (4 + 4)
    assert (totals[KL], totals[MEMORY]) == (6, 7)
    assert (problem.weights, problem.layer_weights) == (BOTH, {1: 3.0})


@pytest.mark.parametrize("seed", range(12))
def test_no_choice_has_a_better_sum(seed: int) -> None:
    """Against all 81 architectures, within a memory budget, accuracy counted with a minus."""
    library = random_one(seed)
    weights = {**BOTH, ACCURACY: -0.75}
    problem = pw.SearchProblem(
        library, minimize=weights, layer_weights=LAYERS, budgets={MEMORY: "75 %"}
    )
    sums = []
    for names in product(["v0", "v1", "v2"], repeat=4):
        values = [layer.variant(n).values for layer, n in zip(library.layers, names, strict=True)]
        if sum(own[MEMORY] for own in values) <= 30:
            each = [sum(w * own[key] for key, w in weights.items()) for own in values]
            sums.append(sum(LAYERS.get(place, 1) * one for place, one in enumerate(each)))
    found = pw.search(problem)
    assert found.status == "optimal"
    assert found.score == pytest.approx(min(sums), rel=1e-12)
    assert found.score == found.totals[problem.objective]


def test_a_maximized_sum_is_the_same_problem_turned() -> None:
    """With all signs turned the same architecture is the best."""
    library = random_one(5)
    budgets = {MEMORY: "75 %"}
    less = pw.search(pw.SearchProblem(library, minimize={KL: 1, ACCURACY: -2}, budgets=budgets))
    more = pw.search(pw.SearchProblem(library, maximize={KL: -1, ACCURACY: 2}, budgets=budgets))
    assert less.architecture == more.architecture
    assert less.score == pytest.approx(-more.score)


def test_one_score_of_weight_one_is_that_score() -> None:
    """No sum is made where nothing is summed; a weight of 0 leaves a score out."""
    library = random_one(0)
    assert pw.SearchProblem(library, minimize={KL: 1, ODD: 0}) == pw.SearchProblem(
        library, minimize=KL
    )
    assert pw.SearchProblem(library, minimize=KL, layer_weights={0: 1}).objective == KL


def test_equal_sums_are_one_library() -> None:
    """So that answers are found again; other weights are another score."""
    library = random_one(0)
    one, two = (pw.SearchProblem(library, minimize=BOTH, layer_weights=LAYERS) for _ in range(2))
    other = pw.SearchProblem(library, minimize=BOTH, layer_weights={0: 2.5})
    assert one.library is two.library
    assert other.objective != one.objective
    assert one.library.plain is library
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301 - our own


def test_a_sum_is_no_part_of_the_library_in_files() -> None:
    """It is worked out from the scores: digest, JSON and table are those without it."""
    library = random_one(1)
    summed = pw.SearchProblem(library, minimize=BOTH).library
    assert library_digest(summed) == library_digest(library)
    text = dump_library(summed)
    assert load_files({"a.json": text.encode()}) == library
    assert list(pw.to_frame(summed).columns) == list(pw.to_frame(library).columns)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"minimize": {KL: 1, ACCURACY: 1}}, "play them off.*'metrics.accuracy' a weight of -1"),
    ({"maximize": {KL: 1, ACCURACY: 1}}, "play them off"),
    ({"minimize": {KL: 1, MEMORY: 1}}, "that is a cost"),
    ({"minimize": {KL: 1, "metrics.x": 1}}, "no such score"),
    ({"minimize": {KL: float("nan")}}, "not a finite number"),
    ({"minimize": {KL: True}}, "not a finite number"),
    ({"minimize": {KL: 0}}, "needs a score"),
    ({"minimize": {}}, "needs a score"),
    ({"minimize": MEMORY, "layer_weights": {0: 2}}, "that is a cost"),
    ({"minimize": KL, "layer_weights": {9: 2}}, "No layer 9"),
    ({"minimize": KL, "layer_weights": {0: -1}}, "0 or more"),
    ({"minimize": KL, "layer_weights": {0: 2, "0": 3}}, "two weights"),
    ({"minimize": KL, "layer_weights": dict.fromkeys(range(4), 0)}, "nothing is left"),
    ({"minimize": BOTH, "maximize": KL}, "one of the two"),
]


@pytest.mark.parametrize(("given", "words"), REFUSED)
def test_what_makes_no_sense_is_refused(given: dict[str, Any], words: str) -> None:
    """Terms that pull opposite ways, costs, and weights that are none."""
    with pytest.raises(pw.ProblemError, match=words):
        pw.SearchProblem(random_one(2), **given)


def test_the_sense_of_a_sum_is_that_of_its_terms() -> None:
    """A score of unknown sense leaves it open: its weight's sign is the caller's word."""
    library = random_one(3)
    known = pw.SearchProblem(library, minimize={KL: 1, ACCURACY: -1})
    assert score_sense(known.library, known.objective).goal == "minimize"
    turned = pw.SearchProblem(library, minimize={KL: -1, ACCURACY: 1})
    assert score_sense(turned.library, turned.objective).goal == "maximize"
    open_one = pw.SearchProblem(library, minimize={KL: 1, ODD: -1})
    assert score_sense(open_one.library, open_one.objective).goal is None


def test_counts_get_the_signs_of_their_senses() -> None:
    """What is better bigger is subtracted where the rest is minimized."""
    library = random_one(3)
    assert pulled_together(library, {KL: 1, ACCURACY: 2}) == ("minimize", {KL: 1, ACCURACY: -2})
    assert pulled_together(library, {ACCURACY: 2}) == ("maximize", {ACCURACY: 2})
    assert pulled_together(library, {KL: 1, ODD: 2}, {ODD: "maximize"})[1] == {KL: 1, ODD: -2}
    with pytest.raises(pw.ProblemError, match="Choose Odd alone first"):
        pulled_together(library, {KL: 1, ODD: 2})


@pytest.mark.parametrize("text", ["0", "0:", "0: x", "0: -1", "3 to 1: 2", "9: 2", "0: 2, 0: 3"])
def test_words_that_are_no_layer_weights_are_refused(text: str) -> None:
    """With an example of what is read."""
    with pytest.raises(pw.ProblemError):
        parse_layer_weights(random_one(0), text)


def test_a_changed_objective_keeps_budgets_and_rules() -> None:
    """Also back to a plain score."""
    problem = pw.SearchProblem(random_one(4), minimize=KL, budgets={MEMORY: 30}, fixed={0: "v1"})
    weighed = problem.with_objective(minimize=BOTH, layer_weights=LAYERS)
    assert (weighed.budgets, weighed.fixed) == (problem.budgets, problem.fixed)
    assert weighed.with_objective(minimize=KL).objective == KL
    again = weighed.with_objective(minimize=weighed.objective)
    assert (again.weights, again.layer_weights) == (BOTH, LAYERS)

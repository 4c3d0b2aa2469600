"""Which way a score is better: by the parent's blocks, by the name, or not known."""

from __future__ import annotations

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library.sense import score_sense, sense_of_name
from tests.support.libraries import EMBEDDED, make_library, published_folder

LOSSES = [
    *("kl_div", "lm_loss", "cosine_embedding_loss_hidden_states", "perplexity", "nll"),
    *("accuracy_drop", "accuracy_loss", "mmlu_loss", "mmlu_drop", "inaccuracy", "mse"),
    *("relative_accuracy_degradation", "gsm8k error", "one_minus_accuracy", "negative_reward"),
    *("negative log-likelihood", "neg_log_likelihood", "neg_loglik", "minus log likelihood"),
]
GAINS = [
    *("accuracy", "acc", "acc_norm", "token_accuracy_top_1", "exact_match", "F1", "pass@k"),
    *("pass@1", "HumanEval", "GSM8K", "mmlu", "MMLU Pro", "reward", "log-likelihood", "loglik"),
    *("one_minus_kl_div", "one_minus_accuracy_drop", "greedy_teacher_prediction_in_student_top_1"),
]
UNKNOWN = ["quality", "score", "accelerated", "mylossless", "factor1", "bypass 1", "passk"]


@pytest.mark.parametrize("name", LOSSES)
def test_names_of_losses(name: str) -> None:
    """Whatever they are losses of."""
    assert sense_of_name(f"metrics.{name}") == "minimize"


@pytest.mark.parametrize("name", GAINS)
def test_names_of_gains(name: str) -> None:
    """By whole words, in any spelling."""
    assert sense_of_name(f"metrics.{name}") == "maximize"


@pytest.mark.parametrize("name", UNKNOWN)
def test_names_that_tell_nothing(name: str) -> None:
    """Parts of words are no words."""
    assert sense_of_name(f"metrics.{name}") is None


def of_scores(name: str, *layers: list[float]) -> pw.BlockLibrary:
    """A library with these scores; the first of each layer is the parent's."""
    rows = [[(score, 1.0) for score in layer] for layer in layers]
    return make_library(rows, (f"metrics.{name}", "stats.memory_mib"))


def test_the_parents_blocks_tell_the_sense() -> None:
    """They are the best; layers in which all score the same tell nothing."""
    assert score_sense(of_scores("q", [0, 1], [2, 2], [1, 3, 1]), "metrics.q").goal == "minimize"
    assert score_sense(of_scores("q", [9, 1], [2, 2], [3, 1]), "metrics.q").goal == "maximize"


def test_nearly_every_layer_is_enough() -> None:
    """Measured scores are noisy: one layer of ten may have a better block than the parent's."""
    layers = [[0.0, 1.0]] * 9 + [[1.0, 0.0]]
    assert score_sense(of_scores("q", *layers), "metrics.q").goal == "minimize"
    assert score_sense(of_scores("q", *layers[1:]), "metrics.q").goal is None


def test_the_name_tells_where_the_blocks_do_not() -> None:
    """And the other way round."""
    assert score_sense(of_scores("accuracy", [0, 1], [1, 0]), "metrics.accuracy").goal == "maximize"
    assert score_sense(of_scores("accuracy", [1], [0]), "metrics.accuracy").goal == "maximize"


def test_what_nothing_tells_is_not_guessed() -> None:
    """The reason says what the witnesses say."""
    unknown = score_sense(of_scores("q", [0, 1], [1, 0]), "metrics.q")
    assert unknown.goal is None
    assert "neither its name tells" in unknown.reason
    torn = score_sense(of_scores("accuracy", [0, 1], [0, 1]), "metrics.accuracy")
    assert torn.goal is None
    assert "smallest Accuracy" in torn.reason
    assert "bigger is better" in torn.reason


def test_costs_are_made_small() -> None:
    """Whatever the parent's."""
    assert score_sense(of_scores("q", [0, 1]), "stats.memory_mib").goal == "minimize"


def test_the_libraries_at_hand_have_the_known_senses() -> None:
    """Measured, modeled and published: losses small, accuracy large."""
    measured = pw.load_library("stdlib-2m-measured")
    goals = [score_sense(measured, key).goal for key in measured.scores]
    assert [goal == "maximize" for goal in goals] == ["accuracy" in key for key in measured.scores]
    for library in (pw.load_library(EMBEDDED), pw.load_library(published_folder())):
        assert {score_sense(library, key).goal for key in library.scores} == {"minimize"}

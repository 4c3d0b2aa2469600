"""Scores of single samples: read whole, checked against the averages, and weighted as asked."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import puzzle_widgets as pw

FILE = Path(__file__).parents[2] / "data" / "stdlib-2m-measured" / "scores_by_sample.csv"
KL, LOSS = "metrics.kl_div", "metrics.lm_loss"


@pytest.fixture(scope="module")
def library() -> pw.BlockLibrary:
    """The library that has them."""
    return pw.load_library("stdlib-2m-measured")


def test_every_figure_of_the_file_is_read(library: pw.BlockLibrary) -> None:
    """Each at its own sample, block and score, found by the library or given by name."""
    found, given = pw.load_sample_scores(library), pw.load_sample_scores(library, FILE)
    assert np.array_equal(found.values, given.values)
    assert found.samples == 32
    with FILE.open(encoding="utf-8", newline="") as file:
        _, *rows = csv.reader(file)
    names = library.variant_names
    for layer, variant, metric, *cells in rows[::97]:
        start = int(library.starts[library.layer_positions[int(layer)]])
        place = names.index(variant, start)
        key = found.keys.index(f"metrics.{metric}")
        assert found.values[key, :, place].tolist() == [float(cell) for cell in cells]


def test_an_objective_is_weighted_sample_by_sample(library: pw.BlockLibrary) -> None:
    """By score and by layer; averages are the library's column."""
    scores = pw.load_sample_scores(library)
    problem = pw.SearchProblem(library, minimize={KL: 1, LOSS: 0.5}, layer_weights={2: 3})
    of = scores.of(problem)
    kl, loss = (scores.values[scores.keys.index(key)] for key in (KL, LOSS))
    own = slice(int(library.starts[2]), int(library.starts[3]))
    assert of[:, own] == pytest.approx(3 * (kl + 0.5 * loss)[:, own])
    assert of[:, :54] == pytest.approx((kl + 0.5 * loss)[:, :54])
    column = problem.library.column(problem.objective)
    assert of.mean(axis=0) == pytest.approx(column, rel=1e-3, abs=1e-4)


def test_libraries_without_samples_say_so() -> None:
    """Modeled ones, and those of other people."""
    for library in (pw.load_library("llama-3.3-70b-modeled"), pw.random_library(3, 2)):
        with pytest.raises(pw.ProblemError, match="comes with no scores by sample"):
            pw.load_sample_scores(library)


def test_what_has_no_samples_is_refused(library: pw.BlockLibrary) -> None:
    """An objective that is a cost, and another library."""
    scores = pw.load_sample_scores(library)
    with pytest.raises(pw.ProblemError, match=r"no scores by sample for stats\.memory"):
        scores.of(pw.SearchProblem(library, minimize="stats.memory_mib"))
    other = pw.SearchProblem(pw.load_library("llama-3.3-70b-modeled"), minimize=KL)
    with pytest.raises(pw.ProblemError, match="not of"):
        scores.of(other)


def _without_a_block(text: str) -> str:
    lines = text.splitlines(keepends=True)
    return "".join([*lines[:50], *lines[51:]])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda _: "a,b\n", "give columns layer, variant, metric"),
        (lambda text: text.replace("0,attention 8", "9,attention 8", 1), "no such block"),
        (lambda text: text.replace(",0.0,", ",nan,", 1), "is not a finite number"),
        (lambda text: text.replace(",0.0,", ",9.5,", 1), "the averages of metrics.kl_div"),
        (_without_a_block, "blocks are missing"),
        (lambda text: text.replace(",0.0,", ",<b>,", 1), "'<b>' is not a finite number"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(
    library: pw.BlockLibrary, tmp_path: Path, change: Callable[[str], str], said: str
) -> None:
    """Saying where."""
    file = tmp_path / "samples.csv"
    file.write_text(change(FILE.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(pw.ProblemError, match=said):
        pw.load_sample_scores(library, file)
    with pytest.raises(pw.ProblemError, match="cannot be read"):
        pw.load_sample_scores(library, tmp_path / "none.csv")

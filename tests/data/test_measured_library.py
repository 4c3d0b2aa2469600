"""The embedded measured library, its truth, and that the two belong together."""

from __future__ import annotations

import csv
import json
from statistics import fmean
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.files.ground_truth import embedded_ground_truth
from puzzle_widgets.library.quantity import MEMORY, PARAMETERS, RUNTIME
from tests.support.libraries import ROOT

NAME = "stdlib-2m-measured"
FOLDER = ROOT / "data" / NAME
KL = "metrics.kl_div"


@pytest.fixture(scope="module")
def library() -> pw.BlockLibrary:
    """Open the embedded library by its name."""
    return pw.load_library(NAME)


@pytest.fixture(scope="module")
def truth() -> Any:
    """Read the truth file as it is."""
    return json.loads((FOLDER / "ground_truth.json").read_text(encoding="utf-8"))


def test_it_is_measured_and_whole(library: pw.BlockLibrary) -> None:
    """8 layers of the paper's 54 variants; the parent's blocks score exactly 0."""
    assert library.name == NAME
    assert library.provenance.origin == "measured"
    assert [len(layer.variants) for layer in library.layers] == [54] * 8
    assert {layer.parent_variant.values[KL] for layer in library.layers} == {0.0}
    assert min(library.column(KL)) == 0.0
    assert library.parent_totals[PARAMETERS] > 2e6


def test_its_truth_is_no_library_and_is_found(library: pw.BlockLibrary) -> None:
    """The explorer shows some dozens of points; the folder adds no library."""
    assert NAME in pw.embedded_libraries()
    assert not any("truth" in name for name in pw.embedded_libraries())
    points = embedded_ground_truth(library)
    assert len(points) >= 24
    assert all({KL, MEMORY, RUNTIME} <= set(point.values) for point in points)


def test_predictions_are_the_library_s_sums(library: pw.BlockLibrary, truth: Any) -> None:
    """Each model's predicted values follow from its architecture; memory is true to the byte."""
    for model in truth["models"]:
        totals = library.totals(dict(model["architecture"]))
        for key in (KL, MEMORY, RUNTIME, PARAMETERS):
            assert model["predicted"][key] == pytest.approx(totals[key], rel=1e-6)
        for key in (MEMORY, PARAMETERS):
            assert model["true"][key] == pytest.approx(totals[key], rel=1e-6)


def test_searched_models_are_proven_optima(library: pw.BlockLibrary, truth: Any) -> None:
    """No architecture within the same runtime budget has a smaller sum."""
    for model in (model for model in truth["models"] if model["family"] == "mip"):
        budgets = {RUNTIME: f"{100 * model['share']:g} %"}
        solution = pw.search(pw.SearchProblem(library, minimize=KL, budgets=budgets))
        assert solution.status == "optimal"
        assert model["predicted"][KL] == pytest.approx(solution.score, rel=1e-6, abs=1e-9)


def test_scores_are_means_of_their_samples(library: pw.BlockLibrary) -> None:
    """The file of single samples holds every block, and its means are the library's."""
    with (FOLDER / "scores_by_sample.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    assert len(rows) == 8 * 54 * 4
    for layer, variant, metric, *samples in rows:
        value = library.layer(int(layer)).variant(variant).values[f"metrics.{metric}"]
        assert value == pytest.approx(fmean(map(float, samples)), rel=1e-3, abs=1e-5)

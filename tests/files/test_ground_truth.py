"""Ground-truth files: what is read, what is refused, and whose they are."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.files import ground_truth
from puzzle_widgets.files.ground_truth import embedded_ground_truth
from puzzle_widgets.library import Provenance
from puzzle_widgets.library.json_forms import library_digest
from tests.support.libraries import MEMORY, make_library

KL = "metrics.kl_div"
LIBRARY = replace(
    make_library([[(0, 4), (2, 2)]], keys=(KL, MEMORY)), provenance=Provenance("measured")
)


def content(**changes: Any) -> dict[str, Any]:
    """Make a ground-truth file's content of one model."""
    return {
        "format": "puzzle-widgets/ground-truth",
        "version": 1,
        "library": LIBRARY.name,
        "library_sha256": library_digest(LIBRARY),
        "models": [{"name": "one", "true": {KL: 1.5, MEMORY: 3}}],
        **changes,
    }


def write(folder: Path, **changes: Any) -> Path:
    """Write it where an embedded library's ground truth is."""
    path = folder / "some" / "ground_truth.json"
    path.parent.mkdir()
    path.write_text(json.dumps(content(**changes)), encoding="utf-8")
    return path


def test_points_are_read_with_their_source(tmp_path: Path) -> None:
    """Name, values by key, and the file."""
    (point,) = pw.load_ground_truth(write(tmp_path))
    assert (point.name, point.source) == ("one", "ground_truth.json")
    assert dict(point.values) == {KL: 1.5, MEMORY: 3.0}


def test_blocks_are_read_unless_the_model_was_trained_on(tmp_path: Path) -> None:
    """The library's scores are of its own blocks, not of what became of them."""
    model = {"name": "one", "true": {KL: 1.5}, "architecture": [[0, "v1"]]}
    points = write(tmp_path, models=[model, {**model, "distilled": True}])
    plain, distilled = pw.load_ground_truth(points)
    assert dict(plain.architecture or {}) == {0: "v1"}
    assert distilled.architecture is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": "other"}, "format 'other'"),
        ({"version": 2}, "version 2"),
        ({"models": 5}, "models"),
        ({"models": [{"name": "one", "true": {KL: "much"}}]}, "'much'"),
        ({"models": [{"true": {}}]}, "a model's name"),
        ({"models": [{"name": "one", "true": {KL: 1}, "architecture": 3}]}, "architecture"),
        ({"models": [{"name": "one", "true": {KL: 1}, "architecture": [[0]]}]}, "not pairs"),
        ({"models": [{"name": "one", "true": {KL: 1}, "architecture": [[[], "v"]]}]}, "not pairs"),
        ({"models": [{"name": "one", "true": {KL: 1}, "architecture": [[0, 7]]}]}, "a variant"),
    ],
)
def test_what_is_no_ground_truth_file(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    """One message naming the file and what is wrong."""
    with pytest.raises(pw.LibraryError, match=r"ground_truth\.json") as caught:
        pw.load_ground_truth(write(tmp_path, **changes))
    assert words in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Said in the same form."""
    with pytest.raises(pw.LibraryError, match="cannot be read"):
        pw.load_ground_truth(tmp_path / "ground_truth.json")


def test_only_the_very_library_has_its_ground_truth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name alone is not enough: other figures under it get nothing."""
    write(tmp_path)
    monkeypatch.setattr(ground_truth, "data_folder", lambda: tmp_path)
    assert [point.name for point in embedded_ground_truth(LIBRARY)] == ["one"]
    other = replace(
        make_library([[(0, 4), (2.5, 2)]], keys=(KL, MEMORY)), provenance=LIBRARY.provenance
    )
    assert other.name == LIBRARY.name
    assert embedded_ground_truth(other) == ()
    assert embedded_ground_truth(replace(LIBRARY, provenance=Provenance("modeled"))) == ()


def test_the_explorer_shows_an_embedded_library_s_ground_truth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is there as soon as the library is open, and goes with it."""
    write(tmp_path)
    monkeypatch.setattr(ground_truth, "data_folder", lambda: tmp_path)
    state = pw.ExplorerState(LIBRARY)
    assert [point.name for point in state.measured] == ["one"]
    state.open_library(replace(LIBRARY, provenance=Provenance("modeled")))
    assert state.measured == ()
    state.close()

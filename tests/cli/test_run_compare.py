"""The compare command."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

import puzzle_widgets as pw
from puzzle_widgets.files.scenario_file import dump_scenarios
from puzzle_widgets.library import dump_library
from puzzle_widgets.library.json_forms import library_digest
from tests.cli.conftest import Ran
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library
from tests.support.two_libraries import best, small, without

Run = Callable[..., Ran]
H100, H200 = small(), small("NVIDIA H200", 0.5)


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Files of scenarios, one of each library, then the libraries with their flags."""
    words = []
    for name, library, limit in (("one", H100, 6.0), ("two", H200, 2.6)):
        path = tmp_path / f"{name}.json"
        path.write_text(dump_scenarios([pw.Scenario(name, best(library, limit))]))
        words.append(str(path))
    for name, library in (("h100", H100), ("h200", H200)):
        path = tmp_path / f"{name}-library.json"
        path.write_text(dump_library(library))
        words += ["--library", str(path)]
    return words


def test_scenarios_of_two_libraries_stand_side_by_side(run: Run, files: list[str]) -> None:
    """Libraries by hash and GPU, totals, differences, and each on the other."""
    ran = run("compare", *files)
    assert ran.code == 0
    said = " ".join(ran.out.split())
    for words in (
        "NVIDIA H200, fp8",
        "Side by side",
        "Against one",
        "1 of 2",
        "H100 against H200",
        "Each architecture on the other library",
        "Layers that differ",
    ):
        assert words in said


def test_json_has_scenarios_and_what_follows(run: Run, files: list[str]) -> None:
    """It is a file of scenarios, with differences and sums on the other library."""
    found = json.loads(run("compare", *files, "--format", "json").out)
    assert found["format"] == "puzzle-widgets/scenarios"
    digests = [library_digest(one) for one in (H100, H200)]
    assert [one["library_sha256"] for one in found["scenarios"]] == digests
    assert [one["library_sha256"] for one in found["libraries"]] == digests
    (change,) = found["changes"]
    assert change["layers_that_differ"] == [0]
    figures = {one["key"]: one for one in change["figures"]}
    assert figures[RUNTIME]["difference"] == figures[RUNTIME]["second"] - figures[RUNTIME]["first"]
    assert [one["totals"][RUNTIME] for one in found["elsewhere"]] == [3, 5]


def test_csv_and_report(run: Run, files: list[str], tmp_path: Path) -> None:
    """The form that the file's ending says."""
    rows = list(csv.DictReader(io.StringIO(run("compare", *files, "--format", "csv").out)))
    assert [row["gpu"] for row in rows] == ["NVIDIA H100", "NVIDIA H200"]
    assert json.loads(rows[1]["asked"])["library_sha256"] == library_digest(H200)
    page = tmp_path / "report.html"
    assert run("compare", *files, "--output", str(page)).code == 0
    assert "Each architecture on the other library" in page.read_text()


def test_some_of_them_by_name(run: Run, files: list[str]) -> None:
    """A name that is not there is refused with those that are; twins get a number."""
    found = json.loads(run("compare", *files[:2], files[0], *files[2:], "--format", "json").out)
    assert [one["name"] for one in found["scenarios"]] == ["one", "two", "one (2)"]
    chosen = ("--name", "one", "--name", "one (2)", "--format", "json")
    found = json.loads(run("compare", *files[:2], files[0], *files[2:], *chosen).out)
    assert len(found["libraries"]) == 1
    ran = run("compare", *files, "--name", "three")
    assert ran.code == 1
    assert "No scenario 'three' in these files. There are: 'one', 'two'" in ran.err


def test_a_library_that_is_not_given_is_asked_for(run: Run, files: list[str]) -> None:
    """By title and hash; never is a scenario summed by another one in silence."""
    ran = run("compare", *files[:4])
    assert ran.code == 1
    assert f"(SHA-256 {library_digest(H200)[:12]}), which is not given" in ran.err
    ran = run("compare", files[0], "no-such-file.json")
    assert ran.code == 1
    layers = Path(files[0]).with_name("layers.csv")
    layers.write_text("scenario,layer,variant\na,0,v0\na,1,v1\n")
    assert "layers.csv names no library" in run("compare", str(layers)).err
    assert run("compare", str(layers), *files[2:4]).code == 0


def test_a_dataset_is_found_by_its_hash(run: Run, tmp_path: Path) -> None:
    """What a search of an embedded library wrote needs no --library."""
    file = tmp_path / "found.json"
    limit = ("--max", "stats.memory_mib=70 %")
    assert run("search", "stdlib-2m-measured", *limit, "--output", str(file)).code == 0
    assert run("compare", str(file)).code == 0
    other = json.loads(file.read_text())
    other["scenarios"][0]["library_sha256"] = "0" * 64
    file.write_text(json.dumps(other))
    assert "(SHA-256 000000000000), which is not given" in run("compare", str(file)).err


def test_what_does_not_match_is_refused(run: Run, tmp_path: Path) -> None:
    """With what differs; a cost that one lacks is a dash."""
    three = make_library([[(0, 4, 4), (1, 1, 1)]] * 3)
    bare = without(H200, MEMORY)
    words = []
    for name, library in (("h100", H100), ("three", three), ("bare", bare)):
        (tmp_path / f"{name}-library.json").write_text(dump_library(library))
        problem = pw.SearchProblem(library, minimize=LOSS)
        scenario = pw.Scenario(name, pw.search(problem))
        (tmp_path / f"{name}.json").write_text(dump_scenarios([scenario]))
        words.append(
            (str(tmp_path / f"{name}.json"), "--library", str(tmp_path / f"{name}-library.json"))
        )
    ran = run("compare", words[0][0], words[1][0], *words[0][1:], *words[1][1:])
    assert ran.code == 1
    assert "cannot be compared with 'h100'" in ran.err
    ran = run("compare", words[0][0], words[2][0], *words[0][1:], *words[2][1:])
    assert ran.code == 0
    assert "\N{EN DASH}" in ran.out
    assert "Memory: not known of small" in " ".join(ran.out.split())


def test_noise_says_how_likely_each_is_better(run: Run, tmp_path: Path) -> None:
    """Than the first, where they are of one library; in words and for programs."""
    library = tmp_path / "library.json"
    library.write_text(dump_library(H100))
    other = tmp_path / "other.json"
    other.write_text(dump_library(H200))
    tight, loose, there = best(H100, 5.0), best(H100, 9.0), best(H200, 2.6)
    path = tmp_path / "all.json"
    kept = [pw.Scenario("tight", tight), pw.Scenario("loose", loose), pw.Scenario("there", there)]
    path.write_text(dump_scenarios(kept))
    words = ["compare", str(path), "--library", str(library), "--library", str(other), "--noise"]
    found = json.loads(run(*words, "0.2", "--format", "json").out)
    chances = {one["scenario"]: one["chance_better"] for one in found["changes"]}
    chance = pw.chance_better(tight.problem, loose, tight, 0.2)
    assert chances == {"loose": chance, "there": None}
    assert found["noise"].startswith("20 % noise on each block's difference")
    said = " ".join(run(*words).out.split())
    assert "With 5 % noise" in said
    assert "Scores better than tight" in said
    wrong = run(*words, "bootstrap")
    assert (wrong.code, "no scores by sample" in wrong.err) == (1, True)

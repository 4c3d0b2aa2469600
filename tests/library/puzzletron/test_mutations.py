"""A thousand damaged files of each reader give a result or the one clear error."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.files.scenario_file import read_scenarios
from puzzle_widgets.library import dump_library
from tests.support.mutations import damaged_bytes, damaged_json
from tests.support.puzzletron_run import (
    SCORES,
    SEARCH,
    deci_config,
    records_file,
    small_run,
    solutions_file,
    sparse_config,
    sweep_file,
    version_two,
)
from tests.support.puzzletron_two import LAYERS, PROFILE, SecondRun, search_folder
from tests.support.puzzletron_two import PARENT as PARENT_OF_PARTS
from tests.support.puzzletron_two import solutions_file as solutions_of_parts

COUNT = 500
RUN = small_run()
FILES = RUN.encoded()
RECORDS = {
    f"{SEARCH}/replacement_metrics_and_stats.json": json.dumps(records_file(RUN)).encode(),
    f"{SEARCH}/solutions.json": json.dumps(solutions_file(RUN)).encode(),
}
REPORTS = {
    **FILES,
    f"{SEARCH}/solutions.json": json.dumps(solutions_file(RUN)).encode(),
    f"{SEARCH}/solutions--validation/solution_0.json": b'{"lm_loss": {"avg": 1.3}}',
    f"{SEARCH}/solutions--validation/teacher.json": b'{"lm_loss": {"avg": 1.1}}',
    "mip_sweep_results.csv": sweep_file(),
}
SECOND = version_two(RUN)
PARTS = SecondRun(widths=(128,))
PARTS.files["mip/active_profiles.json"] = {"version": 1, "profile_ids": [PROFILE]}
PARTS.files[f"{search_folder(128)}/solutions.json"] = solutions_of_parts(
    PARTS, 128, [PARENT_OF_PARTS] * LAYERS, 5.0, "100%"
)
LIBRARY = pw.load_files(FILES)
Outcome = Callable[[dict[str, bytes]], str]


def complaint(error: Exception) -> str:
    """Check that an error is one line of text that can be printed."""
    assert len(str(error).encode().splitlines()) == 1
    return "error"


def opened(files: dict[str, bytes]) -> str:
    """Open a damaged run: every scenario must be sound in use, an error must be printable."""
    try:
        run = pw.open_run(files)
        if run is None:
            return "no run"
        libraries = [run.library(dict(scenario.args)) for scenario in run.workloads[:2]]
    except pw.LibraryError as error:
        return complaint(error)
    for library in libraries:
        assert pw.load_files({"again.json": dump_library(library).encode()}) == library
        key = library.keys[0]
        assert pw.search(pw.SearchProblem(library, minimize=key)).status == "optimal"
    return "library"


def reported(files: dict[str, bytes]) -> str:
    """Read the reports of a run: what is broken is said, and costs only itself."""
    try:
        run = pw.open_run(files)
        assert run is not None
        reports = pw.read_reports(run, run.library())
    except pw.LibraryError as error:
        return complaint(error)
    for scenario in reports.scenarios:
        assert scenario.solution.found
    for notice in reports.notices:
        assert len(notice.encode().splitlines()) == 1
    return "error" if reports.notices else "library"


def as_scenario(files: dict[str, bytes]) -> str:
    """Open a damaged file as scenarios of a sound library."""
    ((name, content),) = files.items()
    try:
        found = read_scenarios(content, name, LIBRARY)
    except pw.ScenarioError as error:
        return complaint(error)
    assert all(scenario.solution.found for scenario in found)
    return "library"


def one_of(
    sound: dict[str, bytes], rng: random.Random, damage: Callable[[bytes, random.Random], bytes]
) -> dict[str, bytes]:
    """Damage one of the files."""
    name = rng.choice(sorted(sound))
    return {**sound, name: damage(sound[name], rng)}


def structure(content: bytes, rng: random.Random) -> bytes:
    """Damage the structure of JSON; the bytes of what is none."""
    try:
        return damaged_json(json.loads(content), rng)
    except ValueError:
        return damaged_bytes(content, rng)


CASES: list[Any] = [
    pytest.param(FILES, opened, id="run"),
    pytest.param(RECORDS, opened, id="records"),
    pytest.param(SECOND, opened, id="version 2"),
    pytest.param(REPORTS, reported, id="reports"),
    pytest.param(PARTS.encoded(), opened, id="parts"),
    pytest.param(PARTS.encoded(), reported, id="reports of parts"),
    pytest.param({"config.json": json.dumps(deci_config(RUN)).encode()}, as_scenario, id="DeciLM"),
    pytest.param(
        {"config.json": json.dumps(sparse_config(RUN)).encode()}, as_scenario, id="sparse"
    ),
    pytest.param(
        {"config.json": json.dumps(RUN.teacher_config()).encode()}, as_scenario, id="AnyModel"
    ),
    pytest.param(
        {"solutions.json": json.dumps(solutions_file(RUN)).encode()}, as_scenario, id="solutions"
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("damage", [damaged_bytes, structure], ids=["bytes", "structure"])
@pytest.mark.parametrize(("sound", "read"), CASES)
def test_damage(
    sound: dict[str, bytes], read: Outcome, damage: Callable[[bytes, random.Random], bytes]
) -> None:
    """Both outcomes happen, and no third."""
    assert read(sound) == "library"
    found = [read(one_of(sound, random.Random(seed), damage)) for seed in range(COUNT)]  # noqa: S311
    assert found.count("error") > COUNT / 20
    assert set(found) <= {"library", "error", "no run"}


def test_damaged_archives() -> None:
    """An archive that was cut or changed anywhere gives a library or an error."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in FILES.items():
            archive.writestr(f"run/{path}", content)
    sound = {"run.zip": packed.getvalue()}
    assert opened(sound) == "library"
    found = [opened(one_of(sound, random.Random(seed), damaged_bytes)) for seed in range(1000)]  # noqa: S311
    assert found.count("error") > 100


def test_scores_are_in_every_damage() -> None:
    """The drawn files are those that readers look at."""
    assert any(path.startswith(SCORES) for path in FILES)

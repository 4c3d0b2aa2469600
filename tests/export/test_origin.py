"""Every file says what it is the answer to: library, version, whole problem."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.export import TARGETS, export, report
from puzzle_widgets.files.front_file import dump_front
from puzzle_widgets.files.scenario_file import asked_content, dump_table, read_scenarios
from puzzle_widgets.library import SubBlock
from puzzle_widgets.library.json_forms import library_digest
from puzzle_widgets.problem.rows import Row
from tests.support.export import LLAMA, export_library

SMALL = (SubBlock("sized", 8), SubBlock("sized", 1024))
LIBRARY = replace(
    export_library(SMALL, weights=True),
    name="=</metadata><b>\u2028 of one's own",
    measurement=pw.Measurement(8, 100, dtype="fp8", prefill_length=60),
)
LOSS = LIBRARY.scores[0]
PROBLEM = pw.SearchProblem(
    LIBRARY,
    minimize={LOSS: 2.0},
    layer_weights={1: 3.0},
    fixed={0: LIBRARY.layers[0].variants[1].name},
    rows=[Row.of(LIBRARY, "my </metadata> rule", lambda _, __: 1.0, upper=9)],
)
SCENARIO = pw.Scenario("mine", pw.search(PROBLEM))
WHOLE = json.loads(json.dumps(asked_content(PROBLEM)))


def told(target: str) -> Any:
    """What a file for a target says of itself."""
    text = export(SCENARIO, target, parent_config=LLAMA).text
    if target.endswith("svg"):
        (found,) = re.findall("<metadata>(.*)</metadata>", text)
        return json.loads(unescape(found))["puzzle_widgets"][-1]
    if target == "layers-csv":
        first, *others = csv.DictReader(io.StringIO(text))
        assert not any(row["asked"] for row in others)
        return json.loads(first["asked"])
    content = json.loads(text)
    if target == "layers-json":
        return content["scenarios"][0]
    return (content[0] if isinstance(content, list) else content)["puzzle_widgets"]


@pytest.mark.parametrize(
    "target",
    [one.name for one in TARGETS if one.name not in ("report", "nemotron-h-puzzle")],
)
def test_a_file_says_what_it_is_the_answer_to(target: str) -> None:
    """Hash, version, workload, weights, and rules, as they are in a scenario's record."""
    found = told(target)
    assert {key: found[key] for key in WHOLE} == WHOLE
    assert found["library_sha256"] == library_digest(LIBRARY)
    assert found["puzzle_widgets"] == pw.__version__
    assert (found["weights"], found["layer_weights"]) == ({LOSS: 2.0}, [[1, 3.0]])
    assert found["workload"]["prefill_length"] == 60
    assert len(found["rows"]) == 1
    assert len(found["fixed"]) == 1


def test_a_front_as_csv_says_it_once() -> None:
    """In a column after the figures, without a limit along its axis."""
    problem = PROBLEM.with_budget("stats.memory_mib", upper=399)
    front = pw.pareto_front(problem, "stats.memory_mib", points=3)
    first, *others = csv.DictReader(io.StringIO(dump_front(front, range(len(front)))))
    assert others
    assert not any(row["asked"] for row in others)
    found = json.loads(first["asked"])
    assert {key: found[key] for key in WHOLE} == WHOLE
    assert found["over"] == "stats.memory_mib"


def test_pictures_say_it_whoever_draws_them() -> None:
    """Layers, front, surface, map, bound and comparison; on a page of several it is left out."""
    bounded = PROBLEM.with_budget("stats.memory_mib", upper=398)
    two = ("stats.memory_mib", "stats.runtime_ms")
    pictures = [
        SCENARIO.solution.plot(),
        pw.compare([SCENARIO]).plot(),
        pw.pareto_front(PROBLEM, "stats.memory_mib", points=2).plot(),
        pw.budget_surface(PROBLEM, *two, points=(2, 2)).plot(),
        pw.decision_map(PROBLEM, "stats.memory_mib", points=2).plot(),
        pw.lagrangian_bound(bounded).plot(),
    ]
    for picture in pictures:
        (text,) = re.findall("<metadata>(.*)</metadata>", picture.to_svg())
        found = json.loads(unescape(text))["puzzle_widgets"][0]
        assert found["library_sha256"] == library_digest(LIBRARY)
        assert found["fixed"] == WHOLE["fixed"]
        assert "<metadata>" not in picture.to_svg(alone=False)


def test_a_report_says_it_in_words_and_for_programs() -> None:
    """With the hash, the workload with its prefill, and the version."""
    page = unescape(report([SCENARIO]))
    (text,) = re.findall("<pre>(.*)</pre>", report([SCENARIO]))
    (asked,) = json.loads(unescape(text))
    assert {key: asked[key] for key in WHOLE} == WHOLE
    for words in (
        library_digest(LIBRARY),
        f"by puzzle-widgets {pw.__version__}",
        "fp8, batch size 8, sequence length 100 (60 of them prefill)",
        "layers weighted",
        "1 layers fixed, my </metadata> rule",
    ):
        assert words in page


def test_a_table_of_scenarios_says_it_and_loads_again() -> None:
    """Rules that are too long for a spreadsheet's cell are named."""
    (row,) = csv.DictReader(io.StringIO(dump_table([SCENARIO])))
    assert json.loads(row["asked"]) == WHOLE
    names = [f"rule {n} {'x' * 150}" for n in range(150)]
    rows = [Row.of(LIBRARY, name, lambda _, __: 1.0, upper=9) for name in names]
    many = pw.Scenario("many", pw.search(pw.SearchProblem(LIBRARY, minimize=LOSS, rows=rows)))
    text = export(many, "layers-csv").text
    first = next(csv.DictReader(io.StringIO(text)))
    assert len(first["asked"]) <= 30_000
    asked = json.loads(first["asked"])
    assert (asked["library_sha256"], asked["rows"]) == (library_digest(LIBRARY), names)
    (again,) = read_scenarios(text.encode(), "layers.csv", LIBRARY)
    assert again.solution.architecture == many.solution.architecture

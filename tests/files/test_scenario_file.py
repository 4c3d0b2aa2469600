"""Scenarios in files, and in files that somebody changed; nothing in them is a formula."""

from __future__ import annotations

import csv
import io
import json
import math
import random
from dataclasses import replace
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.files.scenario_file import (
    as_named,
    dump_layers,
    dump_scenarios,
    dump_table,
    harmless,
    read_scenarios,
)
from puzzle_widgets.library.json_forms import library_digest
from puzzle_widgets.solution.scenario import Scenario, budget_words
from tests.support.export import PARENT, variant
from tests.support.libraries import LOSS, MEMORY, RUNTIME, make_library, published_files
from tests.support.mutations import damaged_bytes, damaged_json

LIBRARY = make_library([[(0, 10, 60), (1, 6, 40), (3, 1, 9)], [(0, 20, 40), (2, 5, 10)]])
TIGHT = pw.search(pw.SearchProblem(LIBRARY, minimize=LOSS, budgets={MEMORY: 26}))
RULED = pw.search(
    pw.SearchProblem(
        LIBRARY,
        maximize=LOSS,
        budgets={RUNTIME: (20, None), MEMORY: (None, 28)},
        fixed={1: "v1"},
        banned={0: ["v2"]},
    ).with_difference({0: "v0", 1: "v1"}, 1)
)
KEPT = [
    Scenario("tight", TIGHT),
    Scenario("ruled <b>&\t漢\r字", RULED),
    Scenario("parent", pw.parent_solution(TIGHT.problem)),
]


def test_budgets_in_words() -> None:
    """Both sides of a budget are written."""
    both = pw.SearchProblem(LIBRARY, minimize=LOSS, budgets={MEMORY: (5, 1e5)})
    assert budget_words(both) == "Memory ≥ 5 MiB, Memory ≤ 100,000 MiB"


def test_json_gives_back_problem_architecture_and_proof() -> None:
    """Budgets and rules survive; every figure is the library's own, every proof a new one."""
    again = read_scenarios(dump_scenarios(KEPT).encode(), "kept.json", LIBRARY)
    assert [scenario.name for scenario in again] == [scenario.name for scenario in KEPT]
    for found, kept in zip(again, KEPT, strict=True):
        assert found.solution.problem == kept.solution.problem
        assert found.solution.architecture == kept.solution.architecture
        assert found.solution.score == kept.solution.score
        assert found.solution.status == "optimal"
    assert again[0].solution.bound == 1
    assert again[0].solution.engine.endswith("loaded; bound by exact search")


def test_json_keeps_which_limits_were_a_throughput() -> None:
    """So that they are told as one; a file of before there was a word for it has runtimes."""
    problem = pw.SearchProblem(LIBRARY, minimize=LOSS, budgets={MEMORY: 29}, throughput=1_500)
    kept = [Scenario("fast", pw.search(problem))]
    text = dump_scenarios(kept)
    (again,) = read_scenarios(text.encode(), "kept.json", LIBRARY)
    assert again.solution.problem == problem
    assert budget_words(again.solution.problem) == budget_words(problem)
    assert "Throughput ≥ 1,500 tokens/s" in budget_words(problem)
    content = json.loads(text)
    content["version"] = 1
    del content["scenarios"][0]["rates"]
    (old,) = read_scenarios(json.dumps(content).encode(), "old.json", LIBRARY)
    assert old.solution.problem == problem
    assert "Runtime ≤" in budget_words(old.solution.problem)


def test_json_keeps_a_weighted_objective() -> None:
    """Weights of scores and layers; the sum is worked out again, whatever the file says."""
    problem = pw.SearchProblem(
        LIBRARY, minimize={LOSS: 2}, layer_weights={1: 0.5}, budgets={MEMORY: 29}
    )
    text = dump_scenarios([Scenario("weighed", pw.search(problem))])
    content = json.loads(text)
    assert content["scenarios"][0]["weights"] == {LOSS: 2.0}
    assert content["scenarios"][0]["layer_weights"] == [[1, 0.5]]
    content["scenarios"][0]["totals"][problem.objective] = 0
    (again,) = read_scenarios(json.dumps(content).encode(), "kept.json", LIBRARY)
    assert again.solution.problem == problem
    assert again.solution.score == pw.search(problem).score
    assert again.solution.status == "optimal"


def test_json_names_its_library_by_hash_and_the_version() -> None:
    """The hash is that of the layers and figures, not of a title; nothing is said of the same."""
    text = dump_scenarios(KEPT[:1])
    record = json.loads(text)["scenarios"][0]
    assert record["library_sha256"] == library_digest(LIBRARY)
    assert record["puzzle_widgets"] == pw.__version__
    assert record["workload"] == vars(LIBRARY.measurement)
    renamed = replace(LIBRARY, name="another title", notes=("read",))
    (again,) = read_scenarios(text.encode(), "kept.json", renamed)
    assert again.notes == ()


def test_what_is_summed_by_another_library_says_so() -> None:
    """Other figures, or another workload: the note has the hash, the sums are the open one's."""
    text = dump_scenarios(KEPT[:1])
    digest = library_digest(LIBRARY)[:12]
    other = make_library([[(0, 10, 60), (1, 6, 40), (3, 1, 9)], [(0, 20, 40), (2.5, 5, 10)]])
    (again,) = read_scenarios(text.encode(), "kept.json", other)
    assert again.notes == (f"made with another library (SHA-256 {digest}); summed by the open one",)
    assert again.solution.totals == other.totals(again.solution.architecture or {})
    served = replace(LIBRARY, measurement=pw.Measurement(3, 7))
    (there,) = read_scenarios(text.encode(), "kept.json", served)
    assert there.notes[0].startswith(f"made with another library or workload (SHA-256 {digest})")
    content = json.loads(text)
    content["scenarios"][0]["library_sha256"] = 5
    (old,) = read_scenarios(json.dumps(content).encode(), "kept.json", other)
    assert old.notes == ()


@pytest.mark.parametrize("layers", [3, [[9, 2]], [[0, -1]], [[0]], {"0": "x"}])
def test_weights_that_are_none_are_refused(layers: Any) -> None:
    """In one sentence."""
    with pytest.raises(pw.ScenarioError):
        tampered(weights={LOSS: 2}, layer_weights=layers)


@pytest.mark.parametrize("rates", [3, {RUNTIME: 3}, {RUNTIME: [True]}, {RUNTIME: [1, [], 2]}])
def test_rates_that_are_none_are_refused(rates: Any) -> None:
    """In one sentence."""
    with pytest.raises(pw.ScenarioError):
        tampered(budgets={RUNTIME: [None, 99]}, rates=rates)


def test_csv_gives_back_the_architectures() -> None:
    """The table of layers holds no budgets and no proof."""
    text = dump_layers(KEPT)
    again = read_scenarios(text.encode(), "layers.CSV", LIBRARY)
    assert [scenario.name for scenario in again] == [scenario.name for scenario in KEPT]
    for found, kept in zip(again, KEPT, strict=True):
        assert found.solution.architecture == kept.solution.architecture
        assert found.solution.status == "feasible"
        assert found.solution.problem.budgets == {}


def test_odd_layer_and_variant_names_survive() -> None:
    """Names of the published kind hold tabs and percent signs."""
    library = pw.load_files(published_files())
    kept = [Scenario("p", pw.parent_solution(pw.SearchProblem(library, minimize=library.keys[0])))]
    for content, file in (
        (dump_scenarios(kept), "a.json"),
        (dump_layers(kept), "a.csv"),
    ):
        (found,) = read_scenarios(content.encode(), file, library)
        assert dict(found.solution.architecture or {}) == library.parent_architecture


def tampered(**changes: Any) -> pw.Solution:
    """Read the first scenario after a change to its record."""
    content = json.loads(dump_scenarios(KEPT[:1]))
    content["scenarios"][0].update(changes)
    return read_scenarios(json.dumps(content).encode(), "t.json", LIBRARY)[0].solution


@pytest.mark.parametrize(
    "changes",
    [
        {"score": 0.5},
        {"score": 0.5, "bound": 0.5},
        {"bound": None},
        {"bound": math.nan},
        {"bound": 10**400},
        {"status": "feasible"},
        {"status": ["optimal"]},
    ],
)
def test_a_files_figures_prove_nothing(changes: dict[str, Any]) -> None:
    """Score, bound and status come from the library and a new search, whatever the file says."""
    solution = tampered(**changes)
    assert (solution.status, solution.score, solution.bound) == ("optimal", 1, 1)


def test_a_forged_proof_is_not_believed() -> None:
    """A worse architecture whose file claims its own score as the bound is not optimal."""
    solution = tampered(architecture=[[0, "v2"], [1, "v0"]], score=4, bound=4, status="optimal")
    assert solution.status == "feasible"
    assert solution.score == LIBRARY.totals(solution.architecture or {})[LOSS]
    assert solution.bound < solution.score


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "a scenario's name is ''"),
        ({"objective": "metrics.x"}, r"scenario 'tight'.*'metrics\.x'"),
        ({"objective": 3}, "the objective is 3"),
        ({"goal": "win"}, "Write minimize or maximize"),
        ({"budgets": {"stats.disk": [None, 3]}}, r"'stats\.disk'"),
        ({"budgets": {MEMORY: [None, 5]}}, r"breaks stats\.memory_mib"),
        ({"budgets": {MEMORY: [1, 2, 3]}}, "Give an upper limit or"),
        ({"budgets": {MEMORY: 10**400}}, "broken"),
        ({"budgets": [1]}, "broken"),
        ({"fixed": [[7, "v0"]]}, "no layer 7"),
        ({"fixed": [[0, "v0"]]}, "breaks a fixed or banned variant"),
        ({"fixed": 5}, "broken"),
        ({"banned": [[0, 5]]}, "broken"),
        ({"banned": [[0, ["v1"]]]}, "breaks a fixed or banned variant"),
        ({"differences": [[[[0, "v1"]], 2]]}, "breaks difference 1"),
        ({"differences": [5]}, "broken"),
        ({"architecture": []}, "A JSON array with at least one entry"),
        ({"architecture": [[0, "v1"]]}, "layer 1: small has no such variant here: None"),
        ({"architecture": [[0, "v1"], [1, "v9"]]}, "layer 1.*'v9'.*Open the library"),
        ({"architecture": [[0, ["v1"]], [1, "v0"]]}, "broken"),
    ],
)
def test_a_broken_scenario_is_named(changes: dict[str, Any], words: str) -> None:
    """File, scenario and fault are told, also where the library lacks a block."""
    with pytest.raises(pw.ScenarioError, match=words) as caught:
        tampered(**changes)
    assert str(caught.value).startswith("t.json")


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("a.json", "", "broken JSON"),
        ("a.json", "[]", "A JSON object"),
        ("a.json", '{"format": "other"}', "not a scenario file"),
        ("a.json", '{"format": "puzzle-widgets/scenarios", "version": 9}', "not a scenario file"),
        (
            "a.json",
            '{"format": "puzzle-widgets/scenarios", "version": 1, "scenarios": []}',
            "'scenarios' is",
        ),
        ("a.csv", "", "no such column"),
        ("a.csv", "scenario,layer\n", "'variant'.*no such column"),
        ("a.csv", "scenario,layer,variant\n", "no rows"),
        ("a.csv", "scenario,layer,variant\ns,0,v1\n", "scenario 's', layer 1.*None"),
    ],
)
def test_a_broken_file_is_named(file: str, content: str, words: str) -> None:
    """What is no file of scenarios says so."""
    with pytest.raises(pw.ScenarioError, match=words):
        read_scenarios(content.encode(), file, LIBRARY)


def test_a_file_of_another_library_is_refused() -> None:
    """Its layers or variants are not there."""
    other = pw.load_files(published_files())
    with pytest.raises(pw.ScenarioError, match="tight"):
        read_scenarios(dump_scenarios(KEPT[:1]).encode(), "kept.json", other)


def test_too_large_a_file_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit of library files holds here, too."""
    monkeypatch.setattr("puzzle_widgets.library.checks.MAX_FILE_BYTES", 2**20)
    with pytest.raises(pw.ScenarioError, match="At most 1 MiB are read"):
        read_scenarios(b" " * (2**20 + 1), "a.json", LIBRARY)


@pytest.mark.parametrize("file", ["bytes.json", "structure.json", "bytes.csv"])
def test_damaged_files_give_scenarios_or_the_clear_error(file: str) -> None:
    """Hundreds of damaged files: sound scenarios or ScenarioError, nothing else."""
    whole = dump_scenarios(KEPT).encode()
    if file.endswith("csv"):
        whole = dump_layers(KEPT).encode()
    outcomes = set()
    for seed in range(220):
        rng = random.Random(seed)  # noqa: S311
        structured = file == "structure.json"
        content = damaged_json(json.loads(whole), rng) if structured else damaged_bytes(whole, rng)
        outcomes.add(outcome(content, file))
    assert outcomes == {"read", "refused"}


def outcome(content: bytes, file: str) -> str:
    """Read damaged scenarios; those that are read must add up."""
    try:
        found = read_scenarios(content, file, LIBRARY)
    except pw.ScenarioError as error:
        return "refused" if str(error).encode() else "silent"
    for scenario in found:
        totals = LIBRARY.totals(scenario.solution.architecture or {})
        assert scenario.solution.totals == totals
    return "read"


def test_a_loaded_optimum_that_ties_go_past_says_so() -> None:
    """Of two variants of one score the dearer was saved: optimal by score, with a note."""
    library = make_library([[(0, 10, 1), (1, 6, 1), (1, 5, 1)]])
    asked = pw.SearchProblem(library, minimize=LOSS, budgets={MEMORY: 7})
    best = pw.search(asked)
    assert dict(best.architecture or {}) == {0: "v2"}
    assert best.ties == "settled"
    saved = json.loads(dump_scenarios([pw.Scenario("mine", best)]))
    (again,) = read_scenarios(json.dumps(saved).encode(), "s.json", library)
    assert (again.solution.status, again.solution.ties) == ("optimal", "settled")
    assert not any("Another architecture" in note.text for note in again.solution.notes)
    saved["scenarios"][0]["architecture"] = [[0, "v1"]]
    (dearer,) = read_scenarios(json.dumps(saved).encode(), "s.json", library)
    assert (dearer.solution.status, dearer.solution.ties) == ("optimal", "other")
    assert any(
        "Another architecture of the same score" in note.text for note in dearer.solution.notes
    )


FORMULAS = ["=1+1", "+1", "-1+cmd", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1", "'=1", "''-1"]
PLAIN = ["full", "'quoted'", "8 KV heads", "", "a=b", "'"]


@pytest.mark.parametrize("name", [*FORMULAS, *PLAIN])
def test_every_name_comes_back(name: str) -> None:
    """Whatever apostrophes it has of its own."""
    assert as_named(str(harmless(name))) == name
    assert (harmless(name) != name) == (name in FORMULAS)


def test_numbers_stay_numbers() -> None:
    """A layer's number is not a text."""
    assert harmless(-1) == -1


@pytest.mark.parametrize("name", FORMULAS[:4])
def test_no_cell_is_a_formula(name: str) -> None:
    """Names of scenario, layer and variant, read back as the same architecture."""
    blocks = (variant("full", PARENT, 0.0), variant(name, PARENT, 1.0))
    library = pw.BlockLibrary("odd", (pw.Layer(name, blocks, "full"), pw.Layer("b", blocks, name)))
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", fixed={name: name, "b": name})
    kept = pw.Scenario(name, pw.search(problem))
    text = dump_layers([kept, replace(kept, name="plain")])
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 5
    assert rows[1][:3] == [f"'{name}"] * 3
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row[:3])
    back, plain = read_scenarios(text.encode(), "layers.csv", library)
    assert (back.name, plain.name) == (name, "plain")
    assert back.solution.architecture == kept.solution.architecture


def test_no_scenarios_have_headings() -> None:
    """An empty table is still a table."""
    assert dump_layers([]).startswith('"scenario","layer","variant","parent"')


def test_the_table_has_a_line_a_scenario() -> None:
    """Its proof, sums and budgets; a name that is a formula is made harmless."""
    lines = list(csv.reader(io.StringIO(dump_table([*KEPT[:1], replace(KEPT[2], name="=1+1")]))))
    first, second = (dict(zip(lines[0], line, strict=True)) for line in lines[1:])
    assert (first["scenario"], second["scenario"]) == ("tight", "'=1+1")
    assert (first["status"], float(first["score"]), float(first[MEMORY])) == ("optimal", 1, 26)
    assert first["budgets"] == "Memory ≤ 26 MiB"

"""Solutions, measured scores and sweeps of a run, set beside its library."""

from __future__ import annotations

import json
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.files import run_reports as found_scenario
from puzzle_widgets.files.scenario_file import read_scenarios
from tests.support.libraries import MEMORY, RUNTIME
from tests.support.puzzletron_run import GAIN, SEARCH, Run, small_run, solutions_file, sweep_file

KL, LM = "metrics.kl_div", "metrics.lm_loss"


def reports_of(**files: Any) -> tuple[pw.BlockLibrary, pw.RunReports]:
    """Read a run with these files beside it, its first scenario."""
    run = small_run()
    run.files |= {name.replace("__", "/"): content for name, content in files.items()}
    found = pw.open_run(run.encoded(), name="run")
    assert found is not None
    library = found.library()
    return library, pw.read_reports(found, library)


def solved(run: Run) -> dict[str, Any]:
    """Files of one search."""
    return {f"{SEARCH}/solutions.json": solutions_file(run)}


def test_solutions_are_scenarios_with_their_limits() -> None:
    """Sums come from the library and agree with the file's; the proof is a new search's."""
    content = solutions_file(small_run())
    library, reports = reports_of(**solved(small_run()))
    (scenario,) = reports.scenarios
    solution = scenario.solution
    assert scenario.name == "target_memory_78000MiB solution 0"
    assert solution.totals[MEMORY] == pytest.approx(content[0]["total_costs"][MEMORY])
    assert solution.totals[RUNTIME] == pytest.approx(content[0]["total_costs"][RUNTIME])
    assert solution.score == pytest.approx(content[0]["total_value"][KL])
    limit = content[0]["puzzle_args"]["mip_constraints"][MEMORY]
    assert solution.problem.budgets[MEMORY].upper == limit
    best = pw.search(pw.SearchProblem(library, minimize=KL, budgets={MEMORY: limit}))
    assert solution.bound == pytest.approx(best.score)
    assert solution.status == (
        "optimal" if best.score == pytest.approx(solution.score) else "feasible"
    )


def test_a_solution_of_another_scenario_is_said() -> None:
    """Its limits and sums would be wrong here."""
    content = solutions_file(small_run())
    content[0]["subblock_stats"] = {"batch_size": 32}
    run = small_run()
    run.files[f"{SEARCH}/solutions.json"] = content
    found = pw.open_run(run.encoded())
    assert found is not None
    first = found.library("batch_size 96")
    reports = pw.read_reports(found, first, "batch_size 96")
    assert reports.scenarios == ()
    assert "1 of 1 solutions are of another workload" in reports.notices[0]
    usual = found.library()  # the one that was searched
    assert usual.measurement.batch_size == 32
    assert len(pw.read_reports(found, usual).scenarios) == 1


def test_limits_that_the_librarys_sums_break_are_left_out_and_said() -> None:
    """The architecture stays, without a budget that it does not keep."""
    content = solutions_file(small_run())
    content[0]["puzzle_args"]["mip_constraints"] = {MEMORY: 1.0, "stats.unknown": 3, KL: [None, 9]}
    _, reports = reports_of(**{f"{SEARCH}/solutions.json": content})
    assert dict(reports.scenarios[0].solution.problem.budgets) == {}
    said = " ".join(reports.notices)
    assert "the limit on stats.unknown is left out" in said
    assert "its limits are left out" in said


def twelve(run: Run) -> list[dict[str, Any]]:
    """Solutions of twelve searches, each with its own limit."""
    return [
        {
            **solutions_file(run)[0],
            "puzzle_args": {"mip_constraints": {MEMORY: 1e6 + number}},
        }
        for number in range(12)
    ]


def test_every_solution_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are; without time for it, it is said that no proof was tried."""
    content = twelve(small_run())
    _, reports = reports_of(**{f"{SEARCH}/solutions.json": content})
    assert [s.solution.status for s in reports.scenarios] == ["optimal"] * 12
    assert reports.notices == ()
    monkeypatch.setattr(found_scenario, "_SECONDS_FOR_ALL", -1.0)
    _, reports = reports_of(**{f"{SEARCH}/solutions.json": content})
    assert [s.solution.status for s in reports.scenarios] == ["feasible"] * 12
    assert all("no proof was tried" in s.solution.engine for s in reports.scenarios)
    (note,) = reports.notices
    assert note.startswith("12 of 12 solutions: no proof was tried")


def test_of_many_notes_the_first_are_said_and_the_rest_counted() -> None:
    """Each is next to its solution."""
    content = twelve(small_run())
    for one in content:
        one["total_value"] = {KL: 9.0}
    _, reports = reports_of(**{f"{SEARCH}/solutions.json": content})
    assert all(len(scenario.notes) == 1 for scenario in reports.scenarios)
    assert len(reports.notices) == 6
    assert reports.notices[-1] == "7 more notes of this kind beside the solutions."


def test_a_gain_summed_without_the_parents_blocks_is_said() -> None:
    """Puzzletron counts them as 0, where the parent agrees with itself: 1."""
    run = small_run()
    content = solutions_file(run)
    kept = [run.blocks[0], run.blocks[1]]
    chosen = zip(content[0]["chosen_replacements"], kept, strict=True)
    content[0]["chosen_replacements"] = [
        {"parent_layer_indices": one["parent_layer_indices"], "child_block_configs": config}
        for one, config in chosen
    ]
    key = f"metrics.{GAIN}"
    report = run.files[run.report_of(1, run.blocks[1])]
    content[0]["total_value"] = {key: report[GAIN]["avg"]}
    content[0]["puzzle_args"] = {"bigger_is_better": True, "mip_constraints": {}}
    _, reports = reports_of(**{f"{SEARCH}/solutions.json": content})
    (scenario,) = reports.scenarios
    assert scenario.solution.score == pytest.approx(1 + report[GAIN]["avg"])
    assert scenario.solution.problem.goal == "maximize"
    (note,) = scenario.notes
    assert "it counts the 1 block of the parent's as 0" in note
    assert reports.notices == (f"{scenario.name}: {note}",)


def test_another_sum_of_the_file_is_said() -> None:
    """Whatever its cause."""
    content = solutions_file(small_run())
    content[0]["total_value"][KL] += 1
    _, reports = reports_of(**{f"{SEARCH}/solutions.json": content})
    (note,) = reports.scenarios[0].notes
    assert "Puzzletron's file sums metrics.kl_div to 1, this library to 0." in note


@pytest.mark.parametrize("known", [True, False])
def test_a_score_that_the_library_has_not_is_not_taken_for_another(*, known: bool) -> None:
    """The architecture is summed by the first score; nothing is proven of it, and it is said."""
    content = solutions_file(small_run())
    content[0]["total_value"] = {"metrics.js_div": 0.5} if known else {}
    _, reports = reports_of(**{f"{SEARCH}/solutions.json": content})
    (scenario,) = reports.scenarios
    assert scenario.solution.status == "feasible"
    assert "no proof was tried" in scenario.solution.engine
    (note,) = scenario.notes
    words = "by metrics.js_div, which" if known else "by a score that the file does not say"
    assert words in note


def test_one_minus_is_a_score_of_its_own() -> None:
    """A search by it is loaded under it, and proven."""
    content = solutions_file(small_run())
    key = "metrics.one_minus_kl_div"
    content[0]["total_value"] = {key: 2.0 - content[0]["total_value"][KL]}
    content[0]["puzzle_args"]["bigger_is_better"] = True
    _, reports = reports_of(**{f"{SEARCH}/solutions.json": content})
    (scenario,) = reports.scenarios
    assert (scenario.solution.problem.objective, scenario.notes) == (key, ())
    assert scenario.solution.status == "optimal"


def test_an_empty_file_says_that_nothing_was_found() -> None:
    """Puzzletron writes ``[]`` where its search was infeasible."""
    _, reports = reports_of(**{f"{SEARCH}/solutions.json": []})
    assert reports.scenarios == ()
    assert "found no solution" in reports.notices[0]


def test_measured_scores_stand_at_the_solutions_costs() -> None:
    """A realized solution and the parent: scores measured, costs as summed."""
    measured = {"lm_loss": {"avg": 1.31, "per_sample": [1.31]}, "args": {}}
    files = solved(small_run()) | {
        f"{SEARCH}/solutions--validation/solution_0.json": measured,
        f"{SEARCH}/solutions--validation/teacher.json": {"lm_loss": {"avg": 1.1183}},
    }
    library, reports = reports_of(**files)
    by_name = {point.name: point for point in reports.measured}
    point = by_name["target memory 78000MiB solution 0"]
    assert point.values[LM] == 1.31
    assert point.values[MEMORY] == pytest.approx(reports.scenarios[0].solution.totals[MEMORY])
    assert "costs as summed by Puzzletron" in point.source
    teacher = by_name["target memory 78000MiB teacher"]
    assert teacher.values[MEMORY] == library.parent_totals[MEMORY]
    assert teacher.on_sum(library, LM) == pytest.approx(library.parent_totals[LM])


def test_a_sweep_gives_a_point_a_row() -> None:
    """Empty cells are not measured."""
    _, reports = reports_of(**{"mip_sweep_results.csv": sweep_file()})
    first, second = reports.measured
    assert first.name == "sweep, compression 0.5"
    assert first.values[MEMORY] == 49000.5
    assert first.values["metrics.token_accuracy_top_1"] == 0.6
    assert "metrics.token_accuracy_top_1" not in second.values


def test_a_broken_report_costs_only_itself() -> None:
    """The library and the other reports stay; what is broken is said."""
    files = solved(small_run()) | {"mip_sweep_results.csv": b"a,b\n1,2\n", "x/solutions.json": b"{"}
    _, reports = reports_of(**files)
    assert len(reports.scenarios) == 1
    assert len(reports.notices) == 2


def test_solutions_alone_open_as_scenarios_of_an_open_library() -> None:
    """Through the same door as scenario files."""
    run = small_run()
    library = pw.load_files(run.encoded())
    content = json.dumps(solutions_file(run)).encode()
    (scenario,) = read_scenarios(content, "solutions.json", library)
    assert scenario.solution.found
    with pytest.raises(pw.ScenarioError, match="no solutions"):
        read_scenarios(b"[]", "solutions.json", library)
    minimal = [{"chosen_replacements": _minimal(run)}]
    (again,) = read_scenarios(json.dumps(minimal).encode(), "solutions.json", library)
    assert dict(again.solution.architecture or {}) == library.parent_architecture


def _minimal(run: Run) -> list[dict[str, Any]]:
    return [
        {"parent_layer_indices": [la], "child_block_configs": [run.blocks[0]], "weight_paths": []}
        for la in range(run.layers)
    ]


def test_a_solution_that_is_none_of_the_librarys_is_refused() -> None:
    """Another number of layers; a layer twice."""
    run = small_run()
    library = pw.load_files(run.encoded())
    for chosen in (_minimal(run)[:1], _minimal(run)[:1] * 2):
        content = json.dumps([{"chosen_replacements": chosen}]).encode()
        with pytest.raises(pw.ScenarioError):
            read_scenarios(content, "solutions.json", library)


def test_a_sense_that_the_file_does_not_say_is_the_librarys() -> None:
    """An agreement is made large."""
    content = solutions_file(small_run())
    key = f"metrics.{GAIN}"
    content[0]["total_value"] = {key: 1.0}
    _, reports = reports_of(**{f"{SEARCH}/solutions.json": content})
    assert reports.scenarios[0].solution.problem.goal == "maximize"

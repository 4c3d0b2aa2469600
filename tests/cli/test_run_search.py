"""The search and front commands."""

from __future__ import annotations

import csv
import io
import json
import signal
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import puzzle_widgets as pw
from puzzle_widgets.cli import run_search
from puzzle_widgets.files.scenario_file import read_scenarios
from puzzle_widgets.library.json_forms import library_digest
from puzzle_widgets.sweeps import ParetoFront, iter_pareto_front
from tests.cli.conftest import Ran

Run = Callable[..., Ran]


def _strict(text: str) -> Any:
    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_finds_the_optimum_that_a_count_by_hand_finds(run: Run, library: str) -> None:
    """Of all pairs within 16 MiB, half and full score least: 1."""
    ran = run("search", library, "--max", "stats.memory_mib=16", "--format", "json")
    found = _strict(ran.out)["scenarios"][0]
    assert ran.code == 0
    assert (found["status"], found["score"], found["bound"], found["gap"]) == ("optimal", 1, 1, 0)
    assert found["architecture"] == [[0, "half"], [1, "full"]]
    assert found["totals"]["stats.memory_mib"] == 16


def test_weighs_scores_and_layers(run: Run) -> None:
    """As Python does; the words say what is summed, and the file has the weights."""
    name = "stdlib-2m-measured"
    asked = ["--minimize", "metrics.kl_div", "--minimize", "metrics.lm_loss=0.5"]
    asked += ["--layer-weights", "0 to 1: 2", "--max", "stats.memory_mib=60%"]
    found = _strict(run("search", name, *asked, "--format", "json").out)["scenarios"][0]
    weights = {"metrics.kl_div": 1.0, "metrics.lm_loss": 0.5}
    problem = pw.SearchProblem(
        pw.load_library(name),
        minimize=weights,
        layer_weights={0: 2, 1: 2},
        budgets={"stats.memory_mib": "60 %"},
    )
    assert found["score"] == pw.search(problem).score
    assert (found["weights"], found["layer_weights"]) == (weights, [[0, 2.0], [1, 2.0]])
    told = " ".join(run("search", name, *asked).out.split())
    assert "Minimize Weighted score (KL divergence + 0.5 x LM loss, layers weighted" in told


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--minimize", "metrics.kl_div=x"], "not a finite number"),
        (["--minimize", "metrics.kl_div", "--minimize", "metrics.kl_div=2"], "given twice"),
        (["--layer-weights", "0"], "not a weight of layers"),
    ],
)
def test_weights_that_are_none_are_refused(run: Run, given: list[str], words: str) -> None:
    """By a sentence."""
    ran = run("search", "stdlib-2m-measured", *given)
    assert ran.code == 1
    assert words in ran.err


def test_serves_another_workload(run: Run) -> None:
    """As Python works it out: memory exact, and what is not known said and left out."""
    name = "llama-3.3-70b-modeled"
    asked = ["--batch-size", "64", "--prefill", "176", "--generation", "2048"]
    asked += ["--weights-dtype", "bfloat16", "--kv-dtype", "fp8"]
    asked += ["--non-block", "stats.memory_mib=1000", "--max", "stats.memory_mib=80000"]
    ran = run("search", name, *asked, "--format", "json")
    library = pw.with_workload(
        pw.load_library(name),
        batch_size=64,
        prefill=176,
        generation=2048,
        weights_dtype="bfloat16",
        kv_dtype="fp8",
        non_block_costs={"stats.memory_mib": 1000},
    )
    budgets = {"stats.memory_mib": 80_000}
    best = pw.search(pw.SearchProblem(library, minimize="metrics.kl_div", budgets=budgets))
    found = _strict(ran.out)["scenarios"][0]
    assert (ran.code, found["score"], found["totals"]) == (0, best.score, dict(best.totals))
    assert found["workload"] == vars(library.measurement)
    assert found["library_sha256"] == library_digest(library)
    assert "left out: Runtime" in ran.err
    same = run("search", name, *asked[:6], "--throughput", "6000")
    assert (same.code, same.out) == (1, "")
    assert "throughput" in same.err


def test_searches_each_batch_size(run: Run) -> None:
    """Each is told with its throughput, and the best is written."""
    name = "llama-3.3-70b-modeled"
    limit = ("--max", "stats.memory_mib=60000")
    ran = run("search", name, *limit, "--batch-sizes", "64", "256", "--format", "json")
    problem = pw.SearchProblem(
        pw.load_library(name), minimize="metrics.kl_div", budgets={"stats.memory_mib": 60_000}
    )
    sizes = pw.search_batch_sizes(problem, [64, 256])
    best = sizes.best
    assert best is not None
    assert best.solution is not None
    found = _strict(ran.out)["scenarios"][0]
    assert found["workload"]["batch_size"] == best.batch_size == 64
    assert found["score"] == best.solution.score
    told = " ".join(ran.err.split())
    assert all(" ".join(sentence.split()) in told for sentence in sizes.sentences)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--batch-size", "0"], "--batch-size"),
        (["--prefill", "-1"], "--prefill"),
        (["--batch-sizes", "64", "x"], "--batch-sizes"),
        (["--kv-dtype", "fp3"], "give one of float32"),
        (["--non-block", "stats.memory_mib"], "--non-block"),
        (["--non-block", "stats.nothing=3"], "stats.nothing"),
        (["--batch-size", "64"], "does not tell the KV cache apart"),
    ],
)
def test_workloads_that_are_none_are_refused(
    run: Run, library: str, given: list[str], words: str
) -> None:
    """In one sentence that names what was given; nothing is written."""
    name = library if "apart" in words else "llama-3.3-70b-modeled"
    ran = run("search", name, *given)
    assert ran.code != 0
    assert ran.out == ""
    assert words in " ".join(ran.err.split())


def test_stdout_is_pure_json(run: Run, library: str) -> None:
    """Nothing but strict JSON is on stdout, and nothing on stderr where all went well."""
    ran = run("search", library, "--format", "json")
    assert _strict(ran.out)["units"]["stats.memory_mib"] == "MiB"
    assert ran.err == ""


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_infeasible_leaves_by_two(run: Run, library: str, form: str) -> None:
    """Memory below the least possible exits with 2 and says why, in every format."""
    ran = run("search", library, "--max", "stats.memory_mib=-1", "--format", form)
    assert ran.code == 2
    assert "least possible is 0 MiB" in ran.out + ran.err


def test_infeasible_json_is_strict(run: Run, library: str) -> None:
    """Without an architecture score and bound are null, not NaN."""
    ran = run("search", library, "--max", "stats.memory_mib=-1", "--format", "json")
    content = _strict(ran.out)
    assert content["scenarios"][0]["score"] is None
    assert content["scenarios"][0]["status"] == "infeasible"
    assert content["solutions"] == {"found": 0, "asked": 1}


def test_no_solution_in_time_leaves_by_three(run: Run, library: str) -> None:
    """A billionth of a second for a MIP solver exits with 3."""
    words = ["--max", "stats.memory_mib=16", "--solver", "HiGHS", "--time-limit", "1e-9"]
    ran = run("search", library, *words)
    assert ran.code == 3
    assert "no solution in time" in ran.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--max", "stats.energy=1"], "stats.energy"),
        (["--max", "stats.memory_mib=much"], "much"),
        (["--max", "stats.memory_mib=1", "--max", "stats.memory_mib=2"], "given twice"),
        (["--minimize", "metrics.none"], "metrics.none"),
        (["--throughput", "10"], "batch size"),
        (["--fix", "7=full"], "No layer '7'"),
        (["--ban", "0=huge"], "0 has no variant 'huge'. It has "),
        (["--fix", "0=full", "--fix", "0=half"], "two variants"),
        (["--solver", "none-such"], "none-such"),
        (["--gap", "-1"], "gap"),
        (["--diverse", "0"], "at least 1"),
        (["--output", "no/such/folder/x.json"], "no such folder"),
    ],
)
def test_wrong_input_leaves_by_one(run: Run, library: str, words: list[str], message: str) -> None:
    """A wrong value exits with 1 and one line on stderr that names it; stdout stays empty."""
    ran = run("search", library, *words)
    assert (ran.code, ran.out) == (1, "")
    assert message in ran.err
    assert ran.err.count("\n") == 1


def test_missing_library_leaves_by_one(run: Run) -> None:
    """A path that is not there is named, with the datasets to choose from."""
    ran = run("search", "nowhere")
    assert ran.code == 1
    assert "llama-3.3-70b-instruct" in ran.err
    assert "nowhere" in ran.err
    assert "llama-3.3-70b-modeled" in ran.err


def test_share_of_the_parent_is_a_budget(run: Run, library: str) -> None:
    """80% of the parent's 20 MiB is 16 MiB."""
    ran = run("search", library, "--max", "stats.memory_mib=80%", "--format", "json")
    assert _strict(ran.out)["scenarios"][0]["budgets"] == {"stats.memory_mib": [None, 16.0]}


def test_lower_and_upper_budget_meet(run: Run, library: str) -> None:
    """--min and --max on one stat become one budget with both limits."""
    words = ["--min", "stats.runtime_ms=1", "--max", "stats.runtime_ms=7"]
    ran = run("search", library, *words, "--format", "json")
    assert _strict(ran.out)["scenarios"][0]["budgets"] == {"stats.runtime_ms": [1.0, 7.0]}


def test_latency_is_a_runtime_budget(run: Run, library: str) -> None:
    """--latency-ms limits the summed runtime."""
    ran = run("search", library, "--latency-ms", "7", "--format", "json")
    assert _strict(ran.out)["scenarios"][0]["totals"]["stats.runtime_ms"] <= 7


def test_fix_and_ban_are_kept(run: Run, library: str) -> None:
    """A fixed variant is chosen, a banned one is not; 'parent' and labels name variants too."""
    words = ["--fix", "0=8 KV heads, FFN width 50", "--ban", "1=parent", "--format", "json"]
    found = _strict(run("search", library, *words).out)["scenarios"][0]
    assert found["architecture"] == [[0, "half"], [1, "half"]]


def test_maximize_turns_the_goal(run: Run, library: str) -> None:
    """Maximizing takes the greatest score of every layer."""
    ran = run("search", library, "--maximize", "metrics.kl_div", "--format", "json")
    assert _strict(ran.out)["scenarios"][0]["score"] == 14


def test_diverse_solutions_differ(run: Run, library: str) -> None:
    """Each of three solutions differs from the others in both layers."""
    words = ["--diverse", "3", "--min-difference", "2", "--format", "json"]
    found = _strict(run("search", library, *words).out)["scenarios"]
    for layer in range(2):
        assert len({tuple(solution["architecture"][layer]) for solution in found}) == 3


def test_fewer_than_asked_is_said(run: Run, library: str) -> None:
    """Of four solutions that differ everywhere only three exist: said on stderr, exit code 0."""
    ran = run("search", library, "--diverse", "4", "--min-difference", "2", "--format", "json")
    assert ran.code == 0
    assert "3 of 4 solutions found" in ran.err
    assert _strict(ran.out)["solutions"] == {"found": 3, "asked": 4}


def test_no_diverse_solution_at_all_is_infeasible(run: Run, library: str) -> None:
    """Several asked and none possible exits with 2."""
    assert run("search", library, "--diverse", "2", "--max", "stats.memory_mib=-1").code == 2


def test_table_says_units_status_and_blocks(run: Run, library: str) -> None:
    """The table holds proof, totals with units, shares of the parent and merged blocks."""
    ran = run("search", library, "--max", "stats.memory_mib=12")
    for words in ("optimal, proven", "gap 0 %", "Memory (MiB)", "60 %", "0 to 1", "FFN width 50"):
        assert words in ran.out


def test_throughput_is_explained(run: Run) -> None:
    """Where batch size and sequence length are known, the table says what throughput means."""
    words = ["--throughput", "2000", "--time-limit", "60", "--gap", "0.5"]
    out = run("search", "llama-3.3-70b-modeled", *words).out
    assert "Throughput (tokens/s)" in out
    assert "batch size x sequence length / summed runtime" in out
    assert "Speedup" in out


def test_file_ending_tells_the_format(run: Run, library: str, tmp_path: Path) -> None:
    """Without --format the ending of the file decides, and stdout stays empty."""
    target = tmp_path / "found.json"
    ran = run("search", library, "--output", str(target))
    assert ran.out == ""
    assert _strict(target.read_text("utf-8"))["solutions"]["found"] == 1


@pytest.mark.parametrize("form", ["json", "csv"])
def test_the_app_reads_what_was_written(run: Run, library: str, tmp_path: Path, form: str) -> None:
    """JSON and CSV of a search load again as scenarios with the same blocks."""
    target = tmp_path / f"found.{form}"
    run("search", library, "--max", "stats.memory_mib=16", "--output", str(target))
    (scenario,) = read_scenarios(target.read_bytes(), target.name, pw.load_library(library))
    assert dict(scenario.solution.architecture or {}) == {0: "half", 1: "full"}


def test_csv_has_a_line_a_layer(run: Run, library: str) -> None:
    """CSV on stdout is one line for each layer with its figures."""
    lines = run("search", library, "--format", "csv").out.splitlines()
    assert len(lines) == 3
    assert "stats.memory_mib" in lines[0]


def test_names_cannot_reach_the_terminal_as_code(run: Run, tmp_path: Path) -> None:
    """Escape sequences and markup in names are shown as text."""
    rows = {"layer": [0], "variant": ["[red]bad\x1b[31m"], "parent": [True]}
    path = tmp_path / "odd.csv"
    pd.DataFrame({**rows, "stats.memory_mib": [1.0]}).to_csv(path, index=False)
    out = run("search", str(path), "--minimize", "stats.memory_mib").out
    assert "[red]bad" in out
    assert "\x1b" not in out


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_notes_of_an_answer_are_told(run: Run, library: str, form: str) -> None:
    """The parent itself is an answer that says so, in every format, as from Python."""
    ran = run("search", library, "--format", form)
    problem = pw.SearchProblem(pw.load_library(library), minimize="metrics.kl_div")
    said = str(*pw.search(problem).notes)
    assert said in " ".join((ran.out + ran.err).split())
    if form == "json":
        assert _strict(ran.out)["scenarios"][0]["notes"] == [said]


def test_ties_go_the_same_way_in_python_app_and_command_line(run: Run, tmp_path: Path) -> None:
    """Three architectures score 1: the one that uses least of what is limited is the answer."""
    rows = [("full", 0, 10, 9), ("a", 1, 4, 4), ("b", 1, 4, 3), ("c", 1, 4, 5)]
    lines = ["layer,variant,parent,metrics.kl_div,stats.memory_mib,stats.runtime_ms"]
    for layer in (0, 1):
        lines += [f"{layer},{n},{'x' if n == 'full' else ''},{s},{m},{r}" for n, s, m, r in rows]
    file = tmp_path / "ties.csv"
    file.write_text("\n".join(lines))
    library = pw.load_library(file)
    budgets: dict[str, Any] = {"stats.memory_mib": 15, "stats.runtime_ms": 14}
    problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets=budgets)
    wanted = {0: "full", 1: "b"}
    assert dict(pw.search(problem).architecture or {}) == wanted
    shown = pw.ExplorerState(problem).shown
    assert shown is not None
    assert dict(shown.architecture or {}) == wanted
    limits = [f"{key}={limit}" for key, limit in budgets.items()]
    words = [word for limit in limits for word in ("--max", limit)]
    ran = run("search", str(file), *words, "--format", "json")
    assert dict(_strict(ran.out)["scenarios"][0]["architecture"]) == wanted


def test_points_rise_in_memory_and_fall_in_score(run: Run, library: str) -> None:
    """No point of the front is beaten by another one in both score and memory."""
    ran = run("front", library, "--over", "stats.memory_mib", "--points", "9", "--format", "json")
    content = json.loads(ran.out)
    points = [(p["totals"]["stats.memory_mib"], p["score"]) for p in content["scenarios"]]
    assert ran.code == 0
    assert content["searches"] == {"done": 9, "asked": 9, "complete": True}
    assert points[-1] == (20, 0)
    assert all(a[0] < b[0] and a[1] > b[1] for a, b in pairwise(points))


def test_between_sets_the_limits(run: Run, library: str) -> None:
    """The least limit asked is the least that any point keeps."""
    words = ["--points", "3", "--between", "12", "16", "--format", "csv"]
    rows = list(csv.DictReader(io.StringIO(run("front", library, *words).out)))
    assert float(rows[0]["stats.memory_mib"]) == 12


def test_table_names_the_resource_with_its_unit(run: Run, library: str) -> None:
    """The table says over what, in which unit, and how many searches are done."""
    out = run("front", library, "--points", "2").out
    assert "Pareto front over Memory (MiB), 2 of 2 searches done" in out


def test_front_over_throughput(run: Run) -> None:
    """Throughput rises from point to point."""
    words = ["--over", "throughput", "--points", "2", "--gap", "0.5", "--format", "json"]
    content = json.loads(run("front", "llama-3.3-70b-modeled", *words).out)
    reached = [point["throughput_tokens_per_s"] for point in content["scenarios"]]
    assert len(reached) == 2
    assert reached[0] < reached[1]


def test_infeasible_front_leaves_by_two(run: Run, library: str) -> None:
    """Where the other budgets leave nothing, the code is 2 and the reason is said."""
    ran = run("front", library, "--max", "stats.memory_mib=-1", "--format", "json")
    assert ran.code == 2
    assert json.loads(ran.out)["scenarios"] == []
    assert "least possible is 0 MiB" in ran.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--over", "stats.energy"], "stats.energy"),
        (["--over", "throughput"], "batch size"),
        (["--points", "1"], "at least 2"),
        (["--between", "9", "3"], "LO must be below HI"),
        (["--over", "throughput", "--between", "-1", "3"], "above 0"),
    ],
)
def test_wrong_axes_and_points_leave_by_one(
    run: Run, library: str, words: list[str], message: str
) -> None:
    """A wrong value exits with 1 and is named on stderr."""
    ran = run("front", library, *words)
    assert (ran.code, ran.out) == (1, "")
    assert message in ran.err


def test_ctrl_c_keeps_what_was_found(
    run: Run, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after two searches, the points of these two are written."""

    def interrupted(*words: Any, **options: Any) -> Iterator[ParetoFront]:
        for front in iter_pareto_front(*words, **options):
            yield front
            if front.done == 2:
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(run_search, "iter_pareto_front", interrupted)
    ran = run("front", library, "--points", "9", "--format", "json")
    content = json.loads(ran.out)
    assert ran.code == 0
    assert content["searches"] == {"done": 2, "asked": 9, "complete": False}
    assert content["scenarios"]
    assert "stopped after 2 of 9 searches" in ran.err


def test_notes_of_points_are_told(run: Run, library: str) -> None:
    """The parent at the end of a front says what it is, in text, JSON and CSV."""
    words = ["front", library, "--over", "stats.memory_mib", "--points", "3"]
    assert "the parent itself" in " ".join(run(*words).out.split())
    points = json.loads(run(*words, "--format", "json").out)["scenarios"]
    assert "the parent itself" in points[-1]["notes"][0]
    rows = list(csv.DictReader(io.StringIO(run(*words, "--format", "csv").out)))
    assert "the parent itself" in rows[-1]["notes"]


def test_rules_are_taken(run: Run, library: str) -> None:
    """Each option holds, and the answer says under which rules it is the best."""
    kept = run("search", library, "--keep-ends", "1", "--format", "json")
    assert _strict(kept.out)["scenarios"][0]["architecture"] == [[0, "full"], [1, "full"]]
    limit = ("--max", "stats.memory_mib=16")
    same = run("search", library, *limit, "--same-ffn", "0", "1", "--format", "json")
    found = _strict(same.out)["scenarios"][0]
    assert found["architecture"] == [[0, "half"], [1, "half"]]
    assert found["distinct"] == [["the same FFN in layers 0 to 1", 1, "ffn", [0, 1]]]
    few = run("search", library, *limit, "--few-blocks", "1", "--same-attention", "0", "1")
    assert few.code == 0
    said = "Rules: the same attention in layers 0 to 1, at most 1 distinct block"
    assert said in " ".join(few.out.split())
    tight = ("--max", "stats.memory_mib=10", "--attention-free-in-a-row", "0")
    free = run("search", library, *tight)
    assert free.code == 2
    assert "at most 0 layers without attention in a row" in free.out
    more = ("--tensor-parallel", "4", "--no-linear-attention")
    assert run("search", library, *more).code == 0
    assert run("search", library, "--tensor-parallel", "16").code == 0
    assert "Rules: 2 layers fixed" in run("search", library, "--keep-ends", "1").out

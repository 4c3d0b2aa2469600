"""The notebooks: clean in the tree, and each runs from top to bottom."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import nbformat
import pytest
from ipykernel.kernelspec import write_kernel_spec
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError

from tests.support.libraries import published_folder

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDER = CHECKOUT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
FIRST = FOLDER / "01_first_look.ipynb"
DEPLOYMENTS = FOLDER / "02_three_deployments.ipynb"
BY_HAND = FOLDER / "03_model_by_hand.ipynb"
DIVERSE = FOLDER / "07_diverse_and_random.ipynb"
TO_VLLM = FOLDER / "05_real_library.ipynb"
BUILD = FOLDER / "06_build_and_check.ipynb"
MAPS = FOLDER / "04_fronts_and_maps.ipynb"
REASONS = FOLDER / "08_reasons.ipynb"
EXERCISES = FOLDER / "09_exercises.ipynb"
SECONDS_A_CELL = 600
SECONDS_TO_BUILD = 1_500  # 2 minutes on two free cores, far more where others use them

LONGEST_CELL = 12  # lines
TEACHING = [path for path in NOTEBOOKS if path.name[0].isdigit()]
SETTLED = """
import asyncio, gc
states = [one for one in gc.get_objects() if type(one) is pw.ExplorerState]
for one in states:
    for _ in range(6000):
        if not one.updating:
            break
        await asyncio.sleep(0.02)
"""

PUBLISHED_SUMS = ("6.861455", "18.935023", "3.282073", "3.341735", "3.382206")


def _read(path: Path) -> Any:
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of a kernel of the Python that runs the tests, whatever kernels the machine has."""
    write_kernel_spec(str(tmp_path / "kernels" / "of-the-tests"))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    return "of-the-tests"


def _run(path: Path, kernel: str, seconds: int = SECONDS_A_CELL, check: str = "") -> str:
    """Run a notebook, and a check in its kernel; give the text of all outputs."""
    notebook = _read(path)
    notebook.cells += [nbformat.v4.new_code_cell(SETTLED)] if check else []
    notebook.cells += [nbformat.v4.new_code_cell(check)] if check else []
    with NamedTemporaryFile("r") as stacks:
        dump = f"faulthandler.dump_traceback_later({seconds - 60}, file=open({stacks.name!r}, 'w'))"
        lines = f"--IPKernelApp.exec_lines=import faulthandler; {dump}"
        client = NotebookClient(
            notebook, kernel_name=kernel, timeout=seconds, extra_arguments=[lines]
        )
        try:
            client.execute(cwd=str(CHECKOUT))
        except CellTimeoutError as error:
            raise AssertionError(f"{_said(notebook)[-3000:]}\n{stacks.read()}") from error
    return _said(notebook)


def _said(notebook: Any) -> str:
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    return "\n".join(str(_text_of(out)) for out in outputs)


def _text_of(out: Any) -> Any:
    return out.get("text") or out.get("data", {}).get("text/plain") or out.get("traceback")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_committed_clean(path: Path) -> None:
    """No outputs, no counts, valid nbformat 4.5 with an id in each cell, no personal metadata."""
    notebook = _read(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert set(notebook.metadata) <= {"kernelspec", "language_info", "title"}
    for cell in notebook.cells:
        assert cell.id
        assert set(cell.metadata) <= {"slideshow"}
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_every_notebook_is_known_here() -> None:
    """A notebook that is added must be added to these tests too."""
    assert {path.name for path in NOTEBOOKS} == {
        "explorer.ipynb",
        FIRST.name,
        DEPLOYMENTS.name,
        BY_HAND.name,
        DIVERSE.name,
        TO_VLLM.name,
        BUILD.name,
        MAPS.name,
        REASONS.name,
        EXERCISES.name,
    }


@pytest.mark.slow
def test_explorer_runs(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The app's notebook shows the explorer of the embedded library."""
    monkeypatch.delenv("PUZZLE_WIDGETS_LIBRARY", raising=False)
    text = _run(FOLDER / "explorer.ipynb", kernel)
    assert "Explorer" in text


@pytest.mark.parametrize("path", TEACHING, ids=lambda path: path.stem)
def test_cells_are_short(path: Path) -> None:
    """Cells are read at a glance, and draw by the package's own methods."""
    for cell in _read(path).cells:
        if cell.cell_type == "code":
            assert len(cell.source.splitlines()) <= LONGEST_CELL, cell.id
            assert "bqplot" not in cell.source, cell.id


@pytest.mark.parametrize("path", TEACHING, ids=lambda path: path.stem)
def test_the_first_screen_lives(path: Path) -> None:
    """A panel is shown within the first two cells of code."""
    code = [cell.source for cell in _read(path).cells if cell.cell_type == "code"]
    assert re.search(r"pw\.\w*(Explorer|Panel|Plot)\(", "\n".join(code[:2]))


@pytest.mark.parametrize(
    "path", [one for one in TEACHING if one != EXERCISES], ids=lambda path: path.stem
)
def test_exercises_are_questions_with_answers_to_unfold(path: Path) -> None:
    """Each question has its answer, folded; blank lines let Markdown in it be read."""
    words = "\n".join(cell.source for cell in _read(path).cells if cell.cell_type == "markdown")
    answers = re.findall(
        r"<details><summary>Answer</summary>\n\n.+?\n\n</details>", words, re.DOTALL
    )
    asked = len(re.findall(r"^\*\*(Question\.|\d\.)\*\*", words, re.MULTILINE))
    assert len(answers) == words.count("<details>") == asked > 0


@pytest.mark.slow
def test_first_look(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The explorer follows the code; what the text says of the library that ships is so."""
    monkeypatch.delenv("PUZZLE_WIDGETS_LIBRARY", raising=False)
    check = """
assert [one.name for one in state.scenarios] == ["60 % of the memory", "80 % of the memory"]
assert state.solution.architecture == pw.search(state.problem).architecture
limit = state.problem.budgets["stats.memory_mib"].upper
assert limit == 0.8 * library.parent_totals["stats.memory_mib"]
fast = pw.search(pw.SearchProblem(library, minimize="metrics.kl_div", throughput="200 %"))
assert f"{fast.shares['stats.memory_mib']:.0%}" == "43%"
least = library.total_range("stats.memory_mib")[0]
none = pw.search(problem.with_budget("stats.memory_mib", upper=least))
assert {one.label for one in none.blocks} == {"attention no-op, FFN no-op"}
front = pw.pareto_front(problem, "stats.memory_mib", points=24)
differ = [len(a.differing_layers(b)) for a, b in zip(front[:-1], front[1:])]
assert sum(number > 10 for number in differ) > 12
print("checked")
"""
    text = _run(FIRST, kernel, check=check)
    assert text.endswith("checked\n")
    assert "Solution(optimal, proven" in text


@pytest.mark.slow
def test_three_deployments_on_the_embedded_library(
    kernel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every search proves its optimum, and the panels show what the cells found."""
    monkeypatch.delenv("PUZZLE_WIDGETS_LIBRARY", raising=False)
    check = """
assert state.problem == both and state.solution.score == one_h100.score
assert edge_state.problem == edge.problem and edge_state.solution.score == edge.score
assert [x.solution.score for x in compared.scenarios] == [x.score for x in deployments.values()]
assert len(state.front) > 20 and all(p.status == "optimal" for p in state.front)
assert state.decisions.solutions[0].score >= one_h100.score - 1e-9
limits = {t: library.runtime_at(t) for t in (6_000, 6_500, 7_000)}
asked = {t: memory.with_budget("stats.runtime_ms", upper=ms) for t, ms in limits.items()}
steps = {t: pw.search(one) for t, one in asked.items()}
binding = {t: [b.resource for b in pw.explain(s).budgets if b.binds] for t, s in steps.items()}
assert binding[6_000] == ["stats.memory_mib"] and steps[7_000].memory_mib < 75_000
assert steps[6_500].score > steps[6_000].score
print("checked")
"""
    text = _run(DEPLOYMENTS, kernel, check=check)
    assert text.endswith("checked\n")
    assert "figures: modeled" in text
    assert "54^80 = 3.9 x 10^138" in text
    assert text.count("Drawing(") >= 8
    assert "Solution(optimal, proven" in text
    assert re.search(r"stats.memory_mib .* True\n.*throughput .* False", text)
    assert not re.search(r"infeasible|no_solution", text)
    assert _changed(text, "without throughput") == _changed(text, "both limits")
    assert _changed(text, "without memory") < _changed(text, "both limits")


def _changed(text: str, name: str) -> float:
    """Score of a line of the cell that leaves out one limit."""
    found = re.search(rf"^{name} +([\d.]+) ", text, re.MULTILINE)
    assert found is not None
    return float(found[1])


@pytest.mark.slow
def test_the_model_by_hand_agrees_with_the_search(kernel: str) -> None:
    """Five ways to one score; the panel works on the same problem."""
    check = """
assert state.problem == problem and state.solution.score == solution.score
scores = [round(float(score), 6) for score in ways.values()]
assert len(set(scores)) == 1 and scores[0] == round(solution.score, 6)
assert len(mixed) == 2 and len({name.split("_")[1] for name in mixed}) == 1
assert all(solution.architecture[layer] in kept for layer, kept in left.items())
free = pw.search(problem.with_rule(pw.rules.attention_free_in_a_row(library, 1)))
rows = problem.with_rule(pw.rules.attention_free_in_a_row(library, 1)).to_pulp().constraints
assert len(rows) == 11 + 9 and free.found
assert bound.at(1.01 * bound.best).within and not bound.at(0.9 * bound.best).within
assert bound.at(1.01 * bound.best).use < limit
print("checked")
"""
    text = _run(BY_HAND, kernel, check=check)
    assert text.endswith("checked\n")
    assert "540 variables, 11 constraints" in text
    assert "\nTrue\n" in text
    wish = re.findall(r"([\d.]+) (?:with the wish|by the search)", text)
    assert len(set(wish)) == 1
    assert re.search(r"LP ([\d.]+) = pw.lp_bound \1\n", text)
    assert text.count("BoundPanel(") >= 2


@pytest.mark.slow
@pytest.mark.published
def test_three_deployments_on_the_published_library(
    kernel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the published library the sums are those of its demonstration."""
    monkeypatch.setenv("PUZZLE_WIDGETS_LIBRARY", str(published_folder()))
    text = _run(DEPLOYMENTS, kernel)
    assert [score for score in PUBLISHED_SUMS if score not in text] == []


@pytest.mark.slow
def test_random_solutions_differ(kernel: str) -> None:
    """Ten are found in the background, as different as asked; the answers to unfold are true."""
    check = """
await task
assert len(ten) == 10 and all(one.status == "optimal" for one in ten)
assert min(len(a.differing_layers(b)) for a in ten for b in ten if a is not b) == 10
assert [round(one.score, 9) for one in ten[:5]] == [round(one.score, 9) for one in solutions]
assert bar.value == 10 and f"{ten[9].score:.4f}" in table.value
assert state.problem == problem and state.solution.score == best.score
assert far[1].score - far[0].score < 0.01 and far[4].score - far[3].score > 0.15
library = pw.random_library(32, 10, seed=0)
other = pw.search_diverse(pw.SearchProblem(library, minimize="metrics.loss", budgets=half), 2, 10)
prices = [f"{one[1].score - one[0].score:.3f}" for one in (solutions, other)]
assert prices == ["0.017", "0.130"], prices
assert [f"{one[0].score:.2f}" for one in (solutions, other)] == ["0.22", "2.12"]
print("checked")
"""
    text = _run(DIVERSE, kernel, check=check)
    assert text.endswith("checked\n")
    assert "least difference of any two: 10 layers" in text
    assert re.search(r"^5 5$", text, re.MULTILINE)


@pytest.mark.slow
def test_a_puzzletron_run_reaches_vllm(kernel: str) -> None:
    """The run is opened, refused for SGLang, ruled, and exported; the panels say the same."""
    check = """
assert state.problem == problem and state.solution.architecture == best.architecture
assert served_state.problem == ruled == served.problem
assert served_state.solution.architecture == served.architecture
asked, kept = (pw.ExportPanel(one) for one in (state, served_state))
assert (asked.target.value, kept.target.value) == ("sglang", "sglang")
print("panel of the problem:", asked.verdict.value)
print("panel of the rule:", kept.verdict.value)
limit = library.parent_totals["stats.memory_mib"] * 0.3
low = problem.with_budget("stats.memory_mib", upper=limit)
avoided = low
for found in pw.export.check(pw.search(low), "llama.cpp"):
    avoided = pw.export.avoid(avoided, found) if found.avoidable else avoided
scores = [pw.search(one).score for one in (low, avoided)]
assert [f"{score:.3f}" for score in scores] == ["18.186", "18.213"]
prices = [price for *_, price in rows.values()]
assert prices == sorted(prices, reverse=True) and prices[-1] > 0
kept = {share: pw.search(problem.with_budget("stats.memory_mib", upper=share)) for share in rows}
counts = {share: [b.attention.size for b in one.blocks] for share, one in kept.items()}
assert (counts["80 %"].count(8), counts["80 %"].count(2)) == (37, 39)
assert counts["40 %"].count(8) == 1
held = pw.search(ruled.with_budget("stats.memory_mib", upper=limit))
assert f"{held.score:.6f}" == f"{scores[0]:.6f}"
print("checked")
"""
    text = _run(TO_VLLM, kernel, check=check)
    assert text.endswith("checked\n")
    assert "replacement_library.json" in text
    assert re.search(r"sglang: error: Layers? .*rule: 2 KV heads or none", text)
    assert "errors left: []" in text
    assert "vllm: error" not in text
    assert re.search(r"panel of the problem: .*1 step to do", text)
    assert re.search(r"panel of the rule: .*pw-good.*Ready for SGLang", text)
    assert "every layer as it was chosen: True" in text
    assert '"parent_layer_indices"' in text
    assert "no script" in text
    assert not re.search(r"infeasible|no_solution", text)


@pytest.mark.slow
def test_build_and_check_from_nothing(
    kernel: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library is built, measured, and its prediction checked; the panel has the same figures."""
    pytest.importorskip("torch", reason="PyTorch is not installed")
    monkeypatch.setenv("PUZZLE_WIDGETS_BUILD", str(tmp_path / "build-tiny"))
    check = """
assert state.problem == problem and state.solution.architecture == solution.architecture
told = pw.TruthPlot(state)
assert told.key == "metrics.kl_div"
print("panel:", told.told.value)
print("summary:", f"{summary['agreement']['metrics.kl_div']['spearman']:.3f}")
print("checked")
"""
    text = _run(BUILD, kernel, SECONDS_TO_BUILD, check)
    assert text.endswith("checked\n")
    assert "figures: measured" in text
    assert "Solution(optimal, proven" in text
    assert "TruthPlot(" in text
    assert "VBox(" in text
    said = re.search(r"^panel: .*Spearman (\S+),", text, re.MULTILINE)
    assert said is not None
    assert f"summary: {said[1]}" in text
    assert (tmp_path / "build-tiny" / "stdlib-tiny-measured" / "ground_truth.json").exists()


@pytest.mark.slow
def test_build_and_check_of_the_library_that_ships(
    kernel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing is built, figures are those that were measured, and what is said of them so."""
    monkeypatch.setenv("PUZZLE_WIDGETS_BUILD", "no")
    check = """
assert not BUILD and library == pw.load_library("stdlib-2m-measured") == shipped.library
assert state.problem == problem and state.solution.architecture == solution.architecture
assert len(library.layers[0].variants) == 54 and len(state.measured) == len(shipped.measured) == 40
key = "metrics.kl_div"
assert same["name"] == "MIP, 60% of runtime"
assert abs(same["predicted"][key] - solution.score) < 1e-6 < same["true"][key] - solution.score
for counted in ("stats.memory_mib", "stats.num_params"):
    assert abs(same["predicted"][counted] - same["true"][counted]) < 1e-5
quality = [one for one in summary["agreement"] if one.startswith("metrics.")]
assert all(summary["agreement"][one]["spearman"] > 0.97 for one in quality)
shares = pd.DataFrame(equal)
assert (shares.loc["mip, true"] < shares.loc[["greedy, true", "random, true"]].min()).all()
children = pd.DataFrame(summary["global_distillation"])
assert children["before"].is_monotonic_increasing and children["after"].is_monotonic_increasing
other = pw.search(problem.with_objective(minimize="metrics.lm_loss"))
assert len(other.differing_layers(solution)) <= 1
off = {one: summary["agreement"][one]["median_relative_error"] for one in quality}
assert off["metrics.lm_loss"] < off[key]
ranks = {one: summary["agreement"][one]["spearman"] for one in quality}
assert ranks["metrics.lm_loss"] <= ranks[key]
print("checked")
"""
    text = _run(BUILD, kernel, check=check)
    assert text.endswith("checked\n")
    assert "Nothing is built" in text
    assert "Solution(optimal, proven" in text
    assert "TruthPlot(" in text


@pytest.mark.slow
def test_fronts_and_maps_are_proven(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Front, surface and map are optimal throughout, and those of the panels on the screen."""
    monkeypatch.delenv("PUZZLE_WIDGETS_LIBRARY", raising=False)
    check = """
import numpy as np
assert state.problem == pw.SearchProblem(library, minimize="metrics.kl_div", throughput="150 %")
assert [one.resource for one in state.budgets if one.on] == ["throughput"]
assert [one.architecture for one in state.front] == [one.architecture for one in front]
assert state.surface.problem == problem
assert (state.surface.x, state.surface.y) == (surface.x, surface.y)
assert (state.surface.scores == surface.scores).all()
assert state.decisions.problem == problem and state.decisions.targets == decisions.targets
assert (state.decisions.choices == decisions.choices).all()
state.use_cell(3, 2)
while state.updating:
    await asyncio.sleep(0.02)
on = {one.resource: one.value for one in state.budgets if one.on}
assert on == {"stats.memory_mib": surface.x.limits[2], "throughput": surface.y.limits[3]}
assert abs(state.solution.score - surface.scores[3, 2]) < 1e-9

places = [int(np.argmin(abs(whole.score - one.score))) for one in front]
assert all(abs(whole.score[at] - one.score) < 1e-9 for at, one in zip(places, front))
assert np.median(abs(np.diff(sorted(places)))) > 100
prices = [one.shadow_prices["stats.runtime_ms"] for one in priced]
assert prices[0] < prices[len(prices) // 2] < prices[-1]
assert all(one.status == "optimal" for one in best.values())
assert len(both.differing_layers("H200")) == 23
assert all(0.5 < share < 0.505 for share in shares.values()) and len(shares) == 2
halved = pw.budget_surface(problem.with_budget("stats.num_params", upper="50 %"))
same = abs(halved.scores - surface.scores) < 1e-9
limited = surface.scores[:, 0] == surface.scores[0, 0]
assert same[-1].all() and same[limited, 0].all() and same.sum() == 12 + limited.sum()
names = [f"attention {heads} | FFN 28672" for heads in ("8 KV heads", "1 KV head")]
all_heads, one_head = (library.layers[0].variant(name).values for name in names)
keys = ("stats.attention_memory_mib", "stats.attention_runtime_ms")
assert [f"{one_head[key] / all_heads[key]:.0%}" for key in keys] == ["28%", "46%"]
lost, thin = (decisions.attention == 0).sum(axis=1), (decisions.ffn == 0).sum(axis=1)
assert lost[thin == 0].max() > 80 / 3
fewer = [((0 < grid.attention) & (grid.attention < 1)).sum() for grid in (by_memory, decisions)]
none = [(grid.attention == 0).sum() for grid in (by_memory, decisions)]
assert fewer[0] > none[0] and none[1] > 3 * none[0], (fewer, none)
print("checked")
"""
    text = _run(MAPS, kernel, check=check)
    assert text.endswith("checked\n")
    points = re.search(r"(\d+) points, (\d+) proven optimal", text)
    cells = re.search(r"(\d+) cells, (\d+) proven optimal, (\d+) searches", text)
    assert points is not None
    assert cells is not None
    assert int(points[1]) == int(points[2]) > 90
    assert int(cells[1]) == int(cells[2]) == 12 * 12
    assert int(cells[3]) < 12 * 12 / 2
    assert re.search(r"the full front: [\d,]+ points", text)


@pytest.mark.slow
@pytest.mark.published
def test_fronts_and_maps_on_the_published_library(
    kernel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notebook runs on the published library too."""
    monkeypatch.setenv("PUZZLE_WIDGETS_LIBRARY", str(published_folder()))
    text = _run(MAPS, kernel)
    assert "144 cells, 144 proven optimal" in text


@pytest.mark.slow
def test_reasons_agree_with_their_text(kernel: str) -> None:
    """What the notebook's text says of the problem as it stands is what its cells give."""
    check = """
assert state.problem == problem and state.solution.score == solution.score
assert all(one.binds and abs(one.slack) < 0.01 * one.limit for one in why.budgets)
assert noisy.unchanged < 0.5 and (noisy.survival > 0.99).any()
slower = problem.with_budget("stats.runtime_ms", upper=library.parent_totals["stats.runtime_ms"])
free = pw.search(slower)
assert [one.resource for one in pw.explain(free).binding] == ["stats.memory_mib"]
heads, ends = pw.rules.heads_divisible_by(library, 4), pw.rules.keep_ends(library, 1)
now, then = (
    [pw.search(one.with_rule(rule)).score - pw.search(one).score for rule in (heads, ends)]
    for one in (problem, slower)
)
assert (f"{now[0]:.4f}", f"{then[0]:.4f}") == ("0.0022", "0.0023") and then[1] < now[1]
shares = others.recurrence[1], noisy.survival[1]
assert [f"{share:.0%}" for share in shares] == ["28%", "46%"]
print("checked")
"""
    text = _run(REASONS, kernel, check=check)
    assert text.endswith("checked\n")
    assert re.search(r"stats\.memory_mib .* True\n.*throughput .* True\n", f"{text}\n")
    assert "Memory: 1.564 MiB more" in text
    assert "layers that change: [1, 3, 5, 6]" in text
    assert "All 432 inclusion costs are proven" in text
    costs = dict(re.findall(r"^(.*\S) {2,}(0\.\d+)$", text, re.MULTILINE))
    free = {name for name in costs if not float(costs[name])}
    assert free == {"layer 7 as the parent's", "no linear attention"}
    assert "61 architectures, counted exactly" in text
    greedy = re.search(r"greedy +([\d.]+)", text)
    assert greedy is not None
    assert float(greedy[1]) > 2 * 0.023050
    assert "metrics.kl_div 0.023050" in text
    assert "These cannot all hold: Memory" in text
    assert text.count("Drawing(") == 2
    assert "Comparison(" in text
    assert "VBox(" in text


@pytest.mark.slow
def test_exercises_run_before_anybody_has_answered(kernel: str) -> None:
    """Each asks for an answer; panel and game are shown."""
    text = _run(EXERCISES, kernel)
    assert [int(found) for found in re.findall(r"Exercise (\d). No answer yet", text)] == [
        *range(1, 10)
    ]
    assert "VBox(" in text
    assert "BeatTheSolver(" in text

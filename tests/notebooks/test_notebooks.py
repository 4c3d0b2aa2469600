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
DEPLOYMENTS = FOLDER / "02_three_deployments.ipynb"
DIVERSE = FOLDER / "07_diverse_and_random.ipynb"
TO_VLLM = FOLDER / "05_real_library.ipynb"
BUILD = FOLDER / "06_build_and_check.ipynb"
MAPS = FOLDER / "04_fronts_and_maps.ipynb"
REASONS = FOLDER / "08_reasons.ipynb"
SECONDS_A_CELL = 600
SECONDS_TO_BUILD = 1_500  # 2 minutes on two free cores, far more where others use them

PUBLISHED_SUMS = ("6.861455", "18.935023", "3.282073", "3.341735", "3.382206")


def _read(path: Path) -> Any:
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of a kernel of the Python that runs the tests, whatever kernels the machine has."""
    write_kernel_spec(str(tmp_path / "kernels" / "of-the-tests"))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    return "of-the-tests"


def _run(path: Path, kernel: str, seconds: int = SECONDS_A_CELL) -> str:
    """Run a notebook and give the text of all outputs."""
    notebook = _read(path)
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
        assert not cell.metadata
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_every_notebook_is_known_here() -> None:
    """A notebook that is added must be added to these tests too."""
    assert {path.name for path in NOTEBOOKS} == {
        "explorer.ipynb",
        DEPLOYMENTS.name,
        DIVERSE.name,
        TO_VLLM.name,
        BUILD.name,
        MAPS.name,
        REASONS.name,
    }


@pytest.mark.slow
def test_explorer_runs(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The app's notebook shows the explorer of the embedded library."""
    monkeypatch.delenv("PUZZLE_WIDGETS_LIBRARY", raising=False)
    text = _run(FOLDER / "explorer.ipynb", kernel)
    assert "Explorer" in text


@pytest.mark.slow
def test_three_deployments_on_the_embedded_library(
    kernel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing set, the modeled library is used, and every search proves its optimum."""
    monkeypatch.delenv("PUZZLE_WIDGETS_LIBRARY", raising=False)
    text = _run(DEPLOYMENTS, kernel)
    assert "figures: modeled" in text
    assert text.count("Figure(") >= 5
    assert "Solution(optimal, proven" in text
    assert not re.search(r"infeasible|no_solution", text)


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
def test_ten_random_solutions_differ(kernel: str) -> None:
    """Ten solutions are found, any two of them at least ten layers apart."""
    text = _run(DIVERSE, kernel)
    assert "solution 10" in text
    least = re.search(r"least difference of any two: (\d+) layers", text)
    assert least is not None
    assert int(least[1]) >= 10


@pytest.mark.slow
def test_a_puzzletron_run_reaches_vllm(kernel: str) -> None:
    """The run is opened, refused for SGLang, ruled, and exported with every layer as chosen."""
    text = _run(TO_VLLM, kernel)
    assert "replacement_library.json" in text
    assert re.search(r"sglang: error: Layers? .*rule: 2 KV heads or none", text)
    assert "vllm: error" not in text
    assert "every layer as it was chosen: True" in text
    assert '"parent_layer_indices"' in text
    assert "no script" in text
    assert not re.search(r"infeasible|no_solution", text)


@pytest.mark.slow
def test_build_and_check_from_nothing(
    kernel: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library is built, measured, and its prediction checked: all tables and charts are there."""
    pytest.importorskip("torch", reason="PyTorch is not installed")
    monkeypatch.setenv("PUZZLE_WIDGETS_BUILD", str(tmp_path / "build-tiny"))
    text = _run(BUILD, kernel, SECONDS_TO_BUILD)
    assert "figures: measured" in text
    assert "Solution(optimal, proven" in text
    assert "spearman" in text
    assert "Figure(" in text
    assert "VBox(" in text
    assert (tmp_path / "build-tiny" / "stdlib-tiny-measured" / "ground_truth.json").exists()


@pytest.mark.slow
def test_fronts_and_maps_are_proven(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the modeled library every point of the front and every cell of the surface is optimal."""
    monkeypatch.delenv("PUZZLE_WIDGETS_LIBRARY", raising=False)
    text = _run(MAPS, kernel)
    points = re.search(r"(\d+) points, (\d+) proven optimal", text)
    cells = re.search(r"(\d+) cells, (\d+) proven optimal, (\d+) searches", text)
    assert points is not None
    assert cells is not None
    assert int(points[1]) == int(points[2]) > 90
    assert int(cells[1]) == int(cells[2]) == 16 * 12
    assert int(cells[3]) < 16 * 12
    assert re.search(r"the full front: [\d,]+ points", text)


@pytest.mark.slow
@pytest.mark.published
def test_fronts_and_maps_on_the_published_library(
    kernel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notebook runs on the published library too."""
    monkeypatch.setenv("PUZZLE_WIDGETS_LIBRARY", str(published_folder()))
    text = _run(MAPS, kernel)
    assert "192 cells, 192 proven optimal" in text


@pytest.mark.slow
def test_reasons_agree_with_their_text(kernel: str) -> None:
    """What the notebook's text says of the problem as it stands is what its cells give."""
    text = _run(REASONS, kernel)
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

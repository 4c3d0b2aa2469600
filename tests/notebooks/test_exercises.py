"""The notebook of exercises: its answers are right, its problems are those that are checked."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

import puzzle_widgets as pw

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "09_exercises.ipynb"
EXERCISES = range(1, 10)
# What slides would fetch from other hosts by default.
LOCAL = (
    "--SlidesExporter.reveal_url_prefix=reveal.js",
    "--SlidesExporter.require_js_url=require.min.js",
    "--SlidesExporter.jquery_url=jquery.min.js",
    "--SlidesExporter.mathjax_url=mathjax.js",
)


def cells() -> dict[str, Any]:
    """The notebook's cells by their ids."""
    notebook = nbformat.read(NOTEBOOK, as_version=nbformat.NO_CONVERT)
    return {cell.id: cell for cell in notebook.cells}


def answer_of(text: str) -> str:
    """The code of a folded answer."""
    found = re.search(r"```python\n(.*?)\n```", text, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def solved() -> dict[str, Any]:
    """What the notebook leaves behind where every answer is put in, and all verdicts."""
    names: dict[str, Any] = {"display": lambda *_: None, "verdicts": []}
    for name, cell in cells().items():
        code = cell.source if cell.cell_type == "code" else ""
        if name.startswith("try-"):
            answer = answer_of(cells()[f"solve-{name.removeprefix('try-')}"].source)
            assert "answer = ..." in code
            code = code.replace("answer = ...", answer)
            code = re.sub(
                r"^pw\.check\.(.*)$", r"verdicts.append(pw.check.\1)", code, flags=re.MULTILINE
            )
        exec(compile(code, name, "exec"), names)  # noqa: S102
    return names


def test_folded_answers_are_right(solved: dict[str, Any]) -> None:
    """Each, as it stands there."""
    assert [verdict.exercise for verdict in solved["verdicts"]] == list(EXERCISES)
    assert [verdict for verdict in solved["verdicts"] if not verdict] == []


def test_the_notebook_states_the_problems_that_are_checked(solved: dict[str, Any]) -> None:
    """Else a right answer would be called wrong."""
    assert solved["problem"] == pw.check.memory_problem()
    assert solved["three"] == pw.check.three_budgets()
    assert solved["served"] == pw.check.served_problem()
    assert solved["pocket"] == pw.check.pocket_problem()


def test_the_bound_by_hand_is_worked_out_right() -> None:
    """The sums of the text are those of the library."""
    text = cells()["solve-7"].source
    problem = pw.check.pocket_problem()
    parent = problem.library.parent_totals["stats.memory_mib"]
    assert f"take {parent:.0f} MiB" in text
    assert f"The bound is {pw.lp_bound(problem):.1f}." in text
    assert f"the best has {pw.search(problem).score:.0f}:" in text


@pytest.mark.parametrize("number", EXERCISES)
def test_answers_are_folded_away(number: int) -> None:
    """Below the question, and not opened."""
    text = cells()[f"solve-{number}"].source
    assert text.startswith("<details>\n<summary>")
    assert text.rstrip().endswith("</details>")
    assert "answer" not in cells()[f"ask-{number}"].source.lower().replace("answer with", "")


def test_cells_are_short() -> None:
    """And the first of code shows something live."""
    code = [cell.source for cell in cells().values() if cell.cell_type == "code"]
    assert max(len(source.splitlines()) for source in code) <= 12
    assert "BudgetPanel" in code[0]


def to_slides(folder: Path, *options: str) -> str:
    """Convert the notebook to slides, and give their HTML."""
    command = [sys.executable, "-m", "nbconvert", "--to", "slides", *options]
    subprocess.run(
        [*command, "--output-dir", str(folder), str(NOTEBOOK)],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return (folder / "09_exercises.slides.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_slides_have_a_page_for_each_exercise(tmp_path: Path) -> None:
    """Answers are the speaker's notes, not on the slides."""
    text = to_slides(tmp_path)
    for number in EXERCISES:
        assert re.search(rf"<section[^>]*>\s*(<[^>]+>\s*)*Exercise {number}:", text)
    assert len(re.findall('<aside class="notes">', text)) == len(EXERCISES)


@pytest.mark.slow
def test_slides_need_no_other_host_if_told_so(tmp_path: Path) -> None:
    """By the options that the workshop's guide names."""
    text = to_slides(tmp_path, *LOCAL)
    assert re.findall(r"""(?:src|href)=["'](https?://[^"']+)""", text) == []
    # Loaded where a cell has a diagram of Mermaid; none has.
    others = set(re.findall(r"https://(?:unpkg|cdnjs)[^\s\"']*", text))
    assert all("mermaid" in other for other in others)
    guide = (NOTEBOOK.parents[1] / "docs" / "workshop.md").read_text(encoding="utf-8")
    assert all(option in guide for option in LOCAL)

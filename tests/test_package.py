"""The lines that the README shows, as they stand there."""

from __future__ import annotations

import re
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets import errors
from tests.support.libraries import EMBEDDED, ROOT, published_folder

README = (ROOT / "README.md").read_text(encoding="utf-8")


def run_lines(path: str) -> dict[str, Any]:
    """Run the README's Python on a library and give the names that it defines."""
    found = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert found is not None
    assert f'load_library("{EMBEDDED}")' in found[1]
    names: dict[str, Any] = {}
    code = found[1].replace(f'"{EMBEDDED}"', repr(path))
    code = code.replace("pw.PuzzleExplorer(", "explorer = pw.PuzzleExplorer(")
    exec(code, names)  # noqa: S102
    names["explorer"].close()
    return names


def check(names: dict[str, Any]) -> None:
    """The solution is the proven best of 80 layers and keeps both budgets."""
    solution = names["solution"]
    assert solution.status == "optimal"
    assert solution.bound == solution.score
    assert len(solution.architecture) == 80
    assert solution.totals["stats.memory_mib"] <= 80_000
    assert solution.throughput >= 6_000
    assert isinstance(names["explorer"], pw.PuzzleExplorer)


def test_the_first_lines_run_on_the_embedded_library() -> None:
    """Load, state, search and explore in six lines, without any download."""
    check(run_lines(EMBEDDED))


@pytest.mark.published
def test_the_first_lines_run_on_the_published_library() -> None:
    """The published library gives the known optimum."""
    names = run_lines(str(published_folder()))
    check(names)
    assert names["solution"].score == pytest.approx(6.861455, abs=1e-6)


def test_every_public_name_is_there() -> None:
    """Names that are announced can be had, and others are refused as Python does."""
    assert len(set(pw.__all__)) == len(pw.__all__) > 50
    for name in pw.__all__:
        assert getattr(pw, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        _ = pw.Nonsense  # type: ignore[attr-defined]
    assert pw.__version__[0].isdigit()


def test_errors_have_one_base() -> None:
    """A caller can catch all that this package raises on purpose."""
    raised = {name: value for name, value in vars(errors).items() if isinstance(value, type)}
    assert {name for name in pw.__all__ if name.endswith("Error")} == set(raised)
    assert len(raised) > 5
    assert all(issubclass(error, pw.PuzzleError) for error in raised.values())

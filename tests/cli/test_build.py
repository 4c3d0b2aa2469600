"""``puzzle-widgets build`` on the command line; the stages have their own tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from puzzle_widgets.cli.main import main


@pytest.fixture
def without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine where PyTorch is not installed."""
    for name in [name for name in sys.modules if name.startswith("puzzle_widgets.distillation")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)


@pytest.mark.usefixtures("without_torch")
def test_without_torch_it_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, exit code 1, and nothing is begun."""
    assert main(["build", "--preset", "tiny", "--out", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "torch" in error
    assert "pip install puzzle-widgets[build]" in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("words", [["--preset", "huge"], ["--stage", "bake"]])
def test_unknown_words(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, with the words there are."""
    pytest.importorskip("torch", reason="PyTorch is not installed")
    assert main(["build", *words, "--out", str(tmp_path / "out")]) == 1
    assert "choose one of" in capsys.readouterr().err


def test_a_folder_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written where nobody asked for it."""
    with pytest.raises(SystemExit) as left:
        main(["build"])
    assert left.value.code == 64
    assert "--out" in capsys.readouterr().err

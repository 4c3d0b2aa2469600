"""Show, datasets, templates and builds on the command line."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import puzzle_widgets as pw
from puzzle_widgets.cli.main import main
from puzzle_widgets.library.datasets import Dataset
from tests.cli.conftest import Ran
from tests.support.datasets import NAME, cache, mirror, small
from tests.support.libraries import EMBEDDED
from tests.support.mirror import Mirror

__all__ = ["cache", "mirror", "small"]

Run = Callable[..., Ran]


class Terminal(io.StringIO):
    """Text that comes from, or goes to, a terminal."""

    def isatty(self) -> bool:
        """Say that it is one."""
        return True


def test_the_list_has_license_size_and_origin(run: Run) -> None:
    """As a table, and with the hashes as JSON."""
    out = run("datasets").out
    assert EMBEDDED in out
    assert NAME in out
    for words in (
        "4,320",
        "modeled, not",
        "License-NC",
        "0.8 MiB",
        "MIT",
        "yes",
    ):
        assert words in out
    assert "fetched when" in out
    records = {
        record["id"]: record for record in json.loads(run("datasets", "--format", "json").out)
    }
    assert records[NAME]["here"] is False
    assert len(records[NAME]["files"]["block_library.json"]) == 64
    assert "on-commercial" in records[NAME]["license"]["summary"]
    assert records[EMBEDDED]["here"] is True
    assert records["stdlib-2m-measured"]["origin"] == "measured"


def test_without_a_terminal_an_agreement_is_asked_for_in_words(run: Run, mirror: Mirror) -> None:
    """The message says where the license is and how to agree; nothing is fetched."""
    ran = run("show", NAME)
    assert (ran.code, ran.out) == (1, "")
    assert "LICENSE.txt" in ran.err
    assert f"puzzle-widgets datasets {NAME} --agree" in ran.err
    assert mirror.asked == []


def test_after_an_agreement_every_command_opens_it(run: Run, mirror: Mirror) -> None:
    """Fetched once; show and search take it by its name."""
    ran = run("datasets", NAME, "--agree")
    assert ran.code == 0
    assert "License-NC" in ran.err
    assert "is downloaded" in ran.err
    assert len(mirror.asked) == 3
    assert "3" in run("show", NAME).out
    found = json.loads(run("search", NAME, "--max", "stats.memory_mib=90%", "--format", "json").out)
    assert found["scenarios"][0]["status"] == "optimal"
    assert len(mirror.asked) == 3


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("yes\n", 0), ("\n", 1), ("n\n", 1)])
def test_on_a_terminal_the_question_is_asked(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    """With the license before it; whatever is not yes is no."""
    told = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    monkeypatch.setattr(sys, "stderr", told)
    from puzzle_widgets.cli import main  # noqa: PLC0415

    assert main(["datasets", NAME]) == code
    words = told.getvalue()
    assert words.index("NVIDIA Source Code License-NC") < words.index("Do you accept")
    assert bool(mirror.asked) == (code == 0)


def test_a_troubled_mirror_leaves_by_one(run: Run, mirror: Mirror) -> None:
    """With what went wrong, on stderr."""
    mirror.trouble = "wrong"
    ran = run("datasets", NAME, "--agree")
    assert ran.code == 1
    assert "SHA-256 differs" in ran.err
    assert "No dataset 'x'" in run("datasets", "x").err


def test_a_data_set_is_a_library_where_no_command_is_named(
    small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name alone means the app on it."""
    from puzzle_widgets.cli import main, run_library  # noqa: PLC0415

    assert small.name == NAME
    opened: list[str] = []
    monkeypatch.setattr(run_library, "open_asked", lambda asked: opened.append(asked.library))

    def no_server(_name: str) -> None:
        raise ImportError(name="voila")

    monkeypatch.setattr(run_library, "import_module", no_server)
    assert main([NAME]) == 1
    assert opened == [NAME]


@pytest.mark.parametrize("name", ["mine.csv", "mine.xlsx"])
def test_a_template_is_written_and_opens(run: Run, tmp_path: Path, name: str) -> None:
    """And can be shown at once."""
    path = tmp_path / name
    ran = run("template", str(path), "--layers", "4", "--decimal-comma")
    assert ran.code == 0
    assert "Written to" in ran.err
    assert len(pw.load_library(path).layers) == 4
    assert "My library" in run("show", str(path)).out
    assert run("template", str(tmp_path / "x.txt")).code == 1
    assert run("template", str(tmp_path / "no" / "x.csv")).code == 1


def test_a_sheet_that_is_there_is_kept(run: Run, tmp_path: Path) -> None:
    """Hours of work may be in it: only --force replaces it."""
    path = tmp_path / "mine.csv"
    path.write_text("work of hours", encoding="utf-8")
    ran = run("template", str(path))
    assert ran.code == 1
    assert "was not overwritten" in ran.err
    assert "--force" in ran.err
    assert path.read_text(encoding="utf-8") == "work of hours"
    assert run("template", str(path), "--force").code == 0
    assert pw.load_library(path).name == "My library"


@pytest.mark.parametrize("layers", ["0", "-1", "1.5", "many"])
def test_a_template_has_layers(run: Run, tmp_path: Path, layers: str) -> None:
    """No layers are wrong usage, and write nothing."""
    assert run("template", str(tmp_path / "x.csv"), "--layers", layers).code == 64
    assert not (tmp_path / "x.csv").exists()


def test_show_tells_provenance_measurement_and_sums(run: Run) -> None:
    """Origin, workload, GPU, sums with units and throughput are all there."""
    out = run("show", EMBEDDED).out
    for words in ("modeled, not measured", "1,200", "H100", "Memory (MiB)", "tokens/s"):
        assert words in out


def test_show_gives_the_range_of_every_cost(run: Run, library: str) -> None:
    """JSON says parent's sum and least and greatest possible sum."""
    content = json.loads(run("show", library, "--format", "json").out)
    memory = content["keys"]["stats.memory_mib"]
    assert (memory["parent"], memory["total_range"], memory["unit"]) == (20, [0, 20], "MiB")
    assert content["parent_throughput_tokens_per_s"] is None


def test_show_lists_one_layers_variants(run: Run, library: str) -> None:
    """--layer lists names, scores and costs, with the parent's block marked."""
    content = json.loads(run("show", library, "--layer", "1", "--format", "json").out)
    assert [variant["name"] for variant in content["variants"]] == ["full", "half", "none"]
    assert content["parent"] == "full"
    assert "parent" in run("show", library, "--layer", "1").out


def test_show_of_a_missing_layer_leaves_by_one(run: Run, library: str) -> None:
    """A layer that is not there is named."""
    ran = run("show", library, "--layer", "2")
    assert (ran.code, ran.out) == (1, "")
    assert "No layer '2'" in ran.err


def test_show_of_a_broken_file_leaves_by_one(run: Run, tmp_path: Path) -> None:
    """Broken JSON gives the library's own message, without a traceback."""
    path = tmp_path / "broken.json"
    path.write_text("{", encoding="utf-8")
    ran = run("show", str(path))
    assert ran.code == 1
    assert "broken JSON" in ran.err
    assert "Traceback" not in ran.err


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

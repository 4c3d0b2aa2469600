"""``puzzle-widgets export`` and ``picture``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import puzzle_widgets as pw
from puzzle_widgets.cli import main
from puzzle_widgets.cli.output import FOUND, INFEASIBLE, INVALID_INPUT, USAGE
from puzzle_widgets.library import SubBlock
from tests.export.test_published_semantics import LLAMA_70B
from tests.support.export import LINEAR, LLAMA, PARENT, chosen, export_library, llama_text
from tests.support.libraries import EMBEDDED


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A library whose best blocks are linear, then of an odd width; and its parent's config."""
    narrow, few = (PARENT[0], SubBlock("sized", 1000)), (SubBlock("sized", 4), PARENT[1])
    library = export_library((PARENT[0], LINEAR), narrow, few, scores=(0, 1, 2.5, 4.5))
    pw.write_library(library, tmp_path / "library.json")
    (tmp_path / "config.json").write_text(llama_text(), encoding="utf-8")
    return tmp_path


def export(folder: Path, *arguments: str) -> int:
    """Run the command on the library of a folder."""
    return main(["export", str(folder / "library.json"), *arguments])


def test_export_writes_the_file_and_says_the_findings(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file alone stands on stdout; warnings and notes go to stderr."""
    config = str(folder / "config.json")
    assert export(folder, "--target", "tensorrt-llm", "--parent-config", config) == FOUND
    shown = capsys.readouterr()
    content = json.loads(shown.out)
    assert content["model_type"] == "nemotron-nas"
    assert content["vocab_size"] == LLAMA["vocab_size"]
    assert shown.err == ""
    asked = ("--avoid", "--parent-config", config)
    assert export(folder, "--target", "transformers", *asked) == FOUND
    shown = capsys.readouterr()
    assert json.loads(shown.out)["per_layer_config"] == {}
    assert "warning: transformers reads this configuration" in shown.err


def test_what_is_refused_is_avoided(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --avoid it is refused by exit code 1; with it the search keeps clear of it."""
    asked = ("--target", "vllm", "--parent-config", str(folder), "--max", "stats.memory_mib=398")
    output = folder / "written.json"
    assert export(folder, *asked, "--output", str(output)) == INVALID_INPUT
    said = capsys.readouterr().err
    assert "no linear blocks" in said
    assert "--avoid" in said
    assert not output.exists()
    assert export(folder, *asked, "--avoid", "--output", str(output)) == FOUND
    said = capsys.readouterr().err
    assert "Rule: no linear blocks, since: Layers" in said
    assert "Rule: FFN sizes that are multiples of 256, since: Layer" in said
    blocks = json.loads(output.read_text(encoding="utf-8"))["block_configs"]
    assert sorted(block["attention"]["n_heads_in_group"] for block in blocks) == [2, 2, 2, 4]


def test_avoid_on_the_embedded_library(tmp_path: Path) -> None:
    """A tight budget without linear blocks gives a file for vLLM."""
    config, output = tmp_path / "parent.json", tmp_path / "config.json"
    config.write_text(json.dumps(LLAMA_70B), encoding="utf-8")
    asked = ["export", EMBEDDED, "--target", "vllm", "--parent-config", str(config)]
    budget = ["--max", "stats.memory_mib=40%", "--output", str(output)]
    assert main([*asked, *budget]) == INVALID_INPUT
    assert main([*asked, *budget, "--avoid"]) == FOUND
    blocks = json.loads(output.read_text(encoding="utf-8"))["block_configs"]
    assert len(blocks) == 80
    assert not any(
        subblock["replace_with_linear"] for block in blocks for subblock in block.values()
    )


def test_check_writes_the_findings(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON, with the layers and the rule."""
    asked = ("--target", "vllm", "--max", "stats.memory_mib=398", "--check")
    assert export(folder, *asked) == INVALID_INPUT
    found = json.loads(capsys.readouterr().out)
    assert [one["rule"] for one in found] == ["", "no linear blocks"]
    assert len(found[1]["layers"]) == 2
    assert export(folder, "--target", "layers-csv", "--check") == FOUND
    assert json.loads(capsys.readouterr().out) == []


def test_saved_solutions_are_exported(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All of a file, or the one that is named."""
    library = pw.load_library(folder / "library.json")
    kept = [pw.Scenario(name, chosen(library, [n] * 4)) for n, name in enumerate(("a", "b"))]
    file = pw.export.export(kept, "layers-json").write(folder)
    asked = ("--solutions", str(file))
    assert export(folder, "--target", "report", *asked) == FOUND
    assert "2 architectures of small" in capsys.readouterr().out
    assert export(folder, "--target", "layers-csv", *asked, "--name", "b") == FOUND
    assert capsys.readouterr().out.count("\n") == 5
    assert export(folder, "--target", "layers-csv", *asked, "--name", "c") == INVALID_INPUT
    assert "no scenario 'c'. It has 'a', 'b'" in capsys.readouterr().err
    assert export(folder, "--target", "report", "--solutions", "nothing.json") == INVALID_INPUT
    assert "nothing.json: cannot be read" in capsys.readouterr().err


def test_infeasible_has_its_own_code(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written where there is no architecture."""
    asked = ("--target", "report", "--max", "stats.memory_mib=1")
    assert export(folder, *asked) == INFEASIBLE
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Memory" in shown.err


def test_unknown_targets_are_wrong_usage(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As unknown formats and kinds of pictures are, with the names that there are."""
    with pytest.raises(SystemExit) as left:
        export(folder, "--target", "onnx")
    assert left.value.code == USAGE
    said = capsys.readouterr().err
    assert "onnx" in said
    assert "tensorrt-llm" in said


@pytest.mark.parametrize(
    ("output", "file"),
    [("out/mine.json", "out/mine.json"), ("new/er/", "new/er/config.json"), (".", "config.json")],
)
def test_folders_are_made(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str, file: str
) -> None:
    """A folder that is missing is made; a folder alone gets the target's usual name."""
    asked = ("--target", "tensorrt-llm", "--parent-config", str(folder / "config.json"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    assert export(folder, *asked, "--output", output) == FOUND
    content = json.loads((tmp_path / "work" / file).read_text(encoding="utf-8"))
    assert content["model_type"] == "nemotron-nas"


def test_a_file_is_no_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is refused before the search."""
    output = str(folder / "library.json" / "deep" / "x.json")
    assert export(folder, "--target", "layers-csv", "--output", output) == INVALID_INPUT
    assert "'library.json' is not a folder" in capsys.readouterr().err


@pytest.mark.parametrize("output", ["p.png", "p.pdf", "p", "p.svg.txt"])
def test_pictures_are_svg(folder: Path, capsys: pytest.CaptureFixture[str], output: str) -> None:
    """Another ending would promise another form; nothing is written."""
    with pytest.raises(SystemExit) as left:
        main(["picture", str(folder / "library.json"), "--output", str(folder / output)])
    assert left.value.code == USAGE
    assert "does not end in .svg" in capsys.readouterr().err
    assert not (folder / output).exists()


def test_svg_targets_are_no_png(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As pictures are; a folder and the right ending are taken."""
    asked = ("--target", "layers-svg", "--output")
    assert export(folder, *asked, str(folder / "p.png")) == INVALID_INPUT
    assert "End it in .svg" in capsys.readouterr().err
    assert not (folder / "p.png").exists()
    assert export(folder, *asked, f"{folder}/pictures/") == FOUND
    assert export(folder, *asked, str(folder / "p.SVG")) == FOUND
    assert (folder / "pictures" / "layers.svg").read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize("kind", ["layers", "front", "surface", "map"])
def test_pictures(kind: str, folder: Path) -> None:
    """Each plot as an SVG file that parses."""
    output = folder / "picture.svg"
    library = str(folder / "library.json")
    asked = ["picture", library, "--of", kind, "--over", "stats.runtime_ms"]
    if kind in ("front", "map"):
        asked[-1] = "stats.memory_mib"
    assert main([*asked, "--output", str(output)]) == FOUND
    root = ET.fromstring(output.read_text(encoding="utf-8"))  # noqa: S314 - written here
    assert root.tag.endswith("svg")
    assert len(list(root.iter())) > 20


def test_no_picture_of_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An infeasible problem has its exit code and its reason."""
    library = str(folder / "library.json")
    assert main(["picture", library, "--max", "stats.memory_mib=1"]) == INFEASIBLE
    assert "Memory" in capsys.readouterr().err


def test_checks_run_once_per_architecture(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told is what is written: no second check, and with --avoid one per search."""
    module, seen = sys.modules["puzzle_widgets.export.export"], []

    def check(*given: object) -> object:
        seen.append(given)
        return checked(*given)

    checked = module._check
    monkeypatch.setattr(module, "_check", check)
    output = ("--output", str(folder / "written"))
    assert export(folder, "--target", "layers-csv", *output) == FOUND
    assert len(seen) == 1
    seen.clear()
    asked = ("--target", "vllm", "--parent-config", str(folder), "--max", "stats.memory_mib=398")
    assert export(folder, *asked, "--avoid", *output) == FOUND
    assert len(seen) == 3

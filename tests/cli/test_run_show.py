"""The commands that show what there is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Ran

Run = Callable[..., Ran]
EMBEDDED = "llama-3.3-70b-modeled"


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

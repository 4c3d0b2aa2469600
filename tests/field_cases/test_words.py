"""Layers and variants whose names hold the command line's own mark."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ran, library, run

__all__ = ["library", "run"]
Run = Callable[..., Ran]
HEADS = ["layer,variant,parent,kl,memory", "layer,variant,parent,metrics.kl_div,stats.memory_mib"]


def sheet(tmp_path: Path, head: str, *names: tuple[str, str]) -> str:
    """Write a sheet: each layer with its second block, beside the parent's."""
    path = tmp_path / "eq.csv"
    rows = [f"{layer},whole,x,0,10\n{layer},{name},,1,5" for layer, name in names]
    path.write_text("\n".join([head, *rows]))
    return str(path)


@pytest.mark.parametrize("head", HEADS)
def test_cli_1_a_layer_named_with_an_equals_sign(run: Run, tmp_path: Path, head: str) -> None:
    """Every split is tried."""
    path = sheet(tmp_path, head, ("p=q", "narrow"), ("r", "s=narrow"))
    words = ("--fix", "p=q=narrow", "--fix", "r=s=narrow", "--format", "json")
    ran = run("search", path, *words)
    if head == HEADS[0] and ran.code == 1:
        assert "'kl'" in ran.err or "'memory'" in ran.err
        return
    (found,) = json.loads(ran.out)["scenarios"]
    assert found["architecture"] == [["p=q", "narrow"], ["r", "s=narrow"]]


def test_cli_1_what_can_be_split_in_two_ways_is_refused(run: Run, tmp_path: Path) -> None:
    """Both readings are named; what no split fits keeps its usual words."""
    path = sheet(tmp_path, HEADS[1], ("p=q", "narrow"), ("p", "q=narrow"))
    refused = run("search", path, "--ban", "p=q=narrow")
    assert refused.code == 1
    assert "layer 'p', variant 'q=narrow' or layer 'p=q', variant 'narrow'" in refused.err
    assert "has no variant" in run("search", path, "--fix", "p=q=wide").err
    assert "No layer 'x'" in run("search", path, "--fix", "x=y=wide").err

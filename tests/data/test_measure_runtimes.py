"""The script that measures runtimes: on a CPU, that it runs what its card says; no time is read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.libraries import ROOT, load_script

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

SMALL = {"HIDDEN": 64, "QUERY_HEADS": 8, "HEAD_SIZE": 8, "VOCABULARY": 50, "LENGTHS": (5, 9)}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script, for a small model in full precision."""
    module = load_script("measure_runtimes")
    for name, value in SMALL.items():
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(module, "DTYPE", torch.float32)
    torch.manual_seed(0)
    return module


@pytest.mark.parametrize("heads", [8, 4, 2, 1])
def test_decode_goes_on_where_prefill_ends(script: Any, heads: int) -> None:
    """Token by token through the cache comes to the same as all tokens at once, causally."""
    attention = script.Attention(heads, 3, "cpu")
    x = torch.randn(3, 9, 64)
    with torch.inference_mode():
        whole = attention.step(x, 9)
        attention.cache.zero_()
        attention.step(x[:, :5], 5)
        steps = [attention.step(x[:, place : place + 1], place + 1) for place in range(5, 9)]
    torch.testing.assert_close(torch.cat(steps, dim=1), whole[:, 5:])


def test_every_subblock_gives_what_the_next_one_takes(script: Any) -> None:
    """Hidden states of the same shape; what surrounds the layers gives a token a sequence."""
    with torch.inference_mode():
        for subblock in script.subblocks():
            x = script.inputs(subblock, 3, 1, "cpu")
            found = script.made(subblock, 3, "cpu").step(x, 5)
            assert found.shape == ((3,) if subblock.part == "non_block" else (3, 1, 64))
            assert subblock.name


def test_the_shipped_files_are_as_the_script_writes_them(script: Any) -> None:
    """Byte for byte, from what they hold."""
    for name in ("h200", "h100"):
        path = ROOT / "data" / f"llama-3.3-70b-modeled-{name}.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        rows = content.pop("readings")
        assert script.file_text(content, rows) == path.read_text(encoding="utf-8")

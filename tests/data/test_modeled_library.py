"""The embedded library: exact parameters and memory, a runtime model within its tolerance."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.libraries import ROOT, load_script

SCRIPT = ROOT / "data" / "make_modeled_library.py"
LIBRARY = ROOT / "data" / "llama-3.3-70b-modeled.json"
RUNTIME_TOLERANCE = 0.085  # as data/README.md states

Row = dict[str, Any]


def read_library() -> dict[str, Any]:
    """Read the committed library."""
    content: dict[str, Any] = json.loads(LIBRARY.read_text(encoding="utf-8"))
    return content


def rows(content: dict[str, Any]) -> list[Row]:
    """Flatten a library to one row per layer and variant."""
    return [
        {**variant, **dict(zip(content["keys"], variant["values"], strict=True))}
        for layer in content["layers"]
        for variant in layer["variants"]
    ]


def published_file() -> Path:
    """Find the published library, or skip the test."""
    folder = Path(os.environ.get("PUZZLE_WIDGETS_PUBLISHED", ROOT.parent / "shared" / "data"))
    candidates = (folder, folder / "Llama-3.3-70B-Instruct")
    for candidate in candidates:
        if (candidate / "block_library.json").is_file():
            return candidate / "block_library.json"
    pytest.skip(f"no published library in {folder}: name its folder in PUZZLE_WIDGETS_PUBLISHED")


def published_parts() -> dict[tuple[str, int], Row]:
    """Return the published cost of each attention and FFN block of layer 0 that is not a no-op."""
    variants = json.loads(published_file().read_text(encoding="utf-8"))["layer_0"].values()
    stats = [variant["stats"] for variant in variants]
    sizes = {"attention": "num_kv_heads", "ffn": "ffn_intermediate_size"}
    keys = ("memory_mib", "runtime_ms", "num_params")
    return {
        (part, row[size]): {key: row[f"{part}_{key}"] for key in keys}
        for part, size in sizes.items()
        for row in stats
        if row[size]
    }


def params_of(attention: Row, ffn: Row) -> tuple[int, int]:
    """Count parameters from the tensor shapes of Llama-3.3-70B: each present block has a norm."""
    linear = 8192 * 8192 + 8192
    kv_width = 128 * (attention["size"] or 0)
    full = 8192 * 8192 * 2 + 8192 * kv_width * 2 + 8192
    gated = 8192 * (ffn["size"] or 0) * 3 + 8192
    return (
        {"sized": full, "linear": linear, "no_op": 0}[attention["kind"]],
        {"sized": gated, "linear": linear, "no_op": 0}[ffn["kind"]],
    )


def test_the_script_reproduces_the_committed_file(tmp_path: Path) -> None:
    """A run of the script writes the committed library byte for byte."""
    output = tmp_path / "library.json"
    subprocess.run([sys.executable, str(SCRIPT), str(output)], check=True, capture_output=True)
    assert output.read_bytes() == LIBRARY.read_bytes()


def test_the_library_is_called_modeled() -> None:
    """Name, origin and note all say that nothing was measured."""
    content = read_library()
    assert content["name"] == "Llama-3.3-70B (modeled)"
    assert content["provenance"]["origin"] == "modeled"
    assert content["provenance"]["note"].startswith("Modeled, not measured")


def test_every_layer_holds_the_whole_space() -> None:
    """Each of 80 layers has every pair of 6 attention and 9 FFN variants once."""
    attention = {("sized", 8), ("sized", 4), ("sized", 2), ("sized", 1)}
    sizes = (28672, 25088, 21504, 14336, 7168, 5632, 2816)
    other = {("linear", None), ("no_op", None)}
    space = {(a, f) for a in attention | other for f in {("sized", s) for s in sizes} | other}
    layers = read_library()["layers"]
    assert [layer["layer"] for layer in layers] == list(range(80))
    for layer in layers:
        blocks = [(variant["attention"], variant["ffn"]) for variant in layer["variants"]]
        pairs = [((a["kind"], a["size"]), (f["kind"], f["size"])) for a, f in blocks]
        assert len(pairs) == 54
        assert set(pairs) == space
        assert len({variant["name"] for variant in layer["variants"]}) == 54


def test_every_key_has_a_unit() -> None:
    """Units are stated for exactly the keys of the values."""
    content = read_library()
    assert list(content["units"]) == content["keys"]
    assert content["units"]["stats.memory_mib"] == "MiB"
    assert content["units"]["stats.ffn_runtime_ms"] == "ms"


def test_parameters_follow_from_the_tensor_shapes() -> None:
    """Parameters of every variant are those of its matrices and norms."""
    for row in rows(read_library()):
        attention, ffn = params_of(row["attention"], row["ffn"])
        assert row["stats.attention_num_params"] == attention
        assert row["stats.ffn_num_params"] == ffn
        assert row["stats.num_params"] == attention + ffn


def test_memory_is_weights_and_cache() -> None:
    """Memory is a byte a weight plus a byte for each key and value number of 256 x 1,200 tokens."""
    for row in rows(read_library()):
        attention, ffn = params_of(row["attention"], row["ffn"])
        cache = (row["attention"]["size"] or 0) * 2 * 128 * 256 * 1200
        assert row["stats.attention_memory_mib"] == (attention + cache) / 1024**2
        assert row["stats.ffn_memory_mib"] == ffn / 1024**2
        assert row["stats.memory_mib"] == (attention + ffn + cache) / 1024**2


def test_sizes_are_those_of_the_blocks() -> None:
    """KV heads and FFN width are the blocks' sizes, 0 where there is none."""
    for row in rows(read_library()):
        assert row["stats.num_kv_heads"] == (row["attention"]["size"] or 0)
        assert row["stats.ffn_intermediate_size"] == (row["ffn"]["size"] or 0)


def test_runtime_adds_up_and_falls_with_size() -> None:
    """A variant's runtime is the sum of its blocks', and each smaller block is faster."""
    content = read_library()
    for row in rows(content):
        parts = row["stats.attention_runtime_ms"] + row["stats.ffn_runtime_ms"]
        assert row["stats.runtime_ms"] == pytest.approx(parts, abs=1e-4)
    first = rows({**content, "layers": content["layers"][:1]})
    ffn = [row["stats.ffn_runtime_ms"] for row in first[:9]]
    attention = [row["stats.attention_runtime_ms"] for row in first[::9]]
    for runtimes in (ffn, attention):
        assert runtimes == sorted(set(runtimes), reverse=True)
        assert runtimes[-1] == 0


def test_runtime_is_modeled_at_several_batch_sizes() -> None:
    """By the same roofline: more for a larger batch, less for each of its sequences."""
    script = load_script("make_modeled_library")
    blocks = dict(zip((one.name for one in script.FFN), script.FFN, strict=True))
    mixers = dict(zip((one.name for one in script.ATTENTION), script.ATTENTION, strict=True))
    for row in rows(read_library())[:54]:
        a, f = row["name"].split(" | ")
        found = [row[f"stats.runtime_ms@batch {batch}"] for batch in script.BATCHES]
        again = [script.runtimes_together(mixers[a], blocks[f], n) for n in script.BATCHES]
        assert found == again
        assert found[-1] == row["stats.runtime_ms"]
        each = [time / batch for time, batch in zip(found, script.BATCHES, strict=True)]
        assert found == sorted(found)
        assert each == sorted(each, reverse=True)


def test_only_the_parent_scores_zero() -> None:
    """The parent's divergence is 0 and its loss 1.64 in each layer; all others are above 0."""
    content = read_library()
    for layer in content["layers"]:
        scores = {variant["name"]: variant["values"][:2] for variant in layer["variants"]}
        assert scores.pop(layer["parent"]) == [0.0, 1.64]
        assert min(kl for kl, _ in scores.values()) > 0
        assert min(loss for _, loss in scores.values()) > 1.64


def test_scores_tell_the_depths_apart() -> None:
    """The first layer's FFN is vital, middle layers cheap, late attention cheaper than early."""
    table = [
        [variant["values"][0] for variant in la["variants"]] for la in read_library()["layers"]
    ]
    no_ffn = [scores[8] for scores in table]
    no_attention = [scores[45] for scores in table]
    assert no_ffn[0] > 100
    assert max(no_ffn[10:70]) < 1
    assert max(no_attention[45:70]) < min(no_attention[10:38])
    assert no_ffn[79] > 5


@pytest.mark.published
def test_parameters_are_the_published_ones() -> None:
    """Parameters of every published block, and memory of its FFN, agree exactly."""
    script = load_script("make_modeled_library")
    parts = published_parts()
    assert len(parts) == 8
    for (part, size), expected in parts.items():
        memory, _, params = script.cost(getattr(script, part)(size))
        assert params == expected["num_params"]
        if part == "ffn":
            assert memory == expected["memory_mib"]


@pytest.mark.published
def test_attention_memory_is_published_without_queue() -> None:
    """The published attention holds the caches of nine more sequences, and nothing else more."""
    script = load_script("make_modeled_library")
    memory, _, _ = script.cost(script.attention(8))
    queue = 9 * 2 * 8 * 128 * 1200 / 1024**2
    assert published_parts()["attention", 8]["memory_mib"] == memory + queue


@pytest.mark.published
def test_runtime_stands_near_the_published_one() -> None:
    """Modeled runtime deviates from each published block's by no more than the card states."""
    script = load_script("make_modeled_library")
    for (part, size), expected in published_parts().items():
        _, runtime, _ = script.cost(getattr(script, part)(size))
        assert runtime == pytest.approx(expected["runtime_ms"], rel=RUNTIME_TOLERANCE)

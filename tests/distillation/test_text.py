"""The text and its splits."""

from __future__ import annotations

import math
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from puzzle_widgets.distillation.text import (
    Text,
    bigram_loss,
    even_windows,
    random_windows,
    split_of,
    standard_library_text,
)
from puzzle_widgets.errors import BuildError


def test_the_same_text_every_time() -> None:
    """Two readings agree; all three splits are there, training the largest."""
    first, second = standard_library_text(), standard_library_text()
    assert first.facts == second.facts
    sizes = first.facts["bytes"]
    assert isinstance(sizes, dict)
    assert sizes["train"] > 10 * sizes["validation"] > 0
    assert sizes["test"] > 0


def test_each_file_is_in_one_split_by_its_path() -> None:
    """The split follows from the path alone; about a twentieth each is held out."""
    names = [f"package/module_{place}.py" for place in range(4000)]
    splits = [split_of(name) for name in names]
    assert splits == [split_of(name) for name in names]
    assert splits.count("validation") == pytest.approx(200, abs=60)
    assert splits.count("test") == pytest.approx(200, abs=60)


def test_no_sources(tmp_path: Any) -> None:
    """A Python without sources is told so."""
    with pytest.raises(BuildError, match="no Python sources to learn from"):
        standard_library_text(tmp_path)


def test_random_windows_follow_the_seed() -> None:
    """The same seed gives the same windows, each a run of the text."""
    split = torch.arange(200, dtype=torch.uint8)
    first = random_windows(split, 5, 9, 1)
    assert torch.equal(first, random_windows(split, 5, 9, 1))
    assert not torch.equal(first, random_windows(split, 5, 9, 2))
    assert torch.equal(first - first[:, :1], torch.arange(9).expand(5, 9))


def test_even_windows_span_the_split() -> None:
    """The first begins at the start, the last ends at the end."""
    windows = even_windows(torch.arange(100, dtype=torch.uint8), 4, 10)
    assert windows[0, 0] == 0
    assert windows[-1, -1] == 99


def test_bigram_loss_by_hand() -> None:
    """After "a" came "b" 3 times and "a" once, with one added to each of 256 pairs."""
    train = torch.tensor(list(b"abaabab"), dtype=torch.uint8)
    held = torch.tensor(list(b"ab"), dtype=torch.uint8)
    text = Text(train, held, held, {}, "")
    assert bigram_loss(text) == pytest.approx(-math.log((3 + 1) / (4 + 256)))

"""The text: the Python standard library's own sources, split by file."""

from __future__ import annotations

import hashlib
import platform
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from puzzle_widgets.errors import BuildError

# Tests and generated tables are not what a reader would call sources.
LEFT_OUT = {"test", "tests", "idlelib", "lib2to3", "encodings", "pydoc_data", "ensurepip"}
_INSTALLED = {"site-packages", "dist-packages", "__pycache__"}
_PARTS = 20
_LEAST_BYTES = 1_000_000
_BETWEEN_FILES = b"\0"


@dataclass(frozen=True, eq=False)
class Text:
    """Bytes of the three splits, and what they are.

    Parameters
    ----------
    train, validation, test
        uint8, one dimension.
    files
        Files of each split, by its name.
    digest
        SHA-256 over all three.
    """

    train: Tensor
    validation: Tensor
    test: Tensor
    files: dict[str, int]
    digest: str

    @property
    def facts(self) -> dict[str, object]:
        """What a reader needs to know of the text."""
        splits = {"train": self.train, "validation": self.validation, "test": self.test}
        return {
            "source": f"standard library of Python {platform.python_version()}",
            "files": self.files,
            "bytes": {name: split.numel() for name, split in splits.items()},
            "sha256": self.digest,
        }


def standard_library_text(folder: Path | None = None) -> Text:
    """Read the sources of this Python: 18 of 20 files train, one validates, one tests.

    A file's split follows from the SHA-256 of its path in the library, so it is the same on
    every machine.

    Raises
    ------
    BuildError
        If the sources are not there, as in a Python without them.
    """
    root = folder or Path(sysconfig.get_path("stdlib"))
    splits: dict[str, list[bytes]] = {"train": [], "validation": [], "test": []}
    for name, path in _sources(root):
        splits[split_of(name)].append(path.read_bytes())
    joined = {name: _BETWEEN_FILES.join(files) for name, files in splits.items()}
    if len(joined["train"]) < _LEAST_BYTES or not joined["validation"] or not joined["test"]:
        raise BuildError(
            f"{root}: no Python sources to learn from ({len(joined['train']):,} bytes). "
            "Use a Python that has its standard library as .py files."
        )
    digest = hashlib.sha256(b"".join(joined.values())).hexdigest()
    files = {name: len(parts) for name, parts in splits.items()}
    train, validation, test = map(_tensor, joined.values())
    return Text(train, validation, test, files, digest)


def split_of(name: str) -> str:
    """Split that a file belongs to, by its path in the library."""
    part = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % _PARTS
    return {0: "validation", 1: "test"}.get(part, "train")


def random_windows(split: Tensor, batch: int, length: int, seed: int) -> Tensor:
    """Windows from places that the seed draws, shape (batch, length), as token numbers."""
    draw = torch.Generator().manual_seed(seed)
    starts = torch.randint(split.numel() - length, (batch,), generator=draw)
    return _windows(split, starts, length)


def even_windows(split: Tensor, count: int, length: int) -> Tensor:
    """Windows evenly spread over a split, shape (count, length), as token numbers."""
    starts = torch.linspace(0, split.numel() - length, count, dtype=torch.float64).long()
    return _windows(split, starts, length)


def bigram_loss(text: Text) -> float:
    """Loss of a bigram model on the validation text, nats a byte.

    Counts of the training text with one added to each pair.
    """
    train, held = text.train.numpy().astype(np.int64), text.validation.numpy().astype(np.int64)
    pairs = np.bincount(train[:-1] * 256 + train[1:], minlength=65_536).reshape(256, 256) + 1.0
    logs = np.log(pairs / pairs.sum(axis=1, keepdims=True))
    return float(-logs[held[:-1], held[1:]].mean())


def _sources(root: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).parts
        if not {*LEFT_OUT, *_INSTALLED} & set(parts[:-1]):
            yield "/".join(parts), path


def _windows(split: Tensor, starts: Tensor, length: int) -> Tensor:
    return split[starts[:, None] + torch.arange(length)].long()


def _tensor(content: bytes) -> Tensor:
    return torch.frombuffer(bytearray(content), dtype=torch.uint8)

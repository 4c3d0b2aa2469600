"""Files of a build: written whole or not at all, read without unpickling."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch

from puzzle_widgets.errors import BuildError
from puzzle_widgets.writing import atomic_file, atomic_write


def save_tensors(content: dict[str, Any], path: Path) -> None:
    """Write tensors and plain values; an interruption leaves the file that was there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as file:
        torch.save(content, file)


def load_tensors(path: Path) -> dict[str, Any]:
    """Read tensors and plain values; anything else in the file is refused.

    Raises
    ------
    BuildError
        If the file is damaged or holds other things.
    """
    try:
        content = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:  # those of zip, pickle and torch share no narrower base
        raise BuildError(f"{path}: cannot be read ({error}). Delete it to have it anew.") from error
    return dict(content)


def save_json(content: object, path: Path) -> None:
    """Write strict JSON, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, json.dumps(content, indent=1, allow_nan=False) + "\n")


def load_json(path: Path) -> Any:  # noqa: ANN401
    """Read JSON.

    Raises
    ------
    BuildError
        If it is damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BuildError(f"{path}: no JSON ({error}). Delete it; it is made anew.") from error


def append_line(record: dict[str, Any], path: Path) -> None:
    """Add one finished record to a file of JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record, allow_nan=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read finished records; the rest of one that was cut off is taken out of the file."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        atomic_write(path, whole)
    return [json.loads(line) for line in whole.splitlines()]

"""Where the readers are installed, and how their code is run."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

READERS = Path(__file__).parent / "readers"
Reader = Callable[..., Any]


@pytest.fixture
def reader() -> Reader:
    """Run a script of the folder ``readers`` by a reader's own Python; its last line is JSON."""
    if "PUZZLE_INTEROP" not in os.environ:
        pytest.skip("no readers are installed here: tests/interop/run installs and runs them")
    return _run


def _run(name: str, script: str, *arguments: object) -> Any:
    home = os.environ["PUZZLE_INTEROP"]
    python = Path(home) / name / "bin" / "python"
    if not python.exists():
        pytest.skip(f"{name} is not installed in {home}: tests/interop/run installs it")
    ran = subprocess.run(
        [str(python), str(READERS / script), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"{ran.stdout[-2000:]}\n{ran.stderr[-4000:]}"
    return json.loads(ran.stdout.splitlines()[-1])

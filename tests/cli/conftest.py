"""A library small enough to sum by hand, and a way to run commands on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from puzzle_widgets.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

_ROWS = """\
layer,variant,parent,attention,ffn,metrics.kl_div,stats.memory_mib,stats.runtime_ms
0,full,true,8,100,0,10,4
0,half,false,8,50,1,6,3
0,none,false,no_op,no_op,5,0,0
1,full,true,8,100,0,10,4
1,half,false,8,50,2,6,3
1,none,false,no_op,no_op,9,0,0
"""


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def library(tmp_path: Path) -> str:
    """Path of two layers with three variants each: full, half, none."""
    path = tmp_path / "two-layers.csv"
    path.write_text(_ROWS, encoding="utf-8")
    return str(path)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run the command line in this process."""

    def run_command(*words: str) -> Ran:
        try:
            code = main(words)
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run_command

"""Missing layers are refused, unless they are meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Ran

Run = Callable[..., Ran]


def test_allow_gaps_opens_a_library_without_some_layers(
    run: Run, library: str, tmp_path: Path
) -> None:
    """The error names the layer and the argument; with it a note says what is missing."""
    gappy = tmp_path / "gappy.csv"
    gappy.write_text(Path(library).read_text().replace("\n1,", "\n2,"))
    refused = run("show", str(gappy))
    assert refused.code == 1
    assert "gappy.csv: layer 1 missing" in refused.err
    assert "--allow-gaps" in refused.err
    opened = run("search", str(gappy), "--allow-gaps", "--max", "stats.memory_mib=16")
    assert opened.code == 0
    assert "note: Layer 1 missing from the library." in opened.err

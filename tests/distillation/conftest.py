"""A model so small that every stage takes about a second."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

# As the command line does: before torch loads.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@pytest.fixture(scope="session")
def micro_preset() -> Any:
    """Two layers of width 16, all 54 variants, a few steps of everything."""
    from puzzle_widgets.distillation.presets import ModelShape, Preset, Schedule, Truths, Workload

    return Preset(
        name="micro",
        title="micro",
        shape=ModelShape(layers=2, width=16, heads=8, kv_heads=8, ffn=40, context=16),
        parent=Schedule(steps=8, batch=4, rate=1e-2, checkpoint=3),
        block_windows=32,
        block=Schedule(steps=3, batch=4, rate=3e-3),
        score_windows=4,
        workload=Workload(batch=2, other_batches=(1,), prefill=8, decode=8, repeats=2),
        child=Schedule(steps=3, batch=4, rate=1e-3, checkpoint=2),
        child_share=0.7,
        truths=Truths((0.7, 0.85), 1, (0.8,), 2, 2),
    )


@pytest.fixture
def micro(micro_preset: Any, tmp_path: Path) -> Any:
    """Begin a build of the micro preset in an empty folder; it says nothing."""
    from puzzle_widgets.distillation.run import open_run

    return open_run(micro_preset, tmp_path / "run", lambda _line: None)


@pytest.fixture(scope="session")
def built(micro_preset: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Build the micro preset as far as the library; tests only read it."""
    from puzzle_widgets.distillation.run import open_run
    from puzzle_widgets.distillation.stages import STAGES

    run = open_run(micro_preset, tmp_path_factory.mktemp("built"), lambda _line: None)
    for stage in ("parent", "distill", "score", "costs", "library"):
        STAGES[stage](run)
    return run

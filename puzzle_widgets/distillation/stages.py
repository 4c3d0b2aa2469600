"""The stages of a build in their order; each uses the files of those before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from puzzle_widgets.distillation.child import distill_children
from puzzle_widgets.distillation.costs import measure_costs
from puzzle_widgets.distillation.distill import distill_blocks
from puzzle_widgets.distillation.parent import train_parent
from puzzle_widgets.distillation.presets import preset_of
from puzzle_widgets.distillation.progress import Say
from puzzle_widgets.distillation.run import Run, open_run
from puzzle_widgets.distillation.score import score_blocks
from puzzle_widgets.distillation.truth import measure_quality, measure_runtimes
from puzzle_widgets.distillation.write_library import make_library
from puzzle_widgets.distillation.write_truth import make_truth
from puzzle_widgets.errors import BuildError

STAGES: dict[str, Callable[[Run], None]] = {
    "parent": train_parent,
    "distill": distill_blocks,
    "score": score_blocks,
    "costs": measure_costs,
    "library": make_library,
    "child": distill_children,
    "quality": measure_quality,
    "runtime": measure_runtimes,
    "truth": make_truth,
}


def build(preset: str, folder: str | Path, stages: Sequence[str] = (), say: Say = print) -> Path:
    """Build a block library, from the parent's training to the truth about its prediction.

    Parameters
    ----------
    preset
        ``"tiny"`` (about three minutes on two cores) or ``"small"`` (under an hour).
    folder
        Where all files go. What an earlier run finished is used, not made again.
    stages
        Stages to run, by default all.
    say
        Takes lines on the progress.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    BuildError
        If preset or stage is unknown, or the folder holds another build.
    """
    for name in stages:
        if name not in STAGES:
            raise BuildError(f"--stage {name!r}: choose one of {', '.join(STAGES)}.")
    run = open_run(preset_of(preset), Path(folder).expanduser(), say)
    for name in stages or STAGES:
        say(f"== {name}")
        STAGES[name](run)
    return run.folder

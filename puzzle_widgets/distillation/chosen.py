"""Stage 3 for architectures of one's own: kept in the explorer, or found on the command line."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

from puzzle_widgets.distillation.architectures import SCORE
from puzzle_widgets.distillation.child import assemble, child_file, distil_child
from puzzle_widgets.distillation.model import Decoder
from puzzle_widgets.distillation.parent import load_parent
from puzzle_widgets.distillation.presets import preset_of
from puzzle_widgets.distillation.progress import Say
from puzzle_widgets.distillation.quality import KL, Reference, make_reference, whole_model_quality
from puzzle_widgets.distillation.run import open_run
from puzzle_widgets.distillation.score import validation_windows
from puzzle_widgets.distillation.write_library import read_library
from puzzle_widgets.errors import BuildError
from puzzle_widgets.files.scenario_file import read_scenarios


def distil_chosen(preset: str, folder: str | Path, file: str | Path, say: Say = print) -> None:
    """Assemble the architectures of a scenario file, distil each, and say what is true of it.

    Parameters
    ----------
    preset, folder
        A finished build.
    file
        JSON or CSV as the explorer keeps it, or as ``puzzle-widgets search`` writes it.
    say
        Takes lines on the progress.

    Raises
    ------
    BuildError
        If the file cannot be read.
    ScenarioError
        If it is not a scenario file of this library.
    """
    run, path = open_run(preset_of(preset), Path(folder).expanduser(), say), Path(file).expanduser()
    library = read_library(run)
    try:
        scenarios = read_scenarios(path.read_bytes(), path.name, library)
    except OSError as error:
        raise BuildError(f"{path.name}: cannot be read ({error.strerror}).") from error
    found = [(one.name, one.solution.architecture) for one in scenarios]
    parent = load_parent(run)
    reference = make_reference(parent, validation_windows(run))
    for name, architecture in found:
        if architecture:
            before = assemble(run, parent, architecture)
            after = distil_child(run, architecture, child_file(run, name))
            predicted = library.totals(architecture)[SCORE]
            values = [predicted, *(_divergence(model, reference) for model in (before, after))]
            words = ("predicted", "assembled", "distilled")
            told = ", ".join(f"{v:.4f} {w}" for v, w in zip(values, words, strict=True))
            say(f"child: {name}, KL divergence on validation text: {told}")


def _divergence(model: Decoder, reference: Reference) -> float:
    return fmean(whole_model_quality(model, reference)[KL])

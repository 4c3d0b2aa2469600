"""One build: its preset, its folder and files, its progress, and what its stages share."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import rich.progress
import torch

from puzzle_widgets.distillation.model import Decoder
from puzzle_widgets.distillation.presets import Preset
from puzzle_widgets.distillation.text import Text, standard_library_text
from puzzle_widgets.errors import BuildError
from puzzle_widgets.writing import atomic_file, atomic_write

THREADS = 2


@dataclass(frozen=True)
class Run:
    """A build in a folder.

    Parameters
    ----------
    preset
        What is built.
    folder
        Where all files go; an earlier run's are used.
    say
        Takes lines for people.
    """

    preset: Preset
    folder: Path
    say: Say

    @cached_property
    def text(self) -> Text:
        """The text, the same in every stage."""
        text = standard_library_text()
        _check_same(self.folder / "text.json", text.facts, "its text")
        return text

    @property
    def parent_file(self) -> Path:
        """Last checkpoint of the parent's training."""
        return self.folder / "parent.pt"

    def file(self, name: str, stage: str) -> Path:
        """Find a file that an earlier stage must have made.

        Raises
        ------
        BuildError
            Naming that stage.
        """
        path = self.folder / name
        if not path.exists():
            raise BuildError(f"{path}: not there. Run the stage {stage!r} first.")
        return path


def open_run(preset: Preset, folder: Path, say: Say) -> Run:
    """Begin a build, or go on with the one in the folder.

    Raises
    ------
    BuildError
        If the folder holds a build of another preset.
    """
    torch.set_num_threads(min(THREADS, os.cpu_count() or 1))
    folder.mkdir(parents=True, exist_ok=True)
    _check_same(folder / "preset.json", asdict(preset), "a build")
    return Run(preset, folder, say)


def machine() -> dict[str, str | int]:
    """What figures depend on: processor, threads, and versions."""
    return {
        "processor": _processor(),
        "threads": torch.get_num_threads(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": str(torch.__version__),
    }


def new_decoder(run: Run, seed: int = 0) -> Decoder:
    """Make the parent's model with seeded weights."""
    torch.manual_seed(run.preset.seed + seed)
    return Decoder(run.preset.shape)


def _check_same(path: Path, facts: dict[str, object], what: str) -> None:
    """Keep the facts of a folder, or refuse to mix it with others."""
    if not path.exists():
        save_json(facts, path)
    elif load_json(path) != _plain(facts):
        raise BuildError(
            f"{path}: this folder holds {what} made with another preset, program or "
            "Python. Name another folder."
        )


def _plain(facts: dict[str, object]) -> object:
    """Facts as JSON gives them back."""
    return json.loads(json.dumps(facts))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} cores" if names else platform.processor() or "unknown"


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
        raise BuildError(f"{path}: cannot be read ({error}). Delete it to rebuild it.") from error
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
        raise BuildError(f"{path}: not JSON ({error}). Delete it; it will be rebuilt.") from error


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


Say = Callable[[str], None]
_SECONDS_BETWEEN = 5.0
_SECONDS_JUDGED_BY = 120.0


class Progress:
    """Progress of one stage.

    Parameters
    ----------
    what
        The stage in words.
    steps
        Steps it has in all.
    say
        Takes each line.
    done
        Steps that an earlier run did.
    """

    def __init__(self, what: str, steps: int, say: Say, done: int = 0) -> None:
        self._say, self._now = say, time.monotonic()
        self._last_line = self._now  # the first steps of a stage tell too little
        self._rich = rich.progress.Progress(
            auto_refresh=False,
            speed_estimate_period=_SECONDS_JUDGED_BY,
            get_time=lambda: self._now,
        )
        self._id = self._rich.add_task(what, total=steps, completed=done)
        self._rich.advance(self._id, 0)  # the estimate counts from here
        if done:
            say(f"{what}: resuming after {done:,} of {steps:,}")

    def step(self, words: str = "", count: int = 1) -> None:
        """Count finished steps; says a line now and then, and at the end."""
        self._now = time.monotonic()
        self._rich.advance(self._id, count)
        finished = self._rich.tasks[0].finished
        if finished or self._now - self._last_line >= _SECONDS_BETWEEN:
            self._last_line = self._now
            self._say(self._line(words))

    def _line(self, words: str) -> str:
        task = self._rich.tasks[0]
        told = f", {words}" if words else ""
        left = f", about {duration(task.time_remaining)} left" if task.time_remaining else ""
        rest = ", done" if task.finished else left
        return f"{task.description}: {task.completed:,.0f} of {task.total:,.0f}{told}{rest}"


def duration(seconds: float) -> str:
    """Write seconds for reading, such as ``"3 min 20 s"``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"

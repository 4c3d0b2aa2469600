"""What a command gives back: tables, strict JSON or CSV, words on stderr, an exit code."""

from __future__ import annotations

import io
import json
import math
import shutil
import signal
import sys
import threading
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from puzzle_widgets.errors import PuzzleError
from puzzle_widgets.writing import atomic_write

if TYPE_CHECKING:
    from rich.console import RenderableType

    from puzzle_widgets.search.outcome import Status

FOUND = 0
INVALID_INPUT = 1
INFEASIBLE = 2
NO_SOLUTION_IN_TIME = 3
USAGE = 64
"""As in BSD's sysexits; argparse's own 2 would read as "infeasible"."""
INTERRUPTED = 130

EXIT_CODES: dict[Status, int] = {
    "optimal": FOUND,
    "feasible": FOUND,
    "infeasible": INFEASIBLE,
    "no_solution_in_time": NO_SOLUTION_IN_TIME,
}

EXPLAINED = (
    "exit codes: 0 found; 1 invalid input, with a message on stderr; 2 infeasible; "
    "3 no solution in time; 64 usage error; 130 interrupted"
)


@contextmanager
def stoppable() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into a set event, so that results are kept; the second interrupts."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def ask(_number: int, _frame: FrameType | None) -> None:
        asked.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


FORMATS = ("table", "json", "csv")
_WIDTH_OF_FILES = 120


def plain(text: str) -> str:
    """Make untrusted text safe for a terminal: one line, nothing but printable characters."""
    words = " ".join(text.split())
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in words)


def chosen_format(asked: Namespace) -> str:
    """Format that was asked for, or that the file's ending says, or a table."""
    if asked.format:
        return str(asked.format)
    ending = Path(asked.output or "").suffix.lower().removeprefix(".")
    return ending if ending in FORMATS else "table"


def check_output(asked: Namespace, *, makes_folder: bool = False) -> None:
    """Refuse a file that cannot be written before the search, not after it.

    Parameters
    ----------
    asked
        Has ``output``, the file, or ``None`` for stdout.
    makes_folder
        Whether missing folders are made, and a folder alone is enough.

    Raises
    ------
    PuzzleError
        If its folder is not there, or it is a folder itself.
    """
    if asked.output is None:
        return
    path = Path(asked.output).expanduser()
    if makes_folder:
        _check_folders(asked.output, path.absolute())
    elif path.is_dir() or not path.absolute().parent.is_dir():
        raise PuzzleError(
            f"--output {asked.output!r}: no such folder, or no file. Name a file in an existing "
            "folder."
        )


def _check_folders(output: str, path: Path) -> None:
    nearest = next(place for place in (path, *path.parents) if place.exists())
    if not nearest.is_dir() and nearest != path:
        raise PuzzleError(f"--output {output!r}: {nearest.name!r} is not a folder. Name another.")


def write_text(text: str, asked: Namespace) -> None:
    """Write a finished result.

    Raises
    ------
    PuzzleError
        If the file cannot be written.
    """
    if asked.output is None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    try:
        atomic_write(Path(asked.output).expanduser(), text)
    except OSError as error:
        raise PuzzleError(
            f"--output {asked.output!r} cannot be written ({error.strerror}). Name another file."
        ) from error
    note(f"Written to {plain(asked.output)}")


def write_tables(parts: Sequence[RenderableType], asked: Namespace) -> None:
    """Lay out for reading: with colors on a terminal, in plain text elsewhere."""
    from rich.console import Console  # noqa: PLC0415 - help and messages need no such thing

    if asked.output is None and sys.stdout.isatty():
        console = Console(highlight=False)
        console.print(*parts, sep="\n")
        return
    width = max(_WIDTH_OF_FILES, shutil.get_terminal_size().columns)
    lines = io.StringIO()
    Console(file=lines, width=width, highlight=False, color_system=None).print(*parts, sep="\n")
    write_text("".join(f"{line.rstrip()}\n" for line in lines.getvalue().splitlines()), asked)


def write_json(content: Any, asked: Namespace) -> None:  # noqa: ANN401
    """Write strict JSON: what is unknown or without limit is null."""
    text = json.dumps(_strict(content), ensure_ascii=False, indent=1, allow_nan=False)
    write_text(f"{text}\n", asked)


def say(text: str) -> None:
    """Say under the program's name what went wrong, or is to be known; the text is untrusted."""
    note(f"puzzle-widgets: {plain(text)}")


def note(line: str) -> None:
    """Say something beside the result, on stderr."""
    sys.stderr.write(f"{line}\n")


def _strict(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _strict(item) for key, item in value.items()}
    return [_strict(item) for item in value] if isinstance(value, list | tuple) else value

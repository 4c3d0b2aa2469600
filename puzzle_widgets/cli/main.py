"""Runs one command and turns what goes wrong into a message and an exit code."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import NoReturn

from puzzle_widgets.cli.output import EXPLAINED, INTERRUPTED, INVALID_INPUT, USAGE, say
from puzzle_widgets.errors import PuzzleError
from puzzle_widgets.loading import interruptible, loading
from puzzle_widgets.version import __version__

_GENERAL = ("-h", "--help", "--version")
_COMMANDS = {
    "app": "serve the explorer on this machine",
    "search": "find the best architecture within budgets",
    "explain": "say why the best architecture is what it is, and what else there is",
    "front": "find the Pareto front of score against a resource",
    "compare": "set saved scenarios side by side, of one library or of several",
    "export": "export the best architecture to vLLM, TensorRT-LLM, Puzzletron and others",
    "picture": "draw layers, front, surface or decision map as SVG",
    "show": "print what a library holds",
    "datasets": "list the datasets, or fetch a published one",
    "template": "write a sheet to start a library from",
    "build": "build a measured block library from a small model (needs PyTorch)",
    "doctor": "check this installation, and say what to do where something is wrong",
}


class Parser(ArgumentParser):
    """Leaves by 64 on a usage error, since 2 means infeasible here."""

    def error(self, message: str) -> NoReturn:
        """Write the usage and what is wrong, and leave."""
        self.print_usage()
        self.exit(USAGE, f"{self.prog}: {message}\n")

    def print_usage(self, file: object = None) -> None:
        """Write the usage to stderr: stdout is for results."""
        self._print_message(self.format_usage(), file)  # type: ignore[arg-type]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments
        Words after the program's name; by default those of this process.

    Returns
    -------
    int
        Exit code: 0 found, 1 invalid input, 2 infeasible, 3 no solution in time, 130 interrupted;
        a usage error leaves by ``SystemExit(64)``.
    """
    interruptible()
    words = _with_command(list(sys.argv[1:] if arguments is None else arguments))
    try:
        asked = build_parser(words[0]).parse_args(words)
        return int(asked.run(asked))
    except PuzzleError as error:
        say(str(error))
        return INVALID_INPUT
    except KeyboardInterrupt:
        say("stopped.")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone, as with `| head`: nothing more can be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INVALID_INPUT


def build_parser(named: str = "") -> Parser:
    """Build the parser of all commands, with the arguments of the named one only.

    They come with all that the command needs, which takes a while to load.
    """
    parser = Parser(
        prog="puzzle-widgets",
        description="Explore block libraries of compressed language models. "
        "Without a command, the app is served.",
        epilog=EXPLAINED,
    )
    version = f"puzzle-widgets {__version__}"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, words in _COMMANDS.items():
        command = commands.add_parser(name, help=words)
        if name == named:
            module = "run_doctor" if name == "doctor" else "arguments"  # runs where others do not
            getattr(_load(module), f"add_{name}")(command)
    return parser


def _with_command(words: list[str]) -> list[str]:
    """Put ``app`` in front where no command is named."""
    if words and (words[0] in _COMMANDS or words[0] in _GENERAL):
        return words
    if words and not words[0].startswith("-") and not _is_library(words[0]):
        build_parser().error(
            f"{words[0]!r} is neither a command ({', '.join(_COMMANDS)}) nor a block library"
        )
    return ["app", *words]


def _is_library(word: str) -> bool:
    return bool(_load("inputs").is_library(word))


def _load(module: str) -> ModuleType:
    with loading():
        return import_module(f"puzzle_widgets.cli.{module}")

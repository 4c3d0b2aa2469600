"""Runs one command and turns what goes wrong into a message and an exit code."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence

from puzzle_widgets.cli.arguments import build_parser
from puzzle_widgets.cli.exits import INTERRUPTED, INVALID_INPUT
from puzzle_widgets.cli.open_library import is_library
from puzzle_widgets.cli.output import say
from puzzle_widgets.errors import PuzzleError
from puzzle_widgets.loading import interruptible

_GENERAL = ("-h", "--help", "--version")


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
    parser, commands = build_parser()
    words = list(sys.argv[1:] if arguments is None else arguments)
    asked = parser.parse_args(_with_command(words, commands, parser))
    try:
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


def _with_command(words: list[str], commands: Sequence[str], parser: ArgumentParser) -> list[str]:
    """Put ``app`` in front where no command is named."""
    if words and (words[0] in commands or words[0] in _GENERAL):
        return words
    if words and not words[0].startswith("-") and not is_library(words[0]):
        parser.error(
            f"{words[0]!r} is neither a command ({', '.join(commands)}) nor a block library"
        )
    return ["app", *words]

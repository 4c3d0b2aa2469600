"""What the arguments of several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import NoReturn

from puzzle_widgets.cli.exits import USAGE

LIBRARY = "folder or file of a block library, or the name of a dataset"


class Parser(argparse.ArgumentParser):
    """Leaves by 64 on wrong usage, since 2 means infeasible here."""

    def error(self, message: str) -> NoReturn:
        """Write the usage and what is wrong, and leave."""
        self.print_usage()
        self.exit(USAGE, f"{self.prog}: {message}\n")

    def print_usage(self, file: object = None) -> None:
        """Write the usage to stderr: stdout is for results."""
        self._print_message(self.format_usage(), file)  # type: ignore[arg-type]


Commands = argparse._SubParsersAction  # noqa: SLF001  # argparse gives this type no public name


def add_opening(command: argparse.ArgumentParser) -> None:
    """Add how a library is to be read: whose costs count, missing layers, marks of figures."""
    command.add_argument(
        "--workload",
        metavar="NAME",
        help="of several costs those to use, such as 'batch_size 96'; show lists them",
    )
    command.add_argument(
        "--allow-gaps",
        action="store_true",
        help="open a library though numbered layers are missing from it",
    )
    command.add_argument(
        "--decimal", choices=(".", ","), metavar="MARK", help="decimal mark of figures in a table"
    )
    command.add_argument(
        "--thousands",
        choices=(".", ",", " ", "'"),
        metavar="MARK",
        help="mark between thousands of figures in a table",
    )


def add_output(command: argparse.ArgumentParser, formats: tuple[str, ...]) -> None:
    """Add the choice of a format, and of a file."""
    command.add_argument(
        "--format", choices=formats, help="by default what FILE's ending says, else table"
    )
    add_file(command)


def add_file(command: argparse.ArgumentParser, kind: Callable[[str], str] = str) -> None:
    """Add the choice of a file; ``kind`` refuses what cannot be one."""
    command.add_argument("--output", type=kind, metavar="FILE", help="write there, not to stdout")


def positive(text: str) -> int:
    """Read a whole number of 1 or more."""
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)

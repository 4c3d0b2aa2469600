"""The parser of arguments: its own exit code, its usage on stderr."""

from __future__ import annotations

import argparse
from typing import NoReturn, TypeAlias

from puzzle_widgets.cli.exits import USAGE


class Parser(argparse.ArgumentParser):
    """Leaves by 64 on wrong usage, since 2 means infeasible here."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and leave."""
        self.print_usage()
        self.exit(USAGE, f"{self.prog}: {message}\n")

    def print_usage(self, file: object = None) -> None:
        """Write the usage to stderr: stdout is for results."""
        self._print_message(self.format_usage(), file)  # type: ignore[arg-type]


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"  # noqa: SLF001
"""What commands are added to; argparse gives this type no public name."""

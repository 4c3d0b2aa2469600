"""Arguments of the commands about libraries: show them, get them, make them."""

from __future__ import annotations

from puzzle_widgets.cli import run_build, run_datasets, run_show
from puzzle_widgets.cli.common_arguments import (
    LIBRARY,
    Commands,
    Parser,
    add_opening,
    add_output,
    positive,
)


def add_library_commands(commands: Commands[Parser]) -> None:
    """Add every command that is about libraries."""
    _add_show(commands)
    _add_datasets(commands)
    _add_template(commands)
    _add_build(commands)


def _add_show(commands: Commands[Parser]) -> None:
    command = commands.add_parser("show", help="print what a library holds")
    command.add_argument("library", metavar="LIBRARY", help=LIBRARY)
    add_opening(command)
    command.add_argument("--layer", metavar="LAYER", help="list this layer's variants instead")
    add_output(command, ("table", "json"))
    command.set_defaults(run=run_show.run)


def _add_datasets(commands: Commands[Parser]) -> None:
    command = commands.add_parser("datasets", help="list the datasets, or fetch a published one")
    command.add_argument("dataset", metavar="NAME", nargs="?", help="fetch this one now")
    command.add_argument(
        "--agree", action="store_true", help="agree to its license, rather than being asked"
    )
    add_output(command, ("table", "json"))
    command.set_defaults(run=run_datasets.run)


def _add_template(commands: Commands[Parser]) -> None:
    command = commands.add_parser("template", help="write a sheet to start a library from")
    command.add_argument("file", metavar="FILE", help="ending in .csv or .xlsx")
    command.add_argument(
        "--layers",
        type=positive,
        default=2,
        metavar="N",
        help="layers of the example (default: 2)",
    )
    command.add_argument(
        "--decimal-comma", action="store_true", help="for spreadsheets that write 1,5 for 1.5"
    )
    command.add_argument("--force", action="store_true", help="replace a file that is there")
    command.set_defaults(run=run_datasets.run_template)


def _add_build(commands: Commands[Parser]) -> None:
    command = commands.add_parser(
        "build",
        help="build a measured block library from a small model (needs PyTorch)",
        epilog="Run it again after Ctrl-C: it goes on where it was.",
    )
    command.add_argument(
        "--preset",
        default="tiny",
        metavar="NAME",
        help="tiny: about 3 minutes on 2 cores (default); small: the embedded library, an hour",
    )
    command.add_argument("--out", required=True, metavar="FOLDER", help="where all files go")
    command.add_argument(
        "--architecture",
        metavar="FILE",
        help="assemble and distil the architectures of this scenario file instead, from the app "
        "or from search --output",
    )
    command.add_argument(
        "--stage",
        action="append",
        default=[],
        metavar="STAGE",
        help="run this stage only; repeatable (default: all in turn)",
    )
    command.set_defaults(run=run_build.run)

"""The arguments of each command, and what runs it; loaded for the command that is asked for."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable

from puzzle_widgets.cli.output import EXPLAINED, FORMATS
from puzzle_widgets.deferred import Deferred
from puzzle_widgets.library.quantity import MEMORY, THROUGHPUT
from puzzle_widgets.solution.optimum import EXACT
from puzzle_widgets.sweeps.front import DEFAULT_POINTS

_BOOTSTRAP = "bootstrap"

export = Deferred("puzzle_widgets.export")
run_compare = Deferred("puzzle_widgets.cli.run_compare")
run_explain = Deferred("puzzle_widgets.cli.run_explain")
run_export = Deferred("puzzle_widgets.cli.run_export")
run_library = Deferred("puzzle_widgets.cli.run_library")
run_picture = Deferred("puzzle_widgets.cli.run_picture")
run_search = Deferred("puzzle_widgets.cli.run_search")

_TOKEN = "PUZZLE_WIDGETS_TOKEN"  # noqa: S105 - a variable; others can read a command line
_LIBRARY = "folder or file of a block library, or the name of a dataset"
_LIMIT = "LIMIT is a number in the stat's unit, or a share of the parent such as 85%%"


def add_app(command: argparse.ArgumentParser) -> None:
    """Add what ``app`` takes."""
    command.add_argument("library", metavar="LIBRARY", nargs="?", help=_LIBRARY)
    _add_opening(command)
    _add_serving(command)
    command.add_argument(
        "--notebook",
        metavar="NAME",
        help="serve one of the project's notebooks as a page, by number or name; 'list' names them",
    )
    command.add_argument("--no-browser", action="store_true", help="do not open a browser")
    command.set_defaults(
        run=run_library.run_app, output=None
    )  # the list of notebooks goes to stdout


def _add_serving(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("serving others", "docs/hosting.md has whole configurations")
    add = group.add_argument
    add("--ip", metavar="ADDRESS", help="address to listen at (default: 127.0.0.1, this machine)")
    add("--port", type=int, metavar="N", help="8866 or any free one by default")
    add("--base-url", metavar="PATH", help="path below which the app is, as behind a proxy")
    add("--sessions", type=int, metavar="N", help="visitors at once; by default what fits")
    add("--per-address", type=int, metavar="N", help="sessions of one network address at once")
    add("--session-mib", type=int, metavar="MIB", help="memory of one session (default: 1024)")
    add("--idle-timeout", type=int, metavar="SECONDS", help="end an unused session (default: 1800)")
    token = os.environ.get(_TOKEN)
    add("--token", metavar="TOKEN", default=token, help=f"ask visitors for it; or set {_TOKEN}")
    add("--trusted-host", action="append", metavar="NAME", help="name that pages may ask for")
    add("--behind-proxy", action="store_true", help="believe a proxy's X-Forwarded headers")
    add("--offer", action="append", metavar="NAME", help="accept a dataset's license for visitors")
    add("--no-fetch", action="store_true", help="have visitors fetch no datasets")
    add("--metrics", action="store_true", help="give figures for Prometheus at /metrics")


def add_search(command: argparse.ArgumentParser) -> None:
    """Add what ``search`` takes."""
    command.epilog = EXPLAINED
    _add_problem(command)
    command.add_argument(
        "--diverse", type=int, default=1, metavar="N", help="ask for N solutions (default: 1)"
    )
    command.add_argument(
        "--min-difference",
        type=int,
        default=1,
        metavar="D",
        help="layers in which each of them differs from every earlier one (default: 1)",
    )
    command.add_argument(
        "--batch-sizes",
        type=_positive,
        nargs="+",
        metavar="N",
        help="search each of these batch sizes, and write the best",
    )
    command.set_defaults(run=run_search.run_search)


def add_front(command: argparse.ArgumentParser) -> None:
    """Add what ``front`` takes."""
    command.epilog = f"Ctrl-C stops and keeps what was found. {EXPLAINED}"
    _add_problem(command)
    command.add_argument(
        "--over",
        default=MEMORY,
        metavar="RESOURCE",
        help=f"any stat, or {THROUGHPUT} (default: {MEMORY})",
    )
    command.add_argument(
        "--points",
        type=int,
        default=DEFAULT_POINTS,
        metavar="N",
        help="limits tried (default: %(default)s)",
    )
    command.add_argument(
        "--between",
        type=_finite,
        nargs=2,
        metavar=("LO", "HI"),
        help="least and greatest limit tried, in the resource's unit",
    )
    command.set_defaults(run=run_search.run_front)


def add_explain(command: argparse.ArgumentParser) -> None:
    """Add what ``explain`` takes."""
    command.epilog = EXPLAINED
    _add_problem(command)
    command.add_argument(
        "--exact",
        action="store_true",
        help="search on until every next step is proven, not a bracket",
    )
    command.add_argument(
        "--costs-of-blocks",
        action="store_true",
        help="how much worse the score gets with each block that was not chosen",
    )
    _add_noise(command)
    command.add_argument(
        "--alternatives",
        type=_finite,
        nargs="?",
        const=0.01,
        metavar="WITHIN",
        help="what scores nearly as well (default: within 0.01 of the score, 1 %%)",
    )
    command.add_argument(
        "--baselines",
        action="store_true",
        help="compare with greedy, homogeneous, random and other ways",
    )
    command.set_defaults(run=run_explain.run)


def add_compare(command: argparse.ArgumentParser) -> None:
    """Add what ``compare`` takes."""
    command.epilog = (
        "Each scenario is told by the library that its file names by hash: one of --library, or a "
        f"dataset that is here. {EXPLAINED}"
    )
    command.add_argument("files", metavar="FILE", nargs="+", help="scenarios, as saved or searched")
    command.add_argument(
        "--library", action="append", default=[], metavar="LIBRARY", help=f"{_LIBRARY}; repeatable"
    )
    command.add_argument(
        "--name", action="append", metavar="SCENARIO", help="only this one of them; repeatable"
    )
    command.add_argument(
        "--noise",
        type=_noise,
        nargs="?",
        const=0.05,
        metavar="NOISE",
        help="the chance that each scores better than the first with noise in the scores "
        "(default: 0.05 for 5 %%), or 'bootstrap' where the library has scores by sample",
    )
    _add_opening(command)
    _add_output(command, run_compare.FORMATS)
    command.set_defaults(run=run_compare.run)


def add_export(command: argparse.ArgumentParser) -> None:
    """Add what ``export`` takes."""
    names = [target.name for target in export.TARGETS]
    command.epilog = (
        f"targets: {', '.join(names)}. What a target cannot take is said on stderr, and "
        f"refused by exit code 1. {EXPLAINED}"
    )
    _add_question(command)
    command.add_argument("--target", required=True, choices=names, metavar="NAME", help="see below")
    command.add_argument(
        "--parent-config", metavar="FILE", help="the parent's Hugging Face config.json"
    )
    command.add_argument(
        "--avoid", action="store_true", help="search again under rules that avoid what is refused"
    )
    command.add_argument(
        "--solutions", metavar="FILE", help="export saved solutions of this file, not a search"
    )
    command.add_argument("--name", metavar="SCENARIO", help="only this one of them")
    command.add_argument("--check", action="store_true", help="write the findings as JSON instead")
    _add_file(command)
    command.set_defaults(run=run_export.run)


def add_picture(command: argparse.ArgumentParser) -> None:
    """Add what ``picture`` takes."""
    command.epilog = EXPLAINED
    _add_question(command)
    command.add_argument(
        "--of", choices=run_picture.PICTURES, default="layers", help="what to draw"
    )
    command.add_argument(
        "--over",
        default=THROUGHPUT,
        metavar="RESOURCE",
        help="of a front, a map's rows or a surface's rows (default: %(default)s)",
    )
    _add_file(command, _svg_file)
    command.set_defaults(run=run_picture.run_picture)


def add_show(command: argparse.ArgumentParser) -> None:
    """Add what ``show`` takes."""
    command.add_argument("library", metavar="LIBRARY", help=_LIBRARY)
    _add_opening(command)
    command.add_argument("--layer", metavar="LAYER", help="list this layer's variants instead")
    _add_output(command, ("table", "json"))
    command.set_defaults(run=run_library.run_show)


def add_datasets(command: argparse.ArgumentParser) -> None:
    """Add what ``datasets`` takes."""
    command.add_argument("dataset", metavar="NAME", nargs="?", help="fetch this one now")
    command.add_argument(
        "--agree", action="store_true", help="accept its license without being asked"
    )
    _add_output(command, ("table", "json"))
    command.set_defaults(run=run_library.run_datasets)


def add_template(command: argparse.ArgumentParser) -> None:
    """Add what ``template`` takes."""
    command.add_argument("file", metavar="FILE", help="ending in .csv or .xlsx")
    command.add_argument(
        "--layers",
        type=_positive,
        default=2,
        metavar="N",
        help="layers of the example (default: 2)",
    )
    command.add_argument(
        "--decimal-comma", action="store_true", help="for spreadsheets that write 1,5 for 1.5"
    )
    command.add_argument("--force", action="store_true", help="overwrite an existing file")
    command.set_defaults(run=run_library.run_template)


def add_build(command: argparse.ArgumentParser) -> None:
    """Add what ``build`` takes."""
    command.epilog = "Run it again after Ctrl-C: it resumes where it stopped."
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
        help="assemble and distill the architectures of this scenario file instead, from the app "
        "or from search --output",
    )
    command.add_argument(
        "--stage",
        action="append",
        default=[],
        metavar="STAGE",
        help="run this stage only; repeatable (default: all in turn)",
    )
    command.set_defaults(run=run_library.run_build)


def _add_problem(command: argparse.ArgumentParser) -> None:
    _add_question(command)
    _add_output(command, FORMATS)


def _add_question(command: argparse.ArgumentParser) -> None:
    command.add_argument("library", metavar="LIBRARY", help=_LIBRARY)
    _add_opening(command)
    _add_serving_of_model(command)
    goal = command.add_mutually_exclusive_group()
    aim = "by default the library's first score; repeatable with weights, for a weighted sum"
    goal.add_argument("--minimize", action="append", metavar="KEY[=WEIGHT]", help=aim)
    goal.add_argument("--maximize", action="append", metavar="KEY[=WEIGHT]")
    command.add_argument(
        "--layer-weights",
        metavar="WEIGHTS",
        help="how much layers count, such as '0 to 9: 2, 79: 0.5'; others count once",
    )
    _add_repeated(command, "--max", "STAT=LIMIT", f"upper budget; {_LIMIT}; repeatable")
    _add_repeated(command, "--min", "STAT=LIMIT", "lower budget, in the same forms; repeatable")
    command.add_argument(
        "--throughput",
        type=float,
        metavar="N",
        help="least tokens/s: batch size x sequence length / summed runtime",
    )
    command.add_argument(
        "--latency-ms", type=float, metavar="N", help="greatest summed runtime of a batch, in ms"
    )
    _add_repeated(command, "--fix", "LAYER=VARIANT", "the variant must be chosen; repeatable")
    _add_repeated(command, "--ban", "LAYER=VARIANT", "it must not be chosen; repeatable")
    _add_rules(command)
    _add_solver(command)


def _add_serving_of_model(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group(
        "another workload", "memory is worked out; runtimes are left out where they are not known"
    )
    add = group.add_argument
    add("--batch-size", type=_positive, metavar="N", help="sequences a batch")
    add("--prefill", type=_whole, metavar="N", help="tokens of a sequence that are given")
    add("--generation", type=_whole, metavar="N", help="tokens of a sequence that are generated")
    add("--weights-dtype", metavar="DTYPE", help="such as bfloat16, fp8, nvfp4")
    add("--kv-dtype", metavar="DTYPE", help="of the KV cache")
    _add_repeated(
        command, "--non-block", "STAT=AMOUNT", "cost outside the blocks, in the stat's unit"
    )


def _add_noise(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--sensitivity",
        type=_noise,
        nargs="?",
        const=0.05,
        metavar="NOISE",
        help="which choices survive noise in the scores (default: 0.05 for 5 %%), or "
        "'bootstrap' where the library has scores by sample",
    )
    command.add_argument(
        "--samples",
        type=_positive,
        default=1000,
        metavar="N",
        help="searches for --sensitivity (default: %(default)s)",
    )
    command.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of random numbers (default: 0)"
    )


def _add_rules(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--keep-ends",
        type=_positive,
        metavar="N",
        help="keep the first and last N layers as the parent's",
    )
    command.add_argument(
        "--no-linear-attention", action="store_true", help="choose no linear attention"
    )
    command.add_argument(
        "--tensor-parallel",
        type=_positive,
        metavar="N",
        help="choose only KV heads that N GPUs can share evenly",
    )
    command.add_argument(
        "--same-ffn",
        nargs=2,
        action="append",
        default=[],
        metavar=("FIRST", "LAST"),
        help="the same FFN in all layers from FIRST to LAST; repeatable",
    )
    command.add_argument(
        "--same-attention",
        nargs=2,
        action="append",
        default=[],
        metavar=("FIRST", "LAST"),
        help="the same attention in all layers from FIRST to LAST; repeatable",
    )
    command.add_argument(
        "--few-blocks", type=_positive, metavar="N", help="choose at most N distinct blocks"
    )
    command.add_argument(
        "--attention-free-in-a-row",
        type=_whole,
        metavar="N",
        help="at most N neighboring layers without attention",
    )


def _add_repeated(command: argparse.ArgumentParser, flag: str, form: str, text: str) -> None:
    command.add_argument(flag, action="append", default=[], type=_equation, metavar=form, help=text)


def _add_solver(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--solver",
        default=EXACT,
        metavar="NAME",
        help=f"{EXACT} (default), HiGHS, CBC or any of PuLP",
    )
    command.add_argument(
        "--gap", type=float, default=0.0, metavar="G", help="relative gap to stop at (default: 0)"
    )
    command.add_argument(
        "--time-limit", type=float, metavar="S", help="seconds for each search (default: none)"
    )


def _add_opening(command: argparse.ArgumentParser) -> None:
    """Add how a library is to be read: whose costs count, missing layers, marks of figures."""
    command.add_argument(
        "--workload",
        metavar="NAME",
        help="which workload's costs to use, such as 'batch_size 96'; show lists them",
    )
    command.add_argument(
        "--allow-gaps",
        action="store_true",
        help="open a library even if numbered layers are missing",
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


def _add_output(command: argparse.ArgumentParser, formats: tuple[str, ...]) -> None:
    """Add the choice of a format, and of a file."""
    command.add_argument(
        "--format", choices=formats, help="by default what FILE's ending says, else table"
    )
    _add_file(command)


def _add_file(command: argparse.ArgumentParser, kind: Callable[[str], str] = str) -> None:
    """Add the choice of a file; ``kind`` refuses what cannot be one."""
    command.add_argument("--output", type=kind, metavar="FILE", help="write there, not to stdout")


def _equation(text: str) -> str:
    if not all(part.strip() for part in text.partition("=")):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE")
    return text


def _noise(text: str) -> float | str:
    """Read a share, or the word for scores by sample."""
    return text if text == _BOOTSTRAP else _finite(text)


def _finite(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a finite number")
    return value


def _svg_file(text: str) -> str:
    if not text.lower().endswith(".svg"):
        raise argparse.ArgumentTypeError(f"{text!r} does not end in .svg: pictures are SVG")
    return text


def _whole(text: str) -> int:
    """Read a whole number from 0 on."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
    return int(text)


def _positive(text: str) -> int:
    """Read a whole number of 1 or more."""
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)

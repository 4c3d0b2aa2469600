"""What a command is given: the library, the problem, and the solver's options."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from puzzle_widgets.cli.output import note, say
from puzzle_widgets.errors import DatasetError, LibraryError, ProblemError
from puzzle_widgets.library import (
    BlockLibrary,
    FrozenMapping,
    LayerName,
    find_library,
    load_dataset,
    load_library,
    open_source,
)
from puzzle_widgets.library.agreements import has_agreed
from puzzle_widgets.library.datasets import Dataset
from puzzle_widgets.library.rescale import AS_MEASURED, Serving, served
from puzzle_widgets.library.sense import Goal, score_sense
from puzzle_widgets.problem import SearchProblem, rules
from puzzle_widgets.problem.budget import BudgetSpec, as_number
from puzzle_widgets.problem.budget_rows import SearchRule
from puzzle_widgets.problem.choices import find_layer, find_variant
from puzzle_widgets.problem.objective import Objective, parse_layer_weights
from puzzle_widgets.sweeps.batch_sizes import Run, library_at

_YES = {"y", "yes"}


def is_library(word: str) -> bool:
    """Whether a word names a library: a path that is there, or a dataset."""
    try:
        return bool(find_library(word))
    except LibraryError:
        return False


def open_asked(asked: Namespace) -> BlockLibrary:
    """Open the library that is asked for, and say on stderr what is to be known of how it was read.

    A published one is fetched once its license is agreed to.

    Raises
    ------
    LibraryError, DatasetError
        If it cannot be opened, or its license is not agreed to.
    """
    return open_with_run(asked)[0]


def open_with_run(asked: Namespace) -> tuple[BlockLibrary, Run | None]:
    """Open as :func:`open_asked` does, for the workload asked; also gives the run it is of."""
    library, run = _open(asked)
    serving = _serving(asked)
    size = serving.batch_size
    if run is not None and size is not None:
        library, serving = library_at(library, size, run), replace(serving, batch_size=None)
    library = served(library, serving)
    for said in library.notes:
        say(f"note: {said}")
    return library, run


def _serving(asked: Namespace) -> Serving:
    """Read the workload that the model is served in, where it is another than the library's."""
    if not hasattr(asked, "batch_size"):  # of a command that asks no problem
        return AS_MEASURED
    costs = {
        key: as_number(amount) for key, amount in _limits(asked.non_block, "--non-block").items()
    }
    return Serving(
        asked.batch_size,
        asked.prefill,
        asked.generation,
        asked.weights_dtype or "",
        asked.kv_dtype or "",
        FrozenMapping(costs),
    )


def open_with_workloads(asked: Namespace) -> tuple[BlockLibrary, tuple[str, ...]]:
    """Open as :func:`open_asked` does; also names the workloads there are, if any, to choose."""
    library, run = _open(asked)
    workloads = () if run is None else tuple(one.name for one in run.workloads)
    for said in library.notes:
        say(f"note: {said}")
    return library, workloads


def how_to_read(asked: Namespace) -> dict[str, Any]:
    """What is said of how a library is to be read, but for its workload."""
    names = ("allow_gaps", "decimal", "thousands")
    return {name: getattr(asked, name) for name in names if getattr(asked, name)}


def _open(asked: Namespace) -> tuple[BlockLibrary, Run | None]:
    found = find_library(asked.library)
    if isinstance(found, Dataset):
        if asked.workload is not None:
            raise DatasetError(f"{found.title} has no workloads; leave --workload out.")
        return open_dataset(found), None
    opened = open_source(found, **how_to_read(asked))
    if not isinstance(opened, BlockLibrary):
        return opened.library(asked.workload), opened
    if asked.workload is not None:  # says that there are none
        opened = load_library(found, workload=asked.workload, **how_to_read(asked))
    return opened, None


def open_dataset(dataset: Dataset, *, agree: bool = False) -> BlockLibrary:
    """Open a dataset: ask for what has to be agreed to, and show how far the fetch is."""
    from rich.console import Console  # noqa: PLC0415 - what ships with the package needs no bar
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
    )

    agreed = agree or has_agreed(dataset) or _ask(dataset)
    if not agreed:
        raise DatasetError(
            f"{dataset.title} is under the {dataset.license.name}, which has to be accepted first. "
            f"Read {dataset.license.address}, then: "
            f"puzzle-widgets datasets {dataset.name} --agree"
        )
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(binary_units=True))
    bar = Progress(
        *columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
    )
    with bar:
        task = bar.add_task(dataset.title, total=dataset.size)
        return load_dataset(
            dataset.name,
            agree=True,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )


def terms(dataset: Dataset) -> str:
    """Say what a dataset is and under which terms."""
    terms = dataset.license
    text = f"The full text applies: {terms.address}\n" if terms.address else ""
    return (
        f"{dataset.title}: {dataset.about}\n"
        f"Source: {dataset.source}\n"
        f"Size: {dataset.size_text}\n"
        f"License: {terms.name}. {terms.summary}\n{text}"
    )


def _ask(dataset: Dataset) -> bool:
    """Ask on a terminal; without one the answer is no."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    note(terms(dataset))
    sys.stderr.write("Do you accept this license? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in _YES


def read_problem(asked: Namespace, library: BlockLibrary) -> SearchProblem:
    """Read objective, budgets and rules.

    Raises
    ------
    ProblemError
        If a key, layer or variant is not in the library, or a limit makes no sense.
    """
    aimed = bare_problem(asked, library, *_objective(asked, library))
    library = aimed.library
    return SearchProblem.of(
        library,
        aimed.goal,
        aimed.objective,
        budgets=_budgets(asked.min, asked.max),
        throughput=asked.throughput,
        latency_ms=asked.latency_ms,
        fixed=_fixed(asked.fix, library),
        banned=_banned(asked.ban, library),
        rules=_rules(asked, library),
    )


def bare_problem(
    asked: Namespace, library: BlockLibrary, goal: Goal, objective: Objective
) -> SearchProblem:
    """State an objective with the weights of layers that are asked for, without limits."""
    weights = parse_layer_weights(library, asked.layer_weights) if asked.layer_weights else None
    return SearchProblem.of(library, goal, objective, layer_weights=weights)


def read_options(asked: Namespace) -> dict[str, Any]:
    """Read what :func:`puzzle_widgets.search` takes besides the problem."""
    return {"solver": asked.solver, "gap": asked.gap, "time_limit": asked.time_limit}


def _rules(asked: Namespace, library: BlockLibrary) -> Iterator[SearchRule]:
    if asked.keep_ends:
        yield rules.keep_ends(library, asked.keep_ends)
    if asked.no_linear_attention:
        yield rules.no_linear_attention(library)
    if asked.tensor_parallel:
        yield rules.heads_divisible_by(library, asked.tensor_parallel)
    for first, last in asked.same_ffn:
        yield rules.same_ffn(library, first, last)
    for first, last in asked.same_attention:
        yield rules.same_attention(library, first, last)
    if asked.few_blocks:
        yield rules.few_blocks(library, asked.few_blocks)
    if asked.attention_free_in_a_row is not None:
        yield rules.attention_free_in_a_row(library, asked.attention_free_in_a_row)


def _objective(asked: Namespace, library: BlockLibrary) -> tuple[Goal, Objective]:
    goal, objective = asked_objective(asked, library)
    if goal is not None:
        return goal, objective
    if not library.scores:
        raise ProblemError(
            f"{library.name} has no score. Say what to optimize: --minimize or --maximize with "
            f"one of {', '.join(library.keys)}."
        )
    score = library.scores[0]
    sense = score_sense(library, score)
    if sense.goal is None:
        raise ProblemError(f"{sense.reason} Say --minimize {score} or --maximize {score}.")
    return sense.goal, score


def asked_objective(asked: Namespace, library: BlockLibrary) -> tuple[Goal | None, Objective]:
    """Read what is said of the objective: its goal, ``None`` for nothing said, and its weights."""
    goal: Goal = "maximize" if asked.maximize else "minimize"
    given = asked.maximize or asked.minimize
    if not given:
        return None, ""
    weights: dict[str, float] = {}
    for word in given:
        key, weight = _weighted(word, library)
        if key in weights:
            raise ProblemError(f"--{goal} {key} is given twice. Give it once.")
        weights[key] = weight
    return goal, next(iter(weights)) if list(weights.values()) == [1.0] else weights


def _weighted(word: str, library: BlockLibrary) -> tuple[str, float]:
    """Read KEY or KEY=WEIGHT."""
    key, mark, weight = word.rpartition("=")
    if not mark or word in library.keys:
        return word, 1.0
    return key.strip(), as_number(weight.strip())


def _budgets(lower: list[str], upper: list[str]) -> dict[str, BudgetSpec]:
    least, most = _limits(lower, "--min"), _limits(upper, "--max")
    return {key: (least.get(key), most.get(key)) for key in [*most, *least]}


def _limits(equations: list[str], flag: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for equation in equations:
        key, _, limit = equation.rpartition("=")
        if key.strip() in found:
            raise ProblemError(f"{flag} {key.strip()} is given twice. Give it once.")
        found[key.strip()] = limit
    return found


def _fixed(equations: list[str], library: BlockLibrary) -> dict[LayerName, str]:
    found: dict[LayerName, str] = {}
    for equation in equations:
        layer, variant = _choice(equation, library)
        if found.get(layer, variant) != variant:
            raise ProblemError(f"--fix: layer {layer!r} is given two variants. Give one.")
        found[layer] = variant
    return found


def _banned(equations: list[str], library: BlockLibrary) -> dict[LayerName, set[str]]:
    found: dict[LayerName, set[str]] = {}
    for layer, variant in (_choice(equation, library) for equation in equations):
        found.setdefault(layer, set()).add(variant)
    return found


def _choice(equation: str, library: BlockLibrary) -> tuple[LayerName, str]:
    """Read LAYER=VARIANT; names may hold "=" themselves, so that every split is tried."""
    marks = [place for place, letter in enumerate(equation) if letter == "="]
    found: set[tuple[LayerName, str]] = set()
    errors: dict[bool, ProblemError] = {}
    for mark in marks:
        known = False
        try:
            layer = library.layer(find_layer(library, equation[:mark]))
            known = True
            found.add((layer.name, find_variant(layer, equation[mark + 1 :])))
        except ProblemError as error:
            errors.setdefault(known, error)
    if not found:
        raise errors.get(True) or errors[False]
    if len(found) > 1:
        both = sorted(f"layer {layer!r}, variant {name!r}" for layer, name in found)
        raise ProblemError(f"{equation!r} can be read as {' or '.join(both)}. Rename one of them.")
    return found.pop()

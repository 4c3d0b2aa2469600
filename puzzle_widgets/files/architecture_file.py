"""Open a model's config as a scenario: the blocks it names, found in the library."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from puzzle_widgets.errors import LibraryError, ScenarioError
from puzzle_widgets.library import BlockLibrary, LayerName
from puzzle_widgets.library.checks import Location, parse_json
from puzzle_widgets.library.puzzletron.blocks import Block
from puzzle_widgets.library.puzzletron.model_config import match_blocks, mismatch_words, read_blocks
from puzzle_widgets.library.sense import Goal, score_sense
from puzzle_widgets.library.source import read_bytes
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.solution.scenario import Scenario
from puzzle_widgets.solution.solution import evaluate

_CONFIG = "config.json"


def open_architecture(
    source: str | Path | bytes,
    library: BlockLibrary,
    *,
    name: str = "",
    objective: str = "",
    goal: Goal | None = None,
) -> Scenario:
    """Open a ``config.json`` as a scenario of a library that has its blocks.

    Parameters
    ----------
    source
        A file, a model's folder, or the file's bytes: ``block_configs`` of DeciLM (nemotron-nas),
        AnyModel of either version or NemotronHPuzzle, ``per_layer_config``, sizes in lists by
        layer, or one size for all, as the parent's own config has it.
    library
        Of the same parent.
    name
        Name of the scenario; by default the folder's.
    objective
        Score to sum; the library's first by default.
    goal
        Which way it is better; by default what the library tells.

    Raises
    ------
    ScenarioError
        Naming every layer whose block the library does not have; or where nothing tells which
        way the score is better.

    Examples
    --------
    >>> import json
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("llama-3.3-70b-modeled")
    >>> config = {"model_type": "llama", "num_hidden_layers": 80, "num_attention_heads": 64}
    >>> config |= {"num_key_value_heads": 8, "intermediate_size": 28672, "hidden_size": 8192}
    >>> content = json.dumps(config).encode()
    >>> pw.open_architecture(content, library, name="parent").solution.speedup
    1.0
    """
    try:
        content, title, place = _content(source)
        blocks = read_blocks(parse_json(content, place), place)
    except LibraryError as error:
        raise ScenarioError(str(error)) from error
    return scenario_of(blocks, library, name or title, plain_problem(library, objective, goal))


def scenario_of(
    blocks: Sequence[Block], library: BlockLibrary, name: str, problem: SearchProblem
) -> Scenario:
    """Make a scenario of a model's blocks, as an answer to a problem.

    Raises
    ------
    ScenarioError
        Naming every layer whose block the library does not have.
    """
    return Scenario(name, evaluate(problem, architecture_of(blocks, library, name), "given"))


def architecture_of(
    blocks: Sequence[Block], library: BlockLibrary, name: str
) -> dict[LayerName, str]:
    """Find a model's blocks in a library, ``{layer: variant}``.

    Raises
    ------
    ScenarioError
        As for :func:`scenario_of`.
    """
    if len(blocks) != len(library.layers):
        raise ScenarioError(f"{name}: {_count_words(len(blocks), library)}")
    found, wrong = match_blocks(library, blocks)
    if wrong:
        raise ScenarioError(
            f"{name}: {mismatch_words(library, wrong)} Open a library that has them."
        )
    return found


def _count_words(count: int, library: BlockLibrary) -> str:
    """Say why a model of another number of layers is not among the library's architectures."""
    layers = len(library.layers)
    said = f"{count} layers, where {library.name} has {layers}."
    if count > layers:
        return (
            f"{said} Layers that were fused or added after the search, as by FFN fusion, are in no "
            f"library of {layers} layers. If this is not such a model, open the "
            "library of its parent."
        )
    return f"{said} Open the library of its parent."


def plain_problem(
    library: BlockLibrary, objective: str = "", goal: Goal | None = None
) -> SearchProblem:
    """A problem without budgets: the objective in the sense that is said, else told by the library.

    Raises
    ------
    ScenarioError
        Where nothing tells the sense.
    """
    key = objective or next(iter(library.scores), library.keys[0])
    sense = score_sense(library, key)
    found = goal or sense.goal
    if found is None:
        raise ScenarioError(f"{sense.reason} Say it first, here or with goal=.")
    return SearchProblem.of(library, found, key)


def _content(source: str | Path | bytes) -> tuple[bytes, str, Location]:
    """The file's bytes, the scenario's usual name, and the file for messages."""
    if isinstance(source, bytes):
        return source, _CONFIG, Location(_CONFIG)
    path = Path(source).expanduser()
    if path.is_dir():
        if not (path / _CONFIG).exists():
            Location(_CONFIG).fail(
                f"missing in the folder {path.resolve().name!r}.",
                "Give a model's folder, or its config.json.",
            )
        path /= _CONFIG
    if path.name != _CONFIG:
        return read_bytes(path), path.stem, Location(path.name)
    folder = path.resolve().parent.name
    return read_bytes(path), folder, Location(f"{folder}/{_CONFIG}")

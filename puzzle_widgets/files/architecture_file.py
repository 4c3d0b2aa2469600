"""Architectures as scenarios: from a model's config.json, or from published figures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from puzzle_widgets.errors import LibraryError, ScenarioError
from puzzle_widgets.library import BlockLibrary, LayerName
from puzzle_widgets.library.checks import Location, parse_json
from puzzle_widgets.library.model import once_per_library
from puzzle_widgets.library.puzzletron.blocks import NO_OP, Block, RunSubblock
from puzzle_widgets.library.puzzletron.model_config import (
    Mismatch,
    match_blocks,
    mismatch_words,
    read_blocks,
)
from puzzle_widgets.library.sense import Goal, score_sense
from puzzle_widgets.library.source import read_bytes
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.solution.scenario import Scenario
from puzzle_widgets.solution.solution import evaluate

_CONFIG = "config.json"
NEMOTRON_SUPER_49B = "Nemotron-Super-49B"
_KV_HEADS = 8
_WIDE, _MIDDLE, _HALF, _LOW, _QUARTER, _TENTH = 28672, 17920, 14336, 7168, 5632, 2816
# (first layer, last layer, KV heads, intermediate sizes: one for all, or one each), as published
# in block_configs of nvidia/Llama-3_3-Nemotron-Super-49B-v1 (sizes are those of its ffn_mult).
_RUNS: tuple[tuple[int, int, int, tuple[int, ...]], ...] = (
    (0, 0, _KV_HEADS, (_HALF,)),
    (1, 5, _KV_HEADS, (_WIDE,)),
    (6, 7, 0, (_HALF,)),
    (8, 10, _KV_HEADS, (_WIDE,)),
    (11, 11, 0, (_MIDDLE,)),
    (12, 41, _KV_HEADS, (_WIDE,)),
    (42, 51, 0, (_LOW, _HALF, _HALF, _LOW, _WIDE, _LOW, _HALF, _LOW, _LOW, _LOW)),
    (52, 52, _KV_HEADS, (_WIDE,)),
    (53, 61, 0, (_LOW, _QUARTER, _QUARTER, _LOW, _QUARTER, _QUARTER, _QUARTER, _LOW, _LOW)),
    (62, 70, 0, (_TENTH, _TENTH, _QUARTER, _QUARTER, _TENTH, _TENTH, _QUARTER, _TENTH, _TENTH)),
    (71, 79, _KV_HEADS, (_WIDE,)),
)


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
    """Make a scenario of a model's blocks, as an answer to a problem."""
    return Scenario(name, evaluate(problem, architecture_of(blocks, library, name), "given"))


def architecture_of(
    blocks: Sequence[Block], library: BlockLibrary, name: str
) -> dict[LayerName, str]:
    """Find a model's blocks in a library, ``{layer: variant}``."""
    if len(blocks) != len(library.layers):
        raise ScenarioError(f"{name}: {_count_words(len(blocks), library)}")
    found, wrong = _matched(library, tuple(blocks))
    if wrong:
        raise ScenarioError(
            f"{name}: {mismatch_words(library, wrong)} Open a library that has them."
        )
    return dict(found)


@once_per_library
def _matched(
    library: BlockLibrary, blocks: tuple[Block, ...]
) -> tuple[dict[LayerName, str], tuple[Mismatch, ...]]:
    """Match a model's blocks once: a published one is looked up for every answer."""
    return match_blocks(library, blocks)


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
    """A problem without budgets; the sense of the objective as given, else as the library says."""
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


def preset_names(library: BlockLibrary) -> tuple[str, ...]:
    """Names of the published architectures whose blocks a library has.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> pw.preset_names(pw.load_library("stdlib-2m-measured"))
    ()
    """
    return tuple(name for name, blocks in _presets().items() if _fits(library, blocks))


def preset(
    name: str, library: BlockLibrary, *, objective: str = "", goal: Goal | None = None
) -> Scenario:
    """A published architecture as a scenario.

    Parameters
    ----------
    name
        ``"Nemotron-Super-49B"``: 49 of 80 layers of Llama 3.3 70B keep their attention.
    library
        One that has its blocks.
    objective
        Score to sum; the library's first by default.
    goal
        Which way it is better; by default what the library tells.

    Raises
    ------
    ScenarioError
        Where the name is not known, or naming every layer whose block the library does not have.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> for name in pw.preset_names(library):  # those whose blocks it has
    ...     scenario = pw.preset(name, library)
    """
    if name not in _presets():
        raise ScenarioError(f"No preset {name!r}. There are: {', '.join(_presets())}.")
    return scenario_of(_presets()[name], library, name, plain_problem(library, objective, goal))


@cache
def _presets() -> dict[str, tuple[Block, ...]]:
    return {NEMOTRON_SUPER_49B: _blocks()}


def _fits(library: BlockLibrary, blocks: Sequence[Block]) -> bool:
    return len(blocks) == len(library.layers) and not _matched(library, tuple(blocks))[1]


def _blocks() -> tuple[Block, ...]:
    found = []
    for first, last, heads, widths in _RUNS:
        count = last - first + 1
        attention = RunSubblock("attention", (("kv_heads", heads),)) if heads else NO_OP
        for width in widths if len(widths) > 1 else widths * count:
            ffn = RunSubblock("ffn", (("intermediate", width),))
            found.append(Block((("attention", attention), ("ffn", ffn))))
    return tuple(found)

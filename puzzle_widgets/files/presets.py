"""Published architectures, from their published figures, for libraries that have their blocks."""

from __future__ import annotations

from collections.abc import Sequence

from puzzle_widgets.errors import ScenarioError
from puzzle_widgets.files.architecture_file import plain_problem, scenario_of
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.puzzletron.blocks import NO_OP, Block, RunSubblock
from puzzle_widgets.library.puzzletron.model_config import match_blocks
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.solution.scenario import Scenario

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


def _presets() -> dict[str, list[Block]]:
    return {NEMOTRON_SUPER_49B: _blocks()}


def _fits(library: BlockLibrary, blocks: Sequence[Block]) -> bool:
    return len(blocks) == len(library.layers) and not match_blocks(library, blocks)[1]


def _blocks() -> list[Block]:
    found = []
    for first, last, heads, widths in _RUNS:
        count = last - first + 1
        attention = RunSubblock("attention", (("kv_heads", heads),)) if heads else NO_OP
        for width in widths if len(widths) > 1 else widths * count:
            ffn = RunSubblock("ffn", (("intermediate", width),))
            found.append(Block((("attention", attention), ("ffn", ffn))))
    return found

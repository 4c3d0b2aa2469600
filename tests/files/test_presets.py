"""The published 49B model, inside the published library's search space."""

from __future__ import annotations

import pytest

import puzzle_widgets as pw
from tests.support.libraries import EMBEDDED, published_folder

NAME = "Nemotron-Super-49B"
# Embeddings, head and the last norm of Llama 3.3 70B, which the library leaves out.
OUTSIDE = 2 * 128256 * 8192 + 8192


def test_the_published_model_has_its_published_figures() -> None:
    """49 attention layers and 49,867,145,216 parameters."""
    library = pw.load_library(published_folder())
    assert pw.preset_names(library) == (NAME,)
    solution = pw.preset(NAME, library).solution
    attention = [block.attention.kind for block in solution.blocks]
    assert attention.count("sized") == 49
    assert attention.count("no_op") == 31
    assert solution.totals["stats.num_params"] + OUTSIDE == 49_867_145_216
    assert solution.totals["stats.num_kv_heads"] == 49 * 8
    assert solution.blocks[11].ffn.size == 17920
    assert [block.ffn.size for block in solution.blocks[67:72]] == [2816, 5632, 2816, 2816, 28672]


def test_search_does_no_worse_within_its_own_costs() -> None:
    """The optimum at its memory and runtime bounds its score from below."""
    library = pw.load_library(published_folder())
    found = pw.preset(NAME, library).solution
    budgets = {key: found.totals[key] for key in ("stats.memory_mib", "stats.runtime_ms")}
    best = pw.search(pw.SearchProblem(library, minimize="metrics.kl_div", budgets=budgets))
    assert best.status == "optimal"
    assert best.score <= found.score


def test_it_is_offered_only_where_its_blocks_are() -> None:
    """The embedded library has no FFN of width 17,920; the error names that layer alone."""
    library = pw.load_library(EMBEDDED)
    assert pw.preset_names(library) == ()
    with pytest.raises(
        pw.ScenarioError, match="layer 11: 'attention no_op, ffn intermediate_17920'"
    ):
        pw.preset(NAME, library)
    assert pw.preset_names(pw.random_library(2, 2)) == ()


def test_an_unknown_preset_names_those_there_are() -> None:
    """A clear error."""
    with pytest.raises(pw.ScenarioError, match=NAME):
        pw.preset("other", pw.random_library(2, 2))

"""Tests of the workload's line and what is behind its button."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import puzzle_widgets as pw
from puzzle_widgets.widgets.budgets.serving import ServingChoice
from tests.support.libraries import EMBEDDED, LOSS, MEMORY, make_library


@pytest.fixture
def state() -> pw.ExplorerState:
    """A state on the modeled library."""
    return pw.ExplorerState(EMBEDDED)


@pytest.fixture
def choice(state: pw.ExplorerState) -> Iterator[ServingChoice]:
    """The choice on the state."""
    made = ServingChoice(state)
    yield made
    made.close()


def test_the_line_says_the_workload(choice: ServingChoice, state: pw.ExplorerState) -> None:
    """And that it was worked out, where it was not measured."""
    assert "batch 256" in choice.said.value
    assert "worked out" not in choice.said.value
    assert [field.value for field in choice.counts.values()] == ["256", "176", "1024"]
    state.set_serving(pw.Serving(batch_size=64))
    assert "batch 64" in choice.said.value
    assert "(worked out)" in choice.said.value
    assert "Known for this batch size: Runtime." in choice.reason.value
    state.set_serving(pw.Serving(batch_size=65))
    assert "left out: Runtime" in choice.reason.value


def test_batch_sizes_with_runtimes_are_named(choice: ServingChoice) -> None:
    """In words, and as what is searched where nothing else is typed; where there are none, so."""
    assert "Runtimes are known for batch 1, 8, 32, 64, 128 and 256;" in choice.words.value
    assert choice.sizes.placeholder == "1, 8, 32, 64, 128, 256"
    choice.compare.click()
    assert choice.answers.value.count("tokens/s") == 6
    bare = make_library([[[0.0, 2.0], [1.0, 1.0]]] * 2, (LOSS, MEMORY))
    other = ServingChoice(pw.ExplorerState(bare))
    assert "Throughput is not known here." in other.words.value
    other.close()


def test_fields_set_the_workload(choice: ServingChoice, state: pw.ExplorerState) -> None:
    """Each alone, together, and back."""
    choice.counts["batch_size"].value = "128"
    choice.kv.value = "bfloat16"
    choice.counts["generation"].value = "2,048"
    asked = pw.Serving(batch_size=128, prefill=176, generation=2048, kv_dtype="bfloat16")
    assert state.serving == asked
    choice.non_block.value = "2004"
    assert state.library.non_block_cost(MEMORY) == 2004
    choice.counts["batch_size"].value = "64"
    assert state.library.non_block_cost(MEMORY) == 2004
    choice.reset.click()
    assert state.serving == pw.Serving()
    assert choice.reset.layout.display == "none"


@pytest.mark.parametrize("text", ["0", "x", "-1", "99999999999"])
def test_what_is_no_count_is_said(
    choice: ServingChoice, state: pw.ExplorerState, text: str
) -> None:
    """And the field shows what holds."""
    choice.counts["batch_size"].value = text
    assert state.message.level == "error"
    assert choice.counts["batch_size"].value == "256"
    assert state.serving == pw.Serving()


def test_batch_sizes_are_compared(choice: ServingChoice, state: pw.ExplorerState) -> None:
    """From what was measured, whose throughput is told; the best is one click away."""
    state.budgets = (pw.BudgetSetting(MEMORY, "at most", 60_000, on=True),)
    state.set_serving(pw.Serving(batch_size=128))
    choice.sizes.value = "64, 256"
    choice.compare.click()
    assert "Batch 64" in choice.answers.value
    assert "tokens/s" in choice.answers.value
    assert choice.use.description == "Use batch 64"
    choice.use.click()
    assert state.serving.batch_size == 64
    assert choice.answers.value == ""


def test_a_library_without_the_split_says_so() -> None:
    """Nothing can be typed that could not be worked out."""
    choice = ServingChoice(pw.ExplorerState(pw.random_library(2, 3)))
    assert choice.counts["batch_size"].disabled
    assert "does not tell the KV cache apart" in choice.reason.value
    choice.close()

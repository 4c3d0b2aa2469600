"""Tests of the deployment target at the head of the budgets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import puzzle_widgets as pw
from puzzle_widgets.widgets.budgets.target import TargetChoice
from tests.support.libraries import MEMORY, RUNTIME, make_library


@pytest.fixture
def state() -> pw.ExplorerState:
    """A state on the modeled library."""
    return pw.ExplorerState("llama-3.3-70b-modeled")


@pytest.fixture
def choice(state: pw.ExplorerState) -> Iterator[TargetChoice]:
    """The choice on the state."""
    made = TargetChoice(state)
    yield made
    made.close()


def test_a_gpu_sets_the_memory_budget_and_nothing_else(
    choice: TargetChoice, state: pw.ExplorerState
) -> None:
    """80 GB less a tenth; all other budgets and rules stay."""
    before = [row for row in state.budgets if row.resource != MEMORY]
    choice.gpu.value = "H100 80 GB"
    assert state.problem.budgets[MEMORY].upper == pytest.approx(72e9 / 2**20)
    assert [row for row in state.budgets if row.resource != MEMORY] == before
    assert state.rules == ()
    assert "80 GB less 10 % kept free for activations" in choice.words.value
    assert "runtimes" not in choice.words.value


def test_another_gpu_says_whose_runtimes_they_are(choice: TargetChoice) -> None:
    """It limits memory only."""
    choice.gpu.value = "L40S 48 GB"
    assert "Limits memory only; runtimes stay those of NVIDIA H100" in choice.words.value


def test_a_parent_that_does_not_fit_is_said_so(
    choice: TargetChoice, state: pw.ExplorerState
) -> None:
    """With what it takes in the workload that is open, on each GPU."""
    choice.gpu.value = "H100 80 GB"
    assert "The parent does not fit: it takes 113,281 MiB." in choice.words.value
    choice.gpus.value = 2
    assert "does not fit" not in choice.words.value
    state.set_serving(pw.Serving(weights_dtype="bf16", kv_dtype="bf16"))
    assert "does not fit: it takes 113,281 MiB on each of 2 GPUs." in choice.words.value


def test_several_gpus_are_counted_one_by_one(choice: TargetChoice, state: pw.ExplorerState) -> None:
    """The limit on each is said with what it assumes, what the answer puts there, and the rule."""
    choice.gpu.value = "L4 24 GB"
    choice.gpus.value = 4
    assert state.problem.budgets[MEMORY].upper == pytest.approx(4 * 21.6e9 / 2**20)
    assert "20,599 MiB on each of 4 GPUs, if weights and KV cache split" in choice.words.value
    assert "are copied, which is counted" in choice.answer.value
    choice.offer.click()
    words = "each of 4 GPUs holds at most 20,599 MiB, copied KV heads counted"
    assert [rule.words for rule in state.rules] == [words]
    assert choice.offer.layout.display == "none"
    assert "on each GPU" in choice.answer.value


def test_the_reserve_is_typed(choice: TargetChoice, state: pw.ExplorerState) -> None:
    """20 or 20 %; what is no share changes nothing, is marked, and says what to type."""
    choice.gpu.value = "H100 80 GB"
    choice.reserve.value = "20"
    assert state.problem.budgets[MEMORY].upper == pytest.approx(64e9 / 2**20)
    assert choice.reserve.value == "20 %"
    choice.reserve.value = "100 %"
    assert "pw-invalid" in choice.reserve._dom_classes
    assert "Type a share from 0 to below 100 %" in choice.words.value
    assert state.problem.budgets[MEMORY].upper == pytest.approx(64e9 / 2**20)
    choice.reserve.value = "5 %"
    assert "pw-invalid" not in choice.reserve._dom_classes


def test_a_limit_of_ones_own_is_no_target(choice: TargetChoice, state: pw.ExplorerState) -> None:
    """Moved off, it shows none; undone, it shows the GPU again."""
    choice.gpu.value = "A100 80 GB"
    state.set_budget(MEMORY, 50_000)
    assert choice.gpu.value == ""
    assert choice.words.layout.display == "none"
    state.undo()
    assert choice.gpu.value == "A100 80 GB"


def test_a_speedup_sets_the_throughput(choice: TargetChoice, state: pw.ExplorerState) -> None:
    """Twice the parent's; a limit of one's own shows none."""
    choice.speed.value = 2.0
    parent = state.library.parent_totals[RUNTIME]
    assert state.problem.budgets[RUNTIME].upper == pytest.approx(parent / 2)
    state.set_budget("throughput", "180 %")
    assert choice.speed.value == 0.0


def test_without_tokens_a_speedup_limits_the_runtime() -> None:
    """A library that tells no batch has a runtime to halve all the same."""
    rows = [[0, 2048, 1000], [1, 100, 10]]
    state = pw.ExplorerState(make_library([rows, rows], ("metrics.loss", MEMORY, RUNTIME)))
    choice = TargetChoice(state)
    choice.speed.value = 2.0
    assert state.problem.budgets[RUNTIME].upper == 1000
    choice.close()


def test_what_the_library_does_not_count_is_not_asked() -> None:
    """Without memory there is no GPU to choose, without runtime no speed-up."""
    only = pw.ExplorerState(make_library([[[0, 5], [1, 2]]], ("metrics.loss", RUNTIME)))
    choice = TargetChoice(only)
    assert choice.memory_part.layout.display == "none"
    assert choice.speed_part.layout.display == ""
    choice.close()
    neither = TargetChoice(
        pw.ExplorerState(make_library([[[0, 5], [1, 2]]], ("metrics.a", "stats.b")))
    )
    assert neither.layout.display == "none"
    neither.close()


def test_a_target_is_kept(choice: TargetChoice, state: pw.ExplorerState) -> None:
    """With its reserve, and told from a GPU of the same memory, by what is saved."""
    choice.gpu.value = "A100 80 GB"
    choice.reserve.value = "20"
    saved = state.to_json()
    again = TargetChoice(pw.ExplorerState.from_json(saved))
    assert (again.gpu.value, again.reserve.value) == ("A100 80 GB", "20 %")
    assert state.undo() == "Memory budget"
    assert choice.reserve.value == "10 %"
    again.state.set_budget(MEMORY, 50_000)
    assert again.target is None
    again.close()


@pytest.mark.parametrize("wrong", [{"gpu": "H101"}, {"gpus": 99}, {"reserve": 7.5}])
def test_a_saved_target_that_is_none_is_not_shown(wrong: dict[str, object]) -> None:
    """The limit counts; nothing is said of where it is from."""
    state = pw.ExplorerState("llama-3.3-70b-modeled")
    state.set_budget(MEMORY, 50_000)
    state.set_looks(**{"gpu": "H100 80 GB", "gpus": 1, "reserve": 0.5, **wrong})
    choice = TargetChoice(state)
    assert choice.target is None
    choice.close()

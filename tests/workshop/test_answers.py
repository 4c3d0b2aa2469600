"""What a learner may hand in, and what is said of anything else."""

from __future__ import annotations

import math

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.workshop.answers import (
    UnreadableAnswerError,
    is_close,
    read_architecture,
    read_names,
    read_number,
)
from puzzle_widgets.workshop.check import memory_problem


@pytest.mark.parametrize("answer", [3, 3.0, np.float64(3), np.int8(3), np.array(3.0)])
def test_numbers_of_any_kind_are_read(answer: object) -> None:
    """Those of NumPy among them."""
    assert read_number(answer, "it") == 3


@pytest.mark.parametrize(
    "answer", [None, "3", b"3", True, [3], {}, math.nan, math.inf, 10**400, 1j, object(), int]
)
def test_what_is_no_number_is_refused_in_a_sentence(answer: object) -> None:
    """It says what is wanted."""
    with pytest.raises(UnreadableAnswerError, match="Give it as a plain number") as refused:
        read_number(answer, "it")
    assert len(str(refused.value)) < 300


def test_names_are_read_whatever_their_case() -> None:
    """One alone or several."""
    known = {"Memory": "stats.memory_mib", "throughput": "stats.runtime_ms"}
    assert read_names(" memory ", known, "them") == {"stats.memory_mib"}
    assert read_names(("Memory", "THROUGHPUT"), known, "them") == set(known.values())
    with pytest.raises(UnreadableAnswerError, match="no budget 'speed'"):
        read_names(["speed"], known, "them")
    with pytest.raises(UnreadableAnswerError, match="text or a list"):
        read_names(5, known, "them")


def test_an_architecture_is_read_from_all_that_has_one() -> None:
    """A mapping, a solution, a solved model."""
    pulp = pytest.importorskip("pulp")
    problem = memory_problem()
    solution, model = pw.search(problem), problem.to_pulp()
    model.solve(pulp.HiGHS(msg=False))
    assert read_architecture(solution, problem) == solution.architecture
    assert read_architecture(solution.architecture, problem) == solution.architecture
    assert read_architecture(model, problem) == solution.architecture


@pytest.mark.parametrize("answer", [None, 3, "parent", [], object(), pw.search])
def test_what_is_no_architecture_is_refused_in_a_sentence(answer: object) -> None:
    """It says what would do."""
    with pytest.raises(UnreadableAnswerError, match=r"Give \{layer: variant\}"):
        read_architecture(answer, memory_problem())


def test_missing_layers_and_unknown_variants_are_named() -> None:
    """Rather than filled in."""
    with pytest.raises(UnreadableAnswerError, match="7 layers have no variant yet"):
        read_architecture({0: "parent"}, memory_problem())
    with pytest.raises(pw.ProblemError, match="layer 0 has no variant 'big'"):
        read_architecture({0: "big"}, memory_problem())
    with pytest.raises(pw.SolverError, match="Solve it first"):
        read_architecture(memory_problem().to_pulp(), memory_problem())


def test_four_digits_are_enough() -> None:
    """Three are not."""
    assert is_close(0.02201, 0.022005127)
    assert not is_close(0.0221, 0.022005127)

"""Reads what a learner hands in: a number, names, an architecture; or says what is wanted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from puzzle_widgets.errors import PuzzleError
from puzzle_widgets.library import LayerName
from puzzle_widgets.library.checks import short_repr
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.problem.budget import as_number
from puzzle_widgets.problem.choices import read_choices
from puzzle_widgets.solution import Solution

CLOSE = 5e-4
"""Relative error that rounding to four digits may leave."""


class UnreadableAnswerError(PuzzleError):
    """An answer is not of the kind that is asked for; the message says which is."""


def read_number(answer: object, wanted: str) -> float:
    """Read a number; ``wanted`` says what it is and in which unit.

    Examples
    --------
    >>> read_number(81.15, "the memory in MiB")
    81.15
    >>> read_number("much", "the memory in MiB")
    Traceback (most recent call last):
    puzzle_widgets.workshop.answers.UnreadableAnswerError: Give the memory in MiB ...
    """
    number = math.nan if isinstance(answer, str | bytes) else as_number(answer)
    if not math.isfinite(number):
        raise UnreadableAnswerError(
            f"Give {wanted} as a plain number, without quotes or unit; {_what(answer)}."
        )
    return number


def read_names(answer: object, known: Mapping[str, str], wanted: str) -> frozenset[str]:
    """Read one name or several; ``known`` has each name's key, whatever its case.

    Examples
    --------
    >>> sorted(read_names(["Memory", "stats.num_params"], {"Memory": "stats.memory_mib",
    ...     "stats.num_params": "stats.num_params"}, "the budgets"))
    ['stats.memory_mib', 'stats.num_params']
    """
    plain = {name.casefold(): key for name, key in known.items()}
    names = [answer] if isinstance(answer, str) else answer
    if not isinstance(names, Iterable) or isinstance(names, bytes):
        raise UnreadableAnswerError(f"Give {wanted} as text or a list of texts; {_what(answer)}.")
    found = []
    for name in names:
        if not isinstance(name, str) or name.strip().casefold() not in plain:
            there = ", ".join(dict.fromkeys(known.values()))
            raise UnreadableAnswerError(
                f"There is no budget {short_repr(name)} here. There are {there}."
            )
        found.append(plain[name.strip().casefold()])
    return frozenset(found)


def read_architecture(answer: Any, problem: SearchProblem) -> dict[LayerName, str]:  # noqa: ANN401
    """Read ``{layer: variant}``, a solution, or a solved model of PuLP.

    Raises
    ------
    UnreadableAnswerError
        If it is neither, or lacks layers.
    ProblemError, SolverError
        If a layer or variant is unknown, or the model was not solved.
    """
    if isinstance(answer, Solution):
        answer = answer.architecture
    elif hasattr(answer, "variablesDict") and not isinstance(answer, type):
        answer = problem.read_pulp(answer)
    if not isinstance(answer, Mapping):
        raise UnreadableAnswerError(
            f"Give {{layer: variant}}, a solution, or a solved model of PuLP; {_what(answer)}."
        )
    named = read_choices(problem.library, dict(answer), "The answer")
    missing = [layer.name for layer in problem.library.layers if layer.name not in named]
    if missing:
        raise UnreadableAnswerError(
            f"{len(missing)} layers have no variant yet, the first is {missing[0]!r}."
        )
    return named


def is_close(answer: float, truth: float, within: float = CLOSE) -> bool:
    """Whether a number is the truth, but for rounding."""
    return math.isclose(answer, truth, rel_tol=within, abs_tol=1e-12)


def _what(answer: object) -> str:
    """Say what was given: the kind, and a number or text itself."""
    if answer is None:
        return "there is nothing in it, only None"
    if isinstance(answer, str | bytes | bool | int | float | complex):
        return f"this is {short_repr(answer)}"
    return f"this is of type {short_repr(type(answer).__name__)}"

"""What is exported, as it may be given: a solution, a scenario, or several of either."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NoReturn

from puzzle_widgets.errors import ExportError
from puzzle_widgets.solution import Scenario, Solution

Given = Solution | Scenario | Sequence[Solution | Scenario]


def as_scenarios(given: Given) -> list[Scenario]:
    """Give scenarios; solutions are named ``"solution"``, or by their place where several are.

    Raises
    ------
    ExportError
        If it is anything else.
    """
    if isinstance(given, Solution | Scenario):
        return [_named(given, "solution")]
    if not isinstance(given, Iterable):
        _refuse(given)
    several = list(given)
    stem = "solution {}" if len(several) > 1 else "solution"
    return [_named(one, stem.format(place)) for place, one in enumerate(several, 1)]


def _named(one: object, name: str) -> Scenario:
    if isinstance(one, Solution):
        return Scenario(name, one)
    return one if isinstance(one, Scenario) else _refuse(one)


def _refuse(given: object) -> NoReturn:
    raise ExportError(
        f"{type(given).__name__} cannot be exported. Give a Solution, a Scenario, or a list "
        "of either."
    )

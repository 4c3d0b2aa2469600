"""What is exported: one architecture or several, and what some targets need besides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from puzzle_widgets.errors import ExportError
from puzzle_widgets.export.parent_config import ParentConfig
from puzzle_widgets.solution import Scenario, Solution
from puzzle_widgets.sweeps import ParetoFront

Given = Solution | Scenario | Sequence[Solution | Scenario]


@dataclass(frozen=True)
class ExportRequest:
    """What is to be written: architectures, and what some targets need or take besides."""

    scenarios: Sequence[Scenario]
    parent: ParentConfig | None = None
    front: ParetoFront | None = None


@dataclass(frozen=True)
class ExportContext:
    """What is checked: an architecture, and its parent's configuration if known."""

    solution: Solution
    parent: ParentConfig | None = None


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

"""``one_minus_...`` of every score, as Puzzletron's own searches have it."""

from __future__ import annotations

from dataclasses import replace

from puzzle_widgets.library.puzzletron.candidate import Candidate
from puzzle_widgets.library.puzzletron.gaps import Usable
from puzzle_widgets.library.quantity import SCORE_GROUP

_PREFIX = f"{SCORE_GROUP}one_minus_"


def with_one_minus(found: Usable) -> Usable:
    """Add 1 - score for each score that has it not yet, the parent's own from its own score."""
    scores = [
        key for key in found.keys if key.startswith(SCORE_GROUP) and not key.startswith(_PREFIX)
    ]
    derived = {name: key for key in scores if (name := _derived(key)) not in found.keys}
    candidates = tuple(_with_derived(candidate, derived) for candidate in found.candidates)
    last = max((found.keys.index(key) for key in scores), default=-1) + 1
    keys = (*found.keys[:last], *derived, *found.keys[last:])
    return replace(found, keys=keys, candidates=candidates)


def _derived(key: str) -> str:
    return f"{_PREFIX}{key.removeprefix(SCORE_GROUP)}"


def _with_derived(found: Candidate, derived: dict[str, str]) -> Candidate:
    own = {name: found.values[key] for name, key in derived.items()}
    values = {name: None if value is None else 1.0 - value for name, value in own.items()}
    return replace(found, values={**found.values, **values})

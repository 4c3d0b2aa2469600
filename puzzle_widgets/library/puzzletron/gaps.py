"""What is missing: which scores and costs can be used, which blocks go, and the words for both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from puzzle_widgets.library.checks import Location
from puzzle_widgets.library.puzzletron.candidate import Candidate, ranges
from puzzle_widgets.library.quantity import COST_GROUP, SCORE_GROUP

_FIRST = ("kl_div", "cosine_embedding_loss_hidden_states", "lm_loss")
_SCORE_SHARE, _COST_SHARE = 0.5, 0.9
_NAMED = 20


@dataclass(frozen=True)
class Usable:
    """Keys that all the blocks kept have, those blocks, and what was left out."""

    keys: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    notices: tuple[str, ...]


def usable(candidates: Sequence[Candidate], place: Location) -> Usable:
    """Decide which scores and costs to use, and which blocks lack one of them.

    A score is used that at least half as many blocks have as have the commonest one, a cost that
    nine in ten have; the parent's own blocks need all of them. Blocks that lack one are left out,
    and said. A layer of which nothing but the parent's block is left stays, and is named.

    Raises
    ------
    LibraryError
        Where no block has a score.
    """
    keys = list(dict.fromkeys(key for found in candidates for key in found.values))
    scores, left_scores = _scores(candidates, keys, place)
    costs, left_costs = _costs(candidates, keys)
    wanted = [*scores, *costs]
    kept = [c for c in candidates if all(c.values.get(key) is not None for key in wanted)]
    notices = [*left_scores, *left_costs, *_left_out(candidates, kept, wanted)]
    return Usable(tuple(wanted), tuple(kept), tuple(notices))


def _scores(
    candidates: Sequence[Candidate], keys: list[str], place: Location
) -> tuple[list[str], list[str]]:
    others = [found for found in candidates if not found.is_parent]
    found = [key for key in keys if key.startswith(SCORE_GROUP)]
    counts = {key: _count(others, key) for key in found}
    most = max(counts.values(), default=0)
    if others and not most:
        place.fail(
            f"no block of {ranges([c.layer for c in others])} has a score.",
            "Give the validation files of the blocks, solution_0.json and so on.",
        )
    fit = [key for key in found if counts[key] >= _SCORE_SHARE * most and _whole(candidates, key)]
    if others and not fit:
        place.fail(
            f"the parent's own {' and '.join(found)} is not known in every layer.",
            "Give the validation file teacher.json.",
        )
    said = [
        _said(key, candidates, counts[key], len(others))
        for key in found
        if key not in fit and counts[key]
    ]
    return sorted(fit, key=_rank), said


def _costs(candidates: Sequence[Candidate], keys: list[str]) -> tuple[list[str], list[str]]:
    found = [key for key in keys if key.startswith(COST_GROUP)]
    counts = {key: _count(candidates, key) for key in found}
    fit = [
        key
        for key in found
        if counts[key] >= _COST_SHARE * len(candidates) and _whole(candidates, key)
    ]
    said = [
        _said(key, candidates, counts[key], len(candidates))
        for key in found
        if key not in fit and counts[key]
    ]
    return fit, said


def _whole(candidates: Sequence[Candidate], key: str) -> bool:
    """Whether the parent's own block has it in every layer."""
    return all(c.values.get(key) is not None for c in candidates if c.is_parent)


def _count(candidates: Sequence[Candidate], key: str) -> int:
    return sum(found.values.get(key) is not None for found in candidates)


def _said(key: str, candidates: Sequence[Candidate], count: int, whole: int) -> str:
    if count and not _whole(candidates, key):
        first = _first_without(key, [c for c in candidates if c.is_parent])
        return f"{key} is left out: the parent's own is not known in every layer, first in {first}."
    others = [c for c in candidates if not c.is_parent or key.startswith(COST_GROUP)]
    first = _first_without(key, others)
    return f"{key} is left out: only {count:,} of {whole:,} blocks have it; not {first}."


def _first_without(key: str, candidates: Sequence[Candidate]) -> str:
    return next((c.words for c in candidates if c.values.get(key) is None), "all of them")


def _left_out(
    candidates: Sequence[Candidate], kept: Sequence[Candidate], wanted: list[str]
) -> list[str]:
    places = {id(found) for found in kept}
    gone = [found for found in candidates if id(found) not in places]
    if not gone:
        return []
    missing = [key for key in wanted if any(c.values.get(key) is None for c in gone)]
    named = ", ".join(found.words for found in gone[:_NAMED])
    more = f" and {len(gone) - _NAMED:,} more" if len(gone) > _NAMED else ""
    lacks = _lacks(missing, wanted)
    count = f"{len(gone):,} of {len(candidates):,}"
    said = [f"Left out: {count} blocks without {lacks}: {named}{more}."]
    alone = _only_parent(candidates, kept)
    if alone:
        said.append(
            f"{ranges(alone).capitalize()}: no block but the parent's has all scores and costs, "
            "so it stays in every architecture."
        )
    return said


def _lacks(missing: list[str], wanted: list[str]) -> str:
    """Name what is missing; where no score is there at all, in one word."""
    scores = [key for key in wanted if key.startswith(SCORE_GROUP)]
    if missing == scores:
        return "any score" if len(scores) > 1 else scores[0]
    return " or ".join(missing)


def _only_parent(candidates: Sequence[Candidate], kept: Sequence[Candidate]) -> list[int]:
    had = {found.layer for found in candidates if not found.is_parent}
    have = {found.layer for found in kept if not found.is_parent}
    return sorted(had - have)


def _rank(key: str) -> tuple[int, int]:
    name = key.removeprefix(SCORE_GROUP)
    return (_FIRST.index(name) if name in _FIRST else len(_FIRST), 0)

"""The parent's own scores: measured where they are, else the best that a score can be.

Puzzletron writes 0 for every similarity of the parent to itself. That is right for losses and
wrong for what is the better the larger it is, where the parent agrees with itself: 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from puzzle_widgets.library.puzzletron.values import Values
from puzzle_widgets.library.sense import sense_of_name

_ONE_MINUS = "one_minus_"
_SIMILARITIES = ("kl_div", "js_div", "tv_dist", "hidden_states", "logits", "greedy_teacher")
_MEASURED = ("lm_loss", "token_accuracy")


def parent_scores(
    own: Values,
    keys: Iterable[str],
    others: Mapping[str, list[float]],
    *,
    zeros_stand_for_none: bool,
) -> Values:
    """Give the parent's score for each metric.

    Parameters
    ----------
    own
        What the input says of the parent, by the metric's bare name.
    keys
        Bare names of all metrics.
    others
        What the other blocks score, by bare name.
    zeros_stand_for_none
        Whether 0 is also written where nothing was measured, as in the records of a search.

    Returns
    -------
    dict
        ``None`` where the parent's score is not known.
    """
    return {key: _score(key, own, others, zeros=zeros_stand_for_none) for key in keys}


def was_corrected(key: str, own: Values, scores: Values) -> bool:
    """Whether the input says another number for the parent than is used."""
    return own.get(key) is not None and scores.get(key) != own[key]


def _score(
    key: str, own: Values, others: Mapping[str, list[float]], *, zeros: bool
) -> float | None:
    if key.startswith(_ONE_MINUS):
        base = _score(key.removeprefix(_ONE_MINUS), own, others, zeros=zeros)
        return None if base is None else 1.0 - base
    value = own.get(key)
    measured = value is not None and (value != 0 or not zeros)
    if measured or any(word in key for word in _MEASURED):
        return value
    gain = sense_of_name(key) == "maximize"
    if gain and (value is not None or _is_similarity(key)):
        return max(1.0, *others.get(key, [1.0]))
    return 0.0 if _is_similarity(key) else value


def _is_similarity(key: str) -> bool:
    return any(word in key for word in _SIMILARITIES)

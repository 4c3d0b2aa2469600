"""What is made best: one score, or a weighted sum of several, with a weight for each layer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary, FrozenMapping, LayerName
from puzzle_widgets.library.checks import short_repr
from puzzle_widgets.library.quantity import SCORE_GROUP
from puzzle_widgets.library.score_sum import ScoreSum
from puzzle_widgets.library.sense import Goal, pull, score_sense
from puzzle_widgets.library.weighted import with_sum
from puzzle_widgets.problem.budget import as_number, check_key
from puzzle_widgets.problem.choices import find_layer

Objective = str | Mapping[str, float]
"""A dotted key, or ``{key: weight}``."""
LayerWeights = Mapping[LayerName, float]


def read_objective(
    library: BlockLibrary,
    minimize: Objective | None,
    maximize: Objective | None,
    layer_weights: LayerWeights | None = None,
) -> tuple[BlockLibrary, str, Goal]:
    """Read an objective: the library, with the weighted sum where it is one; its key; its goal."""
    given = minimize if minimize is not None else maximize
    if given is None or (minimize is not None and maximize is not None):
        raise ProblemError(_no_objective(library))
    goal: Goal = "minimize" if minimize is not None else "maximize"
    if not isinstance(given, Mapping) and not layer_weights:
        return library, check_key(library, str(given), "The objective"), goal
    one = read_sum(library, given, layer_weights or {})
    if one.key in library.keys:
        return library, one.key, goal
    if list(one.weights.values()) == [1.0] and not one.layer_weights:
        return library, next(iter(one.weights)), goal
    return with_sum(library, one), one.key, goal


def _no_objective(library: BlockLibrary) -> str:
    key = library.scores[0] if library.scores else library.keys[0]
    sense = score_sense(library, key)
    return (
        "An objective is needed: give minimize= or maximize=, one of the two, such as "
        f"{sense.goal or 'minimize'}={key!r}. {sense.reason}"
    )


def read_sum(
    library: BlockLibrary, given: Objective, layer_weights: LayerWeights | None = None
) -> ScoreSum:
    """Check a weighted sum of scores, its layers in a person's words.

    Parameters
    ----------
    library
        Whose scores and layers these are.
    given
        ``{score: weight}``, or the key of one score; a weight of 0 leaves its score out. A sum
        that the library has already is weighted by its own scores.
    layer_weights
        ``{layer: weight}``, each 0 or more; a layer left out counts once.

    Raises
    ------
    ProblemError
        If a score or layer is not there, a weight is no finite number, or terms are known to pull
        opposite ways: less of one and more of another, under weights of one sign.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> read_sum(library, {"metrics.kl_div": 1, "metrics.lm_loss": 0.5}, {0: 2}).layer_weights
    {0: 2.0}
    """
    weights = dict(given) if isinstance(given, Mapping) else {given: 1.0}
    read = {key: _weight(library, key, weight) for key, weight in weights.items()}
    kept = {key: read[key] for key in library.scores if read.get(key)}
    if not kept:
        raise ProblemError("A weighted sum needs a score: give {score: weight}, one of them not 0.")
    kept, by_layer = _opened(library, kept, _layer_weights(library, layer_weights or {}))
    _check_pulls(library, kept)
    return ScoreSum(FrozenMapping(kept), FrozenMapping(by_layer))


def _weight(library: BlockLibrary, key: str, weight: object) -> float:
    check_key(library, key, "A weight")
    if not key.startswith(SCORE_GROUP):
        raise ProblemError(
            f"A weight on {key!r}: that is a cost, and scores are summed. Limit it by a budget."
        )
    number = as_number(weight)
    if not math.isfinite(number):
        raise ProblemError(f"A weight on {key!r}: {short_repr(weight)} is not a finite number.")
    return number


def _opened(
    library: BlockLibrary, kept: dict[str, float], by_layer: dict[LayerName, float]
) -> tuple[dict[str, float], dict[LayerName, float]]:
    """Write a sum of the library's own as its scores; within another sum it is refused."""
    own = [key for key in kept if key in library.sums]
    if not own:
        return kept, by_layer
    if len(kept) > 1:
        raise ProblemError(f"{own[0]!r} is a weighted sum itself. Give the weights of its scores.")
    one, factor = library.sums[own[0]], kept[own[0]]
    weights = {key: factor * weight for key, weight in one.weights.items()}
    return weights, by_layer or dict(one.layer_weights)


def _layer_weights(library: BlockLibrary, given: LayerWeights) -> dict[LayerName, float]:
    found: dict[LayerName, float] = {}
    for word, weight in given.items():
        layer, number = find_layer(library, word), as_number(weight)
        if not 0 <= number < math.inf:
            raise ProblemError(
                f"The weight of layer {layer!r}: {short_repr(weight)}. Give a number, 0 or more."
            )
        if found.setdefault(layer, number) != number:
            raise ProblemError(f"Layer {layer!r} is given two weights. Give one.")
    ordered = (layer.name for layer in library.layers)
    found = {name: found[name] for name in ordered if found.get(name, 1.0) != 1.0}
    if len(found) == len(library.layers) and not any(found.values()):
        raise ProblemError("All layers have a weight of 0: nothing is left to sum.")
    return found


def _check_pulls(library: BlockLibrary, weights: Mapping[str, float]) -> None:
    """Refuse terms that are known to pull opposite ways; what is not known is the caller's."""
    senses = {key: score_sense(library, key).goal for key in weights}
    pulls = {key: pull(goal, weights[key]) for key, goal in senses.items() if goal}
    if len(set(pulls.values())) < 2:
        return
    first, way = next(iter(pulls.items()))
    other = next(key for key, its in pulls.items() if its != way)
    better = {"minimize": "smaller", "maximize": "bigger"}
    raise ProblemError(
        f"{library.quantity(first).label} is better {better[str(senses[first])]}, "
        f"{library.quantity(other).label} is better {better[str(senses[other])]}: these weights "
        f"play them off against each other. Give {other!r} a weight of {-weights[other]:g}."
    )


def pulled_together(
    library: BlockLibrary, counts: Mapping[str, float], said: Mapping[str, Goal] | None = None
) -> tuple[Goal, dict[str, float]]:
    """Say how much scores count, and get the goal and the weights, each with its sign.

    Parameters
    ----------
    library
        Whose scores these are.
    counts
        ``{score: count}``, each 0 or more, whichever way the score is better.
    said
        Which way scores are better where the library does not tell.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> pulled_together(library, {"metrics.kl_div": 1, "metrics.lm_loss": 0.5})
    ('minimize', {'metrics.kl_div': 1, 'metrics.lm_loss': 0.5})
    """
    kept = {key: count for key, count in counts.items() if count}
    senses = {key: (said or {}).get(key) or score_sense(library, key).goal for key in kept}
    for key, sense in senses.items():
        if sense is None:
            label = library.quantity(key).label
            raise ProblemError(
                f"{score_sense(library, key).reason} Choose {label} alone first, and say which."
            )
    goal: Goal = "maximize" if set(senses.values()) == {"maximize"} else "minimize"
    return goal, {key: count if senses[key] == goal else -count for key, count in kept.items()}


def weights_of(library: BlockLibrary, key: str) -> dict[str, float]:
    """The scores of an objective and their weights; one that is no sum counts once."""
    return dict(library.sums[key].weights) if key in library.sums else {key: 1.0}


def layer_weights_of(library: BlockLibrary, key: str) -> dict[LayerName, float]:
    """The layers of an objective that do not count once, and their weights."""
    return dict(library.sums[key].layer_weights) if key in library.sums else {}


def sum_words(library: BlockLibrary, key: str) -> str:
    """Say what a weighted score adds up; empty for any other score.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> both = {"metrics.kl_div": 1, "metrics.lm_loss": 0.5}
    >>> problem = pw.SearchProblem(library, minimize=both, layer_weights={0: 2})
    >>> sum_words(problem.library, problem.objective)
    'KL divergence + 0.5 x LM loss, layers weighted 0: 2, others 1'
    """
    if key not in library.sums:
        return ""
    labels = {term: library.quantity(term).label for term in library.sums[key].weights}
    layers = write_layer_weights(library, library.sums[key].layer_weights)
    words = library.sums[key].words(labels)
    return f"{words}, layers weighted {layers}, others 1" if layers else words


def parse_layer_weights(library: BlockLibrary, text: str) -> dict[LayerName, float]:
    """Read layer weights from words: layers or ranges of them, each with a weight.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> parse_layer_weights(pw.random_library(6, 2), "0 to 1: 2, 5: 0.5")
    {0: 2.0, 1: 2.0, 5: 0.5}
    """
    found: dict[LayerName, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        layers, mark, weight = part.rpartition("=" if "=" in part else ":")
        number = as_number(weight.strip())
        if not mark or not 0 <= number < math.inf:
            raise ProblemError(
                f"{short_repr(part)} is not a weight of layers. Write layers and weights such as "
                "'0 to 9: 2, 79: 0.5'."
            )
        for layer in _range(library, layers):
            if found.setdefault(layer, number) != number:
                raise ProblemError(f"Layer {layer!r} is given two weights. Give one.")
    return found


def _range(library: BlockLibrary, words: str) -> list[LayerName]:
    first, mark, last = words.partition(" to ")
    start = library.layer_positions[find_layer(library, first)]
    end = library.layer_positions[find_layer(library, last)] if mark else start
    if end < start:
        raise ProblemError(f"{short_repr(words)}: give the first layer before the last.")
    return [layer.name for layer in library.layers[start : end + 1]]


def write_layer_weights(library: BlockLibrary, weights: LayerWeights) -> str:
    """Write layer weights as :func:`parse_layer_weights` reads them; runs of one weight in short.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> write_layer_weights(pw.random_library(6, 2), {0: 2.0, 1: 2.0, 5: 0.5})
    '0 to 1: 2, 5: 0.5'
    """
    runs: list[tuple[int, int, float]] = []
    for place, layer in enumerate(library.layers):
        weight = weights.get(layer.name, 1.0)
        if runs and runs[-1][1:] == (place - 1, weight):
            runs[-1] = (runs[-1][0], place, weight)
        else:
            runs.append((place, place, weight))
    return ", ".join(
        f"{_span(library, first, last)}: {weight!r}".removesuffix(".0")
        for first, last, weight in runs
        if weight != 1.0
    )


def _span(library: BlockLibrary, first: int, last: int) -> str:
    names = [str(library.layers[place].name) for place in dict.fromkeys((first, last))]
    return " to ".join(names)


def sum_out(one: ScoreSum) -> dict[str, Any]:
    """Write a weighted sum for JSON."""
    layers = [[layer, weight] for layer, weight in one.layer_weights.items()]
    return {"weights": dict(one.weights), "layer_weights": layers}


def weights_out(library: BlockLibrary, key: str) -> dict[str, Any]:
    """Write the weights of an objective for JSON; nothing where it is no sum."""
    return sum_out(library.sums[key]) if key in library.sums else {}


def weights_in(found: Mapping[str, Any]) -> tuple[dict[str, float], dict[LayerName, float]]:
    """Read what :func:`sum_out` wrote; what makes no sense raises ``ValueError`` or the like."""
    weights = dict(found.get("weights") or {})
    return weights, dict(found.get("layer_weights") or [])

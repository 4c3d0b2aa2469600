"""A weighted sum of scores: what it adds up, its name as a key, and its words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from puzzle_widgets.library.frozen import FrozenMapping
from puzzle_widgets.library.quantity import SCORE_GROUP, Quantity, format_exact

_LABEL = "Weighted score"


@dataclass(frozen=True)
class ScoreSum:
    """A weighted sum of scores, which a library carries as one more score.

    A block of layer ``l`` counts ``layer_weights[l] * sum(weights[k] * score[k])``.

    Parameters
    ----------
    weights
        ``{score: weight}``, none of them 0.
    layer_weights
        ``{layer: weight}``, each 0 or more and other than 1; a layer left out counts once.

    Examples
    --------
    >>> one = ScoreSum(FrozenMapping({"metrics.kl_div": 1.0, "metrics.lm_loss": 0.5}))
    >>> one.key
    'metrics.weighted(kl_div + 0.5 lm_loss)'
    """

    weights: FrozenMapping[str, float]
    layer_weights: FrozenMapping[int | str, float] = FrozenMapping()

    @cached_property
    def key(self) -> str:
        """The dotted key of the sum; equal sums have equal keys."""
        bare = {name.removeprefix(SCORE_GROUP): weight for name, weight in self.weights.items()}
        return f"{SCORE_GROUP}weighted({_terms(bare)}{self._layers_mark})"

    @property
    def _layers_mark(self) -> str:
        """Tells sums of other layer weights apart; empty where all layers count alike."""
        if not self.layer_weights:
            return ""
        text = json.dumps([[name, weight] for name, weight in self.layer_weights.items()])
        return f"; layers {sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"

    def quantity(self, terms: Iterable[Quantity], number: int = 0) -> Quantity:
        """Its short label, with a number where there are several, and the unit of all its terms."""
        units = {term.unit for term in terms}
        label = f"{_LABEL} {number}" if number else _LABEL
        return Quantity(self.key, label, units.pop() if len(units) == 1 else "")

    def words(self, labels: dict[str, str]) -> str:
        """Say the sum by the labels of its scores.

        Examples
        --------
        >>> one = ScoreSum(FrozenMapping({"metrics.a": 2.0, "metrics.b": -0.5}))
        >>> one.words({"metrics.a": "A", "metrics.b": "B"})
        '2 x A - 0.5 x B'
        """
        named = {labels[key]: weight for key, weight in self.weights.items()}
        return _terms(named, " x ") if len(named) == len(self.weights) else self.key


def _terms(named: dict[str, float], times: str = " ") -> str:
    """Write a sum, such as ``a + 0.5 b``."""
    text = ""
    for name, weight in named.items():
        sign = "-" if weight < 0 else "+"
        factor = "" if abs(weight) == 1 else f"{_number(abs(weight))}{times}"
        text += f" {sign} {factor}{name}" if text else f"{'-' if weight < 0 else ''}{factor}{name}"
    return text


def _number(weight: float) -> str:
    """Write a weight so that no two share their words."""
    short = format_exact(weight).replace(",", "")
    return short if float(short) == weight else repr(weight)

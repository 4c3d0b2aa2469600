"""Which way a score is better: the library tells by its parent's blocks, and the name does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from puzzle_widgets.library.model import BlockLibrary, once_per_library
from puzzle_widgets.library.quantity import SCORE_GROUP
from puzzle_widgets.library.score_sum import ScoreSum

Goal = Literal["minimize", "maximize"]

NEARLY_ALL = 0.9
_OTHER: dict[Goal, Goal] = {"minimize": "maximize", "maximize": "minimize"}
_BETTER: dict[Goal, str] = {"minimize": "smaller", "maximize": "bigger"}
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BETWEEN = re.compile(r"[^a-z0-9]+")
_TURNS = re.compile(r"\b(?:one minus|1 minus|negative|neg|minus)\b(?! log ?lik)")
_LOSSES = re.compile(
    r"\b(?:loss(?:es)?|drops?|errors?|err|degradation|inaccuracy|kld?|div(?:ergence)?|mse|rmse|mae"
    r"|perplexity|ppl|nll|(?:negative|neg|minus) log ?lik(?:elihood)?|cross entropy|distance)\b"
)
_GAINS = re.compile(
    r"\b(?:accuracy|acc|exact ?match|f1|pass(?: at)? (?:k|\d+)|human ?eval|gsm ?8k|mmlu|rewards?"
    r"|log ?lik(?:elihood)?|likelihood|log ?probs?|similarity|agreement|greedy teacher)\b"
)


@dataclass(frozen=True)
class Sense:
    """The sense of a score, and the evidence for it.

    Parameters
    ----------
    goal
        ``"minimize"`` where smaller is better, ``"maximize"`` where bigger is; ``None`` where
        that is not known.
    reason
        A sentence.
    """

    goal: Goal | None
    reason: str


def score_sense(library: BlockLibrary, key: str) -> Sense:
    """Tell which way a score is better, or that nothing tells.

    The parent's block is the best in nearly every layer, for every other block replaces it; the
    score's name is a second witness. Costs are minimized.

    Examples
    --------
    >>> from puzzle_widgets.library import random_library
    >>> score_sense(random_library(4, 4), "metrics.loss").goal
    'minimize'
    """
    if not key.startswith(SCORE_GROUP):
        return Sense("minimize", "Costs are minimized.")
    if key in library.sums:
        return _sense_of_sum(library, library.sums[key])
    shown, named = _by_parent(library, key), sense_of_name(key)
    label = library.quantity(key).label
    end = "smallest" if shown == "minimize" else "biggest"
    by_parent = f"the parent's blocks have the {end} {label} in nearly every layer"
    by_name = f"the name {key!r} says that {_BETTER[named or 'minimize']} is better"
    if shown and named and shown != named:
        words = f"It is not clear which way {label} is better: {by_parent}, but {by_name}."
        return Sense(None, words)
    if shown:
        return Sense(shown, f"{by_parent[:1].upper()}{by_parent[1:]}.")
    if named:
        return Sense(named, f"{by_name[:1].upper()}{by_name[1:]}.")
    return Sense(
        None,
        f"It is not clear which way {label} is better: neither its name tells, nor the parent's "
        "blocks, which are not the best in nearly every layer either way.",
    )


def _sense_of_sum(library: BlockLibrary, one: ScoreSum) -> Sense:
    """The sense that all terms of a weighted sum share; a negative weight turns a term's."""
    senses = {key: score_sense(library, key) for key in one.weights}
    for found in senses.values():
        if found.goal is None:
            return found
    pulls = {pull(found.goal, one.weights[key]) for key, found in senses.items() if found.goal}
    if len(pulls) > 1:
        return Sense(None, "The terms of this weighted sum do not all pull the same way.")
    return Sense(pulls.pop(), " ".join(found.reason for found in senses.values()))


def pull(goal: Goal, weight: float) -> Goal:
    """Which way a weighted score is better: a negative weight turns it.

    Examples
    --------
    >>> pull("maximize", -0.5)
    'minimize'
    """
    return goal if weight > 0 else _OTHER[goal]


def sense_of_name(key: str) -> Goal | None:
    """Tell the sense of a score by the words of its name alone.

    Examples
    --------
    >>> sense_of_name("metrics.accuracy_drop"), sense_of_name("metrics.pass@1")
    ('minimize', 'maximize')
    >>> sense_of_name("metrics.one_minus_accuracy")
    'minimize'
    """
    name = key.removeprefix(SCORE_GROUP)
    spellings = [_BETWEEN.sub(" ", text.lower()) for text in (name, _HUMPS.sub(" ", name))]
    goal: Goal | None = None
    if any(_LOSSES.search(words) for words in spellings):
        goal = "minimize"
    elif any(_GAINS.search(words) for words in spellings):
        goal = "maximize"
    turned = len(_TURNS.findall(spellings[0])) % 2
    return _OTHER[goal] if goal and turned else goal


@once_per_library
def _by_parent(library: BlockLibrary, key: str) -> Goal | None:
    """How the parent's blocks rank within their layers."""
    column, starts = library.column(key), library.starts
    own = column[library.parent_choice]
    least = np.minimum.reduceat(column, starts[:-1])
    most = np.maximum.reduceat(column, starts[:-1])
    telling = least < most
    if not telling.any():
        return None
    if (own == least)[telling].mean() >= NEARLY_ALL:
        return "minimize"
    return "maximize" if (own == most)[telling].mean() >= NEARLY_ALL else None

"""Reasons in the background: each is searched only while somebody looks at it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple, TypeVar, get_args

from puzzle_widgets.files.sample_scores import has_samples
from puzzle_widgets.library import BlockLibrary, LayerName
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.problem.budget_rows import SearchRule
from puzzle_widgets.reasons import (
    Alternatives,
    Baselines,
    Decidedness,
    Explanation,
    InclusionCosts,
    RuleCosts,
    RuleOffer,
    Sensitivity,
    alternatives,
    baselines,
    decidedness,
    explain,
    inclusion_costs,
    rule_costs,
    rule_offer,
    sensitivity,
)
from puzzle_widgets.reasons.noise import BOOTSTRAP, NOISE
from puzzle_widgets.search.outcome import Cancelled
from puzzle_widgets.solution import Solution
from puzzle_widgets.state.answers import Answer, Compute, Heard
from puzzle_widgets.state.background import Emit, running_loop
from puzzle_widgets.state.record import Looks, Record

Reason = Literal[
    "explanation",
    "sensitivity",
    "baselines",
    "others",
    "decided",
    "layer_costs",
    "rule_costs",
    "rule_offer",
]
NOISES = (0.02, 0.05, 0.1, 0.2)
"""Spreads of noise in the scores that are offered."""
SAMPLES = 1000
DIVERSE, COUNT_SECONDS = 7, 10.0
"""How many diverse ones are shown, the optimum among them; seconds in which others are counted."""
_FIRST_SECONDS, _FIRST_STATES = 0.5, 20_000
# Seconds of quiet before prices and next steps are searched, and before the longer searches are:
# a slider in hand has the machine, and nobody reads why of what is gone in a moment.
_PAUSED, _SETTLED, _LOOK = 0.05, 0.35, 0.02
Key = TypeVar("Key")
Value = TypeVar("Value")
Settled = Callable[[], Solution | None]
"""What is shown, once it answers what is asked; ``None`` while a search goes on."""


class ReasonAnswer(Answer[Key, Value]):
    """A reason for what is shown; none is searched while nobody wants it.

    What was last found is shown again at once where it still holds; what holds no more is never
    shown.

    Parameters
    ----------
    heard
        Whom to tell.
    settled
        Gives what the reason is for.
    """

    quick = False
    """Whether it is found so soon that a short moment of quiet is enough."""

    def __init__(self, heard: Heard, settled: Settled) -> None:
        super().__init__("exact", heard)
        self.done = 0
        self._settled = settled
        self._wanted = 0
        self._last: tuple[Key, Value] | None = None
        self._whole = False

    def want(self, *, on: bool) -> None:
        """Count one more, or one less, who looks at it."""
        self._wanted = max(0, self._wanted + (1 if on else -1))

    def asked(self, record: Record, shown: Solution) -> Key | None:
        """What it depends on, where it is wanted."""
        raise NotImplementedError

    def find(
        self, key: Key, cancelled: Cancelled, progress: Callable[[int], None]
    ) -> Iterator[Value]:
        """Search for it; what comes later is better known."""
        raise NotImplementedError

    def key(self, record: Record) -> Key | None:
        """What it depends on; ``None`` while nobody looks, or what is shown is being searched."""
        shown = self._settled() if self._wanted else None
        return None if shown is None else self.asked(record, shown)

    def recall(self, key: Key) -> tuple[Value | None, bool]:
        """What was last found, where it is of the same."""
        self.done = 0
        if self._last is None or self._last[0] != key:
            return None, False
        return self._last[1], self._whole

    def compute(self, record: Record, key: Key) -> Compute:
        """Search, after a moment of quiet where that can be waited for."""
        del record
        wait = _PAUSED if self.quick else _SETTLED
        quiet = wait if running_loop() is not None else 0.0

        def work(cancelled: Cancelled, emit: Emit) -> None:
            if _passed(quiet, cancelled):
                for found in self.find(key, cancelled, emit):
                    if cancelled():
                        return
                    emit((key, found))

        return work

    def arrive(self, value: Any) -> None:  # noqa: ANN401 - a number of searches, or what was found
        """Take how far the search is, or its end."""
        if isinstance(value, int):
            self.done = value
            self._heard.arrived(self, self.value)
        else:
            self._last, self._whole = value, False
            self._heard.arrived(self, value[1])

    def _end(self) -> None:
        self._whole = True
        super()._end()


class ExplanationAnswer(ReasonAnswer[Solution, Explanation]):
    """Prices and next steps of what is shown, or why nothing is feasible."""

    name, quick = "explanation", True

    def asked(self, record: Record, shown: Solution) -> Solution | None:
        """What is shown."""
        del record
        return shown

    def find(
        self, key: Solution, cancelled: Cancelled, progress: Callable[[int], None]
    ) -> Iterator[Explanation]:
        """Explain it by its budgets, at once; then search on until every next step is proven.

        The steps are those that somebody wants to hear of: what loosens what holds the score back.
        """
        del progress
        found = explain(key, steps="looser", cancelled=cancelled)
        yield found
        if any(one.more and not one.more.exact for one in found.budgets):
            yield explain(key, steps="looser", exact=True, cancelled=cancelled)


class ProblemReason(ReasonAnswer[SearchProblem, Value]):
    """A reason that is about the problem whose optimum is shown."""

    def asked(self, record: Record, shown: Solution) -> SearchProblem | None:
        """The problem that what is shown is the proven optimum of."""
        del record
        return shown.problem if shown.status == "optimal" else None


def noise_of(looks: Looks, library: BlockLibrary) -> float | str:
    """The noise that is chosen, as far as it is offered, and the library has it.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> from puzzle_widgets.state.record import Looks
    >>> noise_of(Looks(noise=0.1), pw.load_library("stdlib-2m-measured"))
    0.1
    """
    if looks.bootstrap and has_samples(library):
        return BOOTSTRAP
    return looks.noise if looks.noise in NOISES else NOISE


class NoiseKey(NamedTuple):
    """What the sensitivity depends on."""

    problem: SearchProblem
    noise: float | str


class SensitivityAnswer(ReasonAnswer[NoiseKey, Sensitivity]):
    """What survives if the scores were off."""

    name = "sensitivity"

    def asked(self, record: Record, shown: Solution) -> NoiseKey | None:
        """The problem whose proven optimum is shown, and the noise that is chosen."""
        if shown.status != "optimal":
            return None
        return NoiseKey(shown.problem, noise_of(record.looks, shown.library))

    def find(
        self, key: NoiseKey, cancelled: Cancelled, progress: Callable[[int], None]
    ) -> Iterator[Sensitivity]:
        """Search again with other scores, many times."""
        yield sensitivity(*key, SAMPLES, cancelled=cancelled, progress=progress)


class BaselinesAnswer(ProblemReason[Baselines]):
    """What simpler ways find."""

    name = "baselines"

    def find(
        self, key: SearchProblem, cancelled: Cancelled, progress: Callable[[int], None]
    ) -> Iterator[Baselines]:
        """Choose by each."""
        del progress
        yield baselines(key, cancelled=cancelled)


class NearKey(NamedTuple):
    """What others that are nearly as good depend on."""

    problem: SearchProblem
    within: float


class OthersAnswer(ReasonAnswer[NearKey, Alternatives]):
    """What else is nearly as good as the optimum that is shown, or that another is compared to."""

    name = "others"

    def asked(self, record: Record, shown: Solution) -> NearKey | None:
        """The problem, and how near; the same while one of the others is shown."""
        known = shown.status == "optimal" or record.selection.kind == "other"
        return NearKey(shown.problem, record.looks.nearness) if known else None

    def find(
        self, key: NearKey, cancelled: Cancelled, progress: Callable[[int], None]
    ) -> Iterator[Alternatives]:
        """Find the diverse ones and what can be counted at once, then count on."""
        del progress
        found = alternatives(
            *key,
            diverse=DIVERSE,
            most_states=_FIRST_STATES,
            time_limit=_FIRST_SECONDS,
            cancelled=cancelled,
        )
        yield found
        if not (found.exact and found.proven):
            yield alternatives(*key, diverse=DIVERSE, time_limit=COUNT_SECONDS, cancelled=cancelled)


class DecidedAnswer(ProblemReason[Decidedness]):
    """What the best other block of each layer would cost."""

    name = "decided"

    def find(
        self, key: SearchProblem, cancelled: Cancelled, progress: Callable[[int], None]
    ) -> Iterator[Decidedness]:
        """Search with other blocks."""
        del progress
        yield decidedness(key, cancelled=cancelled)


class LayerCostsAnswer(ReasonAnswer[tuple[SearchProblem, LayerName], InclusionCosts]):
    """What each block of the open layer would cost."""

    name = "layer_costs"

    def asked(self, record: Record, shown: Solution) -> tuple[SearchProblem, LayerName] | None:
        """The problem whose optimum is shown, and the open layer."""
        if record.layer is None or shown.status != "optimal" or shown.library != record.library:
            return None
        return shown.problem, record.library.layers[record.layer].name

    def find(
        self,
        key: tuple[SearchProblem, LayerName],
        cancelled: Cancelled,
        progress: Callable[[int], None],
    ) -> Iterator[InclusionCosts]:
        """Search with each of its blocks."""
        del progress
        yield inclusion_costs(key[0], layers=[key[1]], cancelled=cancelled)


class RuleKey(NamedTuple):
    """What the costs of rules depend on."""

    shown: Solution
    without_one: tuple[SearchProblem, ...]
    without_all: SearchProblem


class RuleCostsAnswer(ReasonAnswer[RuleKey, RuleCosts]):
    """What each rule costs the answer to the current problem."""

    name = "rule_costs"

    def asked(self, record: Record, shown: Solution) -> RuleKey | None:
        """The answer, and its problem without each rule."""
        if not record.rules or record.problem != shown.problem or shown.status != "optimal":
            return None
        rules = record.rules
        each = [record.change(rules=rules[:n] + rules[n + 1 :]).problem for n in range(len(rules))]
        return RuleKey(shown, tuple(each), record.change(rules=()).problem)

    def find(
        self, key: RuleKey, cancelled: Cancelled, progress: Callable[[int], None]
    ) -> Iterator[RuleCosts]:
        """Search without each."""
        del progress
        yield rule_costs(*key, cancelled=cancelled)


class RuleOfferAnswer(ReasonAnswer[tuple[Solution, SearchProblem], RuleOffer]):
    """What the score would be under one more rule, before it is added."""

    name = "rule_offer"
    draft: SearchRule | None = None

    def asked(self, record: Record, shown: Solution) -> tuple[Solution, SearchProblem] | None:
        """The answer to the current problem, and that problem with the rule."""
        if self.draft is None or record.problem != shown.problem or shown.status != "optimal":
            return None
        return shown, record.change(rules=(*record.rules, self.draft)).problem

    def find(
        self,
        key: tuple[Solution, SearchProblem],
        cancelled: Cancelled,
        progress: Callable[[int], None],
    ) -> Iterator[RuleOffer]:
        """Say what is known in a moment, then search on for a proof."""
        del progress
        found = rule_offer(*key, time_limit=_FIRST_SECONDS, cancelled=cancelled)
        yield found
        if found.after.status in ("feasible", "no_solution_in_time"):
            yield rule_offer(*key, time_limit=COUNT_SECONDS, cancelled=cancelled)


class Reasons:
    """All reasons of a store.

    Parameters
    ----------
    heard
        Whom to tell.
    settled
        Gives what the reasons are for.
    """

    def __init__(self, heard: Heard, settled: Settled) -> None:
        self._all: dict[Reason, ReasonAnswer[Any, Any]] = {
            "explanation": ExplanationAnswer(heard, settled),
            "sensitivity": SensitivityAnswer(heard, settled),
            "baselines": BaselinesAnswer(heard, settled),
            "others": OthersAnswer(heard, settled),
            "decided": DecidedAnswer(heard, settled),
            "layer_costs": LayerCostsAnswer(heard, settled),
            "rule_costs": RuleCostsAnswer(heard, settled),
            "rule_offer": (offer := RuleOfferAnswer(heard, settled)),
        }
        self._offer = offer
        assert set(self._all) == set(get_args(Reason))  # noqa: S101 - a slip of our own

    def __iter__(self) -> Iterator[ReasonAnswer[Any, Any]]:
        return iter(self._all.values())

    def __getitem__(self, name: Reason) -> ReasonAnswer[Any, Any]:
        return self._all[name]

    def consider(self, rule: SearchRule | None) -> None:
        """Take another rule to work out before it is added; ``None`` for none."""
        self._offer.draft = rule

    def values(self) -> dict[str, Any]:
        """What can be observed, by name."""
        found: dict[str, Any] = {name: answer.value for name, answer in self._all.items()}
        running = tuple(name for name, answer in self._all.items() if answer.running)
        return {**found, "searching": running, "sampled": self._all["sensitivity"].done}


def _passed(seconds: float, cancelled: Cancelled) -> bool:
    """Wait; false where it was cancelled meanwhile."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if cancelled():
            return False
        time.sleep(_LOOK)
    return not cancelled()

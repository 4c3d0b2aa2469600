"""Explain an answer: which budgets hold it back, their prices, and the next steps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from puzzle_widgets.deferred import pd
from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library.checks import short_repr
from puzzle_widgets.library.quantity import THROUGHPUT, describe_key, format_share
from puzzle_widgets.library.tables import to_frame
from puzzle_widgets.problem import Budget, SearchProblem
from puzzle_widgets.problem.budget_rows import limits_of
from puzzle_widgets.reasons.conflicts import Conflict, find_conflict
from puzzle_widgets.reasons.steps import End, NextStep, loosen, tighten
from puzzle_widgets.reasons.words import Told, label_of, round_step, score_words
from puzzle_widgets.search.outcome import Cancelled, never
from puzzle_widgets.solution import Solution
from puzzle_widgets.solution.least_change import Change, least_changes
from puzzle_widgets.solution.optimum import search_without_reason
from puzzle_widgets.solution.slack import slack_of
from puzzle_widgets.solution.solution import STATUS_WORDS

Steps = bool | Literal["looser"]


@dataclass(frozen=True, repr=False)
class BudgetReason(Told):
    """What one limit does to the answer.

    Parameters
    ----------
    resource, sense, limit
        The limit as it was stated, in its own unit: a throughput in tokens/s.
    use
        What the answer has of it.
    slack
        What is left.
    binds
        Whether the limit holds the score back.
    price
        Shadow price: how much the bound of the score gets better per unit of a looser limit, in
        the unit of the summed cost (ms where a throughput was stated); 0 where nothing presses.
    price_words
        The same in words and for a round amount; empty where the price is 0.
    more, less
        The least loosening and tightening that change the architecture; ``None`` where the answer
        is not proven, or it was not asked.
    label
        Of the resource, for words.
    unit
        Of the limit.
    """

    resource: str
    sense: str
    limit: float
    use: float
    slack: float
    binds: bool
    price: float
    price_words: str
    more: NextStep | None
    less: NextStep | None
    label: str
    unit: str

    @property
    def sentences(self) -> tuple[str, ...]:
        """Use and slack, price, next steps."""
        steps = [step.words for step in (self.more, self.less) if step is not None]
        return tuple(filter(None, [self._use_words(), self.price_words, *steps]))

    def _use_words(self) -> str:
        sign = "≤" if self.sense == "at most" else "≥"
        asked = f"{self.label} {sign} {self._text(self.limit)}"
        share = f" ({format_share(self.use / self.limit)})" if self.limit > 0 < self.use else ""
        effect = "holds the score back" if self.binds else "does not hold the score back"
        if math.isinf(self.use):
            return f"{asked} {effect}: {self._text(self.use)}."
        left = f"{self._text(self.slack)} to spare"
        return f"{asked} {effect}: {self._text(self.use)}{share}, {left}."

    def _text(self, value: float) -> str:
        return describe_key(self.resource, self.unit).text(value)


@dataclass(frozen=True, eq=False, repr=False)
class Explanation(Told):
    """Why an answer is what it is.

    Parameters
    ----------
    solution
        The answer.
    budgets
        What each limit does to it, those that hold the score back first.
    conflict
        Of an infeasible problem: demands that cannot all hold.
    changes
        Of an infeasible problem: changes that each make it feasible, the least of their kind.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> budgets = {"stats.memory_mib": "50 %", "stats.runtime_ms": "90 %"}
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets=budgets)
    >>> found = pw.explain(pw.search(problem))
    >>> [(one.label, one.binds) for one in found.budgets]
    [('Memory', True), ('Runtime', False)]
    >>> print(found.budgets[0].price_words)
    Memory: 1 MiB more lowers the summed KL divergence by about 0.001704 nats/byte (shadow price).
    """

    solution: Solution
    budgets: tuple[BudgetReason, ...]
    conflict: Conflict | None = None
    changes: tuple[Change, ...] = ()

    @property
    def binding(self) -> tuple[BudgetReason, ...]:
        """The limits that hold the score back."""
        return tuple(one for one in self.budgets if one.binds)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The answer, then each limit; or what cannot hold together, and what makes it feasible."""
        if self.conflict is not None:
            problem = self.solution.problem
            changes = [f"{loosening_words(problem, one)}." for one in self.changes]
            either = ["Each of these alone makes it feasible:"] if changes else []
            return (*self.conflict.sentences, *either, *changes)
        return (
            _answer_words(self.solution),
            *(said for one in self.budgets for said in one.sentences),
        )


def explain(
    solution: Solution,
    *,
    exact: bool = False,
    steps: Steps = True,
    cancelled: Cancelled = never,
) -> Explanation:
    """Explain an answer by its budgets: slack, shadow prices, and the next steps of each limit.

    A next step is the least change of one limit alone that changes the architecture. Loosening
    counts where the score gets better; to tighten, a limit only has to fall below what the answer
    uses. Each comes as a proven bracket at once, often already exact.

    Parameters
    ----------
    solution
        What :func:`puzzle_widgets.search` gave.
    exact
        Whether to search on until every next step is proven, however long that takes.
    steps
        Whether to look for next steps at all; ``"looser"`` for those alone that loosen a limit
        that holds the score back, a quarter of the work.
    cancelled
        Asked now and then; true leaves brackets as they are.

    Returns
    -------
    Explanation
        Of an infeasible problem a smallest set of demands that cannot all hold, and the least
        change of each kind that makes it feasible.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> budgets = {"stats.memory_mib": "50 %"}
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets=budgets)
    >>> memory = pw.explain(pw.search(problem)).budgets[0]
    >>> memory.more.exact, [round(limit, 2) for limit in memory.more.limits]
    (True, [40.65, 40.65])
    >>> better = pw.search(problem.with_budget("stats.memory_mib", upper=memory.more.limits[0]))
    >>> better.architecture == memory.more.solution.architecture
    True
    """
    if not isinstance(solution, Solution):
        raise ProblemError(
            f"{short_repr(solution)} is not a solution. Search first: explain(search(problem))."
        )
    problem = solution.problem
    if solution.status == "infeasible":
        changes = solution.changes or least_changes(problem, cancelled)
        conflict = find_conflict(problem, cancelled=cancelled)
        return Explanation(solution, (), conflict, changes)
    if not solution.found:
        return Explanation(solution, ())
    priced = _with_prices(solution, cancelled)
    asked: Steps = steps if solution.status == "optimal" else False
    found = [
        _reason(
            priced,
            End.of(problem.library, row),
            steps=asked,
            exact=exact,
            cancelled=cancelled,
        )
        for budget in problem.budgets.values()
        for row in limits_of(problem.library, budget)
    ]
    return Explanation(solution, tuple(sorted(found, key=lambda one: not one.binds)))


def _with_prices(solution: Solution, cancelled: Cancelled) -> Solution:
    """An answer without shadow prices, such as a saved one, gets those of a search anew."""
    if solution.shadow_prices or not solution.problem.budgets or solution.status != "optimal":
        return solution
    again = search_without_reason(solution.problem, cancelled=cancelled)
    return replace(solution, shadow_prices=again.shadow_prices)


def _reason(
    solution: Solution, end: End, *, steps: Steps, exact: bool, cancelled: Cancelled
) -> BudgetReason:
    quantity, row = end.quantity(solution.library), end.row
    slack = slack_of(solution, row)
    use = end.as_stated(solution.library, solution.totals[end.key])
    price = max(0.0, end.side * solution.shadow_prices.get(end.key, 0.0))
    binds = bool(slack and slack.binds)
    more, less = steps is True or (steps == "looser" and binds), steps is True
    return BudgetReason(
        row.resource,
        row.sense,
        row.value,
        use,
        slack.amount if slack else 0.0,
        binds,
        price,
        _price_words(solution.problem, end, price),
        loosen(solution, end, exact=exact, cancelled=cancelled) if more else None,
        tighten(solution, end, exact=exact, cancelled=cancelled) if less else None,
        quantity.label,
        quantity.unit,
    )


def _price_words(problem: SearchProblem, end: End, price: float) -> str:
    if not price:
        return ""
    library = problem.library
    step, amount = round_step(library, end.key)
    if end.row.resource == THROUGHPUT:
        step, amount = _throughput_step(problem, end)
    verb = "lowers" if problem.goal == "minimize" else "raises"
    label = label_of(library, problem.objective)
    return (
        f"{end.quantity(library).label}: {amount} {end.looser} {verb} the summed {label} by about "
        f"{score_words(problem, price * step)} (shadow price)."
    )


def _throughput_step(problem: SearchProblem, end: End) -> tuple[float, str]:
    """A round amount of throughput, and the runtime that it stands for at the limit."""
    amount = 10.0 ** math.floor(math.log10(end.row.value / 50))
    runtimes = [problem.library.runtime_at(end.row.value - less) for less in (amount, 0.0)]
    text = problem.library.quantity(THROUGHPUT).text(amount)
    return abs(runtimes[0] - runtimes[1]), text


def _answer_words(solution: Solution) -> str:
    problem = solution.problem
    label = label_of(problem.library, problem.objective)
    if not solution.found:
        return f"{STATUS_WORDS[solution.status].capitalize()}. {solution.reason}".strip()
    score = score_words(problem, solution.score)
    said = f"The summed {label} is {score}: {STATUS_WORDS[solution.status]}."
    if problem.budgets:
        return said
    return f"{said} No budget is set, so that none holds it back."


def loosening_words(problem: SearchProblem, change: Change) -> str:
    """Say one change that makes an infeasible problem feasible."""
    if change.limit is None:
        layers = ", ".join(str(layer) for layer in change.lifted)
        return f"Lift the rules in {'layer' if len(change.lifted) == 1 else 'layers'} {layers}"
    upper = math.isfinite(change.limit.upper)
    held = problem.budgets[change.limit.resource]
    for row in limits_of(problem.library, held):
        end = End.of(problem.library, row)
        if (end.side > 0) == upper:
            return _moved_words(problem, end, change.limit, change.gap)
    return ""


def _moved_words(problem: SearchProblem, end: End, limit: Budget, gap: float) -> str:
    to = end.as_stated(problem.library, limit.upper if end.side > 0 else limit.lower)
    quantity = end.quantity(problem.library)
    verb = "Raise" if end.looser == "more" else "Lower"
    by = f"{quantity.text(abs(to - end.row.value))} {end.looser}"
    near = f", within {format_share(gap)} of the least that does" if gap else ""
    label = label_of(problem.library, end.row.resource)
    return f"{verb} the limit on {label} to {quantity.text(to)} ({by}{near})"


@to_frame.register(Explanation)
def _frame(found: Explanation, *, layers: bool = False) -> pd.DataFrame:  # noqa: ARG001
    """Lay the limits out, one row each, with price and next steps."""
    rows = [dict(_cells(one)) for one in found.budgets]
    return pd.DataFrame(rows)


def _cells(one: BudgetReason) -> Iterator[tuple[str, object]]:
    for name in ("resource", "sense", "limit", "unit", "use", "slack", "binds", "price"):
        yield name, getattr(one, name)
    for name, step in (("loosened", one.more), ("tightened", one.less)):
        yield f"{name}_limit", step.limits[-1] if step and step.limits else math.nan
        yield f"{name}_gain", step.gain if step else math.nan
        yield f"{name}_exact", step.exact if step else False
        yield f"{name}_layers", len(step.changes) if step else 0

"""Branch and bound over kinds, for rules that count them: each node is a search without them.

A node allows some kinds of each rule. Its relaxation is the same knapsack without the rules; where
that uses too many kinds, one of them is settled on in one branch and banned in the other
(A. H. Land and A. G. Doig, *Econometrica* 28, 1960).
"""

from __future__ import annotations

import heapq
import itertools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from puzzle_widgets.problem.mckp import FREE, TOLERANCE, BoolArray, IntArray, Kinds, Mckp
from puzzle_widgets.search.options import SearchOptions, WarmStart
from puzzle_widgets.search.outcome import Outcome, Status, Ties

Solve = Callable[[Mckp, SearchOptions], Outcome]
Settle = Callable[[Mckp, Outcome, SearchOptions], Outcome]
_SAME = 1e-12
_SECONDS_BETWEEN = 0.5
# Nodes that are searched beyond the proof of the score, to settle ties.
_MOST_TIED = 200
# Seconds of a node's search: where it takes longer, branching may prove more. Leaves get more.
_QUICK, _MORE = 0.2, 4.0


@dataclass(frozen=True, eq=False)
class _Node:
    """What is allowed, which kinds of each rule are settled on, and the best without the rules.

    ``seconds`` is the time that the search for it had.
    """

    taken: tuple[frozenset[int], ...]
    allowed: BoolArray
    outcome: Outcome
    bound: float
    seconds: float


def solve_few_kinds(
    mckp: Mckp,
    options: SearchOptions,
    solve: Solve,
    settle: Settle,
    rules: tuple[Kinds, ...] | None = None,
) -> Outcome:
    """Find an optimum under rules that count, and prove it.

    Parameters
    ----------
    mckp
        The knapsack, with ``kinds``.
    options
        As for any search. Progress is told when a better choice is found, and twice a second.
    solve, settle
        Search a knapsack without such rules, and settle its ties.
    rules
        Those that are branched on; the others are kept by who searches a node. All by default.
    """
    tree = _Tree(mckp, options, solve, settle, mckp.kinds if rules is None else rules)
    tree.grow()
    return tree.outcome()


class _Tree:
    """The open nodes, best bound first, and the best choice so far."""

    def __init__(
        self,
        mckp: Mckp,
        options: SearchOptions,
        solve: Solve,
        settle: Settle,
        rules: tuple[Kinds, ...],
    ) -> None:
        self._mckp, self._rules = mckp, rules
        self._others = tuple(rule for rule in mckp.kinds if rule not in rules)
        self._solve, self._settle = solve, settle
        self._options, self._deadline = options, options.deadline()
        self._each = replace(options, gap=0.0, progress=None, settle=False)
        self._open: list[tuple[float, int, _Node]] = []
        self._count = itertools.count()
        self._best: Outcome | None = None
        self._root: Outcome | None = None
        self._closed, self._tied, self._told = False, 0, time.monotonic()
        self._ties: Ties = "none"
        self._under_way = self._left_out = math.inf  # bounds of what is not in the open nodes

    def grow(self) -> None:
        """Branch until the best is proven, or time is up."""
        self._begin_with(self._options.warm_start)
        none: frozenset[int] = frozenset()
        self._search((none,) * len(self._rules), self._mckp.allowed)
        while self._open and self._beats(self._open[0][0]):
            if self._stopped():
                return
            _, _, node = heapq.heappop(self._open)
            self._under_way = node.bound
            self._branch(node)
            self._under_way = math.inf
            self._tell()
        self._closed = not self._stopped() or not self._open

    def outcome(self) -> Outcome:
        """The best so far, with what proves it."""
        best, root = self._best, self._root
        prices, engine = (None, "") if root is None else (root.prices, root.engine)
        bound = self._bound()
        if best is None:
            status: Status = "infeasible" if self._closed else "no_solution_in_time"
            return Outcome(status, bound=bound, engine=engine, prices=prices)
        if bound >= best.score - _SAME * abs(best.score):
            return replace(best, status="optimal", bound=best.score, ties=self._ties_of(best))
        return replace(best, status="feasible", bound=bound, ties="unproven")

    def _bound(self) -> float:
        """No choice that keeps the rules scores below it."""
        if self._root is None:
            return -math.inf
        best = math.inf if self._best is None else self._best.score
        return min(
            best, self._under_way, self._left_out, *(bound for bound, _, _ in self._open[:1])
        )

    def _ties_of(self, best: Outcome) -> Ties:
        if self._ties == "unproven" or not self._options.settle:
            return "unproven"
        return self._ties if best.ties == "none" else best.ties

    def _stopped(self) -> bool:
        return time.monotonic() > self._deadline or self._options.cancelled()

    def _beats(self, bound: float) -> bool:
        """Whether what is under a bound may be better than the best, or preferred to it."""
        if self._best is None:
            return bound < math.inf
        score = self._best.score
        slack = max(_SAME, self._options.gap) * abs(score)
        if bound < score - slack:
            return True
        if not self._options.settle or self._options.gap or bound > score + _SAME * abs(score):
            return False
        self._tied += 1
        if self._tied > _MOST_TIED:
            self._ties = "unproven"
        return self._ties != "unproven"

    def _begin_with(self, start: WarmStart | None) -> None:
        """Take an earlier choice for the best so far, where it keeps all rules."""
        if start is None or start.choice is None:
            return
        choice, mckp = start.choice, self._mckp
        if mckp.allowed[choice].all() and not mckp.broken(choice):
            score = math.fsum(mckp.score[choice].tolist())
            self._best = Outcome("feasible", choice, score, prices=start.prices)

    def _search(
        self,
        taken: tuple[frozenset[int], ...],
        allowed: BoolArray,
        before: _Node | None = None,
        seconds: float = _QUICK,
    ) -> None:
        """Search what is allowed, and keep it as a node where something better may be in it."""
        mckp = replace(self._mckp, allowed=allowed, kinds=self._others)
        outcome = self._solve(mckp, self._how(allowed, before, seconds))
        self._root = self._root or outcome
        bound = outcome.bound if before is None else max(outcome.bound, before.bound)
        if outcome.status == "infeasible":
            return
        if not self._beats(bound):
            self._left_out = min(self._left_out, bound)
            return
        if outcome.choice is not None and self._keeps(outcome.choice):
            outcome = self._take(mckp, outcome)
            if outcome.status == "optimal" and self._keeps(outcome.choice):
                return
        self._push(_Node(taken, allowed, outcome, bound, seconds))

    def _how(self, allowed: BoolArray, before: _Node | None, seconds: float) -> SearchOptions:
        """How to search a node: as long as it may, from what is known above it."""
        left = min(self._deadline, time.monotonic() + seconds)
        options = replace(self._each.until(left), beat=self._of_interest())
        if before is None:
            start = self._options.warm_start
            return (
                options if start is None else replace(options, warm_start=WarmStart(start.prices))
            )
        known = before.outcome.choice
        choice = known if known is not None and allowed[known].all() else None
        return replace(options, warm_start=WarmStart(before.outcome.prices, choice))

    def _of_interest(self) -> float:
        """The greatest score that may be as good as the best so far, and something more."""
        return (
            math.inf if self._best is None else self._best.score + 4 * _SAME * abs(self._best.score)
        )

    def _push(self, node: _Node) -> None:
        heapq.heappush(self._open, (node.bound, next(self._count), node))

    def _keeps(self, choice: IntArray | None) -> bool:
        return choice is not None and all(rule.holds(choice) for rule in self._rules)

    def _take(self, mckp: Mckp, outcome: Outcome) -> Outcome:
        """Keep a choice that keeps the rules; what the node's ties prefer may keep them not."""
        if self._options.settle:
            settled = self._settle(mckp, outcome, self._each.until(self._deadline))
            if not self._keeps(settled.choice):
                self._prefer(replace(outcome, ties="unproven"))
                return settled
            outcome = settled
        self._prefer(outcome)
        return outcome

    def _prefer(self, outcome: Outcome) -> None:
        """Take a choice that keeps the rules for the best, where it is better or preferred."""
        best, choice = self._best, outcome.choice
        if best is None or best.choice is None or choice is None:
            self._best = outcome
            return
        slack = _SAME * abs(best.score)
        if outcome.score < best.score - slack or choice.tolist() == best.choice.tolist():
            self._best = outcome
        elif outcome.score <= best.score + slack:
            self._ties = "settled" if self._ties == "none" else self._ties
            if self._ranks(choice, best.choice):
                self._best = outcome

    def _ranks(self, choice: IntArray, best: IntArray) -> bool:
        """Whether a choice of equal score is preferred to the best."""
        for level in self._mckp.ties if self._mckp.ties is not None else ():
            mine, other = (math.fsum(level[one].tolist()) for one in (choice, best))
            if abs(mine - other) > TOLERANCE * max(abs(mine), abs(other)):
                return mine < other
        return bool(choice.tolist() < best.tolist())

    def _is_leaf(self, allowed: BoolArray) -> bool:
        """Whether what is allowed keeps the rules whatever is chosen."""
        return not any(_is_open(rule, allowed) for rule in self._rules)

    def _branch(self, node: _Node) -> None:
        """Settle on a kind in one node, and ban it in another."""
        if self._is_leaf(node.allowed):
            return self._search(node.taken, node.allowed, node, _MORE * node.seconds)
        choice = self._likely(node)
        ranked = sorted(enumerate(self._rules), key=lambda one: one[1].holds(choice))
        place = next(n for n, rule in ranked if _is_open(rule, node.allowed))
        rule, taken = self._rules[place], node.taken[place]
        kind = _most_used(rule.kind, choice, node.allowed, taken)
        more = (*node.taken[:place], taken | {kind}, *node.taken[place + 1 :])
        if len(taken) + 1 < rule.most:
            self._push(replace(node, taken=more))
        else:
            only = np.isin(rule.kind, [*taken, kind, FREE])
            self._search(more, node.allowed & only, node)
        self._search(node.taken, node.allowed & (rule.kind != kind), node)
        return None

    def _likely(self, node: _Node) -> IntArray:
        """The choice of a node; where none was found in time, the best at its prices."""
        if node.outcome.choice is not None:
            return node.outcome.choice
        mckp, prices = self._mckp, node.outcome.prices
        score = mckp.score if prices is None else mckp.score + prices @ mckp.cost
        score = np.where(node.allowed, score, math.inf)
        pairs = zip(mckp.starts[:-1].tolist(), mckp.starts[1:].tolist(), strict=True)
        return np.array([start + int(score[start:end].argmin()) for start, end in pairs])

    def _tell(self) -> None:
        """Tell twice a second how it goes."""
        now, told = time.monotonic(), self._options.progress
        if told is not None and now - self._told > _SECONDS_BETWEEN:
            self._told = now
            told(self.outcome())


def _is_open(rule: Kinds, allowed: BoolArray) -> bool:
    """Whether more kinds are allowed than a choice may have."""
    return len(rule.used(np.flatnonzero(allowed))) > rule.most


def _most_used(kinds: IntArray, choice: IntArray, allowed: BoolArray, taken: frozenset[int]) -> int:
    """The kind of most layers of a choice that is not settled on; else one that is allowed."""
    for some in (kinds[choice], kinds[allowed]):
        found, counts = np.unique(some, return_counts=True)
        order = found[np.argsort(-counts, kind="stable")].tolist()
        for kind in order:
            if kind != FREE and kind not in taken:
                return int(kind)
    raise AssertionError  # who calls has more kinds allowed than taken

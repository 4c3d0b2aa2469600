"""Exercises that check themselves: ``pw.check.exercise_1(answer)`` says right, or gives a hint.

They go with the notebook of exercises. Every solution is computed when it is asked for; a hint says
what to look at, never the answer.

Examples
--------
>>> import puzzle_widgets as pw
>>> pw.check.exercise_1(80)
Exercise 1. Not yet. Close, but not the sum. ...
>>> pw.check.exercise_1(pw.check.library().parent_totals["stats.memory_mib"]).right
True
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from puzzle_widgets.errors import PuzzleError
from puzzle_widgets.library import (
    BlockLibrary,
    BlockVariant,
    FrozenMapping,
    Layer,
    Measurement,
    Provenance,
    SubBlock,
    load_library,
)
from puzzle_widgets.library.quantity import MEMORY, PARAMETERS, RUNTIME, THROUGHPUT, format_share
from puzzle_widgets.problem import Row, SearchProblem, rules
from puzzle_widgets.reasons import baselines, evaluate, lp_bound, which_point
from puzzle_widgets.solution import Solution, search
from puzzle_widgets.sweeps import pareto_front
from puzzle_widgets.workshop.answers import (
    CLOSE,
    is_close,
    read_architecture,
    read_names,
    read_number,
)
from puzzle_widgets.workshop.verdict import Outcome, Verdict

__all__ = [
    "Verdict",
    "exercise_1",
    "exercise_2",
    "exercise_3",
    "exercise_4",
    "exercise_5",
    "exercise_6",
    "exercise_7",
    "exercise_8",
    "exercise_9",
    "library",
    "memory_problem",
    "pocket_problem",
    "served_problem",
    "three_budgets",
]

Said = tuple[bool, str]
KL = "metrics.kl_div"
POINTS = 24
"""Points of the front in exercise 5."""
LEAST_WHOLE = 4
"""Layers that keep all KV heads in exercise 8."""
_NAMED = ("__module__", "__name__", "__qualname__", "__doc__")
_NEAR, _PRICE = 0.02, 0.02
_MIB = 1024.0
# Memory in MiB and score of each variant, the parent's first.
_POCKET = (
    ((4, 0), (3, 2.5), (2, 3), (1, 6)),
    ((4, 0), (3, 1), (1, 9)),
    ((4, 0), (2, 2), (1, 4)),
)
_POCKET_MEMORY = 8


def _exercise(number: int) -> Callable[[Callable[[Any], Said]], Callable[..., Verdict]]:
    """Make a check of a function that says whether an answer is right, and a sentence."""

    def checking(judge: Callable[[Any], Said]) -> Callable[..., Verdict]:
        def check(answer: Any = ...) -> Verdict:  # noqa: ANN401 - whatever is handed in
            if answer is ...:
                return Verdict(number, "no answer", "Put yours in place of the three dots.")
            try:
                right, words = judge(answer)
            except PuzzleError as error:
                right, words = False, str(error)
            outcome: Outcome = "right" if right else "not yet"
            return Verdict(number, outcome, words)

        functools.update_wrapper(check, judge, assigned=_NAMED)
        del check.__dict__["__wrapped__"]  # whose signature is another
        return check

    return checking


@functools.cache
def library() -> BlockLibrary:
    """The small measured library that the exercises are about; it ships with the package.

    Examples
    --------
    >>> len(library().layers)
    8
    """
    return load_library("stdlib-2m-measured")


def _unit() -> str:
    return library().quantity(KL).unit


def memory_problem() -> SearchProblem:
    """Least KL divergence within 60 % of the parent's memory: of exercises 2, 4 and 8.

    Examples
    --------
    >>> list(memory_problem().budgets)
    ['stats.memory_mib']
    """
    return SearchProblem(library(), minimize=KL, budgets={MEMORY: "60 %"})


def three_budgets() -> SearchProblem:
    """The same with limits on parameters and throughput, too: of exercise 3.

    Examples
    --------
    >>> len(three_budgets().budgets)
    3
    """
    budgets = {MEMORY: "60 %", PARAMETERS: "70 %"}
    return SearchProblem(library(), minimize=KL, budgets=budgets, throughput="120 %")


def served_problem() -> SearchProblem:
    """Limits on memory and throughput: of exercises 6 and 9.

    Examples
    --------
    >>> len(served_problem().budgets)
    2
    """
    return SearchProblem(library(), minimize=KL, budgets={MEMORY: "45 %"}, throughput="180 %")


def pocket_problem() -> SearchProblem:
    """Three layers with round figures, to bound by hand: of exercise 7.

    Examples
    --------
    >>> [len(layer.variants) for layer in pocket_problem().library.layers]
    [4, 3, 3]
    """
    layers = tuple(_pocket_layer(place, rows) for place, rows in enumerate(_POCKET))
    small = BlockLibrary(
        "pocket library",
        layers,
        Measurement(),
        provenance=Provenance("generated", note="Round figures, to calculate with by hand."),
    )
    return SearchProblem(small, minimize=KL, budgets={MEMORY: _POCKET_MEMORY})


def _pocket_layer(name: int, rows: tuple[tuple[float, float], ...]) -> Layer:
    variants = tuple(
        BlockVariant(
            f"{memory} MiB",
            SubBlock("sized", int(memory)),
            SubBlock("sized", 16 * int(memory)),
            FrozenMapping({KL: float(score), MEMORY: float(memory)}),
        )
        for memory, score in rows
    )
    return Layer(name, variants, variants[0].name)


@_exercise(1)
def exercise_1(answer: Any) -> Said:  # noqa: ANN401
    """Say how much memory the parent takes, in MiB.

    Examples
    --------
    >>> exercise_1("a lot")
    Exercise 1. Not yet. Give the memory in MiB as a plain number, ...
    """
    mine = read_number(answer, "the memory in MiB")
    truth = library().parent_totals[MEMORY]
    if is_close(mine, truth):
        return True, "It is the sum over all layers and the non-block costs, as every total is."
    if is_close(mine, truth - library().non_block_cost(MEMORY)):
        return False, "The blocks are summed. What lies outside them (embeddings, head) counts too."
    if any(is_close(mine, truth * factor) for factor in (_MIB, 1 / _MIB, _MIB**2)):
        return False, "The right amount in another unit: MiB is asked for."
    if is_close(mine, truth, _NEAR):
        return False, "Close, but not the sum. Give four digits, as parent_totals does."
    return False, "Display the library: a table lists what the parent takes, with units."


@_exercise(2)
def exercise_2(answer: Any) -> Said:  # noqa: ANN401
    """Find the least summed KL divergence within 60 % of the parent's memory.

    Examples
    --------
    >>> exercise_2(search(memory_problem())).right
    True
    """
    problem = memory_problem()
    given = answer.score if isinstance(answer, Solution) else answer
    mine, truth = read_number(given, f"the score in {_unit()}"), search(problem).score
    if is_close(mine, truth):
        return True, "And it is proven: the bound equals the score."
    if mine < truth:
        return False, "No architecture within that budget is so good. Is the budget the right one?"
    return False, "There is a better architecture within that budget. Let pw.search find the best."


@_exercise(3)
def exercise_3(answer: Any) -> Said:  # noqa: ANN401
    """Name those of three budgets that hold the score back.

    Examples
    --------
    >>> exercise_3("stats.memory")
    Exercise 3. Not yet. There is no budget 'stats.memory' here. ...
    """
    problem = three_budgets()
    solution = search(problem)
    mine = read_names(answer, _budget_names(problem), "the budgets that bind")
    binding = {key for key, price in solution.shadow_prices.items() if price}
    if mine == binding:
        return True, "Its shadow price is not 0: loosen it alone, and the bound gets better."
    if mine - binding:
        return False, (
            "One that you name has room to spare: loosen it alone, search again, and nothing gets "
            "better."
        )
    return False, "One more holds the score back. Which have a shadow price?"


def _budget_names(problem: SearchProblem) -> dict[str, str]:
    """Key of each name that a budget may be called by."""
    names = {key: key for key in problem.budgets}
    names |= {problem.library.quantity(key).label: key for key in problem.budgets}
    return names | {THROUGHPUT: RUNTIME} if RUNTIME in problem.budgets else names


@_exercise(4)
def exercise_4(answer: Any) -> Said:  # noqa: ANN401
    """Find the shadow price of memory at 60 % of the parent's.

    Examples
    --------
    >>> exercise_4(search(memory_problem()).shadow_prices[MEMORY]).right
    True
    """
    problem = memory_problem()
    solution = search(problem)
    price = solution.shadow_prices[MEMORY]
    mine = read_number(answer, f"the shadow price in {_unit()} per MiB")
    if is_close(mine, price, _PRICE):
        return True, "It is the slope of the bound. Architectures are steps, so the score may wait."
    if is_close(-mine, price, _PRICE):
        return False, "The size is right. A price says what more budget improves: leave the sign."
    if any(is_close(mine, price * factor, _PRICE) for factor in (_MIB, 1 / _MIB)):
        return False, f"The right price per another unit: {_unit()} per MiB is asked for."
    if is_close(mine, solution.score - _score_with_more(problem), _PRICE):
        return False, "That is what the score does in one step. The price is the bound's slope."
    return False, "A solution has shadow_prices, one for each budget."


def _score_with_more(problem: SearchProblem) -> float:
    return search(problem.with_budget(MEMORY, upper=problem.budgets[MEMORY].upper + 1)).score


@_exercise(5)
def exercise_5(answer: Any) -> Said:  # noqa: ANN401
    """Find the knee of the front of 24 points: its memory in MiB, or the point itself.

    Examples
    --------
    >>> exercise_5(0)
    Exercise 5. Not yet. No point of the front takes that much. ...
    """
    advice = which_point(pareto_front(SearchProblem(library(), minimize=KL), MEMORY, POINTS))
    given = answer.totals.get(MEMORY) if isinstance(answer, Solution) else answer
    mine = read_number(given, "the memory of the knee in MiB, or the knee itself,")
    if advice.knee is not None and is_close(mine, advice.knee.totals[MEMORY]):
        return True, "It is the point farthest from the line between the ends, both axes scaled."
    places = np.flatnonzero([is_close(mine, use) for use in advice.use])
    if not len(places):
        return False, "No point of the front takes that much. Draw the front, or list its points."
    if {0, len(advice.use) - 1} & set(places.tolist()):
        return False, "That is an end of the front; the knee lies between."
    return False, "A point of the front, but not the one where it bends most: pw.which_point."


@_exercise(6)
def exercise_6(answer: Any) -> Said:  # noqa: ANN401
    """Say what it costs to keep the first and last layer as the parent's.

    Examples
    --------
    >>> exercise_6(0.0)
    Exercise 6. Not yet. The rule is not free: ...
    """
    problem = served_problem()
    free, ruled = search(problem), search(problem.with_rule(rules.keep_ends(library(), 1)))
    mine = read_number(answer, f"the cost of the rule in {_unit()}")
    cost = ruled.score - free.score
    if is_close(mine, cost, 10 * CLOSE):
        return True, "A rule costs the score with it, less the score without it; never below 0."
    if is_close(mine, ruled.score) or is_close(mine, free.score):
        return False, "That is a score. The cost of a rule is the difference that it makes."
    if mine <= 0:
        return False, "The rule is not free: fewer architectures are left, and the best is not."
    return False, "Search twice, with the rule and without: problem.with_rule(...)."


@_exercise(7)
def exercise_7(answer: Any) -> Said:  # noqa: ANN401
    """Work out the LP bound of the pocket problem by hand.

    Examples
    --------
    >>> exercise_7(search(pocket_problem()).score)
    Exercise 7. Not yet. That is the best architecture's score. ...
    """
    problem = pocket_problem()
    bound, best = lp_bound(problem), search(problem).score
    mine = read_number(answer, "the bound")
    if is_close(mine, bound):
        return True, "One layer mixes two variants; no architecture within 8 MiB can score below."
    if is_close(mine, best):
        return False, "That is the best architecture's score. In the bound one layer may be mixed."
    if mine > best:
        return False, (
            "A bound cannot lie above what an architecture reaches. Leave out variants above the "
            "line between two others."
        )
    if mine < bound:
        return False, "That bounds it too, but less well. Save where a MiB costs least, first."
    return False, "Above the LP bound: a mixture of two variants does better."


@_exercise(8)
def exercise_8(answer: Any) -> Said:  # noqa: ANN401
    """Find the best architecture in which four layers or more keep all eight KV heads.

    Examples
    --------
    >>> exercise_8(search(memory_problem()))
    Exercise 8. Not yet. It has too few layers of 8 KV heads. ...
    """
    problem = memory_problem()
    mine = read_architecture(answer, problem)
    whole = sum(_is_whole(library().layer(name).variant(block)) for name, block in mine.items())
    if whole < LEAST_WHOLE:
        return False, "It has too few layers of 8 KV heads. Does the model have the new row?"
    summed = evaluate(problem, mine)
    if summed.reason:
        return False, f"{summed.reason} Keep the rows that the model had."
    best = search(problem.with_rows([_whole_row()]))
    if is_close(summed.score, best.score, 1e-6):
        return True, "The same optimum as pw.search finds with this rule as a pw.Row."
    return False, "It keeps the rule, but something better does, too. Was it solved to the end?"


def _is_whole(block: BlockVariant) -> bool:
    return block.attention == library().layers[0].parent_variant.attention


def _whole_row() -> Row:
    words = f"at least {LEAST_WHOLE} layers of 8 KV heads"
    return Row.of(library(), words, lambda _, block: _is_whole(block), lower=LEAST_WHOLE)


@_exercise(9)
def exercise_9(answer: Any) -> Said:  # noqa: ANN401
    """Write a greedy that is better than the recipe of the paper, within both budgets.

    Examples
    --------
    >>> exercise_9(library().parent_architecture)
    Exercise 9. Not yet. Breaks Memory ≤ 36.52 MiB, Runtime ≤ 850.8 ms. ...
    """
    problem = served_problem()
    mine = evaluate(problem, read_architecture(answer, problem))
    if mine.reason:
        return False, f"{mine.reason} Go on saving until both budgets hold."
    best, recipe = search(problem), baselines(problem)["greedy"].score
    above = format_share(mine.score / best.score - 1)
    if is_close(mine.score, best.score, 1e-6):
        return True, "It is the optimum. Greedy has no way to know that: only a bound proves it."
    if mine.score < recipe:
        return True, f"Better than the recipe, and {above} above the optimum."
    return False, (
        "It keeps the budgets, but is no better than the recipe's. Which saving costs least for "
        "what it saves of both?"
    )

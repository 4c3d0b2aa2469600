"""What a report says of a solution: proof, question, figures."""

from __future__ import annotations

import math

from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.quantity import (
    RUNTIME,
    THROUGHPUT,
    describe_key,
    format_figure,
    format_share,
)
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.solution import Solution
from puzzle_widgets.solution.scenario import budget_words
from puzzle_widgets.solution.solution import STATUS_WORDS

NOTHING = "\N{EN DASH}"
WHAT_THROUGHPUT_IS = "Throughput is batch size x sequence length / summed runtime of a batch."
ORIGINS = {
    "measured": "measured",
    "modeled": "modeled, not measured",
    "generated": "generated at random, not measured",
    "unknown": "of unknown origin",
}


def proof_words(solution: Solution) -> str:
    """Say status, score, bound and gap, such as ``"Optimal, proven: KL divergence 3.61 ..."``."""
    status = STATUS_WORDS[solution.status]
    status = status[:1].upper() + status[1:]
    if not solution.found:
        return f"{status}. {solution.reason}".strip()
    label = solution.library.quantity(solution.problem.objective).title
    key = solution.problem.objective
    score, bound = (format_figure(key, value) for value in (solution.score, solution.bound))
    gap = "unknown" if math.isnan(solution.gap) else f"{100 * solution.gap:.3g} %"
    return f"{status}: summed {label} {score}, bound {bound}, gap {gap}"


def question_words(problem: SearchProblem) -> str:
    """Say the objective and the budgets, a runtime budget also as the throughput it stands for."""
    library = problem.library
    words = f"{problem.goal.capitalize()} {library.quantity(problem.objective).label}. "
    words += f"Budgets: {budget_words(problem)}"
    runtime = problem.budgets.get(RUNTIME)
    if runtime is not None and 0 < runtime.upper < math.inf:
        throughput = library.throughput(runtime.upper)
        if throughput is not None:
            words += f" (runtime for at least {describe_key(THROUGHPUT).text(throughput)})"
    return f"{words}.{_rules(problem)}"


def share_words(solution: Solution, key: str) -> str:
    """Share of the parent's total."""
    share = solution.shares.get(key)
    return NOTHING if share is None else format_share(share)


def measured_words(library: BlockLibrary) -> str:
    """Say how costs were measured, as far as it is known."""
    measured = library.measurement
    parts = [
        f"batch size {measured.batch_size:,}" if measured.batch_size else "",
        f"sequence length {measured.sequence_length:,}" if measured.sequence_length else "",
        measured.gpu,
        measured.dtype,
    ]
    return ", ".join(part for part in parts if part) or "not known"


def _rules(problem: SearchProblem) -> str:
    counts = [
        (len(problem.fixed), "layers fixed"),
        (len(problem.banned), "layers with banned variants"),
        (len(problem.differences), "rules of difference"),
    ]
    said = [f"{count} {what}" for count, what in counts if count]
    return f" Rules: {', '.join(said)}." if said else ""

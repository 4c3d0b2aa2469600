"""Reasons in short sentences: what binds, the next step, how sure the answer is, what else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup

from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.quantity import format_brief, format_share
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.reasons import Baseline, BudgetReason, Explanation, NextStep, Sensitivity
from puzzle_widgets.reasons.sensitivity import SURE
from puzzle_widgets.reasons.words import change_words, label_of, score_words
from puzzle_widgets.solution import Scenario, Solution
from puzzle_widgets.widgets.budgets.amounts import Units, scale_of
from puzzle_widgets.widgets.html import Cell, table
from puzzle_widgets.widgets.status import facts, notes, warnings

_DASH = "\N{EN DASH}"
_FEW_RUNS, _LEAST_SURE = 14, 3
_SAID = Markup("<div class='pw-why-line'>{}</div>")
_TAG = Markup(" <span class='pw-tag'>{}</span>")
_BRIEFLY = Markup("<div class='pw-why-line pw-why-briefly'>{}</div>")
_IN_FULL = Markup("<div class='pw-why-table'>{}</div>")
_FOLD = Markup("<details class='pw-why-fold'><summary>{}</summary><div>{}</div></details>")
_NOTES = Markup("<details class='pw-why-more'><summary>{}</summary><div>{}</div></details>")


def limit_lines(found: Explanation, units: Units) -> Markup:
    """Say what binds and at what price, and what is left of the other limits."""
    problem = found.solution.problem
    binds = [_binding(problem, one) for one in found.budgets if one.binds]
    free = [_free(found.solution.library, one, units) for one in found.budgets if not one.binds]
    if not found.budgets:
        said = [Markup("<b>No budget is set,</b> so none holds the score back.")]
    elif not binds:
        said = [Markup("<b>No budget binds:</b> nothing scores better without them.")]
    else:
        said = binds
    said[-1] = Markup(" ").join([said[-1], *free])
    return Markup("").join(_SAID.format(words) for words in said)


def _binding(problem: SearchProblem, one: BudgetReason) -> Markup:
    price = one.price_words.removeprefix(f"{one.label}: ")
    words = price or "Every block of a better score takes more than what is left."
    return Markup("<b>{} binds.</b> <span title='{}'>{}</span>").format(
        one.label, words, words.replace(f"the summed {label_of_objective(problem)}", "the score")
    )


def _free(library: BlockLibrary, one: BudgetReason, units: Units) -> Markup:
    left = scale_of(library, one.resource, units).said(one.slack)
    words = f"{one.label} is not the limit"
    words += "." if math.isinf(one.slack) else f": {left} to spare."
    return Markup("<span class='pw-why-free'>{}</span>").format(words)


def step_line(library: BlockLibrary, one: BudgetReason, step: NextStep) -> Markup:
    """Say the least change of a limit that changes anything and what it is worth; fold the rest."""
    told = (step.brief or step.words).removeprefix(f"{one.label}: ")
    head = Markup("<b>Next step<span class='pw-why-of'>, {}</span>:</b> ").format(one.label)
    if not step.changes or step.solution is None:
        return _SAID.format(head + told)
    count = len(step.changes)
    layers = "1 layer changes" if count == 1 else f"{count} layers change"
    brief = _step_words(one, step, step.solution)
    blocks = change_words(library, step.changes)
    said = Markup("{}{}<span class='pw-why-of'>; {}</span>").format(head, brief, layers)
    return _FOLD.format(said, f"{_sentence(told)}. {_sentence(blocks)}.")


def _step_words(one: BudgetReason, step: NextStep, there: Solution) -> str:
    """Say how far and what for, in two digits."""
    looser = "more" if one.sense == "at most" else "less"
    moved = f"{rounded(abs(step.limits[-1] - one.limit))} {one.unit}".rstrip()
    if step.gain == 0:
        return f"{moved} {looser} changes blocks, but not the score"
    verb = "lowers" if there.problem.goal == "minimize" else "raises"
    most = "" if step.exact else "at most "
    least = "" if there.status == "optimal" else "at least "
    return f"{most}{moved} {looser} {verb} the score by {least}{rounded(abs(step.gain))}"


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:].rstrip(".")


def rounded(value: float) -> str:
    """Write an amount in two digits, never in powers of ten unless it is next to nothing.

    Examples
    --------
    >>> rounded(0.04743), rounded(9.39e-05), rounded(17.42), rounded(84_961.2), rounded(3e-12)
    ('0.047', '0.000094', '17', '84,961', '3e-12')
    """
    if not 1e-6 <= abs(value) < 100:
        return format_brief(value)
    text = f"{float(f'{value:.2g}'):.9f}".rstrip("0")
    return text.rstrip(".")


def sure_lines(found: Sensitivity) -> Markup:
    """Say how many layers are decided, and fold which ones noise in the scores changes."""
    survival = found.survival
    count, sure = len(survival), int((survival >= SURE).sum())
    noise = found.noise.brief
    samples = f"{found.samples:,} samples"
    head = Markup("<b>How sure:</b> {} of {} layers are decided").format(sure, count)
    if sure == count:
        said = Markup("{} {}; none changes. {}")
        quiet = Markup("<span class='pw-quiet'>{}</span>").format(samples)
        return _SAID.format(said.format(head, noise, quiet))
    shaken = [place for place, share in enumerate(survival) if share < SURE]
    words = _shaken_words(found, shaken)
    return _FOLD.format(Markup("{} {}").format(head, noise), f"{words} {samples}.")


def _shaken_words(found: Sensitivity, shaken: Sequence[int]) -> str:
    """Name the layers that noise changes; of many, those that it changes most of all, too."""
    library, survival = found.problem.library, found.survival
    runs = layer_runs(library, shaken)
    names = f"{'layer' if len(shaken) == 1 else 'layers'} {', '.join(runs)}"
    if len(runs) <= _FEW_RUNS:
        return f"Noise in the scores changes {names}."
    least = sorted(shaken, key=lambda place: survival[place])[:_LEAST_SURE]
    most = ", ".join(
        f"layer {library.layers[place].name} (kept in {format_share(float(survival[place]))})"
        for place in least
    )
    return f"Noise in the scores changes {names}, most of all {most}."


def proof(shown: Solution, noise: Sensitivity | None, *, budgets: bool) -> Markup:
    """Fold how far the answer is proven, what is to be known of it, and of the noise."""
    told = Markup("").join(_SAID.format(words) for words in noise.sentences) if noise else ""
    inside = facts(shown) + warnings(shown) + notes(shown, budgets=budgets) + told
    return _NOTES.format("Proof, notes and noise" if noise else "Proof and notes", inside)


def layer_runs(library: BlockLibrary, places: Sequence[int]) -> list[str]:
    """Name layers, neighbors together.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> layer_runs(pw.load_library("stdlib-2m-measured"), [0, 2, 3, 4, 6, 7])[2:]
    ['6', '7']
    """
    ends = [n for n, (one, other) in enumerate(pairwise(places), 1) if other != one + 1]
    runs = [places[a:b] for a, b in pairwise([0, *ends, len(places)])]
    names = [[str(library.layers[place].name) for place in run] for run in runs]
    return [
        word for run in names for word in (run if len(run) < 3 else [f"{run[0]}{_DASH}{run[-1]}"])
    ]


def beside(optimum: Solution, baselines: Sequence[Baseline], reference: Scenario | None) -> Markup:
    """Set the optimum beside the reference and simpler ways: score, and layers that differ."""
    problem, library = optimum.problem, optimum.library
    title = library.quantity(problem.objective).label
    rows: list[list[Cell]] = [["Optimal, proven", score_words(problem, optimum.score), _DASH]]
    if reference is not None and reference.solution.library is library:
        score = reference.solution.totals[problem.objective]
        name = f"Reference: {' '.join(reference.name.split())}"
        words = score_words(problem, score)
        rows.append([name, words, _differs(optimum, reference.solution)])
    rows += [_baseline_row(optimum, one) for one in baselines if _worth_telling(one)]
    head = ["At this budget", title, "Differs in"]
    caption = "The optimum, and what simpler ways find within the same budgets"
    shown = table(head, rows, caption=caption, chosen=[0])
    return _BRIEFLY.format(_brief_words(optimum, baselines, reference)) + _IN_FULL.format(shown)


def _brief_words(
    optimum: Solution, baselines: Sequence[Baseline], reference: Scenario | None
) -> Markup:
    """Say the same in a sentence, for where a table has no room."""
    told = [
        f"{format_brief(one.score)} ({one.name})"
        for one in sorted(filter(_worth_telling, baselines), key=lambda one: one.score)
        if one.solution is not None
    ]
    aside = ""
    if reference is not None and reference.solution.library is optimum.library:
        score = reference.solution.totals[optimum.problem.objective]
        aside = f"; the reference {format_brief(score)}"
    found = ", ".join(told) or "nothing that keeps the budgets"
    return Markup("<b>Simpler ways</b> find {}{}.").format(found, aside)


def _worth_telling(one: Baseline) -> bool:
    """The parent, or a published model, over the budgets is no way to meet them."""
    return one.keeps or one.solution is None


def _baseline_row(optimum: Solution, one: Baseline) -> list[Cell]:
    name = Markup("<span title='{}'>{}</span>").format(one.how, one.name[:1].upper() + one.name[1:])
    if one.solution is None:
        return [
            name + _TAG.format("none"),
            Markup("<span title='{}'>{}</span>").format(one.reason, _DASH),
            _DASH,
        ]
    return [name, score_words(optimum.problem, one.score), _differs(optimum, one.solution)]


def _differs(one: Solution, other: Solution) -> str:
    pairs = zip(one.blocks, other.blocks, strict=True)
    count = sum(mine.name != theirs.name for mine, theirs in pairs)
    return f"{count} {'layer' if count == 1 else 'layers'}"


def conflict_lines(found: Explanation) -> Markup:
    """Say what cannot all hold."""
    if found.conflict is None:
        return _SAID.format(found.text)
    first, *rest = found.conflict.sentences
    lines = [Markup("<b>{}</b>").format(first), *rest]
    return Markup("").join(_SAID.format(line) for line in lines)


def label_of_objective(problem: SearchProblem) -> str:
    """The objective as it stands within a sentence."""
    return label_of(problem.library, problem.objective)

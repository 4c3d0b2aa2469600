"""Reasons in short sentences: what binds, the next step, how sure the answer is, what else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from markupsafe import Markup

from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.quantity import format_share
from puzzle_widgets.reasons import Baseline, BudgetReason, Explanation, NextStep, Sensitivity
from puzzle_widgets.reasons.sensitivity import SURE
from puzzle_widgets.reasons.words import change_words, label_of, listed, score_words
from puzzle_widgets.solution import Scenario, Solution
from puzzle_widgets.widgets.budgets.amounts import Units, scale_of
from puzzle_widgets.widgets.html import Cell, table
from puzzle_widgets.widgets.status import facts, notes, warnings

_DASH = "\N{EN DASH}"
_FEW_CHANGES, _FEW_RUNS, _LEAST_SURE = 2, 14, 3
_SAID = Markup("<div class='pw-why-line'>%s</div>")
_TAG = Markup(" <span class='pw-tag'>{}</span>")
_FOLD = Markup("<details class='pw-why-more'><summary>%s</summary><div>%s</div></details>")


def limit_lines(found: Explanation, units: Units) -> Markup:
    """Say what binds and at what price, and what is left of the other limits."""
    binds = [_binding(one) for one in found.budgets if one.binds]
    free = [_free(found.solution.library, one, units) for one in found.budgets if not one.binds]
    if not found.budgets:
        said = [Markup("<b>No budget is set,</b> so none holds the score back.")]
    elif not binds:
        said = [Markup("<b>No budget binds:</b> nothing scores better without them.")]
    else:
        said = binds
    said[-1] = Markup(" ").join([said[-1], *free])
    return Markup("").join(_SAID % words for words in said)


def _binding(one: BudgetReason) -> Markup:
    price = one.price_words.removeprefix(f"{one.label}: ")
    words = price or "Every block of a better score takes more than what is left."
    return Markup("<b>{} binds.</b> {}").format(one.label, words)


def _free(library: BlockLibrary, one: BudgetReason, units: Units) -> str:
    left = scale_of(library, one.resource, units).said(one.slack)
    return f"{one.label} is not the limit: {left} to spare."


def step_line(library: BlockLibrary, one: BudgetReason, step: NextStep) -> Markup:
    """Say the least change of a limit that changes anything, what it is worth, and which blocks."""
    brief = (step.brief or step.words).removeprefix(f"{one.label}: ")
    head = Markup("<b>Next step, {}:</b> ").format(one.label)
    if not step.changes:
        return _SAID % (head + brief)
    words = change_words(library, step.changes)
    if len(step.changes) <= _FEW_CHANGES:
        return _SAID % (head + f"{brief}: {words}.")
    names = listed([str(change.layer) for change in step.changes])
    count = f"{len(step.changes)} layers change: {names}"
    return _SAID % (head + f"{brief}.") + _FOLD % (count, words)


def sure_lines(found: Sensitivity) -> Markup:
    """Say how many layers are decided, and what noise in the scores changes."""
    library, survival = found.problem.library, found.survival
    count, sure = len(library.layers), int((survival >= SURE).sum())
    noise = format_share(found.noise.noise)
    samples = Markup("<span class='pw-quiet'>{:,} samples</span>")
    head = Markup("<b>How sure:</b> {} of {} layers are decided").format(sure, count)
    if sure == count:
        said = Markup("{}; {} noise in the scores changes none. {}")
        return _SAID % said.format(head, noise, samples.format(found.samples))
    shaken = [place for place, share in enumerate(survival) if share < SURE]
    runs = layer_runs(library, shaken)
    if len(runs) <= _FEW_RUNS:
        said = Markup("{}; {} noise in the scores changes {}. {}")
        words = f"{'layer' if len(shaken) == 1 else 'layers'} {', '.join(runs)}"
        return _SAID % said.format(head, noise, words, samples.format(found.samples))
    said = Markup("{}; {} noise in the scores changes the others, most of all {}. {}")
    least = sorted(shaken, key=lambda place: survival[place])[:_LEAST_SURE]
    words = ", ".join(
        f"layer {library.layers[place].name} (kept in {format_share(float(survival[place]))})"
        for place in least
    )
    line = _SAID % said.format(head, noise, words, samples.format(found.samples))
    return line + _FOLD % (f"{len(shaken)} layers are not decided", ", ".join(runs))


def proof(shown: Solution, noise: Sensitivity | None, *, budgets: bool) -> Markup:
    """Fold how far the answer is proven, what is to be known of it, and of the noise."""
    told = Markup("").join(_SAID % words for words in noise.sentences) if noise else ""
    inside = facts(shown) + warnings(shown) + notes(shown, budgets=budgets) + told
    return _FOLD % ("Proof, notes and noise" if noise else "Proof and notes", inside)


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


def beside(optimum: Solution, baselines: Iterable[Baseline], reference: Scenario | None) -> Markup:
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
    return table(head, rows, caption=caption, chosen=[0])


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
        return _SAID % found.text
    first, *rest = found.conflict.sentences
    lines = [Markup("<b>{}</b>").format(first), *rest]
    return Markup("").join(_SAID % line for line in lines)


def objective_label(solution: Solution) -> str:
    """The objective as it stands within a sentence."""
    return label_of(solution.library, solution.problem.objective)

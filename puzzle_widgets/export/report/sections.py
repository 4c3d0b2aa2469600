"""The sections of a report: one of each scenario, one that compares them, the front."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from puzzle_widgets.charts import comparison_figure, front_figure, layers_figure
from puzzle_widgets.charts.comparison import with_parent
from puzzle_widgets.charts.front import FrontAxes
from puzzle_widgets.export.report.parts import drawn, facts, folded, table
from puzzle_widgets.export.report.words import (
    NOTHING,
    ORIGINS,
    WHAT_THROUGHPUT_IS,
    measured_words,
    proof_words,
    question_words,
    share_words,
)
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.non_block import non_block_words
from puzzle_widgets.library.quantity import (
    MEMORY,
    RUNTIME,
    THROUGHPUT,
    describe_key,
    format_figure,
    format_number,
    format_share,
)
from puzzle_widgets.solution import Scenario, Solution, parent_solution
from puzzle_widgets.sweeps import ParetoFront


def provenance(library: BlockLibrary) -> Markup:
    """Say where the figures come from."""
    said = library.provenance
    pairs = {
        "Library": f"{library.name}: {len(library.layers)} layers",
        "Figures": ORIGINS[said.origin],
        "Source": said.source or "not known",
        "Measured at": measured_words(library),
        "Non-block costs": non_block_words(library),
        "Remark": said.note,
    }
    return facts({name: words for name, words in pairs.items() if words})


def scenario_section(kept: Scenario) -> Markup:
    """Tell one scenario: proof, question, totals against the parent, picture, layers."""
    solution = kept.solution
    head = Markup("<section><h2>{}</h2><p class='state{}'>{}</p><p>{}</p>").format(
        kept.name,
        "" if solution.status == "optimal" and not solution.notes else " warn",
        proof_words(solution),
        question_words(solution.problem),
    )
    head += Markup("").join(Markup("<p>Note: {}</p>").format(said) for said in solution.notes)
    if not solution.found:
        return head + Markup("</section>")
    engine = f"Searched {solution.seconds:.2f} s by {solution.engine}."
    return head + Markup("<p class='quiet'>{}</p>{}<h3>Blocks by layer</h3>{}{}</section>").format(
        engine,
        totals_table(solution),
        drawn(layers_figure(solution, title=f"Blocks by layer: {kept.name}")),
        folded(f"All {len(solution.blocks)} layers", layers_table(solution)),
    )


def comparison_section(scenarios: Sequence[Scenario]) -> Markup:
    """Compare scenarios in a table, and layer by layer."""
    library = scenarios[0].solution.library
    keys = [key for key in (RUNTIME, MEMORY) if key in library.keys] or list(library.keys[:1])
    pictures = [
        Markup("<h3>{} by layer</h3>{}").format(
            library.quantity(key).title, drawn(comparison_figure(with_parent(scenarios), key))
        )
        for key in keys
    ]
    return Markup("<section><h2>Comparison</h2>{}{}{}</section>").format(
        comparison_table(scenarios), differences(scenarios), Markup("").join(pictures)
    )


def front_section(front: ParetoFront, scenarios: Sequence[Scenario]) -> Markup:
    """Draw the front, and say how far it is searched and proven."""
    proven = sum(point.status == "optimal" for point in front.solutions)
    words = (
        f"{len(front.solutions)} points, {proven} proven optimal; "
        f"{front.done} of {front.asked} searches done."
    )
    axes = FrontAxes(front.solutions[0].problem, front.resource)
    picture = drawn(front_figure(front, axes, scenarios=scenarios))
    return Markup("<section><h2>Pareto front</h2><p>{}</p>{}</section>").format(words, picture)


def totals_table(solution: Solution) -> Markup:
    """Compare an architecture's totals with the parent's."""
    library, parent = solution.library, solution.library.parent_totals
    keys = [k for k in library.keys if k in library.costs or k == solution.problem.objective]
    rows = [
        [
            library.quantity(key).title,
            format_figure(key, solution.totals[key]),
            format_figure(key, parent[key]),
            share_words(solution, key),
        ]
        for key in keys
    ]
    note = ""
    if solution.throughput is not None:
        rows.append(_throughput_row(solution))
        note = WHAT_THROUGHPUT_IS
    head = ["Sum over all layers", "Architecture", "Parent", "Share of parent"]
    return table(head, rows) + Markup("<p class='quiet'>{}</p>").format(note)


def layers_table(solution: Solution) -> Markup:
    """List every layer's block with its objective, runtime and memory."""
    library = solution.library
    wanted = (solution.problem.objective, RUNTIME, MEMORY)
    keys = list(dict.fromkeys(key for key in wanted if key in library.keys))
    rows = [
        [
            str(layer.name),
            block.label,
            "the parent's" if block.name == layer.parent else block.name,
            *(format_figure(key, block.values[key]) for key in keys),
        ]
        for layer, block in zip(library.layers, solution.blocks, strict=True)
    ]
    head = ["Layer", "Block", "Variant", *(library.quantity(key).title for key in keys)]
    return table(head, rows, words=(0, 1, 2))


def comparison_table(scenarios: Sequence[Scenario]) -> Markup:
    """One row a scenario, the parent first."""
    library = scenarios[0].solution.library
    keys = [key for key in (MEMORY, RUNTIME) if key in library.keys]
    keys += list(dict.fromkeys(one.solution.problem.objective for one in scenarios))
    titles = [library.quantity(key).title for key in keys]
    fast = library.throughput(1.0) is not None
    head = ["Scenario", "Status", *titles, *([describe_key(THROUGHPUT).title] if fast else [])]
    parent = parent_solution(scenarios[0].solution.problem)
    rows = [["Parent", "reference", *_cells(parent, keys, fast=fast)]]
    for one in scenarios:
        status = one.solution.status
        rows.append([one.name, status, *_cells(one.solution, keys, fast=fast)])
    return table(head, rows, words=(0, 1))


def differences(scenarios: Sequence[Scenario]) -> Markup:
    """Count the layers in which any two scenarios differ."""
    names = [one.name for one in scenarios]
    rows = [
        [
            one.name,
            *(str(len(one.solution.differing_layers(other.solution))) for other in scenarios),
        ]
        for one in scenarios
    ]
    return Markup("<h3>Layers that differ</h3>{}").format(table(["", *names], rows))


def _cells(solution: Solution, keys: Sequence[str], *, fast: bool) -> list[str]:
    cells = [format_figure(key, solution.totals[key]) for key in keys]
    if fast:
        cells.append(_number(solution.throughput))
    return cells


def _throughput_row(solution: Solution) -> list[str]:
    library = solution.library
    parent = library.throughput(library.parent_totals[RUNTIME])
    cells = [describe_key(THROUGHPUT).title, _number(solution.throughput), _number(parent)]
    speedup = solution.speedup
    return [*cells, NOTHING if speedup is None else format_share(speedup)]


def _number(value: float | None) -> str:
    return NOTHING if value is None else format_number(value)

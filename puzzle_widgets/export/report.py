"""A report of scenarios as one HTML page that needs nothing from elsewhere, not even a script."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from puzzle_widgets.charts import (
    Figure,
    comparison_figure,
    draw,
    front_figure,
    layers_figure,
)
from puzzle_widgets.charts.comparison import with_parent
from puzzle_widgets.charts.front import FrontAxes
from puzzle_widgets.errors import ExportError
from puzzle_widgets.export.checks import Given, as_scenarios, require_one_parent
from puzzle_widgets.files.scenario_file import asked_content
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.json_forms import library_digest
from puzzle_widgets.library.matching import measurement_words
from puzzle_widgets.library.model import ORIGIN_WORDS
from puzzle_widgets.library.quantity import (
    MEMORY,
    RUNTIME,
    THROUGHPUT,
    describe_key,
    format_figure,
)
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.solution import Scenario, Solution, parent_solution
from puzzle_widgets.solution.across import (
    differing_places,
    libraries_of,
    sharing_sums,
)
from puzzle_widgets.solution.scenario import aim_words, together
from puzzle_widgets.solution.side_by_side import (
    changes_table,
    elsewhere_table,
    key_title,
    library_mark,
    totals_table,
)
from puzzle_widgets.solution.solution import STATUS_WORDS
from puzzle_widgets.solution.words import (
    WHAT_THROUGHPUT_IS,
    Table,
    budgets_in_full,
    number_text,
    proof_figures,
    totals,
)
from puzzle_widgets.sweeps import ParetoFront
from puzzle_widgets.version import __version__

if TYPE_CHECKING:
    from jinja2 import Template

_TEMPLATE = Path(__file__).with_name("report.html")


def report(given: Given, front: ParetoFront | None = None, made: date | None = None) -> str:
    """Write a report as an HTML page.

    Parameters
    ----------
    given
        A solution or scenario to report, or a sequence of either to compare: of one library, or
        of several of one parent, each with the figures of its own.
    front
        A Pareto front to draw with them.
    made
        Date to say; today by default.

    Raises
    ------
    ExportError
        If there are none, or the layers of their libraries do not match.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> parent = pw.parent_solution(problem)
    >>> pw.export.report(parent).splitlines()[0].lower()
    '<!doctype html>'
    """
    scenarios = _checked(as_scenarios(given))
    found = [one for one in scenarios if one.solution.found]
    libraries = libraries_of(scenarios)
    return _template().render(
        title=_title(scenarios),
        made=(made or datetime.now(tz=UTC).date()).isoformat(),
        version=__version__,
        provenance=[_provenance(one) for one in libraries],
        comparison=_comparison(found) if len(found) > 1 else None,
        scenarios=[_scenario(one) for one in scenarios],
        front=None if front is None or not front.solutions else _front(front, found),
        asked=_asked(scenarios),
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - importing the package stays fast

    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return page.from_string(_TEMPLATE.read_text(encoding="utf-8"))


def _title(scenarios: Sequence[Scenario]) -> str:
    name, count = scenarios[0].solution.library.name, len(libraries_of(scenarios))
    if count > 1:
        return f"{len(scenarios)} architectures of {count} libraries of one parent"
    if len(scenarios) == 1:
        return f"{scenarios[0].name}: an architecture of {name}"
    return f"{len(scenarios)} architectures of {name}"


def _checked(scenarios: Sequence[Scenario]) -> tuple[Scenario, ...]:
    """Give scenarios that can be told together; those of one library share its sums."""
    if not scenarios:
        raise ExportError("A report needs a scenario. Save one first.")
    require_one_parent(scenarios)
    return sharing_sums(together(scenarios))


def _asked(scenarios: Sequence[Scenario]) -> str:
    """The whole problem of each scenario, with library and version, to read by a program."""
    told = [{"name": one.name, **asked_content(one.solution.problem)} for one in scenarios]
    return json.dumps(told, allow_nan=False)


def _drawn(figure: Figure) -> Markup:
    return draw(figure).to_svg(alone=False)


def _provenance(library: BlockLibrary) -> dict[str, str]:
    """Say where the figures come from."""
    said = library.provenance
    return {
        "Library": f"{library.name}: {len(library.layers)} layers",
        "SHA-256": library_digest(library),
        "Figures": ORIGIN_WORDS[said.origin],
        "Source": said.source or "not known",
        "Measured at": measurement_words(library) or "not known",
        "Non-block costs": library.non_block_words,
        "Remark": said.note,
    }


def _scenario(saved: Scenario) -> dict[str, Any]:
    """Tell one scenario: proof, question, totals against the parent, chart, layers."""
    solution = saved.solution
    known = {
        "name": saved.name,
        "library": library_mark(solution.library),
        "proven": solution.status == "optimal" and not solution.warned,
        "proof": _proof(solution),
        "question": _question(solution.problem),
        "notes": solution.notes,
        "totals": None,
    }
    if not solution.found:
        return known
    return known | {
        "engine": f"Searched {solution.seconds:.2f} s by {solution.engine}.",
        "totals": totals(solution),
        "what_throughput_is": "" if solution.throughput is None else WHAT_THROUGHPUT_IS,
        "picture": _drawn(layers_figure(solution, title=f"Blocks by layer: {saved.name}")),
        "layers": _layers(solution),
    }


def _proof(solution: Solution) -> str:
    """Say status, score, bound and gap, such as ``"Optimal, proven: KL divergence 3.61 ..."``."""
    status = STATUS_WORDS[solution.status]
    status = status[:1].upper() + status[1:]
    if not solution.found:
        return f"{status}. {solution.reason}".strip()
    return f"{status}: summed {proof_figures(solution)}"


def _question(problem: SearchProblem) -> str:
    """Say objective, budgets and rules."""
    counts = {
        "layers fixed": len(problem.fixed),
        "layers with banned variants": len(problem.banned),
        "rules of difference": len(problem.differences),
    }
    named = [f"{count} {what}" for what, count in counts.items() if count]
    rules = ", ".join([*named, *problem.rule_names])
    said = f"{aim_words(problem)}. Budgets: {budgets_in_full(problem)}."
    return f"{said} Rules: {rules}." if rules else said


def _layers(solution: Solution) -> Table:
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
    return Table(head, rows, left=3)


def _comparison(scenarios: Sequence[Scenario]) -> dict[str, Any]:
    """Compare scenarios in a table, by the layers that differ, and layer by layer."""
    libraries = libraries_of(scenarios)
    known = [key for key in (RUNTIME, MEMORY) if any(key in one.keys for one in libraries)]
    keys, shown = known or list(libraries[0].keys[:1]), with_parent(scenarios)
    several = len(libraries) > 1
    return {
        "totals": totals_table(scenarios) if several else _totals_of_all(scenarios),
        "changes": changes_table(scenarios) if several else None,
        "elsewhere": elsewhere_table(scenarios),
        "differences": _differences(scenarios),
        "pictures": {
            key_title(libraries, key): _drawn(comparison_figure(shown, key)) for key in keys
        },
    }


def _totals_of_all(scenarios: Sequence[Scenario]) -> Table:
    """One row per scenario, the parent first."""
    library = scenarios[0].solution.library
    keys = [key for key in (MEMORY, RUNTIME) if key in library.keys]
    keys += list(dict.fromkeys(one.solution.problem.objective for one in scenarios))
    fast = library.has_throughput

    def cells(solution: Solution) -> list[str]:
        figures = [format_figure(key, solution.totals[key]) for key in keys]
        return figures + ([number_text(solution.throughput)] if fast else [])

    titles = [library.quantity(key).title for key in keys]
    titles += [describe_key(THROUGHPUT).title] if fast else []
    rows = [["Parent", "reference", *cells(parent_solution(scenarios[0].solution.problem))]]
    rows += [[one.name, one.solution.status, *cells(one.solution)] for one in scenarios]
    return Table(["Scenario", "Status", *titles], rows, left=2)


def _differences(scenarios: Sequence[Scenario]) -> Table:
    """Count the layers in which any two scenarios differ."""
    solutions = [one.solution for one in scenarios]
    rows = [
        [one.name, *(str(len(differing_places(one.solution, other))) for other in solutions)]
        for one in scenarios
    ]
    return Table(["", *(one.name for one in scenarios)], rows)


def _front(front: ParetoFront, scenarios: Sequence[Scenario]) -> dict[str, Any]:
    """Draw the front, and say how far it is searched and proven."""
    library = front.solutions[0].library
    scenarios = [one for one in scenarios if one.solution.library.plain == library.plain]
    proven = sum(point.status == "optimal" for point in front.solutions)
    axes = FrontAxes(front.solutions[0].problem, front.resource)
    return {
        "words": f"{len(front.solutions)} points, {proven} proven optimal; "
        f"{front.done} of {front.asked} searches done.",
        "picture": _drawn(front_figure(front, axes, scenarios=scenarios)),
    }

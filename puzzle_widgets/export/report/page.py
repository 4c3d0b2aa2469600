"""A report of scenarios as one HTML page that needs nothing from elsewhere, not even a script."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from markupsafe import Markup

from puzzle_widgets.errors import ExportError
from puzzle_widgets.export.given import Given, as_scenarios
from puzzle_widgets.export.report.sections import (
    comparison_section,
    front_section,
    provenance,
    scenario_section,
)
from puzzle_widgets.solution import Scenario
from puzzle_widgets.sweeps import ParetoFront
from puzzle_widgets.version import __version__

_STYLE = Path(__file__).with_name("style.css")
_NO_LOADING = "default-src 'none'; style-src 'unsafe-inline'"


def report(given: Given, front: ParetoFront | None = None, made: date | None = None) -> str:
    """Write a report as an HTML page.

    Parameters
    ----------
    given
        A solution or scenario to report, or a sequence of either, of one library, to compare.
    front
        A Pareto front to draw with them.
    made
        Date to say; today by default.

    Raises
    ------
    ExportError
        If there are none, or they are of several libraries.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> parent = pw.parent_solution(problem)
    >>> pw.export.report(parent).splitlines()[0].lower()
    '<!doctype html>'
    """
    scenarios = as_scenarios(given)
    _check(scenarios)
    library = scenarios[0].solution.library
    found = [one for one in scenarios if one.solution.found]
    day = made or datetime.now(tz=UTC).date()
    parts = [Markup("<h2>Provenance</h2>") + provenance(library)]
    if len(found) > 1:
        parts.append(comparison_section(found))
    parts += [scenario_section(one) for one in scenarios]
    if front is not None and front.solutions:
        parts.append(front_section(front, found))
    return _page(_title(scenarios), Markup("").join(parts), day)


def _page(title: str, body: Markup, day: date) -> str:
    style = Markup(_STYLE.read_text(encoding="utf-8"))  # noqa: S704 - a file of ours
    page = Markup(
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta http-equiv='Content-Security-Policy' content=\"{}\">"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        "<title>{}</title><style>{}</style></head>\n<body><h1>{}</h1>"
        "<p class='quiet'>Made on {} by puzzle-widgets {}. Summed scores rank architectures "
        "before training; they do not predict a trained model's quality.</p>\n{}</body></html>\n"
    )
    version = __version__
    csp = Markup(_NO_LOADING)  # noqa: S704 - words of ours
    return str(page.format(csp, title, style, title, day.isoformat(), version, body))


def _title(scenarios: Sequence[Scenario]) -> str:
    name = scenarios[0].solution.library.name
    if len(scenarios) == 1:
        return f"{scenarios[0].name}: an architecture of {name}"
    return f"{len(scenarios)} architectures of {name}"


def _check(scenarios: Sequence[Scenario]) -> None:
    if not scenarios:
        raise ExportError("A report needs a scenario. Keep one first.")
    library = scenarios[0].solution.library
    others = [one.name for one in scenarios if one.solution.library != library]
    if others:
        raise ExportError(
            f"Scenario {others[0]!r} is of another library than {scenarios[0].name!r}. "
            "Report those of one library."
        )

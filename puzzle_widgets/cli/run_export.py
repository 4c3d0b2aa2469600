"""``puzzle-widgets export``: the best architecture, or a kept one, as a file for a target."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from puzzle_widgets.cli.ask import read_options, read_problem
from puzzle_widgets.cli.exits import EXIT_CODES, FOUND, INTERRUPTED, WRONG_INPUT
from puzzle_widgets.cli.open_library import open_asked
from puzzle_widgets.cli.output import check_output, note, plain, write_json, write_text
from puzzle_widgets.cli.stop import stoppable
from puzzle_widgets.errors import ExportError, ScenarioError
from puzzle_widgets.export import (
    Finding,
    ParentConfig,
    avoid,
    check,
    export,
    find_target,
    read_parent_config,
)
from puzzle_widgets.files.scenario_file import read_scenarios
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.search.outcome import Cancelled
from puzzle_widgets.solution import Scenario, Solution, search

_MOST_ROUNDS = 8


def run(asked: Namespace) -> int:
    """Search or read, check, and write the file; refused files are wrong input."""
    check_output(asked, makes_folder=not asked.check)
    _check_ending(asked)
    parent = None if asked.parent_config is None else read_parent_config(asked.parent_config)
    library = open_asked(asked)
    if asked.solutions is not None:
        return _export(asked, _kept(asked, library), parent)
    with stoppable() as stop:
        solution = _search(asked, library, parent, stop.is_set)
    if not solution.found:
        note(f"puzzle-widgets: {plain(solution.reason or solution.status)}")
        return INTERRUPTED if stop.is_set() else EXIT_CODES[solution.status]
    return _export(asked, [Scenario("solution", solution)], parent)


def _check_ending(asked: Namespace) -> None:
    """Refuse to write a picture under another form's ending."""
    usual, ending = Path(find_target(asked.target).file).suffix, Path(asked.output or "").suffix
    if usual == ".svg" and not asked.check and ending.lower() not in ("", usual):
        raise ExportError(f"--output {asked.output!r}: {asked.target} is SVG. End it in .svg.")


def _search(
    asked: Namespace, library: BlockLibrary, parent: ParentConfig | None, cancelled: Cancelled
) -> Solution:
    """Search; where that is asked, again with a rule against all that is refused."""
    options: dict[str, Any] = read_options(asked) | {"cancelled": cancelled}
    problem = read_problem(asked, library)
    solution = search(problem, **options)
    for _ in range(_MOST_ROUNDS if asked.avoid else 0):
        refused = _avoidable(solution, asked.target, parent)
        if not refused:
            break
        for finding in refused:
            note(f"Rule: {plain(finding.rule)}, since: {plain(finding.text)}")
            problem = avoid(problem, finding)
        solution = search(problem, **options)
    return solution


def _avoidable(solution: Solution, target: str, parent: ParentConfig | None) -> list[Finding]:
    if not solution.found:
        return []
    found = check(solution, target, parent_config=parent)
    return [one for one in found if one.severity == "error" and one.avoidable]


def _kept(asked: Namespace, library: BlockLibrary) -> Sequence[Scenario]:
    path = Path(asked.solutions).expanduser()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ScenarioError(f"{asked.solutions}: cannot be read ({error.strerror}).") from error
    goal: Goal | None = "maximize" if asked.maximize else "minimize" if asked.minimize else None
    objective = asked.minimize or asked.maximize or ""
    scenarios = read_scenarios(content, path.name, library, objective=objective, goal=goal)
    for scenario in scenarios:
        for said in scenario.notes:
            note(f"puzzle-widgets: note: {plain(f'{scenario.name}: {said}')}")
    if asked.name is None:
        return scenarios
    named = [one for one in scenarios if one.name == asked.name]
    if not named:
        names = ", ".join(repr(one.name) for one in scenarios)
        raise ScenarioError(f"{asked.solutions}: no scenario {asked.name!r}. It has {names}.")
    return named


def _export(asked: Namespace, scenarios: Sequence[Scenario], parent: ParentConfig | None) -> int:
    findings = check(scenarios, asked.target, parent_config=parent)
    refused = any(one.severity == "error" for one in findings)
    if asked.check:
        write_json([_record(one) for one in findings], asked)
        return WRONG_INPUT if refused else FOUND
    for one in findings:
        note(f"{one.severity}: {plain(one.text)}")
    if refused:
        avoidable = any(one.avoidable and one.severity == "error" for one in findings)
        hint = " With --avoid the search keeps clear of it." if avoidable else ""
        raise ExportError(f"Cannot export to {asked.target}.{hint}")
    made = export(scenarios, asked.target, parent_config=parent)
    if asked.output is None:
        write_text(made.text, asked)
    else:
        note(f"Written to {plain(str(made.write(asked.output)))}")
    return FOUND


def _record(finding: Finding) -> dict[str, Any]:
    return {
        "severity": finding.severity,
        "text": finding.text,
        "layers": list(finding.layers),
        "rule": finding.rule,
    }

"""``puzzle-widgets export``: the best architecture, or a saved one, as a file for a target."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from puzzle_widgets.cli.inputs import (
    asked_objective,
    bare_problem,
    open_asked,
    read_options,
    read_problem,
)
from puzzle_widgets.cli.output import (
    EXIT_CODES,
    FOUND,
    INTERRUPTED,
    INVALID_INPUT,
    check_output,
    note,
    plain,
    say,
    stoppable,
    write_json,
    write_text,
)
from puzzle_widgets.errors import ExportError, ScenarioError
from puzzle_widgets.export import (
    Checked,
    Finding,
    ParentConfig,
    avoid,
    find_target,
    prepare,
    read_parent_config,
)
from puzzle_widgets.files.scenario_file import read_scenarios
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.search.outcome import Cancelled
from puzzle_widgets.solution import Scenario, search

_MOST_ROUNDS = 8


def run(asked: Namespace) -> int:
    """Search or read, check, and write the file; refused files are invalid input."""
    check_output(asked, makes_folder=not asked.check)
    _check_ending(asked)
    parent = None if asked.parent_config is None else read_parent_config(asked.parent_config)
    library = open_asked(asked)
    if asked.solutions is not None:
        saved = _saved(asked, library)
        return _write(asked, prepare(saved, asked.target, parent_config=parent))
    with stoppable() as stop:
        checked = _search(asked, library, parent, stop.is_set)
    solution = checked.scenarios[0].solution
    if not solution.found:
        say(solution.reason or solution.status)
        return INTERRUPTED if stop.is_set() else EXIT_CODES[solution.status]
    return _write(asked, checked)


def _check_ending(asked: Namespace) -> None:
    """Refuse to write a picture under another form's ending."""
    usual, ending = Path(find_target(asked.target).file).suffix, Path(asked.output or "").suffix
    if usual == ".svg" and not asked.check and ending.lower() not in ("", usual):
        raise ExportError(f"--output {asked.output!r}: {asked.target} is SVG. End it in .svg.")


def _search(
    asked: Namespace, library: BlockLibrary, parent: ParentConfig | None, cancelled: Cancelled
) -> Checked:
    """Search and check; where that is asked, again with a rule against all that is refused."""
    problem = read_problem(asked, library)
    for left in range(_MOST_ROUNDS if asked.avoid else 0, -1, -1):
        solution = search(problem, **read_options(asked), cancelled=cancelled)
        saved = Scenario("solution", solution)
        checked = prepare(saved, asked.target, parent_config=parent)
        refused = [one for one in checked.errors if one.avoidable]
        if not refused or not left:
            break
        for finding in refused:
            note(f"Rule: {plain(finding.rule)}, since: {plain(finding.text)}")
            problem = avoid(problem, finding)
    return checked


def _saved(asked: Namespace, library: BlockLibrary) -> Sequence[Scenario]:
    path = Path(asked.solutions).expanduser()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ScenarioError(f"{asked.solutions}: cannot be read ({error.strerror}).") from error
    goal, objective = asked_objective(asked, library)
    if goal is not None:
        asking = bare_problem(asked, library, goal, objective)
        library, objective = asking.library, asking.objective
    scenarios = read_scenarios(content, path.name, library, objective=str(objective), goal=goal)
    for scenario in scenarios:
        for said in scenario.notes:
            say(f"note: {scenario.name}: {said}")
    if asked.name is None:
        return scenarios
    named = [one for one in scenarios if one.name == asked.name]
    if not named:
        names = ", ".join(repr(one.name) for one in scenarios)
        raise ScenarioError(f"{asked.solutions}: no scenario {asked.name!r}. It has {names}.")
    return named


def _write(asked: Namespace, checked: Checked) -> int:
    if asked.check:
        write_json([_record(one) for one in checked.findings], asked)
        return INVALID_INPUT if checked.errors else FOUND
    for one in checked.findings:
        note(f"{one.severity}: {plain(one.text)}")
    if checked.errors:
        avoidable = any(one.avoidable for one in checked.errors)
        hint = " With --avoid the search avoids it." if avoidable else ""
        raise ExportError(f"Cannot export to {asked.target}.{hint}")
    made = checked.export()
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

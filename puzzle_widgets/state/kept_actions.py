"""Actions on scenarios: what is saved, loaded, renamed, compared with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from puzzle_widgets.errors import ProblemError, ScenarioError
from puzzle_widgets.files import preset
from puzzle_widgets.files.scenario_file import read_scenarios
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.matching import library_words
from puzzle_widgets.problem import SearchProblem
from puzzle_widgets.problem.restated import restated
from puzzle_widgets.solution import Scenario, Solution
from puzzle_widgets.solution.across import unmatched
from puzzle_widgets.solution.scenario import free_name
from puzzle_widgets.state.actions import ask, select
from puzzle_widgets.state.record import Record, Selection
from puzzle_widgets.state.weighing import carrying
from puzzle_widgets.sweeps import ParetoFront

MAX_SCENARIO_NAME = 80
MOST_KEPT = 50
"""Points of a front that are saved at once."""


def keep(record: Record, name: str, shown: Solution | None) -> Record:
    """Save what is shown as a scenario."""
    if shown is None or not shown.found:
        raise ScenarioError("There is no architecture to save.")
    return carrying(record, (*record.scenarios, Scenario(_new_name(record, name), shown)))


def keep_as(record: Record, name: str, solution: Solution, notes: tuple[str, ...] = ()) -> Record:
    """Save an architecture as a scenario; a name that is taken gets a number."""
    return _add(record, [Scenario(name, solution, notes)])


def keep_points(record: Record, front: ParetoFront | None, places: Iterable[int]) -> Record:
    """Save points of the front as scenarios, named by what each uses."""
    chosen = list(dict.fromkeys(places))
    if front is None or not all(0 <= place < len(front.solutions) for place in chosen):
        raise ScenarioError("The front has other points now. Choose again.")
    if not 0 < len(chosen) <= MOST_KEPT:
        raise ScenarioError(f"{len(chosen):,} points: choose 1 to {MOST_KEPT} to save.")
    quantity = record.library.quantity(front.resource)
    kept = [(quantity, front.solutions[place]) for place in chosen]
    words = (f"{q.label} {q.text(front.use(point))}" for q, point in kept)
    points = zip(words, (point for _, point in kept), strict=True)
    return _add(record, [Scenario(name, point) for name, point in points])


def rename(record: Record, which: str | int, name: str) -> Record:
    """Give a scenario, by its name or place, another name."""
    place, others = place_of(record, which), record.kept
    renamed = replace(others[place], name=_new_name(record, name, place))
    follows = renamed.name if others[place].name == record.reference else record.reference
    return _with_kept(record, (*others[:place], renamed, *others[place + 1 :])).change(
        reference=follows
    )


def delete(record: Record, which: str | int) -> Record:
    """Drop a scenario; where it was the one shown, show the current solution."""
    place, shown = place_of(record, which), record.selection
    gone = record.kept[place].name == record.reference
    reference = "" if gone else record.reference
    if place >= len(record.scenarios):
        kept = (*record.kept[:place], None, *record.kept[place + 1 :])
        return _with_kept(record, kept).change(reference=reference)
    if shown.kind == "scenario" and shown.place >= place:
        shown = Selection() if shown.place == place else Selection("scenario", shown.place - 1)
    own = (*record.scenarios[:place], *record.scenarios[place + 1 :])
    return select(record.change(scenarios=own, reference=reference), shown)


def _with_kept(record: Record, kept: tuple[Scenario | None, ...]) -> Record:
    """Put scenarios back where they stood, the open library's and former ones'; ``None`` goes."""
    count = len(record.scenarios)
    own, rest = kept[:count], kept[count:]
    groups = []
    for group in record.former:
        mine, rest = rest[: len(group.scenarios)], rest[len(group.scenarios) :]
        groups.append(replace(group, scenarios=tuple(one for one in mine if one is not None)))
    return record.change(
        scenarios=tuple(one for one in own if one is not None),
        former=tuple(group for group in groups if group.scenarios or group.missing),
    )


def set_reference(record: Record, which: str | int | None) -> Record:
    """Set everything against a scenario, by its name or place; ``None`` ends that.

    One of another library can be, where the layers match.
    """
    name = ""
    if which is not None:
        kept = record.kept[place_of(record, which)]
        if reason := unmatched(record.library, kept.solution.library):
            words = f"{kept.name!r} cannot be the reference: {reason}"
            raise ScenarioError(f"{words} Compare it in the table.")
        name = kept.name
    return record if name == record.reference else record.change(reference=name)


def restore(record: Record, which: str | int) -> Record:
    """Set objective, budgets and rules to those that a scenario was found with.

    Those of a former library's are asked of the open one, where layers match: limits stay what
    they are in their own units, such as MiB and tokens/s.
    """
    place = place_of(record, which)
    words = f"those of scenario {record.kept[place].name!r}"
    return ask(record, problem_here(record, place), words)


def problem_here(record: Record, place: int) -> SearchProblem:
    """What a scenario asked, of the open library.

    Raises
    ------
    ScenarioError
        If it makes no sense here: layers do not match, or a block, score or cost is missing.
    """
    kept = record.kept[place]
    problem = kept.solution.problem
    if place < len(record.scenarios):
        return problem
    refused = f"What {kept.name!r} was asked makes no sense here: "
    if reason := unmatched(record.library, problem.library):
        raise ScenarioError(f"{refused}{reason}")
    try:
        return restated(problem, record.library)
    except ProblemError as error:
        raise ScenarioError(f"{refused}{error}") from error


def show_scenario(record: Record, which: str | int) -> Record:
    """Show a saved solution; a place that is not there is ignored."""
    if isinstance(which, int) and not 0 <= which < len(record.scenarios):
        return record
    place = place_of(record, which)
    _check_own(record, place)
    return select(record, Selection("scenario", place))


def _check_own(record: Record, place: int) -> None:
    """Refuse a scenario of a former library, whose figures the open one does not have."""
    if place >= len(record.scenarios):
        kept = record.kept[place]
        raise ScenarioError(
            f"{kept.name!r} is of another library, {library_words(kept.solution.library)}. Sum it "
            "by the open library, or open its own."
        )


def load_scenarios(record: Record, content: bytes, file: str) -> Record:
    """Add the scenarios of a file, each to its library where that is here; else to the open one."""
    others = [one.library for one in record.former if one.library is not None]
    found = read_scenarios(content, file, record.library, others=others, **_asked(record))
    away = [_of_any(one, others) for one in found]
    own = [one for one, is_away in zip(found, away, strict=True) if not is_away]
    rest = (one for one, is_away in zip(found, away, strict=True) if is_away)
    return _add_former(_add(record, own), rest)


def _of_any(scenario: Scenario, libraries: Iterable[BlockLibrary]) -> bool:
    return any(scenario.solution.library.plain is library.plain for library in libraries)


def _add_former(record: Record, scenarios: Iterable[Scenario]) -> Record:
    """Add scenarios of former libraries, each to its own; one that is there already goes."""
    for scenario in scenarios:
        names = {one.name: one for one in record.kept}
        if _is_same(scenario, names.get(scenario.name)):
            continue
        named = replace(scenario, name=free_name(scenario.name[:MAX_SCENARIO_NAME], names))
        groups = (
            replace(group, scenarios=(*group.scenarios, named))
            if group.library is not None and _of_any(scenario, [group.library])
            else group
            for group in record.former
        )
        record = record.change(former=tuple(groups))
    return record


def add_preset(record: Record, name: str) -> Record:
    """Add a published architecture as a scenario."""
    return _add(record, [preset(name, record.library, **_asked(record))])


def place_of(record: Record, which: str | int) -> int:
    """Find a scenario by its name or place.

    Raises
    ------
    ScenarioError
        With those that are there.
    """
    names = [kept.name for kept in record.kept]
    if isinstance(which, int) and 0 <= which < len(names):
        return which
    if which not in names:
        there = ", ".join(map(repr, names)) or "none"
        raise ScenarioError(f"No scenario {which!r} is kept. There are: {there}.")
    return names.index(str(which))


def _add(record: Record, scenarios: list[Scenario]) -> Record:
    """Add scenarios; one whose name is taken by another gets a number, a known one goes."""
    kept, away = list(record.scenarios), record.kept[len(record.scenarios) :]
    for scenario in scenarios:
        names = {one.name: one for one in (*kept, *away)}
        if _is_same(scenario, names.get(scenario.name)):
            continue
        name = free_name(scenario.name[:MAX_SCENARIO_NAME], names)
        note = () if name == scenario.name else (f"renamed, {scenario.name!r} is another one",)
        kept.append(replace(scenario, name=name, notes=(*scenario.notes, *note)))
    return record if len(kept) == len(record.scenarios) else carrying(record, kept)


def _is_same(one: Scenario, other: Scenario | None) -> bool:
    if other is None:
        return False
    mine, theirs = one.solution, other.solution
    return (mine.problem, mine.architecture) == (theirs.problem, theirs.architecture)


def _asked(record: Record) -> dict[str, Any]:
    """Objective and its sense, for architectures that come without."""
    return {"objective": record.objective, "goal": record.goal}


def _new_name(record: Record, name: str, place: int | None = None) -> str:
    clean = " ".join(name.split())[:MAX_SCENARIO_NAME]
    others = {kept.name for n, kept in enumerate(record.kept) if n != place}
    if not clean or clean in others:
        reason = f"{clean!r} is taken." if clean else "A scenario needs a name."
        raise ScenarioError(f"{reason} Give another name.")
    return clean

"""Actions on scenarios of libraries that were open before: what stays, comes back, is summed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from puzzle_widgets.errors import PuzzleError, ScenarioError
from puzzle_widgets.files.scenario_file import read_scenarios
from puzzle_widgets.library import BlockLibrary, list_datasets
from puzzle_widgets.library.matching import short_gpu
from puzzle_widgets.solution.across import summed_by, unmatched
from puzzle_widgets.solution.scenario import free_name, together
from puzzle_widgets.solution.side_by_side import library_mark
from puzzle_widgets.state.former import MOST_FORMER, FormerLibrary, SavedLibrary
from puzzle_widgets.state.kept_actions import keep_as, load_scenarios, place_of
from puzzle_widgets.state.opening import Run, open_any
from puzzle_widgets.state.record import Record
from puzzle_widgets.state.serving import set_serving
from puzzle_widgets.state.weighing import carrying

_FILE = "saved state"


def library_of(record: Record) -> SavedLibrary:
    """Say which library a record is of, by its title, its name as a dataset, and its hash."""
    library = record.library
    named = (one.name for one in list_datasets() if library.name in (one.name, one.title))
    return SavedLibrary(record.opened.name, next(named, ""), record.workload, record.digest)


def left(record: Record) -> tuple[FormerLibrary, ...]:
    """The scenarios that stay when a record's library is left: its own go before older ones."""
    if not record.scenarios:
        return record.former
    own = FormerLibrary(library_of(record), record.serving, record.library, record.scenarios)
    return (own, *record.former)


def with_former(opened: Record, before: Record) -> Record:
    """Give a record that was just opened the scenarios of the libraries before it.

    Those of the same library come back as its own; of more libraries than are kept the oldest go.
    """
    groups = left(before)
    home = [one for one in groups if _is_home(one, opened)]
    record = opened
    for one in home:
        record = _brought_home(record, one)
    away = tuple(one for one in groups if one not in home)[:MOST_FORMER]
    return _with_reference(_renamed(record, away), before)


def _is_home(one: FormerLibrary, record: Record) -> bool:
    return one.of.digest == record.digest and (one.missing or one.serving == record.serving)


def _brought_home(record: Record, one: FormerLibrary) -> Record:
    if one.missing:
        try:
            return load_scenarios(record, one.saved.encode(), _FILE)
        except PuzzleError as error:
            words = f"Scenarios that waited for this library cannot be read. {error}"
            return record.change(notices=(*record.notices, words))
    taken = {kept.name for kept in record.scenarios}
    fresh = [kept for kept in one.scenarios if kept.name not in taken]
    return carrying(record, (*record.scenarios, *fresh))


def _renamed(record: Record, away: Sequence[FormerLibrary]) -> Record:
    """Let every scenario have a name of its own: a former one gets a number."""
    taken = {kept.name for kept in record.scenarios}
    groups = []
    for group in away:
        scenarios = []
        for one in group.scenarios:
            name = free_name(one.name, taken)
            taken.add(name)
            scenarios.append(one if name == one.name else replace(one, name=name))
        groups.append(replace(group, scenarios=tuple(scenarios)))
    return record.change(former=tuple(groups))


def _with_reference(record: Record, before: Record) -> Record:
    """Keep the reference where it can be compared with what is open now."""
    was = before.reference_scenario
    if was is None or record.reference:
        return record
    named = [one for one in record.kept if one.solution.architecture == was.solution.architecture]
    same = next((one for one in named if one.name.startswith(was.name)), None)
    if same is None or unmatched(record.library, same.solution.library):
        return record
    return record.change(reference=same.name)


def sum_here(record: Record, which: str | int) -> Record:
    """Sum a scenario of another library by the open one, and save that as a scenario.

    Raises
    ------
    ScenarioError
        If it is the open library's own, or has a block that the open library does not have.
    """
    place = place_of(record, which)
    kept = record.kept[place]
    if place < len(record.scenarios):
        raise ScenarioError(f"{kept.name!r} is of the library that is open. It is summed already.")
    try:
        found = summed_by(kept.solution, record.library)
    except PuzzleError as error:
        raise ScenarioError(f"{kept.name!r}: {error}") from error
    where = short_gpu(record.library.measurement.gpu) or record.library.name
    note = f"found on {library_mark(kept.solution.library)}, summed by the open library"
    return keep_as(record, f"{kept.name} on {where}", found, (note,))


def bring_library(record: Record, brought: Record) -> Record:
    """Take up the scenarios that waited for a library; what is open stays open.

    Parameters
    ----------
    record
        With scenarios that wait.
    brought
        What was opened for them.

    Raises
    ------
    ScenarioError
        If none waits for this library.
    """
    waiting = [one for one in record.former if one.missing]
    mine = [one for one in waiting if one.of.digest == brought.digest]
    if not mine:
        named = ", ".join(f"{one.of.name} (SHA-256 {one.of.digest[:12]})" for one in waiting)
        raise ScenarioError(
            f"{brought.library.name} (SHA-256 {brought.digest[:12]}) is not what the scenarios "
            f"wait for: {named or 'none wait'}. Choose that."
        )
    found = [arrived(one, brought) if one in mine else one for one in record.former]
    return _renamed(record, found)


def forget_waiting(record: Record) -> Record:
    """Let scenarios go whose library is not here."""
    return record.change(former=tuple(one for one in record.former if not one.missing))


def opened_for(waiting: Sequence[FormerLibrary], source: BlockLibrary | Run) -> Record:
    """Open what was brought for scenarios that wait: of a run, the workload that they are of."""
    if isinstance(source, BlockLibrary):
        return open_any(source)
    names = {one.name for one in source.workloads}
    wanted = (one.of.workload for one in waiting if one.of.workload in names)
    return open_any(source, next(wanted, None))


def arrived(one: FormerLibrary, brought: Record) -> FormerLibrary:
    """Read scenarios that waited, by their library, served as it was."""
    library = set_serving(brought, one.serving).library
    scenarios = together(read_scenarios(one.saved.encode(), _FILE, library))
    return replace(one, library=library, scenarios=scenarios, saved="")

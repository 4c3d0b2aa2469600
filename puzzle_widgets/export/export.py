"""Export an architecture: check once what the target can take, then write its file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from puzzle_widgets.errors import ExportError
from puzzle_widgets.export.checks import (
    ExportContext,
    ExportRequest,
    Given,
    as_scenarios,
    check_figures,
)
from puzzle_widgets.export.findings import Finding
from puzzle_widgets.export.parent_config import (
    ConfigSource,
    ParentConfig,
    parent_config_of,
    read_parent_config,
)
from puzzle_widgets.export.targets import Target, find_target
from puzzle_widgets.solution import Scenario
from puzzle_widgets.sweeps import ParetoFront
from puzzle_widgets.writing import atomic_write

_RANK = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True)
class Export:
    """A written file, not yet on disk.

    Parameters
    ----------
    target
        What it was written for.
    file
        Its usual name.
    text
        Its content.
    kind
        Media type.
    findings
        Warnings and notes that go along.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> file = pw.export.export(pw.search(problem), "layers-csv")
    >>> file.file, file.kind
    ('layers.csv', 'text/csv')
    """

    target: str
    file: str
    text: str
    kind: str
    findings: tuple[Finding, ...] = ()

    def write(self, path: str | Path) -> Path:
        """Write it to a file, or into a folder under its usual name.

        Parameters
        ----------
        path
            A folder if it is one, or ends in a slash; else a file. Folders are made as needed.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        ExportError
            If it cannot be written there.
        """
        place = Path(path).expanduser()
        folder = str(path).endswith(("/", os.sep)) or place.is_dir()
        place = place / self.file if folder else place
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(place, self.text)
        except OSError as error:
            raise ExportError(
                f"{place} cannot be written ({error.strerror}). Name another file or folder."
            ) from error
        return place


@dataclass(frozen=True)
class Checked:
    """Architectures that were checked for a target, and are not written yet.

    Parameters
    ----------
    target
        What they were checked for.
    scenarios
        The architectures.
    parent
        The parent's configuration, where it is known and needed.
    findings
        What the target cannot take, the worst first.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> pw.export.prepare(pw.search(problem), "vllm").errors[0].severity
    'error'
    """

    target: Target
    scenarios: tuple[Scenario, ...]
    parent: ParentConfig | None
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings for which the file is refused."""
        return tuple(one for one in self.findings if one.severity == "error")

    def export(self, front: ParetoFront | None = None) -> Export:
        """Write what was checked, without another check; see :func:`export`."""
        target = self.target
        if self.errors:
            words = " ".join(one.text for one in self.errors)
            raise ExportError(f"Cannot export to {target.title}: {words}")
        text = target.write(ExportRequest(self.scenarios, self.parent, front))
        return Export(target.name, target.file, text, target.kind, self.findings)


def prepare(
    given: Given, target: str, *, parent_config: ConfigSource | ParentConfig | None = None
) -> Checked:
    """Check architectures for a target, before they are written.

    Parameters
    ----------
    given
        A solution, a scenario, or a sequence of either.
    target
        Name of a target, such as ``"vllm"``; see :data:`puzzle_widgets.export.TARGETS`.
    parent_config
        The parent's Hugging Face ``config.json`` as path, bytes or content; by default the one
        that the library carries.

    Raises
    ------
    ExportError
        If there is no such target, or the parent's configuration cannot be read.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> checked = pw.export.prepare(pw.search(problem), "layers-csv")
    >>> checked.errors or checked.export().file
    'layers.csv'
    """
    scenarios, wanted = tuple(as_scenarios(given)), find_target(target)
    parent = _parent(scenarios, wanted, parent_config)
    return Checked(wanted, scenarios, parent, _check(scenarios, wanted, parent))


def check(
    given: Given, target: str, *, parent_config: ConfigSource | ParentConfig | None = None
) -> tuple[Finding, ...]:
    """Say what a target cannot take, the worst first; see :func:`prepare`.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> parent = pw.parent_solution(problem)
    >>> [found.severity for found in pw.export.check(parent, "vllm")]
    ['error']
    """
    return prepare(given, target, parent_config=parent_config).findings


def export(
    given: Given,
    target: str,
    *,
    parent_config: ConfigSource | ParentConfig | None = None,
    front: ParetoFront | None = None,
) -> Export:
    """Write an architecture for a target.

    Parameters
    ----------
    given, target, parent_config
        As for :func:`prepare`.
    front
        A Pareto front for the report to draw.

    Returns
    -------
    Export
        The file's text with the warnings and notes of the check.

    Raises
    ------
    ExportError
        If the file would be wrong: with every error of the check.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> parent = pw.parent_solution(problem)
    >>> pw.export.export(parent, "layers-svg").write("parent.svg").name
    'parent.svg'
    """
    return prepare(given, target, parent_config=parent_config).export(front)


def _parent(
    scenarios: Sequence[Scenario], target: Target, given: ConfigSource | ParentConfig | None
) -> ParentConfig | None:
    if isinstance(given, ParentConfig):
        return given
    if given is not None:
        return read_parent_config(given)
    if not scenarios or not target.needs_parent:
        return None
    return parent_config_of(scenarios[0].solution.library)


def _check(
    scenarios: Sequence[Scenario], target: Target, parent: ParentConfig | None
) -> tuple[Finding, ...]:
    if not scenarios:
        return (Finding("error", "There is no architecture to export. Save a solution first."),)
    if len(scenarios) > 1 and not target.many:
        words = f"{target.file} takes one architecture, not {len(scenarios)}. Choose one."
        return (Finding("error", words),)
    several = len(scenarios) > 1
    found = [
        replace(finding, text=f"Scenario {saved.name!r}: {finding.text}")
        if several and finding.severity != "note"
        else finding
        for saved in scenarios
        for finding in _check_one(saved, target, parent)
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda one: _RANK[one.severity]))


def _check_one(saved: Scenario, target: Target, parent: ParentConfig | None) -> list[Finding]:
    if not saved.solution.found:
        reason = saved.solution.reason or "The search found none."
        return [Finding("error", f"There is no architecture to export. {reason}")]
    context = ExportContext(saved.solution, parent)
    return [found for ask in (check_figures, *target.checks) for found in ask(context)]

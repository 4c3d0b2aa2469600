"""Answers side by side, for notebooks: a table and a chart in one line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import overload

from markupsafe import Markup

from puzzle_widgets.charts.display import comparison_html, html_of, plot_comparison
from puzzle_widgets.charts.svg import Drawing
from puzzle_widgets.deferred import pd
from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary, LayerName
from puzzle_widgets.library.tables import to_frame
from puzzle_widgets.problem.budget import check_key
from puzzle_widgets.shown import Shown
from puzzle_widgets.solution import Scenario, Solution
from puzzle_widgets.solution.across import (
    Elsewhere,
    FigureChange,
    check_matching,
    differing_places,
    elsewhere,
    libraries_of,
    sharing_sums,
)
from puzzle_widgets.solution.scenario import together
from puzzle_widgets.solution.side_by_side import changes, compared_keys


@dataclass(frozen=True)
class Comparison(Shown, Sequence[Scenario]):
    """Architectures side by side, of one library or of several of one parent.

    :func:`compare` makes it. Figures are those of each answer's own library, in its own units.

    Parameters
    ----------
    scenarios
        At least one, each with an architecture.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> found = pw.compare([pw.search(problem)])
    >>> found[0].name, len(pw.to_frame(found.scenarios))
    ('A', 1)
    """

    scenarios: tuple[Scenario, ...]

    @overload
    def __getitem__(self, place: int) -> Scenario: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Scenario, ...]: ...
    def __getitem__(self, place: int | slice) -> Scenario | tuple[Scenario, ...]:
        return self.scenarios[place]

    def __len__(self) -> int:
        return len(self.scenarios)

    def __repr__(self) -> str:
        return f"Comparison({', '.join(repr(one.name) for one in self.scenarios)})"

    @property
    def libraries(self) -> tuple[BlockLibrary, ...]:
        """The libraries that the answers are of, each once."""
        return tuple(libraries_of(self.scenarios))

    @property
    def elsewhere(self) -> tuple[Elsewhere, ...]:
        """Each architecture summed exactly by each other library, as far as that has its blocks.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> large = pw.load_library("llama-3.3-70b-modeled")
        >>> small = pw.with_workload(large, batch_size=64)
        >>> best = [pw.search(pw.SearchProblem(one, minimize="metrics.kl_div",
        ...     budgets={"stats.memory_mib": "70 %"})) for one in (large, small)]
        >>> [(one.name, one.solution.found) for one in pw.compare(best).elsewhere]
        [('A', True), ('B', True)]
        """
        return tuple(elsewhere(self.scenarios))

    def changes(self, name: str | int, against: str | int = 0) -> list[FigureChange]:
        """Set one answer's figures against another's, by default the first's.

        Parameters
        ----------
        name
            Of the answer, or its place.
        against
            Name or place of the answer that is subtracted.

        Returns
        -------
        list of FigureChange
            Objectives, memory, runtime, throughput, speedup. A difference is ``None`` where one
            library does not know the figure, or means something else by it; ``words`` say which.
        """
        keys = compared_keys(self.scenarios)
        return changes(self.scenario(against), self.scenario(name), keys)

    def differing_layers(self, name: str | int, against: str | int = 0) -> list[LayerName]:
        """Layers in which one answer has another block than another, by default the first."""
        first, other = self.scenario(against).solution, self.scenario(name).solution
        layers = first.library.layers
        return [layers[place].name for place in differing_places(first, other)]

    def scenario(self, which: str | int) -> Scenario:
        """Find an answer by its name or place.

        Raises
        ------
        ProblemError
            With those that are there.
        """
        names = [one.name for one in self.scenarios]
        if isinstance(which, int) and -len(names) <= which < len(names):
            return self.scenarios[which]
        if which not in names:
            raise ProblemError(f"compare: no {which!r} here. There are: {', '.join(names)}.")
        return self.scenarios[names.index(str(which))]

    def plot(self, key: str | None = None, *, ranked: bool = False) -> Drawing:
        """Draw a score or cost of every layer as steps, beside the parent's.

        Parameters
        ----------
        key
            Dotted key; by default the objective of the first.
        ranked
            Whether layers stand from the greatest value to the least, not in their own order.

        Examples
        --------
        >>> import puzzle_widgets as pw
        >>> library = pw.load_library("stdlib-2m-measured")
        >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
        >>> half = problem.with_budget("stats.memory_mib", upper="50 %")
        >>> both = pw.compare({"free": pw.search(problem), "half": pw.search(half)})
        >>> both.plot("stats.memory_mib").title
        'Memory (MiB) by layer'
        """
        if key is None:
            key = self.scenarios[0].solution.problem.objective
        elif not any(key in library.keys for library in self.libraries):
            check_key(self.libraries[0], key, "A chart")
        return plot_comparison(self.scenarios, key, ranked=ranked)


@html_of.register
def _html(found: Comparison) -> Markup:
    return comparison_html(found.scenarios, found[0].solution.problem.objective)


@to_frame.register(Comparison)
def _frame(found: Comparison, *, layers: bool = False) -> pd.DataFrame:
    """Lay the answers out, one row each, or one for each of their layers."""
    return to_frame(list(found), layers=layers)


def compare(
    answers: Mapping[str, Solution] | Iterable[Solution | Scenario],
) -> Comparison:
    """Set answers side by side, of one library or of several of one parent.

    Parameters
    ----------
    answers
        Solutions by name, or solutions and scenarios; solutions without a name are called ``A``,
        ``B`` and so on.

    Raises
    ------
    ProblemError
        If there is none, one has no architecture, or the layers of its library do not match those
        of the first, as :func:`match_layers` says.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> [one.name for one in pw.compare(pw.search_diverse(problem, 2, minimal_diversity=4))]
    ['A', 'B']
    """
    named = answers.items() if isinstance(answers, Mapping) else enumerate(answers)
    scenarios = sharing_sums(together([_scenario(name, one) for name, one in named]))
    if not scenarios:
        raise ProblemError("compare: there is nothing to compare. Give at least one solution.")
    for one in scenarios:
        if not one.solution.found:
            raise ProblemError(f"compare: {one.name!r} has no architecture. Leave it out.")
    check_matching(scenarios)
    return Comparison(scenarios)


def _scenario(name: str | int, answer: Solution | Scenario) -> Scenario:
    if isinstance(answer, Scenario):
        return answer
    if isinstance(name, int):
        letters = len(ascii_uppercase)
        name = ascii_uppercase[name] if name < letters else f"{name + 1}"
    return Scenario(name, answer)

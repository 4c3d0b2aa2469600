"""Answers side by side, for notebooks: a table and a chart in one line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import overload

from markupsafe import Markup

from puzzle_widgets.charts.display import comparison_html, html_of, plot_comparison
from puzzle_widgets.charts.svg import Drawing
from puzzle_widgets.errors import ProblemError
from puzzle_widgets.problem.budget import check_key
from puzzle_widgets.shown import Shown
from puzzle_widgets.solution import Scenario, Solution
from puzzle_widgets.solution.scenario import together


@dataclass(frozen=True)
class Comparison(Shown, Sequence[Scenario]):
    """Architectures of one library side by side; :func:`compare` makes it.

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
        first = self.scenarios[0].solution
        key = first.problem.objective if key is None else check_key(first.library, key, "A chart")
        return plot_comparison(self.scenarios, key, ranked=ranked)


@html_of.register
def _html(found: Comparison) -> Markup:
    return comparison_html(found.scenarios, found[0].solution.problem.objective)


def compare(
    answers: Mapping[str, Solution] | Iterable[Solution | Scenario],
) -> Comparison:
    """Set answers of one library side by side.

    Parameters
    ----------
    answers
        Solutions by name, or solutions and scenarios; solutions without a name are called ``A``,
        ``B`` and so on.

    Raises
    ------
    ProblemError
        If there is none, one has no architecture, or they are of several libraries.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> [one.name for one in pw.compare(pw.search_diverse(problem, 2, minimal_diversity=4))]
    ['A', 'B']
    """
    named = answers.items() if isinstance(answers, Mapping) else enumerate(answers)
    scenarios = together([_scenario(name, one) for name, one in named])
    if not scenarios:
        raise ProblemError("compare: there is nothing to compare. Give at least one solution.")
    for one in scenarios:
        if not one.solution.found:
            raise ProblemError(f"compare: {one.name!r} has no architecture. Leave it out.")
        if one.solution.library != scenarios[0].solution.library:
            raise ProblemError(f"compare: {one.name!r} is of another library. Leave it out.")
    return Comparison(scenarios)


def _scenario(name: str | int, answer: Solution | Scenario) -> Scenario:
    if isinstance(answer, Scenario):
        return answer
    if isinstance(name, int):
        letters = len(ascii_uppercase)
        name = ascii_uppercase[name] if name < letters else f"{name + 1}"
    return Scenario(name, answer)

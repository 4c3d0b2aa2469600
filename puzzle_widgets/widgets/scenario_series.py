"""Architectures side by side: the parent and the kept scenarios, each with a look of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from puzzle_widgets.solution import Scenario, Solution
from puzzle_widgets.widgets.palette import PARENT, scenario_color

NOTHING = "\N{EN DASH}"
"""Stands where a figure is not known or does not apply."""

_DASHES = ("solid", "dashed", "dotted", "dash_dotted")
_SVG_DASHES = {"solid": "none", "dashed": "7,4", "dotted": "2,3", "dash_dotted": "8,3,2,3"}


@dataclass(frozen=True)
class Series:
    """One architecture of a comparison; colour and dash tell it apart, never colour alone."""

    name: str
    solution: Solution
    color: str
    dash: str = "solid"

    def values(self, key: str) -> list[float]:
        """Value of a dotted key in every layer."""
        return [block.values[key] for block in self.solution.blocks]

    @property
    def mark(self) -> Markup:
        """A short piece of the line, as in a legend."""
        return Markup(
            "<svg class='pw-dash' width='26' height='8' aria-hidden='true'><line x1='1' y1='4' "
            "x2='25' y2='4' stroke='{}' stroke-width='3' stroke-dasharray='{}'/></svg>"
        ).format(self.color, _SVG_DASHES[self.dash])

    @property
    def title(self) -> Markup:
        """The name behind its mark."""
        return self.title_with("")

    def title_with(self, word: str) -> Markup:
        """The name behind its mark, with a word in a tag behind it."""
        tag = Markup("<i class='pw-tag'>{}</i>").format(word) if word else Markup("")
        who = Markup("<span class='pw-who'>{}<span>{}</span>{}</span>")
        return who.format(self.mark, self.name, tag)


def parent_series(parent: Solution) -> Series:
    """Give the parent its look."""
    return Series("Parent", parent, PARENT)


def scenario_series(scenarios: Sequence[Scenario]) -> list[Series]:
    """Give each scenario its look, by its place."""
    return [
        Series(kept.name, kept.solution, scenario_color(place), _dash(place))
        for place, kept in enumerate(scenarios)
    ]


def series_legend(series: Sequence[Series], remarks: Sequence[str]) -> Markup:
    """Say which line is which, with a remark on each, such as its sum."""
    keys = [
        Markup("<span class='pw-key'>{}<span>{}</span><b>{}</b></span>").format(
            one.mark, one.name, remark
        )
        for one, remark in zip(series, remarks, strict=True)
    ]
    return Markup("<div class='pw-legend'>{}</div>").format(Markup("").join(keys))


def _dash(place: int) -> str:
    """Colours repeat after eight, dashes after four: the two together after 32."""
    return _DASHES[(place + place // 8) % len(_DASHES)]

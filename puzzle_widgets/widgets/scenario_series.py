"""Architectures side by side: how each is marked and named in tables, bars and legends."""

from __future__ import annotations

from markupsafe import Markup

from puzzle_widgets.charts.comparison import Series
from puzzle_widgets.charts.svg import DASHES

NOTHING = "\N{EN DASH}"
"""Stands where a figure is not known or does not apply."""


def series_title(series: Series, tag: str = "") -> Markup:
    """The name behind a short piece of its line, with a word in a tag behind it."""
    tagged = Markup("<i class='pw-tag'>{}</i>").format(tag) if tag else Markup("")
    who = Markup("<span class='pw-who'>{}<span>{}</span>{}</span>")
    return who.format(_mark(series), series.name, tagged)


def _mark(series: Series) -> Markup:
    return Markup(
        "<svg class='pw-dash' width='26' height='8' aria-hidden='true'><line x1='1' y1='4' "
        "x2='25' y2='4' stroke='{}' stroke-width='3' stroke-dasharray='{}'/></svg>"
    ).format(series.color, DASHES[series.dash] or "none")

"""Legends and color strips of figures as HTML; every word is escaped."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from puzzle_widgets.charts.figure import Key, Strip
from puzzle_widgets.charts.palette import HEAT
from puzzle_widgets.charts.svg import DASHES
from puzzle_widgets.widgets.html import render

_SHAPES = {
    "dot": Markup("<circle r='4' fill='{0}'/>"),
    "hollow": Markup("<circle r='4' fill='none' stroke='{0}' stroke-width='1.5'/>"),
    "ring": Markup("<circle r='5.5' fill='none' stroke='{0}' stroke-width='2.5'/>"),
    "diamond": Markup("<path d='M0-7 5 0 0 7-5 0Z' fill='{0}'/>"),
    "square": Markup("<path d='M-4.5-4.5h9v9h-9Z' fill='{0}'/>"),
    "box": Markup("<path d='M-5-5h10v10h-10Z' fill='{0}'/>"),
    "cross": Markup("<path d='M-2-6h4v4h4v4h-4v4h-4v-4h-4v-4h4Z' fill='{0}' stroke='{1}'/>"),
    "triangle": Markup("<path d='M0-5.5 6 5H-6Z' fill='none' stroke='{0}' stroke-width='2'/>"),
    "dashes": Markup("<path d='M0-7V7' stroke='{0}' stroke-width='2' stroke-dasharray='4 2'/>"),
    "line": Markup("<path d='M-13 0H13' stroke='{0}' stroke-width='3' stroke-dasharray='{2}'/>"),
}
_WIDE = {"line": 28}
_WHITE = "#ffffff"
_LEGEND = """
<div class='pw-legend'>{% for icon, words in keys -%}
<span class='pw-key'>{{ icon }}{{ words }}</span>
{%- endfor %}</div>
"""
_HEAT_STRIP = """
<div class='pw-heat-key'><div>{{ strip.title }}</div>
<i style='background:linear-gradient(90deg,{{ colors }})'></i>
<div class='pw-heat-ticks'>
{%- for tick in strip.ticks %}<span>{{ tick }}</span>{% endfor %}</div></div>
"""


def legend_line(keys: Iterable[Key]) -> Markup:
    """Build a legend."""
    return render(_LEGEND, keys=[(_icon(key), key.words) for key in keys])


def strip_line(strip: Strip | None) -> Markup:
    """Build a strip of all colors with words spread evenly under it."""
    if strip is None:
        return Markup("")
    return render(_HEAT_STRIP, strip=strip, colors=",".join(HEAT))


def _icon(key: Key) -> Markup:
    if not key.color or not key.shape:
        return Markup("")
    width = _WIDE.get(key.shape, 14)
    edge = "#000000" if key.color == _WHITE else "none"
    mark = _SHAPES[key.shape].format(key.color, edge, DASHES[key.dash] or "none")
    return Markup(
        "<svg class='pw-mark' width='{0}' height='14' viewBox='-{1} -7 {0} 14' "
        "aria-hidden='true'>{2}</svg>"
    ).format(width, width // 2, mark)

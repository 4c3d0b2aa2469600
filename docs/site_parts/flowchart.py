"""Flowcharts as a forge draws them, drawn here as SVG: one box below the other, and arrows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

_NODE = re.compile(r'^\s*(?P<name>\w+)\["(?P<words>[^"]+)"\]$')
_EDGES = re.compile(r"^\s*\w+(?: --> \w+)+$")
_WIDTH, _HEIGHT, _STEP, _ARC = 510, 32, 54, 34


@dataclass
class Flowchart:
    """Boxes by name with their words, and which leads to which."""

    words: dict[str, str] = field(default_factory=dict)
    edges: list[tuple[str, str]] = field(default_factory=list)


def parse(text: str) -> Flowchart:
    """Read the part of Mermaid that the docs use: ``name["words"]`` and ``a --> b --> c``."""
    found = Flowchart()
    first, *lines = text.strip().splitlines()
    if first.split() != ["flowchart", "TD"]:
        raise ValueError(f"not a flowchart from top to bottom: {first}")
    for line in lines:
        box = _NODE.match(line)
        if box:
            found.words[box["name"]] = box["words"]
        elif _EDGES.match(line):
            found.edges += pairwise(name.strip() for name in line.split("-->"))
        else:
            raise ValueError(f"this line of a flowchart cannot be drawn: {line}")
    return found


def draw(chart: Flowchart) -> str:
    """Give the SVG; its colors are those of the page's text and frames."""
    places = {name: place for place, name in enumerate(chart.words)}
    boxes = "".join(_box(words, place) for place, words in enumerate(chart.words.values()))
    arrows = "".join(_arrow(places[above], places[below]) for above, below in chart.edges)
    width, height = _WIDTH + 3 * _ARC, _STEP * len(places)
    said = escape(
        "; ".join(f"{above} leads to {below}" for above, below in chart.edges), quote=True
    )
    return (
        f'<div class="flowchart"><svg width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="{said}">'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>'
        f"{boxes}{arrows}</svg></div>"
    )


def _box(words: str, place: int) -> str:
    name, _, rest = words.partition(":")
    top = place * _STEP + 1
    return (
        f'<rect x="1" y="{top}" width="{_WIDTH}" height="{_HEIGHT}" rx="4"/>'
        f'<text x="12" y="{top + 21}"><tspan class="name">{escape(name)}</tspan>'
        f"{':' if rest else ''}{escape(rest)}</text>"
    )


def _arrow(above: int, below: int) -> str:
    start, end = above * _STEP + _HEIGHT + 1, below * _STEP
    if below == above + 1:
        path = f"M40 {start}V{end}"
    else:
        start, end, right = start - 8, end + 9, _WIDTH + 1
        out = right + _ARC * min(below - above, 4) * 0.8
        path = f"M{right} {start}C{out} {start} {out} {end} {right} {end}"
    return f'<path class="arrow" d="{path}" marker-end="url(#tip)"/>'


class Mermaid(SphinxDirective):
    """The fence that a forge draws."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Put the drawing in the fence's place."""
        return [nodes.raw("", draw(parse("\n".join(self.content))), format="html")]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("mermaid", Mermaid)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Figures as SVG for files and reports: every word is escaped, light and dark both read well."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from puzzle_widgets.charts.figure import Axis, Bars, Cells, Figure, Key, Outline, Spot, Spots, Strip
from puzzle_widgets.charts.palette import HEAT, LIMIT, PALE, heat_color

_DARK = {
    "ink": "fill:#e8eaed",
    "quiet": "fill:#b0b6bd",
    "rule": "stroke:#4a4f55",
    "paper": "fill:#1c1e21",
    "hollow": "fill:#1c1e21",
    "edge": "stroke:#e8eaed",
}


def _dark(where: str) -> str:
    return "".join(f"{where} .{css}{{{looks}}}" for css, looks in _DARK.items())


# Plain attributes hold for programs without style sheets; the rules change them for dark screens.
# On a page of Jupyter's, which has light and dark of its own, what was chosen there counts.
_STYLE = Markup(  # noqa: S704 - a text of ours
    "<style>.pw-svg text{font-family:system-ui,sans-serif}"
    "@media screen and (prefers-color-scheme:dark){"
    + _dark(".pw-svg:not([data-jp-theme-light] *)")
    + "}"
    + _dark("[data-jp-theme-light=false] .pw-svg")
    + "</style>"
)
INK, QUIET, RULE, PAPER = "#212121", "#5f6368", "#d5d9de", "#ffffff"
DASHES = {"solid": "", "dashed": "7,4", "dotted": "2,3", "dash_dotted": "8,3,2,3"}
WIDTH = 960
_LEFT, _RIGHT, _BOTTOM, _LINE = 84, 16, 50, 18
_LETTER, _MARK, _GAP, _LONGEST = 6.4, 26, 16, 120
_BAR, _ROOM, _STRIP_ROOM, _STRIP = 0.43, 300, 44, 240
_EDGE = 1.3
Attributes = Mapping[str, object]
_PATHS = {
    "diamond": ((0, -1.1), (0.8, 0), (0, 1.1), (-0.8, 0)),
    "outline": ((0, -1.1), (0.8, 0), (0, 1.1), (-0.8, 0)),
    "triangle": ((0, -0.95), (1, 0.85), (-1, 0.85)),
    "down": ((0, 0.95), (1, -0.85), (-1, -0.85)),
    "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "box": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "frame": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "cross": tuple(
        (a, b)
        for a, b in (
            (-0.33, -1),
            (0.33, -1),
            (0.33, -0.33),
            (1, -0.33),
            (1, 0.33),
            (0.33, 0.33),
            (0.33, 1),
            (-0.33, 1),
            (-0.33, 0.33),
            (-1, 0.33),
            (-1, -0.33),
            (-0.33, -0.33),
        )
    ),
}


@dataclass(frozen=True)
class Drawing:
    """A finished picture; ``parts`` are its elements, ``about`` what it shows, as JSON text.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> from puzzle_widgets.charts import layers_figure
    >>> picture = draw(layers_figure(pw.search(problem)))
    >>> picture.to_svg().startswith("<svg xmlns="), picture.width
    (True, 960)
    """

    width: int
    height: int
    title: str
    parts: Markup
    about: str = field(default="", compare=False)

    def to_svg(self, *, alone: bool = True, adaptive: bool = True) -> Markup:
        """Give the SVG.

        Parameters
        ----------
        alone
            Whether it is a file of its own; on a page with other pictures the paper, the name
            space and what is said about it are the page's.
        adaptive
            Whether it turns dark on dark screens.
        """
        space = Markup(" xmlns='http://www.w3.org/2000/svg'") if alone else Markup("")
        told = Markup("<metadata>{}</metadata>").format(self.about) if self.about else Markup("")
        paper = Markup("<rect class='paper' width='100%' height='100%' fill='{}'/>").format(PAPER)
        return Markup(
            "<svg{} class='pw-svg' viewBox='0 0 {} {}' width='{}' height='{}' role='img' "
            "font-family='system-ui, sans-serif' aria-label='{}'>{}{}{}{}</svg>"
        ).format(
            space,
            self.width,
            self.height,
            self.width,
            self.height,
            clean(self.title),
            _STYLE if adaptive else "",
            paper if alone else "",
            self.parts,
            told if alone else "",
        )

    def __repr__(self) -> str:
        return f"Drawing({clean(self.title)!r}, {self.width} x {self.height} px)"

    def _repr_svg_(self) -> str:
        return str(self.to_svg())


def draw(*figures: Figure, title: str = "") -> Drawing:
    """Draw figures, one under the other.

    Parameters
    ----------
    *figures
        At least one. Those of one legend and strip have them once, above the first.
    title
        Read out for the whole picture; by default the first figure's.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> problem = pw.SearchProblem(library, minimize="metrics.kl_div")
    >>> from puzzle_widgets.charts import decision_figures
    >>> grid = pw.decision_map(problem, "stats.memory_mib", points=2)
    >>> draw(*decision_figures(grid), title="Decision map").title
    'Decision map'
    """
    first = figures[0]
    top, parts = 14.0, []
    if first.strip is not None:
        parts.append(_strip(first.strip, top))
        top += _STRIP_ROOM
    rows = legend_rows(first.legend, WIDTH - _LEFT - 10)
    parts.append(_legend(rows, top))
    top += _LINE * len(rows)
    for figure in figures:
        frame = _Frame(figure, top + (22 if len(figures) > 1 else 0))
        if len(figures) > 1:
            parts.append(_text(_LEFT, frame.top - 8, figure.title, size=13, css="ink"))
        parts.extend(frame.parts())
        top = frame.bottom + _BOTTOM
    return Drawing(WIDTH, math.ceil(top), title or first.title, Markup("").join(parts))


def stack(lines: Sequence[str], *drawings: Drawing, title: str) -> Drawing:
    """Set lines of words above pictures; of the lines the first stands out.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> library = pw.load_library("stdlib-2m-measured")
    >>> solution = pw.search(pw.SearchProblem(library, minimize="metrics.kl_div"))
    >>> picture = stack(["The optimum"], solution.plot(), title="Answer")
    >>> picture.height - solution.plot().height
    38
    """
    top, parts = 20.0, []
    for number, line in enumerate(lines):
        looks = {"size": 15, "css": "ink"} if number == 0 else {"size": 13}
        parts.append(_text(16, top, line, **looks))
        top += _LINE
    for drawing in drawings:
        place = {"transform": f"translate(0 {_px(top)})"}
        parts.append(_tag("g", place, drawing.parts))
        top += drawing.height
    return Drawing(WIDTH, math.ceil(top), title, Markup("").join(parts))


def clean(words: str) -> str:
    """Leave out characters that XML cannot hold, and put all on one line."""
    line = " ".join(words.split())
    return "".join(c for c in line if c.isprintable() and not "\ud800" <= c <= "\udfff")


def legend_rows(keys: Sequence[Key], width: float) -> list[list[Key]]:
    """Break keys into rows that fit a width, in px."""
    rows: list[list[Key]] = [[]]
    used = 0.0
    for key in keys:
        if rows[-1] and used + _room(key) > width:
            rows.append([])
            used = 0.0
        rows[-1].append(key)
        used += _room(key)
    return rows if keys else []


@dataclass(frozen=True)
class _Frame:
    """Where one figure is, and its marks from the back to the front."""

    figure: Figure
    top: float

    @property
    def height(self) -> float:
        """Height of the plot itself, in px; rows of cells have whole pixels."""
        cells = self.figure.cells
        return _ROOM if cells is None else cells.height

    @property
    def bottom(self) -> float:
        """Foot of the plot, in px."""
        return self.top + self.height

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Position of a point, in px."""
        across = _LEFT + (WIDTH - _LEFT - _RIGHT) * self.figure.x.share(x)
        return across, self.bottom - self.height * self.figure.y.share(y)

    def parts(self) -> Iterable[Markup]:
        """All elements."""
        figure = self.figure
        if figure.cells is not None:
            yield from self._cells(figure.cells)
        yield from self._axes()
        if figure.bars is not None:
            yield from self._bars(figure.bars)
        if figure.frames is not None:
            yield from self._bars(figure.frames, framed=True)
        for line in figure.limits:
            ends = (*self.at(line.at, figure.y.low), *self.at(line.at, figure.y.high))
            yield _line(ends, LIMIT, 2, "dashed", css="", words=f"Limit: {line.words}")
        for curve in figure.curves:
            points = " ".join(f"{_px(x)},{_px(y)}" for x, y in map(self._pair, curve.points))
            yield _element(
                "polyline",
                {"points": points, "fill": "none", **_stroke(curve.color, 2, curve.dash)},
            )
        for group in figure.spots:
            for spot in group.spots:
                yield _mark(*self.at(spot.x, spot.y), group, spot)
        for outline in figure.outlines:
            yield self._outline(outline)

    def _pair(self, point: tuple[float, float]) -> tuple[float, float]:
        return self.at(*point)

    def _axes(self) -> Iterable[Markup]:
        x, y, right = self.figure.x, self.figure.y, float(WIDTH - _RIGHT)
        for value, words in y.ticks:
            at = self.at(x.low, value)[1]
            if y.grid:
                yield _line((_LEFT, at, right, at), RULE)
            yield _text(_LEFT - 8, at + 4, words, anchor="end")
        for value, words in x.ticks:
            at = self.at(value, y.low)[0]
            yield _line((at, self.bottom, at, self.bottom + 4), RULE)
            yield _text(at, self.bottom + 18, words, anchor="middle")
        middle = 0.5 * (_LEFT + right)
        yield _text(middle, self.bottom + 38, _with_log(x), anchor="middle")
        yield _text(14, 0.5 * (self.top + self.bottom), _with_log(y), anchor="middle", turn=-90)

    def _bars(self, bars: Bars, *, framed: bool = False) -> Iterable[Markup]:
        for place in range(bars.heights.shape[1]):
            up = down = 0.0
            words = bars.words(place)
            pairs = zip(bars.heights[:, place].tolist(), bars.colors[:, place], strict=True)
            for height, color in pairs:
                start = up if height >= 0 else down
                up, down = (up + height, down) if height >= 0 else (up, down + height)
                if color and height:
                    ends = (place - _BAR, place + _BAR, start, start + height)
                    faint = bars.faint is not None and bool(bars.faint[place])
                    yield self._box(ends, str(color), words, framed=framed, faint=faint)

    def _cells(self, cells: Cells) -> Iterable[Markup]:
        for row, values in enumerate(cells.values.tolist()):
            for column, value in enumerate(values):
                x, y = cells.x_edges, cells.y_edges
                ends = (x[column], x[column + 1], y[row], y[row + 1])
                yield self._box(ends, heat_color(value), cells.words(row, column), crisp=True)

    def _box(
        self,
        ends: tuple[float, float, float, float],
        color: str,
        words: str,
        *,
        crisp: bool = False,
        framed: bool = False,
        faint: bool = False,
    ) -> Markup:
        """A box, filled or framed; crisp ones leave no seam to their neighbors."""
        left, right, low, high = ends
        one, other = self.at(left, low), self.at(right, high)
        x, y = min(one[0], other[0]), min(one[1], other[1])
        size = {"width": abs(other[0] - one[0]), "height": abs(other[1] - one[1])}
        edges = "crispEdges" if crisp else ""
        looks: dict[str, object] = {"x": x, "y": y, **size, "shape-rendering": edges}
        if faint:
            looks["fill-opacity"] = PALE
        looks |= {"fill": "none", **_edge(color)} if framed else {"fill": color}
        return _element("rect", looks, words)

    def _outline(self, outline: Outline) -> Markup:
        left, top = self.at(outline.left, outline.high)
        right, bottom = self.at(outline.right, outline.low)
        box = {"x": left, "y": top, "width": right - left, "height": bottom - top}
        return _element(
            "rect", {**box, "fill": "none", **_stroke(outline.color, 2.5, outline.dash)}
        )


def _legend(rows: Sequence[Sequence[Key]], top: float) -> Markup:
    parts = []
    for number, row in enumerate(rows):
        x, y = float(_LEFT), top + number * _LINE
        for key in row:
            if key.color:
                group = Spots("", key.shape, 110)
                spot = Spot(0, 0, "", key.color, hollow=key.shape == "hollow")
                parts.append(_mark(x + 10, y, group, spot, key.dash))
            parts.append(_text(x + (_MARK if key.color else 0), y + 4, _short(key.words)))
            x += _room(key)
    return Markup("").join(parts)


def _strip(strip: Strip, top: float) -> Markup:
    stops = (
        _tag("stop", {"offset": place / (len(HEAT) - 1), "stop-color": tone}, Markup(""))
        for place, tone in enumerate(HEAT)
    )
    box = {"x": _LEFT, "y": top + 4, "width": _STRIP, "height": 10, "fill": "url(#heat)"}
    parts = [
        _tag("linearGradient", {"id": "heat"}, Markup("").join(stops)),
        _text(_LEFT, top - 2, strip.title),
        _element("rect", box),
    ]
    anchors = ("start", "middle", "end")
    for place, words in enumerate(strip.ticks):
        x = _LEFT + place * _STRIP / (len(strip.ticks) - 1)
        parts.append(_text(x, top + 27, words, anchor=anchors[min(place, 2)], size=11))
    return Markup("").join(parts)


def _mark(x: float, y: float, group: Spots, spot: Spot, dash: str = "solid") -> Markup:
    """Draw a spot, or the sample of a legend, in the shape of its group."""
    r = math.sqrt(group.size / math.pi)
    css = "hollow" if spot.hollow else ""
    if group.shape in ("dot", "hollow"):
        looks = {"fill": PAPER if spot.hollow else spot.color, **_stroke(spot.color, 1.5)}
        round_ = {"cx": x, "cy": y, "r": min(r, 4.5), "class": css}
        return _element("circle", {**round_, **looks}, spot.words)
    if group.shape == "ring":
        looks = {"fill": "none", **_stroke(spot.color, 2.5)}
        return _element("circle", {"cx": x, "cy": y, "r": min(r, 8.0), **looks}, spot.words)
    if group.shape == "line":
        return _line((x - 10, y, x + 10, y), spot.color, 2.5, dash, css="")
    if group.shape == "dashes":
        return _line((x, y - 7, x, y + 7), spot.color, 2, "dashed", css="")
    return _path(x, y, group.shape, spot, min(r, 8.0))


def _path(x: float, y: float, shape: str, spot: Spot, r: float) -> Markup:
    corners = " ".join(f"{_px(x + a * r)},{_px(y + b * r)}" for a, b in _PATHS[shape])
    looks: dict[str, object] = {"points": corners, "fill": spot.color}
    if shape in ("triangle", "down", "outline"):
        looks |= {"fill": "none", **_stroke(spot.color, 2.5)}
    elif shape == "frame":
        looks |= {"fill": "none", **_edge(spot.color)}
    elif spot.color.lower() == PAPER:
        looks |= _stroke("#000000", 1)
    return _element("polygon", looks, spot.words)


def _line(
    ends: tuple[float, float, float, float],
    color: str,
    width: float = 1,
    dash: str = "solid",
    *,
    css: str = "rule",
    words: str = "",
) -> Markup:
    places = dict(zip(("x1", "y1", "x2", "y2"), map(float, ends), strict=True))
    return _element("line", {**places, **_stroke(color, width, dash), "class": css}, words)


def _stroke(color: str, width: float, dash: str = "solid") -> dict[str, object]:
    return {"stroke": color, "stroke-width": width, "stroke-dasharray": DASHES[dash]}


def _edge(color: str) -> dict[str, object]:
    """An outline over bars, light on a dark screen."""
    return {**_stroke(color, _EDGE), "class": "edge"}


def _text(
    x: float,
    y: float,
    words: str,
    *,
    anchor: str = "start",
    size: int = 12,
    turn: int = 0,
    css: str = "quiet",
) -> Markup:
    looks: dict[str, object] = {
        "x": float(x),
        "y": float(y),
        "fill": INK if css == "ink" else QUIET,
        "class": css,
        "font-size": size,
        "text-anchor": anchor,
    }
    if turn:
        looks["transform"] = f"rotate({turn} {_px(x)} {_px(y)})"
    return _tag("text", looks, Markup("{}").format(clean(words)))


def _element(tag: str, attributes: Attributes, words: str = "") -> Markup:
    title = Markup("<title>{}</title>").format(clean(words)) if words else Markup("")
    return _tag(tag, attributes, title)


def _tag(tag: str, attributes: Attributes, inner: Markup) -> Markup:
    """Build an element of ours; values are escaped, empty ones left out."""
    said = Markup("").join(
        Markup(" {}='{}'").format(name, _px(value) if isinstance(value, float) else value)
        for name, value in attributes.items()
        if value != ""
    )
    name = Markup(tag)  # noqa: S704 - a tag of ours
    return Markup("<{}{}>{}</{}>").format(name, said, inner, name)


def _with_log(axis: Axis) -> str:
    return f"{axis.title}, logarithmic" if axis.log else axis.title


def _room(key: Key) -> float:
    return (_MARK if key.color else 0) + _LETTER * len(_short(key.words)) + _GAP


def _short(words: str) -> str:
    line = clean(words)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _px(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float | int) else str(value)

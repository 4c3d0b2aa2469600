"""Drawings as SVG text: every word is escaped, light and dark both read well."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from markupsafe import Markup

# Plain attributes hold for programs without style sheets; the rules change them for dark screens.
_STYLE = Markup(
    "<style>.pw-svg text{font-family:system-ui,sans-serif}"
    "@media screen and (prefers-color-scheme:dark){.pw-svg .ink{fill:#e8eaed}"
    ".pw-svg .quiet{fill:#b0b6bd}.pw-svg .rule{stroke:#4a4f55}.pw-svg .paper{fill:#1c1e21}"
    ".pw-svg .curve{stroke:#9aa0a6}}</style>"
)
_NOTHING = Markup("")
INK, QUIET, RULE, PAPER = "#212121", "#5f6368", "#d5d9de", "#ffffff"
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
Number = float | int


class Drawing:
    """A picture that is drawn part by part.

    Parameters
    ----------
    width, height
        In px; on a page it grows and shrinks with the room that it has.
    title
        Read out for the whole picture.
    """

    def __init__(self, width: int, height: int, title: str) -> None:
        self.width, self.height, self.title = width, height, title
        self._parts: list[Markup] = []

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        fill: str,
        words: str = "",
        *,
        css: str = "",
    ) -> None:
        """Draw a filled box; ``words`` show when it is pointed at."""
        box = {"x": x, "y": y, "width": max(width, 0), "height": max(height, 0)}
        self._add("rect", {**box, "fill": fill, "class": css}, _title(words))

    def line(
        self,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        color: str = RULE,
        *,
        css: str = "rule",
        dash: str = "",
        thick: float = 1,
    ) -> None:
        """Draw a straight line; rules change their colour in the dark."""
        ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
        looks = {"stroke": color, "stroke-width": thick, "stroke-dasharray": dash, "class": css}
        self._add("line", {**ends, **looks})

    def curve(
        self, points: Sequence[tuple[float, float]], color: str, *, dash: str = "", css: str = ""
    ) -> None:
        """Draw a line through points."""
        path = " ".join(f"{_px(x)},{_px(y)}" for x, y in points)
        looks = {"stroke": color, "stroke-width": 2, "stroke-dasharray": dash, "class": css}
        self._add("polyline", {"points": path, "fill": "none", **looks})

    def dot(
        self,
        x: float,
        y: float,
        color: str,
        words: str = "",
        *,
        radius: float = 4,
        hollow: bool = False,
    ) -> None:
        """Draw a round point; hollow ones are not proven."""
        looks = {"fill": "none" if hollow else color, "stroke": color, "stroke-width": 1.5}
        self._add("circle", {"cx": x, "cy": y, "r": radius, **looks}, _title(words))

    def diamond(
        self, x: float, y: float, color: str, words: str = "", *, radius: float = 6
    ) -> None:
        """Draw a diamond."""
        corners = ((x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y))
        path = " ".join(f"{_px(a)},{_px(b)}" for a, b in corners)
        self._add("polygon", {"points": path, "fill": color}, _title(words))

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        anchor: str = "start",
        quiet: bool = True,
        size: int = 12,
        turn: int = 0,
    ) -> None:
        """Write words; untrusted ones are escaped."""
        looks: dict[str, object] = {
            "x": x,
            "y": y,
            "fill": QUIET if quiet else INK,
            "class": "quiet" if quiet else "ink",
            "font-size": size,
            "text-anchor": anchor,
        }
        if turn:
            looks["transform"] = f"rotate({turn} {_px(x)} {_px(y)})"
        self._add("text", looks, Markup("{}").format(clean(words)))

    def to_svg(self, *, alone: bool = True, adaptive: bool = True) -> Markup:
        """Give the SVG.

        Parameters
        ----------
        alone
            Whether it is a file of its own; on a page with other pictures the paper and the
            name space are the page's.
        adaptive
            Whether it turns dark on dark screens.
        """
        space = Markup(" xmlns='http://www.w3.org/2000/svg'") if alone else Markup("")
        paper = Markup("<rect class='paper' width='100%' height='100%' fill='{}'/>").format(PAPER)
        return Markup(
            "<svg{} class='pw-svg' viewBox='0 0 {} {}' width='{}' height='{}' role='img' "
            "font-family='system-ui, sans-serif' aria-label='{}'>{}{}{}</svg>"
        ).format(
            space,
            self.width,
            self.height,
            self.width,
            self.height,
            clean(self.title),
            _STYLE if adaptive else "",
            paper if alone else "",
            Markup("").join(self._parts),
        )

    def _add(self, tag: str, attributes: Mapping[str, object], inner: Markup = _NOTHING) -> None:
        """Add an element of ours; values are escaped, empty ones left out."""
        said = Markup("").join(
            Markup(" {}='{}'").format(name, _px(value) if isinstance(value, float) else value)
            for name, value in attributes.items()
            if value != ""
        )
        name = Markup(tag)  # noqa: S704 - a tag of ours
        self._parts.append(Markup("<{}{}>{}</{}>").format(name, said, inner, name))


def clean(words: str) -> str:
    """Leave out characters that XML cannot hold, and put all on one line."""
    line = " ".join(words.split())
    return "".join(c for c in line if c.isprintable() and not "\ud800" <= c <= "\udfff")


def round_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers evenly spaced within a span, at most this many."""
    if not high - low > 1e-12 * max(abs(low), abs(high)):
        return [low]  # a span that rounding fills has no round numbers
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in _STEPS if power * factor >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [step * n for n in range(first, math.floor(high / step + 1e-9) + 1)]


def layer_step(count: int, most: int = 11) -> int:
    """Round number of layers between two ticks."""
    steps = (size * power for power in (1, 10, 100, 1000) for size in (1, 2, 5))
    return next((step for step in steps if count <= step * most), count)


def _title(words: str) -> Markup:
    return Markup("<title>{}</title>").format(clean(words)) if words else Markup("")


def _px(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float | int) else str(value)

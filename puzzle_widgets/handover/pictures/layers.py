"""Picture of an architecture: attention upwards, FFN downwards, a bar for every layer."""

from __future__ import annotations

from collections.abc import Iterator

from puzzle_widgets.handover.pictures import colors
from puzzle_widgets.handover.pictures.frame import Axis, Frame, layer_axis
from puzzle_widgets.handover.pictures.legend import Entry, draw_legend
from puzzle_widgets.handover.pictures.svg import Drawing
from puzzle_widgets.library import SubBlock
from puzzle_widgets.library.block import KINDS, Part
from puzzle_widgets.problem.mckp import to_choice
from puzzle_widgets.solution import Solution
from puzzle_widgets.solution.sizes import bar_heights, relative_sizes

WIDTH, HEIGHT = 960, 330
_LEFT, _TOP, _BOTTOM, _RIGHT = 66, 34, 50, 14
_COLORS = {
    "attention": (colors.ATTENTION, colors.ATTENTION_LINEAR),
    "ffn": (colors.FFN, colors.FFN_LINEAR),
}
_HALF_NAMES: dict[Part, str] = {"attention": "attention, up: KV heads", "ffn": "FFN, down: width"}


def layers_picture(solution: Solution, title: str = "Blocks by layer") -> Drawing:
    """Draw every layer's block as shares of the parent's.

    Parameters
    ----------
    solution
        An architecture.
    title
        Read out for the picture.
    """
    drawing = Drawing(WIDTH, HEIGHT, title)
    rows = list(_rows(solution))
    reach = [height for _, _, heights in rows for height in heights]
    high = max(1.0, *reach)
    low = -high if len(rows) > 1 else 0.0
    ticks = {
        tick: f"{abs(100 * tick):.0f} %" for tick in (-1.0, -0.5, 0.0, 0.5, 1.0) if tick >= low
    }
    y = Axis(low, high, ticks, "% of the parent's")
    room = (WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM)
    frame = Frame(layer_axis(solution.library), y, _LEFT, _TOP, *room)
    frame.draw(drawing)
    for sign, half_colors, heights in rows:
        _bars(drawing, frame, solution, [sign * height for height in heights], half_colors)
    draw_legend(drawing, _legend(solution, whole=len(rows) == 1), _LEFT, 16)
    return drawing


def _rows(solution: Solution) -> Iterator[tuple[int, list[str], list[float]]]:
    """Direction, colours and heights of the bars of each half, or of whole blocks."""
    sizes = relative_sizes(solution.library)
    choice = to_choice(solution.library, solution.architecture or {})
    if sizes.whole is not None:
        count = len(choice)
        yield 1, [colors.WHOLE] * count, bar_heights(sizes.whole)[choice].tolist()
        return
    for part, half, sign in (("attention", sizes.attention, 1), ("ffn", sizes.ffn, -1)):
        kinds = [KINDS[kind] for kind in half.kinds[choice]]
        sized, linear = _COLORS[part]
        by_kind = {"sized": sized, "linear": linear, "no_op": sized, "other": colors.NEUTRAL}
        yield sign, [by_kind[kind] for kind in kinds], bar_heights(half)[choice].tolist()


def _bars(
    drawing: Drawing, frame: Frame, solution: Solution, heights: list[float], tones: list[str]
) -> None:
    layers = solution.library.layers
    for place, (height, tone) in enumerate(zip(heights, tones, strict=True)):
        left, top = frame.at(place - 0.4, max(height, 0.0))
        right, bottom = frame.at(place + 0.4, min(height, 0.0))
        words = f"Layer {layers[place].name}: {solution.blocks[place].label}"
        drawing.rect(left, top, right - left, bottom - top, tone, words)


def _legend(solution: Solution, *, whole: bool) -> list[Entry]:
    if whole:
        return [Entry("whole block, % of the parent's", colors.WHOLE)]
    entries = []
    for part in ("attention", "ffn"):
        halves: list[SubBlock] = [getattr(block, part) for block in solution.blocks]
        kinds = {half.kind for half in halves}
        sized, linear = _COLORS[part]
        entries.append(Entry(_HALF_NAMES[part], sized))
        if "linear" in kinds:
            entries.append(Entry(f"linear {part}", linear))
        if "other" in kinds:
            entries.append(Entry(f"other {part}", colors.NEUTRAL))
    return [*entries, Entry("no bar: no-op", "")]

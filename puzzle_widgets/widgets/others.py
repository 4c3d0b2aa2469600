"""Others: how many architectures are nearly as good, diverse ones to look at, what they share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as widgets
import numpy as np
from markupsafe import Markup
from traitlets import Dict, Int, List

from puzzle_widgets.charts.layers import layer_chart
from puzzle_widgets.charts.palette import CURRENT
from puzzle_widgets.library.quantity import format_brief, format_share
from puzzle_widgets.reasons import Alternatives
from puzzle_widgets.reasons.words import score_words
from puzzle_widgets.solution import Solution
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.state.reason_answers import COUNT_SECONDS
from puzzle_widgets.state.record import NEAR
from puzzle_widgets.widgets.html import render
from puzzle_widgets.widgets.panel import Following, Panel, button, guard, named, row
from puzzle_widgets.widgets.wanting import Wanting
from puzzle_widgets.widgets.why_words import layer_runs

_DIGITS, _FEW_RUNS = 3, 10
_NONE = Markup("<span class='pw-quiet'>{}</span>")
_SEARCHING = Markup("<progress aria-label='Search'></progress> {}")
_COUNT = Markup(
    "<div><b>{}</b></div><details class='pw-why-more'><summary>More on the count</summary>"
    "<div>{}</div></details>"
)
_RECURS = """
<div class='pw-recurs'><b>Where they agree.</b> {{ words }}
<svg viewBox='0 0 {{ heights | length }} 1' preserveAspectRatio='none' role='img'
 aria-label='{{ words }}'>
{%- for height, said in heights -%}
<g><title>{{ said }}</title><rect x='{{ loop.index0 + 0.1 }}' y='{{ 1 - height }}' width='0.8'
 height='{{ height }}' fill='{{ color }}'/><rect x='{{ loop.index0 }}' width='1' height='1'
 fill='transparent'/></g>
{%- endfor %}</svg></div>
"""


class Gallery(Following, anywidget.AnyWidget):
    """Small pictures of the diverse ones, to walk by keys; what the page says is untrusted.

    Parameters
    ----------
    state
        Whose others to show.
    """

    _esm = Path(__file__).parent / "static" / "gallery.js"
    items: List[dict[str, Any]] = List(Dict()).tag(sync=True)
    span = List(default_value=[-1.0, 1.0]).tag(sync=True)
    chosen = Int(-1).tag(sync=True)

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self.state = state
        self.on_msg(guard(state, self._heard))
        self.when("others", do=self._fill)
        self.when("others", "shown", do=self._mark)

    def _fill(self) -> None:
        """Draw what is there; old pictures stay while others are searched."""
        found = self.state.others
        if found is None:
            return
        plan = layer_chart(found.solution.library, "Size")
        with self.hold_sync():
            self.span = [plan.y.low, plan.y.high]
            self.items = [_item(found, place) for place in range(len(found.diverse))]

    def _mark(self) -> None:
        found, shown = self.state.others, self.state.shown
        made = None if shown is None else shown.architecture
        architectures = [one.architecture for one in found.diverse] if found is not None else []
        self.chosen = architectures.index(made) if made in architectures else -1

    def _heard(self, _: object, content: object, __: object) -> None:
        place = content.get("show") if isinstance(content, Mapping) else None
        if isinstance(place, int):
            self.state.show_other(place)


class OthersPanel(Wanting, Panel):
    """How many architectures are nearly as good as the optimum, diverse ones, what they share.

    They are searched in the background while the panel is awake.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> from puzzle_widgets.widgets.others import OthersPanel
    >>> panel = OthersPanel("stdlib-2m-measured")
    >>> panel.state.set_looks(near=0.1)
    >>> panel.state.show_other(1)  # as a click on the second picture does
    >>> panel.gallery.chosen, "counted exactly" in panel.count.value
    (1, True)
    >>> panel.close()
    """

    title = "Others nearly as good"
    css_class = "pw-others"
    guide = "others"

    def build(self) -> list[widgets.Widget]:
        """Make the choice of how near, the count, the gallery, and where blocks recur."""
        self.near = widgets.ToggleButtons(
            options=[(format_share(near), near) for near in NEAR],
            tooltips=[f"Scores at most {format_share(near)} worse" for near in NEAR],
            style={"button_width": "auto"},
        )
        self.near.add_class("pw-views")
        self.near.add_class("pw-near")
        self.stop = button(
            "Stop", f"Stop: what was found stays. It counts for at most {COUNT_SECONDS:.0f} s"
        )
        self.searching, self.count, self.recurs = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.count.add_class("pw-live")
        self.gallery = self.own(Gallery(self.state))
        self.box = widgets.VBox([self.count, self.gallery, self.recurs])
        self.box.add_class("pw-others-box")
        return [row(named("Within", self.near, css=""), self.searching, self.stop), self.box]

    def bind(self) -> None:
        """Follow the others, and want them while awake."""
        self._stopped = False
        self.when("looks", do=self._show_near)
        self.when("others", "searching", "updating", "shown", do=self._show)
        self.changed(self.near, lambda near: self.state.set_looks(near=near))
        self.clicked(self.stop, self._stop)
        self.wants("others")

    def _stop(self) -> None:
        self._stopped = True
        self.state.stop_reason("others")

    def _show_near(self) -> None:
        with self.silence():
            self.near.value = self.state.looks.nearness

    def _show(self) -> None:
        """Say what is known; what is of another problem stays, dimmed, until more is."""
        found, searching = self.state.others, "others" in self.state.searching
        self._stopped = self._stopped and not searching
        self._show_search(found, on=searching)
        stale = found is None and (searching or self.state.updating)
        (self.box.add_class if stale else self.box.remove_class)("pw-stale")
        if found is not None:
            self.count.value = count_lines(found)
            self.recurs.value = recurrence(found)
        elif not stale:
            self.count.value, self.recurs.value = _NONE.format(self._why_none()), ""
        none = found is None and not stale
        self.gallery.layout.display = "none" if none or not self.gallery.items else ""

    def _show_search(self, found: Alternatives | None, *, on: bool) -> None:
        words = "Counting" if found is not None else "Searching"
        self.searching.value = _SEARCHING.format(words) if on else ""
        self.stop.layout.display = "" if on else "none"

    def _why_none(self) -> str:
        shown = self.state.shown
        if shown is not None and not shown.found:
            return "No architecture is within the budgets."
        if shown is not None and shown.status != "optimal" and self.state.record.other is None:
            return "What is shown is not proven to be the best, so nothing is set against it."
        return "Stopped. Choose how near to search again." if self._stopped else ""


def count_lines(found: Alternatives) -> Markup:
    """Say how many there are; what is listed and how far they can differ, folded."""
    return _COUNT.format(found.brief, " ".join(found.sentences))


def recurrence(found: Alternatives) -> Markup:
    """Draw in how many each layer's block recurs, with words for where that is all or few."""
    if found.counted < 2:
        return Markup("")
    shares = (found.shared / found.counted).tolist()
    layers = found.problem.library.layers
    heights = [
        (round(share, _DIGITS), f"Layer {layer.name}: {found.words(place)}")
        for place, (layer, share) in enumerate(zip(layers, shares, strict=True))
    ]
    return render(_RECURS, words=_recurrence_words(found), heights=heights, color=CURRENT)


def _recurrence_words(found: Alternatives) -> str:
    shared, library = found.shared, found.problem.library
    whole = np.flatnonzero(shared == found.counted).tolist()
    least = int(np.argmin(shared))
    of = "all" if found.exact else "those above"
    runs = layer_runs(library, whole)
    named_runs = f": {', '.join(runs)}" if 0 < len(runs) <= _FEW_RUNS else ""
    said = f"{len(whole)} of {len(shared)} layers have the same block in {of}{named_runs}"
    if len(whole) == len(shared):
        return f"{said}."
    few = f"layer {library.layers[least].name} keeps the optimum's block least often"
    return f"{said}; {few}, in {shared[least]:,} of {found.counted:,}."


def _item(found: Alternatives, place: int) -> dict[str, Any]:
    """What the page shows of one: bars, figures, and words for a pointer."""
    optimum, one = found.diverse[0], found.diverse[place]
    bars = layer_chart(one.library, "Size").bars(one, one.choice)
    parts = [
        [np.round(heights, _DIGITS).tolist(), colors.tolist()]
        for heights, colors in zip(bars.heights, bars.colors, strict=True)
    ]
    differs = (one.choice != optimum.choice).tolist()
    score = format_brief(one.score)
    name, words = ("Optimum", "Proven") if not place else (f"Other {place}", _apart(found, one))
    title = f"{name}: {score_words(found.problem, one.score)}; {words}. Show it"
    return {
        "parts": parts,
        "differs": differs,
        "name": name,
        "score": score,
        "words": words,
        "title": title,
    }


def _apart(found: Alternatives, one: Solution) -> str:
    """How much worse it scores, and in how many layers it differs from the optimum."""
    excess = found.problem.sign * (one.score - found.solution.score)
    whole = abs(found.solution.score)
    worse = f"+{100 * excess / whole:.2f} %" if whole else f"+{format_brief(excess)}"
    count = len(one.differing_layers(found.diverse[0]))
    return f"{worse}, {count} {'layer differs' if count == 1 else 'layers differ'}"

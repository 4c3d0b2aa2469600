"""The truth panel: predicted against measured, where whole models of a library were measured."""

from __future__ import annotations

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.charts import Drawing, draw, truth_figure
from puzzle_widgets.charts.about import about
from puzzle_widgets.charts.truth import truth_keys, truth_words, worst_words
from puzzle_widgets.widgets.charts import TruthChart, legend_line
from puzzle_widgets.widgets.files import picture_buttons
from puzzle_widgets.widgets.html import render
from puzzle_widgets.widgets.panel import Panel, menu, named, row

NO_TRUTH = (
    "No whole model of this library was measured with its blocks known. How well sums over blocks "
    "predict whole models is not known here."
)
_ABOUT = "sums over blocks, and whole models that were assembled and measured"
_TOLD = """
<p class='pw-says'><b>{{ said }}</b></p>
{%- if worst %}<details class='pw-why-more'><summary>Furthest off</summary><ul class='pw-says'>
{%- for words in worst %}<li>{{ words }}</li>{% endfor %}</ul></details>{% endif %}
"""


class TruthPlot(Panel):
    """Predicted against measured, with rank correlations and the models that are furthest off.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> plot = pw.TruthPlot("stdlib-2m-measured")
    >>> "Spearman 0.995" in plot.told.value
    True
    >>> plot.close()
    """

    title = "Predicted and measured"
    css_class = "pw-truth"
    guide = "truth"

    def build(self) -> list[widgets.Widget]:
        """Make the choice of the figure, the words, and the chart."""
        self.chart = TruthChart()
        self.figure_key = widgets.Dropdown(layout=widgets.Layout(width="240px"))
        self.told, self.legend = widgets.HTML(), widgets.HTML()
        self.told.add_class("pw-live")
        self.chosen = named("Figure", self.figure_key, css="")
        self.box = widgets.Box()
        self.box.add_class("pw-truth-box")
        save = picture_buttons(
            self.state, "predicted and measured", "predicted-and-measured", self.picture
        )
        self.pictures = menu("Save a picture", save)
        return [row(self.chosen, self.pictures), self.legend, self.box, self.told]

    def bind(self) -> None:
        """Follow the library, what was measured of it, and the objective."""
        self.head.value = self.heading(_ABOUT)
        self.when("library", "measured", "objective", "looks", do=self._show)
        self.changed(self.figure_key, lambda key: self.state.set_looks(truth=key))

    @property
    def key(self) -> str:
        """Key of the figure that is shown: the one chosen, else the objective; empty for none."""
        known = truth_keys(self.state.measured, self.state.library)
        wanted = (self.state.looks.truth, self.state.objective, *known[:1])
        return next((key for key in wanted if key in known), "")

    def _show(self) -> None:
        state, key = self.state, self.key
        parts = (self.chosen, self.legend, self.box, self.pictures)
        for part in parts:
            part.layout.display = "" if key else "none"
        if not key:
            self.told.value = Markup("<p class='pw-says'>{}</p>").format(NO_TRUTH)
            return
        with self.silence():
            keys = truth_keys(state.measured, state.library)
            self.figure_key.options = [(state.library.quantity(one).title, one) for one in keys]
            self.figure_key.value = key
        figure = truth_figure(state.measured, state.library, key)
        self.chart.show(figure)
        self.legend.value = legend_line(figure.legend, upward=figure.y.title)
        said = truth_words(state.measured, state.library, key)
        self.told.value = render(
            _TOLD, said=said, worst=worst_words(state.measured, state.library, key)
        )
        if not self.box.children:  # a chart fails in a hidden box
            self.box.children = (self.chart.figure,)

    def picture(self) -> Drawing | None:
        """What is on the screen, for a file."""
        key = self.key
        library = self.state.library
        if not key:
            return None
        return about(draw(truth_figure(self.state.measured, library, key)), library)

"""The weights of an objective: how much each score counts, and each layer, behind a button."""

from __future__ import annotations

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library.checks import short_repr
from puzzle_widgets.library.quantity import format_exact
from puzzle_widgets.library.sense import score_sense
from puzzle_widgets.problem.budget import as_number
from puzzle_widgets.problem.objective import (
    layer_weights_of,
    parse_layer_weights,
    pulled_together,
    weights_of,
    write_layer_weights,
)
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.guide import guide_button
from puzzle_widgets.widgets.panel import Following, menu, named, refill

_WORDS = (
    "How much each score counts in the sum that is made best. 0 leaves a score out; one that is "
    "better bigger counts with a minus where the rest is minimized."
)
_LAYERS = "Layers that count otherwise than once, such as 0 to 9: 2, 79: 0.5"
_SENSES = {"minimize": "smaller is better", "maximize": "bigger is better", None: "sense unknown"}


class WeightChoice(Following, widgets.Box):
    """Sets a weighted sum of scores, and weights of layers, as the objective of a state.

    Parameters
    ----------
    state
        Whose objective to set and to show.
    """

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self.state = state
        self.weights: dict[str, widgets.Text] = {}
        self.layers = widgets.Text(continuous_update=False, placeholder="all 1", tooltip=_LAYERS)
        self.layers.add_class("pw-wide-field")
        self.words = widgets.HTML(
            Markup("<div class='pw-quiet'>{} {}</div>").format(
                _WORDS, guide_button("objective", "Weights")
            )
        )
        self.terms = widgets.VBox()
        layers = named("Weights of layers", self.layers)
        self.children = (menu("Weights", self.words, self.terms, layers, symbol="\u2211"),)
        self.add_class("pw-weights")
        self.changed(self.layers, lambda _: self._choose())
        self.when("library", do=self._draw)
        self.when("library", "objective", "goal", do=self._show)

    def _draw(self) -> None:
        """Make a field for each score of the library."""
        scores = self.state.library.plain.scores
        if tuple(self.weights) == scores:
            return
        self.weights = {key: self._field(key) for key in scores}
        refill(self.terms, [named(self._title(key), field) for key, field in self.weights.items()])
        self.layout.display = "" if scores else "none"

    def _field(self, key: str) -> widgets.Text:
        label = self.state.library.quantity(key).label
        field = widgets.Text(continuous_update=False, tooltip=f"How much {label} counts")
        field.add_class("pw-field")
        self.changed(field, lambda _: self._choose())
        return field

    def _title(self, key: str) -> str:
        library = self.state.library
        return f"{library.quantity(key).title}, {_SENSES[score_sense(library, key).goal]}"

    def _show(self) -> None:
        library, key = self.state.library, self.state.objective
        weights = weights_of(library, key)
        with self.silence():
            for score, field in self.weights.items():
                field.value = format_exact(abs(weights.get(score, 0.0)))
            self.layers.value = write_layer_weights(library, layer_weights_of(library, key))

    def _choose(self) -> None:
        """Take all fields as the objective; where they make none, show what is."""
        library = self.state.library
        try:
            counts = {key: _count(field.value) for key, field in self.weights.items()}
            goal, weights = pulled_together(library, counts, self.state.record.said)
            layers = parse_layer_weights(library, self.layers.value)
            self.state.set_objective(weights, goal, layer_weights=layers)
        except ProblemError as error:
            self.state.fail(error)
            self._show()


def _count(text: str) -> float:
    number = as_number(text.strip() or 0)
    if not 0 <= number < float("inf"):
        raise ProblemError(f"{short_repr(text)} is not a weight. Type a number, 0 or more.")
    return number

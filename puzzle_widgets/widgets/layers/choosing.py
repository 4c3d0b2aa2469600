"""What a click asks of one layer: keep a variant, forbid one, keep the parent's, let it go free."""

from __future__ import annotations

import ipywidgets as widgets

from puzzle_widgets.library import Layer
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.panel import Following, button

_CHOOSE = "Choose a block \u2026"


class LayerChoice(Following, widgets.HBox):
    """A list of a layer's variants, and buttons that make rules of them.

    Parameters
    ----------
    state
        Whose open layer it is about.
    """

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self.state = state
        self.variants = widgets.Dropdown(options=[(_CHOOSE, "")], tooltip="Block to keep or forbid")
        self.keep = button("Keep", "Rule: this layer keeps the block that is chosen in the list")
        self.forbid = button("Forbid", "Rule: this layer never has the block chosen in the list")
        self.parent = button("Keep the parent's", "Rule: this layer keeps the parent's block")
        self.free = button("Free", "Drop the rules about this layer alone")
        self.children = (self.variants, self.keep, self.forbid, self.parent, self.free)
        for name in ("pw-row", "pw-layer-choice"):
            self.add_class(name)
        self.changed(self.variants, lambda _: self._enable())
        self.clicked(self.keep, lambda: self._act(self.state.pin))
        self.clicked(self.forbid, lambda: self._act(self.state.forbid))
        self.clicked(self.parent, self._keep_parent)
        self.clicked(self.free, self._free)
        self.when("rules", "layer", "library", do=self._enable)

    def offer(self, layer: Layer, places: list[int], words: list[str]) -> None:
        """List variants in this order; what was chosen stays chosen."""
        options = [
            (_CHOOSE, ""),
            *zip(words, (layer.variants[n].name for n in places), strict=True),
        ]
        with self.silence():
            if list(self.variants.options) != options:
                before = self.variants.value
                self.variants.options = options
                self.variants.value = before if before in [name for _, name in options] else ""
        self._enable()

    def _enable(self) -> None:
        place, record = self.state.layer, self.state.record
        self.keep.disabled = self.forbid.disabled = not self.variants.value
        name = None if place is None else record.library.layers[place].name
        about = any(name in {*rule.fixed, *rule.banned} for rule in record.rules)
        self.free.layout.display = "" if about else "none"

    def _act(self, action: object) -> None:
        place = self.state.layer
        if place is not None and self.variants.value and callable(action):
            action(place, self.variants.value)

    def _keep_parent(self) -> None:
        place = self.state.layer
        if place is not None:
            self.state.pin(place, self.state.library.layers[place].parent)

    def _free(self) -> None:
        if self.state.layer is not None:
            self.state.free(self.state.layer)

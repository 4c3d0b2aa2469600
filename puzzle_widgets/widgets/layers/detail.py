"""One layer opened: all its variants with score and costs; layers and blocks in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import ipywidgets as widgets
import numpy as np
from markupsafe import Markup

from puzzle_widgets.charts.layers import COST_VIEWS
from puzzle_widgets.library import BlockLibrary, BlockVariant, Layer
from puzzle_widgets.library.model import Part
from puzzle_widgets.library.quantity import MEMORY, PARAMETERS, RUNTIME, format_number
from puzzle_widgets.reasons import InclusionCosts
from puzzle_widgets.reasons.words import score_words
from puzzle_widgets.solution import Solution
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.html import Cell, table
from puzzle_widgets.widgets.layers.choosing import LayerChoice
from puzzle_widgets.widgets.panel import Panel, button, row
from puzzle_widgets.widgets.wanting import Wanting

SHORT = 12
_SPARE = 6


@dataclass(frozen=True)
class OpenLayer:
    """What the table is about.

    Parameters
    ----------
    library, place
        The layer, by its place in the network.
    chosen
        Name of the architecture's variant; ``None`` where there is no architecture.
    objective
        Dotted key of the score to sort by.
    gain
        Whether more of it is better.
    """

    library: BlockLibrary
    place: int
    chosen: str | None
    objective: str
    gain: bool = False

    @property
    def layer(self) -> Layer:
        """The layer itself."""
        return self.library.layers[self.place]


class LayerDetail(Wanting, widgets.VBox):
    """Heading, table and buttons of the layer that is open; takes no room without one.

    Parameters
    ----------
    state
        Whose open layer to show.
    """

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self.state = state
        self.heading, self.table = widgets.HTML(), widgets.HTML()
        self.close_button = button("Close", "Close the layer's table", css="pw-close-layer")
        self.all_button = button("Show all", css="pw-all-variants")
        self.head = row(self.heading, self.close_button, css="pw-detail-head")
        self.choice = LayerChoice(state)
        self.children = (self.head, self.choice, self.table, self.all_button)
        self.long = False
        self._of: OpenLayer | None = None
        self._costs: InclusionCosts | None = None
        self.add_class("pw-detail")
        self.when(
            "library", "layer", "objective", "goal", "shown", "layer_costs", "rules", do=self._show
        )
        self.clicked(self.close_button, lambda: self.state.open_layer(None))
        self.clicked(self.all_button, self.toggle)

    def _show(self) -> None:
        opened = opened_layer(self.state)
        self.layout.display = "none" if opened is None else ""
        self.wants(*(("layer_costs",) if opened is not None else ()))
        costs = self._known_costs(opened)
        if opened is not None and (opened, costs) != (self._of, self._costs):
            self._of, self._costs = opened, costs
            self._fill()

    def _known_costs(self, opened: OpenLayer | None) -> InclusionCosts | None:
        """What the blocks of the open layer cost, where that is of the architecture shown."""
        found = self.state.layer_costs
        if opened is None or found is None or found.problem.library is not opened.library:
            return None
        return found if found.solution.blocks[opened.place].name == opened.chosen else None

    def close(self) -> None:
        """Close the list of variants, too."""
        self.choice.close()
        super().close()

    def toggle(self) -> None:
        """Show all variants, or the best ones only."""
        self.long = not self.long
        self._fill()

    def _fill(self) -> None:
        if self._of is None:
            return
        self.heading.value = Markup("<h3>{}</h3>").format(detail_title(self._of))
        places = listed(self._of, None if self.long else SHORT, self._costs)
        self.table.value = variants_table(self._of, places, self._costs)
        every = listed(self._of, None, self._costs)
        self.choice.offer(self._of.layer, every, choice_words(self._of, every, self._costs))
        count = len(self._of.layer.variants)
        self.all_button.layout.display = "none" if count <= SHORT + _SPARE else ""
        all_words = f"Show all {count} variants"
        self.all_button.description = f"Show the best {SHORT} only" if self.long else all_words
        self.all_button.tooltip = self.all_button.description


class LayerPanel(Panel):
    """The open layer with all of its variants; the layers' chart, or a list, opens one.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> from puzzle_widgets.widgets.layers.detail import LayerPanel
    >>> state = pw.ExplorerState("stdlib-2m-measured")
    >>> panel = LayerPanel(state)
    >>> state.open_layer(3)
    >>> panel.close()
    """

    title = "Layer"
    css_class = "pw-layer-panel"
    guide = "layer"

    def build(self) -> list[widgets.Widget]:
        """Make the hint and the detail."""
        self.hint = widgets.HTML("<p class='pw-says'>No layer is open. Click one in the chart.</p>")
        self.detail = self.own(LayerDetail(self.state))
        return [self.hint, self.detail]

    def bind(self) -> None:
        """Follow which layer is open."""
        self.when("layer", do=self._show_hint)

    def _show_hint(self) -> None:
        self.hint.layout.display = "" if self.state.layer is None else "none"


def opened_layer(state: ExplorerState) -> OpenLayer | None:
    """The layer that is open, with the block that is shown there."""
    place, shown = state.layer, state.shown
    if place is None or not 0 <= place < len(state.library.layers):
        return None
    there = shown is not None and shown.found and shown.library is state.library
    chosen = shown.blocks[place].name if shown is not None and there else None
    return OpenLayer(state.library, place, chosen, state.objective, state.goal == "maximize")


def detail_title(opened: OpenLayer) -> str:
    """Say the layer and its chosen block."""
    name = layer_name(opened.layer)
    if opened.chosen is None:
        return name
    return f"{name}: {opened.layer.variant(opened.chosen).label}"


def listed(
    opened: OpenLayer, most: int | None = None, costs: InclusionCosts | None = None
) -> list[int]:
    """Places of the variants by what they would cost, else from the best score on.

    The chosen and the parent's are always among them.
    """
    layer = opened.layer
    scores = np.array([variant.values[opened.objective] for variant in layer.variants])
    ranks = -scores if opened.gain else scores
    if costs is not None:
        start = int(opened.library.starts[opened.place])
        ranks = costs.costs[start : start + len(scores)]
    order = np.lexsort((-scores if opened.gain else scores, ranks)).tolist()
    if most is None or len(order) <= most + _SPARE:
        return order
    kept = {*order[:most], layer.positions[layer.parent]}
    if opened.chosen is not None:
        kept.add(layer.positions[opened.chosen])
    return [place for place in order if place in kept]


def variants_table(
    opened: OpenLayer, places: list[int], costs: InclusionCosts | None = None
) -> Markup:
    """Build the table of a layer's variants; ``places`` are theirs, in the order to show."""
    layer, library = opened.layer, opened.library
    keys = told_keys(library, opened.objective)
    titles = [_title(library, key) for key in keys]
    head = ["Block", titles[0], "Difference to parent", *titles[1:]]
    labels = Counter(variant.label for variant in layer.variants)
    rows = [
        [_name(opened, layer.variants[place], labels), *_cells(layer, layer.variants[place], keys)]
        for place in places
    ]
    chosen = [n for n, place in enumerate(places) if layer.variants[place].name == opened.chosen]
    order = "highest" if opened.gain else "lowest"
    caption = f"Variants of {layer_name(layer)}, {order} {titles[0]} first"
    if costs is not None:
        caption = f"Variants of {layer_name(layer)}, those first that would cost least"
        head[1:3] = ["Would cost", head[1]]
        for line, place in zip(rows, places, strict=True):
            line[1:3] = [cost_words(costs, opened.place, place), line[1]]
    return table(head, rows, caption=caption, chosen=chosen)


def choice_words(opened: OpenLayer, places: list[int], costs: InclusionCosts | None) -> list[str]:
    """Name variants in a list, with what they would cost; those of one label by name, too."""
    labels = Counter(variant.label for variant in opened.layer.variants)
    said = []
    for place in places:
        variant = opened.layer.variants[place]
        more = f" [{' '.join(variant.name.split())}]" if labels[variant.label] > 1 else ""
        cost = "" if costs is None else f" ({cost_words(costs, opened.place, place)})"
        said.append(f"{variant.label}{more}{cost}")
    return said


def cost_words(costs: InclusionCosts, layer: int, place: int) -> str:
    """Say how much worse the best architecture with a variant scores than the optimum."""
    problem = costs.problem
    at = int(problem.library.starts[layer]) + place
    cost = float(costs.costs[at])
    if costs.chosen[at]:
        return "chosen"
    if np.isfinite(cost):
        return f"+{score_words(problem, cost)}"
    owner = problem.library.layers[layer]
    reason = costs.reason(owner.name, owner.variants[place].name)
    short = {"banned by a rule": "forbidden"}.get(reason)
    if short is None:
        short = "another is kept" if "fixed" in reason else "does not fit"
    return "not found in time" if np.isnan(cost) else short


def _cells(layer: Layer, variant: BlockVariant, keys: list[str]) -> list[Cell]:
    own = [variant.values[key] for key in keys]
    difference = own[0] - layer.parent_variant.values[keys[0]]
    figures = [_figure(key, value) for key, value in zip(keys, own, strict=True)]
    return [figures[0], _signed(difference), *figures[1:]]


def _name(opened: OpenLayer, variant: BlockVariant, labels: Counter[str]) -> Markup:
    layer, label = opened.layer, variant.label
    if labels[label] > 1:
        label = f"{label} [{' '.join(variant.name.split())}]"
    is_so = {"chosen": variant.name == opened.chosen, "parent": variant.name == layer.parent}
    tags = [Markup(" <span class='pw-tag'>{}</span>").format(word) for word in is_so if is_so[word]]
    return Markup("{}{}").format(label, Markup("").join(tags))


def _title(library: BlockLibrary, key: str) -> str:
    quantity = library.quantity(key)
    return f"{quantity.label} (millions)" if key == PARAMETERS else quantity.title


def _figure(key: str, value: float) -> str:
    return format_number(value / 1e6 if key == PARAMETERS else value)


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else ''}{format_number(value)}".replace("-", "\N{MINUS SIGN}")


def layer_name(layer: Layer) -> str:
    """Say a layer's name on one line; ``"Layer 30"`` where it is a number."""
    words = " ".join(str(layer.name).split())
    return f"Layer {words}" if isinstance(layer.name, int) or words.isdigit() else words


def changed_words(solution: Solution) -> str:
    """Count the layers that differ from the parent's."""
    layers, changed = solution.library.layers, solution.changed_count
    if not changed:
        return "Every layer has the parent's own block."
    noun = "layer" if len(layers) == 1 else "layers"
    verb = "differs" if changed == 1 else "differ"
    return f"{changed} of {len(layers)} {noun} {verb} from the parent's."


def view_words(view: str, solution: Solution) -> str:
    """Say what a view of an architecture comes to: layers changed, or a cost kept and saved."""
    if view not in COST_VIEWS:
        return changed_words(solution)
    library, key = solution.library, COST_VIEWS[view]
    quantity = library.quantity(key)
    words = saving_words(solution.totals[key], library.parent_totals[key], quantity.unit)
    outside = library.non_block_cost(key)
    return f"{words}; {quantity.text(outside)} of it non-block" if outside else words


def saving_words(kept: float, parent: float, unit: str) -> str:
    """Say what is kept and saved of a cost, such as ``"60 of 80 ms kept, 20 ms saved (25 %)"``."""
    saved = parent - kept
    change, less = f"{format_number(abs(saved))} {unit}".rstrip(), saved >= 0
    share = f" ({abs(saved) / parent:.0%})".replace("%", " %") if parent > 0 else ""
    whole = f"{format_number(parent)} {unit}".rstrip()
    if less:
        return f"{format_number(kept)} of {whole} kept, {change} saved{share}"
    return f"{format_number(kept)} {unit}, {change} more than the parent's {whole}{share}"


def told_keys(library: BlockLibrary, objective: str) -> list[str]:
    """Keys worth telling of a block: the objective, runtime, memory, parameters."""
    keys = (objective, RUNTIME, MEMORY, PARAMETERS)
    return list(dict.fromkeys(key for key in keys if key in library.keys))


def block_words(
    library: BlockLibrary, place: int, block: BlockVariant, objective: str
) -> Sequence[str]:
    """Say a layer's block: name, subblocks with sizes, then score and costs of the parent's."""
    layer = library.layers[place]
    words = [f"{layer_name(layer)}: {sized_label(layer, block)}"]
    for key in told_keys(library, objective):
        if key == PARAMETERS:
            continue
        quantity, own = library.quantity(key), block.values[key]
        whole = layer.parent_variant.values[key]
        of_whole = f"{format_number(own)} of {quantity.text(whole)}"
        words.append(f"{quantity.label} {quantity.text(own) if key == objective else of_whole}")
    return words


def sized_label(layer: Layer, block: BlockVariant) -> str:
    """Say a block with its sizes as shares of the parent's, such as ``"4 KV heads (50 %)"``."""
    if "other" in (block.attention.kind, block.ffn.kind):
        return block.label
    attention, ffn = (_subblock(layer, block, part) for part in ("attention", "ffn"))
    return f"{attention}, FFN {ffn}"


def _subblock(layer: Layer, block: BlockVariant, part: Part) -> str:
    subblock, parent = getattr(block, part), getattr(layer.parent_variant, part)
    words: str = subblock.describe(part)
    if subblock.kind == "sized" and parent.kind == "sized":
        return f"{words} ({subblock.size / parent.size:.0%})".replace("%", " %")
    return words if subblock.kind == "sized" else {"no_op": "no-op (0 %)"}.get(subblock.kind, words)

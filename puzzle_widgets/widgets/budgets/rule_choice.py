"""A rule to add: which, with its numbers and layers, and what it would cost, behind a button."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.checks import short_repr
from puzzle_widgets.library.model import Part
from puzzle_widgets.problem import rules
from puzzle_widgets.problem.budget_rows import SearchRule
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.panel import button, menu, named, row
from puzzle_widgets.widgets.wanting import Wanting

_WORDS = "A rule holds beside the budgets, exactly. What it would cost is said before it is added."
_NONE = ("Choose a rule \u2026", "")
# By their words: of a list whose value is None, nothing would be seen.
_PARTS: dict[str, Part | None] = {"blocks": None, "attentions": "attention", "FFNs": "ffn"}
_MOST_DIGITS = 6
_ENDS = ("First", "Last")


class Typed(NamedTuple):
    """What the fields say: a number, two layers, and what is counted."""

    number: int
    layers: tuple[str, str]
    part: Part | None


class Kind(NamedTuple):
    """A rule that can be added.

    Parameters
    ----------
    words
        What it asks for.
    asks
        Name of its number; empty where it has none.
    make
        Makes it of a library and what the fields say.
    ranged, parted
        Whether it is about some layers, and of blocks, attentions or FFNs.
    first
        The number to begin with.
    """

    words: str
    asks: str
    make: Callable[[BlockLibrary, Typed], SearchRule]
    ranged: bool = False
    parted: bool = False
    first: int = 1


KINDS: dict[str, Kind] = {
    "ends": Kind(
        "Keep the first and last layers",
        "Layers at each end",
        lambda library, typed: rules.keep_ends(library, typed.number),
    ),
    "linear": Kind(
        "No linear attention anywhere",
        "",
        lambda library, _: rules.no_linear_attention(library),
    ),
    "same_ffn": Kind(
        "The same FFN over a range",
        "",
        lambda library, typed: rules.same_ffn(library, *typed.layers),
        ranged=True,
    ),
    "same_attention": Kind(
        "The same attention over a range",
        "",
        lambda library, typed: rules.same_attention(library, *typed.layers),
        ranged=True,
    ),
    "few": Kind(
        "At most so many distinct blocks",
        "Distinct ones at most",
        lambda library, typed: rules.few_blocks(
            library, typed.number, part=typed.part, layers=typed.layers
        ),
        ranged=True,
        parted=True,
        first=4,
    ),
    "heads": Kind(
        "KV heads that GPUs share evenly",
        "Tensor-parallel GPUs",
        lambda library, typed: rules.heads_divisible_by(library, typed.number),
        first=4,
    ),
    "runs": Kind(
        "Few attention-free layers in a row",
        "Layers in a row at most",
        lambda library, typed: rules.attention_free_in_a_row(library, typed.number),
        first=2,
    ),
}


class RuleChoice(Wanting, widgets.Box):
    """Adds a rule to a state, once it is seen what the rule would cost.

    Parameters
    ----------
    state
        Whose rules to add to.
    """

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self.state = state
        self.draft: SearchRule | None = None
        options = [_NONE, *((kind.words, name) for name, kind in KINDS.items())]
        self.kind = widgets.Dropdown(options=options, value="", tooltip="Rule to add")
        self.count = widgets.Text(continuous_update=False)
        self.count.add_class("pw-field")
        self.part = widgets.Dropdown(options=[*_PARTS], tooltip="What is counted")
        self.first, self.last = (widgets.Dropdown(tooltip=f"{end} layer") for end in _ENDS)
        self.counted = named("", self.count)
        self.parted = named("Of", self.part)
        self.ranged = row(named("From layer", self.first), named("to", self.last))
        self.words = widgets.HTML()
        self.add = button("Add the rule")
        about = widgets.HTML(Markup("<div class='pw-quiet'>{}</div>").format(_WORDS))
        body = (self.kind, self.counted, self.parted, self.ranged, self.words, self.add)
        self.children = (menu("Add a rule", about, *body, symbol="+ Rule"),)
        self.add_class("pw-rule-choice")
        self._bind()

    def _bind(self) -> None:
        self.changed(self.kind, self._choose)
        for field in (self.count, self.part, self.first, self.last):
            self.changed(field, lambda _: self._consider())
        self.clicked(self.add, self._add)
        self.when("library", do=self._offer_layers)
        self.when("rules", do=self._ask)
        self.when("rule_offer", "searching", "solution", "updating", "rules", do=self._show)

    def _offer_layers(self) -> None:
        """List the layers; a rule that was begun was of another library."""
        names = [str(layer.name) for layer in self.state.library.layers]
        with self.silence():
            for field, at in ((self.first, 0), (self.last, -1)):
                field.options = names
                field.value = names[at]
            self.kind.value = ""
        self._choose("")

    def _choose(self, name: str) -> None:
        kind = KINDS.get(name)
        with self.silence():
            self.count.value = str(kind.first) if kind else ""
            self.count.tooltip = kind.asks if kind else ""
        self.counted.children[0].value = Markup("<span class='pw-name'>{}</span>").format(
            kind.asks if kind else ""
        )
        parts = ((self.counted, kind and kind.asks), (self.parted, kind and kind.parted))
        for part, needed in (*parts, (self.ranged, kind and kind.ranged), (self.add, kind)):
            part.layout.display = "" if needed else "none"
        self._consider()

    def _consider(self) -> None:
        """Have the cost of what the fields say worked out."""
        self.draft, wrong = None, ""
        self.count.remove_class("pw-invalid")
        try:
            self.draft = self._typed()
        except ProblemError as error:
            wrong = str(error)
            self.count.add_class("pw-invalid")
        self.add.disabled = self.draft is None
        self._ask()
        if wrong:
            self._say(wrong, warn=True)
        else:
            self._show()

    def _ask(self) -> None:
        """Want the cost of a rule that does not hold yet."""
        offered = None if self.draft in self.state.rules else self.draft
        self.wants(*(("rule_offer",) if offered is not None else ()))
        self.state.consider(offered)

    def _typed(self) -> SearchRule | None:
        kind, library = KINDS.get(self.kind.value), self.state.library
        if kind is None:
            return None
        text = self.count.value.strip()
        if kind.asks and not (text.isdecimal() and len(text) <= _MOST_DIGITS):
            raise ProblemError(f"{short_repr(self.count.value)}: type a whole number.")
        layers = (str(self.first.value), str(self.last.value))
        return kind.make(library, Typed(int(text or 0), layers, _PARTS[self.part.value]))

    def _show(self) -> None:
        """Say what the rule would cost, once that is known."""
        offer = self.state.rule_offer
        self.add.tooltip = f"Add the rule: {self.draft.words}" if self.draft else "Add the rule"
        if self.draft is None:
            self._say("")
        elif self.draft in self.state.rules:
            self._say("This rule holds already.")
        elif offer is not None:
            self._say(offer.words)
        elif "rule_offer" in self.state.searching or self.state.updating:
            self._say("Working out what it would cost \u2026")
        else:
            self._say("What it would cost is known once the answer is proven.")

    def _say(self, words: str, *, warn: bool = False) -> None:
        style = "pw-warn" if warn else "pw-said"
        said = Markup("<div role='status' class='{}'>{}</div>").format(style, words)
        self.words.value = said if words else ""

    def _add(self) -> None:
        if self.draft is not None:
            self.state.add_rule(self.draft)

"""Beat the solver: choose blocks by hand, see sums and budgets move, then the proof."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import ipywidgets as widgets
from markupsafe import Markup
from traitlets import Instance

from puzzle_widgets.errors import ProblemError, PuzzleError
from puzzle_widgets.library import BlockLibrary, load_library
from puzzle_widgets.library.sense import Goal
from puzzle_widgets.widgets.closing import discard, held
from puzzle_widgets.widgets.game import words
from puzzle_widgets.widgets.html import heading
from puzzle_widgets.widgets.page import page_aids
from puzzle_widgets.widgets.panel import button, named, refill, row, watchers
from puzzle_widgets.workshop import game as actions
from puzzle_widgets.workshop.deal import Deal, deal
from puzzle_widgets.workshop.game import Game

_MOST_DEALS = 9_999


class BeatTheSolver(widgets.VBox):
    """A game for a workshop: who comes closest to the optimum by hand.

    A few layers are dealt, with a few variants each, and budgets. *Show the optimum* gives the
    proof, and the player's rank among all architectures within the budgets.

    Parameters
    ----------
    library
        A block library, or its name or path.
    layers, variants
        How many layers are dealt, and how many variants of each at most.
    deal
        Number of the first deal; the same number deals the same to everybody.
    minimize, maximize
        Key of the score to sum; by default the library's first.
    resources
        Keys of the costs to limit; by default memory and runtime.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> play = pw.BeatTheSolver("stdlib-2m-measured", layers=4)
    >>> play.game.within
    False
    >>> play.choose(0, 3)
    >>> play.reveal()
    >>> play.close()
    """

    game = Instance(Game, help="what is chosen; never changes but is replaced")

    def __init__(
        self,
        library: BlockLibrary | str,
        *,
        layers: int = 8,
        variants: int = 4,
        deal: int = 0,
        minimize: str | None = None,
        maximize: str | None = None,
        resources: Sequence[str] = (),
    ) -> None:
        if minimize and maximize:
            raise ProblemError("BeatTheSolver: give minimize or maximize, not both.")
        known = library if isinstance(library, BlockLibrary) else load_library(library)
        goal: Goal | None = "minimize" if minimize else "maximize" if maximize else None
        self._deal = _dealing(
            known,
            layers=layers,
            variants=variants,
            objective=minimize or maximize or "",
            goal=goal,
            resources=resources,
        )
        self._quiet = False
        super().__init__(game=actions.start(self._deal(deal)))
        self._build()
        self.observe(lambda _: self._show(), "game")
        self._show_deal()

    def choose(self, layer: int, variant: int) -> None:
        """Take a variant in a layer, both by their places from 0 on."""
        self.game = actions.choose(self.game, layer, variant)

    def reveal(self) -> None:
        """Show the optimum, its proof, and the player's rank."""
        self.game = actions.reveal(self.game)

    def new_deal(self, number: int | None = None) -> None:
        """Deal anew: the next number, or a given one."""
        following = (self.game.deal.number + 1) % (_MOST_DEALS + 1)
        self.game = actions.start(self._deal(following if number is None else number))
        self._show_deal()

    def close(self) -> None:
        """Close it with all below."""
        below = held(self)
        super().close()
        discard(*below)

    def _build(self) -> None:
        self._head, self._task = widgets.HTML(), widgets.HTML()
        self._head.add_class("pw-head")
        self._sums, self._state, self._said = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._proof = widgets.HTML()
        self._state.add_class("pw-live")
        self._said.add_class("pw-live")
        self._board = widgets.VBox()
        self._board.add_class("pw-game-board")
        side = widgets.VBox([self._sums, self._state, *self._buttons(), self._said, self._proof])
        side.add_class("pw-game-side")
        body = widgets.Box([side, self._board])
        body.add_class("pw-game-body")
        for name in ("pw-card", "pw-ui", "pw-game"):
            self.add_class(name)
        self.children = (page_aids(), self._head, self._task, body)

    def _buttons(self) -> tuple[widgets.Widget, ...]:
        self._hint = self._button("Hint", "Point at a layer to look at", self._tell)
        self._reveal = self._button("Show the optimum", "Show the optimum and its proof", self._end)
        self._reveal.add_class("pw-primary")
        again = self._button("Begin again", "Go back to the parent's blocks", self._again)
        new = self._button("New deal", "Other layers, blocks and budgets", self.new_deal)
        self._number = widgets.BoundedIntText(0, min=0, max=_MOST_DEALS, continuous_update=False)
        self._number.layout.width = "84px"
        self._number.observe(self._guarded(self._renumber), "value")
        return (
            row(self._reveal, self._hint, again),
            row(new, named("Deal number", self._number)),
        )

    def _button(self, label: str, tooltip: str, do: Callable[[], None]) -> widgets.Button:
        made = button(label, tooltip)
        made.on_click(self._guarded(lambda _: do()))
        return made

    def _guarded(self, do: Callable[[Any], None]) -> Callable[[Any], None]:
        """Say what goes wrong, in place of leaving it to the log."""

        def act(event: Any) -> None:  # noqa: ANN401
            if self._quiet:
                return
            try:
                do(event)
            except PuzzleError as error:
                self._say(str(error))
            except Exception as error:  # noqa: BLE001 - whatever it is, the player has to see it
                self._say(f"This did not work: {error}")
                for watcher in watchers:
                    watcher(error)

        return act

    def _say(self, text: str) -> None:
        note = Markup("<div class='pw-note'>{}</div>").format(text) if text else ""
        self._said.value = note

    def _tell(self) -> None:
        self._say(actions.hint(self.game))

    def _end(self) -> None:
        if self.game.revealed:
            self.game = actions.take_optimum(self.game)
        else:
            self.reveal()

    def _again(self) -> None:
        self.game = actions.begin_again(self.game)

    def _renumber(self, change: Any) -> None:  # noqa: ANN401
        self.new_deal(int(change["new"]))

    def _show_deal(self) -> None:
        dealt = self.game.deal
        self._head.value = heading("Beat the solver", words.about(dealt))
        self._task.value = words.task(dealt)
        with self._silence():
            self._number.value = dealt.number
        refill(self._board, [self._layer(place) for place in range(len(dealt.library.layers))])
        self._show()

    def _layer(self, place: int) -> widgets.HBox:
        dealt = self.game.deal
        layer = dealt.library.layers[place]
        options = [
            (words.option(dealt, one, own=one.name == layer.parent), at)
            for at, one in enumerate(layer.variants)
        ]
        choice = widgets.RadioButtons(options=options, value=self.game.choice[place])
        take = partial(self._taken, place)
        choice.observe(self._guarded(take), "value")
        return named(f"Layer {layer.name}", choice, css="pw-game-layer")

    def _taken(self, place: int, change: Any) -> None:  # noqa: ANN401
        self.choose(place, int(change["new"]))

    def _show(self) -> None:
        game = self.game
        if len(self._board.children) != len(game.choice):
            return
        with self._silence():
            for line, place in zip(self._board.children, game.choice, strict=True):
                line.children[1].value = place
        self._sums.value, self._state.value = words.sums(game), words.state_words(game)
        self._proof.value = words.proof(game)
        self._say("")
        self._reveal.description = "Take the optimum" if game.revealed else "Show the optimum"
        self._reveal.tooltip = self._reveal.description

    @contextmanager
    def _silence(self) -> Iterator[None]:
        """Keep what is set here from coming back as a choice."""
        self._quiet, before = True, self._quiet
        try:
            yield
        finally:
            self._quiet = before


def _dealing(library: BlockLibrary, **how: Any) -> Callable[[int], Deal]:  # noqa: ANN401
    return lambda number: deal(library, number, **how)

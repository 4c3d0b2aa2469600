"""The decision map: which block every layer gets, target by target."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.charts import Drawing, Figure, decision_figures, draw
from puzzle_widgets.charts.about import about
from puzzle_widgets.sweeps.decision_map import DecisionGrid
from puzzle_widgets.widgets.files import picture_buttons
from puzzle_widgets.widgets.layers.detail import layer_name, sized_label
from puzzle_widgets.widgets.panel import menu, named, row, small_legend
from puzzle_widgets.widgets.sweeps.parts import MapPanel, Walk, answer_words, line

_HINT = "Hover a cell for details; click a row, or use the arrow keys, to show its architecture."


class DecisionMap(MapPanel[DecisionGrid]):
    """The block of every layer for each target of a budget, as in figure 8 of the Puzzle paper.

    It is searched when it is first looked at; its button searches it again. A click on a row, the
    list, the buttons and the arrow keys show its architecture.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> decisions = pw.DecisionMap("stdlib-2m-measured")
    >>> decisions.state.show_row(0)
    >>> decisions.state.shown is decisions.state.decisions.solutions[0]
    True
    >>> decisions.close()
    """

    title = "Decision map"
    css_class = "pw-decisions"
    guide = "map"
    sweep = "decisions"
    counted = "rows"
    about = "every layer's block, target by target"

    def build(self) -> list[widgets.Widget]:
        """Make the choice of rows, search line, charts and the walk along the rows."""
        self.over = widgets.Dropdown(layout=widgets.Layout(width="200px"))
        self.build_map()
        self.box.add_class("pw-keys")
        self.walk = Walk(self, "row")
        keys = row(self.key, self.legend, css="pw-map-keys")
        save = picture_buttons(self.state, "the decision map", "decision-map", self.picture)
        self.body = widgets.VBox([keys, self.box, self.line, self.walk.box])
        self.body.add_class("pw-map-rows")
        more = menu("Legend, save a picture", small_legend(self.legend), save)
        axis = row(named("Rows: targets of", self.over), more)
        return [axis, self.build_search(), self.body]

    def bind(self) -> None:
        """Follow the state, and act on it."""
        self.when("library", "decisions_over", do=self._show_over)
        self.when("decisions", do=self.draw)
        self.when("selection", "budgets", do=self.show_figures, now=False)
        self.when("decisions", "selection", do=self._show_walk)
        self.when("decisions", "decisions_running", "problem", do=self._tell_search)
        self.changed(self.over, self.state.set_decisions)

    def figures(self, grid: DecisionGrid) -> tuple[Figure, ...]:
        """The map of attention and that of FFN, or one of whole blocks."""
        return decision_figures(
            grid,
            limits=[budget for budget in self.state.budgets if budget.on],
            selected=self._selected,
        )

    def click(self, row: int, column: int) -> None:
        """Show the row's architecture."""
        del column
        self.state.show_row(row)

    def hang(self, grid: DecisionGrid, figures: Sequence[Figure]) -> None:
        """Put each chart under its name."""
        del grid
        names = [widgets.HTML(Markup("<h3>{}</h3>").format(figure.title)) for figure in figures]
        pairs = zip(names, self.charts, strict=True)
        self.box.children = [part for name, chart in pairs for part in (name, chart.figure)]

    def describe(self) -> None:
        """Say the cell pointed at, else the selected row."""
        grid, place = self.grid, self._selected
        if grid is None:
            return
        if self.pointed is not None:
            self.line.value = _cell_words(grid, *self.pointed)
        elif place is not None:
            words = answer_words(grid.solutions[place], [grid.targets])
            self.line.value = line(f"Shown: {grid.targets.words(place)}", words)
        else:
            self.line.value = line(_HINT)

    def can_search(self) -> bool:
        """Whether there is a cost, and the sense of the score is known."""
        return super().can_search() and bool(self.state.decisions_over)

    @property
    def _selected(self) -> int | None:
        selection = self.state.selection
        return selection.place if selection.kind == "map" else None

    def picture(self) -> Drawing | None:
        """What is on the screen, for a file."""
        if self.grid is None:
            return None
        return about(draw(*self.figures(self.grid), title=self.title), self.grid.problem)

    def _show_over(self) -> None:
        library, keys = self.state.library, self.state.record.map_resources
        with self.silence():
            self.over.options = [(library.quantity(key).title, key) for key in keys]
            self.over.value = self.state.decisions_over or None
        self.search.button.disabled = not self.state.decisions_over

    def _show_walk(self) -> None:
        grid = self.grid
        rows = [] if grid is None else list(map(grid.targets.words, range(grid.asked)))
        entries = [f"{n} of {len(rows)}: {words}" for n, words in enumerate(rows, 1)]
        self.walk.show(entries, self._selected)
        self.pointed = None
        self.describe()

    def _tell_search(self) -> None:
        self.tell_search(self.state.record.problem_along(self.state.decisions_over), self.box)


def _cell_words(grid: DecisionGrid, place: int, at: int) -> Markup:
    """Say target, layer and block."""
    solution, layer = grid.solutions[place], grid.problem.library.layers[at]
    where = f"{grid.targets.words(place)}, {layer_name(layer).lower()}"
    if solution is None or not solution.found:
        return line(where, answer_words(solution, []))
    return line(where, [sized_label(layer, solution.blocks[at])])

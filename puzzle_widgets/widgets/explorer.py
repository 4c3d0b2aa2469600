"""The explorer: all panels on one state, laid out for wide and narrow pages."""

from __future__ import annotations

import ipywidgets as widgets

from puzzle_widgets.solution import Solution
from puzzle_widgets.state.background import running_loop
from puzzle_widgets.widgets.address import PageAddress
from puzzle_widgets.widgets.budgets.panel import BudgetPanel
from puzzle_widgets.widgets.export import ExportPanel
from puzzle_widgets.widgets.layers.panel import LayerView
from puzzle_widgets.widgets.library_bar import DatasetOffer, LibraryBar
from puzzle_widgets.widgets.page import page_aids
from puzzle_widgets.widgets.panel import MessageBar, Shown, state_of
from puzzle_widgets.widgets.scenarios.panel import ScenarioPanel
from puzzle_widgets.widgets.shelf import ScenarioShelf
from puzzle_widgets.widgets.status import StatusPanel
from puzzle_widgets.widgets.sweeps.decision_map import DecisionMap
from puzzle_widgets.widgets.sweeps.front import ParetoPlot
from puzzle_widgets.widgets.sweeps.surface import BudgetSurface


class PuzzleExplorer(widgets.VBox):
    """Open a block library, drag budgets, click the front, keep and compare scenarios.

    Parameters
    ----------
    source
        What :class:`puzzle_widgets.ExplorerState` takes: a block library, its name or path, a
        Puzzletron run, a problem to begin with, a solution to show; or a state to show.
    solver
        As for :func:`puzzle_widgets.search`; not used where a state is given.
    find_front
        Whether to search the Pareto front at once; by default where it can run in the background.
    own_page
        Whether the page is the explorer's own, as in the app: its address then keeps the state,
        and its browser the scenarios.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> explorer = pw.PuzzleExplorer("stdlib-2m-measured")
    >>> explorer.state.set_budget("stats.memory_mib", "60 %")
    >>> explorer.solution.status
    'optimal'
    >>> explorer.close()
    """

    def __init__(
        self,
        source: Shown,
        *,
        solver: str = "exact",
        find_front: bool | None = None,
        own_page: bool = False,
    ) -> None:
        super().__init__()
        self.state = state_of(source, solver)
        self._find_front = running_loop() is not None if find_front is None else find_front
        self.library_bar = LibraryBar(self.state)
        self.aids = (PageAddress(self.state), ScenarioShelf(self.state)) if own_page else ()
        self.library_bar.line.children += self.aids
        self.message_bar = MessageBar(self.state)
        self.offer = DatasetOffer(self.state)
        self.budgets = BudgetPanel(self.state)
        self.status = StatusPanel(self.state, messages=False, reasons=False)
        self.pareto = ParetoPlot(self.state)
        self.layers = LayerView(self.state)
        self.surface = BudgetSurface(self.state)
        self.decisions = DecisionMap(self.state)
        self.scenarios = ScenarioPanel(self.state)
        self.export = ExportPanel(self.state)
        self.add_class("pw-explorer")
        self.children = self._lay_out()
        self.state.observe(self._library_opened, "library")
        self._library_opened()

    @property
    def solution(self) -> Solution | None:
        """The newest answer to what is asked; ``state.shown`` is what the charts show."""
        return self.state.solution

    @property
    def panels(self) -> tuple[widgets.Widget, ...]:
        """All panels, from top to bottom."""
        return (
            self.library_bar,
            self.message_bar,
            self.offer,
            self.budgets,
            self.status,
            self.pareto,
            self.layers,
            self.surface,
            self.decisions,
            self.scenarios,
            self.export,
        )

    def close(self) -> None:
        """End the background work and close every panel; a second time does nothing."""
        if self.comm is None:
            return
        self.state.unobserve(self._library_opened, "library")
        self.state.close()
        for panel in (*self.aids, *self.panels):
            panel.close()
        super().close()

    def _lay_out(self) -> tuple[widgets.Widget, ...]:
        top = widgets.Box([self.budgets, self.status, self.pareto])
        top.add_class("pw-top")
        rest = (self.layers, self.surface, self.decisions, self.scenarios, self.export)
        return (page_aids(), self.library_bar, self.message_bar, self.offer, top, *rest)

    def _library_opened(self, *_: object) -> None:
        if self._find_front:
            self.state.start("front")

"""The explorer: all panels on one state, on one screen, the rest of them in tabs."""

from __future__ import annotations

from typing import TypeVar

import ipywidgets as widgets

from puzzle_widgets.charts.truth import truth_keys
from puzzle_widgets.solution import Solution
from puzzle_widgets.state.background import has_background
from puzzle_widgets.widgets.address import PageAddress
from puzzle_widgets.widgets.budgets.panel import BudgetPanel
from puzzle_widgets.widgets.closing import discard, held
from puzzle_widgets.widgets.export import ExportPanel
from puzzle_widgets.widgets.help import Help
from puzzle_widgets.widgets.layers.detail import LayerPanel
from puzzle_widgets.widgets.layers.panel import LayerView
from puzzle_widgets.widgets.library_bar import DatasetOffer, LibraryBar
from puzzle_widgets.widgets.others import OthersPanel
from puzzle_widgets.widgets.page import page_aids
from puzzle_widgets.widgets.panel import Following, InNotebook, MessageBar, Panel, Shown, state_of
from puzzle_widgets.widgets.scenarios.panel import ScenarioPanel
from puzzle_widgets.widgets.shelf import ScenarioShelf
from puzzle_widgets.widgets.status import StatusPanel
from puzzle_widgets.widgets.sweeps.decision_map import DecisionMap
from puzzle_widgets.widgets.sweeps.front import ParetoPlot
from puzzle_widgets.widgets.sweeps.surface import BudgetSurface
from puzzle_widgets.widgets.tabs import Tab, TabbedPanels
from puzzle_widgets.widgets.truth import TruthPlot
from puzzle_widgets.widgets.why import WhyPanel

P = TypeVar("P", bound=Panel)
TABS = (
    Tab("why", "Why", WhyPanel),
    Tab("others", "Others", OthersPanel),
    Tab("layer", "Layer", LayerPanel),
    Tab("scenarios", "Scenarios", ScenarioPanel),
    Tab("surface", "Surface", BudgetSurface),
    Tab("map", "Map", DecisionMap),
    Tab("truth", "Truth", TruthPlot),
    Tab("export", "Export", ExportPanel),
)
"""The panels beside the front, from left to right."""


class PuzzleExplorer(InNotebook, Following, widgets.VBox):
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
        self._find_front = has_background() if find_front is None else find_front
        self.library_bar = LibraryBar(self.state)
        own = (PageAddress(self.state), ScenarioShelf(self.state)) if own_page else ()
        self.aids = (Help(), *own)
        self.library_bar.line.children += self.aids
        self.message_bar = MessageBar(self.state)
        self.offer = DatasetOffer(self.state)
        self.status = StatusPanel(self.state, messages=False, reasons=False, strip=True)
        self.budgets = BudgetPanel(self.state)
        self.pareto = ParetoPlot(self.state)
        self.layers = LayerView(self.state, detailed=False, reasons=False)
        self.tabs = TabbedPanels(self.state, TABS)
        self.add_class("pw-explorer")
        if own_page:
            self.add_class("pw-own-page")
        self.children = self._lay_out()
        self.when("library", do=self._library_opened)
        self.when("layer", do=self._name_layer)
        self.when("scenarios", "former", do=self._count_scenarios)
        self.when("library", "measured", do=self._offer_truth)

    @property
    def solution(self) -> Solution | None:
        """The newest answer to what is asked; ``state.shown`` is what the charts show."""
        return self.state.solution

    @property
    def panels(self) -> tuple[widgets.Widget, ...]:
        """What is always there, in the order of the Tab key; the tabs hold the other panels."""
        return (
            self.library_bar,
            self.message_bar,
            self.offer,
            self.status,
            self.budgets,
            self.pareto,
            self.layers,
            self.tabs,
        )

    @property
    def surface(self) -> BudgetSurface:
        """The budget surface, which its tab shows."""
        return self._tab(BudgetSurface)

    @property
    def decisions(self) -> DecisionMap:
        """The decision map, which its tab shows."""
        return self._tab(DecisionMap)

    @property
    def scenarios(self) -> ScenarioPanel:
        """The scenarios, which their tab shows."""
        return self._tab(ScenarioPanel)

    @property
    def export(self) -> ExportPanel:
        """The export, which its tab shows."""
        return self._tab(ExportPanel)

    def close(self) -> None:
        """End the background work and close every panel; a second time does nothing."""
        if self.comm is None:
            return
        self.state.close()
        below = held(self)
        super().close()
        discard(*self.aids, *self.panels, *below)

    def _tab(self, kind: type[P]) -> P:
        name = next(tab.name for tab in TABS if tab.make is kind)
        panel = self.tabs.panel(name)
        assert isinstance(panel, kind)  # noqa: S101 - for the type alone
        return panel

    def _lay_out(self) -> tuple[widgets.Widget, ...]:
        board = widgets.Box([self.status, self.budgets, self.pareto, self.layers, self.tabs])
        board.add_class("pw-board")
        return (page_aids(), self.library_bar, self.message_bar, self.offer, board)

    def _library_opened(self) -> None:
        if self._find_front:
            self.state.start("front")

    def _name_layer(self) -> None:
        """Say in its tab which layer is open."""
        place = self.state.layer
        if place is None:
            self.tabs.say("layer", "Layer")
            return
        self.tabs.say("layer", f"Layer {self.state.library.layers[place].name}"[:16])

    def _offer_truth(self) -> None:
        """Offer predicted and measured where models of the library were measured."""
        known = truth_keys(self.state.measured, self.state.library)
        self.tabs.offer("truth", on=bool(known))

    def _count_scenarios(self) -> None:
        count = len(self.state.record.kept)
        self.tabs.say("scenarios", f"Scenarios {count}" if count else "Scenarios")

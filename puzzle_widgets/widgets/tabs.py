"""Panels that take turns in one place: each is made when it is first looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ipywidgets as widgets

from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.guide import guide_button
from puzzle_widgets.widgets.panel import Following, Panel, button, symbol_button

_ENLARGE = ("⤢", "Enlarge: give this tab the whole width")
_RESTORE = ("⤡", "Back: show the charts again")


@dataclass(frozen=True)
class Tab:
    """A panel to choose.

    Parameters
    ----------
    name
        To open it by.
    title
        What the tab says.
    make
        Makes the panel, of the state.
    """

    name: str
    title: str
    make: Callable[[ExplorerState], Panel]


class TabbedPanels(Following, widgets.VBox):
    """A row of tabs, and the panel of the one that is open.

    A panel is made when its tab is first opened, sleeps while another is open, and shows the
    current state when it comes back. The page adds roles and arrow keys.

    Parameters
    ----------
    state
        What the panels show.
    tabs
        What there is to choose; the one that the state says is open, else the first.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> from puzzle_widgets.widgets.tabs import Tab, TabbedPanels
    >>> state = pw.ExplorerState("stdlib-2m-measured")
    >>> kinds = {"scenarios": pw.ScenarioPanel, "export": pw.ExportPanel}
    >>> tabs = TabbedPanels(state, [Tab(name, name, kinds[name]) for name in kinds])
    >>> tabs.choose("export")
    >>> tabs.chosen, tabs.made
    ('export', ('scenarios', 'export'))
    >>> tabs.close()
    """

    def __init__(self, state: ExplorerState, tabs: Sequence[Tab]) -> None:
        super().__init__()
        self.state = state
        self.chosen = ""
        self.enlarged = False
        self._tabs = {tab.name: tab for tab in tabs}
        self._panels: dict[str, Panel] = {}
        self._shown: list[str] = []
        self.buttons = {tab.name: self._button(tab) for tab in tabs}
        row = widgets.Box(list(self.buttons.values()))
        row.add_class("pw-tablist")
        self.enlarge = symbol_button(*_ENLARGE, css="pw-enlarge")
        self.clicked(self.enlarge, self._enlarge)
        self.mark = widgets.HTML()
        self.mark.add_class("pw-tab-guide")
        head = widgets.Box([row, self.mark, self.enlarge])
        head.add_class("pw-tab-head")
        self.body = widgets.Box()
        self.body.add_class("pw-tab-body")
        self.children = (head, self.body)
        for name in ("pw-ui", "pw-tabs"):
            self.add_class(name)
        self.choose(self._wanted() or tabs[0].name)
        self.when("looks", do=self._follow, now=False)

    @property
    def made(self) -> tuple[str, ...]:
        """Names of the panels that are made already."""
        return tuple(self._panels)

    def panel(self, name: str) -> Panel:
        """Give a panel as it shows the current state, whether its tab is open or not."""
        if name not in self._panels:
            self._panels[name] = self._tabs[name].make(self.state)
        made = self._panels[name]
        if name != self.chosen:
            made.wake()
            made.sleep()
        return made

    def choose(self, name: str) -> None:
        """Open a tab, and put the panel before to sleep."""
        if name == self.chosen:
            return
        before, self.chosen = self.chosen, name
        if before:
            self._panels[before].sleep()
        made = self.panel(name)
        if name not in self._shown:  # a chart fails in a hidden box: hung when it can be seen
            self._shown.append(name)
            self.body.children = (*self.body.children, made)
        for other in self._shown:
            panel = self._panels[other]
            (panel.remove_class if other == name else panel.add_class)("pw-closed")
        for other, one in self.buttons.items():
            (one.add_class if other == name else one.remove_class)("pw-open")
        self.mark.value = guide_button(made.guide, self._tabs[name].title) if made.guide else ""
        made.wake()
        made.opened()
        if name != (self.state.looks.tab or next(iter(self._tabs))):
            self.state.set_looks(tab=name)

    def _wanted(self) -> str:
        """The tab that the state says is open, where there is such a one to open."""
        name = self.state.looks.tab
        offered = name in self._tabs and self.buttons[name].layout.display != "none"
        return name if offered else ""

    def _follow(self) -> None:
        """Open what the state says, as after a link or when a layer is clicked."""
        if wanted := self._wanted():
            self.choose(wanted)

    def offer(self, name: str, *, on: bool) -> None:
        """Offer a tab, or take it away; where it was open, the first is."""
        self.buttons[name].layout.display = "" if on else "none"
        if not on and name == self.chosen:
            self.choose(next(iter(self._tabs)))

    def say(self, name: str, words: str) -> None:
        """Give a tab other words, such as how many scenarios there are."""
        self.buttons[name].description = self.buttons[name].tooltip = words

    def close(self) -> None:
        """Close every panel that was made."""
        for panel in self._panels.values():
            panel.close()
        super().close()

    def _button(self, tab: Tab) -> widgets.Button:
        made = button(tab.title, css="pw-tab")
        self.clicked(made, lambda: self.choose(tab.name))
        return made

    def _enlarge(self) -> None:
        self.enlarged = not self.enlarged
        (self.add_class if self.enlarged else self.remove_class)("pw-wide")
        self.enlarge.description, self.enlarge.tooltip = _RESTORE if self.enlarged else _ENLARGE

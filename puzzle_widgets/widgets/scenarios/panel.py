"""The scenario panel: save what is shown under a name, compare, save, load again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.charts.comparison import scenario_series
from puzzle_widgets.errors import ScenarioError
from puzzle_widgets.files import preset_names
from puzzle_widgets.files.scenario_file import dump_layers, dump_scenarios, dump_table
from puzzle_widgets.solution import Scenario
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.state.kept_actions import problem_here
from puzzle_widgets.widgets.files import FilePicker, picture_buttons
from puzzle_widgets.widgets.html import download_link
from puzzle_widgets.widgets.panel import Panel, button, guard, named, refill, row
from puzzle_widgets.widgets.scenarios.comparison import Comparison
from puzzle_widgets.widgets.scenarios.names import suggested_name
from puzzle_widgets.widgets.scenarios.sides import all_series, parents, waiting_words
from puzzle_widgets.widgets.scenarios.table import scenario_table

_EMPTY = (
    "<p class='pw-says'>No scenarios yet. Save the solution that is shown, change the budgets, "
    "save another: they are compared here.</p>"
)
_COMPARE = "Use as reference", "Set the answer and its charts against this scenario"
_SUM_HERE = "Sum here", "Sum this architecture by the library that is open, and save it"
_AWAY = Markup(
    "<p class='pw-says'>It is of another library, whose figures the charts of the open one cannot "
    "show. {}</p>"
)
_RESTATED = (
    "Restore budgets sets its objective, budgets and rules here, each limit in its own unit."
)
_STOP = "Stop comparing", "Set the answer against this scenario no longer"
_HINT = "JSON or CSV of scenarios, a model's config.json, or solutions.json"


class ScenarioPanel(Panel):
    """Named solutions: keep, show, rename, delete, compare, save and load.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> state = pw.ExplorerState("stdlib-2m-measured")
    >>> panel = pw.ScenarioPanel(state)
    >>> state.keep("first")
    >>> [scenario.name for scenario in state.scenarios]
    ['first']
    >>> panel.close()
    """

    title = "Scenarios"
    css_class = "pw-scenarios"
    guide = "scenarios"

    def build(self) -> list[widgets.Widget]:
        """Make the fields, the table, the comparison and the file controls."""
        self._offered, self._count = "", 0
        self.name = _field("Name of the scenario to save")
        self.keep = button("Save solution", "Save what is shown", css="pw-primary")
        self.table = widgets.HTML()
        self.table.add_class("pw-scenario-table")
        self.comparison = Comparison(self.state)
        self.downloads = widgets.HTML()
        self.pictures = picture_buttons(
            self.state, "the comparison", "comparison", self.comparison.picture
        )
        self.upload = scenario_picker(self.state)
        self.waiting = self._build_waiting()
        self.presets = row(css="pw-presets")
        self.kept = widgets.VBox([self._build_actions(), self.comparison])
        self.kept.add_class("pw-kept")
        keep = row(named("Name", self.name, css=""), self.keep, css="pw-keep")
        return [
            keep,
            self.table,
            self.waiting,
            self.kept,
            row(self.downloads, self.pictures, self.upload, self.presets, css="pw-files"),
        ]

    def bind(self) -> None:
        """Connect the fields and buttons to the state's actions."""
        self.clicked(self.keep, self._keep)
        self._entered(self.name, self._keep)
        self.clicked(self.show_chosen, lambda: self._act(self.state.show_scenario))
        self.clicked(self.show_current, self.state.show_current)
        self.clicked(self.compare, self._set_reference)
        self.clicked(self.restore, lambda: self._act(self.state.restore))
        self.clicked(self.sum_here, lambda: self._act(self.state.sum_here))
        self.clicked(self.forget, self.state.forget_waiting)
        self.clicked(self.delete, lambda: self._act(self.state.delete))
        self.clicked(self.rename, self._rename)
        self._entered(self.new_name, self._rename)
        self.changed(self.chosen, lambda _: self._follow_chosen())
        self.when("library", "looks", do=self.comparison.offer_views)
        self.when("library", do=self._offer_presets)
        self.when("scenarios", "former", do=self._refresh_kept)
        self.when("library", do=self._follow_chosen)
        kept = ("scenarios", "former")
        self.when(*kept, "selection", "parent", "reference", do=self._refresh_table)
        self.when("former", do=self._refresh_waiting)
        self.when("reference", do=self._offer_to_compare)
        self.when("selection", do=self._follow_selection)
        self.when(*kept, "objective", "looks", do=self.comparison.refresh)
        self.when("shown", "scenarios", do=self._refresh_offer)

    def _build_actions(self) -> widgets.Widget:
        self.chosen = widgets.Dropdown(layout=widgets.Layout(width="220px", min_width="0"))
        self.show_chosen = button("Show", "Show this scenario in all charts")
        self.sum_here = button(*_SUM_HERE)
        self.restore = button("Restore budgets", "Set objective and budgets to this scenario's")
        self.compare = button(*_COMPARE)
        self.away = widgets.HTML()
        self.delete = button("Delete", "Delete this scenario")
        self.new_name = _field("New name of the scenario")
        self.rename = button("Rename", "Give this scenario the new name")
        self.show_current = button(
            "Back to the current solution", "Show the solution for the current budgets"
        )
        return row(
            named("Scenario", self.chosen, css=""),
            row(self.show_chosen, self.sum_here, self.compare, self.restore, self.delete),
            self.away,
            row(named("New name", self.new_name, css=""), self.rename, css="pw-rename"),
            self.show_current,
            css="pw-actions",
        )

    def _build_waiting(self) -> widgets.Widget:
        """What asks for the libraries that scenarios wait for; shown where some do."""
        self.waits = widgets.HTML()
        self.bring = FilePicker(
            self.state,
            "Choose its files",
            "The library's file, or the files of its folder; what is open stays open",
            accept="",
            take=self.state.bring_library,
            multiple=True,
        )
        self.forget = button("Forget them", "Let the scenarios go whose library is not here")
        return widgets.VBox([self.waits, row(self.bring, self.forget)])

    def _refresh_waiting(self) -> None:
        """Ask for what is missing; the visitor's browser may have kept it."""
        missing = [one.of.digest for one in self.state.former if one.missing]
        self.waiting.layout.display = "" if missing else "none"
        self.waits.value = waiting_words(self.state.record)
        self.bring.wanted = missing[0] if missing else ""

    def _entered(self, field: widgets.Text, do: Callable[[], None]) -> None:
        """Call ``do`` when Enter is pressed in a field, and not when the field is left."""

        def heard(_: widgets.Text, content: dict[str, str], __: object) -> None:
            if content.get("event") == "submit":
                do()

        field.on_msg(guard(self.state, heard))

    def _keep(self) -> None:
        self.state.keep(self.name.value)

    def _act(self, action: Callable[[int], None]) -> None:
        if self.chosen.value is not None:
            action(self.chosen.value)

    def _set_reference(self) -> None:
        """Make the chosen one the reference, or end that."""
        place = self.chosen.value
        self.state.set_reference(None if self._is_reference(place) else place)

    def _is_reference(self, place: int | None) -> bool:
        return place is not None and place == self.state.record.reference_place

    def _offer_to_compare(self) -> None:
        words, hint = _STOP if self._is_reference(self.chosen.value) else _COMPARE
        self.compare.description, self.compare.tooltip = words, hint

    def _rename(self) -> None:
        self._act(lambda place: self.state.rename(place, self.new_name.value))

    def _offer_presets(self) -> None:
        """Offer the published architectures whose blocks the library has."""
        refill(self.presets, [self._preset(name) for name in preset_names(self.state.library)])

    def _preset(self, name: str) -> widgets.Button:
        made = button(f"Add {name}", f"Add the published {name} as a scenario")
        self.clicked(made, lambda: self.state.add_preset(name))
        return made

    def _follow_chosen(self) -> None:
        """Offer the chosen one's name to be changed, and to compare with it."""
        place = self.chosen.value
        kept = self.state.record.kept
        if place is not None:
            self.new_name.value = kept[place].name
        away = place is not None and place >= len(self.state.scenarios)
        reason = self._refusal(place) if away and place is not None else ""
        self.show_chosen.disabled = away or not kept
        self.restore.disabled = bool(reason) or not kept
        self.away.value = _AWAY.format(reason or _RESTATED) if away else ""
        self.sum_here.layout.display = "" if away else "none"
        self._offer_to_compare()

    def _refusal(self, place: int) -> str:
        """Why what a former library's scenario asked is not asked of the open one; else empty."""
        try:
            problem_here(self.state.record, place)
        except ScenarioError as error:
            return str(error)
        return ""

    def _follow_selection(self) -> None:
        """Choose the scenario that is shown, wherever it was selected."""
        selection = self.state.selection
        is_kept = selection.kind == "scenario"
        self.show_current.layout.display = "" if is_kept else "none"
        if is_kept and selection.place < len(self.chosen.options):
            self.chosen.value = selection.place

    def _refresh_kept(self) -> None:
        """Offer the scenarios: the newest after keeping one, else the one chosen before."""
        kept, before = self.state.record.kept, self.chosen.value
        grown = len(kept) > self._count
        self._count = len(kept)
        with self.silence():
            self.chosen.options = [
                (one.name, place) for place, one in enumerate(all_series(self.state.record))
            ]
            newest = max(len(self.state.scenarios) - 1, 0)
            if kept:
                self.chosen.value = newest if grown else min(before or 0, len(kept) - 1)
        self.kept.layout.display = "" if kept else "none"
        self.downloads.layout.display = self.pictures.layout.display = "" if kept else "none"
        for control in (self.compare, self.delete, self.rename):
            control.disabled = not kept
        self._follow_chosen()
        self.downloads.value = download_links(kept)

    def _refresh_table(self) -> None:
        record = self.state.record
        if not record.kept:
            self.table.value = _EMPTY
            return
        selection = self.state.selection
        shown = selection.place if selection.kind == "scenario" else None
        series, reference = scenario_series(record.kept), record.reference_place
        parent, *former = parents(record)
        table = scenario_table(parent, series, shown, reference, former)
        self.table.value = table + _notes(record.kept)

    def _refresh_offer(self) -> None:
        """Offer a name for what is shown, unless the user has begun one."""
        shown = self.state.shown
        self.keep.disabled = shown is None or not shown.found
        if self.name.value in ("", self._offered):
            self._offered = suggested_name(self.state)
            self.name.value = self._offered


def _notes(scenarios: Sequence[Scenario]) -> Markup:
    """What is to be known of the scenarios that were loaded, beneath their table."""
    lines = Markup("").join(
        Markup("<li>{}: {}</li>").format(scenario.name, note)
        for scenario in scenarios
        for note in scenario.notes
    )
    return Markup("<ul class='pw-says'>{}</ul>").format(lines) if lines else Markup("")


def _field(placeholder: str) -> widgets.Text:
    field = widgets.Text(placeholder=placeholder)
    field.layout.width, field.layout.min_width = "240px", "0"
    return field


def download_links(scenarios: Sequence[Scenario]) -> Markup:
    """Build the links; they hold the files themselves, as Voila serves none."""
    if not scenarios:
        return Markup("")
    links = [
        download_link(
            "All as JSON", "scenarios.json", dump_scenarios(scenarios), "application/json"
        ),
        download_link(
            "Layers as CSV",
            "scenarios-layers.csv",
            dump_layers(scenarios),
            "text/csv",
        ),
        download_link(
            "Table as CSV",
            "scenarios-summary.csv",
            dump_table(scenarios),
            "text/csv",
        ),
    ]
    return Markup("<div class='pw-links'><span class='pw-quiet'>Download</span>{}</div>").format(
        Markup("").join(links)
    )


def scenario_picker(state: ExplorerState) -> FilePicker:
    """Make the control that takes one file of scenarios."""

    def take(files: dict[str, bytes]) -> None:
        for name, content in files.items():
            state.load_scenarios(content, name)

    return FilePicker(state, "Load scenarios", _HINT, accept=".json,.csv", take=take)

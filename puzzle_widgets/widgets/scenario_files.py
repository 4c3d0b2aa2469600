"""Scenarios as files: links that save them, and a control that loads them again."""

from __future__ import annotations

import csv
from collections.abc import Sequence

from markupsafe import Markup

from puzzle_widgets.files.layers_file import dump_layers, harmless
from puzzle_widgets.files.scenario_file import dump_scenarios
from puzzle_widgets.solution import Scenario
from puzzle_widgets.solution.scenario import scenario_table
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.file_picker import FilePicker
from puzzle_widgets.widgets.html import download_link

_HINT = "JSON or CSV of scenarios, a model's config.json, or solutions.json"


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
            scenario_table(scenarios).rename(index=harmless).to_csv(quoting=csv.QUOTE_NONNUMERIC),
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

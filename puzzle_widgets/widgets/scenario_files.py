"""Scenarios as files: links that save them, and a control that loads them again."""

from __future__ import annotations

import csv
from collections.abc import Sequence

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.solution import Scenario
from puzzle_widgets.solution.layers_file import dump_layers, harmless
from puzzle_widgets.solution.scenario import scenario_table
from puzzle_widgets.solution.scenario_file import dump_scenarios
from puzzle_widgets.widgets.html import download_link


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


def upload_control() -> widgets.FileUpload:
    """Make the control that takes one file of scenarios."""
    control = widgets.FileUpload(
        accept=".json,.csv",
        multiple=False,
        description="Load scenarios",
        tooltip="JSON or CSV of scenarios, a config.json that names its blocks, or solutions.json",
    )
    control.layout.width = "auto"
    control.add_class("pw-btn")
    control.add_class("pw-upload")
    return control


def take_upload(control: widgets.FileUpload) -> list[tuple[str, bytes]]:
    """Take the files out of the control, which is empty then: the same file may come again."""
    files = [(str(file["name"]), bytes(file["content"])) for file in control.value]
    if files:
        control.value = ()
    return files

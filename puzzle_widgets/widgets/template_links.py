"""Links that save a sheet to start a library from."""

from __future__ import annotations

import contextlib
import functools

from markupsafe import Markup

from puzzle_widgets.errors import LibraryError
from puzzle_widgets.library import dump_template
from puzzle_widgets.widgets.html import download_link

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WORDS = (
    "A library of your own from one sheet: type over the example, then open the file. "
    "Errors are told by row and column."
)


@functools.cache
def template_links() -> Markup:
    """Build the links behind a word that opens them; they hold the files themselves."""
    links = [
        download_link("CSV", "template.csv", dump_template(), "text/csv"),
        download_link(
            "CSV, decimal commas", "template.csv", dump_template(decimal=","), "text/csv"
        ),
    ]
    with contextlib.suppress(LibraryError):  # what writes workbooks is not installed
        links.append(download_link("Excel", "template.xlsx", dump_template("t.xlsx"), _XLSX))
    return Markup(
        "<details class='pw-template'><summary>Start from a sheet</summary>"
        "<div class='pw-links'><span class='pw-quiet'>{}</span>{}</div></details>"
    ).format(_WORDS, Markup("").join(links))

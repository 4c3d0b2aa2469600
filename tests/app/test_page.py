"""What the app's notebook shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
from ipywidgets import HTML

from puzzle_widgets.app.environment import LIBRARY_VARIABLE
from puzzle_widgets.app.page import explorer_page
from puzzle_widgets.resources import notebook_folder

if TYPE_CHECKING:
    import pytest


def test_unknown_library_gives_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that cannot be opened is named in a message, with its name escaped."""
    monkeypatch.setenv(LIBRARY_VARIABLE, "<b>gone</b>")
    page = explorer_page()
    assert isinstance(page, HTML)
    assert "cannot be opened" in page.value
    assert "&lt;b&gt;gone&lt;/b&gt;" in page.value
    assert "<b>gone" not in page.value


def test_notebook_is_committed_without_outputs() -> None:
    """The app's notebook is as its author wrote it: no outputs, no counters, no widget state."""
    notebook = nbformat.read(notebook_folder() / "explorer.ipynb", as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.outputs for cell in code] == [[]]
    assert [cell.execution_count for cell in code] == [None]
    assert "widgets" not in notebook.metadata

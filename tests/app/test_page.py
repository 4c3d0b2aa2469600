"""What the server tells its kernels, and what the app's notebook then shows."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from ipywidgets import HTML

from puzzle_widgets.app.page import (
    JUPYTER_FOLDER,
    LIBRARY_VARIABLE,
    explorer_page,
    library_argument,
    make_ahead,
    served_environment,
)
from puzzle_widgets.hosted import Hosted, hosted
from puzzle_widgets.resources import notebook_folder
from puzzle_widgets.widgets import still
from puzzle_widgets.widgets.explorer import PuzzleExplorer


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


def test_path_of_a_library_becomes_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path still names its file in a kernel that runs in another folder."""
    monkeypatch.chdir(tmp_path)
    Path("library.json").touch()
    assert library_argument("library.json") == str(tmp_path.resolve() / "library.json")


def test_name_of_a_library_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is no path is left for the library loader to look up."""
    monkeypatch.chdir(tmp_path)
    assert library_argument("llama-3.3-70b-modeled") == "llama-3.3-70b-modeled"


def test_environment_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables hold while the server runs and are as before afterwards."""
    monkeypatch.setenv("JUPYTER_PATH", "elsewhere")
    monkeypatch.delenv(LIBRARY_VARIABLE, raising=False)
    with served_environment("some-library"):
        assert os.environ[LIBRARY_VARIABLE] == "some-library"
        paths = os.environ["JUPYTER_PATH"].split(os.pathsep)
        assert paths == [str(JUPYTER_FOLDER), "elsewhere"]
    assert LIBRARY_VARIABLE not in os.environ
    assert os.environ["JUPYTER_PATH"] == "elsewhere"


def test_kernels_know_the_hosts_rules() -> None:
    """As long as the server runs; on one's own machine there are none."""
    rules = Hosted(by_visitor=True, offered=("some-library",), fetch=False)
    with served_environment("some-library", rules):
        assert hosted() == rules
    assert hosted() == Hosted()


def test_default_library_is_left_to_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a library argument, a library that the caller's environment names stays."""
    monkeypatch.setenv(LIBRARY_VARIABLE, "from-outside")
    with served_environment(None):
        assert os.environ[LIBRARY_VARIABLE] == "from-outside"


def test_page_opens_a_library_as_the_server_was_told(tmp_path: Path) -> None:
    """Workload, marks of figures and gaps reach the kernel with the library's name."""
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(
        "layer;variant;parent;batch size;kl;latency (ms)\n0;a;x;1;0;1.416\n0;a;x;8;0;4.000\n"
        "2;a;x;1;0;1.416\n2;a;x;8;0;4.000\n"
    )
    with served_environment(
        str(sheet), workload="batch_size 8", thousands=".", allow_gaps=True, decimal=None
    ):
        page = explorer_page()
    assert isinstance(page, PuzzleExplorer)
    assert page.state.workload == "batch_size 8"
    assert page.state.library.parent_totals["stats.runtime_ms"] == 8000
    page.close()
    with served_environment(str(sheet)):
        assert isinstance(explorer_page(), HTML)


def test_pages_of_the_server_keep_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page cannot be saved as a notebook can, so a kernel that serves one draws none."""
    monkeypatch.setattr(still, "get_ipython", type("Shell", (), {"kernel": 1}))
    monkeypatch.delenv("SERVER_SOFTWARE", raising=False)
    assert still.is_notebook()
    with served_environment(None):
        assert not still.is_notebook()
    assert still.is_notebook()


def test_the_page_that_was_made_ahead_is_shown_once() -> None:
    """With its answers found and its front searched, as if a loop had run; the next one is new."""
    with served_environment("stdlib-2m-measured"):
        made = make_ahead()
        assert isinstance(made, PuzzleExplorer)
        state = made.state
        assert state.solution is not None
        assert state.front is not None
        assert state.front.complete
        assert (state.updating, state.front_running, state.searching) == (False, False, ())
        assert state.baselines is not None
        assert explorer_page() is made
        other = explorer_page()
    assert other is not made
    made.close()
    other.close()


def test_a_page_made_for_another_library_is_not_shown(tmp_path: Path) -> None:
    """What the environment says now counts; what was made in vain is closed."""
    with served_environment("stdlib-2m-measured"):
        made = make_ahead()
    assert made is not None
    with served_environment(None):
        page = explorer_page()
    assert isinstance(page, PuzzleExplorer)
    assert page is not made
    assert made.comm is None
    page.close()
    with served_environment(str(tmp_path / "gone.json")):
        assert make_ahead() is None
        assert isinstance(explorer_page(), HTML)

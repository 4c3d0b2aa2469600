"""Which notebooks are served, by what name, and on which library."""

from __future__ import annotations

import nbformat
import pytest

from puzzle_widgets.app.notebooks import check_library, find_notebook, served_notebooks
from puzzle_widgets.app.settings import AppSettings, explorer_notebook, voila_config
from puzzle_widgets.errors import ServerError
from puzzle_widgets.resources import notebook_folder


def test_all_are_served() -> None:
    """In the order of their numbers, by the titles in their files."""
    names = [one.name for one in served_notebooks()]
    assert names == sorted(path.stem for path in notebook_folder().glob("0*.ipynb"))
    assert len(names) >= 9
    for one in served_notebooks():
        assert one.title == nbformat.read(one.path, as_version=4).metadata["title"]


@pytest.mark.parametrize("asked", ["3", "03", "03_model_by_hand", "03_model_by_hand.ipynb"])
def test_a_notebook_goes_by_number_or_name(asked: str) -> None:
    """With or without what follows."""
    assert find_notebook(asked).name == "03_model_by_hand"


@pytest.mark.parametrize("asked", ["", "99", "model", "../03_model_by_hand", "explorer", "0"])
def test_any_other_name_is_refused(asked: str) -> None:
    """With the names that there are; no path is read."""
    with pytest.raises(ServerError, match="01_first_look, 02_three_deployments"):
        find_notebook(asked)


def test_a_library_goes_to_notebooks_that_take_one() -> None:
    """Others have their own; options of reading would be lost in silence."""
    check_library(find_notebook("02"), "some.csv", [])
    check_library(find_notebook("03"), None, [])
    with pytest.raises(ServerError, match=r"03_model_by_hand has a library of its own; leave out"):
        check_library(find_notebook("03"), "some.csv", [])
    with pytest.raises(ServerError, match="without workload"):
        check_library(find_notebook("02"), "some.csv", ["workload"])


def test_a_document_shows_its_code() -> None:
    """And says what it is; the explorer's page does neither."""
    found = find_notebook("03")
    config = voila_config(AppSettings(notebook=found.path, document=found.title))
    assert config.VoilaConfiguration.strip_sources is False
    document = {"title": "The model by hand", "name": "03_model_by_hand.ipynb"}
    assert config.VoilaConfiguration.resources["document"] == document
    plain = voila_config(AppSettings(notebook=explorer_notebook()))
    assert plain.VoilaConfiguration.strip_sources is True
    assert plain.VoilaConfiguration.resources["document"] is None

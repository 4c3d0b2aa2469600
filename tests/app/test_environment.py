"""What the server tells its kernels by environment variables."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from puzzle_widgets.app.environment import (
    JUPYTER_FOLDER,
    LIBRARY_VARIABLE,
    library_argument,
    served_environment,
)


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


def test_default_library_is_left_to_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a library argument, a library that the caller's environment names stays."""
    monkeypatch.setenv(LIBRARY_VARIABLE, "from-outside")
    with served_environment(None):
        assert os.environ[LIBRARY_VARIABLE] == "from-outside"

"""The served stand-in notebook."""

from __future__ import annotations

import gc
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.notebook import write_notebook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import StartApp

STANDIN = Path(__file__).with_name("standin.py")


@pytest.fixture(scope="session")
def standin_notebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Notebook with one of each kind of widget."""
    return write_notebook(tmp_path_factory.mktemp("notebook") / "page.ipynb", STANDIN.read_text())


@pytest.fixture(scope="session")
def standin_url(start_app: StartApp, standin_notebook: Path) -> str:
    """Address of the served stand-in notebook."""
    return start_app(notebook=standin_notebook)


@pytest.fixture(autouse=True)
def sockets_left_open_go_now() -> Iterator[None]:
    """Collect the sockets that a test dropped or froze, lest a later test be blamed for them."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()

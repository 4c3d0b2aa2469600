"""The app on its embedded library, one server for all journeys, a fresh page for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import Page, expect

import puzzle_widgets as pw
from tests.browser.explorer import PATIENCE_MS, Explorer
from tests.support.libraries import EMBEDDED
from tests.support.notebook import write_notebook

if TYPE_CHECKING:
    from tests.conftest import StartApp

TROUBLED = Path(__file__).with_name("troubled.py")
_USUAL_MS = 5_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every journey as one that needs a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Wait long before a journey fails: machines may be busy."""
    expect.set_options(timeout=PATIENCE_MS)
    yield
    expect.set_options(timeout=_USUAL_MS)


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Open windows of a usual size."""
    return {**browser_context_args, "viewport": {"width": 1280, "height": 900}}


@pytest.fixture(scope="session")
def library() -> pw.BlockLibrary:
    """The embedded library, to compute with here."""
    return pw.load_library(EMBEDDED)


@pytest.fixture(scope="session")
def app_url(start_app: StartApp) -> str:
    """Address of the app."""
    return start_app()


@pytest.fixture(scope="session")
def troubled_url(start_app: StartApp, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of an explorer whose front halts and whose shelf of scenarios is broken."""
    path = tmp_path_factory.mktemp("troubled") / "page.ipynb"
    return start_app(notebook=write_notebook(path, TROUBLED.read_text()))


@pytest.fixture
def explorer(watched_page: Page, app_url: str) -> Explorer:
    """The app, open and drawn."""
    return Explorer(watched_page).open(app_url)

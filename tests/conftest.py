"""How the tests are run, and fixtures of the browser tests."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from hypothesis import settings

from tests.support.chromium import chromium_arguments, chromium_path, watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page, Playwright


# A check must not hang on the draw of the day, nor on how busy a machine is; elsewhere every run
# draws anew.
settings.register_profile("any-time", deadline=None)
settings.register_profile("same-draws", deadline=None, derandomize=True)
settings.load_profile("same-draws" if os.environ.get("CI") else "any-time")


MOST_WORKERS = 4  # each collects all tests first
_QUICK = "not slow and not browser and not interop"


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Share the quick tests among the cores; what is named, and the long ones, run one by one."""
    everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if not everything or config.getoption("markexpr") != _QUICK:
        return 0
    return min(os.cpu_count() or 1, MOST_WORKERS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the browser tests last: Playwright leaves an event loop running behind it."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


class StartApp(Protocol):
    """Starts the app and gives its address; it is stopped with the test session."""

    def __call__(
        self, library: str | None = None, *, notebook: Path | None = None, **options: Any
    ) -> str:
        """Serve ``library`` or ``notebook``; ``options`` are those of ``serve``."""


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any], playwright: Playwright
) -> dict[str, Any]:
    """Launch the machine's Chromium, or Playwright's own where that is installed."""
    path = chromium_path() or playwright.chromium.executable_path
    if not Path(path).exists():
        pytest.skip("no Chromium here: install one, or name it in PUZZLE_WIDGETS_CHROMIUM")
    return {**browser_type_launch_args, "executable_path": path, "args": chromium_arguments()}


@pytest.fixture(scope="session")
def start_app() -> Iterator[StartApp]:
    """Factory of served apps, all stopped at the end of the session."""
    from tests.support.app import running_app  # noqa: PLC0415 - the library tests need no server

    with ExitStack() as running:

        def start(
            library: str | None = None, *, notebook: Path | None = None, **options: Any
        ) -> str:
            return running.enter_context(running_app(library, notebook=notebook, **options)).url

        yield start


@pytest.fixture
def watched_page(page: Page) -> Iterator[Page]:
    """Page whose test fails on any console error, page error or request to another host."""
    problems = watch(page)
    yield page
    assert not problems, problems
    page.goto("about:blank")  # leaving the page ends its kernel; closing the context does not

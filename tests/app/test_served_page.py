"""What a visitor of the served page meets, in a real browser against a real server."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import Page, expect

from tests.support.notebook import write_notebook

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import StartApp

pytestmark = pytest.mark.browser

START_MS = 60_000


def opened(page: Page, url: str) -> Page:
    """Go to the stand-in page and wait until its chart is drawn."""
    page.goto(url)
    page.locator(".t-figure .bar").first.wait_for(state="attached", timeout=START_MS)
    return page


def attribute_of_body(page: Page, name: str) -> str | None:
    """Value of an attribute of the document's body."""
    value: str | None = page.locator("body").get_attribute(name)
    return value


def test_widgets_work(watched_page: Page, standin_url: str) -> None:
    """A button, a chart and an anywidget are there and answer, with nothing loaded from outside."""
    page = opened(watched_page, standin_url)
    page.locator(".t-button").click()
    expect(page.locator(".t-pressed")).to_contain_text("pressed 1")
    page.locator(".t-counter button").click()
    expect(page.locator(".t-counter")).to_contain_text("counted 1")
    assert page.locator(".t-figure .bar").count() == 80
    assert page.title() == "puzzle-widgets"


def test_icons_are_bundled(watched_page: Page, standin_url: str) -> None:
    """An icon of a button is drawn in the icon font, which this server sent."""
    page = opened(watched_page, standin_url)
    family = page.evaluate(
        "getComputedStyle(document.querySelector('.t-button i'), '::before').fontFamily"
    )
    assert "Font Awesome" in family
    assert page.evaluate(f"document.fonts.check('900 14px {family}')")


def test_kernel_runs_the_python_of_the_server(watched_page: Page, standin_url: str) -> None:
    """The page's code runs in the Python that runs the server."""
    page = opened(watched_page, standin_url)
    expect(page.locator(".t-facts")).to_contain_text(sys.executable)


@pytest.mark.parametrize("width", [1280, 400])
def test_document_scrolls(watched_page: Page, standin_url: str, width: int) -> None:
    """The document itself scrolls down, nothing inside it does, and nothing scrolls sideways."""
    watched_page.set_viewport_size({"width": width, "height": 700})
    page = opened(watched_page, standin_url)
    sizes = page.evaluate(
        """() => [document.documentElement, document.getElementById("rendered_cells")]
            .map((e) => [e.scrollHeight - e.clientHeight, e.scrollWidth - e.clientWidth])"""
    )
    (document_down, document_sideways), (inner_down, inner_sideways) = sizes
    assert document_down > 500
    assert (document_sideways, inner_down, inner_sideways) == (0, 0, 0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colors_follow_the_browser(watched_page: Page, standin_url: str, scheme: str) -> None:
    """Without a choice made, the page is as light or dark as the browser prefers."""
    watched_page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page = opened(watched_page, standin_url)
    assert attribute_of_body(page, "data-jp-theme-light") == str(scheme == "light").lower()
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, background[4:-1].split(","))) > 380) == (scheme == "light")


def test_color_switch_is_remembered(watched_page: Page, standin_url: str) -> None:
    """The switch works by keyboard, keeps the session, and its choice outlasts a reload."""
    watched_page.emulate_media(color_scheme="light")
    page = opened(watched_page, standin_url)
    page.locator(".t-button").click()
    page.get_by_role("button", name="Switch to dark colors").press("Enter")
    assert attribute_of_body(page, "data-jp-theme-light") == "false"
    expect(page.locator(".t-pressed")).to_contain_text("pressed 1")
    opened(page, standin_url)
    assert attribute_of_body(page, "data-jp-theme-light") == "false"
    expect(page.get_by_role("button", name="Switch to light colors")).to_be_visible()


def test_big_upload_arrives(watched_page: Page, standin_url: str) -> None:
    """A file beyond the usual 10 MB limit of a message reaches the kernel whole."""
    page = opened(watched_page, standin_url)
    payload: Any = {"name": "big.json", "mimeType": "application/json", "buffer": b"0" * 12 * 2**20}
    with page.expect_file_chooser() as choosing:
        page.locator(".t-upload").click()
    choosing.value.set_files(payload)
    expect(page.locator(".t-size")).to_contain_text(f"{12 * 2**20} bytes", timeout=START_MS)


def test_broken_cell_gives_a_message(
    watched_page: Page, start_app: StartApp, tmp_path: Path
) -> None:
    """A cell that raises shows one sentence: no traceback, no source, no exception's text."""
    notebook = write_notebook(tmp_path / "broken.ipynb", "raise ValueError('inner detail')")
    watched_page.goto(start_app(notebook=notebook))
    message = watched_page.get_by_role("alert")
    expect(message).to_contain_text("The page could not be built", timeout=START_MS)
    assert "inner detail" not in watched_page.content()
    assert "Traceback" not in watched_page.content()

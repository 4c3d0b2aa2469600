"""The picker offers the published library: terms, agreement, fetch, and what goes wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import puzzle_widgets as pw
from puzzle_widgets.library.datasets import find_dataset
from puzzle_widgets.library.tables import dump_parquet
from tests.browser.explorer import START_MS, Explorer
from tests.browser.test_files import BUTTON, upload
from tests.support.app import running_app
from tests.support.libraries import published_files, published_folder
from tests.support.mirror import Mirror, files_of, serving

LABEL = "Llama-3.3-70B-Instruct (published, non-commercial)"
TITLE = "Llama-3.3-70B-Instruct"


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    """A mirror of the published files on this machine."""
    with serving(files_of(published_folder())) as found:
        yield found


@pytest.fixture
def offered(
    watched_page: Page, mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Explorer]:
    """The app with that mirror and an empty cache, the published library picked."""
    monkeypatch.setenv("PUZZLE_WIDGETS_DATA", mirror.url)
    monkeypatch.setenv("PUZZLE_WIDGETS_CACHE", str(tmp_path))
    with running_app() as app:
        explorer = Explorer(watched_page).open(app.url, searched=False)
        explorer.page.get_by_role("combobox", name="Block library").select_option(LABEL)
        expect(explorer.card(TITLE)).to_be_visible()
        yield explorer
        watched_page.goto("about:blank")


@pytest.mark.published
def test_the_published_library_is_fetched_once_agreed_to(offered: Explorer, mirror: Mirror) -> None:
    """By keyboard: terms, tick, fetch with progress, stop, an error, and at last the library."""
    offer, page = offered.card(TITLE), offered.page
    expect(offer).to_contain_text("NVIDIA Source Code License-NC")
    expect(offer.get_by_role("link", name="Read the license")).to_have_attribute(
        "href", find_dataset("llama-3.3-70b-instruct").license.address
    )
    fetch = offer.get_by_role("button", name="Fetch and open")
    expect(fetch).to_be_disabled()
    offer.get_by_label("I accept this license").press("Space")
    expect(fetch).to_be_enabled()
    assert mirror.asked == []

    mirror.gate.clear()
    fetch.press("Enter")
    expect(offer).to_contain_text("Fetching:")
    expect(page.get_by_text("80 layers · 54 variants per layer")).to_be_visible()
    offer.get_by_role("button", name="Stop").press("Enter")
    expect(offer).to_be_hidden()
    mirror.gate.set()

    mirror.trouble = "wrong"
    picker = page.get_by_role("combobox", name="Block library")
    picker.select_option(LABEL)
    expect(page.get_by_role("alert")).to_contain_text("SHA-256 differs")
    expect(page.get_by_text("80 layers · 54 variants per layer")).to_be_visible()
    expect(offered.status).to_have_text("Optimal, proven")

    mirror.trouble = ""
    fetch.click()
    expect(page.get_by_text("80 layers · 16 variants per layer")).to_be_visible()
    expect(offer).to_be_hidden()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(picker.locator("option:checked")).to_have_text(TITLE)
    offered.wait_for_front()
    expect(offered.status).to_have_text("Optimal, proven")


@pytest.mark.published
def test_an_agreement_is_the_visitors_own(
    browser: Browser, mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a server for others it lasts in the visitor's browser; the next visitor is asked."""
    monkeypatch.setenv("PUZZLE_WIDGETS_DATA", mirror.url)
    monkeypatch.setenv("PUZZLE_WIDGETS_CACHE", str(tmp_path))
    with running_app(trusted_hosts=["127.0.0.1"]) as app:
        first, second = (browser.new_context().new_page() for _ in range(2))
        explorer = Explorer(first).open(app.url, searched=False)
        first.get_by_role("combobox", name="Block library").select_option(LABEL)
        first.get_by_label("I accept this license").check()
        explorer.button(TITLE, "Fetch and open").click()
        opened = "80 layers · 16 variants per layer"
        expect(first.get_by_text(opened)).to_be_visible()
        expect(first).to_have_url(re.compile("#s="))
        first.reload()
        expect(first.get_by_text(opened)).to_be_visible(timeout=START_MS)
        Explorer(second).open(app.url, searched=False)
        second.get_by_role("combobox", name="Block library").select_option(LABEL)
        expect(second.get_by_label("I accept this license")).not_to_be_checked()
        for page in (first, second):
            page.context.close()


@pytest.mark.published
def test_an_offer_is_calm(offered: Explorer) -> None:
    """On a phone nothing of it runs out of the page; left, it is gone."""
    offered.page.set_viewport_size({"width": 400, "height": 800})
    sideways = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
    assert offered.page.evaluate(sideways) <= 0
    offered.button(TITLE, "Not now").click()
    expect(offered.card(TITLE)).to_be_hidden()
    expect(offered.page.get_by_text("80 layers · 54 variants per layer")).to_be_visible()


def test_a_template_is_saved_and_opens_again(explorer: Explorer) -> None:
    """Each sheet of the three, as it came down; a fault in one is told by row and column."""
    page = explorer.page
    for link in ("CSV", "CSV, decimal commas", "Excel"):
        page.get_by_text("Templates").click()
        with page.expect_download() as coming:
            page.get_by_role("link", name=link, exact=True).click()
        name, content = coming.value.suggested_filename, coming.value.path().read_bytes()
        explorer.upload(BUTTON, upload(name, content))
        expect(page.get_by_text("2 layers · 4 variants per layer")).to_be_visible()
        page.get_by_role("combobox", name="Block library").select_option("Llama-3.3-70B (modeled)")
        expect(page.get_by_text("80 layers · 54 variants per layer")).to_be_visible()
        if name.endswith(".csv"):
            explorer.upload(
                BUTTON, upload(name, content.replace(b"0.012", b"?").replace(b"0,012", b"?"))
            )
            expect(page.get_by_role("alert")).to_contain_text("row 3, column F 'kl'")
            page.get_by_role("button", name="Dismiss").click()  # it lies over the head


def test_a_parquet_file_opens(explorer: Explorer) -> None:
    """As any other table."""
    library: Any = pw.load_files(published_files())
    explorer.upload(BUTTON, upload("mine.parquet", dump_parquet(library)))
    expect(explorer.page.get_by_text("3 layers · 3 variants per layer")).to_be_visible()

"""The picture of the README, taken anew: ``python -m tests.browser.picture``."""

from __future__ import annotations

import argparse
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.explorer import Explorer
from tests.support.app import CHECKOUT, running_app
from tests.support.chromium import chromium_arguments, chromium_path

SIZE = (1440, 900)
_LIBRARY = "llama-3.3-70b-modeled"
_FASTER = "140 %"
_WAIT_MS = 60_000


def take(page: Page, url: str, file: Path) -> None:
    """Ask for more throughput than the parent's, and wait until every part has its answer."""
    page.set_viewport_size({"width": SIZE[0], "height": SIZE[1]})
    explorer = Explorer(page).open(url)
    field = explorer.field("Throughput")
    field.fill(_FASTER)
    field.press("Enter")
    expect(explorer.card("Answer")).to_contain_text("Limited by Throughput", timeout=_WAIT_MS)
    why = explorer.card("Why")
    expect(why).to_contain_text("Most parameters", timeout=_WAIT_MS)
    why.get_by_role("button", name="Work out how sure it is").click()
    expect(why).to_contain_text("1,000 samples", timeout=_WAIT_MS)
    expect(page.locator(".pw-now")).to_have_count(0, timeout=_WAIT_MS)
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(*SIZE)
    page.screenshot(path=file)


def main() -> None:
    """Serve the explorer, and take its picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=CHECKOUT / "docs" / "explorer.png")
    file = parser.parse_args().output
    with running_app(_LIBRARY) as app, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=chromium_arguments()
        )
        page = browser.new_page(color_scheme="light")
        take(page, app.url, file)
        page.goto("about:blank")
        browser.close()


if __name__ == "__main__":
    main()

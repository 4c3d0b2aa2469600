"""Export: check, avoid, save the file, save pictures; by mouse and by keyboard."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import Page, expect

import puzzle_widgets as pw
from tests.browser.explorer import Explorer
from tests.export.test_published_semantics import LLAMA_70B, decilm_sizes, load_plainly

PNG = b"\x89PNG\r\n\x1a\n"
CONFIG = {
    "name": "parent.json",
    "mimeType": "application/json",
    "buffer": json.dumps(LLAMA_70B).encode(),
}


def saved(explorer: Explorer, card: str, button: str) -> tuple[str, bytes]:
    """Name and content of the file that a button saves."""
    with explorer.page.expect_download() as download:
        if button in ("Save SVG", "Save PNG"):
            explorer.open_menu(card)
        explorer.button(card, button).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_an_architecture_reaches_vllm(explorer: Explorer, library: pw.BlockLibrary) -> None:
    """Steps become errors once asked; the rule avoids them; the file says what is shown."""
    panel = explorer.card("Export")
    expect(explorer.button("Export", "Save report.html")).to_be_enabled()
    choose_target(explorer, "vllm")
    expect(panel).to_contain_text("To do: choose the parent's config.json")
    expect(panel).to_contain_text("this target has no linear blocks")
    expect(panel).not_to_contain_text("Error")
    explorer.button("Export", "Save config.json").click()
    expect(panel).to_contain_text("Error. The parent's Hugging Face config.json is needed")
    explorer.upload("Parent's config.json", CONFIG)
    expect(panel).to_contain_text("parent.json: llama, 80 layers")
    explorer.button("Export", "Avoid it").click()
    expect(explorer.message).to_contain_text("no linear blocks")
    expect(explorer.card("Budgets").locator(".pw-rules")).to_contain_text("no linear blocks")
    expect(panel.get_by_role("status")).to_contain_text("Ready for vLLM")
    name, content = saved(explorer, "Export", "Save config.json")
    assert name == "config.json"
    sizes = decilm_sizes(load_plainly(content.decode(), Path()))
    assert len(sizes) == len(library.layers)
    _, table = saved_target(explorer, "layers-json", "Save layers.json")
    layers = json.loads(table)["scenarios"][0]["layers"]
    assert sizes == [(one["attention"]["size"] or 0, one["ffn"]["size"] or 0) for one in layers]
    explorer.card("Budgets").get_by_role("button", name="Remove the rule").click()
    expect(explorer.card("Budgets")).not_to_contain_text("Rule:")
    expect(explorer.button("Export", "Save layers.json")).to_be_enabled()


def saved_target(explorer: Explorer, target: str, button: str) -> tuple[str, bytes]:
    """Choose a target, and save its file."""
    choose_target(explorer, target)
    return saved(explorer, "Export", button)


def choose_target(explorer: Explorer, target: str) -> None:
    """Choose a target by its title."""
    titles = {one.name: one.title for one in pw.export.TARGETS}
    chooser = explorer.card("Export").get_by_role("combobox", name="Target", exact=True)
    chooser.select_option(titles[target])


def test_the_report_opens_anywhere(explorer: Explorer, tmp_path: Path) -> None:
    """The saved report is a page of its own: pictures and tables, no script, no request."""
    explorer.keep("Server <b>")
    name, content = saved_target(explorer, "report", "Save report.html")
    path = tmp_path / name
    path.write_bytes(content)
    page = explorer.page.context.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    expect(page.get_by_role("heading", level=1)).to_contain_text("an architecture of")
    expect(page.get_by_role("img", name="Blocks by layer")).to_be_visible()
    expect(page.get_by_role("img", name="Pareto front")).to_be_visible()
    assert page.evaluate("document.scripts.length") == 0
    page.get_by_text("All 80 layers").click()
    expect(page.get_by_role("row", name=re.compile("^79 "))).to_be_visible()
    assert requests == [path.as_uri()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_plots_are_saved_as_pictures(scheme: str, watched_page: Page, app_url: str) -> None:
    """SVG parses and has what is shown; PNG is a picture of twice the size, in both schemes."""
    watched_page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    explorer = Explorer(watched_page).open(app_url)
    for card, stem in (("Blocks by layer", "blocks-by-layer"), ("Pareto front", "pareto-front")):
        name, content = saved(explorer, card, "Save SVG")
        assert name == f"{stem}.svg"
        root = ET.fromstring(content)  # noqa: S314 - written by the app
        name, content = saved(explorer, card, "Save PNG")
        assert name == f"{stem}.png"
        assert content.startswith(PNG)
        width = int.from_bytes(content[16:20], "big")
        assert width == 2 * int(root.get("width", "0"))
        assert len(content) > 10_000


def test_export_by_keyboard(explorer: Explorer) -> None:
    """Target, avoid and save are reached by Tab and pressed by key."""
    panel = explorer.card("Export")
    chooser = panel.get_by_role("combobox", name="Target", exact=True)
    chooser.focus()
    chooser.press("End")
    save = panel.get_by_role("button", name="Save comparison.svg")
    expect(save).to_be_enabled()
    explorer.page.keyboard.press("Tab")
    explorer.page.keyboard.press("Tab")
    expect(save).to_be_focused()
    with explorer.page.expect_download() as download:
        explorer.page.keyboard.press("Enter")
    assert download.value.suggested_filename == "comparison.svg"

"""Two libraries of one parent: scenarios of both are compared, and survive a reload."""

from __future__ import annotations

import json
import re
import struct
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import expect

import puzzle_widgets as pw
from puzzle_widgets.library import dump_library
from puzzle_widgets.library.json_forms import library_digest
from tests.browser.explorer import Explorer
from tests.support.two_libraries import embedded_on

BUTTON = "Open file"
DOT = "\N{MIDDLE DOT}"


def texts_of(png: bytes) -> dict[str, str]:
    """Text chunks of a PNG, by their keywords."""
    place, found = 8, {}
    while place < len(png):
        (length,) = struct.unpack_from(">I", png, place)
        if png[place + 4 : place + 8] == b"tEXt":
            keyword, _, words = png[place + 8 : place + 8 + length].partition(b"\0")
            found[keyword.decode()] = words.decode("ascii")
        place += length + 12
    return found


def test_scenarios_of_two_libraries_are_compared(
    explorer: Explorer, library: pw.BlockLibrary
) -> None:
    """The former library's stay in table, charts, difference and reference, also after a reload."""
    other = replace(embedded_on(), name="On another GPU")
    explorer.keep("First")
    content = {"name": "h200.json", "mimeType": "application/json"}
    explorer.upload(BUTTON, {**content, "buffer": dump_library(other).encode()})
    expect(explorer.page.get_by_text("NVIDIA H200 \N{MIDDLE DOT} fp8")).to_be_visible()
    explorer.wait_for_front()
    explorer.keep("Second")
    panel = explorer.card("Scenarios")
    mark = f"First {DOT} H100 {library_digest(library)[:8]}"
    expect(explorer.kept.nth(1)).to_contain_text(f"H100 {library_digest(library)[:8]}")
    panel.get_by_role("button", name="Difference").click()
    panel.get_by_role("combobox", name="A", exact=True).select_option(mark)
    panel.get_by_role("combobox", name="B", exact=True).select_option("Second")
    expect(panel).to_contain_text("(H100 against H200)")
    panel.get_by_role("button", name="Runtime", exact=True).click()
    expect(panel.locator(".pw-steps path.line")).to_have_count(4)
    chooser = panel.get_by_role("combobox", name="Scenario", exact=True)
    chooser.select_option(mark)
    panel.get_by_role("button", name="Use as reference").click()
    expect(explorer.page.locator(".pw-layer-legend")).to_contain_text("Reference: First, H100")
    expect(explorer.tile("Runtime")).to_contain_text("vs First")
    panel.get_by_role("button", name="Sum here").click()
    expect(explorer.kept).to_have_count(3)
    summed = pw.evaluate(other, pw.Scenario("x", first_of(library)))
    expect(explorer.kept.nth(1)).to_contain_text(f"{summed.throughput:,.0f}")
    expect(explorer.page).to_have_url(re.compile("#s="))
    explorer.page.wait_for_timeout(1500)
    explorer.page.reload()
    explorer.wait_for_front()
    panel = explorer.card("Scenarios")
    expect(explorer.kept).to_have_count(3)
    expect(explorer.kept.nth(2)).to_contain_text("reference")


def first_of(library: pw.BlockLibrary) -> pw.Solution:
    """The answer that the app opens with."""
    return pw.search(pw.ExplorerState(library).problem)


def test_a_saved_picture_names_its_library(explorer: Explorer, library: pw.BlockLibrary) -> None:
    """In the text of the PNG, which readers of pictures list, and in the SVG's metadata."""
    saved = {}
    for kind in ("PNG", "SVG"):
        explorer.open_menu("Blocks by layer")
        with explorer.page.expect_download() as download:
            explorer.card("Blocks by layer").get_by_role("button", name=f"Save {kind}").click()
        saved[kind] = Path(download.value.path()).read_bytes()
    (told,) = json.loads(texts_of(saved["PNG"])["puzzle_widgets"])["puzzle_widgets"]
    assert told["library_sha256"] == library_digest(library)
    assert told["puzzle_widgets"] == pw.__version__
    assert told["budgets"]
    assert b"<metadata>" in saved["SVG"]

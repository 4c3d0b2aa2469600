"""Uploaded libraries: good ones open, bad ones are told and change nothing."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from puzzle_widgets.library import dump_library
from tests.browser.explorer import Explorer
from tests.support.libraries import HALF_NAME, make_library, published_content, published_files

BUTTON = "Open file"
HTML = "<img src=x onerror=window.injected=1>"
CSV = "layer,variant,parent,metrics.loss,stats.memory_mib\n" + "".join(
    f"{layer},{name},{name == HTML},{loss},{memory}\n"
    for layer in range(4)
    for name, loss, memory in ((HTML, 0, 10), ("<b>thin</b>", layer + 1, 3))
)


def upload(name: str, content: bytes) -> dict[str, Any]:
    """Make a file to upload."""
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def test_three_files_open(explorer: Explorer) -> None:
    """The three files of the published form open together, and everything is of them."""
    files = published_files(published_content())
    explorer.upload(BUTTON, *(upload(name, content) for name, content in files.items()))
    expect(explorer.page.get_by_text("3 layers · 3 variants per layer")).to_be_visible()
    expect(explorer.page.get_by_text("batch 4 x 100 tokens · Some GPU · fp8")).to_be_visible()
    expect(explorer.status).to_have_text("Optimal, proven")
    expect(explorer.page.locator(".pw-layer-view .bargroup")).to_have_count(3 * (3 + 2))
    explorer.wait_for_front()
    picker = explorer.page.get_by_role("combobox", name="Block library")
    picker.select_option("Llama-3.3-70B (modeled)")
    expect(explorer.page.get_by_text("80 layers · 54 variants per layer")).to_be_visible()
    expect(explorer.status).to_have_text("Optimal, proven")


def test_a_large_file_arrives_in_pieces(explorer: Explorer) -> None:
    """By keys alone; what is too large is said beside the button before it is sent."""
    button = explorer.page.get_by_role("button", name=BUTTON)
    content = large_library()
    with explorer.page.expect_file_chooser() as choosing:
        button.focus()
        explorer.page.keyboard.press("Enter")
    choosing.value.set_files([upload("large.json", content)])
    expect(explorer.page.get_by_text("126 layers · 54 variants per layer")).to_be_visible()
    expect(button).to_be_focused()
    picker = explorer.page.locator(".pw-picker").filter(has=button)
    expect(picker.get_by_role("alert")).to_have_count(0)
    explorer.page.evaluate(
        """() => Object.defineProperty(Blob.prototype, "size", {get: () => 65 * 2 ** 20})"""
    )
    explorer.upload(BUTTON, upload("huge.json", b"{}"))
    expect(picker.get_by_role("alert")).to_have_text(
        "huge.json: 65.0 MiB. At most 64.0 MiB are read."
    )


def test_names_with_html_are_shown_as_they_are(explorer: Explorer) -> None:
    """Markup in a file's names is text wherever it is shown, never an element of the page."""
    explorer.upload(BUTTON, upload("<b>tidy<b>.csv", CSV.encode()))
    expect(explorer.page.get_by_text("4 layers · 2 variants per layer")).to_be_visible()
    expect(explorer.status).to_have_text("Optimal, proven")
    layers = explorer.card("Blocks by layer")
    layers.get_by_role("button", name="Choice").click()
    layers.get_by_role("combobox", name="Layer").select_option("2")
    expect(explorer.page.locator(".pw-detail tbody")).to_contain_text(HTML)
    expect(explorer.page.locator(".pw-detail tbody")).to_contain_text("<b>thin</b>")
    explorer.keep(HTML)
    explorer.card("Scenarios").get_by_role("button", name="Difference").click()
    expect(explorer.card("Scenarios")).to_contain_text("layers differ")
    expect(explorer.page.locator(".pw-explorer img")).to_have_count(0)
    assert explorer.page.evaluate("window.injected") is None


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("nan.json", "nan", ["nan.json", "layer 1", "stats.memory_mib", "finite"]),
        ("broken.json", "broken", ["broken.json", "JSON"]),
        ("<i>.csv", "layer,variant\n0,a\n", ["<i>.csv", "parent"]),
    ],
)
def test_bad_file_is_told_and_changes_nothing(
    explorer: Explorer, name: str, content: str, words: list[str]
) -> None:
    """The message names the file and the field; library, charts and figures stay."""
    drawn, told = explorer.drawn(), explorer.card("Answer").inner_text()
    explorer.upload(BUTTON, upload(name, bad_content(content)))
    alert = explorer.page.get_by_role("alert")
    for word in words:
        expect(alert).to_contain_text(word)
    expect(alert.locator("i")).to_have_count(0)
    expect(explorer.page.get_by_text("80 layers · 54 variants per layer")).to_be_visible()
    assert explorer.drawn() == drawn
    assert explorer.card("Answer").inner_text() == told


def large_library() -> bytes:
    """A library of more than 11 MiB, more than a server lets through in one message."""
    rows = np.random.default_rng(0).uniform(1, 100, size=(126, 54, 36)).round(9)
    rows[:, 0, 0] = 0
    keys = ("metrics.loss", "stats.memory_mib", *(f"stats.cost_of_kind_{n}" for n in range(34)))
    content = json.loads(dump_library(make_library(rows.tolist(), keys)))
    text = json.dumps(content, indent=4).encode()
    assert len(text) > 11 * 2**20
    return text


def bad_content(content: str) -> bytes:
    """Bytes of a bad file."""
    library: dict[str, Any] = published_content()
    if content == "nan":
        library["layer_1"][HALF_NAME]["stats"]["memory_mib"] = float("nan")
        return json.dumps(library).encode()
    if content == "broken":
        return json.dumps(library).encode()[:-40]
    return content.encode()

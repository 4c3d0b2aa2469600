"""Predicted and measured: a tab of a library whose whole models were measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect

from tests.browser.explorer import Explorer

if TYPE_CHECKING:
    from tests.conftest import StartApp


def test_predictions_are_set_against_what_was_measured(
    watched_page: Page, start_app: StartApp
) -> None:
    """Number of models, correlations and the worst; another figure; and no tab without truth."""
    explorer = Explorer(watched_page).open(start_app("stdlib-2m-measured"))
    card = explorer.card("Predicted and measured").last
    expect(card).to_contain_text("36 models: Spearman 0.995, Kendall 0.959")
    card.get_by_text("Furthest off").last.click()
    expect(card.get_by_role("listitem")).to_have_count(3)
    spots = card.locator("g.object_grp")
    expect(spots).to_have_count(36 + 1 + 3)
    card.get_by_role("combobox", name="Figure").select_option("Memory (MiB)")
    expect(card).to_contain_text("Spearman 1.000, Kendall 1.000")
    expect(card.get_by_text("\N{UPWARDS ARROW} Memory, measured (MiB)")).to_be_visible()
    library = watched_page.get_by_role("combobox", name="Block library")
    library.select_option("Llama-3.3-70B (modeled)")
    tab = watched_page.get_by_role("tab", name="Truth")
    expect(tab).to_be_hidden()
    expect(watched_page.get_by_role("tab", name="Why")).to_have_attribute("aria-selected", "true")

"""A newcomer's first minutes: the tour, the sheet of terms, words on hover."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.explorer import Explorer


def test_the_tour_has_four_steps_and_can_be_called_again(explorer: Explorer) -> None:
    """It is offered once, walks over the panels by keyboard, and gives the focus back."""
    page = explorer.page
    page.get_by_role("button", name="New here?").press("Enter")
    tour = page.get_by_role("dialog", name="Tour")
    for place, title in enumerate(
        ("Budgets", "Pareto front", "Blocks by layer", "Reasons and results"), 1
    ):
        expect(tour.get_by_role("heading")).to_have_text(f"{place} of 4: {title}")
        expect(page.locator(".pw-toured")).to_have_count(1)
        page.keyboard.press("Enter")
    expect(tour).to_have_count(0)
    expect(page.locator(".pw-toured")).to_have_count(0)
    again = page.get_by_role("button", name="Help")
    expect(again).to_be_focused()
    again.press("Enter")
    page.get_by_role("button", name="Take the tour").click()
    tour.get_by_role("button", name="Skip the tour").click()
    expect(tour).to_have_count(0)


def test_the_sheet_explains_the_words(explorer: Explorer) -> None:
    """It opens over the page, is left by Escape, and is only offered after the tour."""
    page = explorer.page
    page.get_by_role("button", name="New here?").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Help").click()
    sheet = page.get_by_role("dialog", name="What the words mean")
    expect(sheet.get_by_text("Speedup", exact=True)).to_be_visible()
    expect(sheet).to_contain_text("Batch size x sequence length / summed runtime")
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)


def test_a_term_says_its_meaning_where_it_stands(explorer: Explorer) -> None:
    """A pointer over a figure's name, or a tab, shows what it means."""
    page = explorer.page
    name = page.locator(".pw-tile dt", has_text="Speedup").first
    name.hover()
    expect(name).to_have_attribute("title", "Throughput divided by the parent's.")
    tab = page.get_by_role("tab", name="Surface")
    tab.hover()
    expect(tab).to_have_attribute("title", "The best score over a grid of two budgets.")

"""The guide: pages of the documentation, safe to show, and the marks that open them."""

from __future__ import annotations

import re
import tomllib
from html import unescape
from pathlib import Path
from typing import Any

import pytest

import puzzle_widgets as pw
from puzzle_widgets.widgets import guide
from puzzle_widgets.widgets.guide import HOME, PAGES, anchor, guide_button, guide_page
from puzzle_widgets.widgets.page import PageAids
from tests.support.libraries import ROOT

PACKAGE = ROOT / "puzzle_widgets" / "widgets"
TARGET = re.compile(r"data-guide=['\"]([^'\"]+)['\"]")


def anchors(page: str) -> set[str]:
    """Places of a page that a link can name."""
    return set(re.findall(r'id="pw-guide-([^"]+)"', guide_page(page) or ""))


def shown(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> str:
    """What a page of this text becomes."""
    (folder / HOME).write_text(text, encoding="utf-8")
    monkeypatch.setattr(guide, "docs_folder", lambda: folder)
    guide_page.cache_clear()
    try:
        return str(guide_page(HOME))
    finally:
        guide_page.cache_clear()


@pytest.mark.parametrize("name", PAGES)
def test_links_of_a_page_lead_somewhere(name: str) -> None:
    """To a page that ships with the package, and to a heading of it; no link is dead."""
    for target in map(unescape, TARGET.findall(str(guide_page(name)))):
        page, _, place = target.partition("#")
        assert page in PAGES
        assert not place or place in anchors(page), target


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_nothing(name: str) -> None:
    """No picture, script or comment; links to the web open beside the page."""
    html = str(guide_page(name))
    assert not re.search(r"<(img|script|link|iframe|style)\b|<!--", html)
    for tag in re.findall(r"<a [^>]+>", html):
        assert re.match(r'<a href="https?://[^"]+" target="_blank" rel="noopener noreferrer">', tag)


def test_only_pages_of_the_list_are_given() -> None:
    """Names come from a browser."""
    for name in ("../README.md", "/etc/passwd", "conf.py", "explorer", ""):
        assert guide_page(name) is None


def test_what_is_raw_is_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """HTML, comments and pictures; what looks like it in code is escaped."""
    text = (
        "# A *title* & more\n\n<script>alert(1)</script>\n\n<!-- note -->\n"
        "Words <b onclick='x'>bold</b> ![a picture](x.png) `<i>` "
        "[out](../README.md), [bad](javascript:alert(1)), [in](#there), [glossary](glossary.md#x), "
        "[web](https://example.com/?a=1&b=2)\n\n| A |\n|---|\n| 1 |\n"
    )
    html = shown(monkeypatch, tmp_path, text)
    assert 'id="pw-guide-a-title--more"' in html
    assert "<script" not in html
    assert "<b" not in html.replace("<button", "")
    assert "a picture" in html
    assert "<code>&lt;i&gt;</code>" in html
    assert "out, [bad](javascript:alert(1)), <button" in html
    assert TARGET.findall(html) == [f"{HOME}#there", "glossary.md#x"]
    assert 'href="https://example.com/?a=1&amp;b=2"' in html
    assert html.count("<a ") == html.count("</a>") == 1
    assert html.count("<button ") == html.count("</button>") == 2
    assert "<div class='pw-scroll'><table>" in html


def test_anchors_are_those_of_a_forge() -> None:
    """So that one link serves the forge, the site and the sheet."""
    assert anchor("What each block costs") == "what-each-block-costs"
    assert anchor("`fix`, or ban?") == "fix-or-ban"


def test_marks_name_sections_that_there_are() -> None:
    """Every question mark of every panel and menu."""
    code = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    named = set(re.findall(r'^    guide = "([^"]+)"', code, re.MULTILINE))
    named |= set(re.findall(r'guide_button\(\s*"([^"]+)"', code))
    assert len(named) > 14
    assert named <= anchors(HOME)


def test_every_tab_and_card_of_the_explorer_has_a_mark() -> None:
    """Tabs in their row, so that their panels need no line for it."""
    explorer = pw.PuzzleExplorer("stdlib-2m-measured")
    for name, button in explorer.tabs.buttons.items():
        explorer.tabs.choose(name)
        section = explorer.tabs.panel(name).guide
        assert explorer.tabs.mark.value == guide_button(section, button.description.split(" ")[0])
    for panel in (explorer.status, explorer.budgets, explorer.pareto, explorer.layers):
        assert guide_button(panel.guide, panel.title) in panel.head.value
    explorer.close()


def test_a_page_is_given_to_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anything else that a browser sends is passed over."""
    said: list[object] = []
    aids = PageAids()
    monkeypatch.setattr(aids, "send", said.append)
    messages: list[Any] = [{"guide": "why"}, {"guide": 3}, {}, None, "x", {"guide": "glossary.md"}]
    for message in messages:
        aids._handle_custom_msg(message, [])
    assert said == [{"guide": "glossary.md", "html": guide_page("glossary.md")}]
    aids.link.close()
    aids.close()


def test_the_wheel_takes_the_pages_along() -> None:
    """Each of them, from the one place that they are written in."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    taken = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    pages = {source: inside for source, inside in taken.items() if source.startswith("docs/")}
    assert pages == {f"docs/{name}": f"puzzle_widgets/_docs/{name}" for name in PAGES}

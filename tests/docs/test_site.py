"""The documentation site: built without a warning, whole, and loading nothing from elsewhere."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

import puzzle_widgets as pw
from tests.support.libraries import ROOT

pytest.importorskip("sphinx", reason="Sphinx is not installed")
pytest.importorskip("myst_nb", reason="MyST-NB is not installed")
pytest.importorskip("furo", reason="Furo is not installed")

pytestmark = pytest.mark.slow
LOADING = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
NOT_LOADED = {"canonical", "next", "prev", "search", "index"}


class Page(HTMLParser):
    """What a page loads, what it links to, and what can be linked to in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.names: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        given = {name: value or "" for name, value in attrs}
        self.names |= {given["id"]} if "id" in given else set()
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        address = given.get(LOADING.get(tag, ""))
        if address and given.get("rel") not in NOT_LOADED:
            self.loads.append(address)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as CONTRIBUTING.md builds it, but for the notebooks, which are not run."""
    folder = tmp_path_factory.mktemp("site") / "html"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "sphinx",
            "-W",
            "--keep-going",
            "-q",
            "-c",
            "docs",
            ".",
            str(folder),
        ],
        cwd=ROOT,
        env={**os.environ, "PUZZLE_WIDGETS_NOTEBOOKS": "off"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    """Every page of it."""
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


@pytest.fixture(scope="module")
def inventory(site: Path) -> Any:
    """The names that other sites can link to."""
    from sphinx.util.inventory import InventoryFile  # noqa: PLC0415

    return InventoryFile.loads((site / "objects.inv").read_bytes(), uri="").data


@pytest.fixture(scope="module")
def at_rest() -> ModuleType:
    """What shows widgets on pages without a kernel."""
    path = ROOT / "docs" / "site_parts" / "at_rest.py"
    spec = importlib.util.spec_from_file_location("at_rest", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def outside(addresses: list[str]) -> list[str]:
    """Those that are not within the site."""
    return [one for one in addresses if urlsplit(one).scheme not in {"", "data"} or one[:2] == "//"]


def test_every_public_name_has_its_place(inventory: Any) -> None:
    """Each has a link of its own, that stays as long as the name does."""
    known = {name for kind, names in inventory.items() if kind.startswith("py:") for name in names}
    parts = ("check", "export", "rules")
    inner = [f"{part}.{name}" for part in parts for name in getattr(pw, part).__all__]
    wanted = {f"puzzle_widgets.{name}" for name in [*pw.__all__, *inner]}
    assert wanted - known == set()


def test_traits_and_actions_are_described(inventory: Any) -> None:
    """What one observes, assigns and calls."""
    for name in ("solution", "budgets", "front_points", "decided"):
        assert f"puzzle_widgets.ExplorerState.{name}" in inventory["py:attribute"]
    for name in ("set_budget", "keep", "want", "start", "undo"):
        assert f"puzzle_widgets.ExplorerState.{name}" in inventory["py:method"]


def test_terms_can_be_linked(inventory: Any, pages: dict[Path, Page], site: Path) -> None:
    """Every term of the glossary, each of several in one cell."""
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| \*\*(.+?)\*\* \|", text, re.MULTILINE)
    terms = [term for cell in cells for term in cell.split(", ")]
    assert len(terms) > 50
    assert set(terms) <= set(inventory["std:term"])
    assert "term-shadow-price" in pages[site / "docs" / "glossary.html"].names


def test_nothing_is_loaded_from_elsewhere(pages: dict[Path, Page], site: Path) -> None:
    """Scripts, styles, fonts and pictures are all in the site."""
    assert {
        str(path): outside(page.loads) for path, page in pages.items() if outside(page.loads)
    } == {}
    for style in site.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        assert outside(re.findall(r"url\(['\"]?([^'\")]+)", text)) == [], style
        assert "@import" not in text, style


def broken(pages: dict[Path, Page]) -> Iterator[str]:
    """Each link within the site that leads nowhere."""
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or not link:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            found = pages.get(target)
            named = found is None or parts.fragment in found.names | {""}
            if not target.exists() or not named:
                yield f"{path.name}: {link}"


def test_links_resolve(pages: dict[Path, Page]) -> None:
    """Each leads to a page or file of the site, and to a place that is there."""
    assert list(broken(pages)) == []
    assert sum(len(page.links) for page in pages.values()) > 1000


def test_every_page_of_the_project_is_in_it(site: Path) -> None:
    """Docs, notebooks, and what stands beside them."""
    sources = [*(ROOT / "docs").glob("*.md"), *(ROOT / "notebooks").glob("*.ipynb")]
    names = [path.relative_to(ROOT).with_suffix(".html") for path in sources]
    names += [Path("README.html"), Path("CHANGELOG.html"), Path("CONTRIBUTING.html")]
    assert [name for name in names if not (site / name).exists()] == []
    assert 'url=docs/index.html"' in (site / "index.html").read_text(encoding="utf-8")
    assert all(path.name.isascii() for path in site.rglob("*"))


def test_formulas_and_flowcharts_need_no_script(site: Path) -> None:
    """Browsers draw both by themselves."""
    notebooks = [path.read_text(encoding="utf-8") for path in (site / "notebooks").glob("*.html")]
    assert sum(text.count("<math ") for text in notebooks) > 10
    drawn = (site / "docs" / "architecture.html").read_text(encoding="utf-8")
    assert drawn.count("<rect ") >= 14
    assert "mermaid" not in drawn


def test_panels_are_shown_at_rest(at_rest: ModuleType) -> None:
    """The chart that a reader would see, as SVG; no view that would need a kernel."""
    explorer = pw.PuzzleExplorer("stdlib-2m-measured")
    shown = at_rest.bundle(explorer)
    explorer.close()
    assert set(shown) == {"text/plain", "text/html"}
    assert shown["text/html"].count("<svg") == 2
    assert "optimal, proven" in shown["text/html"]
    assert "live" in shown["text/html"]


def test_values_of_controls_are_escaped(at_rest: ModuleType) -> None:
    """Whatever was typed into one."""
    from ipywidgets import IntSlider, Text, VBox  # noqa: PLC0415

    shown = at_rest.at_rest(VBox([Text("<b>", description="Name"), IntSlider(3, description="n")]))
    assert shown == "<p>Name: <b>&lt;b&gt;</b></p><p>n: <b>3</b></p>"


def test_names_have_their_values(at_rest: ModuleType) -> None:
    """What is chosen stands beside what it is called; a name of nothing is left out."""
    state = pw.ExplorerState("stdlib-2m-measured")
    state.set_target("vllm")
    panel = pw.ExportPanel(state)
    shown = re.sub(r"<[^>]+>", "", at_rest.at_rest(panel))
    panel.close()
    assert "Target: vLLM" in shown
    assert "Architecture: The one shown now" in shown
    game = pw.BeatTheSolver("stdlib-2m-measured", layers=4)
    assert "Layer 3</span>: <b>8 KV heads, FFN width 480 · 0.0000" in at_rest.at_rest(game)
    game.close()


def test_bounds_and_truth_are_shown_with_chart_and_words(at_rest: ModuleType) -> None:
    """As on the screen."""
    state = pw.ExplorerState("stdlib-2m-measured")
    for panel, words in (
        (pw.BoundPanel(state), "nothing within the budgets is better"),
        (pw.TruthPlot(state), "Spearman 0.995"),
    ):
        shown = at_rest.at_rest(panel)
        panel.close()
        assert shown.count("<svg") == 1
        assert words in shown


@pytest.mark.browser
@pytest.mark.parametrize("system", ["light", "dark"])
@pytest.mark.parametrize("chosen", ["light", "dark", "auto"])
def test_charts_follow_the_page(site: Path, page: Any, system: str, chosen: str) -> None:
    """What a reader has chosen counts, not the system."""
    problem = pw.SearchProblem(pw.load_library("stdlib-2m-measured"), minimize="metrics.kl_div")
    drawing = pw.search(problem).plot().to_svg(adaptive=False)
    page.emulate_media(color_scheme=system)
    page.goto((site / "docs" / "glossary.html").as_uri())
    page.evaluate(f"document.body.dataset.theme = '{chosen}'")
    page.evaluate("svg => document.querySelector('article').innerHTML = svg", str(drawing))
    paper, words = page.evaluate(
        "['.paper', '.quiet'].map((name) => getComputedStyle(document.querySelector(name)).fill)"
    )
    dark = (system if chosen == "auto" else chosen) == "dark"
    assert (_lightness(paper) < 60, _lightness(words) > 150) == (dark, dark)


def _lightness(color: str) -> float:
    """Mean of red, green and blue."""
    return sum(map(int, re.findall(r"\d+", color)[:3])) / 3


@pytest.mark.browser
def test_pages_ask_for_nothing_else(site: Path, page: Any) -> None:
    """In a browser, scripts included."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for name in ("docs/index", "docs/reference/widgets", "docs/architecture", "search"):
        page.goto((site / f"{name}.html").as_uri())
        page.wait_for_load_state("networkidle")
    assert len(asked) > 4
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []

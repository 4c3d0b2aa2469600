"""Pages name only what exists: files, folders, modules, links and their anchors."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import SubBlock
from tests.support.libraries import ROOT
from tests.test_architecture import ORDER

DOCS = [*(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "reference").glob("*.md")]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS])
FOLDERS = "puzzle_widgets|tests|docs|data|notebooks|[.]ci|[.]github"
PATH = re.compile(rf"`((?:{FOLDERS})/[\w./-]*|[A-Z]+[.](?:md|cff)|pyproject[.]toml)`")
MODULE = re.compile(r"\b(puzzle_widgets(?:[.]\w+)+)(?!\w*/)")
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")


def prose(page: Path) -> str:
    """Text of a page without its blocks of code."""
    return re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Names of a page's headings, as a forge makes them."""
    heads = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def exists(dotted: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    try:
        import_module(dotted)
    except ImportError:
        home, _, name = dotted.rpartition(".")
        return hasattr(import_module(home), name)
    return True


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_paths_exist(file: Path) -> None:
    """Every file and folder of the project that a page names in backticks."""
    named = PATH.findall(prose(file))
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_modules_exist(file: Path) -> None:
    """Every dotted name in this package."""
    text = file.read_text(encoding="utf-8").replace("puzzle_widgets.distillation", "")
    assert [name for name in MODULE.findall(text) if not exists(name)] == []


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_links_resolve(file: Path) -> None:
    """Every link into the project, to the heading that it names."""
    for path, anchor in LINK.findall(prose(file)):
        if "://" in path:
            continue
        target = (file.parent / path).resolve() if path else file
        assert target.exists(), path
        if anchor:
            assert anchor in anchors(target), f"{path}#{anchor}"


def test_the_patterns_find_something() -> None:
    """Pages that the next engineer reads do name paths."""
    assert len(PATH.findall(prose(ROOT / "CONTRIBUTING.md"))) > 20


def test_the_picture_shows_the_order() -> None:
    """The drawing of the packages has all of them, in the order that is checked."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawn = re.findall(r'^    (\w+)\["\1: ', text, re.MULTILINE)
    packages = [name for name in ORDER if (ROOT / "puzzle_widgets" / name).is_dir()]
    assert drawn == packages


def test_the_glossary_names_what_the_package_has() -> None:
    """A public class's attribute is named as it is; a name that looks public is."""
    text = prose(ROOT / "docs" / "glossary.md")
    named = set(re.findall(r"`([A-Z]\w+)[.](\w+)`", text))
    assert len(named) > 10
    for owner, name in named:
        found = getattr(pw, owner, SubBlock if owner == "SubBlock" else None)
        assert found is not None, owner
        assert hasattr(found, name) or name in found.__dataclass_fields__, f"{owner}.{name}"
    functions = set(re.findall(r"`([a-z]+_[a-z_]+)`", text)) - {"non_block_costs"}
    assert {name for name in functions if not hasattr(pw, name)} == set()

"""The files that a forge, an editor and a reader of the repository use."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

import puzzle_widgets as pw
from tests.support.libraries import ROOT

yaml = pytest.importorskip("yaml", reason="no reader of YAML is installed")


def read(name: str) -> Any:
    """Content of a YAML file."""
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def test_changelog_and_citation_have_the_version() -> None:
    """The newest heading of the changelog is the version that the package says."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[(.+)\] - (unreleased|\d{4}-\d\d-\d\d)$", text, re.MULTILINE)
    assert headings[0][0] == pw.__version__
    assert read("CITATION.cff")["version"] == pw.__version__


def test_the_citation_names_the_paper() -> None:
    """Whoever cites the package can cite the method, too."""
    citation = read("CITATION.cff")
    assert citation["cff-version"] == "1.2.0"
    (paper,) = citation["references"]
    assert paper["title"].startswith("Puzzle: Distillation-Based NAS")
    assert paper["authors"][0]["family-names"] == "Bercovich"


def test_hooks_and_hosted_checks_use_the_project_itself() -> None:
    """Hooks need no outside repository; a forge runs what everybody runs."""
    (local,) = read(".pre-commit-config.yaml")["repos"]
    assert local["repo"] == "local"
    assert [hook["entry"].split()[0] for hook in local["hooks"]] == ["ruff", "ruff", "mypy"]
    steps = read(".github/workflows/ci.yml")["jobs"]["check"]["steps"]
    assert ".ci/run" in [step.get("run") for step in steps]


def test_the_readme_is_short() -> None:
    """One page, and it leads to the contents."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 120
    assert "](docs/index.md)" in text


def test_the_contents_lead_to_every_page() -> None:
    """All of the docs, and the notebooks by their folder."""
    docs = ROOT / "docs"
    linked = set(
        re.findall(r"^- \[.+?\]\(([^)]+)\)", (docs / "index.md").read_text(), re.MULTILINE)
    )
    pages = [*docs.glob("*.md"), *docs.glob("reference/*.md")]
    wanted = {str(page.relative_to(docs)) for page in pages} - {"index.md"}
    assert wanted <= linked
    assert {"../notebooks/", "../README.md", "../CONTRIBUTING.md", "../CHANGELOG.md"} <= linked


def test_the_reference_lists_every_public_name() -> None:
    """Once each, and no other; a new one goes where it belongs."""
    texts = [page.read_text(encoding="utf-8") for page in (ROOT / "docs/reference").glob("*.md")]
    lists = re.findall(r"^```\{public\}\n(.*?)^```$", "".join(texts), re.MULTILINE | re.DOTALL)
    assert sorted(" ".join(lists).split()) == sorted(pw.__all__)


def test_the_source_distribution_names_what_exists() -> None:
    """A file that is moved is moved there, too."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = settings["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert [name for name in included if not (ROOT / name).exists()] == []

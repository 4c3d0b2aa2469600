"""The distributions as they would be published: complete, and fit for an index."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from puzzle_widgets.widgets.guide import PAGES as PAGES_SHOWN
from tests.support.libraries import ROOT

pytest.importorskip("build", reason="build is not installed")
pytest.importorskip("twine", reason="twine is not installed")

pytestmark = pytest.mark.slow
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md", "docs/glossary.md")


def run(*words: str) -> str:
    """Run a module of this Python and give what it says."""
    done = subprocess.run(
        [sys.executable, "-m", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run("build", "--no-isolation", "--outdir", str(folder), str(ROOT))
    return folder


@pytest.fixture(scope="module")
def source(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, unpacked."""
    folder = tmp_path_factory.mktemp("source")
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    (top,) = folder.iterdir()
    return top


def test_an_index_would_take_them(built: Path) -> None:
    """Metadata and README are as they have to be."""
    files = [str(file) for file in sorted(built.iterdir())]
    assert len(files) == 2
    assert run("twine", "check", "--strict", *files).count("PASSED") == 2


@pytest.mark.parametrize("name", PAGES)
def test_links_resolve_in_the_source(source: Path, name: str) -> None:
    """Every file that a page links or shows is there."""
    text = (source / name).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link]
    missing = [link for link in links if not ((source / name).parent / link).exists()]
    assert missing == []


def test_the_source_can_check_itself(source: Path) -> None:
    """Tests, docs, notebooks and what they need come along; builds and caches stay out."""
    parts = {path.name for path in source.iterdir()}
    assert {"tests", "docs", "data", "notebooks", ".ci", "LICENSE", "CITATION.cff"} <= parts
    assert not list(source.rglob("__pycache__"))


def test_the_kernel_comes_along_as_source_and_built(built: Path, source: Path) -> None:
    """One wheel for all systems; page and Python run the same file, and anyone can build it."""
    (wheel,) = built.glob("*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    kernel = Path("puzzle_widgets/search/kernel")
    with zipfile.ZipFile(wheel) as packed:
        for path in sorted((ROOT / kernel).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                name = path.relative_to(ROOT)
                assert packed.read(str(name)) == path.read_bytes(), name
                assert (source / name).read_bytes() == path.read_bytes(), name
    named = {path.name for path in (source / kernel).iterdir()}
    assert {"kernel.wasm", "kernel.js", "build", "source"} <= named
    assert os.access(source / kernel / "build", os.X_OK)


def test_the_wheel_holds_what_it_is_said_to(built: Path) -> None:
    """The embedded libraries, notebooks, the guide's pages, types and license; no tests."""
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for name in (
        "_data/llama-3.3-70b-modeled.json",
        "_data/llama-3.3-70b-modeled-h200.json",
        "_data/llama-3.3-70b-modeled-h100.json",
        "_data/stdlib-2m-measured.json",
        "_data/stdlib-2m-measured/ground_truth.json",
        *(f"_notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")),
        *(f"_docs/{name}" for name in PAGES_SHOWN),
        "py.typed",
    ):
        assert f"puzzle_widgets/{name}" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith("tests/") for name in names)

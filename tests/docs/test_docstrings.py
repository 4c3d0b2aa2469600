"""The examples in docstrings are run as they stand."""

from __future__ import annotations

import doctest
import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import puzzle_widgets as pw
from puzzle_widgets import charts, errors
from tests.support.libraries import ROOT

PACKAGE = ROOT / "puzzle_widgets"
MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if ">>> " in path.read_text("utf-8")]


def dotted(path: Path) -> str:
    """Name of a file's module."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_examples_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each gives what it says, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    found = doctest.testmod(import_module(dotted(path)), optionflags=doctest.ELLIPSIS)
    assert found.attempted > 0
    assert found.failed == 0


# What they need to be raised, PyTorch and a server, is not there for an example.
UNSHOWN = {"PuzzleError", "BuildError", "ServerError"}
PUBLIC = [
    *((pw, name) for name in pw.__all__ if name not in UNSHOWN),
    *((pw.export, name) for name in pw.export.__all__ if callable(getattr(pw.export, name))),
    *((charts, name) for name in charts.__all__),
]


@pytest.mark.parametrize(
    ("home", "name"), PUBLIC, ids=lambda value: getattr(value, "__name__", value)
)
def test_every_public_name_has_an_example(home: ModuleType, name: str) -> None:
    """Short enough to type, and run above."""
    assert ">>> " in (getattr(home, name).__doc__ or "")


def drawn() -> dict[str, str]:
    """Each class in the drawing of the errors with the one that it stands under."""
    line = re.compile(r"^    ([ │]*)(?:[├└]── )?([A-Za-z]+)(?: .*)?$", re.MULTILINE)
    lines = line.findall(errors.__doc__ or "")
    above: dict[int, str] = {}
    found = {}
    for indent, name in lines:
        depth = len(indent) // 4 + (name != "Exception")
        above[depth] = name
        found[name] = above.get(depth - 1, "")
    return found


def test_the_tree_of_errors_is_drawn_as_it_is() -> None:
    """The drawing in the module's docstring and the classes agree."""
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    tree = {error.__name__: error.__bases__[0].__name__ for error in classes}
    assert drawn() == {"Exception": "", **tree}
    assert len(tree) > 5

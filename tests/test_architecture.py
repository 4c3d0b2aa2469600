"""The order of the packages, and what may be imported where."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.libraries import ROOT

PACKAGE = ROOT / "puzzle_widgets"
# Each imports only from those before it; the package's own __init__ gathers the public names.
ORDER = [
    "hosted",
    "loading",
    "version",
    "errors",
    "deferred",
    "resources",
    "writing",
    "shown",
    "library",
    "problem",
    "search",
    "solution",
    "sweeps",
    "files",
    "reasons",
    "workshop",
    "charts",
    "export",
    "distillation",
    "state",
    "widgets",
    "app",
    "cli",
    "__main__",
]
# What objects show and draw of themselves, and a problem's model for PuLP: asked of parts that
# stand after them, within the function alone.
HOOKS = {
    "shown.py": {"charts"},
    "problem/problem.py": {"search"},
    "reasons/lagrangian.py": {"charts"},
    "reasons/partial.py": {"charts"},
    "solution/solution.py": {"charts"},
    "sweeps/decision_map.py": {"charts"},
    "sweeps/front.py": {"charts"},
    "sweeps/surface.py": {"charts"},
}
MODULES = sorted(PACKAGE.rglob("*.py"))
MAX_MODULE, MAX_FUNCTION = 500, 50


def imports(module: Path) -> Iterator[str]:
    """Dotted names of all modules that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            assert node.module is not None
            yield node.module
            if node.module == "puzzle_widgets":
                yield from (f"puzzle_widgets.{alias.name}" for alias in node.names)


def dotted(module: Path) -> str:
    """A module's name as it is imported."""
    name = ".".join(module.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


def part(module: Path) -> str:
    """The package's part that a file belongs to."""
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_every_module_has_its_place() -> None:
    """A new part of the package has to be put in the order."""
    assert {part(module) for module in MODULES} - {"__init__"} <= set(ORDER)
    assert len(MODULES) > 20


@pytest.mark.parametrize("module", MODULES, ids=lambda m: str(m.relative_to(PACKAGE)))
def test_modules_import_from_what_stands_before_them(module: Path) -> None:
    """One direction, no circles: a part uses itself and the parts before it only."""
    if part(module) == "__init__":
        return
    allowed = set(ORDER[: ORDER.index(part(module)) + 1])
    used = {name.split(".")[1] for name in imports(module) if name.startswith("puzzle_widgets.")}
    if part(module) != "__main__":
        assert "puzzle_widgets" not in imports(module), "nobody imports the package's root"
    assert used <= allowed | HOOKS.get(module.relative_to(PACKAGE).as_posix(), set())


def test_no_two_modules_import_each_other() -> None:
    """Not for types either; only a package and the modules that it gathers may."""
    names = {dotted(module): module for module in MODULES}
    used = {name: set(imports(module)) for name, module in names.items()}
    both = [
        (one, other)
        for one, others in used.items()
        for other in others & names.keys()
        if one in used[other] and not other.startswith(f"{one}.") and one != other
    ]
    circles = [pair for pair in both if not pair[0].startswith(f"{pair[1]}.")]
    assert circles == []


def test_nothing_needs_the_build() -> None:
    """Only the command line asks for it, when it is asked to build: PyTorch is optional."""
    outside = [module for module in MODULES if part(module) != "distillation"]
    for module in outside:
        assert not any(name.startswith("puzzle_widgets.distillation") for name in imports(module))


@pytest.mark.parametrize(
    ("library", "places"),
    [
        ("pulp", ("search/mip.py",)),
        ("highspy", ("search/",)),
        ("bqplot", ("widgets/",)),
        ("ipywidgets", ("widgets/", "app/")),
        ("anywidget", ("widgets/",)),
        ("IPython", ("widgets/", "app/")),
        ("voila", ("app/",)),
        ("rich", ("cli/", "distillation/run.py")),
        ("jinja2", ("export/report.py", "widgets/html.py")),
        ("markdown_it", ("widgets/guide.py",)),
        ("pooch", ("library/datasets.py",)),
        ("torch", ("distillation/",)),
    ],
)
def test_a_dependency_is_known_in_one_place(library: str, places: tuple[str, ...]) -> None:
    """What is exchanged one day is exchanged in one place."""
    users = [
        str(module.relative_to(PACKAGE))
        for module in MODULES
        if library in {name.split(".")[0] for name in imports(module)}
    ]
    assert all(user.startswith(places) for user in users), users


@pytest.mark.parametrize("module", MODULES, ids=lambda m: str(m.relative_to(PACKAGE)))
def test_modules_and_functions_are_short(module: Path) -> None:
    """At most 500 lines per module and 50 per function, its docstring left out."""
    text = module.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1 - _docstring_lines(node)
            assert lines <= MAX_FUNCTION, f"{node.name} is long"


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the docstring, which do not count."""
    if ast.get_docstring(node) is None:
        return 0
    return (node.body[0].end_lineno or 0) - node.body[0].lineno + 1


BLOCK = """
import sys

BLOCKED = ("ipywidgets", "bqplot", "IPython", "ipykernel", "voila", "jupyter", "anywidget", "nb")

class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0].startswith(BLOCKED):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Wall())
"""

CORE = """
import puzzle_widgets as pw
library = pw.load_library("llama-3.3-70b-modeled")
problem = pw.SearchProblem(library, minimize="metrics.kl_div", budgets={"stats.memory_mib": "70 %"})
assert pw.search(problem).status == "optimal"
assert len(pw.pareto_front(problem, "throughput", 3).solutions) >= 2
assert "ExplorerState" in dir(pw)
try:
    pw.PuzzleExplorer
except ImportError:
    print("works")
"""

ALONE = """
import puzzle_widgets as pw
problem = pw.SearchProblem(
    pw.load_library("llama-3.3-70b-modeled"),
    minimize="metrics.kl_div",
    budgets={"stats.memory_mib": "70 %"},
)
assert pw.search(problem).status == "optimal"
assert pw.ExplorerState(problem).solution.status == "optimal"
try:
    pw.search(problem, solver="HiGHS")
except pw.SolverError as error:
    assert "needs PuLP" in str(error) or "is not available" in str(error), error
    print("works")
"""

STATE = """
import puzzle_widgets.state
import puzzle_widgets as pw
assert pw.ExplorerState
print("works")
"""


def run_without_jupyter(code: str, *, more: str = "") -> str:
    """Run code in a fresh Python in which nothing of Jupyter, nor ``more``, can be imported."""
    block = BLOCK.replace('"nb")', f'"nb", {more!r})') if more else BLOCK
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", block + code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_library_and_search_need_no_jupyter() -> None:
    """Load, search and front work without any package of Jupyter; only widgets ask for it."""
    assert run_without_jupyter(CORE) == "works"


@pytest.mark.parametrize("missing", ["pulp", "highspy"])
def test_the_search_needs_no_solver(missing: str) -> None:
    """As in a browser's Python: optima are proven all the same; asking for it says why not."""
    assert run_without_jupyter(ALONE, more=missing) == "works"


def test_the_state_needs_no_jupyter() -> None:
    """What the widgets are linked by can be used and tested alone."""
    assert run_without_jupyter(STATE) == "works"


def test_importing_the_package_loads_no_widgets() -> None:
    """Widgets load when they are first asked for, so that a script starts fast."""
    code = "import sys, puzzle_widgets; print('ipywidgets' in sys.modules, 'bqplot' in sys.modules)"
    assert run_without_jupyter(code) == "False False"

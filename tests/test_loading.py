"""Ctrl-C while the program loads, and in a process that merely imports the library."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from puzzle_widgets.loading import interruptible, loading
from tests.support.libraries import ROOT

# A shell that runs the tests in the background has them ignore Ctrl-C, and so their children.
INTERRUPT = "import signal; signal.raise_signal(signal.SIGINT)"
HEARD = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
# The first module that the package loads after its own beginning interrupts it.
WHILE_LOADING = f"""
import sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "puzzle_widgets.errors":
            {INTERRUPT}
sys.meta_path.insert(0, Interrupting())
"""
UNNEEDED = (
    *("pandas", "pyarrow", "openpyxl", "jinja2", "rich", "pooch", "pulp", "highspy"),
    *("IPython", "ipywidgets", "bqplot", "puzzle_widgets.export", "puzzle_widgets.state"),
)


def run(*words: str) -> tuple[int, str]:
    """Exit status of Python and what it says of errors."""
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, done.stderr


def output(code: str) -> str:
    """What a fresh Python says that runs this."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("program", ["puzzle-widgets", "other"])
def test_interrupted_program_ends_without_a_traceback(program: str) -> None:
    """The program ends by the signal itself; other programs get their exception."""
    code = (
        f"{HEARD}\nimport sys; sys.argv = ['/bin/{program}']\n"
        f"{WHILE_LOADING}\nimport puzzle_widgets.cli"
    )
    status, errors = run("-c", code)
    if program == "puzzle-widgets":
        assert (status, errors) == (-signal.SIGINT, "")
    else:
        assert "KeyboardInterrupt" in errors


def test_interrupted_module_ends_without_a_traceback() -> None:
    """So does ``python -m puzzle_widgets``."""
    code = (
        f"{HEARD}\nimport sys; sys.argv = ['-m']\n"
        "sys.orig_argv = ['python', '-m', 'puzzle_widgets']\n"
        f"{WHILE_LOADING}\nimport puzzle_widgets.cli"
    )
    assert run("-c", code) == (-signal.SIGINT, "")


def test_interrupts_are_python_s_again_after_loading() -> None:
    """Only while something is loaded does Ctrl-C end the process at once."""
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with loading():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        interruptible()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_search_loads_neither_pandas_nor_solvers_nor_widgets() -> None:
    """Opening a library and searching it loads only what these need."""
    code = (
        "import sys, puzzle_widgets as pw\n"
        "library = pw.load_library('llama-3.3-70b-modeled')\n"
        "budgets = {'stats.memory_mib': '70 %'}\n"
        "problem = pw.SearchProblem(library, minimize='metrics.kl_div', budgets=budgets)\n"
        "assert pw.search(problem).status == 'optimal'\n"
        f"print(*sorted(set({UNNEEDED}) & set(sys.modules)))"
    )
    assert output(code) == ""


def test_the_command_searches_without_charts_and_exports() -> None:
    """What is drawn or exported loads with the commands that do so."""
    code = (
        "import sys, io, contextlib\n"
        "from puzzle_widgets.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    assert main(['search', 'stdlib-2m-measured']) == 0\n"
        "unneeded = ('jinja2', 'pandas', 'puzzle_widgets.charts', 'puzzle_widgets.export')\n"
        "print(*sorted(set(unneeded) & set(sys.modules)))"
    )
    assert output(code) == ""


def test_what_was_found_has_a_frame_whatever_was_loaded_before() -> None:
    """A frame is the first that a program asks for after its search."""
    code = (
        "import puzzle_widgets as pw; library = pw.load_library('stdlib-2m-measured');"
        "problem = pw.SearchProblem(library, minimize='metrics.kl_div');"
        "print(len(pw.to_frame(pw.search(problem))), len(pw.to_frame(problem)))"
    )
    assert output(code) == "8 0"


def test_importing_the_package_loads_nothing_of_it() -> None:
    """Public names load when they are first asked for."""
    code = (
        "import sys, puzzle_widgets\n"
        "print('numpy' in sys.modules, 'puzzle_widgets.library' in sys.modules)"
    )
    assert output(code) == "False False"


@pytest.mark.parametrize("first", ["pw.search", "pw.pareto_front", "puzzle_widgets.search.mip"])
def test_the_search_is_a_function_whatever_was_loaded_before(first: str) -> None:
    """The package that has its name does not take its place."""
    code = (
        "from importlib import import_module\n"
        "import puzzle_widgets as pw\n"
        f"{first if first.startswith('pw') else f'import_module({first!r})'}\n"
        "from puzzle_widgets import search\n"
        "print(callable(search), search is pw.search)"
    )
    assert output(code) == "True True"


@pytest.mark.parametrize("words", [["--help"], ["--version"]])
def test_the_program_s_help_loads_no_library(words: list[str]) -> None:
    """What a command takes, and all it needs, loads for that command only."""
    code = (
        "import sys\nfrom puzzle_widgets.cli import main\n"
        f"try:\n    main({words})\nexcept SystemExit:\n    pass\n"
        "print('found', *sorted({'numpy', 'rich', 'puzzle_widgets.library'} & set(sys.modules)))"
    )
    assert output(code).splitlines()[-1] == "found"


def test_a_search_of_the_program_loads_only_what_it_needs() -> None:
    """A library that ships with the package needs no download, and no other reader."""
    others = {"pandas", "jinja2", "pooch", "tqdm", "pulp", "highspy", "ipywidgets", "torch"}
    code = (
        "import sys\nfrom puzzle_widgets.cli import main\n"
        "main(['search', 'llama-3.3-70b-modeled', '--max', 'stats.memory_mib=60%'])\n"
        f"print('found', *sorted({others} & set(sys.modules)))"
    )
    assert output(code).splitlines()[-1] == "found"

"""How commands are found, and what comes back to the shell."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import puzzle_widgets
from puzzle_widgets.cli import main as public_main
from puzzle_widgets.cli import run_library
from tests.cli.conftest import Ran

Run = Callable[..., Ran]
EMBEDDED = "llama-3.3-70b-modeled"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, dict[str, Any]]]:
    """Calls of the server, which stands still."""
    calls: list[tuple[Any, dict[str, Any]]] = []

    def serve(library: str | None, **options: Any) -> None:
        calls.append((library, options))

    monkeypatch.setattr(run_library, "import_module", lambda _name: SimpleNamespace(serve=serve))
    return calls


@pytest.mark.parametrize(
    ("words", "library", "options"),
    [
        ([], None, {"port": None, "open_browser": True}),
        (["app"], None, {"port": None, "open_browser": True}),
        (["--port", "9000", "--no-browser"], None, {"port": 9000, "open_browser": False}),
        (["app", EMBEDDED, "--port", "9000"], EMBEDDED, {"port": 9000, "open_browser": True}),
        ([EMBEDDED, "--no-browser"], EMBEDDED, {"port": None, "open_browser": False}),
        (
            ["app", "--sessions", "3", "--ip", "::", "--base-url", "demo", "--token", "secret"],
            None,
            {"port": None, "open_browser": True, "max_sessions": 3, "ip": "::"}
            | {"base_url": "demo", "token": "secret"},
        ),
        (
            ["app", "--trusted-host", "a", "--trusted-host", "b", "--behind-proxy", "--metrics"],
            None,
            {"port": None, "open_browser": True, "trusted_hosts": ["a", "b"]}
            | {"behind_proxy": True, "metrics": True},
        ),
        (
            ["app", "--offer", EMBEDDED, "--no-fetch"],
            None,
            {"port": None, "open_browser": True, "offered": [EMBEDDED], "fetch": False},
        ),
    ],
)
def test_the_app_is_the_default(
    run: Run,
    served: list[tuple[Any, dict[str, Any]]],
    words: list[str],
    library: str | None,
    options: dict[str, Any],
) -> None:
    """With and without the word app the same is served."""
    assert run(*words).code == 0
    assert served == [(library, {"how": {}, **options})]


def test_a_bad_library_fails_before_serving(
    run: Run, served: list[tuple[Any, dict[str, Any]]]
) -> None:
    """The app is not started on a library that cannot be opened."""
    ran = run("app", "nowhere")
    assert ran.code == 1
    assert "nowhere" in ran.err
    assert served == []


@pytest.mark.parametrize(
    "words",
    [
        ["serach"],
        ["search"],
        ["search", EMBEDDED, "--minimize", "a", "--maximize", "b"],
        ["search", EMBEDDED, "--max", "stats.memory_mib"],
        ["search", EMBEDDED, "--gap", "wide"],
        ["front", EMBEDDED, "--between", "nan", "1"],
        ["--port", "many"],
    ],
)
def test_wrong_usage_leaves_by_64(run: Run, words: list[str]) -> None:
    """Usage errors keep away from 2, which means infeasible, and write to stderr only."""
    ran = run(*words)
    assert (ran.code, ran.out) == (64, "")
    assert "usage:" in ran.err


@pytest.mark.parametrize("command", ["app", "search", "front", "show", "datasets"])
def test_every_command_has_help(run: Run, command: str) -> None:
    """--help works everywhere; percent signs in help texts are what breaks it."""
    ran = run(command, "--help")
    assert ran.code == 0
    assert "usage: puzzle-widgets" in ran.out


def test_help_explains_the_exit_codes(run: Run) -> None:
    """The codes stand in the help of the program and of search."""
    for words in (["--help"], ["search", "--help"]):
        assert "2 infeasible" in " ".join(run(*words).out.split())


def test_version_is_the_packages(run: Run) -> None:
    """--version prints the package's version."""
    assert run("--version").out.strip() == f"puzzle-widgets {puzzle_widgets.__version__}"


def test_an_interrupt_leaves_by_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C where nothing is kept ends without a traceback."""

    def interrupted(_asked: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(run_library, "run_datasets", interrupted)
    ran = run("datasets")
    assert (ran.code, ran.err) == (130, "puzzle-widgets: stopped.\n")


def test_without_jupyter_all_but_the_app_runs() -> None:
    """With Jupyter's packages out of reach, searching works and the app says what is missing."""
    hide = (
        "import sys; from importlib.abc import MetaPathFinder\n"
        "class Hide(MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in {'ipywidgets', 'bqplot', 'IPython', 'voila', 'ipykernel',"
        " 'jupyter_core', 'tornado', 'anywidget'}:\n"
        "            raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Hide())\n"
        "from puzzle_widgets.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )

    def python(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", hide, *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert python("search", EMBEDDED, "--fix", "0=parent").returncode == 0
    app = python("app", "--no-browser")
    assert app.returncode == 1
    assert "which is not installed" in app.stderr
    assert "Traceback" not in app.stderr


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    """A closed pipe, as with head, leaves no traceback."""
    with (tmp_path / "err").open("w+") as errors:
        command = [sys.executable, "-m", "puzzle_widgets", "show", EMBEDDED]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as process:
            assert process.stdout is not None
            process.stdout.close()
            process.wait(timeout=60)
        errors.seek(0)
        assert errors.read() == ""


def test_module_and_command_are_one() -> None:
    """The console script's target is this function."""
    from puzzle_widgets.__main__ import main  # noqa: PLC0415

    assert main is public_main


def test_a_notebook_is_served_by_its_number(
    run: Run, served: list[tuple[Any, dict[str, Any]]]
) -> None:
    """With its title, for the page is a document; the list names those that there are."""
    assert run("app", "--notebook", "03").out == ""
    ((library, options),) = served
    assert library is None
    assert options["notebook"].name == "03_model_by_hand.ipynb"
    assert options["document"] == "The model by hand"
    served.clear()
    assert "03_model_by_hand" in run("app", "--notebook", "list").out
    assert "no notebook '99'" in run("app", "--notebook", "99").err
    assert "has a library of its own" in run("app", EMBEDDED, "--notebook", "03").err
    assert served == []

"""Checks an installation: what is there, whether it works, and what to do where it does not.

Nothing here is imported before it is checked, so that a broken installation is told in words, too.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path
from typing import Literal

from puzzle_widgets.version import __version__

Outcome = Literal["ok", "note", "failed"]
PACKAGE = "puzzle-widgets"
EXTENSIONS = {
    "@jupyter-widgets/jupyterlab-manager": "jupyterlab_widgets",
    "anywidget": "anywidget",
    "bqplot": "bqplot",
}
"""Front-end parts for JupyterLab, and the package that brings each."""
LEAST_PYTHON = (3, 11)
LEAST_MIB, ENOUGH_MIB = 400, 1_024
_TEMPLATE = ("voila", "templates", "puzzle_widgets", "index.html.j2")
_AGAIN = f"pip install --force-reinstall {PACKAGE}"


@dataclass(frozen=True)
class Finding:
    """What one check has found.

    Parameters
    ----------
    check
        What was looked at.
    outcome
        ``"ok"``, ``"note"`` for what is good to know, ``"failed"`` for what has to be fixed.
    found
        What is there.
    todo
        What to do; empty where nothing is.
    """

    check: str
    outcome: Outcome
    found: str
    todo: str = ""


def examine(port: int | None = None) -> list[Finding]:
    """Make all checks; one that breaks is a finding itself.

    Parameters
    ----------
    port
        The port that the app is to take; ``None`` for the usual or any other free one.

    Examples
    --------
    >>> [found.check for found in examine() if found.outcome == "failed"]
    []
    """
    checks: list[tuple[str, Callable[[], Finding]]] = [
        ("Python", python),
        ("Packages", packages),
        ("Search engine", engine),
        ("Widgets", panels),
        ("JupyterLab", extensions),
        ("Notebook kernel", kernel),
        ("Voila", voila),
        ("Port", lambda: free_port(port)),
        ("Memory", memory),
        ("Cache folder", cache),
    ]
    return [_guarded(name, check) for name, check in checks]


def _guarded(name: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - the check is there to tell what does not work
        return Finding(name, "failed", f"{type(error).__name__}: {error}", f"Try {_AGAIN}.")


def python() -> Finding:
    """Whether this Python is new enough."""
    words = f"{'.'.join(map(str, sys.version_info[:3]))} at {sys.executable}"
    if sys.version_info[:2] < LEAST_PYTHON:
        least = ".".join(map(str, LEAST_PYTHON))
        return Finding("Python", "failed", words, f"Install Python {least} or later.")
    return Finding("Python", "ok", words)


def packages() -> Finding:
    """Whether what the package requires is there, in versions that it can use."""
    try:
        required = metadata.requires(PACKAGE) or []
    except metadata.PackageNotFoundError:
        return Finding("Packages", "note", "not installed but run from its files", "")
    from packaging.requirements import Requirement  # noqa: PLC0415 - checked only if all is there

    wrong = [words for words in map(_wrong, map(Requirement, required)) if words]
    if wrong:
        todo = f"Try pip install --upgrade {PACKAGE}."
        return Finding("Packages", "failed", "; ".join(wrong), todo)
    count = sum(_applies(Requirement(one)) for one in required)
    return Finding("Packages", "ok", f"{PACKAGE} {__version__}, and {count} that it requires")


def _applies(requirement: object) -> bool:
    marker = getattr(requirement, "marker", None)
    return marker is None or bool(marker.evaluate({"extra": ""}))


def _wrong(requirement: object) -> str:
    """What is wrong with a required package; empty where nothing is."""
    if not _applies(requirement):
        return ""
    name, wanted = str(getattr(requirement, "name", "")), getattr(requirement, "specifier", None)
    try:
        there = metadata.version(name)
    except metadata.PackageNotFoundError:
        return f"{name} is missing"
    fits = wanted is None or wanted.contains(there, prereleases=True)
    return "" if fits else f"{name} is {there}, and {wanted} is needed"


def engine() -> Finding:
    """Search the embedded library by WebAssembly and by the reference, and compare."""
    from puzzle_widgets.library import load_library  # noqa: PLC0415
    from puzzle_widgets.problem import SearchProblem  # noqa: PLC0415
    from puzzle_widgets.search.kernel.host import kernel_runs, new_host  # noqa: PLC0415
    from puzzle_widgets.search.options import SearchOptions  # noqa: PLC0415
    from puzzle_widgets.search.reference import solve_by_reference  # noqa: PLC0415
    from puzzle_widgets.solution import search  # noqa: PLC0415

    todo = "Try pip install --force-reinstall wasmtime. Until then, searches run, but slower."
    if not kernel_runs():
        try:
            new_host()
        except Exception as error:  # noqa: BLE001 - asked for the words only
            return Finding("Search engine", "failed", f"WebAssembly does not run: {error}", todo)
    library = load_library("stdlib-2m-measured")
    problem = SearchProblem(
        library, minimize=library.scores[0], budgets={"stats.memory_mib": "60 %"}
    )
    found = search(problem)
    known = solve_by_reference(problem.mckp, SearchOptions())
    same = known.choice is not None and (found.choice == known.choice).all()
    if found.status != "optimal" or not same:
        words = "a search by WebAssembly and one in NumPy do not agree"
        return Finding("Search engine", "failed", words, f"Please report this. {todo}")
    words = f"WebAssembly; {library.name} searched in {found.seconds:.2f} s, optimal, proven"
    return Finding("Search engine", "ok", words)


def panels() -> Finding:
    """Whether the panels load, and all that they are made of."""
    import_module("puzzle_widgets.widgets.explorer")
    versions = [
        f"{name} {metadata.version(name)}" for name in ("ipywidgets", "bqplot", "anywidget")
    ]
    return Finding("Widgets", "ok", ", ".join(versions))


def extensions() -> Finding:
    """Whether JupyterLab of this environment finds the widgets' front-end parts, and which."""
    try:
        lab = metadata.version("jupyterlab")
    except metadata.PackageNotFoundError:
        words = "not in this environment; the app does not need it"
        todo = "For notebooks: pip install jupyterlab, in this same environment."
        return Finding("JupyterLab", "note", words, todo)
    from jupyter_core.paths import jupyter_path  # noqa: PLC0415

    folders = [Path(folder) for folder in jupyter_path("labextensions")]
    wrong = [words for name in EXTENSIONS if (words := _wrong_extension(name, folders))]
    if wrong:
        names = " ".join(EXTENSIONS.values())
        todo = f"Try pip install --force-reinstall {names}, and reload the page of JupyterLab."
        return Finding("JupyterLab", "failed", "; ".join(wrong), todo)
    return Finding("JupyterLab", "ok", f"{lab}, with {', '.join(EXTENSIONS)}")


def _wrong_extension(name: str, folders: Iterable[Path]) -> str:
    """What is wrong with a front-end part; empty where nothing is."""
    seen = [folder / name / "package.json" for folder in folders]
    first = next((path for path in seen if path.is_file()), None)
    if first is None:
        return f"{name} is not found"
    there, own = _version_in(first), _shipped_version(name)
    if own is not None and there != own:
        return f"{name} is {there} in {first.parent}, and its package brings {own}"
    return ""


def _shipped_version(name: str) -> str | None:
    """Version of a front-end part that its Python package has installed; None if it cannot tell."""
    try:
        files = metadata.files(EXTENSIONS[name]) or []
    except metadata.PackageNotFoundError:
        return None
    end = f"labextensions/{name}/package.json"
    found = [Path(str(one.locate())) for one in files if one.as_posix().endswith(end)]
    return next((_version_in(path) for path in found if path.is_file()), None)


def _version_in(path: Path) -> str:
    return str(json.loads(path.read_text(encoding="utf-8")).get("version", "unknown"))


def kernel() -> Finding:
    """Whether notebooks run in this Python by default."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel  # noqa: PLC0415

    try:
        command = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except NoSuchKernel:
        words, todo = "no kernel named python3", "Run python -m ipykernel install --sys-prefix."
        return Finding("Notebook kernel", "note", words, todo)
    own = Path(command).name.startswith("python") and not os.path.dirname(command)  # noqa: PTH120
    if own or Path(command).parent.resolve() == Path(sys.executable).parent.resolve():
        return Finding("Notebook kernel", "ok", "python3 is this Python")
    words = f"python3 is another Python, {command}"
    todo = "Notebooks would not find the package. Run python -m ipykernel install --sys-prefix."
    return Finding("Notebook kernel", "note", words, todo)


def voila() -> Finding:
    """Whether Voila loads, and the app's template and notebook are there."""
    import_module("puzzle_widgets.app.server")
    from jupyter_core.paths import jupyter_path  # noqa: PLC0415

    from puzzle_widgets.app.settings import explorer_notebook  # noqa: PLC0415

    own = Path(__file__).parent / "jupyter"
    missing = [
        name
        for name, there in (
            ("the app's template", own.joinpath(*_TEMPLATE).is_file()),
            ("the app's notebook", explorer_notebook().is_file()),
            ("Voila's own templates", any(map(os.path.isdir, jupyter_path("voila", "templates")))),
        )
        if not there
    ]
    if missing:
        words = f"{', '.join(missing)} cannot be found"
        return Finding("Voila", "failed", words, f"Try {_AGAIN} voila.")
    return Finding("Voila", "ok", f"{metadata.version('voila')}, with the app's template")


def free_port(port: int | None = None) -> Finding:
    """Whether the app can listen on this machine."""
    from puzzle_widgets.app.machine import PREFERRED_PORT, listen_at, port_of  # noqa: PLC0415
    from puzzle_widgets.errors import ServerError  # noqa: PLC0415

    try:
        with listen_at("127.0.0.1", port) as listener:
            got = port_of(listener)
    except ServerError as error:
        return Finding("Port", "failed", str(error), "Name another with --port, or none.")
    if port is None and got != PREFERRED_PORT:
        words = f"{PREFERRED_PORT} is taken, by another app perhaps"
        return Finding("Port", "note", words, "Nothing: the app takes another and says which.")
    return Finding("Port", "ok", f"{got} is free")


def memory() -> Finding:
    """Whether a session or two have room."""
    import psutil  # noqa: PLC0415

    mib = int(psutil.virtual_memory().available // 2**20)
    words = f"{mib:,} MiB free"
    if mib < LEAST_MIB:
        todo = f"The app needs {LEAST_MIB} MiB. Close other programs."
        return Finding("Memory", "failed", words, todo)
    if mib < ENOUGH_MIB:
        return Finding("Memory", "note", words, "Enough for a few open pages. Close what is idle.")
    return Finding("Memory", "ok", words)


def cache() -> Finding:
    """Whether fetched datasets can be kept."""
    from puzzle_widgets.library.datasets import CACHE_VARIABLE, cache_folder  # noqa: PLC0415

    folder = cache_folder()
    nearest = next(one for one in (folder, *folder.parents) if one.exists())
    try:
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        words = f"{folder} cannot be written ({error.strerror})"
        return Finding("Cache folder", "failed", words, f"Name another in {CACHE_VARIABLE}.")
    return Finding("Cache folder", "ok", f"{folder} can be written")

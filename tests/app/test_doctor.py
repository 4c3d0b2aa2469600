"""The installation check: each failure, faked, is told with what to do."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from puzzle_widgets.app import doctor
from tests.support.libraries import ROOT


def lacking(*names: str) -> Callable[[str], str]:
    """Versions of packages, where these are not installed."""
    known = metadata.version

    def version(name: str) -> str:
        if name in names:
            raise metadata.PackageNotFoundError(name)
        return known(name)

    return version


def test_this_installation_works() -> None:
    """Every check says what it has found."""
    findings = doctor.examine(0)
    assert len({one.check for one in findings}) == len(findings) == 10
    assert [one for one in findings if one.outcome == "failed"] == []
    assert all(one.found for one in findings)


def test_an_old_python_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the version that is needed."""
    monkeypatch.setattr(doctor, "LEAST_PYTHON", (9, 0))
    found = doctor.python()
    assert found.outcome == "failed"
    assert "Install Python 9.0 or later" in found.todo


def test_missing_and_old_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those for other systems, or for extras, are not asked for."""
    required = ["numpy>=999", "voila>=0.5", "absent>=1", "foreign>=1; sys_platform == 'none'"]
    required += ["torch>=2.4; extra == 'build'"]
    monkeypatch.setattr(metadata, "requires", lambda _: required)
    monkeypatch.setattr(metadata, "version", lacking("absent", "foreign", "torch"))
    found = doctor.packages()
    assert found.outcome == "failed"
    assert "absent is missing" in found.found
    assert "numpy is" in found.found
    assert ">=999 is needed" in found.found
    assert "voila" not in found.found
    assert "foreign" not in found.found
    assert "torch" not in found.found


def test_a_checkout_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no list of what it requires."""

    def requires(_name: str) -> list[str]:
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "requires", requires)
    assert doctor.packages().outcome == "note"


def test_an_engine_that_does_not_run_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches then run by the reference: slower, not wrong."""
    from puzzle_widgets.search.kernel import host  # noqa: PLC0415

    monkeypatch.setenv(host.OFF, "1")
    monkeypatch.setattr(host, "kernel_runs", lambda: False)
    found = doctor.engine()
    assert found.outcome == "failed"
    assert "WebAssembly does not run" in found.found
    assert "wasmtime" in found.todo


def test_an_engine_that_answers_otherwise_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference has searched the same."""
    from puzzle_widgets.search import reference  # noqa: PLC0415

    other = SimpleNamespace(choice=None)
    monkeypatch.setattr(reference, "solve_by_reference", lambda *_: other)
    found = doctor.engine()
    assert found.outcome == "failed"
    assert "do not agree" in found.found


def fake_extensions(folder: Path, **versions: str) -> Path:
    """A folder of JupyterLab with these front-end parts."""
    for name in doctor.EXTENSIONS:
        version = versions.get(name.rpartition("/")[2].replace("-", "_"))
        if version is not None:
            (folder / name).mkdir(parents=True)
            (folder / name / "package.json").write_text(json.dumps({"version": version}))
    return folder


@pytest.fixture
def labextensions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that JupyterLab looks in, alone."""
    import jupyter_core.paths  # noqa: PLC0415

    monkeypatch.setattr(jupyter_core.paths, "jupyter_path", lambda *_: [str(tmp_path)])
    monkeypatch.setattr(metadata, "version", lambda _: "4.0")
    monkeypatch.setattr(doctor, "_shipped_version", lambda _: "1.0")
    return tmp_path


def test_missing_front_end_parts_are_named(labextensions: Path) -> None:
    """Of the three that the panels need."""
    fake_extensions(labextensions, anywidget="1.0", jupyterlab_manager="1.0")
    found = doctor.extensions()
    assert found.outcome == "failed"
    assert found.found == "bqplot is not found"
    assert "reload the page" in found.todo


def test_front_end_parts_of_another_version_are_told(labextensions: Path) -> None:
    """As an older one in the user's own folder is, which JupyterLab takes first."""
    fake_extensions(labextensions, anywidget="0.1", bqplot="1.0", jupyterlab_manager="1.0")
    found = doctor.extensions()
    assert found.outcome == "failed"
    assert "anywidget is 0.1 in" in found.found
    assert "its package brings 1.0" in found.found


def test_matching_front_end_parts_are_fine(labextensions: Path) -> None:
    """All three are listed."""
    fake_extensions(labextensions, anywidget="1.0", bqplot="1.0", jupyterlab_manager="1.0")
    assert doctor.extensions().outcome == "ok"


def test_no_jupyterlab_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The app works without it."""
    monkeypatch.setattr(metadata, "version", lacking("jupyterlab"))
    assert doctor.extensions().outcome == "note"


def test_a_voila_without_templates_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page could not be drawn."""
    import jupyter_core.paths  # noqa: PLC0415

    monkeypatch.setattr(jupyter_core.paths, "jupyter_path", lambda *_: [])
    monkeypatch.setattr(doctor, "_TEMPLATE", ("nowhere",))
    found = doctor.voila()
    assert found.outcome == "failed"
    assert found.found == "the app's template, Voila's own templates cannot be found"


def test_a_voila_that_does_not_load_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check that breaks is a finding, and the others are made."""

    def broken(name: str) -> Any:
        raise ImportError(f"no {name}")

    monkeypatch.setattr(doctor, "import_module", broken)
    found = {one.check: one for one in doctor.examine(0)}
    assert found["Voila"].outcome == "failed"
    assert "ImportError: no puzzle_widgets.app.server" in found["Voila"].found
    assert found["Memory"].outcome == "ok"


def test_a_taken_port_is_told() -> None:
    """The one that was asked for fails; the usual one only sends the app to another."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        found = doctor.free_port(port)
        assert found.outcome == "failed"
        assert str(port) in found.found
    assert doctor.free_port(0).outcome == "ok"


def test_a_taken_usual_port_is_only_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The app takes another, and says which."""
    from puzzle_widgets.app import machine  # noqa: PLC0415

    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setattr(machine, "PREFERRED_PORT", other.getsockname()[1])
        assert doctor.free_port().outcome == "note"


@pytest.mark.parametrize(("mib", "outcome"), [(100, "failed"), (600, "note"), (5_000, "ok")])
def test_little_memory_is_told(monkeypatch: pytest.MonkeyPatch, mib: int, outcome: str) -> None:
    """Before the browser shows an empty page."""
    import psutil  # noqa: PLC0415

    free = SimpleNamespace(available=mib * 2**20)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    found = doctor.memory()
    assert found.outcome == outcome
    assert f"{mib:,} MiB free" in found.found


def test_a_cache_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the variable that names another."""
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("PUZZLE_WIDGETS_CACHE", str(file / "cache"))
    found = doctor.cache()
    assert found.outcome == "failed"
    assert "PUZZLE_WIDGETS_CACHE" in found.todo


def test_another_python_s_kernel_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Notebooks would not find the package."""
    from jupyter_client.kernelspec import KernelSpecManager  # noqa: PLC0415

    spec = SimpleNamespace(argv=[str(tmp_path / "python")])
    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", lambda *_: spec)
    found = doctor.kernel()
    assert found.outcome == "note"
    assert "another Python" in found.found


@pytest.mark.slow  # each in a process of its own
@pytest.mark.parametrize("missing", ["numpy", "voila", "anywidget", "packaging"])
def test_the_check_runs_where_packages_are_missing(missing: str) -> None:
    """It ends in words and 1, never in a traceback."""
    code = (
        "import sys\n"
        "class Wall:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.split('.')[0] == {missing!r}:\n"
        "            raise ImportError(f'{name} is blocked')\n"
        "sys.meta_path.insert(0, Wall())\n"
        "from puzzle_widgets.cli import main\n"
        "sys.exit(main(['doctor', '--json', '--port', '0']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    content = json.loads(done.stdout)
    assert content["works"] is False
    failed = [one for one in content["findings"] if one["outcome"] == "failed"]
    assert any(missing in one["found"] for one in failed)
    assert all(one["todo"] for one in failed)

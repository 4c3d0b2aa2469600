"""Voila's configuration as the app makes it."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

import pytest

from puzzle_widgets.app import settings as settings_module
from puzzle_widgets.app.machine import MOST_SESSIONS, socket_root
from puzzle_widgets.app.page import JUPYTER_FOLDER
from puzzle_widgets.app.server import page_url
from puzzle_widgets.app.settings import TEMPLATE, AppSettings, voila_config
from puzzle_widgets.errors import ServerError
from puzzle_widgets.hosted import Hosted

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """A file to serve."""
    path = tmp_path / "page.ipynb"
    path.touch()
    return path


def test_missing_notebook_is_refused(tmp_path: Path) -> None:
    """A notebook that is not there is said before the server starts."""
    with pytest.raises(ServerError, match=r"gone\.ipynb does not exist"):
        AppSettings(tmp_path / "gone.ipynb")


@pytest.mark.parametrize("name", ["idle_timeout", "cull_interval"])
def test_times_are_positive(notebook: Path, name: str) -> None:
    """A time of zero seconds would switch the ending of idle sessions off."""
    options: dict[str, Any] = {name: 0}
    with pytest.raises(ServerError, match=f"{name} is 0"):
        AppSettings(notebook, **options)


@pytest.mark.parametrize(
    ("given", "kept"), [("", "/"), ("/", "/"), ("puzzle", "/puzzle/"), ("/a/b/", "/a/b/")]
)
def test_base_url_has_one_form(notebook: Path, given: str, kept: str) -> None:
    """A base URL begins and ends with a slash, however it was typed."""
    assert AppSettings(notebook, base_url=given).base_url == kept


@pytest.mark.parametrize(
    ("ip", "local"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - told apart, not bound
        ("myhost", False),
    ],
)
def test_remote_access_only_beyond_loopback(notebook: Path, *, ip: str, local: bool) -> None:
    """Foreign host names are refused exactly while only this machine can reach the server."""
    settings = AppSettings(notebook, ip=ip)
    assert settings.is_local == local
    tornado = voila_config(settings).Voila.tornado_settings
    assert tornado["allow_remote_access"] == (not local)


@pytest.mark.parametrize(
    ("ip", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8866/app/"),
        ("0.0.0.0", "http://127.0.0.1:8866/app/"),  # noqa: S104 - shown, not bound
        ("::1", "http://[::1]:8866/app/"),
    ],
)
def test_url_can_be_opened(notebook: Path, ip: str, url: str) -> None:
    """The address shown is one that a browser on this machine can open."""
    assert page_url(AppSettings(notebook, ip=ip, base_url="app"), 8866) == url


def test_idle_time_reaches_server_and_page(notebook: Path) -> None:
    """Server and page agree on the idle time, and the page asks often enough to notice."""
    config = voila_config(AppSettings(notebook, idle_timeout=6))
    facts = config.VoilaConfiguration.resources["puzzle"]
    assert config.MappingKernelManager.cull_idle_timeout == facts["idleSeconds"] == 6
    assert facts["pollSeconds"] == 1.5
    assert config.MappingKernelManager.cull_connected


@pytest.mark.parametrize(
    ("given", "by_visitor"),
    [
        ({}, False),
        ({"ip": "0.0.0.0"}, True),  # noqa: S104 - told apart, not bound
        ({"trusted_hosts": ["demo.example"]}, True),
        ({"behind_proxy": True}, True),
    ],
)
def test_agreements_are_each_visitors_own(
    notebook: Path, given: dict[str, Any], *, by_visitor: bool
) -> None:
    """On a server for others; what the host serves or offers, the host has accepted."""
    settings = AppSettings(notebook, offered=["one"], fetch=False, **given)
    assert settings.hosted(None) == Hosted(by_visitor, ("one",), fetch=False)
    assert settings.hosted("two").offered == ("one", "two")


def test_template_ships_with_the_package() -> None:
    """The template that the configuration names lies in the package's own Jupyter folder."""
    folder = JUPYTER_FOLDER / "voila" / "templates" / TEMPLATE
    assert {"conf.json", "index.html.j2", "page.html", "static"} <= {
        path.name for path in folder.iterdir()
    }
    texts = [path.read_text() for path in folder.rglob("*") if path.suffix in {".j2", ".html"}]
    assert not [text for text in texts if "://" in text]


def test_sessions_are_bounded(notebook: Path) -> None:
    """By default a machine takes a number of sessions that it can hold; none is refused."""
    assert 1 <= AppSettings(notebook).max_sessions <= MOST_SESSIONS
    with pytest.raises(ServerError, match=r"max_sessions is 0; give at least 1$"):
        AppSettings(notebook, max_sessions=0)


def test_kernels_are_reached_by_files(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels that start at once share no ports, but where there are no sockets of files."""
    assert voila_config(AppSettings(notebook)).KernelManager.transport == "ipc"
    monkeypatch.setattr(settings_module, "socket_root", lambda: None)
    assert "transport" not in voila_config(AppSettings(notebook)).KernelManager


def test_sockets_lie_in_short_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A temporary folder whose name is too long for a socket is ignored."""
    long = tmp_path / ("x" * 90)
    long.mkdir()
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(long))
    assert socket_root() != str(long)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path / "missing"))
    assert socket_root() in ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - told apart, not used

"""Proxies and balancers in front of the app, as the docs configure them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.app import CHECKOUT, RunningApp, running_app
from tests.support.notebook import write_notebook
from tests.support.visitor import ask

pytestmark = [pytest.mark.slow, pytest.mark.browser]

PATIENCE_SECONDS = 60
START_MS = 60_000
BUTTON = """
from ipywidgets import Button, HTML, VBox
said, button = HTML("the answer is 42"), Button(description="Add")
button.on_click(lambda _: setattr(said, "value", "the answer is 43"))
VBox([said, button])
"""
needs_nginx = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl is not installed"
)
needs_caddy = pytest.mark.skipif(shutil.which("caddy") is None, reason="Caddy is not installed")


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A notebook that is soon run, with a button."""
    return write_notebook(tmp_path_factory.mktemp("notebook") / "page.ipynb", BUTTON)


@pytest.fixture
def app(notebook: Path) -> Iterator[RunningApp]:
    """The app behind a proxy, below a path."""
    with behind_proxy(notebook) as app:
        yield app


def behind_proxy(notebook: Path) -> Any:
    """Run the app as the docs do."""
    return running_app(
        notebook=notebook, base_url="demo", trusted_hosts=["localhost"], behind_proxy=True
    )


@needs_nginx
@needs_openssl
def test_behind_nginx_and_tls(app: RunningApp, tmp_path: Path, browser: Browser) -> None:
    """A page that works, below a path and by HTTPS."""
    port = free_port()
    site = told("nginx").replace("http://127.0.0.1:8866", at(app))
    with nginx(tmp_path, site.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")):
        works(browser, f"https://localhost:{port}/demo/")


@needs_caddy
def test_behind_caddy_and_tls(app: RunningApp, tmp_path: Path, browser: Browser) -> None:
    """The same, by a certificate of Caddy's own."""
    port = free_port()
    site = told("caddy").replace("127.0.0.1:8866", at(app).removeprefix("http://"))
    site = site.replace("demo.example {", f"https://localhost:{port} {{\n    tls internal")
    with caddy(tmp_path, site):
        works(browser, f"https://localhost:{port}/demo/")


@needs_nginx
@needs_openssl
def test_several_processes(notebook: Path, tmp_path: Path, browser: Browser) -> None:
    """Each visitor stays with one of them, and goes on in the other when it is taken away."""
    port, plain = free_port(), free_port()
    with behind_proxy(notebook) as one, behind_proxy(notebook) as other:
        site = told("nginx").replace("proxy_pass http://127.0.0.1:8866;\n", told("nginx", 2))
        site = told("nginx", 1) + site
        for number, app in ((8866, one), (8867, other)):
            site = site.replace(f"127.0.0.1:{number}", at(app).removeprefix("http://"))
        listens = f"listen 127.0.0.1:{plain}; listen 127.0.0.1:{port} ssl"
        with nginx(tmp_path, site.replace("listen 443 ssl", listens)):
            wait_for_port(str(plain))
            url = f"http://localhost:{plain}/demo/"
            assert "process=" in str(ask(url).headers.get_all("Set-Cookie"))
            for visitor in "abcdef":
                opens(url, f"process={visitor}")
            assert min(sessions(one), sessions(other)) > 0
            assert sessions(one) + sessions(other) == 6
            goes_on(browser, f"https://localhost:{port}/demo/", (one, other))


def opens(url: str, cookie: str) -> None:
    """Open a session with a visitor's cookie: of no other process would the ticket be known."""
    deadline, name, given = time.monotonic() + PATIENCE_SECONDS, "", dict[str, Any]()
    while "ticket" not in given:
        assert time.monotonic() < deadline
        address = f"{url}voila/admission?name={name}"
        text = ask(address, method="POST", X_Puzzle_Widgets="page", Cookie=cookie).text
        given = json.loads(text)
        name = given.get("name", "")
        time.sleep(0.1)
    assert ask(f"{url}?ticket={given['ticket']}", Cookie=cookie).kernel_id is not None


def sessions(app: RunningApp) -> int:
    """How many a process has."""
    return int(json.loads(ask(f"{app.url}health").text)["sessions"])


def works(browser: Browser, url: str) -> None:
    """Open a page that answers a click."""
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(url)
    page.get_by_text("the answer is 42").wait_for(timeout=START_MS)
    page.get_by_role("button", name="Add").click()
    page.get_by_text("the answer is 43").wait_for(timeout=START_MS)
    context.close()


def goes_on(browser: Browser, url: str, apps: tuple[RunningApp, RunningApp]) -> None:
    """Take a page's process away, and see it begin again in the other one."""
    before = [sessions(app) for app in apps]
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(url)
    page.get_by_role("button", name="Add").click(timeout=START_MS)
    page.get_by_text("the answer is 43").wait_for(timeout=START_MS)
    after = [sessions(app) for app in apps]
    gone = next(app for app, was, now in zip(apps, before, after, strict=True) if now > was)
    gone.process.send_signal(signal.SIGTERM)
    page.get_by_text("the answer is 42").wait_for(timeout=START_MS)
    page.get_by_role("button", name="Add").click()
    page.get_by_text("the answer is 43").wait_for(timeout=START_MS)
    context.close()


def at(app: RunningApp) -> str:
    """Address of an app, without the path."""
    return app.url.removesuffix("/demo/")


def told(language: str, place: int = 0) -> str:
    """What the docs have a proxy do."""
    text = (CHECKOUT / "docs" / "hosting.md").read_text()
    return text.split(f"```{language}\n")[place + 1].split("```")[0]


@contextmanager
def caddy(folder: Path, site: str) -> Iterator[None]:
    """Run Caddy with one site, all in a folder."""
    own = "{\n    admin off\n    skip_install_trust\n    auto_https disable_redirects\n}\n"
    (folder / "Caddyfile").write_text(own + site)
    command = ["caddy", "run", "--config", str(folder / "Caddyfile")]
    where = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    where["XDG_CONFIG_HOME"] = str(folder)
    with subprocess.Popen(command, env=where, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for_port(site.split("localhost:")[1].split(maxsplit=1)[0])
            yield
        finally:
            process.terminate()


def wait_for_port(port: str) -> None:
    """Return once somebody listens there."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", int(port)), 1).close()
        except OSError:
            assert time.monotonic() < deadline, "the proxy does not listen"
            time.sleep(0.1)
        else:
            return


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def nginx(folder: Path, site: str) -> Iterator[None]:
    """Run nginx with one site and a certificate of its own, all in a folder."""
    key, certificate = folder / "site.key", folder / "site.pem"
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost"
    made = [*words.split(), "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "\n".join(f"{kind}_temp_path {folder};" for kind in kinds)
    conf = f"daemon off; pid {folder}/pid; events {{}} http {{ access_log off;\n{paths}\n{site} }}"
    (folder / "nginx.conf").write_text(conf.replace("/etc/ssl/demo.example", str(folder / "site")))
    errors = ["-e", str(folder / "errors"), "-g", f"error_log {folder}/errors;"]
    command = ["nginx", *errors, "-c", str(folder / "nginx.conf"), "-p", str(folder)]
    with subprocess.Popen(command) as process:
        try:
            yield
        finally:
            process.terminate()

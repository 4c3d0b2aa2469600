"""The container: built and run where an engine is there."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time

import pytest

from tests.support.app import CHECKOUT
from tests.support.visitor import ask, open_page

pytestmark = pytest.mark.slow

IMAGE = "puzzle-widgets-test"
BUILD_SECONDS = 900
PATIENCE_SECONDS = 120


@pytest.fixture(scope="module")
def engine() -> str:
    """Name of an engine that runs here."""
    for name in ("podman", "docker"):
        # Docker's client alone is no engine: its version asks the server.
        if (
            shutil.which(name)
            and subprocess.run([name, "version"], check=False, capture_output=True).returncode == 0
        ):
            return name
    pytest.skip("neither podman nor docker can run here")


def test_the_image_serves_a_page(engine: str) -> None:
    """As an ordinary user, on a read-only file system but for a temporary folder."""
    build = [engine, "build", "--tag", IMAGE, "--file", "Containerfile", "."]
    subprocess.run(build, cwd=CHECKOUT, check=True, timeout=BUILD_SECONDS)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    how = [
        "--rm",
        "--detach",
        "--read-only",
        "--tmpfs",
        "/tmp",  # noqa: S108 - the container's own
        "--publish",
        f"127.0.0.1:{port}:8866",
    ]
    started = subprocess.run(
        [engine, "run", *how, IMAGE], check=True, capture_output=True, text=True
    )
    url = f"http://127.0.0.1:{port}/"
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                assert json.loads(ask(f"{url}health").text)["status"] == "ok"
                break
            except OSError:
                assert time.monotonic() < deadline, "it does not answer"
                time.sleep(0.5)
        assert open_page(url).kernel_id is not None
    finally:
        subprocess.run([engine, "kill", started.stdout.strip()], check=True, capture_output=True)


def test_the_image_needs_what_is_there() -> None:
    """It is made of files of this checkout, runs as no root, and starts a command that exists."""
    text = (CHECKOUT / "Containerfile").read_text()
    assert "\nUSER explorer\n" in text
    assert text.index("USER") < text.index("ENTRYPOINT")
    left_out = (CHECKOUT / ".dockerignore").read_text().split()
    for needed in ("puzzle_widgets", "data", "notebooks", "pyproject.toml", "README.md", "LICENSE"):
        assert (CHECKOUT / needed).exists()
        assert needed not in left_out

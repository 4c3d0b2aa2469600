"""Plain Voila with the guard that the docs name."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tornado.httpclient import HTTPRequest
from tornado.testing import bind_unused_port
from tornado.websocket import websocket_connect

from puzzle_widgets.app.connection import V1, GuardedConnection
from tests.app.messages import HEADER, legacy_text, parts_of, v1
from tests.app.test_connection import SIXTEEN_BYTES
from tests.support.app import CHECKOUT
from tests.support.notebook import write_notebook
from tests.support.visitor import ask

GUARD = f"{GuardedConnection.__module__}.{GuardedConnection.__name__}"


async def answered(address: str, protocol: str | None, question: bytes | str) -> None:
    """Send the bytes that stop an unguarded server, then a question, and return with its answer."""
    protocols = [protocol] if protocol else None
    page = await websocket_connect(HTTPRequest(address, connect_timeout=60), subprotocols=protocols)
    await page.write_message(SIXTEEN_BYTES, binary=True)
    await page.write_message(question, binary=protocol is not None)
    while "kernel_info_reply" not in str(await asyncio.wait_for(page.read_message(), 60)):
        pass
    page.close()


def free_port() -> int:
    """Port that nobody listens at."""
    listener, port = bind_unused_port()
    listener.close()
    return port


@pytest.mark.slow
def test_guard_of_the_docs_protects_plain_voila(tmp_path: Path) -> None:
    """The settings that the docs give keep a plain Voila answering after malformed messages."""
    settings = [
        f"--Voila.kernel_websocket_connection_class={GUARD}",
        "--KernelManager.transport=ipc",
    ]
    told = (CHECKOUT / "docs" / "serving.md").read_text()
    assert all(setting in told for setting in settings)
    notebook = write_notebook(tmp_path / "page.ipynb", "1 + 1", kernel="python3")
    command = [
        sys.executable,
        "-m",
        "voila",
        str(notebook),
        "--no-browser",
        f"--port={free_port()}",
        *settings,
    ]
    with subprocess.Popen(command, cwd=CHECKOUT, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            lines = iter(server.stderr.readline, "")
            port = next(
                found[1] for line in lines if (found := re.search(r"localhost:(\d+)", line))
            )
            kernel = ask(f"http://localhost:{port}/").kernel_id
            address = f"ws://localhost:{port}/api/kernels/{kernel}/channels?session_id=a"
            header = {**HEADER, "msg_type": "kernel_info_request"}
            asyncio.run(answered(address, V1, v1(parts=parts_of(**header))))
            asyncio.run(answered(address, None, legacy_text(header=header)))
        finally:
            server.terminate()

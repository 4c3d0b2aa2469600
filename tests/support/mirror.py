"""A mirror of a dataset on this machine, sound or troubled."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

Trouble = Literal["", "wrong", "broken off", "endless", "missing"]


@dataclass
class Mirror:
    """Files by their path; ``trouble`` says what goes wrong, ``asked`` what was asked for."""

    files: Mapping[str, bytes]
    url: str = ""
    trouble: Trouble = ""
    asked: list[str] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Let everything through until told otherwise."""
        self.gate.set()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer a request as the mirror's state has it."""
        self.asked.append(request.path)
        content = self.files.get(request.path.lstrip("/"))
        if content is None or self.trouble == "missing":
            request.send_error(404)
            return
        request.send_response(200)
        if self.trouble != "endless":
            request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        self._send(request, content)

    def _send(self, request: BaseHTTPRequestHandler, content: bytes) -> None:
        if self.trouble == "wrong":
            content = content[:-1] + b"?"
        if self.trouble == "broken off":
            content = content[: len(content) // 2]
        half = len(content) // 2
        request.wfile.write(content[:half])
        request.wfile.flush()
        self.gate.wait(timeout=60)
        request.wfile.write(content[half:])
        for _ in range(1_000_000 if self.trouble == "endless" else 0):
            request.wfile.write(b" " * 2**16)
        if self.trouble == "broken off":
            request.wfile.flush()
            request.connection.close()


def files_of(folder: Path) -> dict[str, bytes]:
    """Files of a folder, as a mirror has them."""
    return {f"{folder.name}/{path.name}": path.read_bytes() for path in folder.iterdir()}


@contextmanager
def serving(files: Mapping[str, bytes]) -> Iterator[Mirror]:
    """Serve files on 127.0.0.1 for as long as the block runs."""
    mirror = Mirror(files)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                mirror.answer(self)
            except OSError:  # the other side has hung up, as it should on an endless file
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    mirror.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield mirror
    finally:
        mirror.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()

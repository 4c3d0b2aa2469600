"""Files that pages load are sent compressed, once that is done, and only to who takes it."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, StaticFileHandler

from puzzle_widgets.app.compressed import CompressedFiles

SCRIPT = b"const layers = [" + b"1, " * 50_000 + b"];\n"
PATIENCE_SECONDS = 20.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What is served: a script of several chunks, a tiny one, and a page."""
    (tmp_path / "script.js").write_bytes(SCRIPT)
    (tmp_path / "tiny.js").write_bytes(b"1;\n")
    (tmp_path / "page.html").write_bytes(b"<p>" * 5_000)
    return tmp_path


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder in the running loop; the address it is at."""
    handlers = [(r"/(.*)", StaticFileHandler, {"path": str(folder)})]
    application = Application(handlers)
    application.add_transform(CompressedFiles().transform)  # type: ignore[arg-type] # makes one
    socket, port = bind_unused_port()
    server = HTTPServer(application)
    server.add_sockets([socket])
    yield f"http://127.0.0.1:{port}/"
    server.stop()


async def ask(url: str, *, accepted: str = "gzip", **headers: str) -> HTTPResponse:
    """Ask as a browser that takes some encodings; the answer as it was sent."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = HTTPRequest(
        url, headers={"Accept-Encoding": accepted, **named}, decompress_response=False
    )
    return await AsyncHTTPClient().fetch(request, raise_error=False)


async def compressed(url: str, content: bytes = SCRIPT) -> HTTPResponse:
    """Ask until the answer is compressed."""
    for _ in range(int(PATIENCE_SECONDS / 0.05)):
        answer = await ask(url)
        if "Content-Encoding" in answer.headers:
            return answer
        assert answer.body == content
        await asyncio.sleep(0.05)
    pytest.fail("it was never compressed")


def test_a_script_is_sent_compressed_once_it_was_asked_for(folder: Path) -> None:
    """The same content in fewer bytes, with headers that fit it."""

    async def look() -> None:
        with served(folder) as url:
            first = await ask(f"{url}script.js")
            assert (first.body, "Content-Encoding" in first.headers) == (SCRIPT, False)
            answer = await compressed(f"{url}script.js")
            assert gzip.decompress(answer.body) == SCRIPT
            assert len(answer.body) < len(SCRIPT) / 10
            assert answer.headers["Content-Encoding"] == "gzip"
            assert first.headers["Vary"] == answer.headers["Vary"] == "Accept-Encoding"
            assert answer.headers["Etag"] == f"W/{first.headers['Etag']}"

    asyncio.run(look())


def test_who_does_not_take_it_gets_the_file(folder: Path) -> None:
    """Neither without the header, nor where it refuses, nor for a part of the file."""

    async def look() -> None:
        with served(folder) as url:
            script = f"{url}script.js"
            await compressed(script)
            for accepted in ("identity", "gzip;q=0", "br"):
                answer = await ask(script, accepted=accepted)
                assert (answer.body, answer.headers.get("Content-Encoding")) == (SCRIPT, None)
            part = await ask(script, Range="bytes=0-9")
            assert (part.code, part.body) == (206, SCRIPT[:10])

    asyncio.run(look())


def test_a_file_that_is_known_is_not_sent_again(folder: Path) -> None:
    """By the tag of the compressed one, or by its time."""

    async def look() -> None:
        with served(folder) as url:
            answer = await compressed(f"{url}script.js")
            tag, changed = answer.headers["Etag"], answer.headers["Last-Modified"]
            assert (await ask(f"{url}script.js", If_None_Match=tag)).code == 304
            assert (await ask(f"{url}script.js", If_Modified_Since=changed)).code == 304

    asyncio.run(look())


def test_a_file_that_changed_is_sent_anew(folder: Path) -> None:
    """Nothing old stands in for it."""

    async def look() -> None:
        with served(folder) as url:
            await compressed(f"{url}script.js")
            (folder / "script.js").write_bytes(b"other();\n")
            StaticFileHandler.reset()  # what tornado itself remembers of the file
            assert (await ask(f"{url}script.js")).body == b"other();\n"

    asyncio.run(look())


def test_pages_and_tiny_files_are_sent_as_they_are(folder: Path) -> None:
    """A page may hold what is a visitor's own; of a tiny file nothing is saved."""

    async def look() -> None:
        with served(folder) as url:
            await compressed(f"{url}script.js")
            for name in ("page.html", "tiny.js"):
                for _ in range(3):
                    answer = await ask(f"{url}{name}")
                    assert answer.body == (folder / name).read_bytes()
                    assert "Content-Encoding" not in answer.headers

    asyncio.run(look())


@pytest.mark.slow
def test_the_app_does(standin_url: str) -> None:
    """Voila's own script, and that of a widget's extension, which has no tag."""

    async def look() -> None:
        extension = f"{standin_url}voila/labextensions/bqplot/"
        told = json.loads((await ask(f"{extension}package.json")).body)
        loaded = told["jupyterlab"]["_build"]["load"]
        for url in (f"{standin_url}voila/static/voila.js", f"{extension}{loaded}"):
            plain = await ask(url, accepted="identity")
            assert gzip.decompress((await compressed(url, plain.body)).body) == plain.body

    asyncio.run(look())

"""Scripts and styles are sent compressed; each is compressed once, after it was first asked for.

A page loads 6 MB of them, which a class that opens it together feels; compressed it is a quarter.
Pages are sent as they are: they differ from visitor to visitor, and are small.
"""

from __future__ import annotations

import gzip
import re
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import OutputTransform

_TYPES = {"text/javascript", "application/javascript", "text/css", "image/svg+xml"}
_VERSION = ("Last-Modified", "Content-Length", "Etag")
File = tuple[str, ...]
"""Path of a file, and what tells its version."""
_LEAST, _MOST = 1024, 2**23
_MOST_KEPT = 2**25
_LEVEL = 6
_REFUSED = re.compile(r"q=0(\.0*)?$")


class CompressedFiles:
    """What was compressed so far, by its file as it was then."""

    def __init__(self) -> None:
        self._known: dict[File, bytes] = {}
        self._begun: set[File] = set()
        self._size = 0
        self._pool = ThreadPoolExecutor(1, "puzzle-compress")

    def transform(self, request: HTTPServerRequest) -> OutputTransform:
        """Make what one answer goes through: a ``transform`` of tornado's application."""
        return _Compressed(request, self)

    def get(self, file: File) -> bytes | None:
        """Give the compressed content of a file, once there is such."""
        return self._known.get(file)

    def keep(self, file: File, content: bytes) -> None:
        """Compress a content beside the server's other work, unless there is too much already."""
        fits = _LEAST <= len(content) <= _MOST and self._size + len(content) <= _MOST_KEPT
        if fits and file not in self._begun:
            self._begun.add(file)
            self._size += len(content)
            self._pool.submit(self._compress, file, content)

    def _compress(self, file: File, content: bytes) -> None:
        self._known[file] = gzip.compress(content, _LEVEL, mtime=0)


class _Compressed(OutputTransform):
    """One answer: what it is kept as stands in for its content, else the content is kept."""

    def __init__(self, request: HTTPServerRequest, files: CompressedFiles) -> None:
        super().__init__(request)
        self._files = files
        self._takes = request.method == "GET" and takes_gzip(
            request.headers.get("Accept-Encoding", "")
        )
        self._path = request.path
        self._file: File = ()
        self._seen: list[bytes] | None = None
        self._instead = False

    def transform_first_chunk(
        self,
        status_code: int,
        headers: HTTPHeaders,
        chunk: bytes,
        finishing: bool,  # noqa: FBT001 - tornado's
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Send the compressed content where it is known, at once and whole."""
        kind = headers.get("Content-Type", "").partition(";")[0]
        if status_code != HTTPStatus.OK or kind not in _TYPES or "Last-Modified" not in headers:
            return status_code, headers, chunk
        headers.add("Vary", "Accept-Encoding")
        self._file = (self._path, *(headers.get(name, "") for name in _VERSION))
        if self._takes and (known := self._files.get(self._file)) is not None:
            self._instead = True
            _say_so(headers, known)
            return status_code, headers, known
        self._seen = [] if self._takes else None
        return status_code, headers, self.transform_chunk(chunk, finishing)

    def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:  # noqa: FBT001 - tornado's
        """Send nothing after what stands in; else look at what is sent."""
        if self._instead:
            return b""
        if self._seen is not None:
            self._seen.append(chunk)
            if finishing:
                self._files.keep(self._file, b"".join(self._seen))
        return chunk


def _say_so(headers: HTTPHeaders, compressed: bytes) -> None:
    headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(len(compressed))
    headers.pop("Accept-Ranges", None)
    if "Etag" in headers:
        headers["Etag"] = f"W/{headers['Etag']}"  # the same content, not the same bytes


def takes_gzip(accepted: str) -> bool:
    """Whether an ``Accept-Encoding`` allows gzip.

    Examples
    --------
    >>> from puzzle_widgets.app.compressed import takes_gzip
    >>> takes_gzip("br, gzip"), takes_gzip("gzip;q=0"), takes_gzip("gzip; q=0.5"), takes_gzip("")
    (True, False, True, False)
    """
    offers = (offer.replace(" ", "").partition(";") for offer in accepted.lower().split(","))
    return any(name == "gzip" and not _REFUSED.match(weight) for name, _, weight in offers)

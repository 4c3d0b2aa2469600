"""Headers of all that the server sends: what a page may load, and who may embed it."""

from __future__ import annotations

from tornado.httputil import HTTPHeaders
from tornado.web import OutputTransform

_POLICY = {
    "default-src": "'self'",
    # Voila's page has inline scripts, bqplot's templates need eval, anywidget imports from blobs.
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
}
_UNUSED = ("camera", "microphone", "geolocation", "payment", "usb", "serial", "bluetooth")


def content_security_policy() -> str:
    """Allow the page nothing but what this server sends: the Content-Security-Policy header."""
    return "; ".join(f"{name} {sources}" for name, sources in _POLICY.items())


HEADERS = {
    "Content-Security-Policy": content_security_policy(),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # a token in an address stays here
    "Permissions-Policy": ", ".join(f"{name}=()" for name in _UNUSED),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class OwnHeaders(OutputTransform):
    """Puts the headers on every answer: pages, errors and files, whoever of Voila sends them."""

    def transform_first_chunk(
        self,
        status_code: int,
        headers: HTTPHeaders,
        chunk: bytes,
        finishing: bool,  # noqa: ARG002, FBT001 - tornado's
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Set them, and name no version of the server."""
        for name, value in HEADERS.items():
            headers[name] = value
        headers.pop("Server", None)
        return status_code, headers, chunk

"""The content security policy of the page: nothing but what this server sends."""

from __future__ import annotations

_RULES = {
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


def content_security_policy() -> str:
    """Value of the Content-Security-Policy header."""
    return "; ".join(f"{name} {sources}" for name, sources in _RULES.items())

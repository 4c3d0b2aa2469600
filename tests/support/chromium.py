"""A Chromium for the browser tests, and what counts as trouble in a page it shows."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Page, Request

_NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium_path() -> str | None:
    """Path of the machine's Chromium; PUZZLE_WIDGETS_CHROMIUM overrides it."""
    found = (shutil.which(name) for name in _NAMES)
    return os.environ.get("PUZZLE_WIDGETS_CHROMIUM") or next((path for path in found if path), None)


def chromium_arguments() -> list[str]:
    """Switches that keep Chromium quiet; root, as in containers, has no sandbox."""
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*ARGUMENTS, *(["--no-sandbox"] if as_root else [])]


def watch(page: Page) -> list[str]:
    """List that fills with the page's errors and its requests to other hosts."""
    problems: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            problems.append(f"console: {message.text}")

    def on_request(request: Request) -> None:
        if _is_foreign(request.url):
            problems.append(f"request to another host: {request.url}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: problems.append(f"page error: {error}"))
    page.on("request", on_request)
    return problems


def _is_foreign(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme not in ("data", "blob", "about") and parts.hostname != "127.0.0.1"

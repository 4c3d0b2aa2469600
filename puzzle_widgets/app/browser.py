"""Opening the app in a browser, where the machine has one to look at."""

from __future__ import annotations

import os
import sys
import webbrowser
from threading import Thread


def open_when_possible(url: str) -> None:
    """Open ``url`` in the user's browser without waiting for it; do nothing without a display."""
    if not _has_display():
        return
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    Thread(target=browser.open, args=(url,), kwargs={"new": 2}, daemon=True).start()


def _has_display() -> bool:
    # Without a display Python falls back to text browsers, which would seize the terminal.
    if sys.platform in ("darwin", "win32"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))

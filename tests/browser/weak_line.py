"""A page whose websocket delays, freezes and drops as a test wants it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page

SCRIPT = Path(__file__).with_suffix(".js")


@dataclass(frozen=True)
class WeakLine:
    """The line between a page and its kernel."""

    page: Page

    def lay(self) -> WeakLine:
        """Put the line in place of all websockets that the page opens from now on."""
        self.page.add_init_script(path=SCRIPT)
        return self

    @property
    def notice(self) -> Locator:
        """What the page says where it and the kernel do not agree."""
        return self.page.locator(".pw-notice")

    def delay(self, milliseconds: int) -> None:
        """Let every message take so long, each way."""
        self.page.evaluate("(time) => weakLine.delay(time)", milliseconds)

    def freeze(self) -> None:
        """Hold every message, without a word to either side."""
        self.page.evaluate("() => weakLine.freeze()")

    def thaw(self) -> None:
        """Let go of the messages held."""
        self.page.evaluate("() => weakLine.thaw()")

    def drop(self) -> None:
        """Lose the connection and what is under way; the page may connect again."""
        self.page.evaluate("() => { weakLine.drop(); weakLine.thaw() }")

    def cut(self) -> None:
        """Lose the connection for good."""
        self.page.evaluate("() => weakLine.cut()")

    def fix(self) -> None:
        """Let the page connect again."""
        self.page.evaluate("() => weakLine.fix()")

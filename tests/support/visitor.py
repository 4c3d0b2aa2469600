"""A visitor without a browser: speaks to the app as its pages do."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from email.message import Message
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

PATIENCE_SECONDS = 240


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    text: str
    headers: Message = field(default_factory=Message, repr=False)

    @property
    def kernel_id(self) -> str | None:
        """Id of the kernel behind the page, if one stands behind it."""
        found = re.search(r'"kernelId": ?"([\w-]+)"', self.text)
        return found[1] if found else None


def ask(url: str, *, method: str = "GET", **headers: str) -> Answer:
    """Send one request; a refusal is an answer, too."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = Request(url, method=method, headers=named)  # noqa: S310 - our own server's
    try:
        with urlopen(request, timeout=PATIENCE_SECONDS) as response:  # noqa: S310
            return Answer(response.status, response.read().decode(), response.headers)
    except HTTPError as error:
        with error:
            return Answer(error.code, error.read().decode(), error.headers)


def ticket(url: str) -> str:
    """Wait, as a page does, until the server lets it in."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    told: dict[str, Any] = {"name": "", "again": 0.0}
    while "ticket" not in told:
        assert time.monotonic() < deadline, "the server let nobody in"
        time.sleep(told["again"])
        address = f"{url}voila/admission?name={told['name']}"
        told = json.loads(ask(address, method="POST", X_Puzzle_Widgets="page").text)
    return str(told["ticket"])


def open_page(url: str) -> Answer:
    """Open the app as a browser does, without running the page."""
    return ask(f"{url}?ticket={ticket(url)}")

"""Firefox without a window, driven by its own remote protocol, WebDriver BiDi, by real keys."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import websocket

PROGRAM = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)
_STARTS_SECONDS, _ANSWERS_SECONDS, _PATIENCE_SECONDS = 60, 60, 60
_LISTENING = re.compile(r"WebDriver BiDi listening on (ws://127\.0\.0\.1:\d+)")
_KEYS = {"Enter": "\ue007", "ArrowLeft": "\ue012", "ArrowRight": "\ue014", "Backspace": "\ue003"}
_EVENTS = ("log.entryAdded", "network.beforeRequestSent")


@dataclass
class Firefox:
    """One tab, and what went wrong in it: errors, and requests to other hosts."""

    line: websocket.WebSocket
    tab: str = ""
    problems: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def begin(self, width: int, height: int) -> None:
        """Open the session and take the tab that is there."""
        self.ask("session.new", {"capabilities": {}})
        self.ask("session.subscribe", {"events": list(_EVENTS)})
        self.tab = self.ask("browsingContext.getTree", {})["contexts"][0]["context"]
        size = {"width": width, "height": height}
        self.ask("browsingContext.setViewport", {"context": self.tab, "viewport": size})

    def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Send a command, note what happens meanwhile, and give its answer."""
        number = next(self._numbers)
        self.line.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            said = json.loads(self.line.recv())
            if said.get("id") == number:
                assert said["type"] == "success", said
                return dict(said["result"])
            self._note(said)

    def goto(self, url: str) -> None:
        """Open a page and wait until it is loaded."""
        wanted = {"context": self.tab, "url": url, "wait": "complete"}
        self.ask("browsingContext.navigate", wanted)

    def evaluate(self, function: str, *given: object) -> Any:
        """Call a function of JavaScript on the page; what it gives goes by way of JSON."""
        body = f"JSON.stringify(({function})({', '.join(map(json.dumps, given))}) ?? null)"
        where = {"context": self.tab}
        found = self.ask(
            "script.evaluate", {"expression": body, "target": where, "awaitPromise": True}
        )
        assert found["type"] == "success", found
        return json.loads(found["result"]["value"])

    def wait_for(self, function: str, *given: object) -> None:
        """Wait until a function of JavaScript gives something true."""
        end = time.monotonic() + _PATIENCE_SECONDS
        while not self.evaluate(function, *given):
            assert time.monotonic() < end, f"never true: {function} of {given}"
            time.sleep(0.1)

    def press(self, *keys: str) -> None:
        """Press keys one after the other, by name or as they are."""
        strokes = [
            {"type": kind, "value": _KEYS.get(key, key)}
            for key in keys
            for kind in ("keyDown", "keyUp")
        ]
        self._act({"type": "key", "id": "keys", "actions": strokes})

    def drag(self, x: float, y: float, *, by: float) -> None:
        """Press the pointer at a point, move it to the side in steps, and let go."""
        move = {"type": "pointerMove", "y": round(y)}
        steps = [{**move, "x": round(x + by * n / 8), "duration": 30} for n in range(9)]
        down, up = ({"type": kind, "button": 0} for kind in ("pointerDown", "pointerUp"))
        actions = [steps[0], down, *steps[1:], up]
        self._act({"type": "pointer", "id": "mouse", "actions": actions})

    def click(self, x: float, y: float) -> None:
        """Click a point."""
        self.drag(x, y, by=0)

    def _act(self, actions: dict[str, Any]) -> None:
        self.ask("input.performActions", {"context": self.tab, "actions": [actions]})

    def _note(self, said: dict[str, Any]) -> None:
        params = said.get("params", {})
        if said.get("method") == "log.entryAdded" and params.get("level") == "error":
            self.problems.append(f"{params.get('type')}: {params.get('text')}")
        if said.get("method") == "network.beforeRequestSent":
            url = params["request"]["url"]
            if url.startswith(("http", "ws")) and not re.match(r"\w+://127\.0\.0\.1[:/]", url):
                self.problems.append(f"request to another host: {url}")


@contextmanager
def running_firefox(profile: Path, width: int = 1280, height: int = 900) -> Iterator[Firefox]:
    """Run Firefox with a profile of its own in this folder."""
    assert PROGRAM is not None
    command = [PROGRAM, "--headless", "--no-remote", "--profile", str(profile)]
    command += ["--remote-debugging-port", "0", "about:blank"]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            with closing(_line(process)) as line:
                firefox = Firefox(line)
                firefox.begin(width, height)
                yield firefox
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_STARTS_SECONDS)
            process.kill()


def _line(process: subprocess.Popen[str]) -> websocket.WebSocket:
    address = f"{_address(process)}/session"
    return websocket.create_connection(address, timeout=_ANSWERS_SECONDS, suppress_origin=True)


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    said = []
    for words in process.stderr:
        said.append(words)
        found = _LISTENING.search(words)
        if found is not None:
            return found[1]
    raise AssertionError("".join(said))

"""Scenarios kept in the visitor's browser, and offered again at the next visit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import anywidget
from traitlets import Dict

from puzzle_widgets.errors import ScenarioError
from puzzle_widgets.files.scenario_file import scenarios_content
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.panel import Following, guard

MOST_LETTERS = 2_000_000
_FILE = "scenarios saved in this browser"


class ScenarioShelf(Following, anywidget.AnyWidget):
    """Saves the scenarios in the browser's own storage as they change, per library.

    After a reload or a restarted server the page offers what an earlier visit, or one in another
    tab, has on the same library. What comes back is untrusted, and read as a file of scenarios is.

    Parameters
    ----------
    state
        Whose scenarios to save.
    """

    _esm = Path(__file__).parent / "static" / "shelf.js"
    shelf = Dict().tag(sync=True)

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self.state = state
        self.add_class("pw-shelf")
        self.on_msg(guard(state, self._heard))
        self.when("library", "scenarios", do=self._save)

    def _save(self) -> None:
        """Hand the scenarios to the page, with the library's digest; too many are not saved."""
        kept = self.state.scenarios
        text = json.dumps(scenarios_content(kept), ensure_ascii=False) if kept else ""
        names = [one.name for one in kept]
        digest = self.state.record.digest
        saved = text if len(text) <= MOST_LETTERS else ""
        self.shelf = {"digest": digest, "names": names, "text": saved}

    def _heard(self, _: object, content: object, __: object) -> None:
        if not isinstance(content, Mapping) or "restore" not in content:
            return
        text = content["restore"]
        if not isinstance(text, str) or len(text) > MOST_LETTERS:
            raise ScenarioError("The browser holds no scenarios that can be read. Forget them.")
        raw = text.encode("utf-8", "surrogatepass")
        self.state.load_scenarios(raw, _FILE)

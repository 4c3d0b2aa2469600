"""What a check found, each finding with its words, and a button where the search can avoid it."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.export import Finding
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.guard import guard
from puzzle_widgets.widgets.panel import button, row

_WORDS = {"error": "Error", "warning": "Warning", "note": "Note"}
_CSS = {"error": "pw-warn", "warning": "pw-warn", "note": "pw-quiet"}


class FindingList(widgets.VBox):
    """Shows findings, the worst first.

    Parameters
    ----------
    state
        Told to avoid one.
    """

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self._state = state
        self._shown: tuple[Finding, ...] = ()
        self._rows: tuple[widgets.HBox, ...] = ()
        self.add_class("pw-findings")

    def show(self, findings: Sequence[Finding]) -> None:
        """Show these, and nothing else."""
        if tuple(findings) == self._shown:
            return
        old, self._shown = self._rows, tuple(findings)
        self._rows = tuple(map(self._row, findings))
        self.children = self._rows
        for gone in old:
            gone.close()

    def _row(self, finding: Finding) -> widgets.HBox:
        words = widgets.HTML(
            Markup("<b class='{}'>{}.</b> {}").format(
                _CSS[finding.severity], _WORDS[finding.severity], finding.text
            )
        )
        if not finding.avoidable:
            return row(words, css="pw-finding")
        avoid = button("Avoid it", f"Search with a rule: {finding.rule}")
        avoid.on_click(guard(self._state, lambda *_: self._state.avoid(finding)))
        return row(words, avoid, css="pw-finding")

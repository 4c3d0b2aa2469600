"""Actions on what is exported: rules against findings, and the parent's configuration."""

from __future__ import annotations

from puzzle_widgets.errors import ExportError
from puzzle_widgets.export import Finding, read_parent_config
from puzzle_widgets.export.parent_config import parent_config_of
from puzzle_widgets.problem.budget_rows import SearchRule
from puzzle_widgets.state.map_actions import MapActions


class ExportActions(MapActions):
    """Avoid findings by rules of the search, and know the parent's configuration."""

    def avoid(self, finding: Finding) -> None:
        """Make the search avoid a finding, and show the current solution, which does."""
        if not finding.avoidable:
            self.say("No rule of the search avoids this.", "error")
            return
        rule = SearchRule(finding.rule, finding.banned)
        if rule not in self.rules:
            self.set_rules((*self.rules, rule))
        self.show_current()
        self.say(f"The search keeps a rule now: {finding.rule}. It can be dropped under Budgets.")

    def open_parent_config(self, content: bytes, file: str) -> None:
        """Take the parent's configuration from a file; a bad one gives a message."""
        self._attempt(lambda: self._set_parent_config(content, file))

    def forget_parent_config(self) -> None:
        """Go back to the configuration that the library carries, if it carries one."""
        self._take_parent_config()

    def _set_parent_config(self, content: bytes, file: str) -> None:
        self._put(parent_config=read_parent_config(content, file))

    def _take_parent_config(self) -> None:
        """Take the library's own configuration; a broken one is told, and the library opens."""
        try:
            self._put(parent_config=parent_config_of(self.library))
        except ExportError as error:
            self._put(parent_config=None)
            self.fail(error)

"""The export panel: target, check with what was found, and the file."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.export import TARGETS, Checked, Finding, Target, find_target, prepare
from puzzle_widgets.export.parent_config import NO_PARENT
from puzzle_widgets.solution import Scenario
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.state.background import running_loop
from puzzle_widgets.widgets.files import FilePicker, FileSaver
from puzzle_widgets.widgets.panel import (
    Following,
    Panel,
    button,
    guard,
    named,
    refill,
    row,
)
from puzzle_widgets.widgets.rules import RuleList
from puzzle_widgets.widgets.scenarios.sides import all_series

_SHOWN, _ALL = -1, -2
_REST_SECONDS = 0.2
_WORDS = {"error": "Error", "todo": "To do", "warning": "Warning", "note": "Note"}
_CSS = {"error": "pw-warn", "todo": "pw-todo", "warning": "pw-warn", "note": "pw-quiet"}
_TODO = {NO_PARENT: "choose the parent's config.json. Everything outside the blocks comes from it."}


class ExportPanel(Panel):
    """Check what a target can take of an architecture, avoid what it cannot, save the file.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> state = pw.ExplorerState("stdlib-2m-measured")
    >>> panel = pw.ExportPanel(state)
    >>> panel.close()
    """

    title = "Export"
    css_class = "pw-export"
    guide = "export"

    def build(self) -> list[widgets.Widget]:
        """Make the choices, the parent's configuration, the findings and the button."""
        self._checked: Checked | None = None
        self._asked = False  # by a press of "Save", or a file given: until then errors are to do
        self._waiting: asyncio.TimerHandle | None = None
        options = [(target.title, target.name) for target in TARGETS]
        self.target = widgets.Dropdown(options=options, layout=widgets.Layout(width="260px"))
        self.what = widgets.Dropdown(layout=widgets.Layout(width="260px"))
        self.readers, self.verdict = widgets.HTML(), widgets.HTML()
        self.verdict.add_class("pw-live")
        self.findings = FindingList(self.state)
        self.save = button("Save file", css="pw-primary")
        self.saver = FileSaver(self.state)
        self.rules = self.own(RuleList(self.state)) if self.alone else None
        foot = [] if self.rules is None else [self.rules]
        choices = row(named("Target", self.target), named("Architecture", self.what))
        save = row(self.save, self.verdict, self.saver)
        return [choices, self.readers, self._build_parent(), self.findings, *foot, save]

    def bind(self) -> None:
        """Follow what is shown, and act on it."""
        self.changed(self.target, self.state.set_target)
        self.changed(self.what, lambda _: self._check())
        self.clicked(self.forget, self.state.forget_parent_config)
        self.clicked(self.save, self._save)
        self.when("target", do=self._show_target)
        self.when("scenarios", "former", do=self._offer, now=False)
        self.when("parent_config", "library", do=self._show_parent, now=False)
        checked = ("shown", "scenarios", "former", "parent_config", "library", "updating")
        self.when(*checked, do=self._check_at_rest, now=False)
        self._offer()

    def close(self) -> None:
        """Let go of the state, then close."""
        self._wait_no_more()
        super().close()

    def _build_parent(self) -> widgets.Widget:
        self.upload = FilePicker(
            self.state,
            "Parent's config.json",
            "The parent's Hugging Face configuration, which the file is built on",
            accept=".json",
            take=self._load,
        )
        self.forget = button("Forget it", "Forget the parent's configuration")
        self.parent = widgets.HTML()
        self.parent_row = row(self.upload, self.forget, self.parent, css="pw-parent-config")
        return self.parent_row

    @property
    def _target(self) -> Target:
        return find_target(self.state.target)

    def _show_target(self) -> None:
        target = self._target
        self._asked = False
        self.target.value = target.name
        self.readers.value = Markup("<span class='pw-quiet'>{} {}</span>").format(
            f"{target.file}.", target.readers
        )
        self.parent_row.layout.display = "" if target.needs_parent else "none"
        self.save.description = self.save.tooltip = f"Save {target.file}"
        self._show_parent()
        self._check()

    def _offer(self) -> None:
        """Offer what is shown and the scenarios; the choice stays where it is still there."""
        kept = all_series(self.state.record)
        options = [("The one shown now", _SHOWN)]
        options += [(one.name, place) for place, one in enumerate(kept)]
        if len(kept) > 1:
            options.append((f"All {len(kept)} scenarios", _ALL))
        before = self.what.value
        with self.silence():
            self.what.options = options
            places = [place for _, place in options]
            self.what.value = before if before in places else _SHOWN

    def _chosen(self) -> Sequence[Scenario]:
        place, kept = self.what.value, self.state.record.kept
        if place == _ALL:
            return list(kept)
        if place is not None and 0 <= place < len(kept):
            return [kept[place]]
        if self.state.selection.kind == "scenario":
            return [kept[self.state.selection.place]]
        shown = self.state.shown
        return [] if shown is None else [Scenario(self.state.shown_name, shown)]

    def _show_parent(self) -> None:
        config = self.state.parent_config
        self.forget.layout.display = "none" if config is None else ""
        if config is None:
            self.parent.value = Markup("<span class='pw-quiet'>not known yet</span>")
            return
        words = (
            f"{config.source}: {config.model_type or 'type not said'}, {config.layers} layers, "
            f"hidden size {config.hidden:,}, {config.heads} attention heads"
        )
        self.parent.value = Markup("<span class='pw-quiet'>{}</span>").format(words)

    def _check_at_rest(self) -> None:
        """Check; while a slider is dragged, wait until it rests."""
        self._wait_no_more()
        loop = running_loop()
        if loop is not None:
            self._waiting = loop.call_later(_REST_SECONDS, guard(self.state, self._rested))
        elif not self.state.updating:
            self._check()

    def _rested(self) -> None:
        self._waiting = None
        if not self.state.updating:
            self._check()

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _check(self) -> None:
        self._wait_no_more()
        chosen, parent = self._chosen(), self.state.parent_config
        name = self._target.name
        self._checked = prepare(chosen, name, parent_config=parent) if chosen else None
        found = self._checked.findings if self._checked else ()
        self.findings.show(found, asked=self._asked)
        self.save.disabled = not chosen or not all(one.solution.found for one in chosen)
        self._judge(found)

    def _judge(self, found: Sequence[Finding]) -> None:
        errors = sum(one.severity == "error" for one in found)
        if errors:
            self.verdict.value = _not_yet(errors, asked=self._asked)
            return
        warnings = sum(one.severity == "warning" for one in found)
        said = f", with {warnings} warning{'s' if warnings > 1 else ''}" if warnings else ""
        ready = Markup("<span class='pw-good'>Ready for {}{}.</span>")
        self.verdict.value = ready.format(self._target.title, said)

    def _save(self) -> None:
        if self.state.updating or self._waiting is not None:
            self._check()
        if self._checked is not None and self._checked.errors:
            self._asked = True
            self._check()
        elif self._checked is not None:
            made = self._checked.export(self.state.front)
            self.saver.save(made.file, made.text, made.kind)

    def _load(self, files: dict[str, bytes]) -> None:
        self._asked = True
        for name, content in files.items():
            self.state.open_parent_config(content, name)


class FindingList(Following, widgets.VBox):
    """Shows findings, the worst first.

    Parameters
    ----------
    state
        Told to avoid one.
    """

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self.state = state
        self._shown: tuple[tuple[Finding, ...], bool] = ((), False)
        self.add_class("pw-findings")

    def show(self, findings: Sequence[Finding], *, asked: bool = True) -> None:
        """Show these, and nothing else; before a file is asked for, errors are steps to do."""
        shown = (tuple(findings), asked)
        if shown == self._shown:
            return
        self._shown = shown
        refill(self, [self._row(finding, asked=asked) for finding in findings])

    def _row(self, finding: Finding, *, asked: bool) -> widgets.HBox:
        todo = finding.severity == "error" and not asked
        kind = "todo" if todo else finding.severity
        stop, said = (":", _TODO.get(finding.text, finding.text)) if todo else (".", finding.text)
        line = Markup("<b class='{}'>{}{}</b> {}")
        words = widgets.HTML(line.format(_CSS[kind], _WORDS[kind], stop, said))
        if not finding.avoidable:
            return row(words, css="pw-finding")
        avoid = button("Avoid it", f"Search with a rule: {finding.rule}")
        self.clicked(avoid, lambda: self.state.avoid(finding))
        return row(words, avoid, css="pw-finding")


def _not_yet(errors: int, *, asked: bool) -> Markup:
    """Say how much is left: as errors once a file was asked for, before that as steps."""
    if asked:
        noun = "error" if errors == 1 else "errors"
        words = Markup("<span class='pw-warn'>Not saved yet: {} {} to fix first.</span>")
    else:
        noun = "step" if errors == 1 else "steps"
        words = Markup("<span class='pw-quiet'>{} {} to do before it can be saved.</span>")
    return words.format(errors, noun)

"""What it is to run on: a GPU, how many, what is left free, and how much faster."""

from __future__ import annotations

import re

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.errors import ProblemError
from puzzle_widgets.library import BlockLibrary
from puzzle_widgets.library.quantity import (
    MEMORY,
    RUNTIME,
    THROUGHPUT,
    format_number,
    format_share,
)
from puzzle_widgets.problem.budget_rows import SearchRule
from puzzle_widgets.problem.deployment import (
    GPUS,
    MOST_GPUS,
    RESERVE,
    RESERVE_WORDS,
    DeploymentTarget,
    deployment_target,
    recognize,
    runtime_words,
)
from puzzle_widgets.solution import Solution
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.widgets.guide import guide_button
from puzzle_widgets.widgets.panel import Following, button, named, row

_SPEEDUPS = (1.5, 2.0, 3.0)
_OWN = 0.0
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%?")


class TargetChoice(Following, widgets.VBox):
    """Sets the memory budget by GPUs, and the throughput budget by a speed-up; nothing else.

    Parameters
    ----------
    state
        Whose budgets to set. What is chosen is told by the budgets themselves.
    """

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self.state = state
        self._known: DeploymentTarget | None = None
        self._offered: SearchRule | None = None
        self._build()
        self._bind()

    @property
    def target(self) -> DeploymentTarget | None:
        """The target that gives the memory budget; ``None`` for a limit of one's own."""
        for setting in self.state.budgets:
            if (setting.resource, setting.sense, setting.on) == (MEMORY, "at most", True):
                chosen = self._chosen
                if chosen is not None and chosen.memory_mib == setting.value:
                    return chosen
                return recognize(setting.value, self._known)
        return None

    @property
    def _chosen(self) -> DeploymentTarget | None:
        """The target that was chosen last, also before a reload."""
        looks = self.state.looks
        if not looks.gpu:
            return None
        try:
            return deployment_target(looks.gpu, gpus=looks.gpus, reserve=looks.reserve)
        except ProblemError:  # a saved state says what there is not
            return None

    def _build(self) -> None:
        options = [("Any GPU", ""), *((gpu.name, gpu.name) for gpu in GPUS)]
        self.gpu = widgets.Dropdown(options=options, tooltip="The GPU it is to run on")
        counts = [(f"\u00d7 {n}", n) for n in range(1, MOST_GPUS + 1)]
        self.gpus = widgets.Dropdown(
            options=counts, tooltip="How many GPUs share each layer (tensor parallelism)"
        )
        speeds = [("any", _OWN), *((f"{one:g}\u00d7", one) for one in _SPEEDUPS)]
        self.speed = widgets.Dropdown(
            options=speeds, tooltip="How many times the parent's throughput"
        )
        self.reserve = widgets.Text(
            format_share(RESERVE),
            continuous_update=False,
            tooltip=f"Share of each GPU's memory {RESERVE_WORDS}",
        )
        self.reserve.add_class("pw-field")
        self.words, self.answer = widgets.HTML(), widgets.HTML()
        self.offer = button("")
        self.memory_part = row(
            named("Target", self.gpu),
            named("Number of GPUs", self.gpus, css="pw-unseen-name"),
            css="pw-target-part",
        )
        self.speed_part = named("Speed-up", self.speed)
        self.reserve_part = named("Reserve", self.reserve)
        mark = widgets.HTML(guide_button("deployment-targets", "Deployment targets"))
        line = row(self.speed_part, self.reserve_part, mark, css="pw-target-line")
        self.children = (self.memory_part, line, self.words, self.answer, self.offer)
        self.add_class("pw-target")

    def _bind(self) -> None:
        self.changed(self.gpu, lambda _: self._choose())
        self.changed(self.gpus, lambda _: self._choose())
        self.changed(self.reserve, self._type_reserve)
        self.changed(self.speed, self._choose_speed)
        self.clicked(self.offer, self._add_rule)
        self.when("library", "budgets", "looks", do=self._show)
        self.when("library", "budgets", "rules", "solution", "updating", do=self._show_answer)

    def _choose(self) -> None:
        if not self.gpu.value:
            self._show()
            return
        share = self._known.reserve if self._known else RESERVE
        self._set(deployment_target(self.gpu.value, gpus=self.gpus.value, reserve=share))

    def _type_reserve(self, text: str) -> None:
        match = _PERCENT.fullmatch(text.strip())
        target = self.target
        if match is None or float(match[1]) >= 100 or target is None:
            self.reserve.add_class("pw-invalid")
            self._say("Type a share from 0 to below 100 %, such as 10 %.", warn=True)
            return
        name, count = target.gpu.name, target.gpus
        self._set(deployment_target(name, gpus=count, reserve=float(match[1]) / 100))

    def _set(self, target: DeploymentTarget) -> None:
        self._known = target
        self.state.set_budget(MEMORY, target.memory_mib, sense="at most")
        name, count, share = target.gpu.name, target.gpus, target.reserve
        self.state.set_looks(gpu=name, gpus=count, reserve=share)
        self._show()

    def _choose_speed(self, times: float) -> None:
        if times == _OWN:
            self._show_speed()
        elif self.state.library.has_throughput:
            self.state.set_budget(THROUGHPUT, f"{100 * times:g} %", sense="at least")
        else:
            parent = self.state.library.parent_totals[RUNTIME]
            self.state.set_budget(RUNTIME, parent / times, sense="at most")

    def _show(self) -> None:
        keys, target = self.state.library.keys, self.target
        self._known = target or self._known
        self.layout.display = "" if MEMORY in keys or RUNTIME in keys else "none"
        self.memory_part.layout.display = "" if MEMORY in keys else "none"
        with self.silence():
            self.gpu.value = target.gpu.name if target else ""
            if target:
                self.gpus.value = target.gpus
                self.reserve.value = format_share(target.reserve)
        self.reserve.remove_class("pw-invalid")
        self.gpus.disabled = target is None
        for part in (self.reserve_part, self.words):
            part.layout.display = "" if target else "none"
        if target:
            self._say(_said(target, self.state.library))
        self._show_speed()

    def _say(self, words: str, *, warn: bool = False) -> None:
        css = "pw-warn" if warn else "pw-quiet"
        self.words.value = Markup("<div class='{}'>{}</div>").format(css, words)

    def _show_speed(self) -> None:
        library = self.state.library
        self.speed_part.layout.display = "" if RUNTIME in library.keys else "none"
        parent = library.parent_totals.get(RUNTIME, 0.0)
        limit = next((b.upper for b in [self.state.problem.budgets.get(RUNTIME)] if b), None)
        asked = parent / limit if limit else _OWN
        near = (one for one in _SPEEDUPS if abs(asked / one - 1) < 1e-9)
        with self.silence():
            self.speed.value = next(near, _OWN)

    def _show_answer(self) -> None:
        """Say what each of several GPUs holds of the answer, and offer the rule that it lacks."""
        target, solution = self.target, self.state.solution
        self.answer.value, self._offered = "", None
        if target is not None and target.gpus > 1:
            rule = target.rule(self.state.library)
            self._offered = rule if rule not in self.state.rules else None
            if solution is not None and solution.found and solution.problem == self.state.problem:
                said = _load_words(target, solution)
                self.answer.value = Markup("<div class='{}'>{}</div>").format(*said)
        self.offer.layout.display = "" if self._offered else "none"
        if self._offered:
            self.offer.description = f"Add the rule: {self._offered.words}"
            self.offer.tooltip = "Search only what keeps every GPU within its memory"

    def _add_rule(self) -> None:
        if self._offered:
            self.state.set_rules((*self.state.rules, self._offered))


def _said(target: DeploymentTarget, library: BlockLibrary) -> str:
    """Say what the memory budget is made of, and whether the parent is beyond it."""
    free = f"{format_share(target.reserve)} {RESERVE_WORDS}"
    each = f"{format_number(target.each_mib)} MiB"
    words = f"{target.gpu.gigabytes:g} GB less {free}: {each}"
    if target.gpus > 1:
        words += f" on each of {target.gpus} GPUs, if weights and KV cache split evenly"
    rest = (_parent_words(target, library), runtime_words(target, library.measurement.gpu))
    return " ".join(filter(None, (f"{words}.", *rest)))


def _parent_words(target: DeploymentTarget, library: BlockLibrary) -> str:
    """Say that the parent does not fit, and what it takes; nothing where it does."""
    held = target.load(library, library.parent_architecture).memory_mib
    if held <= target.each_mib:
        return ""
    where = f" on each of {target.gpus} GPUs" if target.gpus > 1 else ""
    return f"The parent does not fit: it takes {format_number(held)} MiB{where}."


def _load_words(target: DeploymentTarget, solution: Solution) -> tuple[str, str]:
    """Say what each GPU holds of an answer, and whether that is known; the style first."""
    load = target.load(solution.library, solution.architecture or {})
    held = f"{format_number(load.memory_mib)} MiB"
    over = load.memory_mib > target.each_mib * (1 + 1e-9)
    if not load.uneven:
        return "pw-quiet", f"The answer puts {held} on each GPU."
    count = "1 layer" if len(load.uneven) == 1 else f"{len(load.uneven)} layers"
    heads = f"KV heads of {count} do not divide by {target.gpus} and are copied"
    if not load.split:
        return "pw-warn", (
            f"The answer puts at least {held} on each GPU: {heads}, and this library does not "
            "tell the KV cache apart."
        )
    more = ", more than it has" if over else ""
    return ("pw-warn" if over else "pw-quiet"), (
        f"The answer puts {held} on each GPU{more}: {heads}, which is counted."
    )

"""How scores are taken to be off: one choice, wherever it is asked how sure something is."""

from __future__ import annotations

import ipywidgets as widgets

from puzzle_widgets.files.sample_scores import has_samples
from puzzle_widgets.library.quantity import format_share
from puzzle_widgets.reasons.noise import BOOTSTRAP
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.state.reason_answers import NOISES, noise_of
from puzzle_widgets.widgets.panel import Following

_SPREADS: list[tuple[str, float | str]] = [
    (f"{format_share(noise)} noise in the scores", noise) for noise in NOISES
]
_SAMPLES = ("Scores by sample (bootstrap)", BOOTSTRAP)


class NoiseChoice(Following, widgets.Dropdown):
    """Choose how scores may be off; the bootstrap is offered where a library has samples.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> state = pw.ExplorerState("stdlib-2m-measured")
    >>> choice = NoiseChoice(state)
    >>> choice.value = "bootstrap"
    >>> state.looks.bootstrap
    True
    """

    def __init__(self, state: ExplorerState) -> None:
        super().__init__(tooltip="How scores may be off", layout={"width": "auto"})
        self.add_class("pw-noise")
        self.state, self._samples = state, False
        self.options = _SPREADS
        self.when("looks", "library", do=self._show)
        self.changed(self, self._choose)

    def _show(self) -> None:
        offered = has_samples(self.state.library)
        with self.silence():
            if offered != self._samples:
                self._samples = offered
                self.options = [*_SPREADS, _SAMPLES] if offered else _SPREADS
            self.value = noise_of(self.state.looks, self.state.library)

    def _choose(self, noise: float | str) -> None:
        if isinstance(noise, str):
            self.state.set_looks(bootstrap=True)
        else:
            self.state.set_looks(noise=noise, bootstrap=False)

"""The workload that a model is served in: batch, lengths, number formats, non-block costs."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import ipywidgets as widgets
from markupsafe import Markup

from puzzle_widgets.errors import ProblemError, PuzzleError
from puzzle_widgets.library import BlockLibrary, FrozenMapping
from puzzle_widgets.library.checks import all_of, short_repr
from puzzle_widgets.library.quantity import MEMORY, format_exact
from puzzle_widgets.library.rescale import DTYPES, Serving, scale_of, served, why_no_split
from puzzle_widgets.library.weighted import with_sums
from puzzle_widgets.problem.budget import as_number
from puzzle_widgets.problem.restated import restated
from puzzle_widgets.state import ExplorerState
from puzzle_widgets.sweeps.batch_sizes import BatchSizes, search_batch_sizes, usual_sizes
from puzzle_widgets.widgets.guide import guide_button
from puzzle_widgets.widgets.panel import Following, button, menu, named, row

_WORDS = (
    "Memory is worked out from weights and KV cache. Runtimes are known for batch {}; elsewhere "
    "throughput is not shown."
)
_NO_THROUGHPUT = "Memory is worked out from weights and KV cache. Throughput is not known here."
_MOST_SIZES = 16
_SECONDS = 2.0
_FIELDS = ("batch_size", "prefill", "generation")
_LABELS = ("Batch size (sequences)", "Prefill (tokens)", "Generation (tokens)")


class ServingChoice(Following, widgets.HBox):
    """Says the workload in a line; behind a button it is changed, and batch sizes are compared.

    Parameters
    ----------
    state
        Whose workload to set and to show.
    """

    def __init__(self, state: ExplorerState) -> None:
        super().__init__()
        self.state = state
        self.found: BatchSizes | None = None
        self.said, self.words, self.reason, self.answers = (widgets.HTML() for _ in range(4))
        self.counts = {name: _field(words) for name, words in zip(_FIELDS, _LABELS, strict=True)}
        self.weights, self.kv = (_formats(of) for of in ("weights", "the KV cache"))
        self.non_block = _field("Memory outside the blocks, embeddings and head, in MiB")
        self.sizes = _field("Batch sizes to search, such as 64, 128, 256")
        self.compare = button("Search each", "Search each of these batch sizes, and tell the best")
        self.use = button("Use the best", "Serve the batch size of the best score")
        self.reset = button("As measured", "Back to the workload that the library was measured in")
        self.children = (self.said, menu("Workload", *self._body()))
        self.add_class("pw-serving")
        self._bind()

    def _body(self) -> list[widgets.Widget]:
        counts = zip(_LABELS, self.counts.values(), strict=True)
        return [
            self.words,
            self.reason,
            *(named(words, field) for words, field in counts),
            named("Format of weights", self.weights),
            named("Format of KV cache", self.kv),
            named("Non-block memory (MiB)", self.non_block),
            self.reset,
            named("Batch sizes to search", self.sizes),
            row(self.compare, self.use),
            self.answers,
        ]

    def _bind(self) -> None:
        for field in (*self.counts.values(), self.weights, self.kv, self.non_block):
            self.changed(field, lambda _: self._choose())
        self.clicked(self.reset, lambda: self.state.set_serving(Serving()))
        self.clicked(self.compare, self._search_each)
        self.clicked(self.use, self._use)
        self.when("library", "serving", do=self._show)
        self.when("problem", do=self._forget)

    def _show(self) -> None:
        library, opened = self.state.library, self.state.record.opened
        scale = scale_of(library.measurement)
        with self.silence():
            counts = (scale.batch, scale.prefill, scale.generation)
            for field, count in zip(self.counts.values(), counts, strict=True):
                field.value = "" if count is None else str(count)
            for choice, now in ((self.weights, scale.weights_dtype), (self.kv, scale.kv_dtype)):
                known = [now] if now not in DTYPES else []
                choice.options = [(name or "not known", name) for name in (*known, *DTYPES)]
                choice.value = now
            self.non_block.value = format_exact(library.non_block_cost(MEMORY))
        sizes = usual_sizes(opened, self.state.record.run)
        mark = guide_button("workload", "Workload")
        said = Markup("<div class='pw-quiet'>{} {}</div>")
        self.words.value = said.format(_known_words(sizes), mark)
        self.sizes.placeholder = _listed(sizes) if len(sizes) > 1 else "64, 128, 256"
        reason = why_no_split(opened)
        for part in (*self.counts.values(), self.weights, self.kv):
            part.disabled = bool(reason)
        self.non_block.disabled = MEMORY not in library.keys
        words = Markup("<div class='pw-warn'>{} Only what was measured can be shown.</div>")
        notes = " ".join(note for note in library.notes if note not in opened.notes)
        told = Markup("<div role='status'>{}</div>").format(notes) if notes else ""
        self.reason.value = words.format(reason) if reason else told
        self.reset.layout.display = "none" if self.state.serving == Serving() else ""
        self.said.value = _line(library, changed=self.state.serving != Serving())

    def _choose(self) -> None:
        try:
            self.state.set_serving(self._typed())
        except PuzzleError as error:
            self.state.fail(error)
        finally:
            self._show()

    def _typed(self) -> Serving:
        """What the fields say, as far as it is not what the library was measured in."""
        opened = self.state.record.opened
        scale = scale_of(opened.measurement)
        own: dict[str, Any] = {
            "batch_size": scale.batch,
            "prefill": scale.prefill,
            "generation": scale.generation,
        }
        typed = {name: _count(field) for name, field in self.counts.items()}
        lengths = ("prefill", "generation")
        if any(typed[name] not in (None, own[name]) for name in lengths):
            own = {**own, **dict.fromkeys(lengths)}  # both are said where one is another
        counts: dict[str, Any] = {k: n for k, n in typed.items() if n not in (None, own[k])}
        formats: dict[str, Any] = {
            name: choice.value
            for name, choice, now in (
                ("weights_dtype", self.weights, scale.weights_dtype),
                ("kv_dtype", self.kv, scale.kv_dtype),
            )
            if choice.value != now
        }
        return replace(Serving(), **counts, **formats, non_block_costs=self._non_block())

    def _non_block(self) -> FrozenMapping[str, float]:
        """The amount typed, where it is not what is shown already; else what was typed before."""
        amount = as_number(self.non_block.value.replace(",", "").strip() or 0)
        if not 0 <= amount < float("inf"):
            text = short_repr(self.non_block.value)
            raise ProblemError(f"{text} is not a memory in MiB. Type a number, 0 or more.")
        shown = format_exact(self.state.library.non_block_cost(MEMORY)).replace(",", "")
        if MEMORY not in self.state.library.keys or amount == float(shown):
            return self.state.serving.non_block_costs
        return FrozenMapping({**self.state.serving.non_block_costs, MEMORY: amount})

    def _search_each(self) -> None:
        """Search each size; the limits are those that are set now."""
        typed = self.sizes.value.strip() or self.sizes.placeholder
        sizes = [int(word) for word in re.findall(r"\d+", typed)]
        if not 0 < len(sizes) <= _MOST_SIZES:
            raise ProblemError(f"Type 1 to {_MOST_SIZES} batch sizes, such as 64, 128, 256.")
        record = self.state.record  # from what was opened, whose runtimes are known
        opened = served(record.opened, replace(record.serving, batch_size=None))
        problem = restated(record.problem, with_sums(opened, record.library.sums.values()))
        found = search_batch_sizes(problem, sizes, run=record.run, time_limit=_SECONDS)
        lines = Markup("").join(Markup("<div>{}</div>").format(one) for one in found.sentences)
        self.answers.value = Markup("<div role='status'>{}</div>").format(lines)
        self.found = found
        self._show_use()

    def _use(self) -> None:
        best = self.found.best if self.found else None
        if best is not None:
            self.state.set_serving(replace(self.state.serving, batch_size=best.batch_size))

    def _forget(self) -> None:
        """What was found for other limits is not shown beside these."""
        self.found, self.answers.value = None, ""
        self._show_use()

    def _show_use(self) -> None:
        best = self.found.best if self.found else None
        self.use.layout.display = "" if best else "none"
        if best is not None:
            self.use.description = f"Use batch {best.batch_size:,}"


def _listed(sizes: list[int]) -> str:
    """List batch sizes as they are typed, the largest where there are too many to search."""
    return ", ".join(map(str, sizes[-_MOST_SIZES:]))


def _known_words(sizes: list[int]) -> str:
    """Say where memory and runtimes come from."""
    if not sizes:
        return _NO_THROUGHPUT
    return _WORDS.format(all_of(f"{size:,}" for size in sizes))


def _field(words: str) -> widgets.Text:
    field = widgets.Text(continuous_update=False, tooltip=words)
    field.add_class("pw-field")
    return field


def _formats(of: str) -> widgets.Dropdown:
    return widgets.Dropdown(tooltip=f"Number format of {of}")


def _count(field: widgets.Text) -> int | None:
    text = field.value.replace(",", "").strip()
    if not text:
        return None
    if not text.isdecimal() or len(text) > 9:
        raise ProblemError(f"{short_repr(field.value)}: type a whole number.")
    return int(text)


def _line(library: BlockLibrary, *, changed: bool) -> Markup:
    measured, scale = library.measurement, scale_of(library.measurement)
    parts = []
    if measured.batch_size:
        parts.append(f"batch {measured.batch_size:,}")
    if measured.sequence_length:
        parts.append(f"{measured.sequence_length:,} tokens")
    if scale.dtype:
        parts.append(scale.dtype)
    words = " \u00b7 ".join(parts) or "not known"
    mark = " (worked out)" if changed else ""
    return Markup(
        "<span class='pw-name'>Workload</span> <span class='pw-quiet'>{}{}</span>"
    ).format(words, mark)

"""The targets: what they are called, who reads them, what is checked and how they are written."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from puzzle_widgets.charts import comparison_figure, draw, layers_figure
from puzzle_widgets.charts.about import about
from puzzle_widgets.charts.comparison import with_parent
from puzzle_widgets.errors import ExportError
from puzzle_widgets.export import checks
from puzzle_widgets.export.checks import Check, ExportRequest
from puzzle_widgets.export.decilm import READERS, check_decilm, decilm_config
from puzzle_widgets.export.nemotron_h import check_hybrid, nemotron_h_config
from puzzle_widgets.export.parent_config import ParentConfig
from puzzle_widgets.export.puzzletron import (
    anymodel_config,
    check_anymodel,
    check_per_layer,
    check_puzzletron,
    per_layer_config,
    puzzletron_solutions,
)
from puzzle_widgets.export.report import report
from puzzle_widgets.files.scenario_file import (
    ORIGIN,
    asked_content,
    dump_layers,
    scenarios_content,
)
from puzzle_widgets.library.quantity import MEMORY, RUNTIME
from puzzle_widgets.solution import Scenario, Solution

Write = Callable[[ExportRequest], str]
JSON, CSV, HTML, SVG = "application/json", "text/csv", "text/html", "image/svg+xml"
_DECILM = (checks.check_parent, check_decilm, checks.check_sized_blocks)


@dataclass(frozen=True)
class Target:
    """A form that architectures are exported to.

    Parameters
    ----------
    name
        As it is asked for.
    title
        For people.
    file
        Name of the file.
    kind
        Media type.
    readers
        Who reads it, in a sentence.
    write
        Gives the file's text.
    checks
        What is asked of every architecture first.
    many
        Whether one file takes several architectures.
    needs_parent
        Whether the parent's configuration is needed.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> [target.name for target in pw.export.TARGETS if target.needs_parent][:2]
    ['vllm', 'sglang']
    """

    name: str
    title: str
    file: str
    kind: str
    readers: str
    write: Write
    checks: tuple[Check, ...] = ()
    many: bool = False
    needs_parent: bool = False


def _config(build: Callable[[Solution, ParentConfig], dict[str, Any]]) -> Write:
    def write(request: ExportRequest) -> str:
        if request.parent is None:
            raise ExportError("The parent's config.json is needed. Give it.")
        solution = request.scenarios[0].solution
        return _json(build(solution, request.parent) | _origin(solution))

    return write


def _origin(solution: Solution) -> dict[str, Any]:
    """A key that no reader knows, which says what the file is the answer to."""
    return {ORIGIN: asked_content(solution.problem)}


def _solutions(request: ExportRequest) -> str:
    solutions = [one.solution for one in request.scenarios]
    written = zip(puzzletron_solutions(solutions), solutions, strict=True)
    return _json([one | _origin(solution) for one, solution in written])


def _layers_json(request: ExportRequest) -> str:
    """Scenarios as the app keeps them, each with its layers' blocks in full."""
    content = scenarios_content(request.scenarios)
    for record, scenario in zip(content["scenarios"], request.scenarios, strict=True):
        record["layers"] = _layers(scenario)
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False)


def _layers(scenario: Scenario) -> list[dict[str, Any]]:
    solution = scenario.solution
    return [
        {
            "layer": layer.name,
            "variant": block.name,
            "attention": asdict(block.attention),
            "ffn": asdict(block.ffn),
            "is_parent": block.name == layer.parent,
            "values": dict(block.values),
        }
        for layer, block in zip(solution.library.layers, solution.blocks, strict=True)
    ]


def _layers_svg(request: ExportRequest) -> str:
    saved = request.scenarios[0]
    figure = layers_figure(saved.solution, title=f"Blocks by layer: {saved.name}")
    return str(about(draw(figure), saved).to_svg())


def _comparison_svg(request: ExportRequest) -> str:
    scenarios = request.scenarios
    checks.require_one_parent(scenarios)
    library = scenarios[0].solution.library
    key = next((key for key in (RUNTIME, MEMORY) if key in library.keys), library.keys[0])
    figure = comparison_figure(with_parent(scenarios), key)
    return str(about(draw(figure), *scenarios).to_svg())


def _json(content: Any) -> str:  # noqa: ANN401
    return json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _decilm(name: str, title: str, readers: str) -> Target:
    return Target(
        name,
        f"{title} (DeciLM config)",
        "config.json",
        JSON,
        readers,
        _config(decilm_config),
        (*_DECILM, READERS[name], checks.check_layer_order),
        needs_parent=True,
    )


TARGETS: tuple[Target, ...] = (
    _decilm("vllm", "vLLM", "vLLM newer than 0.8.2, with --trust-remote-code."),
    _decilm("sglang", "SGLang", "SGLang, with --trust-remote-code."),
    _decilm("llama.cpp", "llama.cpp", "llama.cpp's convert_hf_to_gguf.py, and all that run GGUF."),
    _decilm("mlx", "MLX", "mlx-lm, which has no-op and linear blocks."),
    _decilm("tensorrt-llm", "TensorRT-LLM", "TensorRT-LLM, which has no-op and linear blocks."),
    Target(
        "nemotron-h-puzzle",
        "Nemotron-H hybrids (NemotronHPuzzle config)",
        "config.json",
        JSON,
        "vLLM and SGLang, with --trust-remote-code, and llama.cpp, for hybrids with Mamba and "
        "experts.",
        _config(nemotron_h_config),
        (checks.check_parent, check_hybrid, checks.check_layer_order),
        needs_parent=True,
    ),
    Target(
        "transformers",
        "transformers (per_layer_config)",
        "config.json",
        JSON,
        "transformers 5.15 and later, which reads the configuration and builds no model from it.",
        _config(per_layer_config),
        (
            checks.check_parent,
            check_per_layer,
            checks.check_sized_blocks,
            checks.check_no_linear,
            checks.check_layer_order,
        ),
        needs_parent=True,
    ),
    Target(
        "anymodel",
        "ModelOpt AnyModel config",
        "config.json",
        JSON,
        "ModelOpt: loading, evaluation, distillation.",
        _config(anymodel_config),
        (
            checks.check_parent,
            checks.check_known_blocks,
            checks.check_no_linear_in_puzzletron,
            check_anymodel,
            checks.check_layer_order,
        ),
        needs_parent=True,
    ),
    Target(
        "puzzletron",
        "Puzzletron solutions",
        "solutions.json",
        JSON,
        "Puzzletron, which realizes and validates the model from the weights of its blocks.",
        _solutions,
        (check_puzzletron, checks.check_no_linear_in_puzzletron, checks.check_layer_order),
        many=True,
    ),
    Target(
        "layers-csv",
        "Layers as CSV",
        "layers.csv",
        CSV,
        "Spreadsheets, pandas, and this program.",
        lambda request: dump_layers(request.scenarios),
        many=True,
    ),
    Target(
        "layers-json",
        "Layers as JSON",
        "layers.json",
        JSON,
        "Programs of your own, and this program.",
        _layers_json,
        many=True,
    ),
    Target(
        "report",
        "Report (HTML)",
        "report.html",
        HTML,
        "People: one page with pictures, tables and provenance that opens anywhere, offline.",
        lambda request: report(request.scenarios, request.front),
        many=True,
    ),
    Target(
        "layers-svg",
        "Picture of the layers (SVG)",
        "layers.svg",
        SVG,
        "Papers, slides and pages.",
        _layers_svg,
    ),
    Target(
        "comparison-svg",
        "Picture of the comparison (SVG)",
        "comparison.svg",
        SVG,
        "Papers, slides and pages: runtime by layer, or memory where there is none.",
        _comparison_svg,
        many=True,
    ),
)

FIRST_TARGET = "report"
"""What the explorer opens with: it needs nothing but an architecture."""


def find_target(name: str) -> Target:
    """Find a target by its name.

    Raises
    ------
    ExportError
        If there is none.

    Examples
    --------
    >>> import puzzle_widgets as pw
    >>> pw.export.find_target("vllm").file
    'config.json'
    """
    for target in TARGETS:
        if target.name == name:
            return target
    names = ", ".join(target.name for target in TARGETS)
    raise ExportError(f"No target {name!r}. There are {names}.")

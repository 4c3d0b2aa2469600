"""Help: every term with its meaning, on a sheet and on hover, and a tour of four steps."""

from __future__ import annotations

from pathlib import Path

import anywidget
from traitlets import List

TERMS: tuple[tuple[str, str], ...] = (
    (
        "Block library",
        (
            "For every layer of a model, the blocks that could take its place, with "
            "their scores and costs."
        ),
    ),
    ("Parent", "The model that is compressed. Its own block is one of the choices in every layer."),
    ("Variant", "One candidate block of a layer: fewer KV heads, a narrower FFN, linear, or none."),
    (
        "Score",
        (
            "How much a block harms the model, measured with this one block replaced in the "
            "parent; an architecture's score is the sum over its layers."
        ),
    ),
    (
        "KL divergence",
        (
            "A score in nats: how far the outputs move from the parent's. 0 is the "
            "parent itself; what is tolerable depends on the distillation that follows."
        ),
    ),
    ("Budget", "A limit on a summed cost, such as memory at most, or throughput at least."),
    (
        "Memory",
        (
            "Summed memory of the blocks (weights and KV cache, as the library counts them) and "
            "of what lies outside them."
        ),
    ),
    ("Runtime", "Summed time of all blocks for one batch, on the GPU that was measured."),
    ("Throughput", "Batch size x sequence length / summed runtime of a batch, in tokens/s."),
    ("Speedup", "Throughput divided by the parent's."),
    ("Parameters", "Weights of the architecture, those outside the blocks included."),
    ("KV heads", "Heads of keys and values, which set the size of the KV cache."),
    ("FFN width", "Intermediate size of the feed-forward part of a layer."),
    ("Linear", "One matrix in place of attention or FFN."),
    ("No-op", "Attention or FFN left out; the residual passes by."),
    (
        "Optimal, proven",
        ("The search has shown that no other architecture within the budgets scores better."),
    ),
    (
        "Bound and gap",
        (
            "No architecture within the budgets can score better than the bound; the gap "
            "is how far the answer is from it. 0 % means optimal."
        ),
    ),
    (
        "Shadow price",
        "How much the bound of the score falls for one unit more of a budget, near the answer.",
    ),
    ("Target", "The GPUs to run on: their memory, less the reserve, is the memory budget."),
    (
        "Reserve",
        "Memory of a target that is kept free for activations, GPU context and fragments.",
    ),
    ("Binding", "A budget is binding, or the limit, where loosening it would better the score."),
    ("To spare", "How much of a budget the answer leaves."),
    (
        "Infeasible",
        (
            "No architecture fits all budgets and rules. The budgets say what clashes and "
            "the least changes that make it feasible."
        ),
    ),
    (
        "Pareto front",
        ("The best score for each value of one cost: nothing below the line is possible."),
    ),
    (
        "Knee",
        "The point of a front that is farthest from the straight line between its ends.",
    ),
    (
        "Blocks by layer",
        (
            "What was chosen for each layer: attention upwards, FFN downwards, as "
            "shares of the parent's."
        ),
    ),
    (
        "Scenario",
        (
            "A solution that is saved by name, to compare it, or to be the reference that all "
            "figures are set against."
        ),
    ),
    ("Rule", "What an architecture has to keep beside the budgets, such as a layer that stays."),
    ("Why", "What limits the answer, what a little more would buy, and how sure it is."),
    ("Surface", "The best score over a grid of two budgets."),
    ("Alternative", "An architecture nearly as good as the optimum; Others shows unlike ones."),
    ("Map", "Which block each layer takes as one budget tightens."),
    ("Export", "The architecture as a file for vLLM, TensorRT-LLM, Puzzletron and others."),
    ("Truth", "Predicted scores against those of whole models that were assembled and measured."),
)


class Help(anywidget.AnyWidget):
    """A button that opens the sheet of terms and begins the tour; words on hover over terms."""

    _esm = Path(__file__).parent / "static" / "help.js"
    terms: List[list[str]] = List().tag(sync=True)

    def __init__(self) -> None:
        super().__init__(terms=[list(term) for term in TERMS])
        self.add_class("pw-help")

"""How far a child is from its parent on held-out text, sample by sample.

The names are those of Puzzletron. KL divergence and losses are in nats a token (here: a byte).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from puzzle_widgets.distillation.model import Decoder

KL, LM_LOSS = "kl_div", "lm_loss"
TOP_1, COSINE = "token_accuracy_top_1", "cosine_embedding_loss_hidden_states"
METRICS = (KL, LM_LOSS, TOP_1, COSINE)


@dataclass(frozen=True, eq=False)
class Reference:
    """The parent on held-out text: what children are compared with.

    Parameters
    ----------
    streams
        Residual stream before each layer, each (samples, tokens, width).
    targets
        Next tokens, (samples, tokens).
    hidden
        Hidden states after the final norm.
    log_probabilities
        Of each next token, (samples, tokens, vocabulary).
    """

    streams: tuple[Tensor, ...]
    targets: Tensor
    hidden: Tensor
    log_probabilities: Tensor


@torch.no_grad()
def make_reference(parent: Decoder, windows: Tensor) -> Reference:
    """Run the parent on windows of shape (samples, tokens + 1)."""
    stream = parent.embedding(windows[:, :-1])
    streams = [stream]
    for block in parent.blocks:
        stream = block(stream)
        streams.append(stream)
    hidden = parent.norm(stream)
    return Reference(
        tuple(streams[:-1]), windows[:, 1:], hidden, _log_probabilities(parent, hidden)
    )


@torch.no_grad()
def compare(child: Decoder, hidden: Tensor, reference: Reference) -> dict[str, list[float]]:
    """Score hidden states against the parent's.

    Parameters
    ----------
    child
        Gives the output layer.
    hidden
        The child's hidden states after the final norm on the reference's windows.

    Returns
    -------
    dict
        One value a sample for each of ``METRICS``: KL(parent || child), loss and top-1 accuracy
        of the next token, and 1 - cosine of the hidden states, each the mean over tokens.
    """
    logs = _log_probabilities(child, hidden)
    theirs = reference.log_probabilities
    kl = (theirs.exp() * (theirs - logs)).sum(dim=-1)
    loss = -logs.gather(-1, reference.targets[..., None]).squeeze(-1)
    right = (logs.argmax(dim=-1) == reference.targets).float()
    away = 1 - functional.cosine_similarity(hidden, reference.hidden, dim=-1)
    same = (hidden == reference.hidden).all(dim=-1)  # rounding leaves 1 - cosine near 1e-7
    values = (kl, loss, right, away.masked_fill(same, 0.0))
    return {
        metric: [float(sample) for sample in value.mean(dim=1)]
        for metric, value in zip(METRICS, values, strict=True)
    }


def whole_model_quality(child: Decoder, reference: Reference) -> dict[str, list[float]]:
    """Score an assembled child on the reference's windows."""
    with torch.no_grad():
        return compare(child, child.finish(reference.streams[0]), reference)


def _log_probabilities(model: Decoder, hidden: Tensor) -> Tensor:
    return functional.log_softmax(model.head(hidden), dim=-1)

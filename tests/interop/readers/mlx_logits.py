"""Compute log-probabilities by mlx-lm's own model: FOLDER and token ids, JSON on stdout."""

import json
import sys
from pathlib import Path

import mlx.core as mx
import mlx_lm
from mlx_lm.models.cache import make_prompt_cache
from mlx_lm.utils import load_model


def main(folder: Path, ids: list[int]) -> None:
    """Once as a whole and once token by token with a cache."""
    model, _ = load_model(folder)
    whole = model(mx.array([ids]))[0]
    cache = make_prompt_cache(model)
    steps = mx.concatenate([model(mx.array([[one]]), cache=cache)[0] for one in ids])
    print(  # noqa: T201
        json.dumps(
            {
                "version": mlx_lm.__version__,
                "whole": _log(whole),
                "steps": _log(steps),
                "theta": model.args.rope_theta,
            }
        )
    )


def _log(logits: mx.array) -> list[list[float]]:
    found: list[list[float]] = (logits - mx.logsumexp(logits, axis=-1, keepdims=True)).tolist()
    return found


main(Path(sys.argv[1]), json.loads(sys.argv[2]))

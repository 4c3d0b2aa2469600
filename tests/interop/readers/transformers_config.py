"""Read a per_layer_config by transformers' own class: FOLDER and a layer, JSON on stdout."""

from __future__ import annotations

import json
import sys

import transformers
from transformers import AutoConfig, AutoModelForCausalLM


def main(folder: str) -> None:
    """Say what the configuration is read as, and whether a model comes of it."""
    config = AutoConfig.from_pretrained(folder)
    found = {
        "version": transformers.__version__,
        "type": config.model_type,
        "rope": config.rope_parameters,
        "layers": [
            [list(one.skip), one.num_key_value_heads, one.intermediate_size]
            for one in (config.per_layer_config[n] for n in range(config.num_hidden_layers))
        ],
    }
    try:
        AutoModelForCausalLM.from_config(config)
        found["model"] = "built"
    except Exception as error:  # noqa: BLE001 - whichever it is, it is told
        found["model"] = type(error).__name__
    print("\n" + json.dumps(found, default=str))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])

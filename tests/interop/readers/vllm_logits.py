"""Compute log-probabilities by vLLM's own DeciLM: FOLDER and token ids, JSON as the last line.

NVIDIA's configuration class is remote code; a stand-in for it lies in the folder.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
STAND_IN = """
from types import SimpleNamespace

from transformers import LlamaConfig


class DeciLMConfig(LlamaConfig):
    model_type = "nemotron-nas"

    def __init__(self, block_configs=None, **kwargs):
        told = {name: value for name, value in kwargs.items() if value is not None}
        super().__init__(**told)
        self.block_configs = [
            SimpleNamespace(**{part: SimpleNamespace(**one) for part, one in block.items()})
            if isinstance(block, dict)
            else block
            for block in block_configs or []
        ]

    def to_dict(self):
        content = super().to_dict()
        content["block_configs"] = [
            {part: vars(subblock) for part, subblock in vars(block).items()}
            for block in self.block_configs
        ]
        return content
"""


def main(folder: Path, ids: list[int]) -> None:
    """Ask for the log-probability of every token after each of the ids."""
    import vllm  # noqa: PLC0415

    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoConfig": "configuration_decilm.DeciLMConfig"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "configuration_decilm.py").write_text(STAND_IN)
    words = config["vocab_size"]
    model = vllm.LLM(
        str(folder),
        trust_remote_code=True,
        skip_tokenizer_init=True,
        dtype="float32",
        max_model_len=64,
        max_logprobs=words,
        enforce_eager=True,
    )
    asked = vllm.SamplingParams(max_tokens=1, logprobs=words, detokenize=False)
    starts = [{"prompt_token_ids": ids[:count]} for count in range(1, len(ids) + 1)]
    answers = model.generate(starts, asked, use_tqdm=False)
    found = [answer.outputs[0].logprobs[0] for answer in answers]
    rows = [[one[word].logprob for word in range(words)] for one in found]
    print("\n" + json.dumps({"version": vllm.__version__, "whole": rows}))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))

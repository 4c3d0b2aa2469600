"""Write the modeled Llama-3.3-70B block library: nothing in it is measured.

``python data/make_modeled_library.py [OUTPUT]`` rewrites ``llama-3.3-70b-modeled.json``
beside this script (or OUTPUT), byte for byte the same on every run.

Space (Puzzle, ICML 2025): six attention variants {8, 4, 2, 1 KV heads, linear, no-op} times
nine FFN variants {100, 87.5, 75, 50, 25, 20, 10 %, linear, no-op} in each of 80 layers.

Parameters and memory follow exactly from the architecture. Memory of a subblock in MiB is
``(weight bytes + KV cache bytes) / 2**20``, the cache holding every token of every sequence.

Runtime of a subblock is a roofline model of one H100 serving the whole request batch: one prefill
step, then one decode step for each generated token. Each operator of a step takes
``max(floating point operations / reached FLOP/s, bytes moved / reached bytes/s)``, and each kernel
launch of a step adds a fixed overhead. Bytes moved are weights and KV cache.

Scores imitate a replace-one-block KL divergence. With depth ``l`` (layer 0 to 79), attention ``a``
and FFN ``f``::

    A = rough(l) * attention_body(l) * body_share(a) + attention_collapse(l) * collapse_share(a)
    F = rough(l) * ffn_body(l)       * body_share(f) + ffn_collapse(l)       * collapse_share(f)
    kl_div = rough(l, a, f) * (A + F - 0.4 * A * F / (A + F))
    lm_loss = 1.64 + 0.017 * rough(l, a, f) * kl_div

``body`` is the ordinary loss, smooth in depth; ``collapse`` the breakdown of a model without its
first or last layers; ``share`` grows with what is removed, from 0 for the parent's subblock.
``rough`` is ``1 + amplitude * u`` with ``u`` in [-1, 1) from an integer hash of SEED and indices.
"""

from __future__ import annotations

import argparse
import json
from math import exp
from pathlib import Path
from typing import Any, NamedTuple

DEFAULT_OUTPUT = Path(__file__).with_name("llama-3.3-70b-modeled.json")

# Architecture, from the public configuration of Llama-3.3-70B.
LAYERS = 80
HIDDEN = 8192  # width of the residual stream
QUERY_HEADS = 64
HEAD_SIZE = 128
PARENT_KV_HEADS = 8
PARENT_FFN = 28672  # intermediate size of the gated FFN (three matrices)

# Widths of the Puzzle paper (ICML 2025) in multiples of 256; KV heads stand with their scores.
FFN_SIZES = (28672, 25088, 21504, 14336, 7168, 5632, 2816)

# Workload: 176 prompt and 1,024 generated tokens, together the sequence of 1,200.
BATCH = 256  # sequences
BATCHES = (1, 8, 32, 64, 128, 256)  # those whose runtimes are modeled, too
PREFILL = 176  # tokens a sequence
DECODE = 1024  # tokens a sequence, so decode steps
SEQUENCE = PREFILL + DECODE  # tokens
BYTES = 1  # a weight or a KV cache entry in fp8
MIB = 2**20  # bytes

# NVIDIA H100 SXM data sheet (dense fp8 tensor core rate; HBM3 bandwidth).
GPU = "NVIDIA H100 80GB HBM3"
PEAK_FLOPS = 1979e12  # FLOP/s
PEAK_BANDWIDTH = 3.35e12  # bytes/s

# Chosen so that the model stands close to the published runtimes (see data/README.md).
COMPUTE_EFFICIENCY = 0.75  # share of PEAK_FLOPS reached
MEMORY_EFFICIENCY = 0.58  # share of PEAK_BANDWIDTH reached
KERNEL_OVERHEAD = 9e-6  # seconds a kernel launch
ATTENTION_KERNELS = 5  # norm, QKV projection, rotary and cache write, attention, output projection
FFN_KERNELS = 4  # norm, gate and up projection, activation, down projection
LINEAR_KERNELS = 2  # norm, one matrix

# Scores.
SEED = 20250713
PARENT_LM_LOSS = 1.64  # nats/token, a round figure
LM_LOSS_PER_KL = 0.017  # nats/token
INTERACTION = 0.4
ATTENTION_LAYER_ROUGHNESS = 0.25
FFN_LAYER_ROUGHNESS = 0.20
VARIANT_ROUGHNESS = 0.03
LM_LOSS_ROUGHNESS = 0.10
# Share of the ordinary loss a variant suffers; of an FFN, (share of its width removed)**exponent.
ATTENTION_SHARE = {8: 0.0, 4: 0.15, 2: 0.27, 1: 0.37}  # by KV heads
FFN_SHARE_EXPONENT = 1.4
SUBSTITUTE_SHARE = {"attention": (0.70, 1.0), "FFN": (0.94, 1.25)}  # linear, no-op
# Share of the breakdown; of a sized subblock, this times (share removed)**16.
LINEAR_COLLAPSE_SHARE = 0.10
SIZED_COLLAPSE_SHARE = 0.02

COSTS = {"memory_mib": "MiB", "runtime_ms": "ms", "num_params": ""}  # with their units
UNITS = {
    "metrics.kl_div": "",
    "metrics.lm_loss": "nats/token",
    **{f"stats.{key}": unit for key, unit in COSTS.items()},
    "stats.kv_cache_memory_mib": "MiB",
    "stats.num_kv_heads": "",
    "stats.ffn_intermediate_size": "",
    **{f"stats.{part}_{key}": unit for part in ("attention", "ffn") for key, unit in COSTS.items()},
    **{f"stats.runtime_ms@batch {batch}": "ms" for batch in BATCHES},
}
HEAD = {
    "format": "puzzle-widgets/block-library",
    "version": 1,
    "name": "Llama-3.3-70B (modeled)",
    "measurement": {
        "batch_size": BATCH,
        "sequence_length": SEQUENCE,
        "gpu": GPU,
        "dtype": "fp8",
        "prefill_length": PREFILL,
    },
    "units": UNITS,
    "provenance": {
        "origin": "modeled",
        "source": "data/make_modeled_library.py",
        "note": "Modeled, not measured: parameters and memory are exact for the architecture, "
        "runtime is a roofline model of an H100, scores come from a formula of depth and of what "
        "is removed.",
    },
    "keys": list(UNITS),
}


class Subblock(NamedTuple):
    """One attention or FFN variant of a layer."""

    name: str
    kind: str  # sized, linear or no_op
    size: int  # KV heads or intermediate size, 0 unless sized
    weights: int  # entries of its matrices
    cached: int  # KV cache of a token, bytes
    kernels: int  # launched in a step
    body_share: float
    collapse_share: float


def collapse_share(kept: float) -> float:
    """Return the share of the breakdown with this share of a subblock left: little if any is."""
    return SIZED_COLLAPSE_SHARE * (1 - kept) ** 16


def attention(heads: int) -> Subblock:
    """Return attention with this many KV heads."""
    name = f"attention {heads} KV head{'s' if heads > 1 else ''}"
    weights = 2 * HIDDEN * (QUERY_HEADS + heads) * HEAD_SIZE
    cached = 2 * heads * HEAD_SIZE * BYTES
    shares = ATTENTION_SHARE[heads], collapse_share(heads / PARENT_KV_HEADS)
    return Subblock(name, "sized", heads, weights, cached, ATTENTION_KERNELS, *shares)


def ffn(size: int) -> Subblock:
    """Return a gated FFN of this intermediate size."""
    kept = size / PARENT_FFN
    shares = (1 - kept) ** FFN_SHARE_EXPONENT, collapse_share(kept)
    return Subblock(f"FFN {size}", "sized", size, 3 * HIDDEN * size, 0, FFN_KERNELS, *shares)


def substitutes(part: str) -> list[Subblock]:
    """Return a single matrix and nothing in place of a part."""
    matrix, nothing = SUBSTITUTE_SHARE[part]
    shares = matrix, LINEAR_COLLAPSE_SHARE
    linear = Subblock(f"{part} linear", "linear", 0, HIDDEN * HIDDEN, 0, LINEAR_KERNELS, *shares)
    return [linear, Subblock(f"{part} no-op", "no_op", 0, 0, 0, 0, nothing, 1.0)]


ATTENTION = [*map(attention, ATTENTION_SHARE), *substitutes("attention")]
FFN = [*map(ffn, FFN_SIZES), *substitutes("FFN")]


def seconds(flops: float, moved: float) -> float:
    """Return the roofline time of an operator: compute or memory traffic, the slower one."""
    compute = flops / (PEAK_FLOPS * COMPUTE_EFFICIENCY)
    return max(compute, moved / (PEAK_BANDWIDTH * MEMORY_EFFICIENCY))


def matrix_seconds(block: Subblock, batch: int) -> float:
    """Return the time of a subblock's matrices over prefill and all decode steps."""
    moved = block.weights * BYTES
    flops = 2 * block.weights * batch  # of one token in every sequence
    return seconds(flops * PREFILL, moved) + DECODE * seconds(flops, moved)


def context_seconds(block: Subblock, batch: int) -> float:
    """Return the time attention takes to read the tokens before it, prefill and decode."""
    if not block.cached:
        return 0.0
    flops, moved = 4 * HIDDEN * batch, block.cached * batch  # of one cached token in each sequence
    seen_prefill = PREFILL * (PREFILL + 1) // 2
    seen_decode = DECODE * PREFILL + DECODE * (DECODE + 1) // 2
    prefill = seconds(flops * seen_prefill, moved * PREFILL)
    return prefill + seconds(flops * seen_decode, moved * seen_decode)


def runtime_ms(block: Subblock, batch: int) -> float:
    """Return the runtime of a subblock for a whole batch of requests, in ms."""
    launches = (1 + DECODE) * block.kernels * KERNEL_OVERHEAD
    taken = matrix_seconds(block, batch) + context_seconds(block, batch) + launches
    return round(1e3 * taken, 4)


def cost(block: Subblock) -> tuple[float, float, int]:
    """Return memory in MiB, runtime in ms and parameters of a subblock."""
    params = block.weights + (HIDDEN if block.weights else 0)  # with the norm's
    memory = (params * BYTES + block.cached * BATCH * SEQUENCE) / MIB
    return memory, runtime_ms(block, BATCH), params


def noise(*indices: int) -> float:
    """Return a reproducible value in [-1, 1): the splitmix64 mix of SEED and the indices."""
    mask = 2**64 - 1
    state = SEED
    for index in indices:
        state = (state + 0x9E3779B97F4A7C15 * (index + 1)) & mask
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & mask
        state ^= state >> 31
    return state / 2**63 - 1


def attention_body(layer: int) -> float:
    """Return the ordinary loss without attention: high early, low from layer 40 to 70."""
    early = 0.28 / (1 + exp((layer - 41) / 3)) + 0.40 * exp(-layer / 3)
    late = 0.22 / (1 + exp((72 - layer) / 1.5))
    return 0.09 + early + late


def ffn_body(layer: int) -> float:
    """Return the ordinary loss without FFN: highest at both ends, a hill near layer 20."""
    hill = 0.16 * exp(-(((layer - 20) / 14) ** 2))
    ends = 0.25 * exp(-layer / 3) + 0.40 * exp((layer - LAYERS + 1) / 1.5)
    return 0.20 + hill + ends


def attention_collapse(layer: int) -> float:
    """Return the breakdown without attention: 32 in layer 0, gone two layers on."""
    return 32 * exp(-layer / 0.3)


def ffn_collapse(layer: int) -> float:
    """Return the breakdown without FFN: 450 in layer 0, 12 in the last."""
    return 450 * exp(-layer / 0.35) + 12 * exp((layer - LAYERS + 1) / 0.7)


def attention_loss(layer: int, block: Subblock) -> float:
    """Return what replacing a layer's attention alone costs."""
    body = attention_body(layer) * (1 + ATTENTION_LAYER_ROUGHNESS * noise(0, layer))
    return body * block.body_share + attention_collapse(layer) * block.collapse_share


def ffn_loss(layer: int, block: Subblock) -> float:
    """Return what replacing a layer's FFN alone costs."""
    body = ffn_body(layer) * (1 + FFN_LAYER_ROUGHNESS * noise(1, layer))
    return body * block.body_share + ffn_collapse(layer) * block.collapse_share


def scores(layer: int, i: int, j: int) -> tuple[float, float]:
    """Return KL divergence and LM loss of a layer with attention variant i and FFN variant j."""
    a, f = attention_loss(layer, ATTENTION[i]), ffn_loss(layer, FFN[j])
    if a + f == 0:
        return 0.0, PARENT_LM_LOSS
    rough = 1 + VARIANT_ROUGHNESS * noise(2, layer, i, j)
    kl_div = rough * (a + f - INTERACTION * a * f / (a + f))
    slope = LM_LOSS_PER_KL * (1 + LM_LOSS_ROUGHNESS * noise(3, layer, i, j))
    return float(f"{kl_div:.6g}"), round(PARENT_LM_LOSS + slope * kl_div, 6)


def runtimes_together(a: Subblock, f: Subblock, batch: int) -> float:
    """Return the runtime of a block, in ms."""
    return round(runtime_ms(a, batch) + runtime_ms(f, batch), 4)


def values(layer: int, i: int, j: int) -> list[float]:
    """Return the numbers of one variant in the order of UNITS."""
    a, f = cost(ATTENTION[i]), cost(FFN[j])
    total = a[0] + f[0], round(a[1] + f[1], 4), a[2] + f[2]
    cache = ATTENTION[i].cached * BATCH * SEQUENCE / MIB
    runtimes = [runtimes_together(ATTENTION[i], FFN[j], batch) for batch in BATCHES]
    own = [ATTENTION[i].size, FFN[j].size, *a, *f]
    return [*scores(layer, i, j), *total, cache, *own, *runtimes]


def shape(block: Subblock) -> dict[str, Any]:
    """Return the structured form of a subblock."""
    return {"kind": block.kind, "size": block.size or None}


def variant(layer: int, i: int, j: int) -> str:
    """Return one variant as a line of JSON."""
    a, f = ATTENTION[i], FFN[j]
    fields = {"name": f"{a.name} | {f.name}", "attention": shape(a), "ffn": shape(f)}
    return json.dumps({**fields, "values": values(layer, i, j)}, separators=(",", ":"))


def layer_text(layer: int) -> str:
    """Return one layer as JSON, a variant a line."""
    pairs = [(i, j) for i in range(len(ATTENTION)) for j in range(len(FFN))]
    lines = ",\n".join(variant(layer, i, j) for i, j in pairs)
    parent = json.dumps(f"{ATTENTION[0].name} | {FFN[0].name}")
    return f'{{"layer": {layer}, "parent": {parent}, "variants": [\n{lines}]}}'


def library_text() -> str:
    """Return the whole library as JSON."""
    fields = [f'"{name}": {json.dumps(value)}' for name, value in HEAD.items()]
    layers = ",\n".join(layer_text(layer) for layer in range(LAYERS))
    return "{" + ",\n".join(fields) + f',\n"layers": [\n{layers}]}}\n'


def main() -> None:
    """Write the library to the path given, or beside this script."""
    parser = argparse.ArgumentParser(description="Write the modeled Llama-3.3-70B library.")
    parser.add_argument("output", nargs="?", type=Path, default=DEFAULT_OUTPUT)
    output: Path = parser.parse_args().output
    output.write_text(library_text(), encoding="utf-8", newline="\n")
    print(f"{output}: {LAYERS} layers, {len(ATTENTION) * len(FFN)} variants per layer, modeled")


if __name__ == "__main__":
    main()

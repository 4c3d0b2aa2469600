"""A run's directory against a direct join, its workloads, its traps and its errors."""

from __future__ import annotations

import io
import json
import math
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import puzzle_widgets as pw
from puzzle_widgets.library import FrozenMapping, SubBlock, dump_library
from tests.support.libraries import MEMORY, RUNTIME
from tests.support.puzzletron_run import (
    BLOCKS,
    FOREIGN,
    GAIN,
    KINDS,
    KV_HEADS,
    PARENT,
    SCORES,
    SEARCH,
    WIDTHS,
    Run,
    block,
    one_block,
    records_file,
    small_run,
    solutions_file,
    version_two,
)

KL = "metrics.kl_div"
STATS = "subblock_stats.json"
TEACHER_CONFIG = "ckpts/teacher/config.json"


def direct_join(run: Run, batch: int) -> list[dict[str, tuple[float, float, float | None]]]:
    """Join scores and costs by hand: each layer's (KL, memory, runtime) by the config's text."""
    stats = next(s for s in run.files[STATS] if s["args"]["batch_size"] == batch)
    layers: list[dict[str, tuple[float, float, float | None]]] = [{} for _ in range(run.layers)]
    scores = {}
    for path, content in run.files.items():
        if path.startswith(SCORES) and "puzzle_solution" in content:
            one = content["puzzle_solution"]["single_sequence_replacement"]
            key = (one["parent_layer_indices"][0], json.dumps(one_block(one)))
            scores[key] = content["kl_div"]["avg"]
    for entry in run.files["replacement_library.json"]:
        layer, config = entry["parent_layer_indices"][0], one_block(entry)
        rows = [
            next(
                row
                for row in stats["subblocks"]
                if row["parent_layer_index"] == layer
                and row["subblock_config"] == config[part]
                and row["subblock_config_class"] == kind
            )
            for part, kind in (("attention", "AttentionConfig"), ("ffn", "FFNConfig"))
        ]
        times = [row["runtime_ms"] for row in rows]
        name = json.dumps(config)
        layers[layer][name] = (
            scores.get((layer, name), 0.0),
            sum(row["memory_mib"] for row in rows),
            None if None in times else sum(times),
        )
    return layers


def said(library: pw.BlockLibrary) -> str:
    """All notes of a library."""
    return " ".join(library.notes)


def least_score(layers: list[dict[str, tuple[float, float, float | None]]], limit: float) -> float:
    """Least summed score within a memory limit, by a table over all pairs that none beats."""
    used, score = np.zeros(1), np.zeros(1)
    for variants in layers:
        rows = np.array([(memory, kl) for kl, memory, _ in variants.values()])
        used = (used[:, None] + rows[:, 0]).ravel()
        score = (score[:, None] + rows[:, 1]).ravel()
        order = np.lexsort((score, used))
        used, score = used[order], score[order]
        before = np.minimum.accumulate(np.concatenate([[math.inf], score[:-1]]))
        kept = (score < before) & (used <= limit)
        used, score = used[kept], score[kept]
    return float(score.min())


@pytest.mark.parametrize("batch", [96, 32])
@pytest.mark.parametrize("share", [0.6, 0.8])
def test_a_real_sized_run_searches_to_the_optimum_of_a_direct_join(
    tmp_path: Path, batch: int, share: float
) -> None:
    """32 layers of 12 blocks, two workloads: budgets count the non-block costs."""
    run = Run(layers=32)
    library = pw.load_library(run.write(tmp_path), workload={"batch_size": batch})
    joined = direct_join(run, batch)
    outside = 2004.0078125
    parent = sum(la[json.dumps(PARENT)][1] for la in joined) + outside
    assert library.parent_totals[MEMORY] == pytest.approx(parent, rel=1e-12)
    solution = pw.search(pw.SearchProblem(library, minimize=KL, budgets={MEMORY: share * parent}))
    assert solution.status == "optimal"
    assert solution.score == pytest.approx(least_score(joined, share * parent - outside), abs=1e-9)
    assert solution.totals[MEMORY] <= share * parent


def test_every_value_is_that_of_the_direct_join(tmp_path: Path) -> None:
    """Scores, memory and runtime of all blocks of all layers."""
    run = Run(layers=4, seed=3)
    library = pw.load_library(run.write(tmp_path))
    joined = direct_join(run, 96)
    for layer in library.layers:
        assert len(layer.variants) == len(BLOCKS)
        for variant in layer.variants:
            config = {k: v for k, v in joined[int(layer.name)].items() if _same(k, variant)}
            ((kl, memory, runtime),) = config.values()
            assert variant.values[KL] == kl
            assert variant.values[MEMORY] == pytest.approx(memory)
            assert variant.values[RUNTIME] == pytest.approx(runtime)


def _same(text: str, variant: pw.BlockVariant) -> bool:
    return bool(json.loads(text) == json.loads(variant.block_config))


def test_workloads_are_named_by_what_differs(tmp_path: Path) -> None:
    """Each is found by its name, by a part of it, or by arguments."""
    folder = small_run().write(tmp_path)
    run = pw.open_run(folder)
    assert run is not None
    names = [workload.name for workload in run.workloads]
    assert names == ["batch_size 96, runtime_stats True", "batch_size 32, runtime_stats False"]
    for asked in (names[1], "batch_size 32", "batch_size=32", {"batch_size": 32}):
        library = pw.load_library(folder, workload=asked)
        assert library.measurement.batch_size == 32
        assert library.name == f"{tmp_path.name} ({names[1]})"
    first = pw.load_library(folder)
    assert first.measurement == pw.Measurement(
        96, 8192, "NVIDIA H100 80GB HBM3", "bfloat16", prefill_length=4096
    )


@pytest.mark.parametrize("asked", ["batch_size 7", {"batch_size": 7}, {"n_head": 32}])
def test_a_workload_that_is_none_or_several_names_all(tmp_path: Path, asked: Any) -> None:
    """The error lists what there is."""
    folder = small_run().write(tmp_path)
    with pytest.raises(pw.LibraryError, match="batch_size 96, runtime_stats True; batch_size 32"):
        pw.load_library(folder, workload=asked)


@pytest.mark.parametrize("asked", [7, ["batch_size 96"], True])
def test_a_workload_of_no_known_kind_is_refused(tmp_path: Path, asked: Any) -> None:
    """A number is not a name; the error says what is one."""
    folder = small_run().write(tmp_path)
    with pytest.raises(pw.LibraryError, match=r"names no workload\. Give a name.*batch_size 96"):
        pw.load_library(folder, workload=asked)


def test_costs_outside_the_blocks_are_offsets(tmp_path: Path) -> None:
    """Embeddings and head count in every total; what is null there counts nothing."""
    folder = small_run().write(tmp_path)
    first, second = (pw.load_library(folder, workload=f"batch_size {n}") for n in (96, 32))
    assert first.non_block_costs == {
        MEMORY: 2004.0078125,
        RUNTIME: 5.5,
        "stats.num_params": 1050677248,
    }
    assert second.non_block_costs == {MEMORY: 2004.0078125, "stats.num_params": 1050677248}


def test_costs_that_are_null_are_left_out(tmp_path: Path) -> None:
    """No runtime in a workload without one; NaN and null never become numbers."""
    folder = small_run().write(tmp_path)
    assert RUNTIME not in pw.load_library(folder, workload="batch_size 32").keys
    library = pw.load_library(folder)
    assert RUNTIME in library.keys
    assert not any("prefill" in key or "decode" in key for key in library.keys)


def test_the_parents_scores_are_set_right(tmp_path: Path) -> None:
    """Measured ones as measured, losses 0, and 1 where the parent agrees with itself."""
    library = pw.load_library(small_run().write(tmp_path))
    values = library.layers[0].parent_variant.values
    assert values[KL] == 0
    assert values["metrics.lm_loss"] == 1.1183
    assert values["metrics.token_accuracy_top_1"] == 0.7332
    assert values[f"metrics.{GAIN}"] == 1


def test_the_parents_gain_keeps_its_blocks(tmp_path: Path) -> None:
    """With 0 for the parent, the best agreement would avoid all of the parent's blocks."""
    library = pw.load_library(small_run().write(tmp_path))
    best = pw.search(pw.SearchProblem(library, maximize=f"metrics.{GAIN}"))
    assert dict(best.architecture or {}) == library.parent_architecture


def test_blocks_keep_their_configs_and_the_paths_of_the_other_machine(tmp_path: Path) -> None:
    """What hands an architecture back: config, weight files, the parent's own config."""
    run = small_run()
    library = pw.load_library(run.write(tmp_path))
    variant = library.layers[1].parent_variant
    assert json.loads(variant.block_config) == PARENT
    assert all(path.startswith(FOREIGN) for path in variant.weight_paths)
    assert json.loads(library.parent_config) == run.files[TEACHER_CONFIG]
    assert (variant.attention, variant.ffn) == (
        SubBlock("sized", KV_HEADS),
        SubBlock("sized", WIDTHS[0]),
    )


def test_a_library_of_a_run_survives_our_own_form(tmp_path: Path) -> None:
    """Offsets, configs and paths are written and read again."""
    library = pw.load_library(small_run().write(tmp_path))
    assert pw.load_files({"x.json": dump_library(library).encode()}) == library


def test_without_the_parents_config_its_paths_tell_it(tmp_path: Path) -> None:
    """The parent's blocks are those whose weights all lie in its folder."""
    run = small_run()
    del run.files[TEACHER_CONFIG]
    library = pw.load_library(run.write(tmp_path))
    assert json.loads(library.layers[0].parent_variant.block_config) == PARENT


def test_without_config_and_paths_the_unscored_block_is_the_parents(tmp_path: Path) -> None:
    """The parent's own block is never scored."""
    run = small_run()
    del run.files[TEACHER_CONFIG]
    for entry in run.files["replacement_library.json"]:
        entry["weight_paths"] = []
    library = pw.load_library(run.write(tmp_path))
    assert json.loads(library.layers[1].parent_variant.block_config) == PARENT


def test_a_block_without_a_score_is_left_out_and_said(tmp_path: Path) -> None:
    """One validation file missing: its block goes, the rest stays, and the note names it."""
    run = small_run()
    del run.files[run.report_of(1, run.blocks[2])]
    library = pw.load_library(run.write(tmp_path))
    assert [len(layer.variants) for layer in library.layers] == [4, 3]
    assert "Left out: 1 of 8 blocks without any score" in said(library)
    assert "layer 1 'attention no_op, ffn intermediate_14336'" in said(library)


def test_a_nan_score_is_no_score(tmp_path: Path) -> None:
    """NaN in a validation file costs the block, not the run."""
    run = small_run()
    run.files[run.report_of(0, run.blocks[1])]["kl_div"]["avg"] = float("nan")
    library = pw.load_library(run.write(tmp_path))
    assert [len(layer.variants) for layer in library.layers] == [3, 4]
    assert "blocks without metrics.kl_div" in said(library)


def test_a_layer_without_any_score_stays_and_is_named(tmp_path: Path) -> None:
    """It keeps the parent's block in every architecture; nothing is dropped in silence."""
    run = Run(layers=3)
    for config in run.blocks[1:]:
        run.files[run.report_of(1, config)]["kl_div"] = {"avg": None}
    library = pw.load_library(run.write(tmp_path))
    assert [len(layer.variants) for layer in library.layers] == [12, 1, 12]
    assert "Layer 1: no block but the parent's" in said(library)
    assert (
        library.parent_totals[MEMORY]
        == pw.load_library(Run(layers=3).write(tmp_path)).parent_totals[MEMORY]
    )


def test_a_score_that_few_have_is_left_out(tmp_path: Path) -> None:
    """A metric of one block only does not cost all the others."""
    run = small_run()
    run.files[run.report_of(0, run.blocks[1])]["js_div"] = {"avg": 0.5}
    library = pw.load_library(run.write(tmp_path))
    assert "metrics.js_div" not in library.keys
    assert all(len(layer.variants) == 4 for layer in library.layers)
    assert "metrics.js_div is left out: only 1 of 6 blocks have it" in said(library)


def test_a_cost_that_a_row_lacks_is_said_with_the_first_block(tmp_path: Path) -> None:
    """One row of the parent's, or many of the others': which cost goes, and because of what."""
    run = small_run()
    rows = run.files[STATS][0]["subblocks"]
    whole = [row for row in rows if row["subblock_config"] == PARENT["ffn"]]
    whole[1]["runtime_ms"] = None
    for row in rows:
        if row["subblock_config"] == block(8, 3072)["ffn"]:
            row["memory_mib"] = None
    library = pw.load_library(run.write(tmp_path))
    assert not {RUNTIME, MEMORY} & set(library.keys)
    note = said(library)
    assert (
        f"{RUNTIME} is left out: the parent's own is not known in every layer, first in "
        "layer 1 'attention kv_heads_8, ffn intermediate_14336'."
    ) in note
    assert (
        f"{MEMORY} is left out: only 6 of 8 blocks have it; not "
        "layer 0 'attention kv_heads_8, ffn intermediate_3072'."
    ) in note


@pytest.mark.parametrize("alone", [False, True])
def test_a_replacement_of_several_layers_is_named_as_the_cause(
    tmp_path: Path, *, alone: bool
) -> None:
    """Layer 1 has the parent's block in such an entry only, or no other entry at all."""
    run = small_run()
    entries = run.files["replacement_library.json"]
    for entry in entries:
        if entry["parent_layer_indices"] == [1] and one_block(entry) == PARENT:
            entry["parent_layer_indices"] = [0, 1]
    if alone:
        kept = [entry for entry in entries if entry["parent_layer_indices"] != [1]]
        run.files["replacement_library.json"] = kept
    cause = r"An entry of layer 1 replaces several layers at once, and is left out\."
    first = r"no blocks of layer 1\." if alone else r"layer 1: none of the blocks is known to be"
    with pytest.raises(pw.LibraryError, match=f"{first}.*{cause}"):
        pw.load_library(run.write(tmp_path))


def test_no_score_at_all_is_an_error_that_names_the_layers(tmp_path: Path) -> None:
    """Nothing to search by."""
    run = small_run()
    for path in run.files:
        if path.startswith(f"{SCORES}/solution"):
            for key in (*KINDS, GAIN):
                run.files[path][key] = {"avg": float("nan")}
    with pytest.raises(pw.LibraryError, match="no block of layers 0, 1 has a score"):
        pw.load_library(run.write(tmp_path))


def test_a_missing_layer_is_an_error(tmp_path: Path) -> None:
    """A smaller model's totals would be shown as this one's."""
    run = Run(layers=3)
    entries = run.files["replacement_library.json"]
    kept = [entry for entry in entries if entry["parent_layer_indices"] != [1]]
    run.files["replacement_library.json"] = kept
    with pytest.raises(pw.LibraryError, match=r"no blocks of layer 1\."):
        pw.load_library(run.write(tmp_path))


@pytest.mark.parametrize(
    ("missing", "words"),
    [(STATS, "without subblock_stats.json"), (SCORES, "without the validation")],
)
def test_a_missing_part_is_named(tmp_path: Path, missing: str, words: str) -> None:
    """Blocks, costs and scores are all needed where no search wrote them down together."""
    run = small_run()
    run.files = {path: c for path, c in run.files.items() if not path.startswith(missing)}
    with pytest.raises(pw.LibraryError, match=words):
        pw.load_library(run.write(tmp_path))


def test_records_of_a_search_open_alone(tmp_path: Path) -> None:
    """One file with everything: the same library, the parent's gains set right."""
    run = small_run()
    joined = pw.load_library(run.write(tmp_path / "whole"))
    run.files = {f"{SEARCH}/replacement_metrics_and_stats.json": records_file(run)}
    library = pw.load_library(run.write(tmp_path / "records"))
    values = library.layers[0].parent_variant.values
    assert values[f"metrics.{GAIN}"] == values["metrics.one_minus_kl_div"] == 1
    assert values["metrics.one_minus_lm_loss"] == pytest.approx(1 - 1.1183)
    for key in (KL, MEMORY, RUNTIME):
        assert _by_config(library, key) == pytest.approx(_by_config(joined, key))
    assert "stats.parent_layer_index" not in library.keys
    assert library.non_block_costs == {}
    assert "Non-block costs (embeddings, head) are not known" in said(library)


def _by_config(library: pw.BlockLibrary, key: str) -> dict[tuple[Any, str], float]:
    return {
        (la.name, variant.block_config): variant.values[key]
        for la in library.layers
        for variant in la.variants
    }


def test_records_find_what_is_outside_the_blocks(tmp_path: Path) -> None:
    """From the solutions beside them, or from the costs in the folder above."""
    run = small_run()
    whole = pw.load_library(run.write(tmp_path / "run"))
    records = {f"{SEARCH}/replacement_metrics_and_stats.json": records_file(run)}
    solutions = {f"{SEARCH}/solutions.json": solutions_file(run)}
    twin = replace(run)
    twin.files = records | solutions
    beside = pw.load_library(twin.write(tmp_path / "beside"))
    assert beside.non_block_costs == pytest.approx(dict(whole.non_block_costs))
    assert beside.measurement == whole.measurement
    twin.files = records
    twin.write(tmp_path / "run")
    above = pw.load_library(tmp_path / "run" / SEARCH)
    assert above.non_block_costs == whole.non_block_costs
    one_file = pw.load_library(tmp_path / "run" / SEARCH / "replacement_metrics_and_stats.json")
    assert one_file.layers == above.layers


def test_records_of_several_workloads_are_told_apart(tmp_path: Path) -> None:
    """Two searches in two folders; one that repeats another is not offered twice."""
    run = small_run()
    file = "replacement_metrics_and_stats.json"
    run.files = {
        f"mip/puzzle_solutions/a/batch_size_96/{file}": records_file(run),
        f"mip/puzzle_solutions/b/batch_size_96/{file}": records_file(run),
        f"mip/puzzle_solutions/a/batch_size_32/{file}": records_file(run, 1),
    }
    found = pw.open_run(run.write(tmp_path))
    assert found is not None
    names = [workload.name for workload in found.workloads]
    assert names == [f"mip/puzzle_solutions/a/batch_size_{n}" for n in (32, 96)]
    assert RUNTIME not in found.library(names[0]).keys


def test_the_second_version_is_the_same_library(tmp_path: Path) -> None:
    """``subblock_configs``, ``{"version": 2}`` and a workload's runtime."""
    run = small_run()
    library = pw.load_library(run.write(tmp_path))
    second = pw.load_files(version_two(run))
    assert [layer.parent for layer in second.layers] == [layer.parent for layer in library.layers]
    for key in library.keys:
        mine = {(la.name, v.name): v.values[key] for la in second.layers for v in la.variants}
        theirs = {(la.name, v.name): v.values[key] for la in library.layers for v in la.variants}
        assert mine == theirs
    tagged = second.column("stats.runtime_ms@chat")
    assert tagged == pytest.approx(2 * second.column(RUNTIME))
    assert second.quantity("stats.runtime_ms@chat").title == "Runtime, chat (ms)"


def test_blocks_that_differ_in_a_detail_only_are_told_apart() -> None:
    """The same sizes in another number format: two variants with names that say so."""
    run = small_run()
    odd = json.loads(json.dumps(block(8, 3072)))
    odd["ffn"]["weights_precision"] = "nvfp4"
    library = pw.load_files(Run(layers=2, blocks=[*run.blocks, odd]).encoded())
    names = [variant.name for variant in library.layers[0].variants]
    assert "attention kv_heads_8, ffn intermediate_3072 (ffn.weights_precision nvfp4)" in names
    labels = [variant.label for variant in library.layers[0].variants]
    assert len(set(labels)) == len(labels)


def test_moe_and_mamba_blocks_keep_their_names() -> None:
    """Kinds that have no one size are known by their names and their configs."""
    moe = {
        "num_local_experts": 24,
        "num_experts_per_tok": 2,
        "expert_intermediate_dim": 768,
        "shared_expert_intermediate_dim": 0,
    }
    mamba = {"state_dim": 128, "num_heads": 64, "head_dim": 64, "num_groups": 8}
    config = json.loads(json.dumps(block(None, None)))
    config["attention"] |= {"no_op": False, "mamba": mamba}
    config["ffn"] |= {"no_op": False, "moe": moe}
    library = pw.load_files(Run(layers=2, blocks=[config, block(None, None)]).encoded())
    variant = library.layers[0].parent_variant
    assert variant.name == (
        "attention mamba groups_8 head_dim_64 heads_64 state_128, "
        "ffn moe experts_24 top_2 width_768"
    )
    assert variant.attention == variant.ffn == SubBlock("other")
    assert json.loads(variant.block_config) == config
    assert variant.values["stats.num_local_experts"] == 24
    assert variant.values["stats.has_attention"] == 0


def test_uploads_and_archives_are_the_directory(tmp_path: Path) -> None:
    """The same layers from a folder, from bytes by path, and from a zip in any folder."""
    run = small_run()
    folder = pw.load_library(run.write(tmp_path / "run"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in run.encoded().items():
            archive.writestr(f"my run/puzzle_dir/{path}", content)
    assert pw.load_files(run.encoded()).layers == folder.layers
    zipped = pw.load_files({"upload.zip": packed.getvalue()}, workload="batch_size 96")
    assert zipped.layers == folder.layers
    assert zipped.name == "upload (batch_size 96, runtime_stats True)"
    (tmp_path / "run.zip").write_bytes(packed.getvalue())
    assert pw.load_library(tmp_path / "run.zip").layers == folder.layers


def test_flat_uploads_are_sorted_by_their_names() -> None:
    """Chosen one by one in a file dialog: no folders, and the parent's config among them."""
    run = small_run()
    flat = {path.rsplit("/", 1)[-1]: content for path, content in run.encoded().items()}
    assert pw.load_files(flat).layers == pw.load_files(run.encoded()).layers


def test_block_library_json_of_a_run_is_not_taken_for_the_published_form(tmp_path: Path) -> None:
    """A run has a file of that name, too, of another form."""
    run = small_run()
    run.files["block_library.json"] = b'[{"block_config": NaN}]'
    assert len(pw.load_library(run.write(tmp_path)).layers) == 2


def test_heavy_folders_and_links_are_passed_by(tmp_path: Path) -> None:
    """Checkpoints' files are not read, and a link that leads in circles is not followed."""
    run = small_run()
    folder = run.write(tmp_path)
    (folder / "ckpts" / "ffn_3072").mkdir(parents=True)
    (folder / "ckpts" / "ffn_3072" / "solution_0.json").write_text("broken")
    (folder / "around").symlink_to(folder, target_is_directory=True)
    found = pw.open_run(folder)
    assert isinstance(found, pw.PuzzletronRun)
    assert not any("around" in path or "ffn_3072" in path for path in found.members[0].files)


def test_only_a_run_has_workloads(tmp_path: Path) -> None:
    """A workload asked of a plain library is refused."""
    pw.write_library(pw.random_library(2, 2), tmp_path / "x.json")
    with pytest.raises(pw.LibraryError, match="no workloads here"):
        pw.load_library(tmp_path / "x.json", workload="batch_size 1")
    assert pw.open_run(tmp_path / "x.json") is None
    shutil.rmtree(tmp_path)


def test_frozen_arguments_are_kept() -> None:
    """All arguments of a workload can be looked at."""
    run = pw.open_run(small_run().encoded())
    assert run is not None
    assert isinstance(run.workloads[0].args, FrozenMapping)
    assert run.workloads[0].args["gpu"] == "NVIDIA H100 80GB HBM3"


def test_records_under_another_name_are_known_by_their_content(tmp_path: Path) -> None:
    """People rename files."""
    run = small_run()
    content = json.dumps(records_file(run)).encode()
    library = pw.load_files({"mine.json": content})
    assert library.name == "mine"
    (tmp_path / "other.json").write_bytes(content)
    assert pw.load_library(tmp_path / "other.json").layers == library.layers


def two_runs(folder: Path) -> tuple[Run, Run]:
    """Two runs of the same blocks with other scores, in x and y; a report of x is missing."""
    blocks = small_run().blocks
    first, second = (Run(layers=2, blocks=blocks, seed=seed) for seed in (5, 9))
    del first.files[first.report_of(1, blocks[2])]
    first.write(folder / "x")
    second.write(folder / "y")
    return first, second


def test_two_runs_under_one_folder_are_refused_by_name(tmp_path: Path) -> None:
    """Nothing of one is ever shown as the other's: on disk, in an upload, in an archive."""
    two_runs(tmp_path / "runs")
    words = r"two runs here: x, y\. Name one"
    for opened in (pw.load_library, pw.open_run):
        with pytest.raises(pw.LibraryError, match=words):
            opened(tmp_path / "runs")
    files = {
        path.relative_to(tmp_path / "runs").as_posix(): path.read_bytes()
        for path in (tmp_path / "runs").rglob("*.json")
    }
    with pytest.raises(pw.LibraryError, match=words):
        pw.load_files(files)
    with zipfile.ZipFile(tmp_path / "runs.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    with pytest.raises(pw.LibraryError, match=f"runs: {words}"):
        pw.load_library(tmp_path / "runs.zip")
    library = pw.load_library(tmp_path / "runs" / "x")
    assert [len(layer.variants) for layer in library.layers] == [4, 3]


def test_two_runs_with_records_only_are_refused(tmp_path: Path) -> None:
    """Searches of two models are no workloads of one."""
    file = f"{SEARCH}/replacement_metrics_and_stats.json"
    for folder in ("x", "y"):
        run = small_run()
        run.files = {file: records_file(run)}
        run.write(tmp_path / folder)
    with pytest.raises(pw.LibraryError, match="two runs here: x, y"):
        pw.load_library(tmp_path)


def test_a_run_within_a_runs_folder_is_left_alone(tmp_path: Path) -> None:
    """An older copy beneath: its scores do not fill the gaps of the run above it."""
    first, _ = two_runs(tmp_path)
    run = first.write(tmp_path / "whole")
    alone = pw.load_library(run)
    shutil.move(tmp_path / "y", run / "older")
    assert pw.load_library(run).layers == alone.layers
    (run / "older" / "replacement_library.json").unlink()  # no run any more, but its scores
    assert pw.load_library(run).layers == alone.layers


def test_parts_beside_the_run_are_not_its_own(tmp_path: Path) -> None:
    """A run that was begun beside it, with scores but no library."""
    first, _ = two_runs(tmp_path)
    alone = pw.load_library(tmp_path / "x")
    (tmp_path / "y" / "replacement_library.json").unlink()
    assert pw.load_library(tmp_path).layers == alone.layers
    assert len(alone.layers) == first.layers


def test_a_named_file_of_records_is_the_one_read(tmp_path: Path) -> None:
    """Whatever runs lie beneath its folder."""
    _, second = two_runs(tmp_path / "fz")
    file = tmp_path / "fz" / "replacement_metrics_and_stats.json"
    file.write_text(json.dumps(records_file(second)))
    library = pw.load_library(file)
    values = records_file(second).values()
    wanted = sorted(one["metrics"]["kl_div"] for one in values)
    assert sorted(library.column(KL)) == wanted


def test_a_named_file_goes_before_the_join(tmp_path: Path) -> None:
    """At a run's root: the records when they are named, the library when that is."""
    run = small_run()
    content = records_file(run)
    for record in content.values():
        record["metrics"]["kl_div"] *= 2
    run.files["replacement_metrics_and_stats.json"] = content
    joined = pw.load_library(run.write(tmp_path))
    recorded = pw.load_library(tmp_path / "replacement_metrics_and_stats.json")
    doubled = {key: 2 * value for key, value in _by_config(joined, KL).items()}
    assert _by_config(recorded, KL) == pytest.approx(doubled)
    assert recorded.non_block_costs == joined.non_block_costs
    named = pw.load_library(tmp_path / "replacement_library.json")
    assert _by_config(named, KL) == _by_config(joined, KL)
    shutil.rmtree(tmp_path / SCORES)
    with pytest.raises(pw.LibraryError, match="without the validation"):
        pw.load_library(tmp_path / "replacement_library.json")


def test_one_minus_of_every_score_can_be_maximized(tmp_path: Path) -> None:
    """The parent's from its own score; the best sum is that of the smallest score."""
    library = pw.load_library(small_run().write(tmp_path))
    for key in (*KINDS, GAIN):
        ones = library.column(f"metrics.one_minus_{key}")
        assert ones == pytest.approx(1 - library.column(f"metrics.{key}"))
    budget = {MEMORY: "80%"}
    loss = pw.search(pw.SearchProblem(library, minimize=KL, budgets=budget))
    gain = pw.search(pw.SearchProblem(library, maximize="metrics.one_minus_kl_div", budgets=budget))
    assert gain.architecture == loss.architecture
    assert gain.score == pytest.approx(len(library.layers) - loss.score)
    usual = pw.random_library(2, 2).scores
    assert not any("one_minus" in key for key in usual)


def as_nvidia_writes_them(run: Run) -> None:
    """Turn its workloads into four formats of the same batch, 4 bits first, one with runtimes."""
    timed, plain = run.files[STATS]
    run.files[STATS] = [
        {**found, "args": {**found["args"], "batch_size": 64, **formats, "runtime_stats": timing}}
        for found, formats, timing in (
            (plain, dict.fromkeys(FORMATS, "nvfp4"), False),
            (plain, dict.fromkeys(FORMATS, "torch.int8"), False),
            (timed, dict.fromkeys(FORMATS, "torch.bfloat16"), True),
        )
    ]


FORMATS = ("weights_dtype", "activations_dtype", "kv_cache_dtype")


def test_the_usual_workload_is_the_one_that_was_searched(tmp_path: Path) -> None:
    """Else the first with runtimes, else bfloat16; not whichever is written first."""
    run = small_run()
    content = solutions_file(run)
    as_nvidia_writes_them(run)
    assert pw.load_library(run.write(tmp_path / "a")).measurement.dtype == "bfloat16"
    content[0]["subblock_stats"] = run.files[STATS][1]["args"]
    run.files[f"{SEARCH}/solutions.json"] = content
    assert pw.load_library(run.write(tmp_path / "b")).measurement.dtype == "int8"
    del run.files[f"{SEARCH}/solutions.json"]
    for row in run.files[STATS][2]["subblocks"]:
        row["runtime_ms"] = None
    library = pw.load_files(run.encoded())
    assert (library.measurement.dtype, RUNTIME in library.keys) == ("bfloat16", False)
    asked = pw.load_files(run.encoded(), workload={"weights_dtype": "nvfp4"})
    assert asked.measurement.dtype == "nvfp4"


def test_kv_memory_of_another_head_size_is_noted(tmp_path: Path) -> None:
    """Both figures, of a layer and of the parent; none where they fit, or no head size is said."""
    run = small_run()
    config = run.files[TEACHER_CONFIG]
    assert pw.load_library(run.write(tmp_path)).notes == ()
    config["head_dim"] = 128  # as the figures have it: 4096 / 32
    assert pw.load_library(run.write(tmp_path)).notes == ()
    config["head_dim"] = 64
    (note,) = pw.load_library(run.write(tmp_path), workload="batch_size 96").notes
    assert "layer 0 has 3,072 MiB, where its 8 KV heads of 64 need 1,536 MiB" in note
    assert "in all layers of the parent 6,144 MiB, where 3,072 MiB are needed" in note


def test_a_zip_of_a_run_with_its_links_is_the_directory(tmp_path: Path) -> None:
    """Pruning always makes links in ``ckpts/``; one to what is needed is named."""
    run = small_run()
    folder = pw.load_library(run.write(tmp_path))

    def zipped(*links: str) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in run.encoded().items():
                archive.writestr(f"puzzle/{path}", content)
            for link in links:
                info = zipfile.ZipInfo(f"puzzle/{link}")
                info.external_attr = 0o120777 << 16
                archive.writestr(info, "../pruning/elsewhere")
        return packed.getvalue()

    found = pw.load_files({"run.zip": zipped("ckpts/ffn_512_attn_no_op")})
    assert (found.layers, found.notes) == (folder.layers, ())
    del run.files[TEACHER_CONFIG]  # the paths of weights tell the parent
    (note,) = pw.load_files({"run.zip": zipped("ckpts/teacher")}).notes
    assert note.startswith("puzzle/ckpts/teacher is a symbolic link, which is not followed.")
    del run.files[STATS]
    with pytest.raises(pw.LibraryError, match=r"stats\.json is a symbolic link"):
        pw.load_files({"run.zip": zipped(STATS)})

"""Runs of the second version: widths, scores by part, against a join and a search by hand."""

from __future__ import annotations

import io
import itertools
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

import puzzle_widgets as pw
from tests.support.libraries import MEMORY
from tests.support.puzzletron_two import (
    ALL_BLOCKS,
    FFN_SIZES,
    KV_HEADS,
    LAYERS,
    PARENT,
    PARTS,
    PROFILE,
    SecondRun,
    attention,
    baseline,
    block,
    ffn,
    root_of,
    search_folder,
    solutions_file,
)

LM = "metrics.lm_loss"
NAMES = ["width-0128 depth-00", "width-0112 depth-00"]


def scores_by_hand(run: SecondRun, width: int) -> dict[tuple[int, str], float]:
    """LM loss of every block: exact where it is, else the parent's and each part's change."""
    own = baseline(width)["lm_loss"]
    parts, exact = {}, {}
    for path, content in run.files.items():
        if path.startswith(root_of(width)) and "puzzle_solution" in content:
            one = content["puzzle_solution"]["single_sequence_replacement"]
            (layer,), (config,) = one["parent_layer_indices"], one["child_block_configs"]
            if PARTS not in path:
                exact[layer, json.dumps(config)] = content["lm_loss"]["avg"]
                continue
            place = 0 if config["subblock_configs"][0] != PARENT["subblock_configs"][0] else 1
            text = json.dumps(config["subblock_configs"][place])
            parts[layer, text] = content["lm_loss"]["avg"] - own
    found = {}
    for layer, heads, size in itertools.product(range(LAYERS), KV_HEADS, FFN_SIZES):
        changes = [
            parts.get((layer, json.dumps(part)), 0.0) for part in (attention(heads), ffn(size))
        ]
        key = (layer, json.dumps(block(heads, size)))
        found[key] = exact.get(key, own + sum(changes))
    return found


def memory_by_hand(run: SecondRun, width: int) -> dict[tuple[int, str], float]:
    """Memory of every part by layer; those of all layers at -1."""
    (stats,) = run.files[f"{root_of(width)}/subblock_stats.json"]
    return {
        (row["parent_layer_index"], json.dumps(row["subblock_config"])): row["memory_mib"]
        for row in stats["subblocks"]
    }


def best_by_hand(run: SecondRun, width: int, limit: float) -> tuple[float, list[dict[str, Any]]]:
    """Least summed LM loss within a memory limit, of all architectures there are."""
    scores, memory = scores_by_hand(run, width), memory_by_hand(run, width)
    (stats,) = run.files[f"{root_of(width)}/subblock_stats.json"]
    rest = limit - stats["non_block"]["memory_mib"]
    best: tuple[float, list[dict[str, Any]]] = (float("inf"), [])
    for chosen in itertools.product(ALL_BLOCKS, repeat=LAYERS):
        used = score = 0.0
        for layer, config in enumerate(chosen):
            first, second = config["subblock_configs"]
            used += memory[layer, json.dumps(first)] + memory[-1, json.dumps(second)]
            score += scores[layer, json.dumps(config)]
        if used <= rest and score < best[0]:
            best = (score, list(chosen))
    return best


@pytest.fixture
def run() -> SecondRun:
    """Two widths; two blocks of the first were scored whole."""
    run = SecondRun()
    run.score_exactly(128, 0, block(2, 256), 2.0**-6)
    run.score_exactly(128, 2, block(None, 256), 2.0**-5)
    return run


def test_every_score_is_the_exact_one_or_the_sum_of_its_parts(run: SecondRun) -> None:
    """Exact scores first; the parent's from beside the parts' own."""
    library = pw.load_files(run.encoded(), workload=NAMES[0])
    wanted = scores_by_hand(run, 128)
    for layer in library.layers:
        assert len(layer.variants) == len(ALL_BLOCKS)
        assert json.loads(layer.parent_variant.block_config) == PARENT
        assert layer.parent_variant.values["metrics.token_accuracy_top_1"] == 0.75
        for variant in layer.variants:
            config = next(c for c in ALL_BLOCKS if c == json.loads(variant.block_config))
            key = (int(layer.name), json.dumps(config))
            assert variant.values[LM] == pytest.approx(wanted[key], abs=1e-12)
    assert "Scores of 30 of 36 blocks are sums" in " ".join(library.notes)


@pytest.mark.parametrize(("name", "width"), zip(NAMES, (128, 112), strict=True))
@pytest.mark.parametrize("limit", [20, 17.5])
def test_a_memory_limit_gives_the_optimum_of_all_architectures(
    run: SecondRun, name: str, width: int, limit: float
) -> None:
    """In each width, by its own scores and costs."""
    library = pw.load_files(run.encoded(), workload=name)
    solution = pw.search(pw.SearchProblem(library, minimize=LM, budgets={MEMORY: limit}))
    score, _ = best_by_hand(run, width, limit)
    assert solution.status == "optimal"
    assert solution.score == pytest.approx(score, abs=1e-9)
    assert solution.score > library.parent_totals[LM]


def test_widths_are_workloads_of_one_opening(run: SecondRun, tmp_path: Path) -> None:
    """On disk and in an upload, named by their folders or found by width; the widest first."""
    for opened in (pw.open_run(run.write(tmp_path / "run")), pw.open_run(run.encoded())):
        assert opened is not None
        assert [workload.name for workload in opened.workloads] == NAMES
        assert opened.chosen().name == NAMES[0]
        narrow = opened.library({"n_embd": 112})
        assert json.loads(narrow.parent_config)["hidden_size"] == 112
        assert narrow.name.endswith("(width-0112 depth-00)")
        assert narrow.layers == opened.library("n_embd 112").layers
    alone = pw.load_library(tmp_path / "run" / root_of(112))
    assert alone.layers == narrow.layers


def test_a_wider_parent_behind_a_link_is_the_one_above(run: SecondRun, tmp_path: Path) -> None:
    """The full width's checkpoint is a link to the run's own: passed by in an archive."""
    folder = run.write(tmp_path / "run")
    sorted_teacher = folder / root_of(128) / "ckpts" / "sorted_teacher"
    (folder / "ckpts").mkdir()
    shutil.move(sorted_teacher, folder / "ckpts" / "sorted_teacher")
    sorted_teacher.symlink_to(folder / "ckpts" / "sorted_teacher", target_is_directory=True)
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        archive.add(folder, "run")
    packed = pw.load_files({"run.tgz": content.getvalue()})
    on_disk = pw.load_library(folder)
    assert packed.layers == on_disk.layers
    assert json.loads(packed.parent_config)["hidden_size"] == 128


def test_a_parents_config_behind_a_link_is_named() -> None:
    """Without it none of these blocks is known to be the parent's."""
    run = SecondRun(widths=(128,))
    files = run.encoded()
    del files[f"{root_of(128)}/ckpts/sorted_teacher/config.json"]
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for path, data in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo(f"{root_of(128)}/ckpts/sorted_teacher")
        link.type, link.linkname = tarfile.SYMTYPE, "/elsewhere"
        archive.addfile(link)
    with pytest.raises(pw.LibraryError, match="ckpts/sorted_teacher is a symbolic link, which is"):
        pw.load_files({"run.tar.gz": content.getvalue()})


def test_a_part_without_a_score_costs_its_blocks(run: SecondRun) -> None:
    """They are left out and named; nothing is summed from less."""
    for path, content in list(run.files.items()):
        solution = content.get("puzzle_solution") if isinstance(content, dict) else None
        one = solution["single_sequence_replacement"] if solution else {}
        if one.get("child_block_configs") == [block(2, 512)] and one["parent_layer_indices"] == [1]:
            del run.files[path]
    library = pw.load_files(run.encoded(), workload=NAMES[0])
    assert [len(layer.variants) for layer in library.layers] == [9, 6, 9, 9]
    assert "Left out: 3 of 36 blocks without any score" in " ".join(library.notes)


def solved(run: SecondRun, width: int, profile: str = PROFILE, limit: object = 20) -> None:
    """Add the best architecture within 20 MiB as a search's result."""
    score, chosen = best_by_hand(run, width, 20)
    folder = search_folder(width, profile)
    content = solutions_file(run, width, chosen, score, limit)
    run.files[f"{folder}/solutions.json"] = content


def reports_of(run: SecondRun, workload: str | None = None) -> pw.RunReports:
    """What the run found, in one of its workloads."""
    opened = pw.open_run(run.encoded())
    assert opened is not None
    return pw.read_reports(opened, opened.library(workload), workload)


def test_the_width_that_was_searched_is_the_default(run: SecondRun) -> None:
    """Its solutions are loaded under their profile's name, and proven."""
    solved(run, 112)
    opened = pw.open_run(run.encoded())
    assert opened is not None
    assert opened.chosen().name == NAMES[1]
    (scenario,) = reports_of(run).scenarios
    assert scenario.name == "memory-20 width-0112 depth-00 solution 0"
    assert scenario.solution.status == "optimal"
    assert scenario.solution.problem.budgets[MEMORY].upper == 20
    assert scenario.notes == ()
    assert reports_of(run, NAMES[0]).scenarios == ()


def test_only_active_profiles_count(run: SecondRun) -> None:
    """What an older search left behind is history, and said to be."""
    solved(run, 128)
    solved(run, 128, "older")
    active = {"version": 1, "status": "success", "profile_ids": [PROFILE]}
    run.files["mip/active_profiles.json"] = active
    reports = reports_of(run)
    assert [s.name for s in reports.scenarios] == [f"{PROFILE} width-0128 depth-00 solution 0"]
    assert "not active: older." in reports.notices[0]


@pytest.mark.parametrize("limit", ["75%", " 75 %", [None, "75%"]])
def test_limits_may_be_shares_of_the_parent(run: SecondRun, limit: object) -> None:
    """As the second version's configs write them."""
    solved(run, 128, limit=limit)
    (scenario,) = reports_of(run).scenarios
    library = scenario.solution.library
    upper = scenario.solution.problem.budgets[MEMORY].upper
    assert upper == pytest.approx(0.75 * library.parent_totals[MEMORY])


def test_homogeneous_solutions_are_loaded_too(run: SecondRun) -> None:
    """One choice for all layers, as feasible beside the bound of the same search."""
    solved(run, 128)
    folder = search_folder(128)
    chosen = [block(2, 256)] * LAYERS
    value = sum(scores_by_hand(run, 128)[n, json.dumps(c)] for n, c in enumerate(chosen))
    content = solutions_file(run, 128, chosen, value)
    run.files[f"{folder}/homogeneous_solutions.json"] = content
    found = {s.name: s.solution for s in reports_of(run).scenarios}
    alike = found[f"{PROFILE} width-0128 depth-00 homogeneous solution 0"]
    best = found[f"{PROFILE} width-0128 depth-00 solution 0"]
    assert alike.score == pytest.approx(value)
    assert alike.bound == best.score
    assert (best.status, alike.status) == ("optimal", "feasible")

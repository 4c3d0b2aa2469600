"""A Puzzletron run in the app: a zip opens, costs are chosen, a config is a scenario."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile

import pytest
from playwright.sync_api import expect

from tests.browser.explorer import Explorer
from tests.browser.test_files import BUTTON, upload
from tests.support.puzzletron_run import (
    GAIN,
    SEARCH,
    Run,
    deci_config,
    small_run,
    solutions_file,
    sweep_file,
)

FIRST, SECOND = "batch_size 96, runtime_stats True", "batch_size 32, runtime_stats False"


def packed(run: Run) -> bytes:
    """A run as people zip it: in a folder."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, file in run.encoded().items():
            archive.writestr(f"my-run/{path}", file)
    return content.getvalue()


def as_tar(run: Run) -> bytes:
    """A run as clusters pack it."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for path, file in run.encoded().items():
            entry = tarfile.TarInfo(f"my-run/{path}")
            entry.size = len(file)
            archive.addfile(entry, io.BytesIO(file))
    return content.getvalue()


def full_run() -> Run:
    """A run with a solution, a sweep and one block that was never scored."""
    run = small_run()
    run.files[f"{SEARCH}/solutions.json"] = solutions_file(run)
    run.files["mip_sweep_results.csv"] = sweep_file()
    del run.files[run.report_of(1, run.blocks[2])]
    return run


@pytest.fixture
def opened(explorer: Explorer) -> Explorer:
    """The app with a zipped run open."""
    explorer.upload(BUTTON, upload("my-run.zip", packed(full_run())))
    expect(explorer.page.get_by_text("2 layers · 3 to 4 variants per layer")).to_be_visible()
    return explorer


def test_a_zip_opens_with_all_that_the_run_found(opened: Explorer) -> None:
    """Library, solution, measured points, and what was left out."""
    expect(opened.status).to_have_text("Optimal, proven")
    expect(opened.kept).to_have_count(1)
    expect(opened.kept.first).to_contain_text("target_memory_78000MiB solution 0")
    expect(opened.card("Answer")).to_contain_text("non-block costs: Runtime 5.5 ms")
    front = opened.card("Pareto front")
    expect(front).to_contain_text("Measured (")
    front.locator("summary").focus()
    opened.page.keyboard.press("Enter")
    expect(front.get_by_text("sweep, compression 0.5")).to_be_visible()
    opened.page.get_by_text("Library notes (1)").click()
    expect(opened.page.locator(".pw-library")).to_contain_text("attention no_op, ffn interm")


def test_a_tar_gz_opens_too(explorer: Explorer) -> None:
    """Picked as ever, with the same run in it."""
    explorer.upload(BUTTON, upload("my-run.tar.gz", as_tar(full_run())))
    expect(explorer.page.get_by_text("2 layers · 3 to 4 variants per layer")).to_be_visible()
    expect(explorer.status).to_have_text("Optimal, proven")


def test_costs_are_chosen_and_change_every_figure(opened: Explorer) -> None:
    """The other workload has no runtime: throughput goes, memory is another; back again works."""
    chooser = opened.page.get_by_role("combobox", name="Workload")
    expect(chooser).to_have_value(FIRST)
    expect(opened.card("Answer")).to_contain_text("Throughput")
    memory = opened.tile("Memory").inner_text()
    chooser.select_option(SECOND)
    expect(opened.page.get_by_text("batch 32 x 8,192 tokens")).to_be_visible()
    expect(opened.tile("Throughput")).to_have_count(0)
    assert opened.tile("Memory").inner_text() != memory
    expect(opened.kept.first).to_contain_text("target_memory_78000MiB solution 0")
    chooser.select_option(FIRST)
    expect(opened.page.get_by_text("batch 96 x 8,192 tokens")).to_be_visible()
    expect(opened.card("Answer")).to_contain_text("Throughput")


def test_a_models_config_opens_as_a_scenario(opened: Explorer) -> None:
    """A DeciLM config whose blocks the library has; one of others is told and adds nothing."""
    config = deci_config(small_run())
    opened.open_tab("Scenarios")
    opened.upload("Load scenarios", upload("child.json", json.dumps(config).encode()))
    expect(opened.kept).to_have_count(2)
    expect(opened.kept.last).to_contain_text("child.json")
    config["block_configs"][1]["ffn"]["ffn_mult"] = 1.0
    opened.upload("Load scenarios", upload("other.json", json.dumps(config).encode()))
    alert = opened.page.get_by_role("alert")
    expect(alert).to_contain_text("layer 1: 'attention kv_heads_8, ffn intermediate_2816'")
    expect(opened.kept).to_have_count(2)


def test_a_broken_zip_is_told_and_changes_nothing(opened: Explorer) -> None:
    """The run that is open stays with its costs."""
    run = full_run()
    run.files["subblock_stats.json"] = b"[{}]"
    opened.upload(BUTTON, upload("broken.zip", packed(run)))
    alert = opened.page.get_by_role("alert")
    expect(alert).to_contain_text("subblock_stats.json")
    expect(opened.page.get_by_text("2 layers · 3 to 4 variants per layer")).to_be_visible()
    expect(opened.page.get_by_role("combobox", name="Workload")).to_have_value(FIRST)


def test_the_parents_agreement_is_the_best(opened: Explorer) -> None:
    """With agreement as the score, the parent stands at its best, 1 a layer, not at 0."""
    label = GAIN.replace("_", " ").capitalize()
    opened.card("Budgets").get_by_role("combobox", name="Objective").select_option(label)
    expect(opened.card("Answer")).to_contain_text("parent 2")

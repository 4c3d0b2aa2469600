"""The same explorer in JupyterLab, and in Notebook 7 where that is installed."""

from __future__ import annotations

import base64
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as TimeoutError_

import puzzle_widgets as pw
from puzzle_widgets.library.quantity import MEMORY
from tests.browser.explorer import BARS, START_MS, STATUS, Explorer, answer_to
from tests.browser.test_files import large_library, upload
from tests.browser.weak_line import WeakLine
from tests.support.app import CHECKOUT
from tests.support.chromium import watch
from tests.support.notebook import write_notebook

pytest.importorskip("jupyterlab")

CELL = "import puzzle_widgets as pw\npw.PuzzleExplorer(pw.load_library('llama-3.3-70b-modeled'))"
TOKEN = secrets.token_hex(8)
_OURS = re.compile(r"widget|bqplot|pw-|page error|another host", re.IGNORECASE)


@contextmanager
def running_lab(folder: Path, program: str = "jupyterlab") -> Iterator[str]:
    """Run JupyterLab or Notebook in a folder, with settings of its own; its address."""
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": "0",
        "ServerApp.root_dir": str(folder),
        "ServerApp.allow_root": "True",
        "IdentityProvider.token": TOKEN,
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "LabApp.news_url": "None",
        "LabApp.collaborative": "False",
    }
    command = [sys.executable, "-m", program, "--no-browser"]
    command += [f"--{name}={value}" for name, value in options.items()]
    own = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "RUNTIME")}
    path = os.pathsep.join([str(CHECKOUT), *filter(None, [os.environ.get("PYTHONPATH")])])
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **own, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield _listening(_announced(process))
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):  # it waits for kernels that are starting
                process.wait(20)
            process.kill()


def _listening(url: str) -> str:
    """Wait until somebody listens at an address, which is announced a moment before."""
    where = urlsplit(url)
    for _ in range(100):
        with suppress(OSError), socket.create_connection((where.hostname, where.port or 0), 1):
            return url
        time.sleep(0.1)
    raise AssertionError(url)


def _announced(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        found = re.search(r"http://127\.0\.0\.1:\d+/(lab|tree)", line)
        if found is not None:
            return found[0]
    raise AssertionError("".join(said))


@contextmanager
def explorer_in_lab(page: Page, folder: Path) -> Iterator[Explorer]:
    """Run the notebook's cell by its keys and wait for the charts."""
    write_notebook(folder / "try.ipynb", CELL, kernel="python3")
    with running_lab(folder) as url:
        page.goto(f"{url}/tree/try.ipynb?token={TOKEN}", timeout=START_MS)
        expect(page.get_by_text("| Idle")).to_be_visible(timeout=START_MS)
        run_first_cell(page)
        explorer = Explorer(page)
        explorer.bars.first.wait_for(state="attached", timeout=START_MS)
        yield explorer


def run_first_cell(page: Page) -> None:
    """Run a notebook's first cell by its keys; keys that come too early are pressed again."""
    begun = page.locator(".jp-CodeCell").first.get_by_text(re.compile(r"^\[(\*|\d+)\]:$"))
    for _ in range(4):
        page.locator(".jp-CodeCell .cm-content").first.click(timeout=START_MS)
        page.keyboard.press("Shift+Enter")
        with suppress(TimeoutError_):
            begun.wait_for(state="attached", timeout=10_000)
            return
    raise AssertionError("the cell did not run")


@pytest.mark.slow
def test_a_file_above_the_servers_limit_opens(page: Page, tmp_path: Path) -> None:
    """JupyterLab's server takes 10 MiB a message: the file comes in pieces."""
    with explorer_in_lab(page, tmp_path) as explorer:
        explorer.upload("Open file", upload("large.json", large_library()))
        # Beside the file browser there is no room to show them.
        expect(page.get_by_text("126 layers · 54 variants per layer")).to_have_count(1)
        expect(explorer.status).to_have_text("Optimal, proven")


@pytest.mark.slow
def test_explorer_works_in_jupyterlab(page: Page, tmp_path: Path, library: pw.BlockLibrary) -> None:
    """Run by its keys, the notebook shows charts; a slider works, and a picture is saved."""
    problems = watch(page)
    line = WeakLine(page).lay()
    with explorer_in_lab(page, tmp_path) as explorer:
        explorer.expect_answer(answer_to(library, 0.75 * library.parent_totals[MEMORY]))
        explorer.wait_for_front()
        expect(explorer.points).to_have_count(24)
        with explorer.changing(STATUS, BARS):
            explorer.slider("Memory").press("ArrowLeft")
            for _ in range(40):
                page.keyboard.press("ArrowLeft")
        assert explorer.settled("Memory") == 64_500
        explorer.expect_answer(answer_to(library, 64_500))
        explorer.open_menu("Blocks by layer")
        with page.expect_download() as download:
            explorer.button("Blocks by layer", "Save PNG").click()
        assert download.value.suggested_filename == "blocks-by-layer.png"
        assert [problem for problem in problems if _OURS.search(problem)] == []
        line.freeze()
        explorer.type_limit("Memory", "72000")
        expect(line.notice).to_contain_text("What is shown does not reflect your last change yet")
        line.drop()
        explorer.expect_answer(answer_to(library, 72_000))
        expect(line.notice).to_be_hidden()


@pytest.mark.slow
def test_panels_of_an_ended_kernel_look_it(page: Page, tmp_path: Path) -> None:
    """Shut down, the kernel's panels say so themselves, fade, and take nothing."""
    with explorer_in_lab(page, tmp_path) as explorer:
        server, token = page.url.split("/lab")[0], {"Authorization": f"token {TOKEN}"}
        (kernel,) = page.request.get(f"{server}/api/kernels", headers=token).json()
        page.request.delete(f"{server}/api/kernels/{kernel['id']}", headers=token)
        expect(page.locator(".pw-notice")).to_contain_text("The kernel has ended")
        expect(page.locator(".pw-explorer")).to_have_class(re.compile("pw-ended"))
        said = "el => getComputedStyle(el, '::before').content"
        assert "kernel has ended" in page.locator(".pw-explorer").evaluate(said)
        assert page.locator(".pw-budgets").evaluate(said) == "none", "it is said once"
        expect(explorer.field("Memory")).to_be_disabled()
        expect(page.locator(".pw-layer-view .pw-figure")).to_have_css("opacity", "0.5")


@pytest.mark.slow
def test_panels_of_a_kernel_restarted_elsewhere_look_it(page: Page, tmp_path: Path) -> None:
    """As by another page or a script: nobody tells this one. The cell, run again, is alive."""
    with explorer_in_lab(page, tmp_path) as explorer:
        explorer.wait_for_front()
        server, token = page.url.split("/lab")[0], {"Authorization": f"token {TOKEN}"}
        (kernel,) = page.request.get(f"{server}/api/kernels", headers=token).json()
        page.request.post(f"{server}/api/kernels/{kernel['id']}/restart", headers=token)
        expect(page.locator(".pw-notice")).to_contain_text("The kernel has ended")
        expect(page.locator(".pw-explorer")).to_have_class(re.compile("pw-ended"))
        expect(explorer.field("Memory")).to_be_disabled()
        run_first_cell(page)
        alive = page.locator(".pw-explorer:not(.pw-ended)")
        expect(alive.locator(".pw-layer-view rect.bar").first).to_be_attached(timeout=START_MS)
        expect(page.locator(".pw-notice")).to_be_hidden()
        explorer.type_limit("Memory", "70000")
        expect(explorer.limit("Memory")).to_contain_text("the limit")


@pytest.mark.slow
def test_a_saved_notebook_shows_a_picture(
    page: Page, tmp_path: Path, library: pw.BlockLibrary
) -> None:
    """Of the last settled answer, where no kernel is; while the explorer lives it is hidden."""
    file = tmp_path / "try.ipynb"
    picture = page.locator(".jp-OutputArea-child img")
    words = f"{answer_to(library, 71_000).score:.2f}"
    with explorer_in_lab(page, tmp_path) as explorer:
        explorer.wait_for_front()
        explorer.type_limit("Memory", "71000")
        explorer.expect_answer(answer_to(library, 71_000))
        expect(picture).to_have_count(1)
        expect(picture).to_be_hidden()
        for _ in range(40):  # until the picture has settled, and is drawn as PNG
            page.wait_for_timeout(500)
            page.locator(".jp-NotebookPanel-toolbar [data-command='docmanager:save']").first.click()
            kept = saved_pictures(file)
            if "image/png" in kept and words in kept["text/plain"]:
                break
        assert words in kept["text/plain"]
        assert base64.b64decode(kept["image/png"]).startswith(b"\x89PNG")
        page.goto("about:blank")
    with running_lab(tmp_path) as url:
        page.goto(f"{url}/tree/try.ipynb?token={TOKEN}", timeout=START_MS)
        expect(picture).to_be_visible(timeout=START_MS)
        assert picture.evaluate("e => e.naturalWidth") >= 960


PICTURES = """import puzzle_widgets as pw
library = pw.load_library('stdlib-2m-measured')
solution = pw.search(pw.SearchProblem(library, minimize='metrics.kl_div'))
display(solution.plot(), solution)"""
# The color of a screenshot's pixel near its corner, which is the picture's paper.
PIXEL = """async (png) => {
    const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
    const canvas = document.createElement("canvas").getContext("2d");
    canvas.drawImage(await createImageBitmap(new Blob([bytes])), 0, 0);
    return `rgb(${[...canvas.getImageData(4, 4, 1, 1).data].slice(0, 3).join(", ")})`;
}"""
PAPER = {"light": "rgb(255, 255, 255)", "dark": "rgb(28, 30, 33)"}


@pytest.mark.slow
@pytest.mark.parametrize(("theme", "system"), [("light", "dark"), ("dark", "light")])
def test_pictures_have_the_theme_of_jupyterlab(
    page: Page, tmp_path: Path, theme: str, system: str
) -> None:
    """Not the system's scheme: as an image, and in the page below a solution's table."""
    page.emulate_media(color_scheme="dark" if system == "dark" else "light")
    settings = tmp_path / "config/lab/user-settings/@jupyterlab/apputils-extension"
    settings.mkdir(parents=True)
    chosen = f'{{"theme": "JupyterLab {theme.title()}"}}'
    (settings / "themes.jupyterlab-settings").write_text(chosen)
    write_notebook(tmp_path / "try.ipynb", PICTURES, kernel="python3")
    with running_lab(tmp_path) as url:
        page.goto(f"{url}/tree/try.ipynb?token={TOKEN}", timeout=START_MS)
        expect(page.get_by_text("| Idle")).to_be_visible(timeout=START_MS)
        run_first_cell(page)
        inline = page.locator(".jp-RenderedHTMLCommon .pw-svg .paper")
        expect(inline).to_have_css("fill", PAPER[theme])
        expect(page.locator(".jp-RenderedHTMLCommon .pw-svg text").first).to_be_visible()
        image = page.locator(".jp-OutputArea-output[data-mime-type='image/svg+xml'] img")
        shot = base64.b64encode(image.screenshot()).decode()
        assert page.evaluate(PIXEL, shot) == PAPER[theme]


def saved_pictures(notebook: Path) -> dict[str, str]:
    """What a notebook's file keeps of the picture, by media type."""
    cell = nbformat.read(notebook, as_version=4).cells[0]
    kept = [dict(one["data"]) for one in cell.outputs if "image/svg+xml" in one.get("data", {})]
    return kept[-1] if kept else {"text/plain": ""}


@pytest.mark.slow
def test_arrow_keys_work_in_notebook(page: Page, tmp_path: Path) -> None:
    """Notebook 7 takes arrow keys for its cells; on a slider, a chart and a tab they are ours."""
    pytest.importorskip("notebook", reason="Notebook 7 is not installed")
    write_notebook(tmp_path / "try.ipynb", CELL, kernel="python3")
    with running_lab(tmp_path, "notebook") as url:
        address = url.removesuffix("/tree")
        page.goto(f"{address}/notebooks/try.ipynb?token={TOKEN}", timeout=START_MS)
        page.locator(".jp-CodeCell .cm-content").click(timeout=START_MS)
        page.wait_for_timeout(5_000)  # the kernel starts
        page.keyboard.press("Shift+Enter")
        explorer = Explorer(page)
        explorer.bars.first.wait_for(state="attached", timeout=START_MS)
        explorer.slider("Memory").press("PageDown")  # to a step of the slider
        before = explorer.settled("Memory")
        explorer.slider("Memory").press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(500)
        assert explorer.settled("Memory") == before - 1_000
        page.get_by_role("tab", name="Why").focus()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name="Layer")).to_have_attribute("aria-selected", "true")

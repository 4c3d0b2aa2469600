"""The kernel's source under sanitizers: no step beyond an array, no overflow, the same answers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.libraries import ROOT
from tests.support.native_kernel import SOURCE, build_sanitized, sanitizer

pytestmark = pytest.mark.slow
WITHIN = "EXPORT(task_run) i32 task_run(void) {"
BEYOND = "    AT(AT_SCORE, f64)[problem.variants] = 0.0;"
OVERFLOW = "    levels += 0x7fffffff;"


@pytest.fixture(scope="module")
def runtime() -> str:
    """The sanitizer's runtime, which has to be loaded before all else."""
    return sanitizer()


@pytest.fixture(scope="module")
def library(runtime: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kernel as it is, built for the sanitizers."""
    assert runtime
    return build_sanitized(SOURCE, tmp_path_factory.mktemp("native") / "kernel.so")


def fuzz(runtime: str, library: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Use the kernel in many ways under the sanitizers."""
    return subprocess.run(
        [sys.executable, "-m", "tests.search.kernel.fuzz", str(library), *words],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "LD_PRELOAD": runtime,
            "ASAN_OPTIONS": "detect_leaks=0",
            "UBSAN_OPTIONS": "print_stacktrace=1",
            "OPENBLAS_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


def planted(line: str, folder: Path) -> Path:
    """Build the kernel with a line too many where a task is stepped."""
    source = Path(shutil.copytree(SOURCE, folder / "source"))
    text = (source / "api.h").read_text()
    assert text.count(WITHIN) == 1
    (source / "api.h").write_text(text.replace(WITHIN, f"{WITHIN}\n{line}"))
    return build_sanitized(source, folder / "kernel.so")


def test_the_sanitizers_find_nothing(runtime: str, library: Path) -> None:
    """Every kind of knapsack, any start, cut off anywhere; and the answers are the reference's."""
    done = fuzz(runtime, library, "--seeds", "3")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[:6000]
    assert int(done.stdout.split()[-2]) > 1000


def test_a_step_beyond_an_array_would_be_found(runtime: str, tmp_path: Path) -> None:
    """A planted write behind the scores ends the program, and the report says where."""
    done = fuzz(runtime, planted(BEYOND, tmp_path), "--kind", "uniform", "--seeds", "1")
    assert done.returncode != 0
    assert "heap-buffer-overflow" in done.stderr
    assert "in task_run" in done.stderr


def test_an_overflow_would_be_found(runtime: str, tmp_path: Path) -> None:
    """So does a planted sum that an integer cannot hold."""
    done = fuzz(runtime, planted(OVERFLOW, tmp_path), "--kind", "uniform", "--seeds", "1")
    assert done.returncode != 0
    assert "signed integer overflow" in done.stderr

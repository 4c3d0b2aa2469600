"""The kernel's source as a native library under the sanitizers, and a host that runs it."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from puzzle_widgets.search.kernel import host as hosts

SOURCE = Path(hosts.__file__).with_name("source")
_CODE = ("-shared", "-fPIC", "-g", "-O1", "-fno-omit-frame-pointer", "-fvisibility=hidden")
_CHECKS = ("-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all")
_POINTERS = ("sizes_at", "problem_new", "jobs_new", "memory_in_use")


def sanitizer() -> str:
    """Path of the sanitizer's runtime, or skip the test and say why."""
    if sys.platform != "linux" or shutil.which("gcc") is None:
        pytest.skip("no gcc here to build the kernel for the sanitizers")
    words = ["gcc", "-print-file-name=libasan.so"]
    path = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    if not Path(path).is_file():
        pytest.skip("gcc has no sanitizers here")
    return path


def build_sanitized(source: Path, library: Path) -> Path:
    """Build the kernel so that each step beyond an array, and each overflow, ends the program."""
    words = ["gcc", *_CODE, *_CHECKS, "-o", str(library), str(source / "kernel.c")]
    subprocess.run(words, check=True)
    return library


class NativeHost:
    """The kernel as a native library; there is one instance of it in a process."""

    pointer = np.uintp

    def __init__(self, path: Path) -> None:
        self._library = ctypes.CDLL(str(path))
        for name in _POINTERS:
            getattr(self._library, name).restype = ctypes.c_size_t
        self.sizes = self.call("sizes_at")

    def call(self, name: str) -> int:
        """Call an exported function."""
        return int(getattr(self._library, name)())

    def write(self, address: int, values: npt.NDArray[Any]) -> None:
        """Put an array's bytes into the kernel's memory."""
        held = np.ascontiguousarray(values)
        ctypes.memmove(address, held.ctypes.data, held.nbytes)

    def read(self, address: int, kind: npt.DTypeLike, count: int) -> npt.NDArray[Any]:
        """Copy an array out of the kernel's memory."""
        held = np.empty(count, dtype=kind)
        ctypes.memmove(held.ctypes.data, address, held.nbytes)
        return held

    @property
    def size(self) -> int:
        """Bytes of memory that the instance has taken."""
        return self.call("memory_in_use")

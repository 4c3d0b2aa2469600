"""The one kernel that the server knows."""

from __future__ import annotations

import os
import sys

import pytest
from jupyter_client.kernelspec import NoSuchKernel

from puzzle_widgets.app.kernels import KERNEL_NAME, OwnPythonKernels


def test_kernel_is_this_python() -> None:
    """The kernel is started by the very interpreter of the server, not one found by name."""
    assert OwnPythonKernels().get_kernel_spec(KERNEL_NAME).argv[0] == sys.executable


def test_no_other_kernel_is_known() -> None:
    """Kernels that the machine has registered are neither listed nor started."""
    kernels = OwnPythonKernels()
    assert list(kernels.get_all_specs()) == [KERNEL_NAME]
    with pytest.raises(NoSuchKernel):
        kernels.get_kernel_spec("other")


def test_kernel_imports_this_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel of a bare checkout finds the package, beside what the caller's path holds."""
    monkeypatch.setenv("PYTHONPATH", "known")
    path = OwnPythonKernels().get_kernel_spec(KERNEL_NAME).env.get("PYTHONPATH", "known")
    assert path.split(os.pathsep)[-1] == "known"

"""Kernels in the server's own Python, whatever kernelspecs the machine has."""

from __future__ import annotations

import os
from pathlib import Path

from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel

KERNEL_NAME = "python3"
_PACKAGE = Path(__file__).resolve().parents[1]


class OwnPythonKernels(KernelSpecManager):
    """Knows one kernel: the Python that runs the server.

    A registered ``python3`` may belong to another environment, in which this package is not.
    """

    def find_kernel_specs(self) -> dict[str, str]:
        """Name of the one kernel; it has no resource folder of its own."""
        return {KERNEL_NAME: str(_PACKAGE)}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Specification of the one kernel."""
        if kernel_name != KERNEL_NAME:
            raise NoSuchKernel(kernel_name)
        return KernelSpec(**{**get_kernel_dict(), "env": _import_path()})


def _import_path() -> dict[str, str]:
    """Variables with which the kernel imports this very package, installed or a bare checkout."""
    if (_PACKAGE / "_notebooks").is_dir():
        return {}
    known = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join([str(_PACKAGE.parent), *([known] if known else [])])}

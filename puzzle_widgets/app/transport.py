"""Where server and kernels meet: in sockets that are files of a private folder, if there can be."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

# A socket's path has at most 104 bytes (macOS) or 108 (Linux). Of these Voila's folder takes 16,
# a kernel's name and its number 12.
_LONGEST_ROOT = 104 - 16 - 12 - 2
_SHORT_ROOTS = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - a private folder is made in one


def socket_root() -> str | None:
    """Folder in which private folders with sockets can be made; None where there is none."""
    roots = (tempfile.gettempdir(), *_SHORT_ROOTS)
    return next((root for root in roots if _holds_sockets(root)), None)


def _holds_sockets(root: str) -> bool:
    if not hasattr(socket, "AF_UNIX") or os.name != "posix":
        return False
    if len(os.fsencode(root)) > _LONGEST_ROOT:
        return False
    try:
        with (
            tempfile.TemporaryDirectory(prefix="voila_", dir=root) as folder,
            socket.socket(socket.AF_UNIX) as tried,
        ):
            tried.bind(str(Path(folder) / "a"))
    except OSError:
        return False
    return True

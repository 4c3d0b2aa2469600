"""The notebooks of the site: their titles, where outputs are kept, and what their kernel shows."""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

_STARTUP = Path("docs", "site_parts", "at_rest.py")


def pages(folder: Path) -> list[tuple[Path, str]]:
    """Each notebook with its title, in their order."""
    return [(path, title(path)) for path in sorted(folder.glob("*.ipynb"))]


def title(path: Path) -> str:
    """The heading of a notebook; without one, it is the app."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    first = "".join(cells[0]["source"]).partition("\n")[0]
    return first.lstrip("# ") if first.startswith("# ") else "The explorer"


def cache(root: Path) -> Path:
    """Folder for outputs: another one whenever the package or its data change."""
    state = hashlib.sha256()
    files = [*(root / "puzzle_widgets").rglob("*"), *(root / "data").rglob("*"), root / _STARTUP]
    for path in sorted(files):
        if path.is_file() and "__pycache__" not in path.parts:
            state.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return Path(tempfile.gettempdir()) / f"puzzle-widgets-docs-{state.hexdigest()[:16]}"


def prepare_kernels(root: Path) -> None:
    """Have kernels import this package, and show widgets as what a page without one can show."""
    folder = Path(tempfile.mkdtemp(prefix="puzzle-widgets-ipython-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    startup = folder / "profile_default" / "startup"
    startup.mkdir(parents=True)
    shutil.copy(root / _STARTUP, startup / "10-at-rest.py")
    os.environ["IPYTHONDIR"] = str(folder)
    os.environ["PUZZLE_WIDGETS_BUILD"] = "no"  # nothing is trained for a page
    paths = [str(root), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))

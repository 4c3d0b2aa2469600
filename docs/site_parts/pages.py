"""Pages as Sphinx wants them: the first page's lists are the contents, notebooks have titles."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

from site_parts.notebooks import pages, title

_LOG = logging.getLogger(__name__)
_SECTION = re.compile(r"^## (?P<caption>.+)$", re.MULTILINE)
_LINK = re.compile(r"^- \[(?P<title>[^\]]+)\]\((?P<path>[^)#]+)\)", re.MULTILINE)
_FOLDER = re.compile(r"^- \[[^\]]+\]\((?P<folder>[^)]+/)\).*(?:\n  .*)*", re.MULTILINE)


def contents(text: str, home: Path) -> str:
    """Add a table of contents for each list of links, which the side bar shows.

    A forge shows the lists alone; a link to a folder becomes one to each notebook in it.
    """
    text = _FOLDER.sub(lambda found: _notebooks(home, found["folder"]), text)
    starts = [found.start() for found in _SECTION.finditer(text)]
    parts = [text[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]
    return text[: starts[0]] + "".join(part + _tree(part) for part in parts)


def _notebooks(home: Path, folder: str) -> str:
    found = [(title, path.name) for path, title in pages(home / folder)]
    return "\n".join(f"- [{title}]({folder}{name})" for title, name in found)


def _tree(section: str) -> str:
    heading = _SECTION.search(section)
    links = [
        (link["title"], Path(link["path"]).with_suffix("")) for link in _LINK.finditer(section)
    ]
    if heading is None or not links:
        return ""
    entries = "\n".join(f"{title} <{path}>" for title, path in links)
    caption = heading["caption"]
    return f"\n\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{entries}\n```\n\n"


def completed(path: Path, text: str) -> str:
    """Give a notebook a title if it has none."""
    notebook = json.loads(text)
    cells = notebook["cells"]
    if not "".join(cells[0]["source"]).startswith("# "):
        cells.insert(0, _words("title", f"# {title(path)}"))
    return json.dumps(notebook)


def _words(name: str, text: str) -> dict[str, object]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text}


def read(app: Sphinx, name: str, source: list[str]) -> None:
    """Change the text of a page before it is parsed."""
    path = Path(app.srcdir) / f"{name}.ipynb"
    if name == app.config.root_doc:
        source[0] = contents(source[0], Path(app.srcdir) / Path(name).parent)
    elif path.exists():
        source[0] = completed(path, source[0])


def check(app: Sphinx, name: str, template: str, context: dict[str, Any], _: object) -> None:
    """Warn of a live widget, which needs a kernel and scripts from elsewhere."""
    del app, template
    if "jupyter.widget-view" in context.get("body", ""):
        _LOG.warning("a widget is not at rest, see docs/site_parts/at_rest.py", location=name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hook."""
    app.connect("source-read", read)
    app.connect("html-page-context", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

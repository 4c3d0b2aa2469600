"""The glossary: every term in its tables can be linked to, and looked up."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx

_PAGE = "docs/glossary"


def mark(app: Sphinx, document: nodes.document) -> None:
    """Make each bold first cell a term, and put a link to it beside it."""
    if app.env.current_document.docname != _PAGE:
        return
    for line in list(document.findall(nodes.row)):
        cell = line[0]
        bold = next(iter(cell.findall(nodes.strong)), None)
        if bold is not None:
            _name(app, cell, bold)


def _name(app: Sphinx, cell: nodes.Node, bold: nodes.strong) -> None:
    words = bold.astext()
    name = f"term-{nodes.make_id(words)}"
    cell["ids"].append(name)  # type: ignore[index]
    link = nodes.reference("", "#", refid=name, classes=["headerlink"], title="Link to this term")
    bold.parent.append(link)
    terms = app.env.domains.standard_domain
    for term in words.split(", "):
        terms.note_object("term", term, name, location=bold)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the transform."""
    app.connect("doctree-read", mark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Mathematics as MathML, which browsers draw by themselves, by the converter of Docutils."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging

_LOG = logging.getLogger(__name__)
_DOTS = re.compile(r"\\dots\b")


def convert(node: nodes.Element, *, block: bool) -> str:
    """Give the MathML of a formula; one that cannot be converted is a warning, and shown as is."""
    source = _DOTS.sub(r"\\ldots", node.astext())
    try:
        return str(tex2mathml(source, as_block=block))
    except MathError as error:
        _LOG.warning("formula %r: %s", source, error, location=node)
        return f"<code>{nodes.Text(source)}</code>"


def inline(translator: Any, node: nodes.math) -> None:  # noqa: ANN401
    """Write a formula within a line."""
    translator.body.append(convert(node, block=False))
    raise nodes.SkipNode


def display(translator: Any, node: nodes.math_block) -> None:  # noqa: ANN401
    """Write a formula on a line of its own, which scrolls where it is wider than the page."""
    formula = convert(node, block=True)
    translator.body.append(f'<div class="math">{formula}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}

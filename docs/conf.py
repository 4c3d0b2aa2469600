"""How the documentation site is built, by Sphinx from the Markdown files as a forge shows them.

Pages are all over the project, so its root is where Sphinx starts from:

    python -m sphinx -W --keep-going -c docs . docs/_build/html
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from site_parts import notebooks  # noqa: E402

from puzzle_widgets.version import __version__  # noqa: E402

notebooks.prepare_kernels(ROOT)

project = "puzzle-widgets"
author = "The puzzle-widgets developers"
copyright = author  # noqa: A001 - Sphinx's name for it
version = release = __version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "site_parts.pages",
    "site_parts.public",
    "site_parts.terms",
    "site_parts.flowchart",
    "site_parts.mathml",
]

root_doc = "docs/index"
include_patterns = [
    "docs/**.md",
    "notebooks/*.ipynb",
    "data/*.md",
    "data/*/README.md",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
]
exclude_patterns = [
    ".*",
    "**/.*",
    "**/__pycache__",
    "docs/_build",
    "puzzle_widgets",
    "tests",
    "build",
    "build-*",
    "dist",
]

# Markdown

myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence"]
myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]
html_math_renderer = "mathml"

# Docstrings

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_maximum_signature_line_length = 80
toc_object_entries_show_parents = "hide"
python_use_unqualified_type_names = True
autodoc_default_options = {"members": True}
napoleon_google_docstring = False
napoleon_use_rtype = False

# Notebooks

nb_execution_mode = os.environ.get("PUZZLE_WIDGETS_NOTEBOOKS", "cache")
nb_execution_cache_path = str(notebooks.cache(ROOT))
nb_execution_in_temp = True
nb_execution_timeout = 600  # seconds a cell, on a busy machine
nb_execution_raise_on_error = True
nb_merge_streams = True
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # those would be asked for elsewhere

# The site; all that a page loads is in it

html_theme = "furo"
html_title = f"puzzle-widgets {__version__}"
html_static_path = ["site_parts/static"]
html_css_files = ["site.css"]
html_extra_path = ["site_parts/top"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"sidebar_hide_name": False}
copybutton_exclude = ".linenos, .gp, .go"

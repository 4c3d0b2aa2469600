"""The words that help explains."""

from __future__ import annotations

import re
from pathlib import Path

from puzzle_widgets.widgets.help import TERMS, Help

GLOSSARY = Path(__file__).parents[2] / "docs" / "glossary.md"
# What only the screen says, and the docs by another word.
OF_THE_SCREEN = {"Blocks by layer", "Why", "Map", "Surface", "Truth", "Export", "To spare"}
COSTS = {"KL divergence", "Memory", "Runtime", "Parameters"}


def test_each_term_is_explained_once() -> None:
    """In a sentence that ends."""
    names = [name for name, _ in TERMS]
    assert len(set(names)) == len(names)
    assert all(meaning.endswith(".") for _, meaning in TERMS)


def test_terms_are_those_of_the_glossary() -> None:
    """Screen and docs use the same words."""
    text = GLOSSARY.read_text().lower()
    for name, _ in TERMS:
        if name not in OF_THE_SCREEN | COSTS:
            parts = re.split(r",| and ", name.lower())
            assert all(part.strip() in text for part in parts), name


def test_the_page_gets_all_terms() -> None:
    """As text alone."""
    help_button = Help()
    assert [tuple(term) for term in help_button.terms] == list(TERMS)
    help_button.close()

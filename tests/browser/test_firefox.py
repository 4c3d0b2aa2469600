"""The main journey in Firefox: type, drag, walk by keys, click the front, save a scenario."""

from __future__ import annotations

from pathlib import Path

import pytest

import puzzle_widgets as pw
from puzzle_widgets.library.quantity import format_exact
from tests.browser.explorer import BARS, KL, answer_to, sizes_of
from tests.support.firefox import PROGRAM, Firefox, running_firefox

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="Firefox is not installed"),
]
_FRONT = """() => [...document.querySelectorAll(".pw-pareto .pw-live, .pw-pareto [role=status]")]
    .some((e) => e.textContent.includes("proven optimal."))"""
_SCORE = """() => [...document.querySelectorAll(".pw-tile")]
    .find((tile) => tile.textContent.includes("KL divergence")).querySelector("dd").title"""
_CENTER = """(name) => { const box = document.querySelector(name).getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2] }"""
_MEMORY = ".pw-limit:first-of-type"
_STATUS = "() => document.querySelector('.pw-status .pw-state-line').textContent.trim()"
_POINT = """(place) => { const marks = [...document.querySelectorAll(".pw-pareto g.object_grp")]
        .filter((e) => e.querySelector("path[style*='fill: rgb(0, 114, 178)']"));
    const box = marks[place].getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2] }"""


def expect_answer(firefox: Firefox, solution: pw.Solution) -> None:
    """Wait until figures and every layer's bars are those of a solution, and it is proven."""
    words = f"{format_exact(solution.score)} {solution.library.quantity(KL).unit}".rstrip()
    firefox.wait_for(f"(words) => ({_SCORE})() === words", words)
    firefox.wait_for(f"() => ({_STATUS})() === 'Optimal, proven'")
    close = (
        f"(sizes) => {{ const drawn = ({BARS})(); return drawn.length === sizes.length && "
        "drawn.every((pair, n) => pair.every((v, m) => Math.abs(v - sizes[n][m]) < 0.02)) }"
    )
    firefox.wait_for(close, sizes_of(solution))


def field_value(firefox: Firefox) -> float:
    """What the field of the memory says, in MiB, once its slider says the same."""
    read = f"() => document.querySelector('{_MEMORY} input[type=text]').value.replaceAll(',', '')"
    slider = f"() => document.querySelector('{_MEMORY} .noUi-handle').ariaValueNow"
    firefox.wait_for(f"() => Number(({read})()) === Number(({slider})())")
    return float(firefox.evaluate(read))


def test_the_main_journey(app_url: str, library: pw.BlockLibrary, tmp_path: Path) -> None:
    """Nothing fails on the page, and each answer is the one that is searched here."""
    with running_firefox(tmp_path) as firefox:
        firefox.goto(app_url)
        firefox.wait_for("() => document.querySelectorAll('.pw-layer-view rect.bar').length > 80")
        firefox.wait_for(_FRONT)
        type_a_budget(firefox, library)
        drag_the_slider(firefox, library)
        click_the_front(firefox)
        save_a_scenario(firefox)
        assert firefox.problems == []


def type_a_budget(firefox: Firefox, library: pw.BlockLibrary) -> None:
    """By the field, with the keyboard."""
    firefox.evaluate(f"() => document.querySelector('{_MEMORY} input[type=text]').select()")
    firefox.press(*"71000", "Enter")
    expect_answer(firefox, answer_to(library, 71_000))


def drag_the_slider(firefox: Firefox, library: pw.BlockLibrary) -> None:
    """By the pointer, then by the arrow keys of its handle."""
    firefox.drag(*firefox.evaluate(_CENTER, f"{_MEMORY} .noUi-handle"), by=-30)
    dragged = field_value(firefox)
    assert dragged < 71_000
    expect_answer(firefox, answer_to(library, dragged))
    firefox.evaluate(f"() => document.querySelector('{_MEMORY} .noUi-handle').focus()")
    firefox.press("ArrowLeft", "ArrowLeft")
    firefox.wait_for(
        f"(before) => document.querySelector('{_MEMORY} .noUi-handle').ariaValueNow < before",
        dragged,
    )
    expect_answer(firefox, answer_to(library, field_value(firefox)))


def click_the_front(firefox: Firefox) -> None:
    """A point shows its blocks."""
    firefox.click(*firefox.evaluate(_POINT, 14))
    firefox.wait_for(
        "() => document.querySelector('.pw-status').textContent.includes('Point 15 of 24')"
    )


def save_a_scenario(firefox: Firefox) -> None:
    """Where the answer is; the tab counts it, and the address keeps it."""
    firefox.evaluate(
        "() => [...document.querySelectorAll('.pw-status button')]"
        ".find((e) => e.textContent === 'Save scenario').click()"
    )
    firefox.wait_for(
        "() => [...document.querySelectorAll('.pw-tab')]"
        ".some((e) => e.textContent.trim() === 'Scenarios 1')"
    )
    firefox.wait_for("() => location.hash.startsWith('#s=')")

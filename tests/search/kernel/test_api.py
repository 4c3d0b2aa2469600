"""The numbers that source, Python and JavaScript share."""

from __future__ import annotations

import re

import pytest

from puzzle_widgets.search.kernel import engine
from tests.support.native_kernel import SOURCE

SCRIPT = SOURCE.with_name("kernel.js")


def enums() -> dict[str, int]:
    """Every name of the sources' enumerations with its number."""
    found: dict[str, int] = {}
    for header in ("api.h", "search.h", "task.h"):
        for body in re.findall(r"enum \{(.*?)\};", (SOURCE / header).read_text(), re.DOTALL):
            number = -1
            for word in body.split(","):
                name, _, value = word.partition("=")
                number = int(value) if value else number + 1
                found[name.strip()] = number
    return found


def in_order(prefix: str) -> list[str]:
    """What follows a prefix, in small letters, by its number."""
    names = [name for name in enums() if name.startswith(prefix)]
    names.sort(key=enums().__getitem__)
    assert [enums()[name] for name in names] == list(range(len(names)))
    return [name.removeprefix(prefix).lower() for name in names]


def in_script(name: str) -> list[str]:
    """Words of a list that the script has."""
    found = re.search(rf"const {name} = \[(.*?)\];", SCRIPT.read_text(), re.DOTALL)
    assert found is not None
    return re.findall(r'"(\w+)"', found[1])


def test_places_are_the_same() -> None:
    """Where an array is."""
    places = in_order("AT_")
    assert len(places) == enums()["PLACES"] > 15
    assert list(engine._PLACES) == places
    assert in_script("PLACES") == places


def test_answers_and_wants_are_the_same() -> None:
    """What the kernel answers, and what it is told."""
    assert in_script("ANSWERS") == in_order("ANSWER_")
    assert in_script("WANTS") == in_order("WANT_")
    assert len(in_order("ANSWER_")) == enums()["ANSWERS"] == engine._ANSWERS
    assert len(in_order("WANT_")) == enums()["WANTS"]


@pytest.mark.parametrize(
    "name",
    [
        "WARM_PRICES",
        "WARM_CHOICE",
        "SETTLE_ONLY",
        "WITH_TIES",
        "JOB_SCORES",
        "JOB_LIMITS",
        "JOB_FORCED",
        "JOB_WEIGHTS",
        "JOB_WARM",
    ],
)
def test_flags_are_the_same(name: str) -> None:
    """What is given and wanted, as bits."""
    assert getattr(engine, f"_{name}") == enums()[name]
    for value in re.findall(rf"\b{name}: (\d+)", SCRIPT.read_text()):
        assert int(value) == enums()[name]


def test_states_are_the_same() -> None:
    """What an answer is, and what is known of its ties."""
    numbers = {name: enums()[name.upper()] for name in ("optimal", "feasible", "infeasible")}
    numbers |= {"no_solution_in_time": enums()["UNKNOWN"]}
    usual: list[str] = list(engine._STATUS)
    for words in (usual, in_script("STATUS")):
        assert {name: words.index(name, 1) for name in numbers} == numbers
        assert words[enums()["RUNNING"]] == "no_solution_in_time"
    assert list(engine._TIES) == in_script("TIES") == in_order("TIES_")

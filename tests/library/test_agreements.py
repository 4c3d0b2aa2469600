"""Agreements to licenses: a user's own, a visitor's, and a host's for all visitors."""

from __future__ import annotations

from pathlib import Path

import pytest

import puzzle_widgets as pw
from puzzle_widgets.hosted import VARIABLE, Hosted
from puzzle_widgets.library import agreements
from puzzle_widgets.library.agreements import has_agreed, of_visitor, remember, take_back
from puzzle_widgets.library.datasets import Dataset, can_open
from tests.support.datasets import NAME, cache, mirror, small
from tests.support.mirror import Mirror

__all__ = ["cache", "mirror", "small"]


@pytest.fixture(autouse=True)
def nobody_has_agreed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session begins without agreements."""
    monkeypatch.setattr(agreements, "_of_visitor", {})


def host(monkeypatch: pytest.MonkeyPatch, rules: Hosted) -> None:
    """Be a session of a server with these rules."""
    monkeypatch.setenv(VARIABLE, rules.text())


def test_a_visitors_agreement_is_not_the_servers(
    small: Dataset, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it is written down here, and what the host's user once agreed to counts not."""
    remember(small)
    assert has_agreed(small)
    host(monkeypatch, Hosted(by_visitor=True))
    assert not has_agreed(small)
    before = (cache / agreements.FILE).read_text()
    (cache / agreements.FILE).unlink()
    remember(small)
    assert has_agreed(small)
    assert not (cache / agreements.FILE).exists()
    assert NAME in before


def test_the_browser_brings_an_agreement_back(
    small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To these very terms; anything else that it holds is nothing."""
    host(monkeypatch, Hosted(by_visitor=True))
    remember(small)
    kept = of_visitor()
    for other in ({}, None, "x", {NAME: "yes"}, {NAME: {**kept[NAME], "license": "MIT"}}):
        agreements._of_visitor.clear()
        take_back(other)
        assert not has_agreed(small)
    take_back({**kept, "unknown": 1})
    assert has_agreed(small)
    assert list(of_visitor()) == [NAME]


def test_a_browser_agrees_to_nothing_on_ones_own_machine(small: Dataset) -> None:
    """There the cache folder knows."""
    take_back({NAME: agreements._terms(small)})
    assert not has_agreed(small)
    assert of_visitor() == {}


def test_a_host_offers_a_set(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    """Visitors open it without a question."""
    host(monkeypatch, Hosted(by_visitor=True, offered=(NAME,)))
    assert len(pw.load_dataset(NAME).layers) == 3
    assert len(mirror.asked) == 3


def test_a_host_forbids_fetching(
    small: Dataset, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is here opens, and nothing else is asked for."""
    host(monkeypatch, Hosted(by_visitor=True, fetch=False))
    assert not can_open(small)
    with pytest.raises(pw.DatasetError, match="fetches no datasets"):
        pw.load_dataset(NAME, agree=True)
    assert mirror.asked == []
    monkeypatch.delenv(VARIABLE)
    pw.load_dataset(NAME, agree=True)
    host(monkeypatch, Hosted(by_visitor=True, fetch=False))
    assert can_open(small)
    assert len(pw.load_dataset(NAME).layers) == 3

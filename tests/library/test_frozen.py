"""The read-only mapping."""

from __future__ import annotations

import pickle

import pytest

from puzzle_widgets.library import FrozenMapping


def test_it_equals_a_dict_and_is_hashable_in_any_order() -> None:
    """Equal content means equal mapping and equal hash, whatever the order."""
    one, two = FrozenMapping({"a": 1, "b": 2}), FrozenMapping([("b", 2), ("a", 1)])
    assert one == two == {"a": 1, "b": 2}
    assert hash(one) == hash(two)
    assert list(two) == ["b", "a"]
    assert repr(one) == "{'a': 1, 'b': 2}"


def test_it_cannot_be_changed_and_does_not_follow_its_source() -> None:
    """Neither assignment nor a change of the dict it was made of reaches it."""
    source = {"a": 1}
    frozen = FrozenMapping(source)
    source["a"] = 2
    assert frozen["a"] == 1
    with pytest.raises(TypeError):
        frozen["a"] = 3  # type: ignore[index]


def test_it_can_be_pickled() -> None:
    """Process pools send it along."""
    assert pickle.loads(pickle.dumps(FrozenMapping({"a": 1}))) == {"a": 1}  # noqa: S301

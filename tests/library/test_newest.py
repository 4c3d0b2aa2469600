"""What was asked for last stays; what was asked for longest ago is made again."""

from __future__ import annotations

from functools import partial

from puzzle_widgets.library.newest import Newest


def test_what_is_gone_back_to_stays() -> None:
    """Asking for something makes it the newest again."""
    newest, made = Newest[int, str](2), list[int]()

    def make(number: int) -> str:
        made.append(number)
        return f"made for {number}"

    for number in (1, 2, 1, 3, 1, 2):
        assert newest.get(number, partial(make, number)) == f"made for {number}"
    assert made == [1, 2, 3, 2]


def test_it_gives_the_same_object() -> None:
    """Libraries that are one object share what is worked out for them."""
    newest = Newest[str, list[int]]()
    assert newest.get("a", list) is newest.get("a", list)

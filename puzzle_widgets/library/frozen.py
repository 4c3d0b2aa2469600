"""A mapping that cannot be changed, for the fields of frozen records."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import TypeVar, overload

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")


class FrozenMapping(Mapping[K, V]):
    """Read-only, ordered, hashable mapping; it can be pickled, unlike ``MappingProxyType``.

    Parameters
    ----------
    items
        A mapping or pairs of key and value; copied.
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[K, V] | Iterable[tuple[K, V]] = ()) -> None:
        self._items: dict[K, V] = dict(items)

    def __getitem__(self, key: K) -> V:
        return self._items[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    # The rest is far quicker by the dict than by Mapping's own, which asks for each item.

    def __contains__(self, key: object) -> bool:
        return key in self._items

    @overload
    def get(self, key: K, /) -> V | None: ...
    @overload
    def get(self, key: K, /, default: V | D) -> V | D: ...
    def get(self, key: K, /, default: V | D | None = None) -> V | D | None:
        """The value of a key; the default where there is none."""
        return self._items.get(key, default)

    def keys(self) -> KeysView[K]:
        """The keys, in their order."""
        return self._items.keys()

    def values(self) -> ValuesView[V]:
        """The values, in their order."""
        return self._items.values()

    def items(self) -> ItemsView[K, V]:
        """Pairs of key and value, in their order."""
        return self._items.items()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, FrozenMapping):
            return self._items == other._items
        return super().__eq__(other)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return repr(self._items)

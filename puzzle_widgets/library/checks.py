"""Check what comes from outside: every complaint names file, layer, variant, field and the fix.

Whatever a file holds, readers raise nothing but the :class:`LibraryError` that is made here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NoReturn

from puzzle_widgets.errors import LibraryError

MAX_FILE_BYTES = 64 * 2**20
MAX_NUMBER = 1e18
MAX_PARTS, MAX_VALUES = 1_000_000, 4_000_000
MAX_NAME = 2_000
MAX_TEXT = 2**20
_SHOWN = 80


@dataclass(frozen=True)
class Location:
    """Where in the input a value is; row and column as a table shows them."""

    file: str
    layer: object = None
    variant: str | None = None
    field: str | None = None
    row: str = ""
    column: str = ""

    def at(self, **parts: Any) -> Location:  # noqa: ANN401
        """Go further in: ``place.at(layer=3)``."""
        found = object.__new__(Location)  # a library has many; far quicker than the constructor
        vars(found).update(vars(self), **parts)
        return found

    def fail(self, what: str, fix: str) -> NoReturn:
        """Raise the one clear error."""
        raise LibraryError(" ".join(f"{self}: {what} {fix}".splitlines()))

    def __str__(self) -> str:
        parts = [self.file if self.file.isprintable() else short_repr(self.file)]
        parts += filter(None, (self.row, self.column))
        if self.layer is not None:
            parts.append(f"layer {short_repr(self.layer)}")
        if self.variant is not None:
            parts.append(f"variant {short_repr(self.variant)}")
        if self.field is not None:
            parts.append(f"field {short_repr(self.field)}")
        return ", ".join(parts)


def short_repr(value: object) -> str:
    """Write an untrusted value on one line of printable characters, shortened."""
    try:
        text = ascii(value) if _has_surrogate(str(value)) else repr(value)
    except (RecursionError, ValueError):  # nested very deeply, or a number of thousands of digits
        text = f"a {type(value).__name__}"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def some_of(names: Sequence[str], most: int = 20) -> str:
    """Name what there is on one line; of very many the first, and how many more."""
    more = len(names) - most
    return "; ".join(names[:most]) + (f"; and {more:,} more" if more > 0 else "")


def all_of(names: Iterable[str]) -> str:
    """Name all as a sentence does: by commas, the last after "and"."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def parse_json(content: bytes, place: Location) -> Any:  # noqa: ANN401
    """Parse JSON text; names given twice in one object are an error, not a silent loss."""
    _check_parts(content, place)
    try:
        return json.loads(content.decode("utf-8-sig"), object_pairs_hook=_refuse_twins(place))
    except UnicodeDecodeError as error:
        place.fail(f"not UTF-8 text (byte {error.start}).", "Save it as UTF-8.")
    except RecursionError:
        place.fail("nested too deeply to be a block library.", "Is it the right file?")
    except ValueError as error:
        place.fail(f"broken JSON ({error}).", "Is it complete? Write or download it again.")


def check_bytes(size: int, place: Location, most: int = 0, fix: str = "") -> None:
    """Refuse more bytes than are read, by default of one file."""
    most = most or MAX_FILE_BYTES
    if size > most:
        limit = f"At most {most / 2**20:,.0f} MiB are read"
        place.fail(f"{format_size(size)}.", f"{limit}; {fix}." if fix else f"{limit}.")


def format_size(size: float) -> str:
    """Write a number of bytes, such as ``"0.8 MiB"``."""
    return f"{size / 2**20:,.1f} MiB"


def _check_parts(content: bytes, place: Location) -> None:
    """Refuse text of which each byte or two would make an object in memory."""
    parts, values = content.count(b"[") + content.count(b"{"), content.count(b",")
    if parts > MAX_PARTS or values > MAX_VALUES:
        place.fail(
            f"{parts:,} arrays and objects, {values:,} values.",
            f"At most {MAX_PARTS:,} and {MAX_VALUES:,} are read; no block library needs more.",
        )


def number(value: object, place: Location) -> float:
    """Read a finite number within limits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        place.fail(f"{short_repr(value)} is not a number.", "Give a finite number.")
    if not abs(value) <= MAX_NUMBER:  # true of NaN as well
        place.fail(
            f"{short_repr(value)} cannot be summed.",
            f"Give a finite number of at most {MAX_NUMBER:.0e}, or leave the variant out.",
        )
    return float(value)


def numbers(values: Mapping[str, object], place: Location) -> dict[str, float]:
    """Read a finite number within limits for each field."""
    return {
        field: float(value)  # the usual case, at once: no place to name is needed
        if (type(value) is float or type(value) is int) and abs(value) <= MAX_NUMBER
        else number(value, place.at(field=field))
        for field, value in values.items()
    }


def text(value: object, place: Location, what: str) -> str:
    """Read a name: any Unicode text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        place.fail(f"{what} is {short_repr(value)}.", "Give it a name in text.")
    if len(value) > MAX_NAME or _has_surrogate(value):
        place.fail(
            f"{what} {short_repr(value)} is not valid text.",
            f"Use complete Unicode characters, at most {MAX_NAME:,}.",
        )
    return value


def optional_text(value: object, place: Location, what: str) -> str:
    """Read a remark that may be missing (``""``)."""
    return "" if value in (None, "") else text(value, place, what)


def long_text(value: object, place: Location) -> str:
    """Read a text kept as it is, such as a config, that may be missing (``""``)."""
    if value in (None, ""):
        return ""
    if not isinstance(value, str) or len(value) > MAX_TEXT or _has_surrogate(value):
        place.fail(
            f"{short_repr(value)} is not valid text.", f"Give at most {MAX_TEXT:,} characters."
        )
    return value


def tidy(value: object, most: int) -> str:
    """Write a value as text on one line that can be kept in a file, cut to ``most`` characters."""
    line = " ".join(str(value).split())
    whole = "".join("\N{REPLACEMENT CHARACTER}" if _has_surrogate(c) else c for c in line)
    return whole if len(whole) <= most else f"{whole[: most - 1]}…"


def optional_count(value: object, place: Location) -> int | None:
    """Read a positive whole number that may be missing."""
    if value is None:
        return None
    found = number(value, place)
    if found < 1 or found != int(found):
        place.fail(f"{short_repr(value)} is not a count.", "Give a whole number of at least 1.")
    return int(found)


def mapping(value: object, place: Location, what: str) -> Mapping[str, Any]:
    """Read a JSON object that holds something."""
    if not isinstance(value, Mapping) or not value:
        place.fail(
            f"{what} is {short_repr(value)}.", "A JSON object with at least one entry is needed."
        )
    return value


def sequence(value: object, place: Location, what: str) -> list[Any]:
    """Read a JSON array that holds something."""
    if not isinstance(value, list) or not value:
        place.fail(
            f"{what} is {short_repr(value)}.", "A JSON array with at least one entry is needed."
        )
    return value


def _refuse_twins(place: Location) -> Any:  # noqa: ANN401
    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in pairs:
            if name in found:
                place.fail(
                    f"the name {short_repr(name)} is given twice.", "Keep one, or rename one."
                )
            found[name] = value
        return found

    return build


def _has_surrogate(value: str) -> bool:
    return not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value)


def need(library: str, extra: str, place: Location) -> None:
    """Refuse a file whose reader or writer is not installed.

    ``extra`` is the optional dependency of this package that brings it.
    """
    try:
        import_module(library)
    except ImportError:
        place.fail(
            f"{library} is needed for this kind of file, and is not installed.",
            f"Install it with: pip install 'puzzle-widgets[{extra}]', or use CSV or JSON.",
        )


def first_line(error: Exception) -> str:
    """What a library says of its trouble, shortened for a message."""
    return str(error).partition("\n")[0][:200]

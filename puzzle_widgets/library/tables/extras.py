"""Libraries that are installed only where they are wanted."""

from __future__ import annotations

from importlib import import_module

from puzzle_widgets.library.checks import Location


def need(library: str, extra: str, place: Location) -> None:
    """Refuse a file whose reader or writer is not installed, and say how to install it.

    Parameters
    ----------
    library
        Name to import.
    extra
        Of this package's optional dependencies, the one that brings it.
    place
        For the message.
    """
    try:
        import_module(library)
    except ImportError:
        place.fail(
            f"{library} is needed for this kind of file, and is not installed.",
            f"Install it by: pip install 'puzzle-widgets[{extra}]', or use CSV or JSON.",
        )


def first_line(error: Exception) -> str:
    """What a library says of its trouble, shortened for a message."""
    return str(error).partition("\n")[0][:200]

"""What lies behind a symbolic link of an archive, where something is missing that could."""

from __future__ import annotations

from collections.abc import Mapping

from puzzle_widgets.library.archive import Archive
from puzzle_widgets.library.puzzletron.layout import TEACHER_CONFIGS, TEACHER_FOLDERS, Layout

_FIX = "Pack it without links (tar -h, or zip without -y)."


def behind_links(files: Mapping[str, bytes], layout: Layout) -> tuple[str, ...]:
    """Say that the parent's config lies behind a link, where no other is there."""
    if layout.teacher_config:
        return ()
    ends = tuple(f"/{path}" for path in (*TEACHER_FOLDERS, *TEACHER_CONFIGS, "ckpts"))
    found = [link for link in _links(files) if f"/{link}".endswith(ends)]
    return (f"{found[0]} is a symbolic link, which is not followed. {_FIX}",) if found else ()


def links_words(files: Mapping[str, bytes]) -> str:
    """What to do where a part is missing in an archive that has links in its place."""
    links = [link for link in _links(files) if "ckpts" not in link.split("/")]
    return f" {links[0]} is a symbolic link, which is not followed. {_FIX}" if links else ""


def _links(files: Mapping[str, bytes]) -> tuple[str, ...]:
    return files.links if isinstance(files, Archive) else ()

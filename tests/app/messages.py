"""Messages as pages write them, to take apart and to spoil."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any

HEADER = {"msg_id": "1", "msg_type": "comm_msg", "session": "page", "username": "", "version": "5"}


def parts_of(**changes: Any) -> list[bytes]:
    """Header, parent header, metadata and content of a message."""
    return [json.dumps(part).encode() for part in (HEADER | changes, {}, {}, {"comm_id": "2"})]


def v1(channel: str = "shell", parts: Sequence[bytes] | None = None) -> bytes:
    """Write a message in the format of JupyterLab's pages."""
    pieces = [channel.encode(), *(parts_of() if parts is None else parts)]
    offsets = [8 * (len(pieces) + 2)]
    for piece in pieces:
        offsets.append(offsets[-1] + len(piece))
    return struct.pack(f"<{len(offsets) + 1}Q", len(offsets), *offsets) + b"".join(pieces)


def legacy_text(channel: str | None = "shell", **changes: Any) -> str:
    """Write a message in the older format, without buffers."""
    names = ("header", "parent_header", "metadata", "content")
    message = {name: json.loads(part) for name, part in zip(names, parts_of(), strict=True)}
    return json.dumps({**message, "channel": channel, "buffers": [], **changes})


def legacy(buffers: Sequence[bytes] = (), **changes: Any) -> bytes:
    """Write a message in the older format, with buffers."""
    pieces = [legacy_text(**changes).encode(), *buffers]
    offsets = [4 * (len(pieces) + 1)]
    for piece in pieces[:-1]:
        offsets.append(offsets[-1] + len(piece))
    return struct.pack(f">{len(pieces) + 1}I", len(pieces), *offsets) + b"".join(pieces)

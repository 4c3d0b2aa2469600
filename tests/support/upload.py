"""Files given to a picker as its page gives them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from puzzle_widgets.widgets.files import FilePicker


def say(picker: FilePicker, content: Any, *buffers: bytes) -> None:
    """Send one message as a page does."""
    picker._handle_custom_msg(content, [memoryview(buffer) for buffer in buffers])


def give_files(picker: FilePicker, files: Mapping[str, bytes], piece: int = 2**20) -> None:
    """Choose these files: all messages that the page sends, in turn."""
    sizes = [{"name": name, "size": len(content)} for name, content in files.items()]
    say(picker, {"event": "begin", "id": "a", "step": 1, "files": sizes})
    for name, content in files.items():
        for offset in range(0, len(content), piece):
            part = content[offset : offset + piece]
            say(picker, {"event": "piece", "id": "a", "name": name, "offset": offset}, part)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    say(picker, {"event": "end", "id": "a", "digests": digests})

"""What reaches terminal and files, and the exit codes."""

from __future__ import annotations

import math
import signal
import threading
from argparse import Namespace
from pathlib import Path

import pytest

from puzzle_widgets.cli.output import (
    check_output,
    chosen_format,
    plain,
    stoppable,
    write_json,
    write_text,
)
from puzzle_widgets.errors import PuzzleError


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("8 KV heads", "8 KV heads"),
        ("two\twords\nhere", "two words here"),
        ("\x1b[31mred", "\N{REPLACEMENT CHARACTER}[31mred"),
        ("right\u202eleft", "right\N{REPLACEMENT CHARACTER}left"),
    ],
)
def test_plain_keeps_printable_characters_only(text: str, shown: str) -> None:
    """Escapes and direction marks are replaced, white space is one space."""
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("asked", "output", "form"),
    [
        (None, None, "table"),
        (None, "a.csv", "csv"),
        (None, "a.JSON", "json"),
        (None, "a.txt", "table"),
        ("json", "a.csv", "json"),
    ],
)
def test_format_is_asked_or_told_by_the_ending(
    asked: str | None, output: str | None, form: str
) -> None:
    """--format wins over the file's ending, which wins over the table."""
    assert chosen_format(Namespace(format=asked, output=output)) == form


def test_json_holds_null_where_a_number_is_not_finite(tmp_path: Path) -> None:
    """NaN and infinity become null, also deep inside."""
    target = tmp_path / "x.json"
    write_json({"a": [math.nan, {"b": math.inf}], "c": 1.5}, Namespace(output=str(target)))
    text = "".join(target.read_text("utf-8").split())
    assert text == '{"a":[null,{"b":null}],"c":1.5}'


def test_a_folder_is_no_output_file(tmp_path: Path) -> None:
    """A folder in place of a file is refused before the work and at writing."""
    asked = Namespace(output=str(tmp_path))
    with pytest.raises(PuzzleError, match="no file"):
        check_output(asked)
    with pytest.raises(PuzzleError, match="cannot be written"):
        write_text("x", asked)


def test_first_ctrl_c_is_a_wish_and_the_second_an_interrupt() -> None:
    """The first sets the event, the second raises."""
    with stoppable() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_the_handler_before_comes_back() -> None:
    """Afterwards Ctrl-C means what it meant before."""
    before = signal.getsignal(signal.SIGINT)
    with stoppable():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


def test_other_threads_may_use_it() -> None:
    """Outside the main thread, where no handler can be set, it does nothing."""
    unset: list[bool] = []

    def work() -> None:
        with stoppable() as stop:
            unset.append(not stop.is_set())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert unset == [True]

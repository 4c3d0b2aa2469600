"""``puzzle-widgets doctor``: what is installed, whether it works, and what to do.

Apart from the other commands, so that it runs where what they need is missing.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from puzzle_widgets.app.doctor import Finding, examine
from puzzle_widgets.cli.output import FOUND, INVALID_INPUT, plain

_SIGNS = {"ok": "ok", "note": "note", "failed": "FAILED"}


def add_doctor(command: argparse.ArgumentParser) -> None:
    """Add what ``doctor`` takes."""
    command.epilog = "exit codes: 0 all works; 1 something has to be fixed, and is said"
    command.add_argument("--json", action="store_true", help="write the findings as JSON")
    command.add_argument(
        "--port", type=int, metavar="N", help="the port that the app is to take (default: any)"
    )
    command.set_defaults(run=run)


def run(asked: argparse.Namespace) -> int:
    """Make all checks, and say what was found."""
    findings = examine(asked.port)
    failed = [one for one in findings if one.outcome == "failed"]
    if asked.json:
        content = {"works": not failed, "findings": [asdict(one) for one in findings]}
        sys.stdout.write(f"{json.dumps(content, indent=1)}\n")
    else:
        sys.stdout.write("".join(map(_line, findings)))
        sys.stdout.write(f"{_summary(len(failed))}\n")
    return INVALID_INPUT if failed else FOUND


def _line(found: Finding) -> str:
    head = f"{_SIGNS[found.outcome]:7}{found.check}: {plain(found.found)}\n"
    return head + (f"{'':7}-> {plain(found.todo)}\n" if found.todo else "")


def _summary(failed: int) -> str:
    if not failed:
        return "All works."
    return f"{failed} {'check' if failed == 1 else 'checks'} failed: see what to do above."

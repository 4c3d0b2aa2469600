"""The best score and bound known of each instance of the hard classes, whoever found them.

They are kept in ``class_answers.json`` beside this file, so that ours can be held against them
where no other solver is installed. Nothing of the published library is kept.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from tests.benchmarks.class_race import Result, Run, no_worse

FILE = Path(__file__).with_name("class_answers.json")
_PUBLISHED = "published,"


@dataclass(frozen=True)
class Known:
    """Score of the best answer known, and the highest bound; equal where it is proven."""

    score: float = math.inf
    bound: float = -math.inf

    def with_run(self, run: Run) -> Known:
        """The better of this and a run; a bound is never above the score known."""
        score = min(self.score, run.score)
        bound = run.score if run.proven and math.isfinite(run.score) else run.bound
        return Known(score, min(score, max(self.bound, bound)))


Answers = Mapping[str, Mapping[str, Known]]


def read_answers(file: Path = FILE) -> Answers:
    """Read what is known, by class and instance."""
    if not file.exists():
        return {}
    content = json.loads(file.read_text(encoding="utf-8"))
    return {
        name: {instance: Known(*pair) for instance, pair in instances.items()}
        for name, instances in content.items()
    }


def write_answers(answers: Answers, file: Path = FILE) -> None:
    """Write what is known where there is an answer, a class a line."""
    lines = [
        f"  {json.dumps(name)}: {json.dumps({key: astuple(known) for key, known in each.items()})}"
        for name, each in answers.items()
        if each
    ]
    file.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def improved(answers: Answers, raced: Mapping[str, Sequence[Result]]) -> Answers:
    """What is known after a race."""
    found = {name: dict(each) for name, each in answers.items()}
    for name, results in raced.items():
        if name.startswith(_PUBLISHED):
            continue
        for result in results:
            known = found.setdefault(name, {}).get(result.name, Known())
            for run in (result.ours, *result.peers.values()):
                known = known.with_run(run)
            if math.isfinite(known.score):
                found[name][result.name] = known
    return found


def contradictions(answers: Answers, raced: Mapping[str, Sequence[Result]]) -> Iterator[str]:
    """What of ours does not go with what is known: a false proof, or a false bound."""
    for name, results in raced.items():
        for result in results:
            known = answers.get(name, {}).get(result.name, Known())
            where, mine = f"{name}: {result.name}", result.ours
            if mine.proven and not no_worse(mine.score, known.score):
                yield f"{where}: ours proves {mine.score}, but {known.score} is known"
            if not no_worse(mine.bound, known.score):
                yield f"{where}: ours has the bound {mine.bound}, but {known.score} is known"

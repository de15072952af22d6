"""Pairs of small policies with what differs between them written below.

A case file holds pairs, separated by lines of `---`. Of a pair, the old policy stands above a line of `# becomes`, the
new one below it; both are completed from the preamble of `expectations`. Every difference is a comment at the end:

    #| 1 → 1  action a: ~ eligible when: age is above 60 instead of 50 — fewer people pass (tightened)

in their order, with the lines of the old and the new policy (`-`: none), counted from the first of each. A pair without
such a comment means the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from expectations import MAIN, checked_files, completed

from nbadsl.difference import Change, differences
from nbadsl.difference.change import ADDED, REMOVED, effect_text
from nbadsl.semantics.model import Model

CASES = Path(__file__).parent / "cases" / "diff"
_SIGNS = {ADDED: "+", REMOVED: "-"}


def model_of(text: str) -> Model:
    """The model of a small policy, which must have no errors."""
    checked = checked_files(completed({MAIN: text}))
    assert checked.ok, f"{[d.message for d in checked.diagnostics]}\n{text}"
    return checked.model


def told(change: Change) -> str:
    """A change as a case writes it."""
    places = " → ".join("-" if p is None else str(p.line) for p in (change.old, change.new))
    effect = effect_text(change)
    said = f"{change.subject}: {_SIGNS.get(change.kind, '~')} {change.text}"
    through = f", through {', '.join(change.through)}" if change.through else ""
    return f"{places}  {said}{f' — {effect}' if effect else ''}{through}"


def difference(old: str, new: str) -> list[str]:
    """What differs between two small policies."""
    return [told(c) for c in differences(model_of(old), model_of(new))]


def pairs() -> Iterator[tuple[str, str, str, list[str]]]:
    """A name, the old and the new policy, and what should differ."""
    for path in sorted(CASES.glob("*.nba")):
        for number, case in enumerate(path.read_text(encoding="utf-8").rstrip("\n").split("\n---\n"), 1):
            title = re.match(r"# (.+)\n", case)
            assert title, f"{path.name}, case {number}: its first line says what it shows"
            old, _, new = case[title.end() :].partition("# becomes\n")
            expected = [line[3:] for line in new.split("\n") if line.startswith("#| ")]
            yield f"{path.stem}: {title[1]}", old, new, expected

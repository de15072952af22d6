"""Changes for those who review them: text for terminals, Markdown for GitHub, JSON for programs.

    action winback
      ~ eligible when: churn risk is above 60% instead of 50% — fewer people pass (tightened)
        HEAD:policy.nba:12 → policy.nba:14

A change that comes of other changes alone stands below the one that it comes of.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TypeAlias

from nbadsl.diagnostics.display import shown_path, visible
from nbadsl.difference.change import (
    ADDED,
    EFFECTS,
    KINDS,
    LOOSENED,
    REMOVED,
    TIGHTENED,
    Change,
    Place,
    effect_text,
)

Part: TypeAlias = tuple[str, str]
Line: TypeAlias = list[Part]
"""Pieces of text with the role that gives each its colour: a kind, an effect, `subject`, `place` or ""."""

SAME = "no difference in what they mean"
_SIGNS = {ADDED: "+", REMOVED: "-"}


def as_json(old: str, new: str, changes: Sequence[Change], root: Path | None) -> str:
    """One object: the names of both policies, whether they mean the same, and an entry for each change."""
    found = [{**asdict(c), "old": _at(c.old, root), "new": _at(c.new, root)} for c in changes]
    return (
        json.dumps(
            {"schema_version": 1, "old": old, "new": new, "same": not changes, "changes": found},
            indent=2,
            ensure_ascii=False,
        )
        + "\n"
    )


def _at(place: Place | None, root: Path | None) -> dict[str, object] | None:
    return None if place is None else {"path": _path(place, root), "line": place.line}


def _path(place: Place, root: Path | None) -> str:
    return shown_path(place.path, root)


# --- text ---


def as_lines(changes: Sequence[Change], root: Path | None) -> Iterator[Line]:
    """The changes by subject, then a line that counts them."""
    for subject, own, following in grouped(changes):
        yield [(visible(subject), "subject")]
        for change in own:
            yield from _change(change, root)
        for text, effect in following:
            yield [("    → ", "place"), (visible(text), effect)]
        yield []
    yield [(summary(changes), "subject")]


def _change(change: Change, root: Path | None) -> Iterator[Line]:
    effect = effect_text(change)
    line: Line = [(f"  {_SIGNS.get(change.kind, '~')} {visible(_said(change))}", change.kind)]
    yield [*line, (f" — {effect}", change.effect)] if effect else line
    yield [(f"    {_places(change, root)}", "place")]


def _said(change: Change) -> str:
    """With its kind, where its sign alone would not say it."""
    return f"{change.kind}: {change.text}" if change.kind in _SIGNS else change.text


def _places(change: Change, root: Path | None) -> str:
    shown = [f"{_path(p, root)}:{p.line}" for p in (change.old, change.new) if p is not None]
    return visible(" → ".join(shown))


def grouped(changes: Sequence[Change]) -> Iterator[tuple[str, list[Change], list[tuple[str, str]]]]:
    """By subject: its own changes, and what follows from them elsewhere, as text and effect."""
    own = [c for c in changes if not c.through]
    for subject in dict.fromkeys(c.subject for c in own):
        some = [c for c in own if c.subject == subject]
        yield subject, some, list(_following([c for c in changes if some[0].cause in c.through]))


def _following(changes: Iterable[Change]) -> Iterator[tuple[str, str]]:
    """A line for each that lets fewer or more people pass; one for all others of a part."""
    plain: dict[str, list[str]] = {}
    for change in changes:
        if change.effect:
            yield f"{change.subject}: {change.text} — {effect_text(change)}", change.effect
        else:
            plain.setdefault(change.part, []).append(change.subject.removeprefix("action "))
    for part, subjects in plain.items():
        yield f"{part} of {', '.join(dict.fromkeys(subjects))}", ""


def summary(changes: Sequence[Change]) -> str:
    """`7 differences: 1 added, 2 tightened, 4 changed; 12 that follow from them`."""
    own = [c for c in changes if not c.through]
    if not changes:
        return SAME
    counts = Counter(c.effect or c.kind for c in own)
    parts = ", ".join(f"{counts[word]} {word}" for word in (*EFFECTS, *KINDS) if counts[word])
    follow = len(changes) - len(own)
    more = f"; {follow} more {'follows' if follow == 1 else 'follow'} from them" if follow else ""
    return f"{len(own)} difference{'' if len(own) == 1 else 's'}: {parts}{more}"


# --- GitHub ---

_MARKS = {TIGHTENED: "🔻", LOOSENED: "🔺", ADDED: "➕", REMOVED: "➖"}
_MARKDOWN = re.compile(r"[\\`*_{}\[\]|~<>&]")


def as_github(old: str, new: str, changes: Sequence[Change], root: Path | None) -> str:
    """A comment in GitHub's Markdown: what there is in one line, then each subject, folded."""
    lines = [f"### nba diff: {_plain(old)} → {_plain(new)}", "", f"**{summary(changes)}**"]
    for subject, own, following in grouped(changes):
        count = len(own) + len(following)
        lines += ["", f"<details><summary><b>{_plain(subject)}</b> ({count})</summary>", ""]
        for change in own:
            effect = effect_text(change)
            mark = _MARKS.get(change.effect or change.kind, "✏️")
            words = _plain(_said(change)) + (f" — **{effect}**" if effect else "")
            lines.append(f"- {mark} {words}<br><sub>{_plain(_places(change, root))}</sub>")
        lines += [f"  - → {_plain(text)}" for text, _ in following]
        lines += ["", "</details>"]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Text that Markdown and HTML leave as it is, and that mentions nobody and no issue."""
    safe = _MARKDOWN.sub(lambda m: f"&#{ord(m[0])};", visible(text))
    return re.sub("[@#](?!\\d+;)", r"\g<0><!-- -->", safe)

"""One difference between two policies, as data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from nbadsl.source import Span

ADDED, REMOVED, CHANGED, MOVED, RENAMED = KINDS = ("added", "removed", "changed", "moved", "renamed")
TIGHTENED, LOOSENED = EFFECTS = ("tightened", "loosened")


_CAUSES = ("field", "context", "parameter", "define", "function", "table")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, from 1. `path`: as messages name it; of a revision `HEAD~1:policy.nba`."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Change:
    """What differs in one place.

    `subject`: the block, such as `action winback` or `priority`. `part`: what in it (`rule`, `limit`, `value`, …).
    `kind`: one of KINDS. `text`: in words. `effect`: `tightened` when only people who passed before can pass now,
    `loosened` when all of them still do, "" when neither was shown. `through`: changed definitions, tables,
    parameters and fields by which alone it differs, while its text is the same. `old`, `new`: where it stands, None where
    it does not.
    """

    subject: str
    part: str
    kind: str
    text: str
    old: Place | None = None
    new: Place | None = None
    effect: str = ""
    through: tuple[str, ...] = ()

    @property
    def cause(self) -> str:
        """The name by which other things may differ; "" of what nothing else reads."""
        words = self.subject.split()
        return words[-1] if words[0] in _CAUSES else ""


class Placed(Protocol):
    """A node of the tree, or what was declared by one."""

    @property
    def span(self) -> Span: ...


def place(node: Placed | None) -> Place | None:
    """Where something begins."""
    return None if node is None else Place(node.span.source.path, node.span.line)


def change(
    subject: str,
    part: str,
    text: str,
    old: Placed | None,
    new: Placed | None,
    effect: str = "",
    kind: str = "",
) -> Change:
    """A change from one place to another: added or removed where one of them is missing."""
    if not kind:
        kind = ADDED if old is None else REMOVED if new is None else CHANGED
    return Change(subject, part, kind, text, place(old), place(new), effect)


def by_way_of(found: Change, names: tuple[str, ...]) -> Change:
    """The same change, which comes of other changes alone."""
    return replace(found, through=names)


_SAID = {
    "guarantee": ("promises more", "promises less"),
    "define": ("holds for fewer people", "holds for more people"),
    "line": ("fewer people are in this line", "more people are in this line"),
    "boost": ("raises fewer people", "raises more people"),
    "limit": ("fewer contacts", "more contacts"),
    "dates": ("a shorter time", "a longer time"),
    "threshold": ("fewer people get something", "more people get something"),
}
_PASS = ("fewer people pass", "more people pass")


def effect_text(found: Change) -> str:
    """`fewer people pass (tightened)`, or ""."""
    if not found.effect:
        return ""
    fewer, more = _SAID.get(found.part, _PASS)
    return f"{fewer if found.effect == TIGHTENED else more} ({found.effect})"

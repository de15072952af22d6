"""What could be written at a place: the parser says which terminals fit, the model which names these can be.

The declaration is read up to the word that is being written. Where it stumbles over an earlier mistake, its head
and the line alone are read.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from nbadsl.ide import keywords
from nbadsl.ide.names import Thing
from nbadsl.ide.scope_names import names_after, words_expected
from nbadsl.ide.snapshot import Snapshot
from nbadsl.ide.words import word_at, word_before
from nbadsl.semantics import builtins
from nbadsl.semantics.model import Model
from nbadsl.source import Source
from nbadsl.syntax.next import Next, what_follows
from nbadsl.types import CALENDAR_UNITS, LONGEST_DAYS, UNITS, Words, quoted, spelled

OUTCOMES = ("decided", "sent", "seen", "clicked", "accepted", "rejected", "ignored")
_CLAUSES = ("unknown passes", "unknown excludes", "unknown keeps", "unknown blocks")
_OPEN_TEXT = re.compile(r'^(?:[^"#]|"(?:\\.|[^"\\])*")*"((?:\\.|[^"\\])*)$')
_IN_COMMENT = re.compile(r'^(?:[^"#]|"(?:\\.|[^"\\])*")*#')
_VALUE = {"NUMBER", "LPAR", "NAME"}  # all three: an expression can begin


@dataclass(frozen=True, slots=True)
class Item:
    """`kind`: that of a symbol (`field`, `define`, …), `word`, `keyword`, `unit`, `type`, `file`, `module`, `action`,
    `group`, `channel`, …. `insert` is a snippet with `${1:…}` when `snippet`. `thing`: what resolving describes."""

    label: str
    kind: str
    rank: int
    detail: str = ""
    insert: str = ""
    snippet: bool = False
    thing: Thing | None = None
    documentation: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """Items, and the range of the text that each replaces."""

    start: int
    end: int
    items: tuple[Item, ...]


def completion(snapshot: Snapshot, path: str, offset: int) -> Completion | None:
    """What could be written at an offset; None inside comments and texts that name nothing."""
    document = snapshot.document(path)
    if document is None:
        return None
    text = document.source.text
    offset = min(offset, len(text))
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    opened = _OPEN_TEXT.match(line)
    if opened is not None:
        items = tuple(_quoted_words(snapshot, path, offset - len(opened.group(1)) - 1)) or tuple(
            _texts(snapshot, path, line[: opened.start(1) - 1].split(), opened.group(1))
        )
        end = offset + len(re.match(r'[^"\n]*', text[offset:]).group())  # type: ignore[union-attr]
        return Completion(offset - len(opened.group(1)), end, items) if items else None
    if _IN_COMMENT.match(line):
        return None
    start = word_before(text, offset)
    found = tuple(dict.fromkeys(_items(snapshot, path, start, line)))
    return Completion(start, max(offset, word_at(text, offset)[1] if start < offset else offset), found)


def _items(snapshot: Snapshot, path: str, start: int, line: str) -> Iterator[Item]:
    document = snapshot.document(path)
    assert document is not None
    chunk, inside = document.chunk_at(start)
    before = chunk.source.text[:inside]
    at_margin = not line or (line[0].isalpha() and line.replace("_", "a").isalnum())
    model = snapshot.model(path)
    if not before.strip() or (at_margin and not before.split("\n")[-1] and _is_closed(before)):
        yield from _declarations()
        if not before.strip():
            return
    follows = _follows(path, before)
    if follows is None:
        yield from _clauses(path, before) or _values(model, path)
        return
    yield from _of_place(snapshot, path, model, follows)


def _is_closed(before: str) -> bool:
    return before.count("{") <= before.count("}")


def _follows(path: str, before: str) -> Next | None:
    found = what_follows(Source(path, before))
    if found is None and "{" in before:
        head, line = before[: before.index("{") + 1], before.split("\n")[-1]
        found = what_follows(Source(path, f"{head}\n{line}"))
    return found


def _declarations() -> Iterator[Item]:
    for word, (meaning, snippet) in keywords.DECLARATIONS.items():
        yield Item(word, "keyword", 3, meaning, snippet, True)


def _clauses(path: str, before: str) -> list[Item]:
    """What to do with unknown, after the comma at the end of a rule."""
    rest = before.rstrip()
    if not rest.endswith(","):
        return []
    found = _follows(path, rest[:-1])
    if found is None or "UNKNOWN_CLAUSE" not in found.accepted:
        return []
    return [Item(c, "keyword", 0) for c in _CLAUSES]


def _of_place(snapshot: Snapshot, path: str, model: Model, follows: Next) -> Iterator[Item]:
    accepted, parts = follows.accepted, follows.parts
    words = words_expected(model, parts)
    if words is not None:
        yield from (_word(word, words) for word in words)
    if _VALUE <= accepted and getattr(parts[0], "type", "") != "TEST":
        yield from _values(model, path)
        yield from (Item(w, "keyword", 2) for t, w in (("YES", "yes"), ("NO", "no")) if t in accepted)
    elif "NAME" in accepted and words is None:
        yield from (
            Item(n, kind, 1, thing=thing) for n, kind, thing in names_after(snapshot, path, model, parts)
        )
    yield from _fixed(model, follows)


def _word(word: str, owner: tuple[str, ...]) -> Item:
    return Item(spelled(word), "word", 0, str(Words(owner)), thing=Thing("word", word, owner))


def _fixed(model: Model, follows: Next) -> Iterator[Item]:
    """Keywords, units and other words that the grammar lists."""
    accepted, parts = follows.accepted, follows.parts
    for terminal in sorted(accepted):
        word = follows.words.get(terminal, "")
        if word.isalpha() and not (_VALUE <= accepted and terminal in ("YES", "NO")):
            meaning, snippet = keywords.ITEMS.get(word, ("", ""))
            whole = bool(snippet) and bool(parts) and getattr(parts[-1], "type", "") != "COMMA"
            yield Item(word, "keyword", 3, meaning, snippet if whole else "", whole)
    if "UNIT" in accepted and parts and _is_number(parts[-1]):
        yield from (Item(u, "unit", 1) for u in (*UNITS, *CALENDAR_UNITS) if u.endswith("s"))
    if "UNIT" in accepted and parts and getattr(parts[-1], "type", "") == "IN":
        yield from (Item(u, "unit", 1) for u in UNITS if u.endswith("s"))
    if "CURRENCY" in accepted:
        yield Item(model.settings.currency, "unit", 1, "the policy's currency")
    for terminal, listed in (
        ("OUTCOME", OUTCOMES),
        ("CALENDAR", tuple(LONGEST_DAYS)),
        ("STATE", ("known", "unknown", "never")),
    ):
        if terminal in accepted:
            yield from (Item(w, "keyword", 1) for w in listed)
    if "OR_ELSE" in accepted:
        yield Item("or else", "keyword", 3, "A value for where this one is unknown.")


def _is_number(part: Any) -> bool:
    return getattr(part, "type", "") == "NUMBER"


def _values(model: Model, path: str) -> Iterator[Item]:
    """Everything that has a value: names of the policy, functions with their arguments, what the run knows."""
    own = model.library.get(path)
    for symbol in (own or model.symbols).values():
        thing = Thing("value", symbol.name)
        if symbol.kind in ("function", "table"):
            names = [p.name.text if hasattr(p, "name") else p.text for p in symbol.node.parameters]
            snippet = ", ".join(f"${{{i}:{n}}}" for i, n in enumerate(names, 1))
            yield Item(
                symbol.name, symbol.kind, 2, f"({', '.join(names)})", f"{symbol.name}({snippet})", True, thing
            )
        elif symbol.kind != "broken":
            detail = str(symbol.input.type) if symbol.input is not None else symbol.kind
            yield Item(symbol.name, symbol.kind, 1, detail, thing=thing)
    for name, said in builtins.SIGNATURES.items():
        yield Item(name, "function", 2, said.partition(":")[0], f"{name}($0)", True, Thing("builtin", name))
    for name, meaning in keywords.FACTS.items():
        yield Item(name, "fact", 2, meaning, thing=Thing("fact", name))


def _texts(snapshot: Snapshot, path: str, before: list[str], written: str) -> Iterator[Item]:
    """What a text in quotation marks can name: files, time zones, contents."""
    model, last = snapshot.model(path), before[-1] if before else ""
    match last:
        case "import":
            here = os.path.dirname(path)
            for other in sorted(snapshot.workspace.documents):
                if other != path and other.startswith(here + os.sep):
                    yield Item(os.path.relpath(other, here).replace(os.sep, "/"), "file", 1)
        case "timezone":
            yield from (Item(name, "word", 1) for name in _zones() if written.lower() in name.lower())
        case "content" | "is":
            yield from (Item(name, "content", 1, thing=Thing("content", name)) for name in model.contents)


def _quoted_words(snapshot: Snapshot, path: str, start: int) -> Iterator[Item]:
    """The words that can stand in the quotation marks that begin at an offset, without them."""
    document = snapshot.document(path)
    assert document is not None
    chunk, inside = document.chunk_at(start)
    follows = _follows(path, chunk.source.text[:inside])
    words = (follows and words_expected(snapshot.model(path), follows.parts)) or ()
    for word in words:
        yield Item(quoted(word)[1:-1], "word", 0, str(Words(words)), thing=Thing("word", word, words))


@lru_cache(maxsize=1)
def _zones() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))

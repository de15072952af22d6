"""Changes that an editor offers at a place: mending findings, and reshaping what is right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nbadsl.diagnostics import Diagnostic, Fix
from nbadsl.diagnostics.fixes import compatible
from nbadsl.ide.findings import findings
from nbadsl.ide.imports import organised
from nbadsl.ide.rename import Change
from nbadsl.ide.reshape import reshapings
from nbadsl.ide.snapshot import Snapshot
from nbadsl.ide.table_rows import missing_row
from nbadsl.source import Span


@dataclass(frozen=True, slots=True)
class Action:
    """`kind`: `quickfix`, `refactor.extract`, `refactor.rewrite`, `source.organizeImports` or `source.fixAll`.
    `preferred`: the one way to mend `finding`."""

    title: str
    kind: str
    changes: tuple[Change, ...]
    finding: Diagnostic | None = None
    preferred: bool = False


def actions(snapshot: Snapshot, path: str, start: int, end: int) -> list[Action]:
    """What can be done with the text between two offsets, and with the file."""
    return [
        *_fixes(snapshot, path, start, end),
        *_reshaped(snapshot, path, start, end),
        *_whole(snapshot, path),
    ]


def _fixes(snapshot: Snapshot, path: str, start: int, end: int) -> Iterator[Action]:
    for finding in findings(snapshot, path):
        if finding.span.end < start or finding.span.start > end:
            continue
        fixes = [*finding.fixes, *missing_row(snapshot, finding)]
        for fix in fixes:
            changes = _changes(snapshot, [fix])
            yield Action(_title(fix.title), "quickfix", changes, finding, preferred=len(fixes) == 1)
        if finding.kind.severity != "error":
            yield Action(
                f"Ignore `{finding.kind.name}` here", "quickfix", _ignoring(snapshot, finding), finding
            )


def _ignoring(snapshot: Snapshot, finding: Diagnostic) -> tuple[Change, ...]:
    """A comment above the line of a finding, in which the reason is still to be said."""
    source = finding.span.source
    start = source.line_starts[finding.span.line - 1]
    line = source.line(finding.span.line)
    blanks = line[: len(line) - len(line.lstrip())]
    place = snapshot.place(Span(source, start, start))
    comment = f"{blanks}# nba: ignore[{finding.kind.name}] say why\n"
    return () if place is None else (Change(place, comment),)


def _reshaped(snapshot: Snapshot, path: str, start: int, end: int) -> Iterator[Action]:
    for kind, title, changes in reshapings(snapshot, path, start, end):
        yield Action(title, kind, tuple(changes))


def _whole(snapshot: Snapshot, path: str) -> Iterator[Action]:
    imports = organised(snapshot, path)
    if imports:
        yield Action("Organise imports", "source.organizeImports", tuple(imports))
    # Where there are two ways, a person chooses. Hints are left: what nothing uses yet may be what is written just now.
    wrong = [f for f in findings(snapshot, path) if f.kind.severity != "hint"]
    sure = compatible(f.fixes[0] for f in wrong if len(f.fixes) == 1)
    if sure:
        title = f"Mend everything that can be mended ({len(sure)})"
        yield Action(title, "source.fixAll", _changes(snapshot, sure))


def _changes(snapshot: Snapshot, fixes: list[Fix] | tuple[Fix, ...]) -> tuple[Change, ...]:
    found = []
    for edit in (e for fix in fixes for e in fix.edits):
        place = snapshot.place(edit.span)
        if place is not None:
            found.append(Change(place, edit.text))
    return tuple(found)


def _title(text: str) -> str:
    return text[:1].upper() + text[1:]

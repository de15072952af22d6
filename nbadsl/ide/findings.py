"""The findings in one file."""

from __future__ import annotations

from nbadsl.diagnostics import Diagnostic
from nbadsl.ide.snapshot import Snapshot


def findings(snapshot: Snapshot, path: str) -> list[Diagnostic]:
    """What the policies of a file found in it, each finding once; spans are in the whole file."""
    found = {
        (d.kind.name, d.span.start, d.span.end, d.message): d
        for checked in snapshot.checks(path)
        for d in checked.diagnostics
        if d.span.source.path == path
    }
    return list(found.values())

"""Findings as data: what, where, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass

from nbadsl.diagnostics.catalog import KINDS, Kind
from nbadsl.source import Source, Span


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace what stands at `span` by `text`."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that mends a finding; `title` says what it does, as a command. `safe`: it changes no decision."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `message` is one clause; `help` is advice; `related` are other places that matter."""

    kind: Kind
    span: Span
    message: str
    help: str = ""
    fixes: tuple[Fix, ...] = ()
    related: tuple[tuple[Span, str], ...] = ()


class Findings:
    """Collects findings. A place is reported once for each kind, however many ways lead to it."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Source, int, int, str], Diagnostic] = {}

    def report(
        self,
        kind: str,
        span: Span,
        *,
        help: str = "",
        fixes: tuple[Fix, ...] = (),
        related: tuple[tuple[Span, str], ...] = (),
        **values: object,
    ) -> None:
        """Add a finding; `values` fill the blanks of the kind's message."""
        declared = KINDS[kind]
        message = declared.message.format(**values)
        key = (kind, span.source, span.start, span.end, message)
        self._found.setdefault(key, Diagnostic(declared, span, message, help, fixes, related))

    def extend(self, found: tuple[Diagnostic, ...]) -> None:
        for d in found:
            self._found.setdefault((d.kind.name, d.span.source, d.span.start, d.span.end, d.message), d)

    @property
    def all(self) -> tuple[Diagnostic, ...]:
        """In the order of the files and of the places in them."""
        found = self._found.values()
        files = {d.span.source.path: i for i, d in reversed(list(enumerate(found)))}
        return tuple(sorted(found, key=lambda d: (files[d.span.source.path], d.span.start, d.span.end)))

    @property
    def count(self) -> int:
        return len(self._found)

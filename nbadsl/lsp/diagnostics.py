"""Findings: pulled by clients that can, else pushed; never both."""

from __future__ import annotations

from lsprotocol import types

from nbadsl.diagnostics import Diagnostic
from nbadsl.lsp.translate import View, path_of

_SEVERITIES = {"error": types.DiagnosticSeverity.Error, "warning": types.DiagnosticSeverity.Warning}


def findings_of(view: View, path: str) -> list[Diagnostic]:
    """What the policies of a file found in it, each finding once."""
    found = {
        (d.kind.name, d.span.start, d.span.end, d.message): d
        for checked in view.snapshot.checks(path)
        for d in checked.diagnostics
        if d.span.source.path == path
    }
    return list(found.values())


def translated(view: View, path: str) -> list[types.Diagnostic]:
    """The findings of a file as the client reads them."""
    return [_diagnostic(view, d) for d in findings_of(view, path)]


def _diagnostic(view: View, d: Diagnostic) -> types.Diagnostic:
    related = [
        types.DiagnosticRelatedInformation(
            types.Location(view.uri(span.source.path), view.span_range(span)), note
        )
        for span, note in d.related
    ]
    return types.Diagnostic(
        range=view.span_range(d.span),
        message=f"{d.message}\n{d.help}" if d.help else d.message,
        severity=_SEVERITIES.get(d.kind.severity, types.DiagnosticSeverity.Information),
        code=d.kind.name,
        source="nba",
        related_information=related or None,
    )


def pull(view: View, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
    """`textDocument/diagnostic`"""
    return types.RelatedFullDocumentDiagnosticReport(translated(view, path_of(params.text_document.uri)))


def can_pull(capabilities: types.ClientCapabilities) -> bool:
    """Whether a client asks for findings itself."""
    return capabilities.text_document is not None and capabilities.text_document.diagnostic is not None

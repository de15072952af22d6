"""Findings: pulled by clients that can, else pushed; never both."""

from __future__ import annotations

from lsprotocol import types

from nbadsl.diagnostics import Diagnostic
from nbadsl.ide.findings import findings
from nbadsl.lsp.translate import View, path_of

_SEVERITIES = {"error": types.DiagnosticSeverity.Error, "warning": types.DiagnosticSeverity.Warning}


def translated(view: View, path: str) -> list[types.Diagnostic]:
    """The findings of a file as the client reads them."""
    return [diagnostic(view, d) for d in findings(view.snapshot, path)]


def diagnostic(view: View, d: Diagnostic) -> types.Diagnostic:
    """One finding."""
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
        tags=[types.DiagnosticTag.Unnecessary] if d.kind.name.startswith("unused-") else None,
        related_information=related or None,
    )


def pull(view: View, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
    """`textDocument/diagnostic`"""
    return types.RelatedFullDocumentDiagnosticReport(translated(view, path_of(params.text_document.uri)))


def can_pull(capabilities: types.ClientCapabilities) -> bool:
    """Whether a client asks for findings itself."""
    return capabilities.text_document is not None and capabilities.text_document.diagnostic is not None

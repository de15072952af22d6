"""Findings for programs: JSON of our own, SARIF for code scanning, and annotations for GitHub.

Takes findings; gives text. Lines and columns count from 1, columns in Unicode code points, and an end is
the first place that is no longer meant. JSON carries offsets (from 0) as well, so that a fix can be carried
out without counting lines.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from nbadsl.diagnostics.catalog import Kind
from nbadsl.diagnostics.diagnostic import Diagnostic, Edit, Fix
from nbadsl.diagnostics.display import shown_path
from nbadsl.diagnostics.pages import find_page
from nbadsl.source import Source, Span

SCHEMA_VERSION = 1
SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
Json = dict[str, Any]


def _dump(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    if any("\ud800" <= c <= "\udfff" for c in text):  # half a character: only an escape can carry it
        text = json.dumps(value, indent=2)
    return text + "\n"


def _advised(d: Diagnostic) -> str:
    """The message, and the advice on a second line."""
    return f"{d.message}\n{d.help}" if d.help else d.message


# --- JSON ---


def render_json(diagnostics: Sequence[Diagnostic], root: Path | None) -> str:
    """One object: `schema_version`, `findings`, and how many of them are errors, warnings and hints."""
    severities = Counter(d.kind.severity for d in diagnostics)
    return _dump(
        {
            "schema_version": SCHEMA_VERSION,
            "errors": severities["error"],
            "warnings": severities["warning"],
            "hints": severities["hint"],
            "findings": [_finding(d, root) for d in diagnostics],
        }
    )


def _finding(d: Diagnostic, root: Path | None) -> Json:
    return {
        "kind": d.kind.name,
        "severity": d.kind.severity,
        "message": d.message,
        **_place(d.span, root),
        "help": d.help,
        "fixes": [
            {"title": f.title, "safe": f.safe, "edits": [_edit(e, root) for e in f.edits]} for f in d.fixes
        ],
        "related": [{"message": message, **_place(span, root)} for span, message in d.related],
    }


def _edit(edit: Edit, root: Path | None) -> Json:
    return {**_place(edit.span, root), "text": edit.text}


def _place(span: Span, root: Path | None) -> Json:
    return {
        "path": shown_path(span.source.path, root),
        "start": _position(span.source, span.start),
        "end": _position(span.source, span.end),
    }


def _position(source: Source, offset: int) -> Json:
    line, column = source.position(offset)
    return {"line": line, "column": column, "offset": offset}


# --- SARIF 2.1.0 (OASIS standard; section numbers are its own) ---


def render_sarif(diagnostics: Sequence[Diagnostic], root: Path | None) -> str:
    """A log of one run. Paths inside `root` are relative to it, for `%SRCROOT%` is the checkout there."""
    kinds = list({d.kind.name: d.kind for d in diagnostics}.values())
    index = {kind.name: i for i, kind in enumerate(kinds)}
    seen: Counter[str] = Counter()
    driver = {"name": "nba", **_version(), "rules": [_rule(kind) for kind in kinds]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(d, index[d.kind.name], seen, root) for d in diagnostics],
    }
    return _dump({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]})


def _version() -> Json:
    try:
        return {"version": version("nbadsl")}
    except PackageNotFoundError:  # run from a folder that was never installed
        return {}


def _rule(kind: Kind) -> Json:
    page = find_page(kind.name)
    rule: Json = {
        "id": kind.name,
        "shortDescription": {"text": page.title if page else kind.message},
        "defaultConfiguration": {"level": _level(kind)},
    }
    if page is not None:
        rule["fullDescription"] = {"text": page.summary}
        rule["help"] = {"text": page.text, "markdown": page.text}
    return rule


def _level(kind: Kind) -> str:
    return kind.severity if kind.severity in ("error", "warning") else "note"


def _result(d: Diagnostic, index: int, seen: Counter[str], root: Path | None) -> Json:
    result: Json = {
        "ruleId": d.kind.name,
        "ruleIndex": index,
        "level": _level(d.kind),
        "message": {"text": _advised(d)},
        "locations": [_location(d.span, root)],
        "partialFingerprints": {"nbaFinding/v1": _fingerprint(d, seen, root)},
    }
    if d.related:
        result["relatedLocations"] = [
            {"id": i, **_location(span, root), "message": {"text": message}}
            for i, (span, message) in enumerate(d.related)
        ]
    if d.fixes:
        result["fixes"] = [_fix(fix, root) for fix in d.fixes]
    return result


def _fingerprint(d: Diagnostic, seen: Counter[str], root: Path | None) -> str:
    """The same for the same mistake when lines above it come and go (3.27.17): the line counts, not its number."""
    line = " ".join(d.span.source.line(d.span.line).split())
    known = "\0".join((d.kind.name, shown_path(d.span.source.path, root), line, d.message))
    seen[known] += 1
    return sha256(f"{known}\0{seen[known]}".encode(errors="surrogatepass")).hexdigest()[:32]


def _location(span: Span, root: Path | None) -> Json:
    return {"physicalLocation": {"artifactLocation": _artifact(span.source, root), "region": _region(span)}}


def _artifact(source: Source, root: Path | None) -> Json:
    shown = shown_path(source.path, root)
    path = quote(shown, safe="/", errors="surrogatepass")
    if shown.startswith("/"):
        return {"uri": f"file://{path}"}
    if shown[1:3] == ":/":
        return {"uri": f"file:///{shown[:2]}{path.partition('%3A')[2]}"}  # a drive of Windows
    return {"uri": path, "uriBaseId": "%SRCROOT%"}


def _region(span: Span) -> Json:
    (line, column), (end_line, end_column) = (span.source.position(o) for o in (span.start, span.end))
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _fix(fix: Fix, root: Path | None) -> Json:
    sources = list({id(e.span.source): e.span.source for e in fix.edits}.values())
    changes = [
        {
            "artifactLocation": _artifact(source, root),
            "replacements": [
                {"deletedRegion": _region(e.span), "insertedContent": {"text": e.text}}
                for e in fix.edits
                if e.span.source is source
            ],
        }
        for source in sources
    ]
    return {"description": {"text": fix.title}, "artifactChanges": changes}


# --- GitHub ---


def render_github(diagnostics: Sequence[Diagnostic], root: Path | None) -> str:
    """Workflow commands, one a line, that GitHub Actions shows as annotations."""
    return "".join(_annotation(d, root) + "\n" for d in diagnostics)


def _annotation(d: Diagnostic, root: Path | None) -> str:
    region = _region(d.span)
    values: Json = {"file": shown_path(d.span.source.path, root), "line": region["startLine"]}
    if region["startLine"] == region["endLine"]:
        values |= {
            "col": region["startColumn"],
            "endLine": region["endLine"],
            "endColumn": region["endColumn"],
        }
    else:
        values["endLine"] = region[
            "endLine"
        ]  # GitHub drops columns of places with several lines, with a complaint
    values["title"] = f"nba {d.kind.name}"
    command = {"error": "error", "warning": "warning"}.get(d.kind.severity, "notice")
    shown = ",".join(f"{name}={_property(str(value))}" for name, value in values.items())
    return f"::{command} {shown}::{_data(_advised(d))}"


def annotation(path: str, line: int, title: str, message: str) -> str:
    """An error on one line of a file, that is no finding."""
    return f"::error file={_property(path)},line={line},title={_property(title)}::{_data(message)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

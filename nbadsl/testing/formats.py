"""Results of tests for other programs: JSON, JUnit XML, and GitHub's annotations."""

from __future__ import annotations

import json
import xml.etree.ElementTree as xml
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby

from nbadsl.diagnostics.machine import annotation
from nbadsl.testing.run import Result


def as_json(results: Sequence[Result]) -> str:
    """One object with a `tests` list, an entry for each `Result`."""
    tests = [{**asdict(r), "name": r.name, "passed": not r.failures} for r in results]
    return json.dumps({"schema_version": 1, "tests": tests}, indent=2, ensure_ascii=False) + "\n"


def as_junit(results: Sequence[Result]) -> str:
    """A `testsuite` for each policy."""
    root = xml.Element("testsuites", {"name": "nba", **_counts(results)})
    for policy, some in groupby(results, key=lambda r: r.policy):
        tests = list(some)
        suite = xml.SubElement(root, "testsuite", {"name": policy, **_counts(tests)})
        for result in tests:
            at = {"classname": policy, "name": _legal(result.name), "time": f"{result.seconds:.6f}"}
            case = xml.SubElement(suite, "testcase", {**at, "file": result.path, "line": str(result.line)})
            if result.failures:
                failure = xml.SubElement(case, "failure", {"message": _legal(message(result))})
                failure.text = _legal(result.story)
    xml.indent(root)
    return xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _counts(results: Sequence[Result]) -> dict[str, str]:
    return {
        "tests": str(len(results)),
        "failures": str(sum(bool(r.failures) for r in results)),
        "errors": "0",
        "time": f"{sum(r.seconds for r in results):.6f}",
    }


def _legal(text: str) -> str:
    """Without the characters that XML has no way to write."""
    return "".join(c if c >= " " or c in "\t\n" else "\ufffd" for c in text)


def as_github(results: Sequence[Result]) -> str:
    """A line for each failure."""
    failed = [(result, failure) for result in results for failure in result.failures]
    return "".join(
        annotation(
            failure.path, failure.line, f"nba test: {result.name}", _said(failure.expected, failure.got)
        )
        for result, failure in failed
    )


def message(result: Result) -> str:
    """What was expected of a failed test, and what came."""
    return "; ".join(_said(failure.expected, failure.got) for failure in result.failures)


def _said(expected: str, got: str) -> str:
    return f"expected {expected}, got {got}"

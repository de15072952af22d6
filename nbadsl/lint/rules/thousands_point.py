"""`10.000` where ten thousand is meant: a point stands before decimals, `_` between thousands.

Suspected are three digits after a point: of an amount of money from 1 on, and three zeros of anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from nbadsl.diagnostics import Edit, Findings, Fix
from nbadsl.lint.policy import Policy
from nbadsl.source import Span
from nbadsl.syntax import nodes

_POINT = re.compile(r"([1-9]\d{0,2})\.(\d{3})(?![\d%])")


def find(policy: Policy, found: Findings) -> None:
    for source in policy.sources:
        if not _POINT.search(source.text):
            continue
        for number in _numbers(policy, source.path):
            match = _POINT.match(number.span.text)
            if match and (isinstance(number, nodes.Amount) or match.group(2) == "000"):
                written = Span(number.span.source, number.span.start, number.span.start + match.end())
                meant = f"{match.group(1)}_{match.group(2)}"
                fix = Fix(f"write `{meant}`", (Edit(written, meant),))
                help = f"write `{meant}` for {meant.replace('_', ' ')}"
                value = f"{float(match.group()):g}"
                found.report(
                    "thousands-point",
                    number.span,
                    found=number.span.words,
                    value=value,
                    help=help,
                    fixes=(fix,),
                )


def _numbers(policy: Policy, path: str) -> Iterator[nodes.Number | nodes.Amount | nodes.Quantity]:
    stack: list[object] = [f.declarations for f in policy.model.files if f.source.path == path]
    while stack:
        node = stack.pop()
        if isinstance(node, nodes.Number | nodes.Amount | nodes.Quantity):
            yield node
        elif isinstance(node, tuple):
            stack += node
        elif is_dataclass(node) and not isinstance(node, Span):
            stack += [getattr(node, f.name) for f in fields(node)]

"""Two names that are hard to tell apart: `offer_1` and `offer_l`, `Email` and `email`, or a Cyrillic а for an a.

Names are compared by what they look like: without regard to capitals, underscores and accents composed in
another way, with digits and foreign letters as the letters that they resemble (Unicode Technical Standard 39
calls this a skeleton; the table here is the part of it that words of European languages need).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from nbadsl.diagnostics import Findings
from nbadsl.lint.policy import Policy
from nbadsl.source import Span
from nbadsl.syntax import nodes

_LIKE = str.maketrans(
    "01аеорсухіѕјԁкмтвнαοριντκı",
    "olaeopcyxisjdkmtbhaopivtki",
)  # digits, Cyrillic, Greek, Turkish


def find(policy: Policy, found: Findings) -> None:
    for names in _groups(policy):
        seen: dict[str, tuple[str, Span]] = {}
        for name, span in names:
            other, first = seen.setdefault(skeleton(name), (name, span))
            if other != name and policy.is_own(span):
                help = "call one of them something else"
                found.report(
                    "look-alike", span, name=name, other=other, help=help, related=((first, "the other one"),)
                )


def skeleton(name: str) -> str:
    """What a name looks like."""
    plain = unicodedata.normalize("NFKC", name).replace("I", "l").casefold().replace("_", "")
    return plain.translate(_LIKE)


def _groups(policy: Policy) -> Iterator[list[tuple[str, Span]]]:
    """Names that stand beside each other: values, blocks, and the words of each list."""
    model = policy.model
    yield [(s.name, s.span) for s in model.symbols.values()]
    yield [(name, scope.name.span) for name, scope in model.scopes.items()]
    for file in model.files:
        for node in file.declarations:
            for field in node.fields if isinstance(node, nodes.Profile | nodes.Context) else ():
                yield [(w.text, w.span) for w in field.type.words or ()]

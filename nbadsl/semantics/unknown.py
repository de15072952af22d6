"""What rules, limits and quiet hours say of unknown: the clause `, unknown WORD`.

Takes such a line and what in it may be unknown; reports a word that does not go with it, a clause about nothing, and a
line that has to say something and does not, each with what mends it.
"""

from __future__ import annotations

from nbadsl.diagnostics import Edit, Findings, Fix
from nbadsl.source import Span
from nbadsl.syntax import nodes

# By keyword of the line, its words and what each has done.
_WORDS = {
    "require": {},
    "eligible": {"passes": "pass"},
    "exclude": {"excludes": "suppress", "keeps": "go on"},
    "limit": {"passes": "do without the limit", "blocks": "block"},
    "quiet": {"blocks": "block", "passes": "pass"},
}
_MUST_SAY = ("exclude", "limit")


def judge_unknown(
    found: Findings, keyword: str, line: nodes.Rule | nodes.Limit | nodes.Quiet, before: Span, what: str
) -> None:
    """`before`: what the clause comes after. `what`: that which may be unknown, as messages call it; "": nothing."""
    words, said = _WORDS[keyword], line.unknown
    if said is None:
        if what and keyword in _MUST_SAY:
            _report_unsettled(found, line.span, Span(before.source, before.end, before.end), what, words)
        return
    clause = Span(before.source, before.end, said.span.end)
    remove = Fix("remove the clause", (Edit(clause, ""),), safe=True)
    if said.text not in words:
        fixes = tuple(Fix(f"write `unknown {word}`", (Edit(said.span, word),)) for word in words)
        help = f"write {' or '.join(f'`unknown {word}`' for word in words)}"
        if not words:
            fixes, help = (remove,), "what is required must be known to hold"
        found.report("wrong-unknown-clause", said.span, word=said.text, stage=keyword, help=help, fixes=fixes)
    elif not what:
        found.report("idle-unknown-clause", clause, help="remove the clause", fixes=(remove,))


def _report_unsettled(found: Findings, line: Span, end: Span, what: str, words: dict[str, str]) -> None:
    fixes = tuple(
        Fix(f"{deed} when unknown: `unknown {word}`", (Edit(end, f", unknown {word}"),))
        for word, deed in words.items()
    )
    ways = " then, or ".join(f"`, unknown {word}` to {deed}" for word, deed in words.items())
    found.report("unsettled-unknown", line, what=what, help=f"add {ways}", fixes=fixes)

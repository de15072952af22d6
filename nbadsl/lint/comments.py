"""Comments that ignore findings: which findings are left, and what is wrong with the comments themselves.

Takes what the rules found, what `check` found and ignored, and the comments. An ignore that names a kind which was not
looked for (another rule is selected, or the policy has errors) is not called unused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nbadsl.diagnostics import KINDS, Diagnostic, Edit, Findings, Fix
from nbadsl.diagnostics.suggest import did_you_mean
from nbadsl.semantics.fixes import replacement
from nbadsl.semantics.ignores import Ignore
from nbadsl.source import Span

IGNORABLE = tuple(kind.name for kind in KINDS.values() if kind.severity != "error")


def left(found: tuple[Diagnostic, ...], ignores: Sequence[Ignore]) -> tuple[Diagnostic, ...]:
    """The findings that no comment ignores."""
    return tuple(d for d in found if not any(i.fits(d) for i in ignores))


def judge(
    ignores: Sequence[Ignore],
    everything: Sequence[Diagnostic],
    looked_for: Callable[[str], bool],
    found: Findings,
) -> None:
    """Report what is wrong with comments. `everything`: all findings, those that were ignored as well."""
    for ignore in ignores:
        if ignore.wrong:
            help = "write `# nba: ignore[KIND] reason`"
            found.report("unknown-ignore", ignore.span, found=f"`{ignore.comment.words}`", help=help)
        elif ignore.kind not in IGNORABLE:
            _report_unknown(ignore, found)
        elif not ignore.reason:
            found.report(
                "ignore-without-reason", ignore.span, rule=ignore.kind, help="write why after the bracket"
            )
        elif looked_for(ignore.kind) and not any(ignore.fits(d) for d in everything):
            alone = sum(other.comment == ignore.comment for other in ignores) == 1
            fixes = (Fix("remove the comment", (Edit(_with_blanks(ignore.comment), ""),), safe=True),)
            found.report("unused-ignore", ignore.span, rule=ignore.kind, fixes=fixes if alone else ())


def _report_unknown(ignore: Ignore, found: Findings) -> None:
    help = did_you_mean(ignore.kind, IGNORABLE) or "`nba doc` lists the kinds"
    fixes = replacement(ignore.span, ignore.kind, IGNORABLE)
    if ignore.kind in KINDS:
        help, fixes = "it is an error, which only changing the policy mends", ()
    found.report("unknown-ignore", ignore.span, found=f"`{ignore.kind}`", help=help, fixes=fixes)


def _with_blanks(comment: Span) -> Span:
    """A comment with the blanks before it, or with its line where it stands alone."""
    source, line = comment.source, comment.line
    start = source.line_starts[line - 1]
    before = source.text[start : comment.start]
    if before.strip():
        return Span(source, start + len(before.rstrip()), comment.end)
    after = source.line_starts[line] if line < len(source.line_starts) else len(source.text)
    return Span(source, start, after)

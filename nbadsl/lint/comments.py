"""Comments that ignore findings: which findings are left, and what is wrong with the comments themselves.

Takes what the rules found, what `check` found and ignored, and the comments. An ignore that names a kind which was not
looked for (another rule is selected, or the policy has errors) is not called unused, nor is one in an imported file:
another policy that imports it may need it.
"""

from __future__ import annotations

from collections.abc import Callable, Set

from nbadsl.diagnostics import KINDS, Diagnostic, Edit, Findings, Fix
from nbadsl.diagnostics.suggest import did_you_mean
from nbadsl.lint.policy import Policy
from nbadsl.semantics.fixes import replacement
from nbadsl.semantics.ignores import Ignore, ignores
from nbadsl.source import Span

IGNORABLE = tuple(kind.name for kind in KINDS.values() if kind.severity != "error")


def settled(
    policy: Policy,
    own: tuple[Diagnostic, ...],
    others: tuple[Diagnostic, ...],
    looked_for: Set[str],
    place: Callable[[Span], Span],
) -> tuple[Diagnostic, ...]:
    """The findings that no comment ignores, and what is wrong with comments. `own`: what the rules found; `others`:
    what checking found, and what was ignored of it.
    `place`: see `pipeline.check`."""
    written = [ignore for source in policy.sources for ignore in ignores(source)]
    about, kept = Findings(), Findings()
    for ignore in written:
        used = any(ignore.fits(d, place) for d in (*own, *others))
        could_be_used = ignore.kind not in looked_for or ignore.comment.source is not policy.main.source
        _judge(ignore, used or could_be_used, about)
    kept.extend(tuple(d for d in own if not any(ignore.fits(d, place) for ignore in written)))
    kept.extend(tuple(d for d in about.all if policy.options.wants(d.kind.name)))
    return kept.all


def _judge(ignore: Ignore, used: bool, found: Findings) -> None:
    if ignore.wrong:
        help = "write `# nba: ignore[KIND] reason`"
        found.report("unknown-ignore", ignore.span, found=f"`{ignore.comment.words}`", help=help)
    elif ignore.kind not in IGNORABLE:
        _report_unknown(ignore, found)
    elif not ignore.reason:
        help = "write why behind the bracket"
        found.report("ignore-without-reason", ignore.span, rule=ignore.kind, help=help)
    elif not used:
        alone = ignore.span.words == _bracket(ignore.comment)
        fix = Fix("remove the comment", (Edit(_with_blanks(ignore.comment), ""),), safe=True)
        found.report("unused-ignore", ignore.span, rule=ignore.kind, fixes=(fix,) if alone else ())


def _bracket(comment: Span) -> str:
    return comment.text.partition("[")[2].partition("]")[0].strip()


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
        return Span(source, start + len(before.rstrip()), comment.start + len(comment.text.rstrip()))
    after = source.line_starts[line] if line < len(source.line_starts) else len(source.text)
    return Span(source, start, after)

"""Carrying out fixes.

Takes the text of a file and edits of it; gives the new text. Edits never overlap within one fix; among
several fixes, one that overlaps an earlier one is left for the next run.
"""

from __future__ import annotations

from collections.abc import Iterable

from nbadsl.diagnostics.diagnostic import Edit, Fix


def edited(text: str, edits: Iterable[Edit]) -> str:
    """A text after edits, whose spans are offsets in it. Edits at one place apply in the order given."""
    parts, at = [], 0
    for edit in sorted(edits, key=lambda e: (e.span.start, e.span.end)):
        parts += [text[at : edit.span.start], edit.text]
        at = edit.span.end
    return "".join([*parts, text[at:]])


def compatible(fixes: Iterable[Fix]) -> tuple[Fix, ...]:
    """The fixes that can be carried out together: those that touch nothing an earlier one touches."""
    taken: list[Fix] = []
    for fix in fixes:
        if not any(_touch(a, b) for other in taken for a in fix.edits for b in other.edits):
            taken.append(fix)
    return tuple(taken)


def _touch(a: Edit, b: Edit) -> bool:
    if a.span.source.path != b.span.source.path:
        return False
    # Two insertions at one place touch: which comes first would be a guess.
    return max(a.span.start, b.span.start) < min(a.span.end, b.span.end) or a.span.start == b.span.start

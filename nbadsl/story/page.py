"""The story of one person as a page: one HTML file, for whoever asks why.

Takes a story; gives the text of the page (see `page`). Everything on it stands in the story's data, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbadsl import page
from nbadsl.page.words import number, percent

if TYPE_CHECKING:
    from nbadsl.story.tell import Story, Told

_KINDS = {"chosen": "good", "outranked": "plain", "threshold": "warn", "no score": "warn"}


def as_html(story: Story, who: str, moment: str, title: str, hash: str) -> str:
    """The page. `who`: the key; `moment`: in words; `title`, `hash`: of the policy."""
    values = {name: value for told in story.candidates for name, value in told.values}
    contents = [("candidates", "Every candidate")]
    contents += [("why-not", f"Why not {story.why_not.asked}?")] if story.why_not else []
    contents += [("factors", "What it hangs on")] if story.factors else []
    contents += [("limits", "Limits, rests and budgets")] if story.limits else []
    contents += [("values", "Values that were read")] if values else []
    return page.render(
        "story/customer.html",
        story=story,
        who=who,
        moment=moment,
        title=title or story.policy,
        hash=hash,
        contents=contents,
        headline=_headline(story),
        values=sorted(values.items()),
        kind=_kind,
    )


def _kind(told: Told) -> str:
    """How a fate is marked."""
    return _KINDS.get(told.fate, "bad")


def _headline(story: Story) -> list[tuple[str, str, str]]:
    first = story.best_first[0] if story.candidates else None
    found: list[tuple[str, str, str]] = []
    if first is not None and first.fate == "chosen" and first.score is not None:
        found.append((number(first.score), "score", first.tier))
    if story.factors is not None and story.factors.lead is not None:
        found.append((number(story.factors.lead), "ahead", f"of {story.factors.second}"))
    if story.probability not in (None, 1.0):
        found.append((percent(story.probability), "probability", "that this is decided, by chance"))
    passed = sum(told.fate in ("chosen", "outranked") for told in story.candidates)
    found.append(
        (f"{passed} of {len(story.candidates)}", "candidates passed", "all rules, limits and the threshold")
    )
    return found

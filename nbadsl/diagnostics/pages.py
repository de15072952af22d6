"""The page of each kind of finding: what it means, what to avoid and what to write instead.

A page is `pages/<kind>.md`. Its first heading is its title and the paragraph below it its summary; under
`## Avoid` stands a block that gives exactly this finding, under `## Prefer` one that gives none. Both are
executed by the tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent / "pages"

_BLOCK = re.compile(r"^```nba\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    """`text` is the whole page in Markdown, the other parts are cut out of it."""

    name: str
    title: str
    summary: str
    text: str

    def section(self, heading: str) -> str:
        """What stands under `## heading`, or "" when there is no such section."""
        _, _, after = self.text.partition(f"\n## {heading}\n")
        return after.partition("\n## ")[0].strip()

    def example(self, heading: str) -> str:
        """The first block of policy under a heading."""
        block = _BLOCK.search(self.section(heading) + "\n")
        return block.group(1) if block else ""


def names() -> tuple[str, ...]:
    """The kinds that have a page, in alphabetical order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.md")))


@lru_cache(maxsize=256)
def find_page(kind: str) -> Page | None:
    """The page of a kind, if there is one."""
    if kind not in names():
        return None
    text = (FOLDER / f"{kind}.md").read_text(encoding="utf-8")
    title, _, rest = text.partition("\n")
    summary = " ".join(rest.strip().partition("\n\n")[0].split())
    return Page(kind, title.removeprefix("# "), summary, text)

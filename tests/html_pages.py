"""Reads pages of HTML as strictly as a page must be written: every element closed, ids once, links inside the page met."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.problems: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if len(given) < len(attrs):
            self.problems.append(f"an attribute of <{tag}> twice, line {self.getpos()[0]}")
        if given.get("id") is not None:
            self.ids.append(str(given["id"]))
        if tag == "a":
            self.links.append(str(given.get("href", "")))
        outside = {"src", "srcset", "action", "xlink:href"} & set(given)
        if tag == "script" or outside or any(name.startswith("on") for name in given):
            self.problems.append(f"<{tag}> may run or fetch something, line {self.getpos()[0]}")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes something else, line {self.getpos()[0]}")


def problems(page: str) -> list[str]:
    """What is wrong with a page."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    twice = {id for id in reader.ids if reader.ids.count(id) > 1}
    missed = {link for link in reader.links if link.startswith("#") and link[1:] not in reader.ids}
    return [
        *reader.problems,
        *(f"<{tag}> is not closed" for tag in reader.open),
        *(f"the id {id} is there more than once" for id in sorted(twice)),
        *(f"there is no place {link}" for link in sorted(missed)),
    ]

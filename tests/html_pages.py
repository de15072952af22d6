"""Reads pages of HTML as strictly as a page must be written: every element closed, ids once, links inside the page met; and
what browsers are asked about pages."""

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


CONTRAST = """() => {
  const light = (colour) => {
    const parts = colour.match(/[0-9.]+/g).map(Number).slice(0, 3).map((v) => v / 255);
    const [r, g, b] = parts.map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (!/, 0\\)$/.test(colour) && colour !== 'transparent') return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement;
    if (!text || !element.checkVisibility() || element.matches(':disabled, option')) continue;
    const style = getComputedStyle(element), colour = element instanceof SVGElement ? style.fill : style.color;
    const [one, other] = [light(colour), light(behind(element))].sort((a, b) => b - a);
    const contrast = (one + 0.05) / (other + 0.05);
    if (contrast < 4.5) found.push(`${text}: ${contrast.toFixed(2)}`);
  }
  return found;
}"""
"""Texts whose colours are too close to what is behind them, by WCAG's formula."""

OUTSIDE = """() => [...document.querySelectorAll('svg text')]
  .map((text) => [text.textContent, text.getBoundingClientRect()])
  .filter(([said, box]) => box.width && (box.left < 0 || box.right > document.documentElement.clientWidth))
  .map(([said, box]) => `${said}: ${box.left}..${box.right}`)"""
"""Words of plots that are cut at an edge of the page."""


class _Tables(HTMLParser):
    """Collects the tables of a page, and the words outside of plots."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.words: list[str] = []
        self._into: list[str] | None = None
        self._row: list[str] = []
        self._caption = ""
        self._skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("svg", "style"):
            self._skipped += 1
        elif tag == "tr":
            self._row = []
        elif tag in ("th", "td", "caption"):
            self._into = []
        elif tag == "br" and self._into is not None:
            self._into.append(" ")

    def handle_endtag(self, tag: str) -> None:
        said = " ".join("".join(self._into or []).split())
        if tag in ("svg", "style"):
            self._skipped -= 1
        elif tag == "caption":
            self._caption = said
            self.tables.setdefault(said, [])
        elif tag in ("th", "td"):
            self._row.append(said)
        elif tag == "tr":
            self.tables[self._caption].append(self._row)
        if tag in ("th", "td", "caption"):
            self._into = None

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.words.append(data)
            if self._into is not None:
                self._into.append(data)


def tables(page: str) -> dict[str, list[list[str]]]:
    """The rows of each table, by its caption; the first are its heads."""
    reader = _Tables()
    reader.feed(page)
    return reader.tables


def words(page: str) -> str:
    """What can be read in a page, but for its plots."""
    reader = _Tables()
    reader.feed(page)
    return "".join(reader.words)

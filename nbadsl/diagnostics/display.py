"""What a terminal shows of a text, and how wide it is there.

A caret has to stand under the right letter whatever is before it: a tab is wider than one cell, an East
Asian character or an emoji takes two, a combining mark takes none. So each character becomes a `Cell`:
the text that is shown for it and how many columns that text takes. Characters that a terminal would obey
or hide (escape, bidirectional marks, zero-width spaces) are shown by their code, so that a policy cannot
disguise itself in its own error message.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePath
from unicodedata import category, combining, east_asian_width

TAB = 4
_JOINER, _EMOJI_STYLE = "\u200d", "\ufe0f"


@dataclass(frozen=True, slots=True)
class Cell:
    """`text` is shown for one character of the source and takes `width` columns."""

    text: str
    width: int


def cells(text: str) -> list[Cell]:
    """One cell for each character of a line of text."""
    found: list[Cell] = []
    column, previous = 0, ""
    for character in text:
        if character == "\t":
            cell = Cell(" " * (TAB - column % TAB), TAB - column % TAB)
        else:
            cell = _cell(character, previous, found[-1].width if found else 0)
        found.append(cell)
        column += cell.width
        previous = character
    return found


def width(text: str) -> int:
    """How many columns a text takes in a terminal."""
    return sum(cell.width for cell in cells(text))


def visible(text: str) -> str:
    """A text on one line, with nothing in it that a terminal would obey or hide."""
    return "".join(cell.text for cell in cells(" ".join(text.splitlines())))


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What is shown of a line: the columns `before` the part that is meant, and the `width` of that part."""

    text: str
    before: int
    width: int


def excerpt(line: str, start: int, end: int, room: int) -> Excerpt:
    """A line cut to `room` columns around its characters `start` up to, not including, `end`.

    A line that fits stands whole. Of a longer one the part around `start` stands, between ellipses.
    """
    # Characters far away cannot be shown, and a line may be as long as a file.
    cut, beyond = max(0, start - 2 * room), start + 2 * room
    shown, start, end = cells(line[cut:beyond]), start - cut, end - cut
    first, last = 0, len(shown)
    if cut or beyond < len(line) or sum(c.width for c in shown) > room:
        first, last = _around(shown, start, room)
    head, tail = "…" if cut or first else "", "…" if last < len(shown) or beyond < len(line) else ""
    text = head + "".join(c.text for c in shown[first:last]) + tail
    before, meant = shown[first:start], shown[start : min(end, last)]
    return Excerpt(text, len(head) + sum(c.width for c in before), sum(c.width for c in meant))


def _around(line: list[Cell], start: int, room: int) -> tuple[int, int]:
    """The first and last of the cells that are shown: a third of the room is for what stands before `start`."""
    first, last, left, used = start, start, room // 3, 2
    while first > 0 and left >= line[first - 1].width:
        first -= 1
        left -= line[first].width
        used += line[first].width
    while last < len(line) and used + line[last].width <= room:
        used += line[last].width
        last += 1
    return first, last


def _cell(character: str, previous: str, width_before: int) -> Cell:
    kind = category(character)
    if _continues_emoji(character, previous, width_before):
        return Cell(character, 0)
    if character == _EMOJI_STYLE:
        return Cell(character, 1 if width_before == 1 else 0)  # asks for the coloured form, which is wide
    if kind == "Cc" and ord(character) < 0x20:
        return Cell(chr(0x2400 + ord(character)), 1)  # ␛ for escape
    if kind in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        shown = f"<U+{ord(character):04X}>"
        return Cell(shown, len(shown))
    if combining(character) or kind in ("Mn", "Me") or 0x1160 <= ord(character) <= 0x11FF:
        return Cell(character, 0)  # 1160..11FF: vowels and finals of Hangul syllables
    return Cell(character, 2 if east_asian_width(character) in "WF" else 1)


def _continues_emoji(character: str, previous: str, width_before: int) -> bool:
    """Whether a character only changes the emoji before it: 👩 + joiner + 💻 is one picture, and 👍🏽 is."""
    if character == _JOINER:
        return category(previous or " ") in ("So", "Sk", "Mn")
    if previous == _JOINER:
        return category(character) in ("So", "Sm", "Po")
    tone = "\U0001f3fb" <= character <= "\U0001f3ff" and width_before == 2
    tag = "\U000e0020" <= character <= "\U000e007f" and previous != ""
    return tone or tag


def shown_path(path: str, root: Path | None) -> str:
    """A path with slashes, relative to a folder when it lies in it."""
    path = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")  # names are bytes to the disk
    pure = PurePath(path)
    if root is not None and pure.is_relative_to(root):
        pure = pure.relative_to(root)
    return pure.as_posix()

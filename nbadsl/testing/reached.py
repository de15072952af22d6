"""What tests reach, to look at: as text, as a page, and as LCOV for other programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from nbadsl import page
from nbadsl.testing.coverage import Part

_NEVER = {
    "rule": "never stops anybody",
    "row": "never holds",
    "line": "is never taken",
}


def summary(parts: Sequence[Part]) -> tuple[int, int]:
    """How many parts decide something in some test, and how many there are."""
    return sum(bool(part.decided) for part in parts), len(parts)


def unreached(parts: Sequence[Part]) -> Iterator[tuple[Part, str]]:
    """The parts that no test looks after, and what is missing of each."""
    for part in parts:
        if not part.decided:
            yield part, _NEVER[part.kind] if part.passed else f"{_NEVER[part.kind]}: no test comes so far"
        elif part.kind == "rule" and not part.passed:
            yield part, "never lets anybody pass"


# --- LCOV ---


def as_lcov(parts: Sequence[Part]) -> str:
    """Trace file: a line for each part, with two branches: it decided, and it did not.

    Format: geninfo(1) of the LCOV project.
    """
    lines = []
    for path, some in groupby(_by_place(parts), key=lambda part: part.path):
        found = list(some)
        lines += ["TN:", f"SF:{path}"]
        for number, part in enumerate(found):
            asked = part.decided + part.passed
            for branch, count in enumerate((part.decided, part.passed)):
                lines.append(f"BRDA:{part.lines[0]},{number},{branch},{count if asked else '-'}")
        hits = {
            line: sum(p.decided + p.passed for p in alike)
            for line, alike in groupby(found, key=lambda part: part.lines[0])
        }
        branches = sum((part.decided > 0) + (part.passed > 0) for part in found)
        lines += [f"BRF:{2 * len(found)}", f"BRH:{branches}"]
        lines += [f"DA:{line},{count}" for line, count in hits.items()]
        lines += [f"LF:{len(hits)}", f"LH:{sum(map(bool, hits.values()))}", "end_of_record"]
    return "\n".join(lines) + "\n" if lines else ""


# --- a page ---


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a policy. `kind`: a class of the page, "" where there is no part; `count`: how often its parts decided."""

    text: str
    kind: str
    count: str
    missing: list[str]


@dataclass(frozen=True, slots=True)
class File:
    path: str
    reached: int
    all: int
    lines: list[Line]


def as_html(parts: Sequence[Part], read: dict[str, str]) -> str:
    """One page without anything from elsewhere. `read`: the text of each file."""
    reached, all = summary(parts)
    by_file = groupby(_by_place(parts), key=lambda part: part.path)
    files = [_file(path, list(some), read[path]) for path, some in by_file]
    return page.render("testing/coverage.html", reached=reached, all=all, files=files)


def _file(path: str, parts: Sequence[Part], text: str) -> File:
    by_line: dict[int, list[Part]] = {}
    for part in parts:
        for line in range(part.lines[0], part.lines[1] + 1):
            by_line.setdefault(line, []).append(part)
    lines = [_line(line, by_line.get(n, [])) for n, line in enumerate(text.splitlines(), 1)]
    return File(path, *summary(parts), lines)


def _line(text: str, parts: Sequence[Part]) -> Line:
    if not parts:
        return Line(text, "", "", [])
    missing = [said for _, said in unreached(parts)]
    kind = "good" if not missing else "warn" if all(part.decided for part in parts) else "bad"
    return Line(text, kind, str(min(part.decided for part in parts)), missing)


def texts(parts: Sequence[Part]) -> dict[str, str]:
    """The files that parts are in."""
    return {path: Path(path).read_text(encoding="utf-8-sig") for path in {part.path for part in parts}}


def _by_place(parts: Sequence[Part]) -> list[Part]:
    return sorted(parts, key=lambda part: (part.path, part.lines))

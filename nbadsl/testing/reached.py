"""What tests reach, to look at: as text, as a page, and as LCOV for other programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from pathlib import Path

from nbadsl.testing.coverage import Part

_NEVER = {
    "rule": "never stops anybody",
    "row": "never holds",
    "line": "is never taken",
}
_STYLE = """
:root { color-scheme: light dark; --yes: #d9f2d9; --half: #fff3c4; --no: #ffd9d6; }
@media (prefers-color-scheme: dark) { :root { --yes: #16391c; --half: #453a10; --no: #4d1f1c; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
table { border-collapse: collapse; font: 13px/1.6 ui-monospace, monospace; width: 100%; }
td { padding: 0 .6rem; white-space: pre-wrap; vertical-align: top; }
td:first-child, td:nth-child(2) { text-align: right; opacity: .6; width: 1%; white-space: nowrap; }
.yes { background: var(--yes); } .half { background: var(--half); } .no { background: var(--no); }
""".strip()


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


def as_html(parts: Sequence[Part], read: dict[str, str]) -> str:
    """One page without anything from elsewhere. `read`: the text of each file."""
    reached, all = summary(parts)
    files = groupby(_by_place(parts), key=lambda part: part.path)
    body = "".join(_file(path, list(some), read[path]) for path, some in files)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>What tests reach</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><h1>What tests reach</h1>"
        f"<p>{reached} of {all} rules, table rows and priority lines decide something in some test. "
        "The first number is the line, the second how often it decided: a rule stopped somebody, a row held, "
        "a line was taken.</p>"
        f"{body}</body></html>\n"
    )


def _file(path: str, parts: Sequence[Part], text: str) -> str:
    by_line: dict[int, list[Part]] = {}
    for part in parts:
        for line in range(part.lines[0], part.lines[1] + 1):
            by_line.setdefault(line, []).append(part)
    rows = "".join(_line(n, line, by_line.get(n, [])) for n, line in enumerate(text.splitlines(), 1))
    reached, all = summary(parts)
    return f"<h2>{escape(path)}: {reached} of {all}</h2><table>{rows}</table>"


def _line(number: int, text: str, parts: Sequence[Part]) -> str:
    missing = [said for _, said in unreached(parts)]
    kind = (
        "" if not parts else "yes" if not missing else "no" if not all(p.decided for p in parts) else "half"
    )
    count = "" if not parts else str(min(part.decided for part in parts))
    title = f' title="{escape("; ".join(missing))}"' if missing else ""
    return f'<tr class="{kind}"{title}><td>{number}</td><td>{count}</td><td>{escape(text)}</td></tr>'


def texts(parts: Sequence[Part]) -> dict[str, str]:
    """The files that parts are in."""
    return {path: Path(path).read_text(encoding="utf-8-sig") for path in {part.path for part in parts}}


def _by_place(parts: Sequence[Part]) -> list[Part]:
    return sorted(parts, key=lambda part: (part.path, part.lines))

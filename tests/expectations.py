"""Small policies with their expected findings written beside the code.

A case file holds many programs, separated by lines of `---`. A line that should be reported says so in a
comment at its end:

    define x = ag + 1   # error: [unknown-name] "called `ag`"

`severity: [kind] "part of the message" help "part of the advice"`; the parts may be left out, and a line may carry
several. Exactly the
expected findings must come out, on the right lines. Programs keep the line numbers of the file they stand
in, for blank lines are put in front of them.

A program is completed from `PREAMBLE`: it gets the declarations there whose keywords it does not have itself
(`arbitrate` only when it has an action). The completion comes after the program, so no line moves. A program
with a `policy` of its own is complete as it stands. Lines such as `# file: other.nba` make several files of
a program; what stands before the first of them is `policy.nba`. `# saved as: cp1252` in the first line gives
the encoding, which is UTF-8 otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nbadsl.diagnostics import Diagnostic, Fix
from nbadsl.diagnostics.fixes import edited
from nbadsl.lint import Options, lint
from nbadsl.pipeline import Checked, check
from nbadsl.source import Source, decode, read

FOLDER = Path("/policies")
MAIN = "policy.nba"

PREAMBLE = {
    "policy": """
policy fragment {
  timezone "Europe/Berlin"
  currency EUR
  purposes marketing, care
}
""",
    "profile": """
profile customer key customer_id {
  customer_id: text
  household_id: text
  city: text optional
  age: integer in 0..120
  plan: one of basic, plus, unlimited
  interests: any of sport, film, travel
  monthly_fee: money
  income: money optional
  churn_risk: probability
  consent_email: flag
  last_complaint: time or never
  last_order: time
  joined: date
  birthday: date optional
  utc_offset: duration optional
  diagnosis: text optional only for care
}
""",
    "arbitrate": """
arbitrate { score 1 }
""",
}

_EXPECTED = re.compile(r'# (error|warning|hint): \[([\w-]+)\](?: "([^"]*)")?(?: help "([^"]*)")?')
_FILE = re.compile(r"^# file: (\S+)[ \t]*$", re.MULTILINE)
_TIMES = re.compile(r"^( *)# (\d+) times: (.+)$", re.MULTILINE)
_ENCODING = re.compile(r"\A\s*# saved as: (\S+)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Expected:
    """A finding of a kind on a line of a file, whose message contains `part` and whose advice contains `help`."""

    file: str
    line: int
    severity: str
    kind: str
    part: str = ""
    help: str = ""

    def fits(self, d: Diagnostic) -> bool:
        place = (Path(d.span.source.path).name, d.span.line)
        what = (d.kind.severity, d.kind.name)
        return (
            place == (self.file, self.line)
            and what == (self.severity, self.kind)
            and self.part in d.message
            and self.help in d.help
        )

    def __str__(self) -> str:
        advice = f' help "{self.help}"' if self.help else ""
        return f'{self.file}:{self.line}: {self.severity}: [{self.kind}] "{self.part}"{advice}'


def programs(text: str) -> Iterator[tuple[int, str]]:
    """The programs of a case file: the line on which each starts, and its text after as many blank lines."""
    lines, start = text.split("\n"), 0
    for number, line in enumerate([*lines, "---"]):
        if line.rstrip() == "---":
            program = lines[start:number]
            if any(part.strip() for part in program):
                yield start + 1, "\n" * start + "\n".join(program) + "\n"
            start = number + 1


def files_of(program: str) -> dict[str, str]:
    """The files of a program by name; every file keeps the line numbers of the whole."""
    program = _TIMES.sub(lambda m: m.group(1) + (m.group(3) + " ") * int(m.group(2)), program)
    marks = [(MAIN, 0), *((m.group(1), m.start()) for m in _FILE.finditer(program))]
    ends = [start for _, start in marks[1:]] + [len(program)]
    return {
        name: "\n" * program.count("\n", 0, start) + program[start:end]
        for (name, start), end in zip(marks, ends, strict=True)
    }


def completed(files: dict[str, str]) -> dict[str, str]:
    """The files of a program with the declarations of the preamble that they lack, at the end of the first."""
    text = "\n".join(files.values())
    has = {keyword for keyword in (*PREAMBLE, "action") if re.search(rf"^{keyword}\b", text, re.MULTILINE)}
    if "policy" in has:
        return files
    needed = [keyword for keyword in PREAMBLE if keyword not in has]
    return files | {
        MAIN: files[MAIN] + "".join(PREAMBLE[k] for k in needed if k != "arbitrate" or "action" in has)
    }


def check_files(files: dict[str, str], encoding: str = "utf-8") -> tuple[Diagnostic, ...]:
    """The findings in `policy.nba` of some files that exist in memory alone."""
    return checked_files(files, encoding).diagnostics


def lint_files(files: dict[str, str], options: Options) -> tuple[Diagnostic, ...]:
    """What checking and the linter find in `policy.nba` of some files."""
    checked = checked_files(files)
    return (*checked.diagnostics, *lint(checked, options))


def checked_files(files: dict[str, str], encoding: str = "utf-8") -> Checked:
    """`policy.nba` of some files, checked."""

    def reader(path: Path) -> tuple[Source, int | None]:
        inside = path.resolve()
        name = (
            inside.relative_to(FOLDER.resolve()).as_posix()
            if inside.is_relative_to(FOLDER.resolve())
            else None
        )
        if name is None:
            return read(path)  # a module of the standard library
        if name not in files:
            raise FileNotFoundError(name)
        text, bad = decode(files[name].encode(encoding))
        return Source(str(path), text), bad

    return check(FOLDER / MAIN, reader)


def fixed(files: dict[str, str], fix: Fix) -> dict[str, str]:
    """The files of a program, before its completion, after a fix."""
    mended = dict(files)
    for path in {edit.span.source.path for edit in fix.edits}:
        name = Path(path).relative_to(FOLDER).as_posix()
        mended[name] = edited(files[name], [edit for edit in fix.edits if edit.span.source.path == path])
    return mended


def check_program(program: str) -> tuple[Diagnostic, ...]:
    """The findings in a program, after it was completed and cut into its files."""
    encoding = _ENCODING.search(program)
    return check_files(completed(files_of(program)), encoding.group(1) if encoding else "utf-8")


def expected_in(program: str) -> list[Expected]:
    """The expectations written in the comments of a program."""
    return [
        Expected(name, number, *found)
        for name, text in files_of(program).items()
        for number, line in enumerate(text.split("\n"), 1)
        for found in _EXPECTED.findall(line)
    ]


def lint_program(program: str, options: Options) -> tuple[Diagnostic, ...]:
    """As `check_program`, with what the linter finds."""
    return lint_files(completed(files_of(program)), options)


def complaints(program: str, options: Options | None = None) -> list[str]:
    """How the findings in a program differ from what its comments expect; empty when they agree. `options`: of the
    linter, which is asked as well."""
    missing, surplus = expected_in(program), []
    for d in check_program(program) if options is None else lint_program(program, options):
        fitting = next((e for e in missing if e.fits(d)), None)
        if fitting is None:
            place = f"{Path(d.span.source.path).name}:{d.span.line}"
            advice = f' help "{d.help}"' if any(e.help for e in missing) else ""
            surplus.append(f'{place}: {d.kind.severity}: [{d.kind.name}] "{d.message}"{advice}')
        else:
            missing.remove(fitting)
    return [f"not found: {e}" for e in missing] + [f"not expected: {s}" for s in surplus]

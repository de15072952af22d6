"""Documents that are run: what a README shows is what happens.

A document is a Markdown file; it is run in a copy of its folder, from top to bottom:

- ```console: lines that start with `$ ` are commands, the lines below are what they print. `…` stands for
  anything within a line, a line of only `…` for any lines. What a command that succeeds says on the side
  (standard error: progress, notes) does not count.
- ```python: run as a script.
- ```nba: a fragment, completed from the preamble of `expectations`; it must have no errors.

A comment in the line above says more of a block:

    <!-- needs data -->                          it fetches the data of an example, or reads it
    <!-- from offers.nba -->                     the fragment stands in that file, word for word
    <!-- append to policy.nba -->                the reader writes it at the end of that file
    <!-- replace in policy.nba: nothing below -->  ... instead of the lines that contain this text
    <!-- not run -->                             only to look at

and `<!-- edit policy.nba: 50% => 60% -->`, anywhere, is a change that the text asks the reader to make.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from expectations import check_program

ROOT = Path(__file__).parent.parent
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "out")
DECLARATION = re.compile(
    r"^(policy|import|profile|context|parameter|define|function|table|channel|group|action|priority|arbitrate|holdout"
    r"|experiment|explore|guarantee|test|limit|rest|budget|quiet)\b",
    re.MULTILINE,
)
# What differs from run to run; `--update-documents` writes `…` for it.
VARIES = (
    (re.compile(r"\d+\.\d+ s, [\d,]+ people a second"), "… s, … people a second"),
    (re.compile(r" in \d+\.\d\d s$", re.MULTILINE), " in …"),
    (re.compile(r"policy [0-9a-f]{12}$", re.MULTILINE), "policy …"),
)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block, or an edit (then `language` is "edit"). `note`: the comment above. `line` counts from 1."""

    language: str
    text: str
    note: str
    line: int


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a console block and what it should print, which begins below `line`."""

    command: str
    expected: str
    line: int


def documents() -> list[Path]:
    """The documents of the project that are run, relative to its root."""
    found = [ROOT / "README.md", *(ROOT / "examples").rglob("README.md")]
    return sorted(p.relative_to(ROOT) for p in found if p.is_file() and "data" not in p.parts)


def blocks(text: str) -> Iterator[Block]:
    """The blocks of a document, in order."""
    language, note, start, lines = "", "", 0, []
    for number, line in enumerate(text.split("\n"), 1):
        if language:
            if line.strip() == "```":
                yield Block(language, "\n".join(lines) + "\n", note, start)
                language, note = "", ""
            else:
                lines.append(line)
        elif fence := re.match(r"```(\w*)", line):
            language, start, lines = fence.group(1) or "none", number, []
        elif comment := re.fullmatch(r"<!-- (.*) -->", line.strip()):
            note = comment.group(1)
            if note.startswith("edit "):
                yield Block("edit", note.removeprefix("edit "), "", number)
        elif line.strip():
            note = ""


def steps(block: Block) -> list[Step]:
    """The commands of a console block."""
    found, line = [], block.line
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        found.append(Step(command, expected, line + 1))
        line += part.count("\n")
    return found


def fits(expected: str, printed: str) -> bool:
    """Whether a command printed what the document says."""
    pattern = ""
    for line in expected.rstrip("\n").split("\n") if expected.strip() else []:
        if line.strip() == "…":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += "[^\n]*".join(re.escape(part) for part in line.rstrip().split("…")) + "\n"
    return re.fullmatch(pattern, printed) is not None


def run(command: str, folder: Path) -> str:
    """What a command prints, without blanks at line ends. Raises AssertionError when it ends like a crash."""
    settings = {k: v for k, v in os.environ.items() if k not in ("FORCE_COLOR", "PYTHONPATH")}
    settings |= {"NO_COLOR": "1", "COLUMNS": "100", "PYTHONIOENCODING": "utf-8"}
    settings["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{settings['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=settings, capture_output=True, text=True, encoding="utf-8"
    )
    assert "Traceback" not in done.stderr, f"$ {command}\n{done.stderr}"
    text = done.stdout + (done.stderr if done.returncode else "")
    return "".join(f"{line.rstrip()}\n" for line in text.rstrip().split("\n")) if text.strip() else ""


def check_fragment(text: str) -> list[str]:
    """The errors in a fragment; one that does not begin with a declaration is the inside of an action."""
    program = text if DECLARATION.search(text) else f"action fragment {{\n{text}}}\n"
    return [f"{d.kind.name}: {d.message}" for d in check_program(program) if d.kind.severity == "error"]


def write(block: Block, folder: Path) -> None:
    """Do what the document asks its reader to write."""
    if block.language == "edit":
        name, _, change = block.text.partition(": ")
        old, _, new = change.partition(" => ")
        text = (folder / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"line {block.line}: {name} has `{old}` {text.count(old)} times"
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    elif block.note.startswith("append to "):
        with (folder / block.note.removeprefix("append to ")).open("a", encoding="utf-8") as file:
            file.write("\n" + block.text)
    elif block.note.startswith("replace in "):
        name, _, old = block.note.removeprefix("replace in ").partition(": ")
        lines = (folder / name).read_text(encoding="utf-8").splitlines(keepends=True)
        hits = [i for i, line in enumerate(lines) if old in line]
        assert len(hits) == 1, f"line {block.line}: {name} has `{old}` in {len(hits)} lines"
        lines[hits[0]] = block.text
        (folder / name).write_text("".join(lines), encoding="utf-8")


def indented(text: str) -> str:
    """A text without the blanks at the start of its lines, for looking whether a file contains it."""
    return "\n".join(line.strip() for line in text.strip().splitlines())


def problems(document: Path, folder: Path, offline: bool) -> tuple[list[str], list[tuple[Step, str]]]:
    """Run a document in `folder`, a copy of its own. What is wrong with it, and what its commands printed
    where that was not what they should."""
    wrong, printed = [], []
    for block in blocks(document.read_text(encoding="utf-8")):
        place = f"{document.name}:{block.line}"
        if block.note == "not run" or (offline and block.note == "needs data"):
            continue
        match block.language:
            case "console":
                for step in steps(block):
                    got = run(step.command, folder)
                    if not fits(step.expected, got):
                        wrong.append(f"{place}: $ {step.command}\nexpected:\n{step.expected}printed:\n{got}")
                        printed.append((step, got))
            case "python":
                done = subprocess.run(
                    [sys.executable, "-c", block.text], cwd=folder, capture_output=True, text=True
                )
                if done.returncode:
                    wrong.append(f"{place}: {done.stderr}")
            case "nba" if block.note.startswith("from "):
                name = block.note.removeprefix("from ")
                if indented(block.text) not in indented((folder / name).read_text(encoding="utf-8")):
                    wrong.append(f"{place}: this is not in {name}")
            case "nba" | "edit":
                write(block, folder)
                if not block.note and block.language == "nba":
                    wrong += [f"{place}: {error}" for error in check_fragment(block.text)]
    return wrong, printed


def update(document: Path, printed: list[tuple[Step, str]]) -> None:
    """Write what the commands printed into the document, the last one first, so that lines keep their numbers."""
    lines = document.read_text(encoding="utf-8").split("\n")
    for step, got in reversed(printed):
        for pattern, shown in VARIES:
            got = pattern.sub(shown, got)
        lines[step.line : step.line + step.expected.count("\n")] = got.split("\n")[:-1]
    document.write_text("\n".join(lines), encoding="utf-8")

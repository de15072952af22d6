"""Questions to the editor's features, written below the code that they are about.

    define young = age < 30
    #      ^ @young
    define both = young and consent_email
    #             ^ definition: @young

A comment line whose first mark is `^` asks about the place above the mark, in the last line that is no question:
`@name` gives the place a name, and `feature argument: answer` asks. Such lines are taken out before the program is
checked. Places in answers are names. A program is completed and cut into files as `expectations` says; `---`
separates programs. `~` instead of `^` asks about the place behind the last character of the line.

What an answer looks like depends on the feature:

    hover: "a part" "another part"     the parts stand in what is said; `nothing` when nothing is said
    completion: a b !c                 a and b are offered, c is not; `only a b` when nothing else is
    definition: @a @b                  exactly these places (also type-definition, references, highlight, linked)
    rename new_name: @a @b             exactly these are renamed; `refused "part of the reason"` when it is not done
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from expectations import FOLDER, completed, files_of, programs

from nbadsl.ide.completion import completion
from nbadsl.ide.definition import definition, type_definition
from nbadsl.ide.hover import hover
from nbadsl.ide.references import highlights, linked, references
from nbadsl.ide.rename import CannotRename, prepare_rename, rename
from nbadsl.ide.snapshot import Snapshot
from nbadsl.workspace import Place, Workspace

CASES = Path(__file__).parent / "cases" / "ide"
_QUESTION = re.compile(r"^(\s*#[^^~]*?)([\^~])\s*(@[\w.]+|[\w-]+)([^:]*?)(?::\s*(.*))?$")


@dataclass(frozen=True, slots=True)
class Question:
    """Something asked about a place; `line` is that of the case file."""

    path: str
    offset: int
    feature: str
    argument: str
    answer: str
    line: int


@dataclass(frozen=True, slots=True)
class Case:
    """A program without its questions, checked."""

    snapshot: Snapshot
    questions: tuple[Question, ...]
    places: dict[tuple[str, int], str] = field(default_factory=dict)

    def shown(self, places: list[Place]) -> str:
        """Places by their names, sorted; one without a name is told with its text."""
        return " ".join(sorted(self._name(p) for p in places))

    def _name(self, place: Place) -> str:
        return "@" + self.places.get((place.path, place.start), f"?{place.span}")


def snapshot_of(files: dict[str, str]) -> Snapshot:
    """Files that exist in memory alone, open in an editor and checked."""
    workspace = Workspace()
    for name, text in files.items():
        workspace = workspace.with_text(str(FOLDER / name), text)
    policies = [p for p, d in workspace.documents.items() if d.is_policy] or list(workspace.documents)
    checked = {p: c for p in policies if (c := workspace.check(p)) is not None}
    return Snapshot(workspace, checked)


def case_of(program: str) -> Case:
    """A program of a case file, taken apart."""
    questions: list[Question] = []
    places: dict[tuple[str, int], str] = {}
    texts: dict[str, str] = {}
    for name, text in files_of(program).items():
        kept, start, line_text = "", 0, ""
        for number, line in enumerate(text.split("\n"), 1):
            asked = _QUESTION.match(line)
            if asked is None:
                start, line_text = len(kept), line
                kept += line + "\n"
                continue
            before, mark, feature, argument, answer = asked.groups()
            offset = start + (len(before) if mark == "^" else len(line_text))
            if feature.startswith("@"):
                places[str(FOLDER / name), offset] = feature[1:]
            else:
                questions.append(
                    Question(str(FOLDER / name), offset, feature, argument.strip(), answer or "", number)
                )
        texts[name] = kept
    return Case(snapshot_of(completed(texts)), tuple(questions), places)


def cases(feature: str) -> Iterator[tuple[str, str]]:
    """Names and programs of a feature's case files."""
    for path in sorted((CASES / feature).glob("*.nba")):
        for line, program in programs(path.read_text(encoding="utf-8")):
            yield f"{path.stem}:{line}", program


# --- answers ---


def complaint(case: Case, q: Question) -> str:
    """What is wrong with the answer to a question; "" when it is right."""
    wrong = ANSWERS[q.feature](case, q)
    return f"line {q.line}: {q.feature} {q.argument}: {wrong}" if wrong else ""


def _parts(answer: str) -> list[str]:
    return [p.replace("\\n", "\n") for p in re.findall(r'"([^"]*)"', answer)]


def _contains(said: str | None, answer: str) -> str:
    if answer == "nothing" or said is None:
        return "" if (answer == "nothing") == (said is None) else f"said {said!r}"
    missing = [p for p in _parts(answer) if p not in said]
    return f"{missing} not in {said!r}" if missing or not _parts(answer) else ""


def _hover(case: Case, q: Question) -> str:
    found = hover(case.snapshot, q.path, q.offset)
    return _contains(found.text if found else None, q.answer)


def _completion(case: Case, q: Question) -> str:
    found = completion(case.snapshot, q.path, q.offset)
    labels = {i.label for i in found.items} if found else set()
    words = [w.replace("+", " ") for w in q.answer.removeprefix("only ").split() if w != "nothing"]
    wanted = {w for w in words if not w.startswith("!")}
    if q.answer.startswith("only ") or q.answer == "nothing":
        return "" if labels == wanted else f"offered {sorted(labels)}"
    unwanted = {w[1:] for w in words if w.startswith("!")} & labels
    missing = wanted - labels
    return f"missing {sorted(missing)}, unwanted {sorted(unwanted)}" if missing or unwanted else ""


def _same(case: Case, q: Question, places: list[Place]) -> str:
    shown = case.shown(places)
    return "" if shown == " ".join(sorted(q.answer.split())) else f"found {shown}"


def _rename(case: Case, q: Question) -> str:
    try:
        changes = rename(case.snapshot, q.path, q.offset, q.argument)
        prepared = prepare_rename(case.snapshot, q.path, q.offset)
    except CannotRename as error:
        reason = str(error)
        refused = q.answer.startswith("refused") and all(p in reason for p in _parts(q.answer))
        return "" if refused else f"refused: {reason}"
    if not any((c.place.path, c.place.start) == (prepared.path, prepared.start) for c in changes):
        return "what was prepared is not renamed"
    return _same(case, q, [c.place for c in changes])


ANSWERS: dict[str, Callable[[Case, Question], str]] = {
    "hover": _hover,
    "completion": _completion,
    "definition": lambda c, q: _same(c, q, definition(c.snapshot, q.path, q.offset)),
    "type-definition": lambda c, q: _same(c, q, type_definition(c.snapshot, q.path, q.offset)),
    "references": lambda c, q: _same(c, q, references(c.snapshot, q.path, q.offset)),
    "uses": lambda c, q: _same(c, q, references(c.snapshot, q.path, q.offset, declarations=False)),
    "highlight": lambda c, q: _same(c, q, [n.place for n in highlights(c.snapshot, q.path, q.offset)]),
    "linked": lambda c, q: _same(c, q, linked(c.snapshot, q.path, q.offset)),
    "rename": _rename,
}

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
    action part of a title: "new text" the one action of such a title makes texts with these parts; `nothing`: there is none
    hints: "a part"                    the line with its hints has these parts
    fold: "kind" "last line"           what can be folded from this line on
    selection: "age" "age < 30"        what surrounds the place, from the inside
    token: kind modifier               what the word is for colours
    symbols: "action a" "field b"      the file's outline has these; workspace-symbols asks for the argument
    signature: "label" "parameter"     the label has the part, the parameter comes next
    layout: "a part" "another part"    with the declaration here laid out, the file has these parts; all of it: layout-file
    callers: a b                       who names it (also callees); link: the name of the file it leads to
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from expectations import FOLDER, completed, files_of, programs

from nbadsl.ide.actions import actions
from nbadsl.ide.calls import Call, incoming, outgoing
from nbadsl.ide.completion import completion
from nbadsl.ide.definition import definition, type_definition
from nbadsl.ide.hover import hover
from nbadsl.ide.inlay import inlay_hints
from nbadsl.ide.layout import layout, layout_range
from nbadsl.ide.references import highlights, linked, references
from nbadsl.ide.rename import CannotRename, changed, prepare_rename, rename
from nbadsl.ide.shape import folds, links, selections
from nbadsl.ide.signature import signature_help
from nbadsl.ide.snapshot import Snapshot
from nbadsl.ide.symbols import Outline, document_symbols, workspace_symbols
from nbadsl.ide.tokens import tokens
from nbadsl.workspace import Place, Workspace

DAY = date(2026, 11, 10)  # today, for values of parameters
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

    def line_of(self, path: str, offset: int) -> int:
        document = self.snapshot.document(path)
        assert document is not None
        return document.source.position(offset)[0]

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


def _action(case: Case, q: Question) -> str:
    found = [
        a
        for a in actions(case.snapshot, q.path, q.offset, q.offset)
        if q.argument in a.title.replace(":", "")
    ]
    if q.answer == "nothing" or len(found) != 1:
        return "" if q.answer == "nothing" and not found else f"offered {[a.title for a in found]}"
    changes = list(found[0].changes)
    after = changed(case.snapshot.workspace, changes)
    texts = "\n".join(after.documents[c.place.path].source.text for c in changes)
    return _contains(texts, q.answer)


def _layout(case: Case, q: Question) -> str:
    start, end = q.offset, q.offset
    whole = q.feature == "layout-file"
    changes = layout(case.snapshot, q.path) if whole else layout_range(case.snapshot, q.path, start, end)
    document = changed(case.snapshot.workspace, changes).document(q.path)
    assert document is not None
    return _contains(document.source.text, q.answer)


def _hints(case: Case, q: Question) -> str:
    document = case.snapshot.document(q.path)
    assert document is not None
    text = document.source.text
    start, end = text.rfind("\n", 0, q.offset) + 1, text.find("\n", q.offset)
    line = text[start:end]
    for hint in sorted(inlay_hints(case.snapshot, q.path, start, end, DAY), key=lambda h: -h.offset):
        line = line[: hint.offset - start] + hint.text + line[hint.offset - start :]
    return _contains(line, q.answer)


def _fold(case: Case, q: Question) -> str:
    line = case.line_of(q.path, q.offset)
    found = [
        (f.kind, f.place) for f in folds(case.snapshot, q.path) if case.line_of(q.path, f.place.start) == line
    ]
    said = [
        (kind, place.document.source.line(case.line_of(q.path, place.end)).strip()) for kind, place in found
    ]
    wanted = _parts(q.answer)
    right = not said if q.answer == "nothing" else tuple(wanted) in said
    return "" if right else f"found {said}"


def _selection(case: Case, q: Question) -> str:
    found = [p.span.words for p in selections(case.snapshot, q.path, q.offset)]
    wanted = _parts(q.answer)
    return "" if wanted and found[: len(wanted)] == wanted else f"found {found}"


def _token(case: Case, q: Question) -> str:
    found = [t for t in tokens(case.snapshot, q.path) if t.start <= q.offset < t.end]
    said = " ".join([found[0].kind, *found[0].modifiers]) if found else "nothing"
    return "" if said == q.answer else f"is {said}"


def _listed(outlines: list[Outline], q: Question) -> str:
    flat = [o for outline in outlines for o in (outline, *outline.inside)]
    said = [" ".join([o.kind, o.name, o.detail]).strip() for o in flat]
    missing = [p for p in _parts(q.answer) if p not in said]
    return f"{missing} not in {said}" if missing or not _parts(q.answer) else ""


def _signature(case: Case, q: Question) -> str:
    found = signature_help(case.snapshot, q.path, q.offset)
    if found is None or q.answer == "nothing":
        return "" if (found is None) == (q.answer == "nothing") else f"found {found}"
    active = found.parameters[found.active] if found.active < len(found.parameters) else (0, 0)
    label, parameter = _parts(q.answer)
    right = label in found.label and found.label[slice(*active)] == parameter
    return "" if right else f"found {found.label!r}, {found.label[slice(*active)]!r}"


def _calls(ask: Callable[[Snapshot, str, int], list[Call]]) -> Callable[[Case, Question], str]:
    def answer(case: Case, q: Question) -> str:
        found = " ".join(sorted(c.outline.name for c in ask(case.snapshot, q.path, q.offset)))
        return "" if found == " ".join(sorted(q.answer.split())) else f"found {found}"

    return answer


def _link(case: Case, q: Question) -> str:
    found = [Path(t).name for p, t in links(case.snapshot, q.path) if p.start <= q.offset <= p.end]
    return "" if found == q.answer.split() else f"found {found}"


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
    "action": _action,
    "layout": _layout,
    "layout-file": _layout,
    "hints": _hints,
    "fold": _fold,
    "selection": _selection,
    "token": _token,
    "symbols": lambda c, q: _listed(document_symbols(c.snapshot, q.path), q),
    "workspace-symbols": lambda c, q: _listed(workspace_symbols(c.snapshot, q.argument), q),
    "signature": _signature,
    "callers": _calls(incoming),
    "callees": _calls(outgoing),
    "link": _link,
}

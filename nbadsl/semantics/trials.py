"""Guarantees and tests: the promises that a policy makes about itself."""

from __future__ import annotations

from nbadsl.diagnostics.suggest import did_you_mean
from nbadsl.semantics.constants import fits, literal
from nbadsl.semantics.fixes import replacement, word_advice
from nbadsl.semantics.infer import Inference
from nbadsl.semantics.keys import judge_scope
from nbadsl.semantics.limits import judge_at_most
from nbadsl.semantics.model import Symbol
from nbadsl.semantics.rules import judge_person, judge_uniform
from nbadsl.syntax import nodes
from nbadsl.types import ANYTHING, CALENDAR_UNITS, FLAG, Date, Set, Time, Type

# Columns of a `cases` table that are not fields.
OUTCOMES = ("expect", "via", "content")


def judge_trials(inference: Inference) -> None:
    """All guarantees and tests."""
    for guarantee in inference.model.guarantees:
        judge_scope(inference.model, guarantee.scope, ("action", "group", "channel"), inference.found)
        info = inference.require(guarantee.when, FLAG, "the condition after `when`")
        judge_person(inference, guarantee.when, info, "a guarantee")
    for promise in inference.model.at_most:
        judge_scope(inference.model, promise.scope, ("action", "group", "channel"), inference.found)
        judge_at_most(inference, promise)
    titles: dict[str, nodes.Test] = {}
    for test in inference.model.tests:
        if titles.setdefault(test.title.text, test) is not test:
            inference.found.report(
                "repeated-name", test.title.span, name=test.title.text, other="another test"
            )
        _Trial(inference, test).judge()


class _Trial:
    def __init__(self, inference: Inference, test: nodes.Test) -> None:
        self.inference, self.test = inference, test
        self.model, self.found = inference.model, inference.found
        self.given: set[str] = set()
        # A field that the policy never asks cannot matter to a test.
        uses = {u.name for u in self.model.uses.values() if isinstance(u, Symbol)}
        self.read = (self.model.named | uses) - self.model.misread

    def judge(self) -> None:
        moments = [item for item in self.test.items if isinstance(item, nodes.TestNow)]
        for repeated in moments[1:]:
            self.found.report("repeated-item", repeated.span, what="now", where="the test")
        for item in self.test.items:
            match item:
                case nodes.TestEntries():
                    self._entries(item)
                case nodes.TestHistory():
                    self._history(item)
                case nodes.TestCases():
                    self._cases(item)
                case nodes.Expect():
                    self._expect(item)
                case nodes.TestNow():
                    pass
        self._missing()
        if not any(isinstance(item, nodes.Expect | nodes.TestCases) for item in self.test.items):
            help = "add a line such as `expect nothing`"
            self.found.report("missing-expectation", self.test.title.span, help=help)

    def _missing(self) -> None:
        for symbol in (*self.model.of_kind("field"), *self.model.of_kind("context")):
            declared = symbol.input
            if declared is not None and declared.default is not None:
                continue
            if declared is None or declared.optional or declared.never or symbol.name in self.given:
                continue
            if symbol.name not in self.read:
                continue
            if self.model.profile is not None and symbol.name == self.model.profile.key.text:
                continue  # a test needs no name for its one customer
            help = f"add `{symbol.name}: …`, or declare the field `optional`"
            self.found.report("missing-field", self.test.title.span, field=symbol.name, help=help)

    def _entries(self, item: nodes.TestEntries) -> None:
        profile = self.model.profile.name.text if self.model.profile else ""
        if item.name.text not in (profile, "context"):
            if "*" not in self.model.broken:
                help = did_you_mean(item.name.text, [profile, "context", "history", "cases"])
                self.found.report(
                    "unknown-name", item.name.span, what="block", name=item.name.text, help=help
                )
            return
        kind = "context" if item.name.text == "context" else "field"
        for entry in item.entries:
            symbol = self._field(entry.field, kind)
            if entry.field.text in self.given:
                self.found.report("repeated-item", entry.span, what=entry.field.text, where="the test")
            self.given.add(entry.field.text)
            if symbol is not None:
                self._value(symbol, entry)

    def _field(self, name: nodes.Name, kind: str, also: tuple[str, ...] = ()) -> Symbol | None:
        """The field of a name; `also`: other names that could stand in its place."""
        symbol = self.model.symbols.get(name.text)
        if symbol is not None and symbol.kind == kind:
            return symbol
        if name.text not in self.model.broken and "*" not in self.model.broken:
            known = [*(s.name for s in self.model.of_kind(kind)), *also]
            what = "profile field" if kind == "field" else "context field"
            help, fixes = did_you_mean(name.text, known), replacement(name.span, name.text, known)
            self.found.report("unknown-name", name.span, what=what, name=name.text, help=help, fixes=fixes)
        return None

    def _value(self, symbol: Symbol, entry: nodes.Entry) -> None:
        declared = symbol.input
        assert declared is not None
        what = f"`{symbol.name}`"
        match entry.value:
            case "never" if declared.never:
                return
            case "unknown" if declared.optional:
                return
            case str():
                modifier = "or never" if entry.value == "never" else "optional"
                help = f"only a field that is `{modifier}` can be {entry.value}"
                found, expected = f"`{entry.value}`", "a value"
                self.found.report(
                    "wrong-type", entry.span, what=what, found=found, expected=expected, help=help
                )
            case tuple():
                self._set(symbol, entry.value, entry)
            case nodes.Quantity() if entry.ago and entry.value.unit in CALENDAR_UNITS:
                self._no_length(entry.value)
            case nodes.Quantity() if entry.ago:
                if not isinstance(declared.type, Date | Time):
                    self.found.report(
                        "wrong-type", entry.span, what=what, found="a moment", expected=f"`{declared.type}`"
                    )
            case value:
                assert isinstance(value, nodes.Expr)
                info = self.inference.require(value, declared.type, what)
                judge_uniform(self.inference, value, info, f"the value of {what}")
                read = literal(value, self.model.settings.zone)
                if read is not None and not fits(read[0], declared.low, declared.high):
                    found, range = f"`{value.span.text}`", f"the range of {what}"
                    self.found.report("out-of-range", value.span, found=found, range=range)

    def _set(self, symbol: Symbol, words: tuple[nodes.Name, ...], entry: nodes.Entry) -> None:
        assert symbol.input is not None
        type = symbol.input.type
        if not isinstance(type, Set):
            what = f"`{symbol.name}`"
            self.found.report("wrong-type", entry.span, what=what, found="a set", expected=f"`{type}`")
            return
        for word in words:
            if word.text not in type.words:
                what, (help, fixes) = f"`{symbol.name}`", word_advice(word.span, word.text, type.words)
                self.found.report(
                    "unknown-word", word.span, word=word.text, what=what, help=help, fixes=fixes
                )

    def _no_length(self, ago: nodes.Quantity) -> None:
        step, help = "a step of the calendar, not a length", "write it in days or weeks"
        self.found.report("not-a-value", ago.span, name=ago.span.text, what=step, help=help)

    def _history(self, item: nodes.TestHistory) -> None:
        for event in item.events:
            judge_scope(self.model, event.action, ("action",), self.found)
            if event.channel is not None:
                judge_scope(self.model, event.channel, ("channel",), self.found)
            if isinstance(event.when, nodes.Quantity) and event.when.unit in CALENDAR_UNITS:
                self._no_length(event.when)

    def _cases(self, item: nodes.TestCases) -> None:
        header = item.rows[0]
        names = [c.values[0] if c.values else None for c in header.cells]
        symbols: list[Symbol | str | None] = []
        for cell, name in zip(header.cells, names, strict=True):
            if not isinstance(name, nodes.Reference) or cell.kind != "value" or len(cell.values) > 1:
                self.found.report("wrong-columns", cell.span, found=f"`{cell.span.text}`", expected="a field")
                symbols.append(None)
                continue
            self.given.add(name.name)
            is_context = self.model.symbols.get(name.name) in self.model.of_kind("context")
            kind = "context" if is_context else "field"
            known = (
                name.name
                if name.name in OUTCOMES
                else self._field(nodes.Name(name.name, name.span), kind, OUTCOMES)
            )
            symbols.append(known)
        for row in item.rows[1:]:
            if len(row.cells) != len(header.cells):
                self.found.report("wrong-cells", row.span, found=len(row.cells), expected=len(header.cells))
                continue
            for symbol, cell in zip(symbols, row.cells, strict=True):
                self._case(symbol, cell)

    def _case(self, symbol: Symbol | str | None, cell: nodes.Cell) -> None:
        if symbol is None or (isinstance(symbol, str) and cell.kind in ("any", "unknown")):
            return  # not asked
        value = cell.values[0] if cell.kind == "value" and len(cell.values) == 1 else None
        if isinstance(symbol, str):
            self._outcome(symbol, value, cell)
        else:
            entry = self._entry(symbol, value, cell)
            if entry is None:
                found = f"`{cell.span.text}`"
                self.found.report("wrong-cell", cell.span, found=found, expected="one value")
            else:
                self._value(symbol, entry)

    def _entry(self, symbol: Symbol, value: nodes.Expr | None, cell: nodes.Cell) -> nodes.Entry | None:
        """A cell as the entry that says the same."""
        name = nodes.Name(symbol.name, cell.span)
        match cell.kind:
            case "never" | "unknown":
                return nodes.Entry(name, cell.kind, False, cell.span)
            case "set":
                words = [nodes.Name(v.name, v.span) for v in cell.values if isinstance(v, nodes.Reference)]
                return nodes.Entry(name, tuple(words), False, cell.span)
            case "ago":
                return nodes.Entry(name, cell.values[0], True, cell.span)
            case _:
                return None if value is None else nodes.Entry(name, value, False, cell.span)

    def _outcome(self, column: str, value: nodes.Expr | None, cell: nodes.Cell) -> None:
        if column == "content":
            if not isinstance(value, nodes.TextValue):
                self.found.report("wrong-cell", cell.span, found=f"`{cell.span.text}`", expected="a text")
        elif not isinstance(value, nodes.Reference):
            self.found.report("wrong-cell", cell.span, found=f"`{cell.span.text}`", expected="a name")
        elif column == "via":
            judge_scope(self.model, nodes.Name(value.name, value.span), ("channel",), self.found)
        elif value.name != "nothing":
            judge_scope(self.model, nodes.Name(value.name, value.span), ("action",), self.found)

    def _expect(self, item: nodes.Expect) -> None:
        if item.scope is not None:
            kinds = ("action", "group", "channel") if item.kind == "no" else ("action",)
            judge_scope(self.model, item.scope, kinds, self.found)
        if item.channel is not None:
            judge_scope(self.model, item.channel, ("channel",), self.found)
        if item.content is not None and item.content.text not in self.model.contents:
            help = did_you_mean(item.content.text, self.model.contents)
            name = item.content.text
            self.found.report("unknown-name", item.content.span, what="content", name=name, help=help)
        for end in item.between or ():
            info = self.inference.require(end, self._score_type(), "an expected score")
            judge_uniform(self.inference, end, info, "an expected score")

    def _score_type(self) -> Type:
        choices = self.model.arbitrate.choices if self.model.arbitrate else ()
        score = next((c for c in choices if isinstance(c, nodes.Score)), None)
        info = self.model.infos.get(score.value) if score is not None else None
        return info.type if info is not None else ANYTHING

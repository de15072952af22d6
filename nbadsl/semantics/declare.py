"""Collect what the files declare.

Takes the trees; gives a model with every symbol and scope, the policy's settings, and fields with their
types. Nothing is typed beyond that: expressions come later, when every name is known.
"""

from __future__ import annotations

from zoneinfo import ZoneInfoNotFoundError

from nbadsl.diagnostics import Findings
from nbadsl.diagnostics.suggest import did_you_mean
from nbadsl.inputs import FACTS
from nbadsl.semantics.fields import read_input
from nbadsl.semantics.load import Loaded
from nbadsl.semantics.model import Model, Settings, Symbol
from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.zone import zone

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NO_NAMES = ("yes", "no", "if", "not")  # words that an expression can begin with


def declare(loaded: Loaded, found: Findings) -> Model:
    """The model of a policy's names."""
    model = Model(loaded.files)
    everything = [d for file in loaded.files for d in file.declarations]
    policies = [d for d in everything if isinstance(d, nodes.Policy)]
    for repeated in policies[1:]:
        found.report("repeated-declaration", repeated.span, what="policy")
    if policies:
        model.settings = _settings(policies[0], found)
    if loaded.partial:
        model.broken.add("*")
    model.library = {path: {} for path in loaded.library}
    declarer = _Declarer(model, found)
    for declaration in everything:
        declarer.visit(declaration)
    declarer.finish(everything)
    return model


def _settings(policy: nodes.Policy, found: Findings) -> Settings:
    settings: dict[str, object] = {"name": policy.name.text}
    for setting in policy.settings:
        kind, first = setting.kind, setting.values[0]
        if kind in settings or (kind == "week" and "week_start" in settings):
            found.report("repeated-item", setting.span, what=kind, where="`policy`")
        match kind:
            case "week" if first.text not in WEEKDAYS:
                help = did_you_mean(first.text, WEEKDAYS)
                found.report(
                    "unknown-setting", first.span, found=first.text, expected="a day of the week", help=help
                )
            case "week":
                settings["week_start"] = WEEKDAYS.index(first.text) + 1
            case "timezone":
                try:
                    zone(first.text)
                    settings[kind] = first.text
                except (ZoneInfoNotFoundError, ValueError, OSError):
                    help = "an IANA name such as `Europe/Berlin`"
                    found.report("unknown-timezone", first.span, name=first.text, help=help)
            case "purposes":
                settings[kind] = tuple(v.text for v in setting.values)
            case _:
                settings[kind] = first.text
    return Settings(**settings)  # type: ignore[arg-type]


class _Declarer:
    def __init__(self, model: Model, found: Findings) -> None:
        self.model, self.found = model, found
        self.first: dict[str, Span] = {}

    def visit(self, d: nodes.Declaration) -> None:
        model = self.model
        match d:
            case nodes.Broken():
                model.broken.add(d.name)
                if d.keyword in ("import", "profile", "context", "policy"):
                    model.broken.add("*")
            case nodes.Profile():
                if self._only("profile", d.span):
                    model.profile = d
                    self._fields("field", "a profile", d.fields)
            case nodes.Context():
                if self._only("context", d.span):
                    self._fields("context", "the context", d.fields)
            case nodes.Parameter():
                declared = read_input(d.field, "a parameter", model.settings, self.found)
                self._symbol(Symbol("parameter", d.name.text, d, d.name.span, declared))
            case nodes.Define() | nodes.Function() | nodes.Table() | nodes.Experiment():
                self._symbol(Symbol(type(d).__name__.lower(), d.name.text, d, d.name.span))
            case nodes.Scope():
                self._scope(d)
            case nodes.Priority():
                if self._only("priority", d.span):
                    model.priority = d
            case nodes.Arbitrate():
                if self._only("arbitrate", d.span):
                    model.arbitrate = d
            case nodes.Explore():
                if self._only("explore", d.span):
                    model.explore = d
            case nodes.Holdout():
                model.holdouts.append(d)
            case nodes.Guarantee():
                model.guarantees.append(d)
            case nodes.AtMost():
                model.at_most.append(d)
            case nodes.Test():
                model.tests.append(d)
            case nodes.Overall():
                model.overall.append(d)
            case nodes.Policy() | nodes.Import():
                pass

    def finish(self, everything: list[nodes.Declaration]) -> None:
        """What can be said only when all declarations were seen."""
        model, contents, slots = self.model, [], ["now"]
        for scope in model.scopes.values():
            for item in _inside(scope.items):
                if isinstance(item, nodes.Content) and item.name.text not in contents:
                    contents.append(item.name.text)
                elif isinstance(item, nodes.Send):
                    slots += [s.name.text for s in item.slots if s.name.text not in slots]
        model.contents, model.slots = tuple(contents), tuple(slots)
        end = everything[-1].span if everything else Span(model.files[-1].source, 0, 0)
        for what, there in (("policy", self._has(nodes.Policy)), ("profile", model.profile)):
            if not there and what not in self._broken_keywords(everything):
                help = f"every policy has one `{what}` block"
                first = everything[0].span if everything else end
                word = first.text.split()[0] if everything else ""
                at = Span(first.source, first.start, first.start + len(word))
                self.found.report("missing-declaration", at, what=what, help=help)

    def _has(self, cls: type) -> bool:
        return any(isinstance(d, cls) for file in self.model.files for d in file.declarations)

    def _broken_keywords(self, everything: list[nodes.Declaration]) -> set[str]:
        return {d.keyword for d in everything if isinstance(d, nodes.Broken)}

    def _only(self, what: str, span: Span) -> bool:
        first = self.first.setdefault(what, span)
        if first is not span:
            related = ((first, "the first one"),)
            self.found.report("repeated-declaration", span, what=what, related=related)
        return first is span

    def _symbol(self, symbol: Symbol) -> None:
        other = self.model.symbols.get(symbol.name)
        own = self.model.library.get(symbol.span.source.path)
        if own is not None:
            own.setdefault(symbol.name, symbol)
        if symbol.name in (*FACTS, *NO_NAMES):
            self.found.report("repeated-name", symbol.span, name=symbol.name, other="the language itself")
        elif other is not None and own is None and other.span.source.path in self.model.library:
            self.model.symbols[symbol.name] = symbol  # the policy's own words come first
        elif other is not None:
            related = ((other.span, "declared here"),)
            self.found.report(
                "repeated-name", symbol.span, name=symbol.name, other=other.phrase, related=related
            )
        else:
            self.model.symbols[symbol.name] = symbol

    def _scope(self, scope: nodes.Scope) -> None:
        other = self.model.scopes.get(scope.name.text)
        if other is None:
            self.model.scopes[scope.name.text] = scope
            return
        related = ((other.name.span, "declared here"),)
        phrase = f"{'an' if other.kind == 'action' else 'a'} {other.kind}"
        self.found.report(
            "repeated-name", scope.name.span, name=scope.name.text, other=phrase, related=related
        )

    def _fields(self, kind: str, place: str, fields: tuple[nodes.Field, ...]) -> None:
        for field in fields:
            declared = read_input(field, place, self.model.settings, self.found)
            purpose = self._purpose(field)
            self._symbol(Symbol(kind, field.name.text, field, field.name.span, declared, purpose))

    def _purpose(self, field: nodes.Field) -> str | None:
        for modifier in field.modifiers:
            if modifier.kind == "only_for" and isinstance(modifier.value, nodes.Name):
                name, purposes = modifier.value, self.model.settings.purposes
                if name.text not in purposes and "*" not in self.model.broken:
                    help = did_you_mean(name.text, purposes) or "list it under `purposes` in the policy block"
                    self.found.report("unknown-purpose", name.span, name=name.text, help=help)
                return name.text
        return None


def _inside(items: tuple[nodes.Item, ...]):  # type: ignore[no-untyped-def]
    for item in items:
        yield item
        if isinstance(item, nodes.Via | nodes.Content):
            yield from _inside(item.items)

"""Collect what the files declare.

Takes the trees; gives a model with every symbol and scope, the policy's settings, and fields with their
types. Nothing is typed beyond that: expressions come later, when every name is known.
"""

from __future__ import annotations

from zoneinfo import ZoneInfoNotFoundError

from nbadsl.diagnostics import Findings
from nbadsl.diagnostics.suggest import did_you_mean
from nbadsl.inputs import Input, Value
from nbadsl.semantics.constants import fits, literal
from nbadsl.semantics.load import Loaded
from nbadsl.semantics.model import Model, Settings, Symbol
from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.syntax.comments import documentation
from nbadsl.types import (
    ANYTHING,
    CLOCK,
    DATE,
    DURATION,
    FLAG,
    INTEGER,
    NUMBER,
    TEXT,
    TIME,
    UNITS,
    Anything,
    Date,
    Duration,
    Money,
    Number,
    Set,
    Time,
    Type,
    Words,
    is_numeric,
)
from nbadsl.zone import zone

NAMED_TYPES: dict[str, Type] = {
    "flag": FLAG,
    "integer": INTEGER,
    "number": NUMBER,
    "probability": NUMBER,
    "duration": DURATION,
    "date": DATE,
    "time": TIME,
    "clock": CLOCK,
    "text": TEXT,
}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NO_NAMES = ("yes", "no", "if", "not")  # words that an expression can begin with
FACTS = ("now", "today", "channel", "content", "slot", "propensity", "value", "boost", "cost")


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
                    self._fields("field", d.fields)
            case nodes.Context():
                if self._only("context", d.span):
                    self._fields("context", d.fields)
            case nodes.Parameter():
                self._symbol(Symbol("parameter", d.name.text, d, d.name.span, self.input(d.field)))
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

    def _fields(self, kind: str, fields: tuple[nodes.Field, ...]) -> None:
        for field in fields:
            purpose = self._purpose(field)
            self._symbol(Symbol(kind, field.name.text, field, field.name.span, self.input(field), purpose))

    def _purpose(self, field: nodes.Field) -> str | None:
        for modifier in field.modifiers:
            if modifier.kind == "only_for" and isinstance(modifier.value, nodes.Name):
                name, purposes = modifier.value, self.model.settings.purposes
                if name.text not in purposes and "*" not in self.model.broken:
                    help = did_you_mean(name.text, purposes) or "list it under `purposes` in the policy block"
                    self.found.report("unknown-purpose", name.span, name=name.text, help=help)
                return name.text
        return None

    def input(self, field: nodes.Field) -> Input:
        """A field with its type and modifiers judged."""
        return read_input(field, self.model.settings, self.found)


def _inside(items: tuple[nodes.Item, ...]):  # type: ignore[no-untyped-def]
    for item in items:
        yield item
        if isinstance(item, nodes.Via | nodes.Content):
            yield from _inside(item.items)


def read_type(type: nodes.TypeName, settings: Settings, found: Findings) -> Type:
    """The type that a type name stands for; `money` is the policy's currency until a modifier says more."""
    if type.words is not None:
        words = tuple(w.text for w in type.words)
        for i, word in enumerate(type.words):
            if word.text in words[:i]:
                found.report("repeated-name", word.span, name=word.text, other="a word of the same list")
        unique = tuple(dict.fromkeys(words))
        return Words(unique) if type.name == "one of" else Set(unique)
    if type.name == "money":
        return Money(settings.currency)
    if type.name in NAMED_TYPES:
        return NAMED_TYPES[type.name]
    help = did_you_mean(type.name, [*NAMED_TYPES, "money", "one of", "any of"])
    found.report("unknown-type", type.span, name=type.name, help=help)
    return ANYTHING


def read_input(field: nodes.Field, settings: Settings, found: Findings) -> Input:
    """A field, parameter or function parameter as an input."""
    type = read_type(field.type, settings, found)
    parts: dict[str, object] = {}
    if field.type.name == "probability":
        parts = {"low": 0.0, "high": 1.0}
    # The currency first: ranges and defaults are read in it.
    for modifier in sorted(field.modifiers, key=lambda m: m.kind != "in_currency"):
        if (
            modifier.kind == "in_currency"
            and isinstance(type, Money)
            and isinstance(modifier.value, nodes.Name)
        ):
            type = Money(modifier.value.text)
            continue
        if not _goes_with(modifier.kind, type, parts):
            shown = " ".join(modifier.span.text.split())
            found.report("wrong-modifier", modifier.span, modifier=shown, type=f"`{type}`")
            continue
        parts |= _modifier(modifier, type, settings, found)
    parts.setdefault("column", field.name.text)
    value = parts.get("default")
    if value is not None and not fits(value, parts.get("low"), parts.get("high")):  # type: ignore[arg-type]
        span = next(m.span for m in field.modifiers if m.kind == "default")
        report_outside(found, span, value, parts.get("low"), parts.get("high"))  # type: ignore[arg-type]
    return Input(field.name.text, type, doc=documentation(field.span), **parts)  # type: ignore[arg-type]


def report_outside(found: Findings, span: Span, value: Value, low: object, high: object) -> None:
    """A value that does not keep its declared range."""
    assert isinstance(value, float | int)
    range = f"`{low:g}..{high:g}`" if isinstance(low, float) and isinstance(high, float) else "the range"
    found.report("out-of-range", span, found=f"`{value:g}`", range=range)


def _goes_with(kind: str, type: Type, parts: dict[str, object]) -> bool:
    if isinstance(type, Anything):
        return True
    match kind:
        case "in_range":
            return is_numeric(type)
        case "in_unit":
            return isinstance(type, Duration)
        case "in_currency":
            return False
        case "or_never":
            return isinstance(type, Date | Time) and not parts.get("optional")
        case "optional":
            return not parts.get("never")
        case _:
            return True


def _modifier(modifier: nodes.Modifier, type: Type, settings: Settings, found: Findings) -> dict[str, object]:
    value = modifier.value
    match modifier.kind:
        case "optional":
            return {"optional": True}
        case "or_never":
            return {"never": True}
        case "from_column":
            assert isinstance(value, nodes.String)
            return {"column": value.text}
        case "in_unit":
            assert isinstance(value, nodes.Name)
            if value.text not in UNITS:
                found.report("wrong-modifier", modifier.span, modifier=value.text, type="`duration`")
            return {"unit": UNITS.get(value.text, 1.0)}
        case "in_range":
            assert isinstance(value, nodes.Range)
            return _bounds(value, type, settings, found)
        case "default":
            assert isinstance(value, nodes.Expr)
            return {"default": constant(value, type, settings, found, "the value")}
        case _:
            return {}


def _bounds(range: nodes.Range, type: Type, settings: Settings, found: Findings) -> dict[str, object]:
    low = constant(range.low, type, settings, found, "the lower bound")
    high = constant(range.high, type, settings, found, "the upper bound")
    if isinstance(low, float) and isinstance(high, float) and low > high:
        found.report("wrong-range", range.span, found=f"`{range.span.text}`")
        return {}
    return {"low": low, "high": high}


def constant(expr: nodes.Expr, type: Type, settings: Settings, found: Findings, what: str) -> Value:
    """The value of a literal that must have a type; None, and a finding, when it is something else."""
    if isinstance(type, Anything):
        return None
    if isinstance(type, Words) and isinstance(expr, nodes.Reference):
        if expr.name not in type.words:
            help = did_you_mean(expr.name, type.words)
            found.report("unknown-word", expr.span, word=expr.name, what=what, help=help)
            return None
        return expr.name
    read = literal(expr, settings.zone)
    if read is None:
        help = "only a literal can stand here"
        found.report(
            "wrong-type", expr.span, what=what, found="an expression", expected=f"`{type}`", help=help
        )
        return None
    value, has = read
    if isinstance(type, Time) and isinstance(has, Date):
        return settings.zone.midnight(float(value))
    if has == type or (isinstance(type, Number) and has == INTEGER):
        return float(value) if is_numeric(type) else value
    if has == INTEGER and value == 0 and is_numeric(type) and not isinstance(type, Date | Time):
        return 0.0  # nothing is nothing in every unit
    found.report("wrong-type", expr.span, what=what, found=f"`{has}`", expected=f"`{type}`")
    return None

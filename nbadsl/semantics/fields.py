"""Fields: types with their modifiers, as inputs.

Takes a field of the tree and the place where it stands (a profile, the context, a parameter, …); gives the
`Input` that it declares. What a modifier may say depends on the type, and which modifiers may stand there
on the place: a word that would mean nothing is an error, not a decoration.
"""

from __future__ import annotations

from nbadsl.diagnostics import Edit, Findings, Fix
from nbadsl.diagnostics.suggest import nearest
from nbadsl.inputs import Input, Value
from nbadsl.semantics.constants import fits, literal
from nbadsl.semantics.fixes import word_advice
from nbadsl.semantics.model import Settings
from nbadsl.source import Span
from nbadsl.syntax import nodes
from nbadsl.syntax.comments import documentation
from nbadsl.types import (
    ANYTHING,
    CALENDAR_UNITS,
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

# What other languages call the types.
ELSEWHERE = {
    **dict.fromkeys(("float", "double", "decimal", "real", "numeric", "percent"), "number"),
    **dict.fromkeys(("int", "long", "bigint", "smallint"), "integer"),
    **dict.fromkeys(("str", "string", "varchar", "char"), "text"),
    **dict.fromkeys(("bool", "boolean"), "flag"),
    **dict.fromkeys(("datetime", "timestamp", "instant"), "time"),
    **dict.fromkeys(("interval", "timedelta"), "duration"),
    "currency": "money",
}

# Which modifiers mean something at a place, by the name that messages give it.
MODIFIERS = {
    "a profile": {
        *("in_range", "in_unit", "in_currency", "optional", "or_never", "only_for", "from_column", "default"),
    },
    "the context": {
        *("in_range", "in_unit", "in_currency", "optional", "or_never", "only_for", "default"),
    },
    "a parameter": {"in_range", "in_unit", "in_currency", "default"},
    "a function's parameter": {"in_currency", "optional", "or_never"},
    "a table's column": {"in_range", "in_currency", "optional", "or_never"},
    "a result": {"in_currency"},
}
_INSTEAD = {
    ("the context", "from_column"): "what a request brings has no column: name the field as the request does",
    ("a parameter", "optional"): "a parameter always has its value",
    ("a parameter", "or_never"): "a parameter always has its value",
    ("a function's parameter", "in_range"): "arguments are not checked: use `clamp` in the body",
    ("a function's parameter", "default"): "every argument is given in the call",
    ("a table's column", "default"): "every argument is given in the call",
    ("a result", "in_range"): "results are not checked: use `clamp`",
    ("a result", "optional"): "whether a result may be unknown follows from what it is computed from",
    ("a result", "or_never"): "whether a result may be unknown follows from what it is computed from",
}


def read_type(type: nodes.TypeName, settings: Settings, found: Findings) -> Type:
    """The type that a type name stands for; `money` is the policy's currency until a modifier says more."""
    if type.words is not None:
        words = tuple(w.text for w in type.words)
        for i, word in enumerate(type.words):
            if word.text in words[:i]:
                found.report("repeated-name", word.span, name=word.text, other="a word of the same list")
            elif why := _wrong(word.text):
                found.report("wrong-word", word.span, found=f"`{word.span.text}`", why=why)
        unique = tuple(dict.fromkeys(words))
        return Words(unique) if type.name == "one of" else Set(unique)
    if type.name == "money":
        return Money(settings.currency)
    if type.name in NAMED_TYPES:
        return NAMED_TYPES[type.name]
    known = [*NAMED_TYPES, "money"]
    name = ELSEWHERE.get(type.name.lower()) or nearest(type.name, known)
    fixes = (Fix(f"write `{name}`", (Edit(type.span, name),)),) if name else ()
    help = f"did you mean `{name}`?" if name else f"there are {', '.join(f'`{k}`' for k in known)}"
    if type.name.lower() in ("enum", "category", "one", "any"):
        help, fixes = "list the words: `one of basic, plus`, or `any of …` where it may be several", ()
    found.report("unknown-type", type.span, name=type.name, help=help, fixes=fixes)
    return ANYTHING


def read_input(field: nodes.Field, place: str, settings: Settings, found: Findings) -> Input:
    """A field at a place (one of `MODIFIERS`) as an input."""
    type = read_type(field.type, settings, found)
    parts: dict[str, object] = {}
    if field.type.name == "probability":
        parts = {"low": 0.0, "high": 1.0}
    seen: set[str] = set()
    # The currency first: ranges and defaults are read in it.
    for modifier in sorted(field.modifiers, key=lambda m: m.kind != "in_currency"):
        if not _may_stand(modifier, place, seen, found):
            continue
        seen.add(modifier.kind)
        if modifier.kind == "in_currency" and isinstance(type, Money):
            assert isinstance(modifier.value, nodes.Name)
            type = Money(modifier.value.text)
        elif _goes_with(modifier, type, parts, found):
            parts |= _modifier(field.name.text, modifier, type, settings, found)
    parts.setdefault("column", field.name.text)
    if field.type.name == "probability":
        _keep_probability(field, parts, found)
    value = parts.get("default")
    if value is not None and not fits(value, parts.get("low"), parts.get("high")):  # type: ignore[arg-type]
        span = next(m.span for m in field.modifiers if m.kind == "default")
        report_outside(found, span, value, parts.get("low"), parts.get("high"))  # type: ignore[arg-type]
    parts |= {"doc": documentation(field.span), "zone": settings.timezone}
    return Input(field.name.text, type, **parts)  # type: ignore[arg-type]


def _may_stand(modifier: nodes.Modifier, place: str, seen: set[str], found: Findings) -> bool:
    """Whether a modifier means something at its place, and stands there for the first time; reports when not."""
    what = modifier.span.words
    source = modifier.span.source
    start = len(source.text[: modifier.span.start].rstrip())
    fixes = (Fix(f"remove `{what}`", (Edit(Span(source, start, modifier.span.end), ""),)),)
    if modifier.kind not in MODIFIERS[place]:
        help = _INSTEAD.get((place, modifier.kind), "it would mean nothing there: remove it")
        found.report("misplaced-item", modifier.span, what=what, where=place, help=help, fixes=fixes)
        return False
    if modifier.kind in seen:
        found.report("repeated-item", modifier.span, what=what, where="one field", fixes=fixes)
        return False
    return True


def _keep_probability(field: nodes.Field, parts: dict[str, object], found: Findings) -> None:
    """A probability may have a narrower range than 0 to 1, but no wider one."""
    range = next((m.value for m in field.modifiers if isinstance(m.value, nodes.Range)), None)
    bounds = (parts["low"], parts["high"])
    if range is None or all(fits(bound, 0.0, 1.0) for bound in bounds):  # type: ignore[arg-type]
        return
    help = "a probability lies between 0 and 1; use `number` for anything else"
    found.report("out-of-range", range.span, found=f"`{range.span.text}`", range="`0..1`", help=help)
    parts |= {"low": 0.0, "high": 1.0}


def report_outside(found: Findings, span: Span, value: Value, low: object, high: object) -> None:
    """A value that does not keep its declared range."""
    assert isinstance(value, float | int)
    range = f"`{low:g}..{high:g}`" if isinstance(low, float) and isinstance(high, float) else "the range"
    found.report("out-of-range", span, found=f"`{value:g}`", range=range)


def _goes_with(modifier: nodes.Modifier, type: Type, parts: dict[str, object], found: Findings) -> bool:
    """Whether a modifier fits the type and the modifiers before it; reports when not."""
    kind, other, help = modifier.kind, f"`{type}`", ""
    match kind:
        case _ if isinstance(type, Anything):
            return True
        case "in_range":
            fitting = is_numeric(type)
        case "in_unit":
            fitting = isinstance(type, Duration)
            if fitting and isinstance(modifier.value, nodes.Name) and modifier.value.text in CALENDAR_UNITS:
                fitting, help = False, "months and years differ in length: count in days"
        case "in_currency":
            fitting = False
        case "or_never":
            fitting = isinstance(type, Date | Time)
        case _:
            fitting = True
    opposite = {"or_never": "optional", "optional": "never"}.get(kind, "")
    if fitting and parts.get(opposite):
        fitting, other = False, "`optional`" if kind == "or_never" else "`or never`"
        help = "a missing value means one thing: that it is unknown, or that it has not happened"
    if not fitting:
        shown = modifier.span.words
        found.report("wrong-modifier", modifier.span, modifier=shown, type=other, help=help)
    return fitting


def _modifier(
    name: str, modifier: nodes.Modifier, type: Type, settings: Settings, found: Findings
) -> dict[str, object]:
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
            return {"unit": UNITS.get(value.text, 1.0)}
        case "in_range":
            assert isinstance(value, nodes.Range)
            return _bounds(value, type, settings, found)
        case "default":
            assert isinstance(value, nodes.Expr)
            return {"default": constant(value, type, settings, found, f"`{name}`")}
        case _:
            return {}


def _bounds(range: nodes.Range, type: Type, settings: Settings, found: Findings) -> dict[str, object]:
    low = constant(range.low, type, settings, found, "the lower bound")
    high = constant(range.high, type, settings, found, "the upper bound")
    if isinstance(low, float) and isinstance(high, float) and low > high:
        found.report("wrong-range", range.span, found=f"`{range.span.text}`")
        return {}
    return {"low": low, "high": high}


def _wrong(word: str) -> str:
    """Why a text cannot be a word, if it cannot: nobody could see what it is, or tell it from its neighbours."""
    if not word or word != word.strip() or not word.isprintable():
        return "it is empty, begins or ends with a blank, or has a character that nobody sees"
    return "`|` stands between the words of a cell" if "|" in word else ""


def constant(expr: nodes.Expr, type: Type, settings: Settings, found: Findings, what: str) -> Value:
    """The value of a literal that must have a type; None, and a finding, when it is something else."""
    if isinstance(type, Anything):
        return None
    if isinstance(type, Words) and isinstance(expr, nodes.Reference | nodes.TextValue):
        word = expr.name if isinstance(expr, nodes.Reference) else expr.value
        if word not in type.words:
            help, fixes = word_advice(expr.span, word, type.words)
            found.report("unknown-word", expr.span, word=word, what=what, help=help, fixes=fixes)
            return None
        return word
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

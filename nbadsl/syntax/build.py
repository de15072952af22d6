"""From grammar rules to nodes: one method for each rule of `grammar/nba.lark`.

The parser calls these while it reads, so no intermediate tree exists. Every method gets the parts of its
rule in order, tokens included; a node's span runs from its first to its last part.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from lark import Token, Transformer

from nbadsl.source import Source, Span
from nbadsl.syntax import nodes
from nbadsl.types import EXACT, HOUR, MINUTE, SECOND

Parts = list[Any]

_ESCAPES = {'\\"': '"', "\\\\": "\\", "\\n": "\n", "\\t": "\t"}


@dataclass(frozen=True, slots=True)
class Wrong:
    """A mistake inside a token, found while building: kind of finding, span and the blanks of its message."""

    kind: str
    span: Span
    values: dict[str, object]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A clause on its way into the node around it: its name, its value, its span."""

    name: str
    value: Any
    span: Span


def _start(part: Any) -> int:
    return part.start_pos if isinstance(part, Token) else part.span.start


def _end(part: Any) -> int:
    return part.end_pos if isinstance(part, Token) else part.span.end


def _first(parts: Parts, cls: Any) -> Any:
    return next((p for p in parts if isinstance(p, cls)), None)


def _all(parts: Parts, cls: Any) -> tuple[Any, ...]:
    return tuple(p for p in parts if isinstance(p, cls))


def _exprs(parts: Parts) -> tuple[Any, ...]:
    return tuple(p for p in parts if isinstance(p, nodes.Expr))


def _part(parts: Parts, name: str) -> Any:
    return next((p.value for p in parts if isinstance(p, Part) and p.name == name), None)


class Words(Transformer):  # type: ignore[type-arg]
    """What every rule needs: spans, names, texts. `source` and `wrong` are set before each parse."""

    source: Source
    wrong: list[Wrong]

    def span(self, parts: Parts) -> Span:
        return Span(self.source, _start(parts[0]), _end(parts[-1]))

    def token_span(self, token: Token) -> Span:
        return Span(self.source, token.start_pos or 0, token.end_pos or 0)

    def name_of(self, token: Token) -> nodes.Name:
        return nodes.Name(str(token), self.token_span(token))

    def names_of(self, parts: Parts) -> tuple[nodes.Name, ...]:
        return tuple(self.name_of(p) for p in parts if isinstance(p, Token) and p.type == "NAME")

    def string_of(self, token: Token) -> nodes.String:
        text, i, out = str(token)[1:-1], 0, []
        while i < len(text):
            pair = text[i : i + 2]
            out.append(_ESCAPES.get(pair, pair) if pair[0] == "\\" else pair[0])
            i += 2 if pair[0] == "\\" else 1
        return nodes.String("".join(out), self.token_span(token))

    def strings_of(self, parts: Parts) -> tuple[nodes.String, ...]:
        return tuple(self.string_of(p) for p in parts if isinstance(p, Token) and p.type == "STRING")

    def string_in(self, parts: Parts) -> nodes.String | None:
        return next(iter(self.strings_of(parts)), None)

    def number_of(self, token: Token) -> nodes.Number:
        text = str(token).replace("_", "")
        percent = text.endswith("%")
        whole = "." not in text and not percent
        value = float(text.removesuffix("%"))
        if value > 1e300 or (whole and value > EXACT):
            self.wrong.append(Wrong("wrong-number", self.token_span(token), {"found": str(token)}))
            value = 0.0
        # 20% must be the double nearest to 0.2, which 20 / 100 is and 20 * 0.01 is not.
        return nodes.Number(value / 100 if percent else value, whole, percent, self.token_span(token))

    def numbers_of(self, parts: Parts) -> tuple[nodes.Number, ...]:
        return tuple(
            self.number_of(p) for p in parts if isinstance(p, Token) and p.type in ("NUMBER", "PERCENT")
        )

    def clock_of(self, token: Token) -> nodes.ClockValue:
        hours, minutes = str(token).split(":")
        value = int(hours) * HOUR + int(minutes) * MINUTE
        if int(hours) > 23 or int(minutes) > 59:
            self.wrong.append(Wrong("wrong-date", self.token_span(token), {"found": token, "what": "time of day"}))
        return nodes.ClockValue(value, self.token_span(token))

    def day_of(self, text: str, token: Token) -> int:
        try:
            return (date.fromisoformat(text) - date(1970, 1, 1)).days
        except ValueError:
            self.wrong.append(Wrong("wrong-date", self.token_span(token), {"found": token, "what": "date"}))
            return 0


def _keyed(kind: str):  # type: ignore[no-untyped-def]
    """A rule that gives a part with the name found in it."""

    def rule(self: Words, parts: Parts) -> Part:
        return Part(kind, self.names_of(parts)[-1], self.span(parts))

    return rule


class Expressions(Words):
    """The rules under `expr`."""

    def number(self, parts: Parts) -> nodes.Number:
        return self.number_of(parts[0])

    percent = number

    def money(self, parts: Parts) -> nodes.Amount:
        return nodes.Amount(self.number_of(parts[0]).value, str(parts[1]), self.span(parts))

    def unit(self, parts: Parts) -> nodes.Name:
        return self.name_of(parts[0])

    def quantity(self, parts: Parts) -> nodes.Quantity:
        return nodes.Quantity(self.number_of(parts[0]).value, parts[1].text, self.span(parts))

    def text(self, parts: Parts) -> nodes.TextValue:
        return nodes.TextValue(self.string_of(parts[0]).text, self.span(parts))

    def yes(self, parts: Parts) -> nodes.FlagValue:
        return nodes.FlagValue(True, self.span(parts))

    def no(self, parts: Parts) -> nodes.FlagValue:
        return nodes.FlagValue(False, self.span(parts))

    def date(self, parts: Parts) -> nodes.Moment:
        return nodes.Moment(self.day_of(str(parts[0]), parts[0]), None, self.span(parts))

    def datetime(self, parts: Parts) -> nodes.Moment:
        day, clock = str(parts[0]).split(" ")
        hours, minutes, seconds = (*clock.split(":"), "0")[:3]
        value = int(hours) * HOUR + int(minutes) * MINUTE + float(seconds) * SECOND
        if int(hours) > 23 or int(minutes) > 59 or float(seconds) >= 60:
            found = {"found": str(parts[0]), "what": "time"}
            self.wrong.append(Wrong("wrong-date", self.span(parts), found))
        return nodes.Moment(self.day_of(day, parts[0]), round(value), self.span(parts))

    def clock(self, parts: Parts) -> nodes.ClockValue:
        return self.clock_of(parts[0])

    def name(self, parts: Parts) -> nodes.Reference:
        return nodes.Reference(str(parts[0]), self.span(parts))

    def call(self, parts: Parts) -> nodes.Call:
        return nodes.Call(self.name_of(parts[0]), _exprs(parts), self.span(parts))

    def brackets(self, parts: Parts) -> nodes.Brackets:
        return nodes.Brackets(parts[1], self.span(parts))

    def neg(self, parts: Parts) -> nodes.Unary:
        return nodes.Unary("-", parts[1], self.span(parts))

    def not_expr(self, parts: Parts) -> nodes.Unary:
        return nodes.Unary("not", parts[1], self.span(parts))

    def _binary(self, parts: Parts) -> nodes.Binary:
        operator = " ".join(" ".join(str(p).split()) for p in parts[1:-1])
        return nodes.Binary(operator, parts[0], parts[-1], self.span(parts))

    or_expr = and_expr = compare = is_expr = is_not_expr = or_else = _binary
    add = sub = mul = div = pow = starts_with = ends_with = contains = _binary

    def if_expr(self, parts: Parts) -> nodes.If:
        return nodes.If(parts[1], parts[3], parts[5], self.span(parts))

    def options(self, parts: Parts) -> Part:
        return Part("options", _exprs(parts), self.span(parts))

    def one_of(self, parts: Parts) -> nodes.OneOf:
        return nodes.OneOf(parts[0], False, parts[-1].value, self.span(parts))

    def not_one_of(self, parts: Parts) -> nodes.OneOf:
        return nodes.OneOf(parts[0], True, parts[-1].value, self.span(parts))

    def between(self, parts: Parts) -> nodes.Between:
        return nodes.Between(parts[0], False, parts[-3], parts[-1], self.span(parts))

    def not_between(self, parts: Parts) -> nodes.Between:
        return nodes.Between(parts[0], True, parts[-3], parts[-1], self.span(parts))

    def is_state(self, parts: Parts) -> nodes.Is:
        return nodes.Is(parts[0], False, str(parts[-1]), self.span(parts))

    def is_not_state(self, parts: Parts) -> nodes.Is:
        return nodes.Is(parts[0], True, str(parts[-1]), self.span(parts))

    def within(self, parts: Parts) -> nodes.Recency:
        return nodes.Recency(parts[0], "within", parts[-1], self.span(parts))

    def within_next(self, parts: Parts) -> nodes.Recency:
        return nodes.Recency(parts[0], "within next", parts[-1], self.span(parts))

    def more_than_ago(self, parts: Parts) -> nodes.Recency:
        return nodes.Recency(parts[0], "more than", parts[3], self.span(parts))

    def names(self, parts: Parts) -> Part:
        return Part("names", self.names_of(parts), self.span(parts))

    def has_one(self, parts: Parts) -> nodes.Has:
        return nodes.Has(parts[0], "one", (self.name_of(parts[-1]),), self.span(parts))

    def _has(self, parts: Parts) -> nodes.Has:
        return nodes.Has(parts[0], str(parts[2]), parts[-1].value, self.span(parts))

    has_any = has_all = has_none = _has


class Inputs(Expressions):
    """Policy, imports, profile, context, parameters, definitions and tables."""

    def _setting(self, parts: Parts) -> nodes.Setting:
        values = tuple(
            self.string_of(p) if p.type == "STRING" else self.name_of(p) for p in parts[1:] if isinstance(p, Token)
        )
        if isinstance(parts[-1], Part):
            values = parts[-1].value
        return nodes.Setting(str(parts[0]), values, self.span(parts))

    title = owner = timezone = currency = purposes = _setting

    def week(self, parts: Parts) -> nodes.Setting:
        return nodes.Setting("week", (self.name_of(parts[2]),), self.span(parts))

    def policy(self, parts: Parts) -> nodes.Policy:
        return nodes.Policy(self.name_of(parts[1]), _all(parts, nodes.Setting), self.span(parts))

    def import_file(self, parts: Parts) -> nodes.Import:
        return nodes.Import(self.string_of(parts[1]), (), self.span(parts))

    def import_module(self, parts: Parts) -> nodes.Import:
        return nodes.Import(None, self.names_of(parts[1:]), self.span(parts))

    def profile(self, parts: Parts) -> nodes.Profile:
        return nodes.Profile(
            self.name_of(parts[1]), self.name_of(parts[3]), _all(parts, nodes.Field), self.span(parts)
        )

    def context(self, parts: Parts) -> nodes.Context:
        return nodes.Context(_all(parts, nodes.Field), self.span(parts))

    def simple_type(self, parts: Parts) -> nodes.TypeName:
        return nodes.TypeName(str(parts[0]), None, self.span(parts))

    def words_type(self, parts: Parts) -> nodes.TypeName:
        return nodes.TypeName("one of", parts[-1].value, self.span(parts))

    def set_type(self, parts: Parts) -> nodes.TypeName:
        return nodes.TypeName("any of", parts[-1].value, self.span(parts))

    def range(self, parts: Parts) -> nodes.Range:
        return nodes.Range(parts[0], parts[2], self.span(parts))

    def _modifier(kind: str):  # type: ignore[no-untyped-def]  # noqa: N805
        def rule(self: Inputs, parts: Parts) -> nodes.Modifier:
            last = parts[-1]
            value = last
            if isinstance(last, Token):
                value = self.string_of(last) if last.type == "STRING" else self.name_of(last)
            return nodes.Modifier(kind, value, self.span(parts))

        return rule

    in_range, in_unit, in_currency = _modifier("in_range"), _modifier("in_unit"), _modifier("in_currency")
    optional, or_never, only_for = _modifier("optional"), _modifier("or_never"), _modifier("only_for")
    from_column, default = _modifier("from_column"), _modifier("default")

    def field(self, parts: Parts) -> nodes.Field:
        return nodes.Field(self.name_of(parts[0]), parts[2], _all(parts, nodes.Modifier), self.span(parts))

    def change(self, parts: Parts) -> nodes.Change:
        return nodes.Change(parts[1], parts[3], self.span(parts))

    def changes(self, parts: Parts) -> Part:
        return Part("changes", _all(parts, nodes.Change), self.span(parts))

    def parameter(self, parts: Parts) -> nodes.Parameter:
        return nodes.Parameter(parts[1], _part(parts, "changes") or (), self.span(parts))

    def define(self, parts: Parts) -> nodes.Define:
        return nodes.Define(self.name_of(parts[1]), parts[3], self.span(parts))

    def body(self, parts: Parts) -> Part:
        return Part("body", parts[1], self.span(parts))

    def _result(self, parts: Parts) -> nodes.Field:
        """The type after the closing bracket, as a field without a name of its own."""
        kind = _first(parts, nodes.TypeName)
        return nodes.Field(nodes.Name("result", kind.span), kind, _all(parts, nodes.Modifier), kind.span)

    def function(self, parts: Parts) -> nodes.Function:
        name, fields, body = self.name_of(parts[1]), _all(parts, nodes.Field), _part(parts, "body")
        return nodes.Function(name, fields, self._result(parts), body, self.span(parts))

    def bare_column(self, parts: Parts) -> Part:
        return Part("column", self.name_of(parts[0]), self.span(parts))

    def typed_column(self, parts: Parts) -> Part:
        return Part("column", parts[0], self.span(parts))

    def hit_first(self, parts: Parts) -> Part:
        return Part("hit", (str(parts[0]), None), self.span(parts))

    hit_unique = hit_first

    def hit_collect(self, parts: Parts) -> Part:
        return Part("hit", ("collect", self.name_of(parts[1])), self.span(parts))

    def _cell(self, kind: str, operator: str, parts: Parts) -> nodes.Cell:
        return nodes.Cell(kind, operator, _exprs(parts), self.span(parts))

    def any_cell(self, parts: Parts) -> nodes.Cell:
        return self._cell("any", "", parts)

    def unknown_cell(self, parts: Parts) -> nodes.Cell:
        return self._cell("unknown", "", parts)

    def compare_cell(self, parts: Parts) -> nodes.Cell:
        return self._cell("compare", str(parts[0]), parts)

    def range_cell(self, parts: Parts) -> nodes.Cell:
        return self._cell("range", "", parts)

    def value_cell(self, parts: Parts) -> nodes.Cell:
        return self._cell("value", "", parts)

    def row(self, parts: Parts) -> nodes.Row:
        return nodes.Row(_all(parts, nodes.Cell), self.span(parts))

    def table(self, parts: Parts) -> nodes.Table:
        columns = tuple(p.value for p in parts if isinstance(p, Part) and p.name == "column")
        hit, collect = _part(parts, "hit") or ("first", None)
        rows = _all(parts, nodes.Row)
        return nodes.Table(
            self.name_of(parts[1]), columns, self._result(parts), hit, collect, rows, self.span(parts)
        )


class Scopes(Inputs):
    """Channels, groups and actions."""

    def title_item(self, parts: Parts) -> nodes.Title:
        return nodes.Title(self.string_of(parts[1]), self.span(parts))

    def purpose(self, parts: Parts) -> nodes.Purpose:
        return nodes.Purpose(self.name_of(parts[1]), self.span(parts))

    def period(self, parts: Parts) -> nodes.Period:
        moments = dict(zip((str(p) for p in parts[::2]), parts[1::2], strict=True))
        return nodes.Period(moments.get("from"), moments.get("until"), self.span(parts))

    def active(self, parts: Parts) -> nodes.Active:
        return nodes.Active(parts[1], self.span(parts))

    def unknown(self, parts: Parts) -> Part:
        token = parts[0]
        word = str(token).split()[-1]
        end = token.end_pos or 0
        return Part("unknown", nodes.Name(word, Span(self.source, end - len(word), end)), self.span(parts))

    def because(self, parts: Parts) -> Part:
        return Part("because", self.string_of(parts[1]), self.span(parts))

    def _rule(self, parts: Parts) -> nodes.Rule:
        unknown, because = _part(parts, "unknown"), _part(parts, "because")
        return nodes.Rule(str(parts[0]), _exprs(parts)[0], unknown, because, self.span(parts))

    require = eligible = exclude = _rule

    def via_names(self, parts: Parts) -> nodes.Via:
        return nodes.Via(parts[1].value, (), self.span(parts))

    def via_block(self, parts: Parts) -> nodes.Via:
        return nodes.Via((self.name_of(parts[1]),), _all(parts, nodes.Item), self.span(parts))

    def content_block(self, parts: Parts) -> Part:
        return Part("items", _all(parts, nodes.Item), self.span(parts))

    def content(self, parts: Parts) -> nodes.Content:
        when = next(iter(_exprs(parts)), None)
        return nodes.Content(self.string_of(parts[1]), when, _part(parts, "items") or (), self.span(parts))

    by = _keyed("by")

    def slot_now(self, parts: Parts) -> nodes.Slot:
        return nodes.Slot(self.name_of(parts[0]), None, None, self.span(parts))

    def slot_at(self, parts: Parts) -> nodes.Slot:
        return nodes.Slot(self.name_of(parts[0]), self.clock_of(parts[2]), _part(parts, "by"), self.span(parts))

    def send(self, parts: Parts) -> nodes.Send:
        return nodes.Send(_all(parts, nodes.Slot), self.span(parts))

    def _factor(self, parts: Parts) -> nodes.Factor:
        return nodes.Factor(str(parts[0]), parts[1], self.span(parts))

    propensity = value = cost = _factor

    def boost(self, parts: Parts) -> nodes.Boost:
        when = parts[3] if len(parts) > 3 else None
        return nodes.Boost(parts[1], when, self.span(parts))

    def counted(self, parts: Parts) -> Part:
        return Part("counted", str(parts[0]), self.span(parts))

    subject = _keyed("subject")

    def rolling_window(self, parts: Parts) -> nodes.Window:
        return nodes.Window(parts[-1], None, None, self.span(parts))

    def calendar_window(self, parts: Parts) -> nodes.Window:
        return nodes.Window(None, str(parts[-1]), None, self.span(parts))

    def since_window(self, parts: Parts) -> nodes.Window:
        return nodes.Window(None, None, self.name_of(parts[-1]), self.span(parts))

    def ever_window(self, parts: Parts) -> nodes.Window:
        return nodes.Window(None, None, None, self.span(parts))

    def limit(self, parts: Parts) -> nodes.Limit:
        counted, subject = _part(parts, "counted") or "decided", _part(parts, "subject")
        return nodes.Limit(_exprs(parts)[0], counted, subject, parts[-1], self.span(parts))

    of_scope = _keyed("of")

    def in_quantity(self, parts: Parts) -> Part:
        return Part("within", parts[1], self.span(parts))

    def rest(self, parts: Parts) -> nodes.Rest:
        numbers = self.numbers_of(parts)
        count = numbers[0] if numbers else None
        outcome = next(str(p) for p in parts if isinstance(p, Token) and p.type == "OUTCOME")
        of, within = _part(parts, "of"), _part(parts, "within")
        return nodes.Rest(parts[1], count, outcome, of, within, self.span(parts))

    def on_outcome(self, parts: Parts) -> Part:
        return Part("on", str(parts[1]), self.span(parts))

    def budget(self, parts: Parts) -> nodes.Budget:
        amount, each = _exprs(parts)
        window = _first(parts, nodes.Window)
        return nodes.Budget(amount, window, each, _part(parts, "on") or "decided", self.span(parts))

    def counted_too(self, parts: Parts) -> Part:
        return Part("counted", True, self.span(parts))

    def exempt(self, parts: Parts) -> nodes.Exempt:
        return nodes.Exempt(bool(_part(parts, "counted")), self.span(parts))

    def quiet(self, parts: Parts) -> nodes.Quiet:
        start, end = self.clock_of(parts[1]), self.clock_of(parts[3])
        return nodes.Quiet(start, end, _part(parts, "by"), _part(parts, "unknown"), self.span(parts))

    def _scope(self, parts: Parts) -> nodes.Scope:
        names = self.names_of(parts)
        parent = names[1] if len(names) > 1 else None
        return nodes.Scope(str(parts[0]), names[0], parent, _all(parts, nodes.Item), self.span(parts))

    channel = group = action = _scope

    def overall(self, parts: Parts) -> nodes.Overall:
        return nodes.Overall(parts[0], self.span(parts))


class Choosing(Scopes):
    """Priority, arbitration, chance, promises and tests."""

    def everything_line(self, parts: Parts) -> nodes.Line:
        return nodes.Line(None, None, self.span(parts))

    def scope_line(self, parts: Parts) -> nodes.Line:
        when = parts[2] if len(parts) > 2 else None
        return nodes.Line(self.name_of(parts[0]), when, self.span(parts))

    def priority(self, parts: Parts) -> nodes.Priority:
        return nodes.Priority(_all(parts, nodes.Line), self.span(parts))

    def score(self, parts: Parts) -> nodes.Score:
        return nodes.Score(parts[1], self.span(parts))

    def threshold(self, parts: Parts) -> nodes.Threshold:
        return nodes.Threshold(parts[2], self.span(parts))

    def most(self, parts: Parts) -> nodes.Most:
        return nodes.Most(self.number_of(parts[3]), self.name_of(parts[5]), self.span(parts))

    def pick(self, parts: Parts) -> nodes.Pick:
        return nodes.Pick(self.number_of(parts[1]), _all(parts, nodes.Most), self.span(parts))

    def fallback(self, parts: Parts) -> nodes.Fallback:
        return nodes.Fallback(self.name_of(parts[1]), self.span(parts))

    def arbitrate(self, parts: Parts) -> nodes.Arbitrate:
        kinds = nodes.Score | nodes.Threshold | nodes.Pick | nodes.Fallback
        return nodes.Arbitrate(_all(parts, kinds), self.span(parts))

    def seed(self, parts: Parts) -> Part:
        return Part("seed", self.string_of(parts[1]), self.span(parts))

    def holdout(self, parts: Parts) -> nodes.Holdout:
        name, share = self.name_of(parts[1]), self.number_of(parts[2])
        by, seed, period = _part(parts, "by"), _part(parts, "seed"), _first(parts, nodes.Period)
        return nodes.Holdout(name, share, by, seed, period, self.span(parts))

    def arm(self, parts: Parts) -> nodes.Arm:
        return nodes.Arm(self.name_of(parts[0]), self.number_of(parts[1]), self.span(parts))

    def experiment(self, parts: Parts) -> nodes.Experiment:
        name, by, seed = self.name_of(parts[1]), _part(parts, "by"), _part(parts, "seed")
        return nodes.Experiment(name, by, seed, _all(parts, nodes.Arm), self.span(parts))

    among = _keyed("among")

    def explore(self, parts: Parts) -> nodes.Explore:
        return nodes.Explore(self.number_of(parts[1]), _part(parts, "among"), self.span(parts))

    def _guarantee(self, parts: Parts) -> nodes.Guarantee:
        title, never = self.string_of(parts[1]), str(parts[3]) == "never"
        return nodes.Guarantee(title, never, self.name_of(parts[4]), parts[6], self.span(parts))

    never = some = _guarantee

    def test_now(self, parts: Parts) -> nodes.TestNow:
        return nodes.TestNow(parts[1], self.span(parts))

    def entries(self, parts: Parts) -> Part:
        return Part("entries", _all(parts, nodes.Entry), self.span(parts) if parts else Span(self.source, 0, 0))

    def _test_entries(self, parts: Parts) -> nodes.TestEntries:
        return nodes.TestEntries(self.name_of(parts[0]), _part(parts, "entries"), self.span(parts))

    test_context = test_profile = _test_entries

    def entry(self, parts: Parts) -> nodes.Entry:
        return nodes.Entry(self.name_of(parts[0]), parts[2], False, self.span(parts))

    def entry_ago(self, parts: Parts) -> nodes.Entry:
        return nodes.Entry(self.name_of(parts[0]), parts[2], True, self.span(parts))

    def entry_set(self, parts: Parts) -> nodes.Entry:
        words = _part(parts, "names") or ()
        return nodes.Entry(self.name_of(parts[0]), words, False, self.span(parts))

    def entry_never(self, parts: Parts) -> nodes.Entry:
        return nodes.Entry(self.name_of(parts[0]), str(parts[2]), False, self.span(parts))

    entry_unknown = entry_never

    def event(self, parts: Parts) -> nodes.Event:
        names = self.names_of(parts)
        channel = names[1] if len(names) > 1 else None
        return nodes.Event(names[0], str(parts[1]), parts[2], channel, self.span(parts))

    def test_history(self, parts: Parts) -> nodes.TestHistory:
        return nodes.TestHistory(_all(parts, nodes.Event), self.span(parts))

    def test_cases(self, parts: Parts) -> nodes.TestCases:
        return nodes.TestCases(_all(parts, nodes.Row), self.span(parts))

    def _expect(self, kind: str, parts: Parts) -> nodes.Expect:
        names = self.names_of(parts)
        numbers = _exprs(parts)
        return nodes.Expect(
            kind,
            names[0] if names else None,
            names[1] if len(names) > 1 else None,
            self.string_in(parts),
            _part(parts, "because"),
            (numbers[0], numbers[1]) if numbers else None,
            self.span(parts),
        )

    def expect_action(self, parts: Parts) -> nodes.Expect:
        return self._expect("action", parts)

    def expect_nothing(self, parts: Parts) -> nodes.Expect:
        return self._expect("nothing", parts)

    def expect_no(self, parts: Parts) -> nodes.Expect:
        return self._expect("no", parts)

    def expect_score(self, parts: Parts) -> nodes.Expect:
        return self._expect("score", parts)

    def test(self, parts: Parts) -> nodes.Test:
        kinds = nodes.TestNow | nodes.TestEntries | nodes.TestHistory | nodes.TestCases | nodes.Expect
        return nodes.Test(self.string_of(parts[1]), _all(parts, kinds), self.span(parts))

    def declaration(self, parts: Parts) -> Any:
        return parts[0]


class Builder(Choosing):
    """All rules."""

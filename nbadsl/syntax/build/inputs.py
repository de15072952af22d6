"""The rules of policy, imports, profile, context, parameters, definitions and tables."""

from __future__ import annotations

from lark import Token

from nbadsl.syntax import nodes
from nbadsl.syntax.build.expressions import Expressions
from nbadsl.syntax.build.words import Part, Parts, Words, all_of, exprs, first, part_of


def _modifier(kind: str):  # type: ignore[no-untyped-def]
    """A rule that gives a modifier of a kind."""

    def rule(self: Words, parts: Parts) -> nodes.Modifier:
        last = parts[-1]
        value = last
        if isinstance(last, Token):
            value = self.string_of(last) if last.type == "STRING" else self.name_of(last)
        return nodes.Modifier(kind, value, self.span(parts))

    return rule


class Inputs(Expressions):
    """Policy, imports, profile, context, parameters, definitions and tables."""

    def _setting(self, parts: Parts) -> nodes.Setting:
        values = tuple(
            self.string_of(p) if p.type == "STRING" else self.name_of(p)
            for p in parts[1:]
            if isinstance(p, Token)
        )
        if isinstance(parts[-1], Part):
            values = parts[-1].value
        return nodes.Setting(str(parts[0]), values, self.span(parts))

    title = owner = timezone = currency = purposes = _setting

    def week(self, parts: Parts) -> nodes.Setting:
        return nodes.Setting("week", (self.name_of(parts[2]),), self.span(parts))

    def policy(self, parts: Parts) -> nodes.Policy:
        return nodes.Policy(self.name_of(parts[1]), all_of(parts, nodes.Setting), self.span(parts))

    def import_file(self, parts: Parts) -> nodes.Import:
        return nodes.Import(self.string_of(parts[1]), (), self.span(parts))

    def import_module(self, parts: Parts) -> nodes.Import:
        return nodes.Import(None, self.names_of(parts[1:]), self.span(parts))

    def profile(self, parts: Parts) -> nodes.Profile:
        return nodes.Profile(
            self.name_of(parts[1]), self.name_of(parts[3]), all_of(parts, nodes.Field), self.span(parts)
        )

    def context(self, parts: Parts) -> nodes.Context:
        return nodes.Context(all_of(parts, nodes.Field), self.span(parts))

    def simple_type(self, parts: Parts) -> nodes.TypeName:
        return nodes.TypeName(str(parts[0]), None, self.span(parts))

    def words_type(self, parts: Parts) -> nodes.TypeName:
        return nodes.TypeName("one of", parts[-1].value, self.span(parts))

    def set_type(self, parts: Parts) -> nodes.TypeName:
        return nodes.TypeName("any of", parts[-1].value, self.span(parts))

    def range(self, parts: Parts) -> nodes.Range:
        return nodes.Range(parts[0], parts[2], self.span(parts))

    in_range, in_unit, in_currency = _modifier("in_range"), _modifier("in_unit"), _modifier("in_currency")
    optional, or_never, only_for = _modifier("optional"), _modifier("or_never"), _modifier("only_for")
    from_column, default = _modifier("from_column"), _modifier("default")

    def field(self, parts: Parts) -> nodes.Field:
        return nodes.Field(self.name_of(parts[0]), parts[2], all_of(parts, nodes.Modifier), self.span(parts))

    def change(self, parts: Parts) -> nodes.Change:
        return nodes.Change(parts[1], parts[3], self.span(parts))

    def changes(self, parts: Parts) -> Part:
        return Part("changes", all_of(parts, nodes.Change), self.span(parts))

    def parameter(self, parts: Parts) -> nodes.Parameter:
        return nodes.Parameter(parts[1], part_of(parts, "changes") or (), self.span(parts))

    def define(self, parts: Parts) -> nodes.Define:
        return nodes.Define(self.name_of(parts[1]), parts[3], self.span(parts))

    def body(self, parts: Parts) -> Part:
        return Part("body", parts[1], self.span(parts))

    def _result(self, parts: Parts) -> nodes.Field:
        """The type after the closing bracket, as a field without a name of its own."""
        kind = first(parts, nodes.TypeName)
        return nodes.Field(nodes.Name("result", kind.span), kind, all_of(parts, nodes.Modifier), kind.span)

    def function(self, parts: Parts) -> nodes.Function:
        name, fields, body = self.name_of(parts[1]), all_of(parts, nodes.Field), part_of(parts, "body")
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
        return nodes.Cell(kind, operator, exprs(parts), self.span(parts))

    def any_cell(self, parts: Parts) -> nodes.Cell:
        return self._cell("any", "", parts)

    def unknown_cell(self, parts: Parts) -> nodes.Cell:
        return self._cell("unknown", "", parts)

    def never_cell(self, parts: Parts) -> nodes.Cell:
        return self._cell("never", "", parts)

    def ago_cell(self, parts: Parts) -> nodes.Cell:
        return self._cell("ago", "", parts)

    def set_cell(self, parts: Parts) -> nodes.Cell:
        words = tuple(nodes.Reference(n.text, n.span) for n in part_of(parts, "words") or ())
        return nodes.Cell("set", "", words, self.span(parts))

    def next_field(self, parts: Parts) -> Token:
        field: Token = parts[0]
        return field

    def compare_cell(self, parts: Parts) -> nodes.Cell:
        return self._cell("compare", str(parts[0]), parts)

    def range_cell(self, parts: Parts) -> nodes.Cell:
        return self._cell("range", "", parts)

    def value_cell(self, parts: Parts) -> nodes.Cell:
        return self._cell("value", "", parts)

    def row(self, parts: Parts) -> nodes.Row:
        return nodes.Row(all_of(parts, nodes.Cell), self.span(parts))

    def table(self, parts: Parts) -> nodes.Table:
        columns = tuple(p.value for p in parts if isinstance(p, Part) and p.name == "column")
        hit, collect = part_of(parts, "hit") or ("first", None)
        rows = all_of(parts, nodes.Row)
        return nodes.Table(
            self.name_of(parts[1]), columns, self._result(parts), hit, collect, rows, self.span(parts)
        )

"""Hold every declaration against the rules of the language.

Takes a model with its symbols; types all expressions and reports what breaks a rule. After this the model
is complete: when nothing was reported as an error, `program.from_model` can translate it without asking.
"""

from __future__ import annotations

from nbadsl.diagnostics import Findings
from nbadsl.semantics import calls
from nbadsl.semantics.choosing import judge_chance, judge_choosing
from nbadsl.semantics.constants import fits
from nbadsl.semantics.contacts import judge_contacts
from nbadsl.semantics.fields import constant, report_outside
from nbadsl.semantics.infer import Inference
from nbadsl.semantics.keys import judge_key
from nbadsl.semantics.model import Info, Model, Symbol
from nbadsl.semantics.quiet_hours import judge_quiet_hours
from nbadsl.semantics.scopes import judge_former_names, judge_overall, judge_scopes
from nbadsl.semantics.tables import columns_of, cover
from nbadsl.semantics.trials import judge_trials
from nbadsl.syntax import nodes


def judge(model: Model, found: Findings) -> None:
    """Judge a whole policy."""
    inference = Inference(model, found)
    if model.profile is not None:
        judge_key(model, model.profile.key, "the profile", found)
    for symbol in list(model.symbols.values()):
        _judge_symbol(inference, symbol)
    judge_scopes(inference)
    judge_former_names(inference)
    judge_overall(inference)
    judge_quiet_hours(model, found)
    judge_choosing(inference)
    judge_chance(inference)
    judge_trials(inference)
    if not any(finding.kind.severity == "error" for finding in found.all):
        judge_contacts(model, found)


def _judge_symbol(inference: Inference, symbol: Symbol) -> None:
    match symbol.kind:
        case "define":
            inference.infer(nodes.Reference(symbol.name, symbol.span))
        case "parameter":
            _judge_parameter(inference, symbol)
        case "function":
            calls.infer_body(inference, symbol, _declared(inference, symbol), None)
        case "table":
            _judge_table(inference, symbol)


def _declared(inference: Inference, symbol: Symbol) -> dict[str, Info]:
    return dict(calls.parameters_of(inference, symbol))


def _judge_parameter(inference: Inference, symbol: Symbol) -> None:
    found, settings, declared = inference.found, inference.model.settings, symbol.input
    assert declared is not None
    if not any(m.kind == "default" for m in symbol.node.field.modifiers):
        help = f"write `parameter {symbol.name}: {declared.type} = …`"
        found.report("missing-value", symbol.span, name=symbol.name, help=help)
    for change in symbol.node.changes:
        if change.start.clock is not None:
            found.report(
                "wrong-date",
                change.start.span,
                found=change.start.span.text,
                what="day, with which a change begins",
            )
        value = constant(change.value, declared.type, settings, found, f"`{symbol.name}`")
        if value is not None and not fits(value, declared.low, declared.high):
            report_outside(found, change.value.span, value, declared.low, declared.high)


def _judge_table(inference: Inference, symbol: Symbol) -> None:
    found, table, bound = inference.found, symbol.node, _declared(inference, symbol)
    before = found.count
    calls.infer_body(inference, symbol, bound, None)
    coverage = cover(inference, table, bound) if found.count == before else None
    if coverage is None:
        return
    if coverage.gap and table.hit != "collect":
        help = "add a row, or a last row of `any`; without one the result is unknown there"
        found.report("table-gap", table.name.span, example=coverage.gap, help=help)
    for row, place in coverage.unreachable:
        help = "the rows above it hold wherever it would" if table.hit != "collect" else ""
        if place >= 0:
            help = f"`{columns_of(table)[place]}` is never `{row.cells[place].span.text}`"
        found.report("unreachable-row", row.span, help=help)
    for first, second in coverage.overlapping:
        found.report("overlapping-rows", second.span, related=((first.span, "the other row"),))

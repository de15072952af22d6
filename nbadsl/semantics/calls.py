"""Calls: built-in functions, functions and tables of the policy.

A function is inferred anew for each call, with what is known of its arguments in place of its parameters.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nbadsl.diagnostics.suggest import did_you_mean
from nbadsl.semantics import bounds, builtins, tables
from nbadsl.semantics.fields import read_input
from nbadsl.semantics.model import NOTHING_KNOWN, Builtin, Info, Symbol, merge, through
from nbadsl.syntax import nodes
from nbadsl.types import Anything, Type

if TYPE_CHECKING:
    from nbadsl.semantics.infer import Inference


def infer_call(inference: Inference, expr: nodes.Call, expected: Type | None, local: dict[str, Info]) -> Info:
    """The info of a call."""
    model, name = inference.model, expr.function.text
    symbol = model.lookup(name, expr.function.span)
    if symbol is not None and symbol.kind in ("function", "table"):
        model.uses[expr.function] = symbol
        return _defined(inference, expr, symbol, local)
    if symbol is None and name in builtins.COUNTS:
        model.uses[expr.function] = Builtin(name)
        return _builtin(inference, expr, expected, local)
    for argument in expr.arguments:
        inference.infer(argument, None, local)
    if symbol is not None:
        help = f"write `{name}` without brackets"
        inference.found.report(
            "not-a-value", expr.span, name=name, what=f"{symbol.phrase}, not a function", help=help
        )
    elif name not in model.broken and "*" not in model.broken:
        known = [
            *builtins.COUNTS,
            *(s.name for s in model.symbols.values() if s.kind in ("function", "table")),
        ]
        help = did_you_mean(name, known)
        inference.found.report("unknown-name", expr.function.span, what="function", name=name, help=help)
    return NOTHING_KNOWN


def _builtin(inference: Inference, expr: nodes.Call, expected: Type | None, local: dict[str, Info]) -> Info:
    name = expr.function.text
    fewest, most = builtins.COUNTS[name]
    if not fewest <= len(expr.arguments) <= most:
        count = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        _report_count(
            inference, expr, name, f"{count} argument{'s' if most > 1 else ''}", builtins.SIGNATURES[name]
        )
        return NOTHING_KNOWN
    # The first argument that is no bare zero tells the unit of those that are.
    firm = next((a for a in expr.arguments if not inference.is_loose(a, local)), expr.arguments[0])
    first = inference.infer(firm, expected, local)
    arguments = [first if a is firm else inference.infer(a, first.type, local) for a in expr.arguments]
    type = builtins.result(name, [a.type for a in arguments])
    if type is None:
        found = " and ".join(f"`{a.type}`" for a in arguments)
        inference.found.report(
            "wrong-arguments", expr.span, name=name, expected=builtins.EXPECTED[name], found=found
        )
        return NOTHING_KNOWN
    from_parts = merge(type, *arguments)
    low, high = bounds.of_builtin(name, arguments)
    info = replace(from_parts, low=low, high=high)
    if bounds.undefined_builtin(name, arguments[0]):
        info = replace(info, unknown=True, why=info.why or f"`{' '.join(expr.span.text.split())}`")
    return info


def _defined(inference: Inference, expr: nodes.Call, symbol: Symbol, local: dict[str, Info]) -> Info:
    parameters = parameters_of(inference, symbol)
    if len(parameters) != len(expr.arguments):
        names = ", ".join(name for name, _ in parameters)
        count = f"{len(parameters)} argument{'s' if len(parameters) != 1 else ''}"
        _report_count(inference, expr, symbol.name, count, f"{symbol.name}({names})")
        for (_, declared), argument in zip(parameters, expr.arguments, strict=False):
            inference.infer(argument, declared.type, local)
        return replace(NOTHING_KNOWN, type=result_of(inference, symbol))
    bound: dict[str, Info] = {}
    for (name, declared), argument in zip(parameters, expr.arguments, strict=True):
        info = inference.require(argument, declared.type, f"`{name}` of `{symbol.name}`", local)
        bound[name] = replace(info, type=declared.type, asked_never=declared.asked_never)
    return infer_body(inference, symbol, bound, expr)


def infer_body(inference: Inference, symbol: Symbol, bound: dict[str, Info], expr: nodes.Expr | None) -> Info:
    """The info of a function's or table's result when its parameters are what `bound` says."""
    if symbol.name in inference.defining:
        if expr is not None:
            inference.report_recursion(symbol.name, expr.span)
        return NOTHING_KNOWN
    # Calls with arguments of which the same is known give the same: nested calls stay cheap.
    key = (symbol.node, *bound.items())
    known = inference.bodies.get(key)
    if known is not None:
        return known
    inference.defining.append(symbol.name)
    depth, inference.depth = inference.depth, 0
    factors, inference.factors = inference.factors, {}
    type = result_of(inference, symbol)
    if symbol.kind == "function":
        info = inference.require(symbol.node.body, type, f"the result of `{symbol.name}`", bound)
    else:
        info = tables.infer_table(inference, symbol.node, type, bound)
    inference.factors, inference.depth = factors, depth
    inference.defining.pop()
    handed_over = frozenset().union(*(i.only_for for i in bound.values()))
    info = through(symbol.name, info, handed_over)
    inference.bodies[key] = info if isinstance(type, Anything) else replace(info, type=type)
    return inference.bodies[key]


def parameters_of(inference: Inference, symbol: Symbol) -> list[tuple[str, Info]]:
    """Names and declared infos of a function's or table's parameters."""
    settings, found = inference.model.settings, inference.found
    parameters: list[tuple[str, Info]] = []
    for parameter in symbol.node.parameters:
        name = parameter if isinstance(parameter, nodes.Name) else parameter.name
        if any(name.text == earlier for earlier, _ in parameters):
            found.report(
                "repeated-name", name.span, name=name.text, other=f"a parameter of the same {symbol.kind}"
            )
        if isinstance(parameter, nodes.Field):
            place = "a table's column" if symbol.kind == "table" else "a function's parameter"
            declared = read_input(parameter, place, settings, found)
            low, high = bounds.of_input(declared)
            unknown = declared.optional or declared.never
            why, never = f"`{declared.name}`" if unknown else "", declared.never
            info = Info(declared.type, unknown, why, never, asked_never=never, low=low, high=high)
            parameters.append((parameter.name.text, info))
            continue
        info = NOTHING_KNOWN
        same = inference.model.symbols.get(parameter.text)
        if same is not None and same.kind in ("field", "context", "parameter", "define"):
            info = inference.infer(nodes.Reference(parameter.text, parameter.span))
        elif parameter.text not in inference.model.broken and "*" not in inference.model.broken:
            help = f"give it a type: `{parameter.text}: number`, or name it after a field"
            found.report("unknown-name", parameter.span, what="field", name=parameter.text, help=help)
        parameters.append((parameter.text, info))
    return parameters


def result_of(inference: Inference, symbol: Symbol) -> Type:
    return read_input(symbol.node.result, "a result", inference.model.settings, inference.found).type


def _report_count(inference: Inference, expr: nodes.Call, name: str, expected: str, signature: str) -> None:
    found = str(len(expr.arguments))
    inference.found.report(
        "wrong-arguments", expr.span, name=name, expected=expected, found=found, help=signature
    )

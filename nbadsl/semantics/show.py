"""The model as text: what is declared, its type, whether it may be unknown, and who reads what."""

from __future__ import annotations

from math import isfinite

from nbadsl.inputs import Input
from nbadsl.semantics.model import Info, Model, Symbol


def show_model(model: Model) -> str:
    """One line a name."""
    settings = model.settings
    lines = [
        f"policy {settings.name}: {settings.timezone}, {settings.currency}"
        + (f", purposes {', '.join(settings.purposes)}" if settings.purposes else "")
    ]
    lines += [_symbol(model, s) for s in model.symbols.values()]
    for scope in model.scopes.values():
        inside = "".join(f" in {g.name.text}" for g in reversed(model.groups_of(scope)))
        purpose = model.purpose_of(scope)
        lines.append(f"{scope.kind} {scope.name.text}{inside}" + (f" for {purpose}" if purpose else ""))
    return "\n".join(lines) + "\n"


def _symbol(model: Model, symbol: Symbol) -> str:
    head = f"{symbol.kind} {symbol.name}"
    if symbol.input is not None:
        return f"{head}: {_input(symbol.input)}" + (f" only for {symbol.purpose}" if symbol.purpose else "")
    info = model.infos.get(symbol.node)
    if symbol.kind == "define" and info is not None:
        return f"{head}: {_info(info)}"
    if symbol.kind == "experiment":
        return f"{head}: one of {', '.join(a.name.text for a in symbol.node.arms)}"
    return head


def _input(declared: Input) -> str:
    parts = [str(declared.type)]
    if declared.low is not None and declared.high is not None:
        parts.append(f"in {declared.low:g}..{declared.high:g}")
    parts += [
        word for word, there in (("optional", declared.optional), ("or never", declared.never)) if there
    ]
    return " ".join(parts)


def _info(info: Info) -> str:
    bounds = f" in {info.low:g}..{info.high:g}" if isfinite(info.low) and isfinite(info.high) else ""
    return f"{info.type}{bounds}" + (f", unknown without {info.why}" if info.unknown else "")

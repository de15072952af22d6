"""What there is to say about a thing: how it is declared, what it holds, in Markdown."""

from __future__ import annotations

from nbadsl.ide.keywords import FACTS, TYPES
from nbadsl.ide.names import Thing
from nbadsl.ide.plain import in_words, rule_in_words
from nbadsl.ide.rates import of_action
from nbadsl.ide.snapshot import Snapshot
from nbadsl.inputs import Input
from nbadsl.program.givens import shown
from nbadsl.semantics import builtins
from nbadsl.semantics.model import Info, Model, Symbol
from nbadsl.syntax import nodes
from nbadsl.syntax.comments import documentation
from nbadsl.types import Set, Words, is_numeric

_MOST_RULES = 12


def describe(snapshot: Snapshot, path: str, thing: Thing) -> str:
    """A thing in Markdown; "" when there is nothing to say."""
    model = snapshot.model(path)
    match thing.kind:
        case "value":
            own = model.library.get(thing.owner if isinstance(thing.owner, str) else path, {})
            symbol = own.get(thing.name) or model.symbols.get(thing.name)
            return _symbol(model, symbol) if symbol is not None else ""
        case "scope":
            scope = model.scopes.get(thing.name)
            return _scope(snapshot, path, model, scope) if scope is not None else ""
        case "word":
            return _said(thing.name, _word(model, thing))
        case "fact":
            return _said(thing.name, FACTS.get(thing.name, ""))
        case "builtin":
            head, _, meaning = builtins.SIGNATURES[thing.name].partition(": ")
            return _said(head, meaning[:1].upper() + meaning[1:] + ".")
        case "profile" if model.profile is not None:
            fields = f"{len(model.profile.fields)} fields, by {model.profile.key.text}"
            return _said(f"profile {thing.name}", documentation(model.profile.span), fields)
        case "local":
            return _said(thing.name, "A parameter of this " + _around(thing, model) + ".")
        case "purpose":
            users = [s.name.text for s in model.scopes_of("action") if model.purpose_of(s) == thing.name]
            return _said(f"purpose {thing.name}", f"{len(users)} actions" if len(users) != 1 else users[0])
        case "setting":
            return _said(thing.name, TYPES.get(thing.name, "")) if thing.name in TYPES else ""
        case "policy":
            settings = model.settings
            return _said(f"policy {thing.name}", settings.title, f"{settings.timezone}, {settings.currency}")
        case _:
            return ""


def _said(head: str, *paragraphs: str) -> str:
    return "\n\n".join([f"```nba\n{head}\n```", *(p for p in paragraphs if p)])


# --- values ---


def _symbol(model: Model, symbol: Symbol) -> str:
    node, doc = symbol.node, documentation(symbol.node.span)
    match symbol.kind:
        case "field" | "context":
            assert symbol.input is not None
            head = f"{symbol.name}: {node.span.words.partition(':')[2].strip()}"
            return _said(head, doc, _sentence(symbol.phrase), _data(symbol.input, symbol.purpose))
        case "parameter":
            return _said(node.span.words, doc, _parameter(symbol))
        case "define":
            info = model.infos.get(node)
            type = f": {info.type}" if info is not None else ""
            said = in_words(node.value)
            return _said(
                f"define {symbol.name}{type} = {node.value.span.words}", doc, _sentence(said), _known(info)
            )
        case "function":
            return _said(signature(node), doc, _sentence(in_words(node.body)))
        case "table":
            return _said(signature(node), doc, f"A table of {len(node.rows) - 1} rows; the {_hit(node)}.")
        case "experiment":
            arms = ", ".join(a.span.words for a in node.arms)
            return _said(
                f"experiment {symbol.name}: one of {', '.join(a.name.text for a in node.arms)}", doc, arms
            )
        case _:
            return _said(f"{symbol.kind} {symbol.name}", doc)


def signature(node: nodes.Function | nodes.Table) -> str:
    """`function half_life(elapsed: duration, half: duration): number`"""
    kind = "table" if isinstance(node, nodes.Table) else "function"
    parameters = ", ".join(p.span.words for p in node.parameters)
    return f"{kind} {node.name.text}({parameters}): {node.result.span.words.lstrip(') :')}"


def _hit(table: nodes.Table) -> str:
    match table.hit:
        case "collect":
            return f"{table.collect.text if table.collect else 'sum'} of all rows that hold is the result"
        case "unique":
            return "one row that holds gives the result"
        case _:
            return "first row that holds gives the result"


def _data(declared: Input, purpose: str | None) -> str:
    """What values a field can have."""
    said = []
    if declared.low is not None and declared.high is not None:
        said.append(f"From {shown(declared.low, declared.type)} to {shown(declared.high, declared.type)}.")
    if declared.default is not None:
        said.append(f"{shown(declared.default, declared.type)} where the data has none.")
    elif declared.optional:
        said.append("May be unknown.")
    if declared.never:
        said.append("May never have happened.")
    if purpose:
        said.append(f"Only for {purpose}.")
    if declared.column and declared.column != declared.name:
        said.append(f"Column `{declared.column}` of the data.")
    return " ".join(said)


def _parameter(symbol: Symbol) -> str:
    assert symbol.input is not None
    lines = [_data(symbol.input, None).replace(" where the data has none", "")]
    lines += [f"From {c.start.span.text} on {c.value.span.words}." for c in symbol.node.changes]
    return " ".join(line for line in lines if line)


def _known(info: Info | None) -> str:
    if info is None:
        return ""
    said = []
    if is_numeric(info.type) and abs(info.low) < 1e300 and abs(info.high) < 1e300:
        said.append(f"From {shown(info.low, info.type)} to {shown(info.high, info.type)}.")
    if info.unknown:
        said.append(f"Unknown without {info.why}.")
    return " ".join(said)


def _word(model: Model, thing: Thing) -> str:
    owners = [
        f"`{s.name}`"
        for s in model.symbols.values()
        if s.input is not None and isinstance(s.input.type, Words | Set) and s.input.type.words == thing.owner
    ]
    owners += [f"`{s.name}`" for s in model.of_kind("experiment") if _arms(s) == thing.owner]
    return f"A word of {', '.join(owners)}." if owners else ""


def _arms(symbol: Symbol) -> tuple[str, ...]:
    return tuple(a.name.text for a in symbol.node.arms)


def _around(thing: Thing, model: Model) -> str:
    name = thing.owner[1] if isinstance(thing.owner, tuple) else ""
    symbol = model.symbols.get(name)
    return f"{symbol.kind} `{name}`" if symbol is not None else "function"


# --- actions, groups and channels ---


def _scope(snapshot: Snapshot, path: str, model: Model, scope: nodes.Scope) -> str:
    inside = f" in {scope.parent.text}" if scope.parent else ""
    title = next((i.text.text for i in scope.items if isinstance(i, nodes.Title)), "")
    lines = [f"- {rule_in_words(r)}" for holder in [*model.groups_of(scope), scope] for r in rules_of(holder)]
    if len(lines) > _MOST_RULES:
        lines = [*lines[:_MOST_RULES], f"- … and {len(lines) - _MOST_RULES} more"]
    doc = documentation(scope.span)
    return _said(
        f"{scope.kind} {scope.name.text}{inside}",
        title,
        doc,
        _members(model, scope),
        "\n".join(lines),
        _rate(snapshot, path, scope),
    )


def _rate(snapshot: Snapshot, path: str, scope: nodes.Scope) -> str:
    said = of_action(snapshot.rates_of(path), scope.name.text) if scope.kind == "action" else ""
    return _sentence(said) if said else ""


def rules_of(scope: nodes.Scope) -> list[nodes.Rule]:
    """The rules that stand in a block itself."""
    return [i for i in scope.items if isinstance(i, nodes.Rule)]


def _members(model: Model, scope: nodes.Scope) -> str:
    match scope.kind:
        case "group":
            inside = [a for a in model.scopes_of("action") if model.within(scope.name.text, a)]
        case "channel":
            inside = [
                a
                for a in model.scopes_of("action")
                if any(
                    c.text == scope.name.text for i in a.items if isinstance(i, nodes.Via) for c in i.channels
                )
            ]
        case _:
            return ""
    return f"{len(inside)} action{'' if len(inside) == 1 else 's'}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
